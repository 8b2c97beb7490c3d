"""Objects as people write them: nodes, passports, deployments."""
import copy

from lib import nodes

API_VERSION = "bailiwick.dev/v1alpha1"
JURISDICTION = "bailiwick.dev/jurisdiction"
RESIDENCY = "data-residency.bailiwick.dev/"
DIGEST = "sha256:" + "0123456789abcdef" * 4

# Accelerators by a short name: how a node shows them and how a variant asks for them.
HARDWARE = {
    "h200": {
        "vendor": "nvidia", "product": "NVIDIA-H200", "resource": "nvidia.com/gpu",
        "labels": {"nvidia.com/gpu.present": "true", "nvidia.com/gpu.product": "NVIDIA-H200",
                   "nvidia.com/gpu.memory": "143771", "nvidia.com/gpu.count": "8",
                   "nvidia.com/gpu.replicas": "1"},
        "taints": [{"key": "nvidia.com/gpu", "value": "present", "effect": "NoSchedule"}]},
    "a100": {
        "vendor": "nvidia", "product": "NVIDIA-A100-SXM4-80GB", "resource": "nvidia.com/gpu",
        "labels": {"nvidia.com/gpu.present": "true",
                   "nvidia.com/gpu.product": "NVIDIA-A100-SXM4-80GB",
                   "nvidia.com/gpu.memory": "81920", "nvidia.com/gpu.count": "8",
                   "nvidia.com/gpu.replicas": "1"},
        "taints": []},
    "mi300x": {
        "vendor": "amd", "product": "AMD_Instinct_MI300X_OAM", "resource": "amd.com/gpu",
        "labels": {"amd.com/gpu.product-name": "AMD_Instinct_MI300X_OAM",
                   "amd.com/gpu.vram": "192G", "amd.com/gpu.device-id": "74a1",
                   "feature.node.kubernetes.io/amd-gpu": "true"},
        "taints": []},
}


def residency(name: str, value: str = "true") -> dict:
    return {RESIDENCY + name: value}


def accelerator_node(name: str, hardware: str, labels: dict, devices: int = 8,
                     taints: tuple = ()) -> dict:
    """A fake node in DE with so many devices. A label of None is left out."""
    kind = HARDWARE[hardware]
    merged = {JURISDICTION: "DE", **kind["labels"], **labels}
    capacity = {"cpu": "192", "memory": "2048Gi", "ephemeral-storage": "28Ti",
                kind["resource"]: str(devices)}
    return nodes.node(name, capacity, {k: v for k, v in merged.items() if v is not None},
                      [*kind["taints"], *taints])


def region(name: str, classes: list, **spec) -> dict:
    return {"apiVersion": API_VERSION, "kind": "Region", "metadata": {"name": name},
            "spec": {"provider": "on-premises", "location": "rack1", "jurisdiction": "DE",
                     "residencyClasses": classes, **spec}}


def passport(name: str, artifact: str = "bf16", **spec) -> dict:
    return {"apiVersion": API_VERSION, "kind": "ModelPassport", "metadata": {"name": name},
            "spec": {"publisher": {"name": "Example Lab", "country": "DE"},
                     "model": {"family": "example", "name": name}, "originCountry": "DE",
                     "openness": "OpenWeight", "licence": {"id": "Apache-2.0"},
                     "artifacts": [{"name": artifact, "precision": "bf16", "digest": DIGEST,
                                    "source": {"type": "OCI", "uri": "oci://registry.example/example:1"}}],
                     **spec}}


def policy(name: str, rules: dict, enforcement: str = "Deny", **spec) -> dict:
    return {"apiVersion": API_VERSION, "kind": "SovereigntyPolicy", "metadata": {"name": name},
            "spec": {"enforcement": enforcement, "rules": rules, **spec}}


def variant(hardware: str = "h200", name: str = "", per: int = 8, capacity: str = "1.0",
            passport: str = "example", artifact: str = "bf16", engine: str = "vllm",
            image: str = "", args: tuple = (), env: tuple = (), nodes: int = 1) -> dict:
    kind = HARDWARE[hardware]
    made = {"name": name or hardware, "passport": passport, "artifact": artifact,
            "engine": {"name": engine},
            "accelerator": {"vendor": kind["vendor"], "products": [kind["product"]],
                            "perReplica": per},
            "capacity": capacity}
    if image:
        made["engine"]["image"] = image
    if args:
        made["engine"]["args"] = list(args)
    if env:
        made["engine"]["env"] = copy.deepcopy(list(env))
    if nodes != 1:
        made["accelerator"]["nodes"] = nodes
    return made


def deployment(name: str, namespace: str, replicas: int = 1, variants=None, classes: tuple = (),
               **spec) -> dict:
    placement = {"jurisdictions": ["DE"], **({"dataResidency": list(classes)} if classes else {}),
                 **spec.pop("placement", {})}
    return {"apiVersion": API_VERSION, "kind": "ModelDeployment",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"servedName": "assistant", "replicas": replicas, "placement": placement,
                     "variants": variants or [variant()],
                     "exit": {"drainTimeout": "5s", **spec.pop("exit", {})}, **spec}}
