"""Kubeconfig files with everything embedded, so that one file is one credential."""
import base64
import os
from pathlib import Path

import yaml


def _embedded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def write(path: Path, server: str, ca: Path, user: dict, name: str, namespace: str = "default") -> Path:
    """`user` is the kubeconfig's user entry; the file is readable by its owner only."""
    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": name,
        "clusters": [{"name": name, "cluster": {
            "server": server, "certificate-authority-data": _embedded(ca)}}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {
            "cluster": name, "user": name, "namespace": namespace}}],
    }
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        yaml.safe_dump(config, file, sort_keys=False)
    temporary.rename(path)
    return path


def certificate_user(certificate: Path, key: Path) -> dict:
    return {"client-certificate-data": _embedded(certificate), "client-key-data": _embedded(key)}


def token_user(token: str) -> dict:
    return {"token": token}
