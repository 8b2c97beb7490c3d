"""A region with a share of very many deployments is killed."""
import copy
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from cachebench.contender import cpu_of
from kit import objects
from kit.fleet import LAW, Fleet
from kit.recorder import Recorder, is_ready
from kit.wait import eventually

from .report import markdown, say

DEVICES = 100
# Admission of a pod looks at every workload of its namespace.
NAMESPACES = [f"many-{number}" for number in range(50)]
ENGINES = "labelSelector=bailiwick.dev/role%3Dengine"
PODS, WORKLOADS = f"/api/v1/pods?{ENGINES}", f"/apis/apps/v1/deployments?{ENGINES}"
PROCESSES = ("operator", "kube-apiserver", "etcd", "kube-controller-manager", "kube-scheduler", "kwok")


def deployment(number: int) -> dict:
    """Two replicas of one device, so one in each of fra and zrh, with the default times."""
    return objects.deployment(
        f"m-{number}", NAMESPACES[number % len(NAMESPACES)], 2,
        [objects.variant("h200", "h200", 1, passport="example")],
        placement={"jurisdictions": LAW, "dataResidency": ["eu-personal"], "minRegions": 2},
        failover={"failbackAfter": "10s"})


def nodes(region: str, jurisdiction: str, replicas: int) -> list:
    labels = {objects.JURISDICTION: jurisdiction, **objects.residency("eu-personal"),
              "topology.kubernetes.io/region": "eu-central-1" if region == "fra" else None}
    one = objects.accelerator_node("", "h200", labels, DEVICES)
    one["status"]["capacity"]["cpu"] = one["status"]["allocatable"]["cpu"] = "10000"
    made = []
    for number in range(replicas // DEVICES + 2):
        node = copy.deepcopy(one)
        node["metadata"]["name"] = node["metadata"]["labels"]["kubernetes.io/hostname"] = f"{region}-many-{number}"
        made.append(node)
    return made


def ready_in(api) -> int:
    return sum(map(is_ready, api.items(PODS)))


def measure(fleet: Fleet, count: int) -> str:
    fra, zrh = fleet["fra"], fleet["zrh"]
    fra.add_nodes(nodes("fra", "DE", count))
    zrh.add_nodes(nodes("zrh", "CH", 2 * count))
    for one in fleet.regions.values():
        one.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
                   for name in NAMESPACES])
    say(f"making {count} deployments in fra, which zrh copies")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: fra.api.create(deployment(number)), range(count)))
    for one in (fra, zrh):
        eventually(lambda one=one: ready_in(one.api) == count, f"{count} run in {one.name}", 1500, every=3)
    say("all run; settling for 20 s")
    time.sleep(20)
    return kill(fleet, count)


def kill(fleet: Fleet, count: int) -> str:
    """When the operator of zrh had ordered what it takes over, when it was Ready, and who needed the CPU."""
    zrh = fleet["zrh"]
    with Recorder(zrh.api, WORKLOADS) as ordered, Recorder(zrh.api, PODS) as ready:
        before = {name: cpu_of(zrh.process(name).pid) for name in PROCESSES}
        began = time.monotonic()
        fleet["fra"].kill()
        moments = {"ordered by the operator": when_done(ordered, wants_two, count),
                   "Ready": when_done(ready, is_ready, count)}
        busy = {name: cpu_of(zrh.process(name).pid) - before[name] for name in PROCESSES}
    rows = [[what, *(f"{at - began:.1f}" for at in (times[0], median(times), times[-1]))]
            for what, times in moments.items()]
    return (markdown([[f"{count} replicas elsewhere", "first, s", "median, s", "last, s"], *rows])
            + "\n\nAsked: 12 s. CPU of the region that takes over, s: "
            + ", ".join(f"{name} {seconds:.1f}" for name, seconds in busy.items()))


def when_done(seen: Recorder, done, count: int) -> list:
    """The moments at which each of `count` objects that were not `done` at first became so."""
    known = {uid for uid, obj in seen.first.items() if done(obj)}

    def times():
        at = {}
        for when, kind, obj in list(seen.events):
            if kind != "DELETED" and obj["metadata"]["uid"] not in known and done(obj):
                at.setdefault(obj["metadata"]["uid"], when)
        return sorted(at.values()) if len(at) >= count else None
    return eventually(times, f"{count} are {done.__name__}", 900, every=1.0)


def wants_two(workload: dict) -> bool:
    return workload["spec"]["replicas"] == 2
