"""Helm, and the release under test."""
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from lib import documents, tools
from lib.api import ApiError
from lib.chart import CHART

NAME, NAMESPACE = "sovereign", "ops"
FULLNAME = "sovereign-bailiwick"
OPERATOR = f"system:serviceaccount:{NAMESPACE}:{FULLNAME}"
VALUES = {
    "region": "fra",
    # No operator runs here that would answer.
    "webhook": {"failurePolicy": "Ignore"},
    "policies": {
        "trusted": {"users": ["system:serviceaccount:lws-system:lws-controller-manager", "backup"],
                    "groups": ["node-agents"]},
        "podMetadata": {"allowedPrefixes": ["example.com", "amazonaws.com"]},
    },
}


class Helm:
    """`helm` without the user's own configuration."""

    def __init__(self, home: Path):
        self._env = {**os.environ, "HELM_CACHE_HOME": str(home), "HELM_CONFIG_HOME": str(home),
                     "HELM_DATA_HOME": str(home)}

    def run(self, *arguments, values=None, check: bool = True) -> subprocess.CompletedProcess:
        command = [str(tools.binary("helm")), *map(str, arguments)]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            if values is not None:
                yaml.safe_dump(values, file)
                file.flush()
                command += ["--values", file.name]
            done = subprocess.run(command, env=self._env, capture_output=True, text=True,
                                  check=False)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stderr}")
        return done

    def template(self, values=None, name: str = NAME, namespace: str = NAMESPACE) -> str:
        return self.run("template", name, CHART, "--namespace", namespace, values=values).stdout

    def objects(self, values=None, **where) -> list:
        return documents.load_all(self.template(values, **where))


@dataclass(frozen=True)
class Release:
    """What `helm install` printed."""

    notes: str
    stderr: str


def of_kind(objects: list, kind: str) -> list:
    return [obj for obj in objects if obj["kind"] == kind]


def install(helm: Helm, region) -> Release:
    done = helm.run("install", NAME, CHART, "--namespace", NAMESPACE, "--create-namespace",
                    "--kubeconfig", region.admin_kubeconfig, values=VALUES)
    region.api.wait("policies in force", lambda api: all(refuses(api, probe) for probe in _PROBES))
    return Release(done.stdout, done.stderr)


# A policy is in force some moments after it was stored: one object that each would refuse.
_LABELS = {"app.kubernetes.io/managed-by": "bailiwick"}
_POD = {"containers": [{"name": "c", "image": "i"}]}
_PROBES = (
    {"apiVersion": "v1", "kind": "ConfigMap",
     "metadata": {"name": "probe", "namespace": "default", "labels": _LABELS}},
    {"apiVersion": "v1", "kind": "ConfigMap",
     "metadata": {"name": "probe", "namespace": "default",
                  "labels": {"bailiwick.dev/deployment": "x"}}},
    {"apiVersion": "apps/v1", "kind": "Deployment",
     "metadata": {"name": "probe", "namespace": "default"},
     "spec": {"selector": {"matchLabels": _LABELS},
              "template": {"metadata": {"labels": _LABELS}, "spec": _POD}}},
    {"apiVersion": "v1", "kind": "ConfigMap",
     "metadata": {"name": "probe", "namespace": "default", "ownerReferences": [
         {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment", "name": "x",
          "uid": "x"}]}},
)


def refuses(api, obj: dict) -> bool:
    try:
        api.request("POST", api.collection(obj) + "?dryRun=All", obj)
    except ApiError as error:
        return "ValidatingAdmissionPolicy" in str(error)
    return False
