"""What the benchmark's cluster holds, as like a real one as its size allows."""
import random

NAMESPACE = "bench"
PRODUCTS = (("nvidia", "NVIDIA-H200", "nvidia.com/gpu"),
            ("amd", "AMD_Instinct_MI300X_OAM", "amd.com/gpu"),
            ("huawei-ascend", "910B3", "huawei.com/Ascend910"))


def region() -> dict:
    return {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "Region", "metadata": {"name": "bench"},
            "spec": {"provider": "on-premises", "location": "bench1", "jurisdiction": "DE",
                     "residencyClasses": ["eu-personal"]}}


def passport() -> dict:
    return {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelPassport",
            "metadata": {"name": "bench"},
            "spec": {"publisher": {"name": "Bench", "country": "DE"},
                     "model": {"family": "bench", "name": "Bench"}, "originCountry": "DE",
                     "openness": "OpenWeight", "licence": {"id": "MIT"},
                     "artifacts": [{"name": "bf16", "source": {
                         "type": "OCI", "uri": "oci://registry.example/models/bench:1"}}]}}


def deployment(number: int) -> dict:
    """About 3 KB as the API server serves it, defaults and managedFields included."""
    variants = [{
        "name": f"v{index}-{vendor}", "passport": "bench", "artifact": "bf16",
        "engine": {"name": "vllm", "args": ["--max-model-len", "32768"],
                   "env": [{"name": f"BENCH_{name}", "value": f"{name}-of-{vendor}"}
                           for name in ("SETTING", "CHANNEL")]},
        "accelerator": {"vendor": vendor, "products": [product], "perReplica": 4},
        "capacity": "1.0"} for index, (vendor, product, _) in enumerate(PRODUCTS)]
    return {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment",
            "metadata": {"name": f"assistant-{number}", "namespace": NAMESPACE,
                         "labels": {"team": f"team-{number % 50}", "tier": "gold"},
                         "annotations": {"example.org/contact": f"team-{number % 50}@example.org"}},
            "spec": {"servedName": f"assistant-{number}", "replicas": 1,
                     "placement": {"jurisdictions": ["FR"], "dataResidency": ["fr-personal"]},
                     "variants": variants, "priority": number % 10,
                     "exit": {"critical": True, "drillEvery": "90d"}}}


def node(number: int) -> dict:
    vendor, product, resource = PRODUCTS[number % 3]
    name = f"node-{number}"
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
              "kubernetes.io/arch": "amd64", "bailiwick.dev/jurisdiction": "DE",
              "data-residency.bailiwick.dev/eu-personal": "true",
              "topology.kubernetes.io/zone": f"bench1-{'abc'[number % 3]}",
              "node.kubernetes.io/instance-type": "metal-8"}
    labels.update({
        "nvidia": {"nvidia.com/gpu.product": product, "nvidia.com/gpu.memory": "143771",
                   "nvidia.com/gpu.count": "8", "nvidia.com/gpu.family": "hopper",
                   "nvidia.com/gpu.present": "true", "nvidia.com/gpu.replicas": "1",
                   "nvidia.com/cuda.driver.major": "580", "nvidia.com/mig.strategy": "single"},
        "amd": {"amd.com/gpu.product-name": product, "amd.com/gpu.vram": "192G",
                "amd.com/gpu.device-id": "74a1", "amd.com/gpu.cu-count": "304"},
        "huawei-ascend": {"accelerator": "huawei-Ascend910", "accelerator-type": "module-910b-8",
                          "node.kubernetes.io/npu.chip.name": product,
                          "mind-cluster/npu-chip-memory": "64G"}}[vendor])
    for feature in ("AVX512F", "AVX512BW", "AMXBF16", "AMXTILE", "VMX", "SHA", "VAES", "FXSR"):
        labels[f"feature.node.kubernetes.io/cpu-cpuid.{feature}"] = "true"
    capacity = {"cpu": "192", "memory": "2048Gi", "ephemeral-storage": "28Ti", "pods": "110",
                resource: "8"}
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": labels,
                         "annotations": {"volumes.kubernetes.io/controller-managed-attach-detach":
                                         "true", "node.alpha.kubernetes.io/ttl": "0"}},
            "spec": {"providerID": f"bench://{name}",
                     "podCIDR": f"10.{number // 250}.{number % 250}.0/24"},
            "status": {"capacity": capacity, "allocatable": capacity,
                       "addresses": [{"type": "InternalIP", "address": "192.0.2.1"}],
                       "conditions": [_condition(kind, status) for kind, status in (
                           ("MemoryPressure", "False"), ("DiskPressure", "False"),
                           ("PIDPressure", "False"), ("Ready", "True"))],
                       "images": [{"names": [f"registry.example/team/image-{index}:v1.{index}"],
                                   "sizeBytes": 10_000_000 + index} for index in range(20)],
                       "nodeInfo": {"architecture": "amd64", "operatingSystem": "linux",
                                    "bootID": "b", "containerRuntimeVersion": "containerd://2.1.0",
                                    "kernelVersion": "6.8.0", "kubeProxyVersion": "",
                                    "kubeletVersion": "v1.36.3", "machineID": "m",
                                    "osImage": "Linux", "systemUUID": "s"}}}


def pod(number: int, nodes: int) -> dict:
    """Other people's: those of the operator are few among all of a cluster's."""
    name = f"web-{random.Random(number).randrange(16 ** 8):08x}-{number}"
    return {"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "namespace": NAMESPACE,
                         "labels": {"app": f"web-{number % 200}",
                                    "pod-template-hash": "6d4cf56db6"},
                         "annotations": {"example.org/config-checksum": f"{number:064x}"}},
            "spec": {"nodeName": f"node-{number % nodes}", "terminationGracePeriodSeconds": 30,
                     "containers": [
                         _container("web", number, "500m", "1Gi"),
                         _container("proxy", number, "100m", "128Mi")]}}


def _container(name: str, number: int, cpu: str, memory: str) -> dict:
    return {"name": name, "image": f"registry.example/team/{name}:v{number % 40}",
            "env": [{"name": f"SETTING_{index}", "value": f"value-{index}"} for index in range(8)],
            "ports": [{"name": "http", "containerPort": 8080 if name == "web" else 15001}],
            "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
            "resources": {"requests": {"cpu": cpu, "memory": memory},
                          "limits": {"memory": memory}}}


def running(pod_object: dict) -> dict:
    """The status that a kubelet would have written."""
    containers = pod_object["spec"]["containers"]
    return {"phase": "Running", "podIP": "10.1.2.3", "podIPs": [{"ip": "10.1.2.3"}],
            "hostIP": "192.0.2.1", "startTime": "2026-01-01T00:00:00Z",
            "conditions": [_condition(kind, "True") for kind in (
                "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady",
                "PodScheduled")],
            "containerStatuses": [{
                "name": container["name"], "ready": True, "started": True, "restartCount": 0,
                "image": container["image"], "imageID": f"{container['image']}@sha256:{'0' * 64}",
                "containerID": f"containerd://{'0' * 64}",
                "state": {"running": {"startedAt": "2026-01-01T00:00:05Z"}}, "lastState": {},
            } for container in containers]}


def _condition(kind: str, status: str) -> dict:
    return {"type": kind, "status": status, "lastTransitionTime": "2026-01-01T00:00:00Z",
            "reason": "Bench", "message": ""}
