"""A gateway whose configuration comes after it."""
import json
import socket
import subprocess

import pytest
from kit import Reader, Sidecar, eventually, request


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Waiting:
    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "config" / "sidecar.yaml"
        self.config.parent.mkdir()
        self.port = free_port()
        self.errors = folder / "stderr"
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen(
                [Sidecar.program, f"--config={self.config}", f"--await-config=127.0.0.1:{self.port}"],
                stderr=errors)

    def probe(self, path):
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as sock:
                sock.sendall(request("GET", path))
                return Reader(sock).response().status
        except (OSError, EOFError):
            return None

    def configure(self):
        routes = self.folder / "routes"
        routes.mkdir()
        fresh = self.folder / "fresh"
        fresh.write_text(json.dumps({
            "apiVersion": "sidecar.bailiwick.dev/v1alpha1", "kind": "SidecarConfig",
            "data": {"listen": "127.0.0.1:0"}, "admin": {"listen": "127.0.0.1:0"},
            "observe": {"listen": f"127.0.0.1:{self.port}"},
            "identity": {"region": "fra", "jurisdiction": "DE"},
            "drain": {"lameDuck": "0s", "terminationMessage": str(self.folder / "termination")},
            "routes": {"folder": str(routes)}}))
        fresh.rename(self.config)


@pytest.fixture
def waiting(tmp_path):
    one = Waiting(tmp_path)
    yield one
    one.process.kill()
    one.process.wait()


def test_it_is_ready_meanwhile_and_serves_once_it_is_there(waiting):
    eventually(lambda: waiting.probe("/readyz") == 200, "it is ready")
    assert waiting.probe("/livez") == 200
    assert '"message":"serving"' not in waiting.errors.read_text()
    waiting.configure()
    eventually(lambda: '"message":"serving"' in waiting.errors.read_text(), "it serves")
    eventually(lambda: waiting.probe("/readyz") == 200, "it is ready again", 2)
    waiting.process.terminate()
    assert waiting.process.wait(5) == 0


def test_it_ends_when_it_is_told_to(waiting):
    eventually(lambda: waiting.probe("/readyz") == 200, "it is ready")
    waiting.process.terminate()
    assert waiting.process.wait(5) == 0
    assert not (waiting.folder / "termination").exists()
