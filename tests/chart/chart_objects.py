"""Objects that the tests send."""
import copy

import pytest

from lib.api import ApiError

MANAGED_BY = "app.kubernetes.io/managed-by"
OURS = {MANAGED_BY: "bailiwick", "bailiwick.dev/deployment": "assistant",
        "bailiwick.dev/role": "engine"}
CONTAINERS = [{"name": "engine", "image": "registry.invalid/engine",
               "resources": {"requests": {"cpu": "1"}}}]
LWS = {
    "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
    "metadata": {"name": "leaderworkersets.leaderworkerset.x-k8s.io",
                 "annotations": {"api-approved.kubernetes.io": "unapproved, a stand-in for tests"}},
    "spec": {"group": "leaderworkerset.x-k8s.io", "scope": "Namespaced",
             "names": {"kind": "LeaderWorkerSet", "listKind": "LeaderWorkerSetList",
                       "plural": "leaderworkersets", "singular": "leaderworkerset"},
             "versions": [{"name": "v1", "served": True, "storage": True,
                           "schema": {"openAPIV3Schema": {
                               "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]},
}


def namespace(name: str, **labels) -> dict:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def config_map(name: str, where: str, labels=None, data=None, owner=None) -> dict:
    obj = {"apiVersion": "v1", "kind": "ConfigMap",
           "metadata": {"name": name, "namespace": where, "labels": dict(labels or {})},
           "data": dict(data or {})}
    if owner:
        obj["metadata"]["ownerReferences"] = [owner_reference(owner)]
    return obj


def owner_reference(owner: dict) -> dict:
    return {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True,
            "blockOwnerDeletion": False,
            "name": owner["metadata"]["name"], "uid": owner["metadata"]["uid"]}


def pod_template(labels: dict, **spec) -> dict:
    return {"metadata": {"labels": dict(labels)},
            "spec": {"containers": copy.deepcopy(CONTAINERS), **spec}}


def pod(name: str, where: str, labels=None, **spec) -> dict:
    template = pod_template(labels or {}, **spec)
    template["metadata"].update(name=name, namespace=where)
    return {"apiVersion": "v1", "kind": "Pod", **template}


def workload(kind: str, name: str, where: str, labels: dict) -> dict:
    """A workload of any kind whose pods carry these labels."""
    template = pod_template(labels)
    meta = {"name": name, "namespace": where}
    selected = {"selector": {"matchLabels": dict(labels)}, "template": template}
    never = copy.deepcopy(template)
    never["spec"]["restartPolicy"] = "Never"
    spec = {
        "Deployment": selected, "ReplicaSet": selected, "DaemonSet": selected,
        "StatefulSet": {**selected, "serviceName": name},
        "ReplicationController": {"selector": dict(labels), "template": template},
        "Job": {"template": never},
        "CronJob": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": never}}},
        "LeaderWorkerSet": {"leaderWorkerTemplate": {
            "size": 2, "leaderTemplate": template, "workerTemplate": pod_template({"app": "x"})}},
    }[kind]
    version = {"ReplicationController": "v1", "Job": "batch/v1", "CronJob": "batch/v1",
               "LeaderWorkerSet": "leaderworkerset.x-k8s.io/v1"}.get(kind, "apps/v1")
    return {"apiVersion": version, "kind": kind, "metadata": meta, "spec": spec}


def engine_deployment(owner: dict, replicas: int = 1, **pod_spec) -> dict:
    """As the operator makes it of a ModelDeployment."""
    meta = {"name": owner["metadata"]["name"] + "-main", "labels": OURS,
            "namespace": owner["metadata"]["namespace"], "ownerReferences": [owner_reference(owner)]}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta,
            "spec": {"selector": {"matchLabels": OURS}, "replicas": replicas,
                     "template": pod_template(OURS, **pod_spec)}}


def model_deployment(name: str, where: str, **spec) -> dict:
    """`env` gives the first variant's engine its environment."""
    env = spec.pop("env", [])
    variant = {"name": "main", "passport": "qwen", "artifact": "bf16",
               "engine": {"name": "vllm", "env": env},
               "accelerator": {"vendor": "nvidia", "perReplica": 1}}
    return {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment",
            "metadata": {"name": name, "namespace": where},
            "spec": {"servedName": "assistant", "placement": {"jurisdictions": ["EU"]},
                     "variants": [variant], **spec}}


def from_secret(variable: str, secret: str) -> dict:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": "token"}}}


def lws_installed(region) -> None:
    region.apply(LWS)
    region.api.wait("LeaderWorkerSet served",
                    lambda api: api.find("/apis/leaderworkerset.x-k8s.io/v1/leaderworkersets"))


class refused:
    """`with refused("words", …):` a policy of the chart refuses; its message holds the words."""

    def __init__(self, *words: str, code: int = 403):
        self._words, self._code = words, code

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _trace) -> bool:
        if kind is None:
            pytest.fail("accepted, but a policy should have refused it")
        if not issubclass(kind, ApiError):
            return False
        text = str(error)
        assert "ValidatingAdmissionPolicy 'sovereign-bailiwick-" in text, text
        assert "resulted in error" not in text and "failed expression" not in text, text
        assert error.code == self._code, text
        for word in self._words:
            assert word in text, text
        return True
