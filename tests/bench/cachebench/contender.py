"""A program under measurement, seen through /proc."""
import os
import queue
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from lib import gotoolchain, tools

PEER = tools.E2E.parent / "tests" / "bench" / "peer"
TICK = os.sysconf("SC_CLK_TCK")


def build_peer() -> Path:
    target = tools.cache_root() / "bench" / "peer"
    target.parent.mkdir(parents=True, exist_ok=True)
    go = gotoolchain.find("1.26.0")
    subprocess.run([go, "build", "-trimpath", "-o", target, "."], cwd=PEER, check=True,
                   env={**os.environ, "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"})
    return target


def cpu_of(pid: int) -> float:
    """Seconds of user and system time so far, all threads."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


@dataclass(frozen=True)
class Contender:
    """Takes --kubeconfig=FILE after `argv`, and prints a line that begins with `ready` when its
    caches are synced."""

    name: str
    argv: tuple

    def start(self, kubeconfig: Path) -> "Running":
        return Running([*self.argv, f"--kubeconfig={kubeconfig}"])


class Running:
    def __init__(self, argv: list):
        self.began = time.monotonic()
        self._process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                         text=True)
        self._lines = queue.Queue()
        self._errors = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._keep_errors, daemon=True).start()

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_):
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def wait_ready(self, timeout: float) -> str:
        """The ready line; `ready_cpu` and `ready_wall` are as of then."""
        end = time.monotonic() + timeout
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise RuntimeError(f"{self._process.args[0]}: not ready") from None
            if line is None:
                raise RuntimeError(f"{self._process.args[0]} ended:\n" + "".join(self._errors))
            if line[1].startswith("ready"):
                self.ready_wall, self.ready_cpu = line[0] - self.began, line[2]
                return line[1].strip()

    @property
    def pid(self) -> int:
        return self._process.pid

    def cpu(self) -> float:
        return cpu_of(self.pid)

    def cpu_when_quiet(self, timeout: float = 60.0) -> float:
        """As `cpu`, once a second has passed with next to none used: all events are handled."""
        end, before = time.monotonic() + timeout, self.cpu()
        while time.monotonic() < end:
            time.sleep(1.0)
            now = self.cpu()
            if now - before <= 0.02:
                return before
            before = now
        return before

    def memory(self, field: str) -> int:
        """VmHWM (peak) or VmRSS (now), in KiB."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1])
        raise RuntimeError(f"no {field}")

    def _read(self) -> None:
        for line in self._process.stdout:
            cpu = self.cpu() if line.startswith("ready") else 0.0
            self._lines.put((time.monotonic(), line, cpu))
        self._lines.put(None)

    def _keep_errors(self) -> None:
        for line in self._process.stderr:
            self._errors = [*self._errors[-19:], line]
