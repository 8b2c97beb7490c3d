"""Folders of control planes that live as long as one pytest process.

A process that is killed cannot clean up: the next one that starts removes what it left.
"""
import json
import os
import shutil
import tempfile
from pathlib import Path

from lib.process import start_time
from lib.region import Region

PREFIX = "bailiwick-cases-"


def make() -> Path:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    owner = {"pid": os.getpid(), "start": start_time(os.getpid())}
    (folder / "owner.json").write_text(json.dumps(owner))
    return folder


def remove(folder: Path) -> None:
    """Ends whatever runs in the folder's regions and removes it."""
    for state in folder.glob("*/state.json"):
        Region(state.parent.name, state.parent).remove()
    shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Removes the folders of processes of ours that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(PREFIX + "*"):
        try:
            owner = json.loads((folder / "owner.json").read_text())
            mine = folder.stat().st_uid == os.getuid()
        except (OSError, ValueError):
            continue
        if mine and start_time(owner["pid"]) != owner["start"]:
            remove(folder)
