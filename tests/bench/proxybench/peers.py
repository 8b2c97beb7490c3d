"""The proxies that are compared, each started with its settings from `settings`."""
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

from .processes import Running, free_port

SETTINGS = Path(__file__).resolve().parent / "settings"
OURS, NGINX, HAPROXY, ENVOY, LITELLM = "ours", "nginx", "haproxy", "envoy", "litellm"


@dataclass(frozen=True)
class Peer:
    """`program`: where it was found; `words`: its arguments, @FOLDER@ and @PORT@ to be filled in;
    `files`: its settings, the first of which the arguments name."""

    name: str
    program: str
    words: tuple
    files: tuple
    environment: dict = field(default_factory=dict)

    def start(self, folder: Path, engine: int, other: int = 0) -> tuple:
        """It, and its port. `other`: a second engine's port; the same one where there is none."""
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        values = {"@FOLDER@": str(folder), "@PORT@": str(port), "@ENGINE@": str(engine),
                  "@OTHER@": str(other or engine)}
        for name in self.files:
            (folder / name).write_text(_filled((SETTINGS / name).read_text(), values))
        words = [_filled(word, values) for word in self.words]
        return Running([self.program, *words], port, folder, patience=120.0), port


def _filled(text: str, values: dict) -> str:
    for key, value in values.items():
        text = text.replace(key, value)
    return text


def known(ours: Path, extra: Path) -> list:
    """Those that are installed; what is missing is said. `extra`: a folder with more programs."""
    def found(name: str) -> str:
        return shutil.which(name) or shutil.which(name, path=str(extra)) or ""

    every = [
        Peer(OURS, str(ours), ("--config=@FOLDER@/sidecar.yaml",), ("sidecar.yaml", "routes.yaml")),
        Peer(NGINX, found("nginx"), ("-c", "@FOLDER@/nginx.conf", "-p", "@FOLDER@"),
             ("nginx.conf",)),
        Peer(HAPROXY, found("haproxy"), ("-f", "@FOLDER@/haproxy.cfg"), ("haproxy.cfg",)),
        Peer(ENVOY, found("envoy"), ("-c", "@FOLDER@/envoy.yaml", "--concurrency", "1",
                                     "--disable-hot-restart", "--log-level", "error"),
             ("envoy.yaml",)),
        Peer(LITELLM, found("litellm"), ("--config", "@FOLDER@/litellm.yaml", "--host",
                                         "127.0.0.1", "--port", "@PORT@"), ("litellm.yaml",)),
    ]
    for peer in every:
        if not peer.program:
            print(f"{peer.name} is not installed: left out (tests/bench/sidecar --help)",
                  file=sys.stderr)
    return [peer for peer in every if peer.program]
