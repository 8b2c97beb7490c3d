"""A fleet of real control planes that are joined, and one deployment in it that is watched at every
revision of every region.

    served = Served(fleet, "failover", replicas=4)
    served.wait_ready({"fra": 2, "zrh": 2})
    fleet.kill("fra")
    served.wait_ready({"zrh": 4}, timeout=served.lost_after + 5)
    served.close()                     # fails where an invariant was broken at any revision
"""
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from lib import join, nodes

from . import audit, objects
from .recorder import Recorder, is_ready, most_alive
from .wait import eventually

REGIONS = "/apis/bailiwick.dev/v1alpha1/regions"
DOMAIN, LAW, CLASSES = ("fra", "zrh"), ("EU", "CH"), ("eu-personal",)
# After the last fault everything is as it is to be within so many seconds.
SETTLES = 30.0
ENGINES = "?labelSelector=bailiwick.dev/role%3Dengine"


class Fleet:
    """Regions by name; each runs an operator."""

    def __init__(self, regions: list):
        self.regions = {one.name: one for one in regions}
        self.api = {name: one.api for name, one in self.regions.items()}
        self.down = []  # [name, since, until]: nothing serves there

    def __getitem__(self, name: str):
        return self.regions[name]

    def start_operators(self) -> None:
        for one in self.regions.values():
            one.start_operator()

    def restore(self) -> None:
        """What a case before may have left: cuts, stopped processes, regions that are down, and what
        could not be removed there."""
        for one in self.regions.values():
            for name in one.running():
                one.process(name).send(signal.SIGCONT)
            one.heal()
            self.bring_back(one.name)
        for one in self.regions.values():
            self._clear(one.api)
        for one in self.regions.values():
            join.join(one, list(self.regions.values()))
        # Region objects count a peer as returning for ten minutes, deployments for as long as they say.
        eventually(lambda: all(health in ("Live", "Returning") for one in self.regions
                               for health in self.health_in(one).values()), "the fleet is whole")

    def _clear(self, api) -> None:
        left = [one["metadata"] for one in api.items("/api/v1/namespaces")
                if one["metadata"]["name"].startswith(Served.prefix)]
        for namespace in left:
            if "deletionTimestamp" not in namespace:
                api.delete(f"/api/v1/namespaces/{namespace['name']}")
        eventually(lambda: not any(api.items(f"/api/v1/namespaces/{namespace['name']}/pods")
                                   for namespace in left), "what an earlier case left is gone")

    def kill(self, name: str) -> None:
        """The whole region, its replicas too."""
        self.down.append([name, time.monotonic(), None])
        self[name].kill()

    def serves(self, name: str, at: float) -> bool:
        return not any(name == down and since <= at and (until is None or at < until)
                       for down, since, until in self.down)

    def bring_back(self, name: str) -> None:
        """The region with its data, its nodes and its operator."""
        one = self[name].start()
        self._up(name)
        eventually(lambda: len(nodes.schedulable(one.api.items("/api/v1/nodes"))) == len(
            one.api.items("/api/v1/nodes")), f"the nodes of {name} are Ready")
        one.start_operator()

    def _up(self, name: str) -> None:
        for entry in self.down:
            if entry[0] == name and entry[2] is None:
                entry[2] = time.monotonic()

    def backup(self, name: str) -> Path:
        """A copy of the region's etcd as it is now, as of a disk that is copied."""
        one = self[name]
        etcd = one.process("etcd")
        etcd.send(signal.SIGSTOP)
        try:
            return Path(shutil.copytree(one.folder / "etcd", one.folder / "etcd-backup"))
        finally:
            etcd.send(signal.SIGCONT)

    def restore_backup(self, name: str, backup: Path) -> None:
        """The region goes on with the data that it had then."""
        one = self[name]
        self.kill(name)
        shutil.rmtree(one.folder / "etcd")
        backup.rename(one.folder / "etcd")
        self.bring_back(name)

    def rebuild(self, name: str) -> None:
        """The region with its name and address, as another cluster: its etcd is empty."""
        one = self[name]
        self.kill(name)
        shutil.rmtree(one.folder / "etcd")
        others = [other for other in self.regions.values() if other is not one]
        problems = []
        assert not join.raise_fleet([one], others, problems.append, with_operator=False), problems
        self._up(name)
        one.apply(objects.passport("example"))
        one.start_operator()

    def tell(self, home: str, name: str, server: str = "", **spec) -> None:
        """`home` has the Region object of `name` with this spec over what the fleet knows it by."""
        told = join.region_object(self[name], server)
        told["spec"].update(spec)
        self[home].apply(told)

    def know_anew(self, home: str, name: str) -> None:
        """The Region object of `name` is deleted in `home` and applied again."""
        self.api[home].delete(f"{REGIONS}/{name}")
        self.tell(home, name)

    def region(self, home: str, name: str) -> dict:
        """The Region object of `name` as `home` has it."""
        return self.api[home].get(f"{REGIONS}/{name}")

    def condition(self, home: str, name: str, kind: str) -> dict:
        return next((entry for entry in self.region(home, name)["status"]["conditions"]
                     if entry["type"] == kind), {"reason": "", "message": ""})

    def wait_condition(self, home: str, name: str, kind: str, reason: str, says: str = "") -> None:
        """Of the Region object of `name` in `home`."""
        def check():
            found = self.condition(home, name, kind)
            assert found["reason"] == reason and says in found["message"], found
            return True
        eventually(check, f"{kind} of {name} in {home} is {reason}", 60)

    def health_in(self, name: str) -> dict:
        """{region: health} as seen from there."""
        listed = self.api[name].items(REGIONS)
        return {obj["metadata"]["name"]: obj.get("status", {}).get("health") for obj in listed}

    def reason_in(self, name: str, peer: str, kind: str = "Reachable") -> str:
        return self.condition(name, peer, kind)["reason"]

    def give_credential(self, home: str, peer: str) -> None:
        join.give_credential(self[home], self[peer])


class Served:
    """One deployment of a domain, fra and zrh if nothing else is said, from its first replica to its
    last: `law` are the jurisdictions and `classes` the residency classes that make the domain."""

    suspect_after, lost_after, failback_after = 2, 4, 10
    prefix = "fleet-"  # of the namespaces of all

    def __init__(self, fleet: Fleet, title: str, replicas: int = 4,
                 origins: tuple = ("fra", "zrh", "iad", "gya"), domain: tuple = DOMAIN,
                 law: tuple = LAW, classes: tuple = CLASSES, per: int = 2, failover: dict = None,
                 **spec):
        self.fleet, self.name, self.replicas, self.domain = fleet, "m", replicas, domain
        self.namespace, self.origins = f"{self.prefix}{title}", origins
        for name in fleet.regions:
            self._make_namespace(name)
        self.dips, self.most = [], replicas
        self.pods = f"/api/v1/namespaces/{self.namespace}/pods"
        self.seen = {name: Recorder(api, self.pods + ENGINES)
                     for name, api in fleet.api.items()}
        for recorder in self.seen.values():
            recorder.__enter__()
        self.object = objects.deployment(
            self.name, self.namespace, replicas,
            [objects.variant("h200", "h200", per, passport="example")], classes,
            placement={"jurisdictions": list(law)},
            failover={"suspectAfter": f"{self.suspect_after}s", "lostAfter": f"{self.lost_after}s",
                      "failbackAfter": f"{self.failback_after}s", **(failover or {})}, **spec)
        for origin in origins:
            fleet.api[origin].create(self.object)

    @property
    def path(self) -> str:
        return f"/apis/bailiwick.dev/v1alpha1/namespaces/{self.namespace}/modeldeployments/{self.name}"

    def get(self, region: str) -> dict:
        return self.fleet.api[region].get(self.path)

    def _make_namespace(self, region: str) -> None:
        self.fleet.api[region].apply({"apiVersion": "v1", "kind": "Namespace",
                                      "metadata": {"name": self.namespace}})

    def begin_anew(self, region: str) -> None:
        """After its etcd was put in another's place."""
        self._make_namespace(region)
        self.seen[region].anew()

    def change(self, *regions: str, **spec) -> None:
        """Of the originals there."""
        self.most = max(self.most, spec.get("replicas", 0))
        for region in regions:
            self.fleet.api[region].merge(self.path, {"spec": spec})

    def condition(self, region: str, kind: str) -> dict:
        return next((entry for entry in self.get(region)["status"]["conditions"]
                     if entry["type"] == kind), {"reason": "", "message": ""})

    def wait_condition(self, region: str, kind: str, reason: str, says: str = "") -> None:
        def check():
            found = self.condition(region, kind)
            assert found["reason"] == reason and says in found["message"], found
            return True
        eventually(check, f"{kind} is {reason} in {region}", 60)

    def origin(self, region: str):
        """Whose copy the object there is; None: it is an original, or there is none."""
        found = self.fleet.api[region].find(self.path) or {"metadata": {}}
        return found["metadata"].get("labels", {}).get("bailiwick.dev/origin-region")

    def owns_spec(self, region: str, manager: str = "bailiwick-operator") -> bool:
        """Whether it owns fields of the spec there."""
        return any(entry["manager"] == manager and "f:spec" in entry["fieldsV1"]
                   for entry in self.get(region)["metadata"]["managedFields"])

    def wait_origin(self, region: str, origin) -> None:
        def check():
            found = self.origin(region)
            assert found == origin and self.get(region), found
            return True
        eventually(check, f"in {region} it is a copy of {origin}'s", 60)

    def ready(self, region: str) -> int:
        """As the watch last told."""
        return sum(map(is_ready, self.seen[region].last().values()))

    def pods_in(self, region: str) -> set:
        """Those there, Ready or not, that are not on their way out, by uid."""
        return {uid for uid, pod in self.seen[region].last().items()
                if "deletionTimestamp" not in pod["metadata"]}

    def alive(self, region: str) -> int:
        return len(self.pods_in(region))

    def wait_ready(self, wanted: dict, timeout: float = 120.0, alone: bool = True) -> float:
        """Until so many replicas are Ready in each of these regions, and none elsewhere, unless
        what runs in others is nobody's question; returns how long it took."""
        began = time.monotonic()
        regions = self.seen if alone else wanted

        def check():
            found = {name: self.ready(name) for name in regions}
            assert found == {**dict.fromkeys(regions, 0), **wanted}, f"{found}; {self._waiting()}"
            return True
        eventually(check, f"{self.namespace}: {wanted}", timeout, every=0.05)
        return time.monotonic() - began

    def _waiting(self) -> list:
        """Pods that are not Ready, as the watches last told."""
        def told(pod: dict) -> list:
            return [f"{one['type']} {one['status']} {one.get('reason', '')}"
                    for one in pod.get("status", {}).get("conditions", [])]
        return [f"{region}/{pod['metadata']['name']} on {pod['spec'].get('nodeName')}: {told(pod)}, "
                f"deleted {pod['metadata'].get('deletionTimestamp')}"
                for region, recorder in self.seen.items() for pod in recorder.last().values() if not is_ready(pod)]

    def settles(self, wanted: dict, within: float = SETTLES, still: float = 4.0) -> float:
        """So many are Ready, and a moment later no operator writes anything any more; returns how long
        the one took."""
        began = time.monotonic()
        took = self.wait_ready(wanted, within)
        while written := self._written_in(still):
            assert time.monotonic() < began + within + still, written[-20:]
        self.wait_ready(wanted, 0)
        return took

    def _written_in(self, seconds: float) -> list:
        marks = {name: one.audit_mark() for name, one in self.fleet.regions.items()}
        time.sleep(seconds)
        return [f"{name}: {audit.describe(event)}" for name, mark in marks.items()
                for event in audit.mutations(self.fleet[name], mark)]

    def entry(self, at: str, of: str) -> dict:
        """What `at` says of the region `of`."""
        return next(entry for entry in self.get(at)["status"]["regions"] if entry["name"] == of)

    def wait_health(self, at: str, of: str, health: str, timeout: float = 60.0) -> None:
        def check():
            found = self.entry(at, of)["health"]
            assert found == health, found
            return True
        eventually(check, f"{of} is {health} to {at}", timeout, every=0.05)

    def all_live(self, seconds: float) -> None:
        """For so long fra and zrh take one another for Live."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            seen = {(at, of): self.entry(at, of)["health"]
                    for at, of in (("zrh", "fra"), ("fra", "zrh"))}
            assert set(seen.values()) == {"Live"}, seen
            time.sleep(0.2)

    def returns(self, lost: str, seen_by: str, wanted: dict) -> None:
        """The region is brought back, and has its share again after its time and no sooner."""
        with ThreadPoolExecutor(1) as pool:
            whole = pool.submit(self.fleet.bring_back, lost)
            self.wait_health(seen_by, lost, "Returning")
            returned = time.monotonic()
            whole.result()
        began = time.monotonic()
        took = self.settles(wanted) + began - returned
        # A handover by itself waits for lostAfter only.
        assert took > self.failback_after - 1, f"after {took:.1f} s"

    def units(self, regions: tuple, since: float = 0.0) -> list:
        """[(time, Ready replicas in these regions)] after each event of any of them; what runs in a
        region that is down serves nobody."""
        changes = sorted(change for name in regions for change in self._serving(name))
        now, result = {}, []
        for at, name, ready in changes:
            now[name] = ready
            if at >= since and len(now) == len(regions):
                result.append((at, sum(now.values())))
        return result

    def _serving(self, name: str) -> list:
        """[(time, region, Ready replicas)] after each of its events, and where it goes down or comes up."""
        states = [(at, sum(map(is_ready, live.values()))) for at, live in self.seen[name].states()]
        edges = [at for down, *both in self.fleet.down if down == name for at in both if at]
        moments = sorted([*(at for at, _ in states), *edges])
        return [(at, name, [ready for since, ready in states if since <= at][-1]
                 if self.fleet.serves(name, at) else 0) for at in moments]

    def changed_since(self, since: float) -> list:
        """Replicas that came or went since then."""
        def uids(live: dict) -> set:
            return {uid for uid, pod in live.items() if is_ready(pod)}

        found = []
        for name, recorder in self.seen.items():
            states = recorder.states()
            before = uids([live for at, live in states if at <= since][-1])
            found += [name for at, live in states if at > since and uids(live) != before]
        return found

    def never_below(self, wanted: int, since: float, regions: tuple = ()) -> None:
        """Whatever went on since then, so many were Ready in sum, of the whole domain if nothing else
        is said, at every revision."""
        fewest = min((ready for _, ready in self.units(regions or self.domain, since)),
                     default=wanted)
        if fewest < wanted:
            self.dips.append(f"only {fewest} of {wanted} were Ready at one time")
        assert fewest >= wanted, self.dips[-1]

    def close(self) -> None:
        """Nothing was ever outside the domain, no region had more than one set and its surge, nothing
        was ever missing; then everything goes. What fails here fails a second run of the case too."""
        try:
            for name, recorder in self.seen.items():
                assert name in self.domain or not recorder.events, f"a replica was in {name}"
                assert most_alive(recorder) <= self.most + 1, f"{most_alive(recorder)} in {name}"
            assert not self.dips, self.dips
        finally:
            for recorder in self.seen.values():
                recorder.__exit__()
            with ThreadPoolExecutor(len(self.seen)) as pool:
                list(pool.map(self._remove, self.seen))

    def _remove(self, region: str) -> None:
        api = self.fleet.api[region]
        try:
            if api.find(f"/api/v1/namespaces/{self.namespace}"):
                api.delete(f"/api/v1/namespaces/{self.namespace}")
            # What is on its way out still holds its devices.
            eventually(lambda: not api.items(self.pods), f"{region} is empty again")
        except OSError:
            pass  # a case that failed may have left it down: the next one starts it
