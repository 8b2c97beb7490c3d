"""Exit orders of a fleet: each region's own, seen by its peers, and witnessed by them."""
import json
import subprocess
import time

import pytest

from kit import objects
from kit.evidence import lines
from kit.fleet import REGIONS
from kit.orders import ORDERS, in_time
from kit.wait import eventually
from lib import chart

PLUGIN = chart.CLONE / "build" / "release" / "bin" / "kubectl-bailiwick"
NAMES = ("fra", "zrh", "iad", "gya")


class FleetOrder:
    """An order of the same name in some regions; if nothing else is said, a drill that touches nothing."""

    def __init__(self, fleet, name: str, regions: tuple, **spec):
        self.fleet, self.name, self.path = fleet, name, f"{ORDERS}/{name}"
        deadline = in_time(86400)
        self.object = {
            "apiVersion": objects.API_VERSION, "kind": "ExitOrder", "metadata": {"name": name},
            "spec": {"target": {"vendors": ["cambricon"]}, "selector": {"namespaces": [f"only-{name}"]},
                     "reason": "a drill", "deadline": deadline, "drill": True, **spec}}
        for region in regions:
            fleet.api[region].create(self.object)

    def states(self, region: str) -> dict:
        status = self.fleet.api[region].get(self.path)["status"]
        return {entry["name"]: entry["state"] for entry in status["regions"]}

    def complete(self, region: str) -> dict:
        return next(one for one in self.fleet.api[region].get(self.path)["status"]["conditions"]
                    if one["type"] == "Complete")

    def waits_for(self, missing: dict) -> None:
        """As fra sees it, all others have done their part."""
        def check():
            states = self.states("fra")
            assert states == {**dict.fromkeys(NAMES, "Verified"), **missing}, states
            complete = self.complete("fra")
            assert complete["status"] != "True", complete
            assert all(f"{name} {state}" in complete["message"] for name, state in missing.items()), complete
            return True
        eventually(check, f"only {missing} keeps it from Verified")

    def heads(self, region: str, of: str) -> list:
        found = self.fleet.region(region, of)["status"]
        return [one for one in found["evidenceHeads"] if one["order"] == self.name]

    def head(self, region: str, of: str) -> dict:
        return self.heads(region, of)[0]


@pytest.fixture
def order(fleet, request):
    made = []

    def start(name, regions, **spec):
        made.append(FleetOrder(fleet, name, regions, **spec))
        return made[-1]

    yield start
    for one in made:
        for api in fleet.api.values():
            if api.find(one.path):
                api.delete(one.path)


def test_who_has_no_order_keeps_the_fleet_from_verified(fleet, order):
    one = order("exit-partly", ("fra", "zrh"))
    eventually(lambda: one.states("fra")["zrh"] == "Verified", "zrh has done its part")
    one.waits_for({"iad": "NotOrdered", "gya": "NotOrdered"})
    for name in ("iad", "gya"):
        fleet.api[name].create(one.object)
    eventually(lambda: one.complete("fra")["status"] == "True", "every region has done its part")


def test_who_cannot_be_asked_is_unknown_and_keeps_the_fleet_from_verified(fleet, order):
    fleet.kill("gya")
    eventually(lambda: fleet.health_in("fra")["gya"] == "Lost", "fra has lost gya")
    one = order("exit-unseen", ("fra", "zrh", "iad"))
    one.waits_for({"gya": "unknown"})
    fleet.bring_back("gya")
    fleet.api["gya"].create(one.object)
    eventually(lambda: one.complete("fra")["status"] == "True", "every region has done its part")


def test_a_region_is_left_for_another_replacement_first(fleet, serve, order):
    """fra is left on purpose; the order is the same everywhere, and only fra has anything to do."""
    served = serve("leaving")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    one = order("exit-fra", NAMES, target={"regions": ["fra"]},
                selector={"namespaces": [served.namespace]}, drill=False)
    served.wait_ready({"zrh": 4})
    eventually(lambda: all(one.complete(name)["status"] == "True" for name in NAMES), "it is Verified everywhere")
    rows = fleet.api["fra"].get(one.path)["status"]["affected"]
    assert [(row["name"], row["phase"]) for row in rows] == [(served.name, "Verified")], rows
    served.settles({"zrh": 4})
    served.never_below(4, began)


def test_peers_sign_what_they_saw_and_a_chain_that_was_changed_is_found_offline(fleet, order, tmp_path):
    one = order("exit-witnessed", NAMES)

    def witnessed():
        head = one.head("fra", "fra")
        assert head["countersigned"] == ["gya", "iad", "zrh"], head
        assert [entry["region"] for entry in head["signatures"]] == head["countersigned"]
        assert "proofs" not in head, "everybody has seen everything"
        return one.complete("fra")["status"] == "True"
    eventually(witnessed, "three peers have signed the last head")
    assert one.head("zrh", "fra")["head"] == one.head("fra", "fra")["head"]

    chain, signed = tmp_path / "chain.jsonl", tmp_path / "signed.jsonl"
    kubeconfig = f"--kubeconfig={fleet['fra'].admin_kubeconfig}"
    plugin("exit", "export", one.name, "-o", chain, "--countersignatures", signed, kubeconfig)
    told = plugin("verify", chain, "--countersignatures", signed)
    assert all(f"countersigned by {name}, key sha256:" in told for name in ("zrh", "iad", "gya"))
    assert lines(fleet.api["fra"], f"{one.name}-evidence") == chain.read_text().splitlines()
    entries = [json.loads(line) for line in signed.read_text().splitlines()]
    entries[0]["root"] = "0" * 64
    signed.write_text("".join(json.dumps(entry) + "\n" for entry in entries))
    assert "has not signed this" in plugin("verify", chain, "--countersignatures", signed, code=1)
    told = plugin("verify", chain, "--countersignatures", signed, "--witness", "sha256:" + "0" * 64, code=1)
    assert "has countersigned nothing of it" in " ".join(told.split())


def test_an_order_whose_name_was_used_before_is_witnessed_as_another(fleet, order):
    first = order("exit-again", NAMES)

    def witnessed():
        heads = first.heads("fra", "fra")
        assert all(head["countersigned"] == ["gya", "iad", "zrh"] for head in heads), heads
        assert first.complete("fra")["status"] == "True"
        return [head["uid"] for head in heads]
    before = eventually(witnessed, "the first is witnessed")
    fleet.api["fra"].delete(first.path)
    eventually(lambda: not fleet.api["fra"].find(first.path), "the first is gone")
    fleet.api["fra"].create(first.object)
    eventually(lambda: len(witnessed()) == 2, "the second is witnessed beside it")
    assert witnessed()[:1] == before
    assert all(fleet.condition(home, "fra", "EvidenceIntact")["reason"] != "Rewritten" for home in NAMES[1:])


def test_a_region_that_shows_another_past_is_told_by_its_peers(fleet, order):
    """Whoever rules fra may write whatever he likes there, and not what others have recorded of it."""
    one = order("exit-rewritten", NAMES)
    eventually(lambda: one.head("fra", "fra")["countersigned"] == ["gya", "iad", "zrh"], "all have signed")
    recorded = {home: one.head(home, "fra") for home in NAMES[1:]}
    fleet["fra"].stop_operator()
    heads = fleet.region("fra", "fra")["status"]["evidenceHeads"]
    other = [{**head, "head": "sha256:" + "0" * 64} if head["order"] == one.name else head for head in heads]
    fleet.api["fra"].merge(f"{REGIONS}/fra/status", {"status": {"evidenceHeads": other}})
    for home in recorded:
        fleet.wait_condition(home, "fra", "EvidenceIntact", "Rewritten", f"of {one.name}: what was recorded")
    fleet.api["fra"].merge(f"{REGIONS}/fra/status", {"status": {"evidenceHeads": heads}})
    fleet["fra"].start_operator()
    eventually(lambda: fleet.health_in("zrh")["fra"] in ("Live", "Returning"), "fra is back")
    for home, head in recorded.items():
        assert fleet.condition(home, "fra", "EvidenceIntact")["reason"] == "Rewritten", "it happened"
        assert one.head(home, "fra") == head
        fleet.know_anew(home, "fra")


def plugin(*arguments, code: int = 0) -> str:
    argv = [str(part) for part in (PLUGIN, *arguments)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout
