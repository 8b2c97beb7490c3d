"""Registers an API server of a test's own (a metrics adapter, say) with a region's aggregation layer."""
import base64
from pathlib import Path

from .pki import LOOPBACK, Leaf


def register(region, group: str, version: str, port: int, name: str = "",
             namespace: str = "kube-system") -> tuple:
    """Makes VERSION.GROUP of this region's API be answered by 127.0.0.1:PORT.

    Returns (certificate, key, client authority, allowed client name): the first two are what the
    server must serve with, the last two what a client must present for its X-Remote-User headers
    to be believed. Wait with `wait_available` once the server listens.
    """
    name = name or group.split(".")[0]
    certificate, key = serving_certificate(region, name, namespace)
    region.apply([
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
         "spec": {"type": "ExternalName", "externalName": "localhost"}},
        {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
         "metadata": {"name": f"{version}.{group}"},
         "spec": {"group": group, "version": version, "groupPriorityMinimum": 100,
                  "versionPriority": 100,
                  "service": {"name": name, "namespace": namespace, "port": port},
                  "caBundle": _base64(region.ca)}},
    ])
    return certificate, key, region.layout.pki.certificate("front-proxy-ca"), "front-proxy-client"


def wait_available(region, group: str, version: str, timeout: float = 60.0) -> None:
    path = f"/apis/apiregistration.k8s.io/v1/apiservices/{version}.{group}"

    def available(api) -> bool:
        return any(entry["type"] == "Available" and entry["status"] == "True"
                   for entry in api.get(path).get("status", {}).get("conditions", []))

    region.api.wait(f"{version}.{group} available", available, timeout)


def serving_certificate(region, name: str, namespace: str) -> tuple:
    """A certificate for the Service's name, which is what the API server asks for; also for
    webhooks."""
    pki, file = region.layout.pki, f"serve-{namespace}-{name}"
    pki.leaf(Leaf(file, "ca", f"{name}.{namespace}.svc",
                  sans=(*LOOPBACK, f"DNS:{name}.{namespace}.svc"), usage="serverAuth"))
    return pki.certificate(file), pki.key(file)


def _base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
