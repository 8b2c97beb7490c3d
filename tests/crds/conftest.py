"""One API server for the whole run; its folder goes away with it."""
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

_counted = {}


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    from server import Server
    one = Server(tmp_path_factory.mktemp("control-plane") / "crds")
    try:
        yield one.start()
    finally:
        _counted["requests"] = one.requests
        one.close()


@pytest.fixture(scope="session")
def live(server):
    """kind -> the first full object of its kind, stored with its status."""
    stored = {}
    for kind, crd in server.crds.items():
        obj = {**crd.full[0], "metadata": {**crd.full[0]["metadata"], "name": "live"}}
        stored[kind] = server.store(obj)
    return stored


def pytest_configure(config):
    # RE2, which the API server uses, has no nested sets: [[] is a bracket there and here.
    config.addinivalue_line("filterwarnings", "ignore:Possible nested set:FutureWarning")


def pytest_collection_modifyitems(config, items):
    """What every rule has met can be said only of a whole run."""
    folder = Path(__file__).parent
    chosen = {item.path.name for item in items}
    if chosen < {file.name for file in folder.glob("test_*.py")} or config.option.keyword:
        items[:] = [item for item in items if item.path.name != "test_zz_rules_met.py"]


def pytest_terminal_summary(terminalreporter):
    if "requests" in _counted:
        terminalreporter.write_line(f"{_counted['requests']} requests to a real API server")
