"""Region files (e2e/regions/NAME.yaml) and the fake nodes that they describe.

    region: {apiVersion: bailiwick.dev/v1alpha1, kind: Region, …}
    nodePools:
    - name: p5en                      # nodes are REGION-POOL-1, -2, …
      count: 4
      zones: [eu-central-1a, eu-central-1b]      # taken in turn; topology.kubernetes.io/zone
      labels: {…}                     # over the region's nodeLabels
      capacity: {cpu: "192", memory: 2Ti, nvidia.com/gpu: "8"}
      taints: []
    nodeLabels: {…}                   # of every node
"""
import hashlib
from pathlib import Path
from typing import Optional

import yaml

from . import documents, tools
from .api import ApiError
from .errors import FleetError

FOLDER = tools.E2E / "regions"
FAKE = "kwok.x-k8s.io/node"
ZONE = "topology.kubernetes.io/zone"
POOL_KEYS = {"name", "count", "zones", "labels", "capacity", "allocatable", "taints", "annotations"}


def names() -> list:
    """Of the regions that e2e/regions describes."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def load(name: str) -> dict:
    """A region file by name or path, checked for the keys that `expand` understands."""
    path = Path(name) if "/" in str(name) else FOLDER / f"{name}.yaml"
    try:
        spec = documents.load(path.read_text())
    except FileNotFoundError:
        raise FleetError(f"no region file e2e/regions/{name}.yaml; there are: "
                         f"{', '.join(names())}") from None
    except yaml.YAMLError as error:
        raise FleetError(f"{path}: {error}") from None
    unknown = set(spec) - {"region", "nodePools", "nodeLabels"}
    for pool in spec.get("nodePools", []):
        unknown |= set(pool) - POOL_KEYS
    if unknown:
        raise FleetError(f"{path}: unknown keys: {', '.join(sorted(unknown))}")
    return spec


def expand(spec: dict) -> list:
    """The Node objects of a region file."""
    region = spec["region"]["metadata"]["name"]
    made = []
    for pool in spec.get("nodePools", []):
        for number in range(1, pool.get("count", 1) + 1):
            labels = {**spec.get("nodeLabels", {}), **pool.get("labels", {})}
            if pool.get("zones"):
                labels[ZONE] = pool["zones"][(number - 1) % len(pool["zones"])]
            name = f"{region}-{pool['name']}-{number}"
            made.append(node(
                name, pool["capacity"], labels, pool.get("taints"), pool.get("allocatable"),
                pool.get("annotations"), provider_id(spec["region"]["spec"]["provider"], labels, name)))
    return made


def node(name: str, capacity: dict, labels: Optional[dict] = None, taints: Optional[list] = None,
         allocatable: Optional[dict] = None, annotations: Optional[dict] = None,
         provider: str = "") -> dict:
    """A fake node that kwok keeps Ready. `allocatable` overrides single entries of `capacity`."""
    capacity = {"pods": "110", **capacity}
    capacity = {resource: str(amount) for resource, amount in capacity.items()}
    base = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
            "kubernetes.io/arch": "amd64"}
    labels = {**base, **(labels or {})}
    spec = {}
    if taints:
        spec["taints"] = taints
    if provider:
        spec["providerID"] = provider
    return {
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": name, "labels": labels,
                     "annotations": {FAKE: "fake", **(annotations or {})}},
        "spec": spec,
        "status": {
            "capacity": capacity, "allocatable": {**capacity, **(allocatable or {})},
            "nodeInfo": {"architecture": labels["kubernetes.io/arch"], "operatingSystem": "linux",
                         "bootID": "", "containerRuntimeVersion": "containerd://2.1.0",
                         "kernelVersion": "6.8.0", "kubeProxyVersion": "", "machineID": "",
                         "kubeletVersion": "v1.36.3", "osImage": "Linux", "systemUUID": ""},
        },
    }


def create(api, obj: dict) -> None:
    try:
        api.create(obj)
    except ApiError as error:
        if error.reason != "AlreadyExists":
            raise


def provider_id(provider: str, labels: dict, name: str) -> str:
    """spec.providerID as that cloud's controller writes it; none on-premises."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    zone = labels.get(ZONE, "")
    forms = {
        "aws": f"aws:///{zone}/i-0{digest[:16]}",
        "gcp": f"gce://bailiwick/{zone}/{name}",
        "azure": "azure:///subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/"
                 f"bailiwick/providers/Microsoft.Compute/virtualMachines/{name}",
        "alibaba": f"{labels.get('topology.kubernetes.io/region', '')}.i-{digest[:20]}",
        "tencent": f"qcloud:///{zone}/ins-{digest[:8]}",
    }
    return forms.get(provider, "")


def schedulable(items: list) -> set:
    """Names of nodes that are Ready and no longer carry the taint of a node that is not."""
    return {item["metadata"]["name"] for item in items if is_ready(item) and not any(
        taint["key"].startswith("node.kubernetes.io/not-ready")
        for taint in item["spec"].get("taints", []))}


def is_ready(item: dict) -> bool:
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in item.get("status", {}).get("conditions", []))


def fail(api, name: str) -> None:
    path = f"/api/v1/nodes/{name}"
    api.merge(path, {"metadata": {"annotations": {FAKE: "failed"}}})

    def failed(api) -> bool:
        conditions = [condition for condition in api.get(path)["status"]["conditions"]
                      if condition["type"] != "Ready"]
        conditions.append({"type": "Ready", "status": "False", "reason": "KubeletNotReady",
                           "message": "made to fail by a test"})
        api.merge(f"{path}/status", {"status": {"conditions": conditions}})
        return not is_ready(api.get(path))

    api.wait(f"node {name} not Ready", failed, 15.0)


def heal(api, name: str) -> None:
    path = f"/api/v1/nodes/{name}"
    api.merge(path, {"metadata": {"annotations": {FAKE: "fake"}}})
    api.wait(f"node {name} Ready", lambda api: name in schedulable([api.get(path)]), 30.0)
