"""The catalogue of tools: which Go module pins each one and where its build is cached.

A tool's folder in the cache is named after a hash of everything that decides its content
(go.mod, go.sum, link flags), so a changed pin never meets a stale binary and two clones
share one build.
"""
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

E2E = Path(__file__).resolve().parent.parent
HERE = E2E / "tools"
BUILD_FLAGS = ["-trimpath", "-mod=readonly", "-buildvcs=false"]
# Bump when the layout of a cache folder changes.
LAYOUT = "1"


def cache_root() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "bailiwick"


@dataclass(frozen=True)
class Module:
    """One folder with a go.mod. `tools` maps a binary's name to its package."""

    name: str
    tools: dict
    pin: str  # the required module whose version is the tool's version
    version_variables: tuple = ()

    @property
    def folder(self) -> Path:
        return HERE / self.name

    @property
    def version(self) -> str:
        text = (self.folder / "go.mod").read_text()
        return re.search(rf"^\s*(?:require )?{re.escape(self.pin)} (v\S+)", text, re.M).group(1)

    @property
    def go_version(self) -> str:
        return re.search(r"^go (\S+)", (self.folder / "go.mod").read_text(), re.M).group(1)

    def ldflags(self) -> str:
        major, minor = self.version.lstrip("v").split(".")[:2]
        values = {"version": self.version, "major": major, "minor": minor}
        return " ".join(
            ["-s -w"] + [f"-X {variable}={values[kind]}" for variable, kind in self.version_variables]
        )

    def home(self) -> Path:
        digest = hashlib.sha256()
        for part in (self.folder / "go.mod", self.folder / "go.sum"):
            digest.update(part.read_bytes() + b"\0")
        digest.update("\0".join([LAYOUT, *BUILD_FLAGS, self.ldflags()]).encode())
        return cache_root() / "tools" / f"{self.name}-{digest.hexdigest()[:16]}"

    def binary(self, tool: str) -> Path:
        return self.home() / "bin" / tool


_COMPONENT = "k8s.io/component-base/version"
MODULES = (
    Module("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}, "go.etcd.io/etcd/server/v3"),
    Module(
        "kubernetes",
        {
            name: f"k8s.io/kubernetes/cmd/{name}"
            for name in ("kube-apiserver", "kubectl", "kube-controller-manager", "kube-scheduler")
        },
        "k8s.io/kubernetes",
        (
            (f"{_COMPONENT}.gitVersion", "version"),
            (f"{_COMPONENT}.gitMajor", "major"),
            (f"{_COMPONENT}.gitMinor", "minor"),
        ),
    ),
    Module(
        "node",
        {name: f"k8s.io/kubernetes/cmd/{name}" for name in ("kubelet", "kube-proxy")},
        "k8s.io/kubernetes",
        (
            (f"{_COMPONENT}.gitVersion", "version"),
            (f"{_COMPONENT}.gitMajor", "major"),
            (f"{_COMPONENT}.gitMinor", "minor"),
        ),
    ),
    Module("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, "sigs.k8s.io/kwok"),
    Module(
        "helm",
        {"helm": "helm.sh/helm/v4/cmd/helm"},
        "helm.sh/helm/v4",
        (("helm.sh/helm/v4/internal/version.version", "version"),),
    ),
)
KWOK_STAGES = (
    "kustomize/stage/node/fast",
    "kustomize/stage/node/heartbeat-with-lease",
    "kustomize/stage/pod/fast",
)


def module_of(tool: str) -> Module:
    for module in MODULES:
        if tool in module.tools:
            return module
    raise KeyError(tool)


def all_tools() -> list:
    return [tool for module in MODULES for tool in module.tools]


def binary(tool: str) -> Path:
    """Where the tool is, or will be once built."""
    return module_of(tool).binary(tool)


def kwok_stages() -> Path:
    """kwok's own stages for nodes, leases and pods, as one --config file."""
    return module_of("kwok").home() / "stages.yaml"


def is_built(tool: str) -> bool:
    return binary(tool).exists() and (tool != "kwok" or kwok_stages().exists())
