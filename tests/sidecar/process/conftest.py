import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

import kit  # noqa: E402


@pytest.fixture
def engine():
    """A scripted upstream that answers every request with 200 and what it heard."""
    with kit.Upstream() as upstream:
        yield upstream


@pytest.fixture
def sidecar(tmp_path):
    """Starts sidecars and ends them; fails where one crashed."""
    running = []

    def start(**settings):
        instance = kit.Sidecar(tmp_path, len(running), **settings)
        running.append(instance)
        return instance

    yield start
    for instance in running:
        instance.end()


def pytest_collection_modifyitems(items):
    if not kit.PROGRAM.exists():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=f"{kit.PROGRAM} is not built"))


os.environ.setdefault("PYTHONDONTWRITEBYTECODE", "1")
