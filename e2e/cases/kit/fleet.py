"""A fleet of real control planes that are joined, and one deployment in it that is watched at every
revision of every region.

    served = Served(fleet, "failover", replicas=4)
    served.wait_ready({"fra": 2, "zrh": 2})
    fleet["fra"].kill()
    served.wait_ready({"zrh": 4}, timeout=served.lost_after + 5)
    served.close()                     # fails where an invariant was broken at any revision
"""
import time

from lib import join, nodes

from . import objects
from .recorder import Recorder, is_ready
from .wait import eventually

DOMAIN, LAW = ("fra", "zrh"), ["EU", "CH"]
OUTSIDE = ("iad", "gya")
ENGINES = "?labelSelector=bailiwick.dev/role%3Dengine"


class Fleet:
    """Regions by name; each runs an operator."""

    def __init__(self, regions: list):
        self.regions = {one.name: one for one in regions}
        self.api = {name: one.api for name, one in self.regions.items()}

    def __getitem__(self, name: str):
        return self.regions[name]

    def start_operators(self) -> None:
        for one in self.regions.values():
            one.start_operator()

    def restore(self) -> None:
        """What a case before may have left: cuts, stopped processes, regions that are down."""
        for one in self.regions.values():
            one.heal()
            self.bring_back(one.name)
        # Region objects count a peer as returning for ten minutes, deployments for as long as they say.
        eventually(lambda: all(health in ("Live", "Returning") for one in self.regions
                               for health in self.health_in(one).values()), "the fleet is whole")

    def bring_back(self, name: str) -> None:
        """The region with its data, its nodes and its operator."""
        one = self[name].start()
        eventually(lambda: len(nodes.schedulable(one.api.items("/api/v1/nodes"))) == len(
            one.api.items("/api/v1/nodes")), f"the nodes of {name} are Ready")
        one.start_operator()

    def health_in(self, name: str) -> dict:
        """{region: health} as seen from there."""
        listed = self.api[name].items("/apis/bailiwick.dev/v1alpha1/regions")
        return {obj["metadata"]["name"]: obj.get("status", {}).get("health") for obj in listed}

    def reason_in(self, name: str, peer: str, kind: str = "Reachable") -> str:
        path = f"/apis/bailiwick.dev/v1alpha1/regions/{peer}"
        return next((entry["reason"] for entry in self.api[name].get(path)["status"]["conditions"]
                     if entry["type"] == kind), "")

    def give_credential(self, home: str, peer: str) -> None:
        join.give_credential(self[home], self[peer])


class Served:
    """One deployment of the domain fra and zrh, from its first replica to its last."""

    suspect_after, lost_after, failback_after = 2, 4, 6

    def __init__(self, fleet: Fleet, title: str, replicas: int = 4, origins: tuple = ("fra", "zrh", "iad", "gya"),
                 **spec):
        self.fleet, self.name, self.replicas = fleet, "m", replicas
        self.namespace = f"fleet-{title}"
        for api in fleet.api.values():
            api.create({"apiVersion": "v1", "kind": "Namespace",
                        "metadata": {"name": self.namespace}})
        self.pods = f"/api/v1/namespaces/{self.namespace}/pods"
        self.seen = {name: Recorder(api, self.pods + ENGINES)
                     for name, api in fleet.api.items()}
        for recorder in self.seen.values():
            recorder.__enter__()
        self.object = objects.deployment(
            self.name, self.namespace, replicas,
            [objects.variant("h200", "h200", 2, passport="example")],
            placement={"jurisdictions": LAW, "dataResidency": ["eu-personal"]},
            failover={"suspectAfter": f"{self.suspect_after}s", "lostAfter": f"{self.lost_after}s",
                      "failbackAfter": f"{self.failback_after}s"}, **spec)
        for origin in origins:
            fleet.api[origin].create(self.object)

    @property
    def path(self) -> str:
        return f"/apis/bailiwick.dev/v1alpha1/namespaces/{self.namespace}/modeldeployments/{self.name}"

    def get(self, region: str) -> dict:
        return self.fleet.api[region].get(self.path)

    def ready(self, region: str) -> int:
        """As the watch last told."""
        return sum(map(is_ready, self.seen[region].states()[-1][1].values()))

    def wait_ready(self, wanted: dict, timeout: float = 120.0, alone: bool = True) -> float:
        """Until so many replicas are Ready in each of these regions, and none elsewhere, unless
        what runs in others is nobody's question; returns how long it took."""
        began = time.monotonic()
        regions = self.seen if alone else wanted

        def check():
            found = {name: self.ready(name) for name in regions}
            assert found == {**dict.fromkeys(regions, 0), **wanted}, found
            return True
        eventually(check, f"{self.namespace}: {wanted}", timeout, every=0.05)
        return time.monotonic() - began

    def entry(self, at: str, of: str) -> dict:
        """What `at` says of the region `of`."""
        return next(entry for entry in self.get(at)["status"]["regions"] if entry["name"] == of)

    def wait_health(self, at: str, of: str, health: str, timeout: float = 60.0) -> None:
        def check():
            found = self.entry(at, of)["health"]
            assert found == health, found
            return True
        eventually(check, f"{of} is {health} to {at}", timeout, every=0.05)

    def units(self, regions: tuple, since: float = 0.0) -> list:
        """[(time, Ready replicas in these regions)] after each event of any of them."""
        changes = sorted((at, name, sum(map(is_ready, live.values()))) for name in regions
                         for at, live in self.seen[name].states())
        now, result = {}, []
        for at, name, ready in changes:
            now[name] = ready
            if at >= since and len(now) == len(regions):
                result.append((at, sum(now.values())))
        return result

    def never_below(self, wanted: int, since: float, regions: tuple = DOMAIN) -> None:
        """Whatever went on since then, so many were Ready in sum at every revision."""
        fewest = min((ready for _, ready in self.units(regions, since)), default=wanted)
        assert fewest >= wanted, f"only {fewest} of {wanted} were Ready at one time"

    def close(self) -> None:
        """Nothing of the domain was ever outside it; then everything goes."""
        try:
            for name in OUTSIDE:
                if name in self.seen:
                    assert not self.seen[name].events, f"a replica was in {name}"
        finally:
            for name, api in self.fleet.api.items():
                self.seen[name].__exit__()
                try:
                    api.delete(f"/api/v1/namespaces/{self.namespace}")
                    # What is on its way out still holds its devices.
                    eventually(lambda api=api: not api.items(self.pods), f"{name} is empty again")
                except OSError:
                    pass  # a case that failed may have left it down: the next one starts it
