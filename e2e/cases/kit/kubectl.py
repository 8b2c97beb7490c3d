"""kubectl and its plugin, as a person runs them."""
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from lib import tools

PLUGIN = tools.E2E.parent / "build/release/bin/kubectl-bailiwick"


@dataclass
class Ran:
    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def run(kubeconfig: Path, *arguments: str, stdin: str = "", env: dict = None, path: Path = PLUGIN,
        timeout: float = 120.0) -> Ran:
    """kubectl ARGUMENTS, with our plugin and `path` on the PATH."""
    kubectl = tools.binary("kubectl")
    path = os.pathsep.join([str(path), str(PLUGIN.parent), str(Path(kubectl).parent),
                            os.environ["PATH"]])
    done = subprocess.run([str(kubectl), *arguments], input=stdin, text=True, capture_output=True,
                          env={**os.environ, "PATH": path, "KUBECONFIG": str(kubeconfig), **(env or {})},
                          timeout=timeout)
    return Ran(done.returncode, done.stdout, done.stderr)


def bailiwick(kubeconfig: Path, *arguments: str, **options) -> Ran:
    return run(kubeconfig, "bailiwick", *arguments, **options)
