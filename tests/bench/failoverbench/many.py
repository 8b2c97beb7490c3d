"""A region with a share of very many deployments is killed."""
import copy
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

from kit import objects
from kit.fleet import LAW, Fleet
from kit.recorder import Recorder, is_ready
from kit.wait import eventually

from .report import markdown, say

DEVICES = 100
# Admission of a pod looks at every workload of its namespace.
NAMESPACES = [f"many-{number}" for number in range(50)]
PODS = "/api/v1/pods?labelSelector=bailiwick.dev/role%3Dengine"


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
    say(f"making {count} deployments")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: [one.api.create(deployment(number)) for one in (fra, zrh)], range(count)))
    for one in (fra, zrh):
        eventually(lambda one=one: ready_in(one.api) == count, f"{count} run in {one.name}", 900, every=3)
    say("all run; settling for 20 s")
    time.sleep(20)
    return markdown([["deployments", "first replica Ready, s", "median, s", "last, s", "asked, s"],
                     [count, *kill(fleet, count)]])


def kill(fleet: Fleet, count: int) -> list:
    with Recorder(fleet.api["zrh"], PODS) as seen:
        known = {uid for uid, pod in seen.first.items() if is_ready(pod)}
        began = time.monotonic()
        fleet["fra"].kill()

        def taken():
            at = {}
            for when, kind, pod in list(seen.events):
                uid = pod["metadata"]["uid"]
                if kind != "DELETED" and uid not in known and is_ready(pod):
                    at.setdefault(uid, when - began)
            return sorted(at.values()) if len(at) >= count else None
        times = eventually(taken, "zrh takes all over", 600, every=1.0)
    return [f"{times[0]:.1f}", f"{median(times):.1f}", f"{times[-1]:.1f}", "12"]
