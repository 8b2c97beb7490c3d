"""One case in a shared region: a namespace, a residency class and nodes of its own.

The class keeps cases apart: nodes of one case carry no other's class, so no deployment of another
case may run there.
"""
import itertools
import re

from lib.api import ApiError

from . import objects
from .recorder import Recorder, is_ready, variant_of
from .wait import PATIENCE, eventually

_numbers = itertools.count(1)
CLASSES = [f"c{number}" for number in range(1, 64)]


MADE = {
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Service": "/api/v1/namespaces/{}/services",
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets",
    "NetworkPolicy": "/apis/networking.k8s.io/v1/namespaces/{}/networkpolicies",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
}


class Case:
    def __init__(self, region, title: str):
        number = next(_numbers)
        self.region, self.api = region, region.api
        self.cls = CLASSES[(number - 1) % len(CLASSES)]
        slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:36].strip("-")
        self.namespace = f"{self.cls}-{slug}"
        self.node_names = []
        self.mark = region.audit_mark()
        self.api.create({"apiVersion": "v1", "kind": "Namespace",
                         "metadata": {"name": self.namespace}})
        eventually(lambda: self.api.find(f"{self.core}/serviceaccounts/default"),
                   "the namespace's own service account")

    # Paths

    @property
    def core(self) -> str:
        return f"/api/v1/namespaces/{self.namespace}"

    @property
    def pods_path(self) -> str:
        return f"{self.core}/pods"

    @property
    def apps(self) -> str:
        return f"/apis/apps/v1/namespaces/{self.namespace}"

    def path(self, name: str = "m") -> str:
        return f"/apis/bailiwick.dev/v1alpha1/namespaces/{self.namespace}/modeldeployments/{name}"

    # Nodes

    def nodes(self, count: int = 1, hardware: str = "h200", devices: int = 8, wait: bool = True,
              taints: tuple = (), **labels) -> list:
        """Names of new nodes of the case's class; labels={key: None} leaves one out."""
        more = {**objects.residency(self.cls), **labels.pop("labels", {})}
        made = []
        for _ in range(count):
            name = f"{self.cls}-{hardware}-{len(self.node_names) + 1}"
            self.node_names.append(name)
            made.append(objects.accelerator_node(name, hardware, more, devices, taints))
        self.region.add_nodes(made, wait)
        return [node["metadata"]["name"] for node in made]

    def label_node(self, name: str, labels: dict) -> None:
        """A value of None takes the label away."""
        self.api.merge(f"/api/v1/nodes/{name}", {"metadata": {"labels": labels}})

    def leave_class(self, name: str) -> None:
        self.label_node(name, {objects.RESIDENCY + self.cls: None})

    def enter_class(self, name: str) -> None:
        self.label_node(name, objects.residency(self.cls))

    def cordon(self, name: str, value: bool = True) -> None:
        self.api.merge(f"/api/v1/nodes/{name}", {"spec": {"unschedulable": value}})

    def node(self, name: str) -> dict:
        return self.api.get(f"/api/v1/nodes/{name}")

    # Deployments

    def deploy(self, name: str = "m", replicas: int = 1, variants=None, **spec) -> dict:
        classes = spec.pop("classes", (self.cls,))
        return self.api.create(objects.deployment(name, self.namespace, replicas, variants, classes,
                                                  **spec))

    def change(self, name: str = "m", **spec) -> dict:
        """A JSON merge patch of the spec."""
        return self.api.merge(self.path(name), {"spec": spec})

    def get(self, name: str = "m") -> dict:
        return self.api.get(self.path(name))

    def condition(self, kind: str, name: str = "m") -> dict:
        """Of the generation that is there now; an AssertionError until it has been seen."""
        obj = self.get(name)
        for entry in obj.get("status", {}).get("conditions", []):
            if entry["type"] == kind:
                assert entry["observedGeneration"] == obj["metadata"]["generation"], entry
                return entry
        raise AssertionError(f"no condition {kind} yet")

    def wait_condition(self, kind: str, status: str, reason: str = "", message: str = "",
                       name: str = "m", timeout: float = PATIENCE) -> dict:
        def check():
            entry = self.condition(kind, name)
            good = entry["status"] == status and (not reason or entry["reason"] == reason)
            assert good and message in entry["message"], entry
            return entry
        return eventually(check, f"{self.namespace}/{name}: {kind} {status} {reason} {message!r}",
                          timeout)

    def wait_ready(self, name: str = "m", timeout: float = PATIENCE) -> dict:
        return self.wait_condition("Ready", "True", name=name, timeout=timeout)

    def wait_settled(self, name: str = "m", timeout: float = PATIENCE) -> dict:
        """Ready, and nothing under way any more."""
        self.wait_ready(name, timeout)
        self.wait_condition("Stalled", "False", name=name, timeout=timeout)
        self.wait_condition("Reconciling", "False", name=name, timeout=timeout)
        return self.get(name)

    def offer(self, variant: str, name: str = "m") -> dict:
        entry, = self.get(name)["status"]["regions"]
        return next(row for row in entry["offer"] if row["variant"] == variant)

    def share(self, name: str = "m") -> dict:
        """{variant: replicas} of this region."""
        entry, = self.get(name)["status"]["regions"]
        return {row["variant"]: row["replicas"] for row in entry.get("share", [])}

    # What runs

    def pods(self, name: str = "", variant: str = "") -> list:
        """Live engine pods: not on their way out, not finished."""
        return [pod for pod in self.api.items(self.pods_path)
                if pod["metadata"].get("labels", {}).get("bailiwick.dev/role") == "engine"
                and (not name or pod["metadata"]["labels"]["bailiwick.dev/deployment"] == name)
                and (not variant or variant_of(pod) == variant)
                and "deletionTimestamp" not in pod["metadata"]]

    def running(self, name: str = "m") -> dict:
        """{node: variant} of the Ready pods."""
        return {pod["spec"]["nodeName"]: variant_of(pod)
                for pod in self.pods(name) if is_ready(pod)}

    def uids(self, name: str = "m") -> set:
        return {pod["metadata"]["uid"] for pod in self.pods(name)}

    def wait_running(self, expected: set, name: str = "m", timeout: float = PATIENCE) -> None:
        """Ready pods on exactly these nodes, and no other live pods."""
        def check():
            found = self.running(name)
            assert set(found) == set(expected) and len(self.pods(name)) == len(expected), found
            return True
        eventually(check, f"{self.namespace}/{name} runs on {sorted(expected)}", timeout)

    def record(self) -> Recorder:
        return Recorder(self.api, self.pods_path)

    def foreign_pod(self, name: str, node: str, devices: int, hardware: str = "h200",
                    init: bool = False) -> None:
        """Somebody else's pod that holds devices of a node."""
        resource = objects.HARDWARE[hardware]["resource"]
        asks = {"requests": {resource: str(devices)}, "limits": {resource: str(devices)}}
        container = {"name": "main", "image": "registry.example/job:1"}
        spec = {"nodeName": node, "containers": [{**container, **({} if init else
                                                                 {"resources": asks})}]}
        if init:
            spec["initContainers"] = [{**container, "name": "first", "resources": asks}]
        self.api.create({"apiVersion": "v1", "kind": "Pod", "spec": spec,
                         "metadata": {"name": name, "namespace": self.namespace}})

    def delete_pod(self, name: str) -> None:
        self.api.delete(f"{self.pods_path}/{name}", gracePeriodSeconds=0)

    def made(self) -> dict:
        """{(kind, name): object} of all that the operator made in the namespace."""
        ours = "?labelSelector=app.kubernetes.io/managed-by=bailiwick"
        return {(kind, obj["metadata"]["name"]): obj for kind, path in MADE.items()
                for obj in self.api.items(path.format(self.namespace) + ours)}

    # End

    def close(self) -> None:
        """What the case made is taken away, without waiting for it."""
        paths = [f"/api/v1/namespaces/{self.namespace}",
                 *(f"/api/v1/nodes/{name}" for name in self.node_names)]
        for path in paths:
            try:
                self.api.delete(path)
            except ApiError as error:
                if error.code not in (404, 409):
                    raise
