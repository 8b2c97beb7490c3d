"""Programs under measurement, seen through /proc."""
import functools
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

PROXY_CORE, OTHER_CORE = "0", "1"  # proxies have the first core to themselves


@functools.cache
def _first() -> tuple:
    """Before all others, where that is allowed: what else the machine does is then left out."""
    words = ("chrt", "--rr", "1")
    allowed = shutil.which("chrt") and not subprocess.run([*words, "true"], check=False,
                                                          capture_output=True).returncode
    return words if allowed else ()


def on_core(core: str, command: list) -> list:
    both = {0, 1} <= os.sched_getaffinity(0)
    return [*_first(), *(["taskset", "--cpu-list", core] if both else []), *command]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Running:
    """A server with its children; ready once its port takes connections."""

    def __init__(self, command: list, port: int, folder: Path, core: str = PROXY_CORE,
                 patience: float = 60.0):
        self.name, self.log = Path(command[0]).name, folder / "output"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(on_core(core, command), stdout=out,
                                            stderr=subprocess.STDOUT, cwd=folder)
        try:
            self._wait(port, patience)
        except RuntimeError:
            self.kill()
            raise

    def _wait(self, port: int, patience: float) -> None:
        end = time.monotonic() + patience
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        said = self.log.read_text(errors="replace")[-1500:]
        raise RuntimeError(f"{self.name} does not serve: {said}")

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *_) -> None:
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        for pid in self.pids():  # itself first, so that it replaces none of its children
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait()

    def pids(self) -> list:
        """Its own and its children's."""
        found, looked = [self.process.pid], 0
        while looked < len(found):
            for task in Path(f"/proc/{found[looked]}/task").glob("*/children"):
                found += [int(word) for word in task.read_text().split()]
            looked += 1
        return found

    def cpu(self) -> float:
        """Seconds on a core so far, to the nanosecond."""
        total = 0
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                total += int(task.read_text().split()[0])
        return total / 1e9

    def memory(self) -> float:
        """MiB, shared pages in equal parts to those who share them."""
        total = 0
        for pid in self.pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def system_calls(self, seconds: float) -> "Counting":
        return Counting(self.pids(), seconds)


class Counting:
    """Counts the system calls of processes for some seconds, in the kernel; `count` is None where
    perf may not."""

    def __init__(self, pids: list, seconds: float):
        self._process = None
        if shutil.which("perf"):
            self._process = subprocess.Popen(
                ["perf", "stat", "-x", ",", "-e", "raw_syscalls:sys_enter", "-p",
                 ",".join(map(str, pids)), "--", "sleep", str(seconds)],
                stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)

    def count(self):
        if not self._process:
            return None
        for line in self._process.communicate()[1].splitlines():
            words = line.split(",")
            if len(words) > 2 and "sys_enter" in line and words[0].isdigit():
                return int(words[0])
        return None
