"""Our own objects: the chart as `helm template` renders it, but for the Deployment."""
import os
import re
import subprocess
from copy import deepcopy
from functools import lru_cache
from pathlib import Path

from . import documents, tools
from .api import ApiError
from .errors import FleetError

CLONE = tools.E2E.parent
CHART, CRDS = CLONE / "charts" / "bailiwick", CLONE / "crds"
RELEASE, NAMESPACE = "bailiwick", "bailiwick-system"
COMPONENT = "app.kubernetes.io/component"
# What would run in a real cluster and is a process of ours here, and what would call it there: see
# webhook.py.
LEFT_OUT = {"Deployment", "ValidatingWebhookConfiguration"}


def exists() -> bool:
    return (CHART / "Chart.yaml").exists()


def render(region: str, cache: Path, values: tuple = ()) -> list:
    """Every object of the release, as the region's cluster would get it."""
    return deepcopy(_render(region, cache, tuple(values)))


@lru_cache
def _render(region: str, cache: Path, values: tuple) -> list:
    if not tools.is_built("helm"):
        raise FleetError("helm: not built; run e2e/tools/build helm")
    command = [tools.binary("helm"), "template", RELEASE, CHART, "--namespace", NAMESPACE,
               "--include-crds", "--set", f"region={region}"]
    for value in values:
        command += ["--set", value]
    env = {**os.environ, "HELM_CACHE_HOME": str(cache), "HELM_CONFIG_HOME": str(cache),
           "HELM_DATA_HOME": str(cache)}
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=env,
                          check=False)
    if done.returncode != 0:
        raise FleetError(f"helm template charts/bailiwick: {done.stderr.strip()}")
    return documents.load_all(done.stdout)


def crds() -> list:
    files = sorted(CRDS.glob("*.yaml"))
    return [document for file in files for document in documents.load_all(file.read_text())]


def operator_pod(rendered: list) -> dict:
    """The pod spec of the operator's Deployment."""
    for obj in rendered:
        labels = obj["metadata"].get("labels", {})
        if obj["kind"] == "Deployment" and labels[COMPONENT] == "operator":
            return obj["spec"]["template"]["spec"]
    raise FleetError("charts/bailiwick renders no Deployment, so there is no operator account")


def operator_account(rendered: list) -> str:
    """The ServiceAccount that the chart's Deployment runs as."""
    return operator_pod(rendered)["serviceAccountName"]


def operator_arguments(rendered: list) -> list:
    """The Deployment's arguments but for what is another thing outside a pod."""
    other = ("--region", "--namespace", "--listen-", "--webhook-", "--leader-elect", "--catalog")
    arguments = operator_pod(rendered)["containers"][0].get("args", [])
    return [argument for argument in arguments if not argument.startswith(other)]


def install(region, crds_only: bool = False, values: tuple = ()) -> str:
    """Applies it to a region and waits until the kinds are served; says what was applied."""
    whole = exists() and not crds_only
    wanted = render(region.name, region.folder / "helm", values) if whole else crds()
    first = [obj for obj in wanted if obj["kind"] == "CustomResourceDefinition"]
    rest = [obj for obj in wanted if obj not in first and obj["kind"] not in LEFT_OUT]
    region.apply(first)
    for crd in first:
        wait_served(region.api, crd["metadata"]["name"])
    if whole:
        region.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for obj in rest:
            if is_namespaced(region.api, obj):
                obj["metadata"].setdefault("namespace", NAMESPACE)
        for obj in rest:
            apply_patiently(region, obj)
    return "chart" if whole else "crds" if first else "nothing (no chart and no crds yet)"


def apply_patiently(region, obj: dict) -> None:
    """An API server that has just started does not know the parameters of its admission policies
    yet, and refuses what they are about."""
    def applied(_api) -> bool:
        try:
            region.apply(obj)
            return True
        except ApiError as error:
            if re.search("failed to configure (binding|policy)", str(error)):
                return False
            raise FleetError(str(error)) from error

    region.api.wait(f"{obj['kind']} {obj['metadata']['name']} applied", applied, 60.0)


def is_namespaced(api, obj: dict) -> bool:
    return "/namespaces/" in api.collection(obj)


def wait_served(api, name: str) -> None:
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"

    def established(client) -> bool:
        crd = client.get(path)
        conditions = {entry["type"]: entry["status"]
                      for entry in crd.get("status", {}).get("conditions") or []}
        version = crd["spec"]["versions"][0]["name"]
        served = f"/apis/{crd['spec']['group']}/{version}/{crd['spec']['names']['plural']}"
        return conditions.get("Established") == "True" and client.raw("GET", served)[0] == 200

    api.wait(f"{name} served", established, 30.0)
