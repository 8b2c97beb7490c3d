"""Daemons that outlive the program which started them.

Each runs in a session of its own with its log in `<dir>/log/NAME.log` and a record
`<dir>/pid/NAME.json` of its pid and start time: a pid that the kernel has handed to somebody
else since then is never signalled.
"""
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Callable, Optional

from .errors import FleetError

MARK = "--- bailiwick"


def start_time(pid: int) -> Optional[str]:
    """The kernel's start time of a live process, None when it is gone or a zombie."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


class Process:
    """One daemon of one region, by name; nothing is cached, so several programs may look at it."""

    def __init__(self, folder: Path, name: str):
        self.name = name
        self.log = folder / "log" / f"{name}.log"
        self._record = folder / "pid" / f"{name}.json"

    def start(self, argv: list, env: Optional[dict] = None) -> None:
        """Starts it unless it runs already."""
        if self.pid:
            return
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._record.parent.mkdir(parents=True, exist_ok=True)
        with open(self.log, "ab") as log:
            log.write(f"{MARK} {time.strftime('%H:%M:%S')} starting\n".encode())
            log.flush()
            child = subprocess.Popen(
                [str(part) for part in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, env=env, cwd="/")
        record = {"pid": child.pid, "start": start_time(child.pid)}
        temporary = self._record.with_suffix(".new")
        temporary.write_text(json.dumps(record))
        temporary.rename(self._record)
        # The daemon is left running on purpose; without this Popen warns when it is collected.
        child.returncode = 0

    @property
    def pid(self) -> Optional[int]:
        """The pid while it runs, else None."""
        try:
            record = json.loads(self._record.read_text())
        except (OSError, ValueError):
            return None
        reap(record["pid"])
        if record["start"] and start_time(record["pid"]) == record["start"]:
            return record["pid"]
        return None

    @property
    def started(self) -> bool:
        """Whether it was ever started and not stopped on purpose since."""
        return self._record.exists()

    def send(self, number: int) -> bool:
        pid = self.pid
        if not pid:
            return False
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return False
        return True

    def wait_gone(self, timeout: float) -> bool:
        return until(lambda: not self.pid, timeout, every=0.02)

    def stop(self, number: int = signal.SIGTERM, timeout: float = 10.0) -> None:
        """Signals it, waits, and kills it when it does not go; the record goes with it."""
        if self.send(number) and not self.wait_gone(timeout):
            self.send(signal.SIGKILL)
            if not self.wait_gone(10.0):
                raise FleetError(f"{self.name} (pid {self.pid}) does not die of SIGKILL")
        self._record.unlink(missing_ok=True)

    @property
    def outdated(self) -> bool:
        """Whether it runs a program file that was replaced since, by a build for example."""
        try:
            return os.readlink(f"/proc/{self.pid}/exe").endswith(" (deleted)")
        except OSError:
            return False

    def rss(self) -> int:
        """Resident memory in bytes, 0 when it does not run."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0
        return pages * os.sysconf("SC_PAGE_SIZE")

    def tail(self, lines: int = 12) -> str:
        """The end of what it logged since its last start."""
        try:
            text = self.log.read_text(errors="replace")
        except OSError:
            return "(no log)"
        last = text.rpartition(MARK)[2].splitlines()[1:]
        return "\n".join("    " + line[:300] for line in last[-lines:]) or "    (empty)"


def reap(pid: int) -> None:
    """Collects our own dead child, if it is one."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except (ChildProcessError, OSError):
        pass


def until(ready: Callable[[], bool], timeout: float, every: float = 0.05) -> bool:
    """Asks until `ready` says yes; False when the time is over."""
    end = time.monotonic() + timeout
    while True:
        if ready():
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(every)


def wait_ready(process: Process, ready: Callable[[], bool], timeout: float, what: str) -> None:
    """Waits for a daemon; raises FleetError with the end of its log when it dies or dawdles."""
    answers = []

    def settled() -> bool:
        answers.append(ready())
        return answers[-1] or not process.pid

    if until(settled, timeout) and answers[-1]:
        return
    state = f"is not ready after {timeout:.0f} s" if process.pid else "ended"
    raise FleetError(f"{what}: {process.name} {state}; the end of {process.log}:\n{process.tail()}")
