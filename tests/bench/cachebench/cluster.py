"""The benchmark's API server, filled, and the driver of changes: both over many connections."""
import itertools
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from lib import components
from lib.region import Region

from . import objects

MERGE = "application/merge-patch+json"
PODS = f"/api/v1/namespaces/{objects.NAMESPACE}/pods"


class Cluster:
    """A bare control plane: nothing but this program and the contender changes anything."""

    def __init__(self, folder, connections: int):
        self.region = Region("bench", folder, parts=components.BARE, progress=say)
        self.connections = connections
        self._counter = itertools.count(1)

    def start(self) -> "Cluster":
        self.region.start()
        self.region.install(crds_only=True)
        api = self.region.api
        for obj in ({"apiVersion": "v1", "kind": "Namespace",
                     "metadata": {"name": objects.NAMESPACE}},
                    {"apiVersion": "v1", "kind": "ServiceAccount",
                     "metadata": {"name": "default", "namespace": objects.NAMESPACE}},
                    objects.region(), objects.passport()):
            api.apply(obj)
        return self

    def remove(self) -> None:
        self.region.remove()

    def fill(self, deployments: int, nodes: int, pods: int) -> None:
        began = time.monotonic()
        self._each(lambda n: self.region.api.create(objects.node(n)), range(nodes))
        self._each(lambda n: self.region.api.create(objects.deployment(n)), range(deployments))
        self._each(lambda n: self._run_pod(objects.pod(n, nodes)), range(pods))
        sizes = {"ModelDeployment": _path(0), "Node": "/api/v1/nodes/node-0",
                 "Pod": f"{PODS}/{objects.pod(0, nodes)['metadata']['name']}"}
        say(f"filled in {time.monotonic() - began:.0f} s; JSON of one: " + ", ".join(
            f"{kind} {self._size(path)} bytes" for kind, path in sizes.items()))

    def change(self, count: int, deployments: int) -> float:
        """Patches that many ModelDeployments, in turn a label, an annotation and spec.replicas;
        seconds taken."""
        began = time.monotonic()
        numbers = [next(self._counter) for _ in range(count)]
        self._each(lambda number: self._patch(number, deployments), numbers)
        return time.monotonic() - began

    def _patch(self, number: int, deployments: int) -> None:
        patch = ({"metadata": {"labels": {"tier": f"t{number % 997}"}}},
                 {"metadata": {"annotations": {"example.org/changed": str(number)}}},
                 {"spec": {"replicas": 1 + number % 991}})[number % 3]
        code, text = self.region.api.raw("PATCH", _path(number % deployments), patch, MERGE)
        if code != 200:
            raise RuntimeError(f"patch {number}: {code} {text[:300]}")

    def _run_pod(self, pod: dict) -> None:
        self.region.api.request("POST", PODS, pod)
        self.region.api.request("PATCH", f"{PODS}/{pod['metadata']['name']}/status",
                                {"status": objects.running(pod)}, MERGE)

    def _each(self, work, numbers) -> None:
        with ThreadPoolExecutor(self.connections) as pool:
            for _ in pool.map(work, numbers):
                pass

    def _size(self, path: str) -> int:
        return len(json.dumps(self.region.api.get(path), separators=(",", ":")))


def _path(number: int) -> str:
    return ("/apis/bailiwick.dev/v1alpha1/namespaces/"
            f"{objects.NAMESPACE}/modeldeployments/assistant-{number}")


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
