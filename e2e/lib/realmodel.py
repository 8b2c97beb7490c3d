"""A region whose one real node serves a real model: what `e2e/node` and the cases of real pods start.

    served = RealModel(folder).start()
    served.ask("Say hello")         # lines of the stream, through the Service
    served.remove()
"""
import json
import subprocess
import sys
from pathlib import Path

from . import components, engine, images, realnode, tools
from .errors import FleetError
from .layout import PORTS
from .process import until
from .realnode import RealNode
from .region import Region, quiet

SIDECAR_IMAGE = "bailiwick/engine-sidecar:e2e"
BIN = tools.E2E.parent / "build" / "release" / "bin"
PARTS = tuple(part for part in components.FULL if part != components.KWOK)
NAMESPACE, NAME = "assistants", "small"


class RealModel:
    """ModelDeployment assistants/small: Gemma 3 270M in llama.cpp, a device is one core. `cores`:
    how many the node says that it has."""

    def __init__(self, folder: Path, progress=quiet, cores: int = 0):
        self.region = Region("fra", folder / "fra", parts=PARTS, extra=realnode.API_FLAGS,
                             progress=progress)
        self.node = RealNode(self.region, cores=cores)
        self.weights = self.region.folder / "weights"
        self.progress = progress

    def start(self, flipped_byte: bool = False, replicas: int = 1) -> "RealModel":
        """Returns once the objects are applied; `wait` waits for the model. `flipped_byte`: of the
        weights, after their digest was taken."""
        if why := realnode.missing():
            raise FleetError(why)
        subprocess.run([tools.HERE / "build", *PARTS, "kubectl", "kubelet", "kube-proxy", "helm"],
                       check=True, stderr=subprocess.DEVNULL if self.progress is quiet else None)
        layout = self.region.layout
        layout.pick_ports(PORTS)
        layout.issue(realnode.API_SANS)
        self.region.start()
        self.node.start(self._archives())
        self.progress(f"{self.region.name}: {self.node.name} is Ready")
        self.region.install()
        self.region.kubectl("label", "node", self.node.name, "bailiwick.dev/jurisdiction=DE",
                            "--overwrite")
        digest = engine.weights(self.weights)
        if flipped_byte:
            _flip(next(self.weights.glob("*.gguf")))
        manifests = (engine.HERE / "small.yaml").read_text()
        manifests = manifests.replace("{weights}", str(self.weights)).replace("{digest}", digest)
        manifests = manifests.replace("{replicas}", str(replicas))
        self.region.kubectl("apply", "-f", "-", stdin=manifests)
        self.region.start_operator(extra_args=(f"--sidecar-image=docker.io/{SIDECAR_IMAGE}",))
        return self

    def wait(self, timeout: int = 300) -> None:
        self.region.kubectl("wait", f"mdep/{NAME}", "-n", NAMESPACE, "--for=condition=Ready",
                            f"--timeout={timeout}s")
        # A Service leads to a pod some time after that is Ready.
        models = self.node.inside("curl", "-sf", "--max-time", "5", f"{self.service()}/v1/models")
        if not until(lambda: subprocess.run(models, capture_output=True, check=False).returncode == 0,
                     30.0, every=0.3):
            raise FleetError(f"the Service {NAMESPACE}/{NAME} does not answer")
        self.progress(f"{self.region.name}: {NAMESPACE}/{NAME} is Ready")

    def pods(self) -> list:
        return self.region.api.items(f"/api/v1/namespaces/{NAMESPACE}/pods")

    def service(self) -> str:
        found = self.region.api.get(f"/api/v1/namespaces/{NAMESPACE}/services/{NAME}")
        return f"http://{found['spec']['clusterIP']}"

    def ask(self, text: str, tokens: int = 64, headers: tuple = (), at: str = "") -> subprocess.Popen:
        """curl on the node, through the Service or `at` a pod's address; its output is the answer as
        it came."""
        body = {"model": NAME, "stream": True, "max_tokens": tokens, "ignore_eos": True,
                "messages": [{"role": "user", "content": text}]}
        lines = [part for header in headers for part in ("-H", header)]
        return subprocess.Popen(
            self.node.inside("curl", "-sSN", "-i", "--max-time", "300", *lines,
                             "-H", "content-type: application/json", "-d", json.dumps(body),
                             f"{at or self.service()}/v1/chat/completions"),
            stdout=subprocess.PIPE, stderr=sys.stderr, text=True)

    def remove(self) -> None:
        self.node.remove()
        self.region.remove()

    def _archives(self) -> list:
        sidecar, folder = BIN / "engine-sidecar", self.region.folder / "images"
        if not sidecar.exists():
            raise FleetError(f"{sidecar} is not built: cmake --preset release && "
                             "cmake --build --preset release")
        folder.mkdir(parents=True, exist_ok=True)
        pause = images.archive(folder / "pause.tar", realnode.PAUSE,
                               {"/pause": realnode.pause_program(folder)}, ["/pause"])
        return [pause, engine.archive(folder / "engine.tar"),
                images.archive(folder / "sidecar.tar", SIDECAR_IMAGE,
                               images.program_files(sidecar), ["engine-sidecar"])]


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(1_000_000)
        byte = file.read(1)[0]
        file.seek(1_000_000)
        file.write(bytes([byte ^ 1]))
