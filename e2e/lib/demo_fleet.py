"""Four regions that take over from one another, with a table of them as it happens: e2e/demo --fleet."""
import time
from concurrent.futures import ThreadPoolExecutor

from . import join, network
from .errors import FleetError
from .fleet import complain, run_dir, say
from .region import Region

NAMES = ("fra", "zrh", "iad", "gya")
NAMESPACE, NAME, WANTED = "assistants", "assistant", 4
PATH = f"/apis/bailiwick.dev/v1alpha1/namespaces/{NAMESPACE}/modeldeployments/{NAME}"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=bailiwick.dev/role%3Dengine"
DIGEST = "sha256:" + "0123456789abcdef" * 4
OBJECTS = [
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
    {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelPassport",
     "metadata": {"name": "example"},
     "spec": {"publisher": {"name": "Example Lab", "country": "DE"},
              "model": {"family": "example", "name": "Example"}, "originCountry": "DE",
              "openness": "OpenWeight", "licence": {"id": "Apache-2.0"},
              "artifacts": [{"name": "bf16", "precision": "bf16", "digest": DIGEST,
                             "source": {"type": "OCI", "uri": "oci://registry.example/example:1"}}]}},
]
DEPLOYMENT = {
    "apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment",
    "metadata": {"name": NAME, "namespace": NAMESPACE},
    "spec": {"servedName": "assistant", "replicas": WANTED,
             "placement": {"jurisdictions": ["EU", "CH"], "dataResidency": ["eu-personal"]},
             "variants": [{"name": "h200", "passport": "example", "artifact": "bf16",
                           "engine": {"name": "vllm"},
                           "accelerator": {"vendor": "nvidia", "products": ["NVIDIA-H200"],
                                           "perReplica": 2}}],
             "failover": {"suspectAfter": "1s", "lostAfter": "2s", "failbackAfter": "10s"}}}


def is_ready(pod: dict) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return "deletionTimestamp" not in pod["metadata"] and any(
        entry["type"] == "Ready" and entry["status"] == "True" for entry in conditions)


class Table:
    """One line whenever something changed: Ready replicas in each region, and how zrh sees fra."""

    def __init__(self, regions: list):
        self.regions, self._last, self._began = regions, None, time.monotonic()
        self._fewest = None
        print("  " + "  ".join(["   TIME", *(f"{one.name:>6}" for one in regions),
                                "  SUM", "FRA AS ZRH SEES IT"]), flush=True)

    def until(self, wanted: dict, seconds: float) -> float:
        """Until each region has so many Ready; how long it took."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            ready = self._look()
            self._show(ready)
            # Regions are asked one after another: only what holds twice held at one time.
            if ready == self._look():
                self._count(ready)
            if all(ready[name] == count for name, count in wanted.items()):
                return time.monotonic() - began
            time.sleep(0.1)
        raise FleetError(f"not within {seconds:.0f} s: {wanted} Ready; see e2e/fleet --help")

    def begin_count(self) -> None:
        self._fewest = None

    def check_count(self, wanted: int) -> int:
        """The smallest sum that was seen since begin_count; fails where it was below that."""
        if self._fewest is None:
            raise FleetError("the sum was never seen: not every region could be asked")
        if self._fewest < wanted:
            raise FleetError(f"the sum fell to {self._fewest} of {wanted} Ready replicas")
        return self._fewest

    def _look(self) -> dict:
        return {one.name: self._ready(one) for one in self.regions}

    def _count(self, ready: dict) -> None:
        """While a region cannot be asked the sum is not known, which is no dip."""
        if None not in ready.values():
            total = sum(ready.values())
            self._fewest = total if self._fewest is None else min(self._fewest, total)

    @staticmethod
    def _ready(one: Region):
        try:
            return sum(map(is_ready, one.api.items(PODS)))
        except OSError:
            return None

    def _health(self) -> str:
        try:
            rows = self.regions[1].api.get(PATH).get("status", {}).get("regions", [])
        except (OSError, FleetError):
            return ""
        return next((row["health"] for row in rows if row["name"] == "fra"), "")

    def _show(self, ready: dict) -> None:
        state = (ready, self._health())
        if state == self._last:
            return
        self._last = state
        cells = [f"{'down' if count is None else count:>6}" for count in ready.values()]
        total = sum(count or 0 for count in ready.values())
        print("  " + "  ".join([f"{time.monotonic() - self._began:5.1f} s", *cells, f"{total:>5}",
                                state[1]]), flush=True)


def run(heading) -> None:
    folder = run_dir() / "demo-fleet"
    regions = [Region(name, folder / name, progress=say, isolated=not network.missing())
               for name in NAMES]
    fra = regions[0]
    try:
        heading("1. Four regions that know one another, each with its own control plane")
        if join.raise_fleet(regions, [], complain):
            raise FleetError("the fleet is not up; see above")
        heading(f"2. {WANTED} replicas for [EU, CH]: in fra and zrh, never in iad or gya")
        for one in regions:
            one.apply(OBJECTS)
        for one in regions:
            one.apply(DEPLOYMENT)
        table = Table(regions)
        whole = {"fra": 2, "zrh": 2, "iad": 0, "gya": 0}
        table.until(whole, 120)
        heading("3. fra is killed: its whole control plane and operator")
        fra.kill()
        took = table.until({"zrh": WANTED, "iad": 0, "gya": 0}, 60)
        print(f"{WANTED} of {WANTED} Ready again after {took:.1f} s, inside the domain.")
        heading("4. fra comes back, and has its share again after failbackAfter")
        table.begin_count()
        with ThreadPoolExecutor(1) as pool:
            back = pool.submit(lambda: fra.start() and fra.start_operator())
            table.until(whole, 120)
            back.result()
        print(f"Replaced first, then given up: the sum was never seen below {table.check_count(WANTED)} "
              f"of {WANTED}.")
    finally:
        for one in regions:
            one.remove()
