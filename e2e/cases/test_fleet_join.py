"""Two regions that were alone become a fleet by what docs/fleet.md says, typed as it stands there."""
import os
import re
import subprocess
import time

import pytest
import yaml

from kit import kubectl, objects, running
from kit.wait import eventually
from lib import nodes, tools

CLONE = tools.E2E.parent
NAMES = ("fra", "zrh")
MIRROR = re.compile("|".join(NAMES))
SYSTEM = "/api/v1/namespaces/bailiwick-system"
REGION = "/apis/bailiwick.dev/v1alpha1/regions/zrh"
ASSISTANT = "/apis/bailiwick.dev/v1alpha1/namespaces/team/modeldeployments/assistant"
ORIGIN = "bailiwick.dev/origin-region"


def shown_in(title: str) -> list:
    """The commands of that section of the page: fra lets zrh read it, or zrh goes."""
    text = (CLONE / "docs/fleet.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {title}\n(.*?)^## ", text, re.MULTILINE | re.DOTALL)[1]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```", section, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in "".join(blocks).replace("\\\n", "").splitlines()]


def mirrored(command: str) -> str:
    """The same with the regions in each other's place."""
    return MIRROR.sub(lambda found: NAMES[1 - NAMES.index(found[0])], command)


@pytest.fixture(scope="module")
def regions(starter):
    """Each knows the Region objects of both, and nothing of how to reach the other."""
    pair = {name: starter.plain(name, folder=f"join-{name}").start() for name in NAMES}
    for name, one in pair.items():
        other = NAMES[1 - NAMES.index(name)]
        one.install(values=(f"peerCredentials={{peer-{other}}}",))
        one.apply([nodes.load(which)["region"] for which in NAMES])
        one.start_operator()
    return pair


@pytest.fixture
def type_in(regions, tmp_path):
    """A shell of a person whose kubectl knows both clusters by the regions' names."""
    config = {"apiVersion": "v1", "kind": "Config", "clusters": [], "users": [], "contexts": []}
    for name, one in regions.items():
        own = yaml.safe_load(one.admin_kubeconfig.read_text())
        for kind, entry in (("clusters", "cluster"), ("users", "user")):
            config[kind].append({"name": name, entry: own[kind][0][entry]})
        config["contexts"].append({"name": name, "context": {"cluster": name, "user": name}})
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    search = os.pathsep.join([str(kubectl.PLUGIN.parent), str(tools.binary("kubectl").parent),
                              os.environ["PATH"]])

    def run(command: str) -> kubectl.Ran:
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], text=True,
                              capture_output=True, timeout=60, check=False,
                              env={**os.environ, "PATH": search, "KUBECONFIG": str(path)})
        return kubectl.Ran(done.returncode, done.stdout, done.stderr)
    return run


def metrics(region) -> dict:
    return running.scrape(region.start_operator().metrics)


def give_account_by_chart(region, peer: str, release: str) -> None:
    """As `helm upgrade --set peerReaders={PEER}` of a release of that name does."""
    done = subprocess.run(
        [str(tools.binary("helm")), "template", release, str(CLONE / "charts/bailiwick"),
         "--namespace", "bailiwick-system", "--show-only", "templates/peer-readers.yaml",
         "--set", f"region={region.name}", "--set", f"peerReaders={{{peer}}}"],
        capture_output=True, text=True, check=True)
    region.apply(done.stdout)


def test_two_regions_join_by_the_commands_of_the_page(regions, type_in):
    """zrh's account is made by hand, fra's by a chart whose release has a name of its own."""
    shown = shown_in("Joining")
    by_hand = [line for line in shown if "join" in line and "--credential" not in line]
    assert len(by_hand) == 1 and len(shown) > 2, shown
    alone = type_in("kubectl bailiwick fleet --context fra")
    assert alone.code == 0 and "NoAccess" in alone.out, alone

    give_account_by_chart(regions["zrh"], "fra", "platform")
    for command in [*shown, *(mirrored(line) for line in shown if line not in by_hand)]:
        if " fleet" not in command:
            ran = type_in(command)
            assert ran.code == 0, f"{command}\n{ran}"
    second = type_in(mirrored(by_hand[0]))
    assert second.code == 1 and "platform-bailiwick-peer-fra" in second.err, second

    def whole():
        for name in NAMES:
            ran = type_in(f"kubectl bailiwick fleet --context {name} -o json")
            seen = {row["name"]: (row["health"], row["self"]) for row in ran.json()["regions"]}
            assert seen == {one: ("Live", one == name) for one in NAMES}, ran
            assert ran.code == 0, ran
        return True
    eventually(whole, "each sees the other Live", 90)
    for command in (line for line in shown if " fleet" in line):
        ran = type_in(command)
        assert ran.code == 0 and "fra" in ran.out and "zrh" in ran.out, f"{command}\n{ran}"
    series = metrics(regions["fra"])
    assert series['bailiwick_peer_health{health="Live",peer="zrh"}'] == 1
    assert series['bailiwick_peer_health{health="Lost",peer="zrh"}'] == 0
    now = time.time()
    assert now - 30 < series['bailiwick_peer_last_heartbeat_timestamp_seconds{peer="zrh"}'] < now + 5
    ends = series['bailiwick_peer_credential_end_timestamp_seconds{peer="zrh"}']
    assert abs(ends - now - 24 * 3600) < 300, "join's tokens live for a day"


def test_a_peer_whose_account_is_deleted_is_let_in_again_by_the_same_commands(regions, type_in):
    """Runs after the case above. What is refused is never taken for a loss."""
    regions["fra"].api.delete(f"{SYSTEM}/serviceaccounts/bailiwick-peer-zrh")

    def seen_from_zrh(health: str, code: int):
        def check():
            ran = type_in("kubectl bailiwick fleet --context zrh -o json")
            fra = next(row for row in ran.json()["regions"] if row["name"] == "fra")
            assert fra["health"] == health and ran.code == code, ran
            return True
        return check
    eventually(seen_from_zrh("Unknown", 1), "fra refuses zrh", 90)
    for command in shown_in("Joining"):
        ran = type_in(command)
        assert ran.code == 0 or " fleet" in command, f"{command}\n{ran}"
    eventually(seen_from_zrh("Live", 0), "fra answers zrh again", 90)


def test_a_region_goes_for_good_by_the_commands_of_the_page(regions, type_in):
    """Runs last. Its original lives on in the other region, which then knows nothing of it any more."""
    fra, zrh = (regions[name].api for name in NAMES)
    team = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    regions["zrh"].apply([team, objects.passport("example"), objects.deployment(
        "assistant", "team", placement={"jurisdictions": ["DE", "CH"]})])
    refused = 'bailiwick_imports_refused{reason="NamespaceMissing"}'
    eventually(lambda: metrics(regions["fra"])[refused] == 1, "the refused import is counted")
    regions["fra"].apply([team, objects.passport("example")])
    eventually(lambda: fra.get(ASSISTANT)["metadata"]["labels"][ORIGIN] == "zrh", "fra has a copy")
    uid = fra.get(ASSISTANT)["metadata"]["uid"]
    for command in (line for line in shown_in("Removing a region for good") if "iad" not in line):
        ran = type_in(command)
        assert ran.code == 0 or " fleet" in command, f"{command}\n{ran}"
        assert ran.out, command
    assert not zrh.find(ASSISTANT)
    for path in (REGION, f"{SYSTEM}/secrets/peer-zrh", f"{SYSTEM}/serviceaccounts/bailiwick-peer-zrh"):
        assert not fra.find(path), path
    time.sleep(5)  # in which whoever still followed zrh would have deleted it
    adopted = fra.get(ASSISTANT)["metadata"]
    assert adopted["uid"] == uid and ORIGIN not in adopted.get("labels", {}), adopted
    alone = type_in("kubectl bailiwick fleet --context fra")
    assert alone.code == 0 and "zrh" not in alone.out, alone

    def shut_out():
        ran = type_in("kubectl bailiwick fleet --context zrh")
        assert ran.code == 1 and "CredentialRefused" in ran.out, ran
        return True
    eventually(shut_out, "fra refuses zrh", 60)
