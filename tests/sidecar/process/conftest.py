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


def pytest_addoption(parser):
    parser.addoption("--engine-sidecar", default="build/release/bin/engine-sidecar",
                     help="the program to test, relative to the checkout")


def pytest_configure(config):
    kit.Sidecar.program = kit.ROOT / config.getoption("--engine-sidecar")
