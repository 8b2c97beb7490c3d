"""Loopback ports that stay ours over restarts.

They are taken from below the kernel's ephemeral range, so that no outgoing connection of this
machine takes one while its server is down, and reserved by a file that names the region's folder,
so that two programs which look at the same time do not find the same one.
"""
import os
import random
import socket
import tempfile
from pathlib import Path

from .errors import FleetError

FIRST, LAST = 20000, 32000


def registry() -> Path:
    """Where reservations are, of all programs of this user."""
    folder = Path(tempfile.gettempdir()) / f"bailiwick-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _claim(port, owner: Path) -> bool:
    path = registry() / str(port)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        try:
            if Path(path.read_text()).exists():
                return False
            path.unlink()
        except OSError:
            pass
        return False
    with os.fdopen(descriptor, "w") as file:
        file.write(str(owner))
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def take(names: list, owner: Path) -> dict:
    """A free port for each name, reserved for as long as the folder `owner` exists."""
    found = {}
    for _ in range(2000):
        if len(found) == len(names):
            return found
        port = random.randrange(FIRST, LAST)
        if not _claim(port, owner):
            continue
        if _is_free(port):
            found[names[len(found)]] = port
        else:
            release([port])
    raise FleetError(f"no free ports between {FIRST} and {LAST} on 127.0.0.1")


def take_number(what: str, numbers, owner: Path) -> int:
    """One of `numbers` that nobody has of this sort, for as long as the folder `owner` exists."""
    for _ in range(2):  # what is left of an owner that is gone is free at the second look
        for number in numbers:
            if _claim(f"{what}-{number}", owner):
                return number
    raise FleetError(f"every {what} number is taken; see {registry()}")


def release(ports) -> None:
    for port in ports:
        (registry() / str(port)).unlink(missing_ok=True)
