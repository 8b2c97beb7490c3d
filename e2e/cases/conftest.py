"""Cases against real control planes: /usr/bin/python3 -m pytest e2e/cases [-n 2].

Each pytest process has one region, `lab`, with an operator, which its cases share; what would
disturb the others starts a region of its own. Nothing is left behind: see kit/rundir.py.
"""
import atexit
import json
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

from kit import audit, objects, rundir  # noqa: E402
from kit.case import CLASSES, Case  # noqa: E402
from lib import operators  # noqa: E402
from lib.region import Region  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--operator", help="the operator's binary, instead of the release build's")


def pytest_configure(config):
    if config.getoption("--operator"):
        operators.BINARY = Path(config.getoption("--operator")).resolve()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Cases of a file share what it starts, so they run in one process."""
    from xdist.scheduler import LoadFileScheduling
    return LoadFileScheduling(config, log)


@pytest.fixture(scope="session")
def run_dir():
    rundir.sweep()
    folder = rundir.make()
    atexit.register(rundir.remove, folder)
    try:
        yield folder
    finally:
        rundir.remove(folder)


class Starter:
    """Starts regions and, at the end, looks at what their operators did and removes them."""

    def __init__(self, folder: Path):
        self.folder, self.started = folder, []

    def region(self, name: str, spec=None, install: bool = True, **options) -> Region:
        """A control plane with the chart; `spec` is its Region object."""
        one = Region(name, self.folder / name, **options)
        self.started.append(one)
        policy = one.folder / "audit-request-policy.yaml"
        one.folder.mkdir(parents=True, exist_ok=True)
        audit.write_policy(policy, audit.operator_user(one))
        flags = one.extra.setdefault("kube-apiserver", [])
        one.extra["kube-apiserver"] = [*flags, f"--audit-policy-file={policy}"]
        one.start()
        if install:
            one.install()
        if spec:
            one.apply([spec, objects.passport("example")])
        return one

    def close(self) -> list:
        problems = []
        for one in self.started:
            try:
                problems += examine(one)
            finally:
                one.remove()
        return problems


def examine(region) -> list:
    """What no operator may do in any case."""
    return [f"{region.name}: {text}" for text in (
        *audit.refused(region), *audit.careless_deletes(region), *audit.lax_writes(region))]


@pytest.fixture(scope="session")
def starter(run_dir):
    one = Starter(run_dir)
    try:
        yield one
    finally:
        problems = one.close()
    assert not problems, "\n".join(problems[:50])


@pytest.fixture(scope="session")
def lab(starter):
    """The shared region, with its operator running."""
    region = starter.region("lab", objects.region("lab", CLASSES))
    region.start_operator()
    return region


@pytest.fixture
def home(lab):
    """The region that a file's cases are in; a file may have one of its own."""
    return lab


@pytest.fixture
def case(home, request):
    # A case before this one may have ended while its operator was down.
    home.start_operator()
    one = Case(home, request.node.name.removeprefix("test_"))
    request.node.case = one
    yield one
    one.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    one = getattr(item, "case", None)
    if report.failed and call.when == "call" and one is not None:
        report.sections += explain(one)


def explain(case) -> list:
    """Sections of a failure's report."""
    sections = [(f"log of {name}", case.region.process(name).tail(40))
                for name in case.region.running() if name.startswith("operator")]
    try:
        found = case.api.items(case.path("").rstrip("/"))
        sections.append(("ModelDeployments", "\n".join(
            f"{obj['metadata']['name']}: {json.dumps(obj.get('status'), indent=1)}"
            for obj in found)))
        sections.append(("pods", "\n".join(
            f"{pod['metadata']['name']} {pod['spec'].get('nodeName')} "
            f"{pod.get('status', {}).get('phase')} {pod['metadata'].get('deletionTimestamp', '')} "
            f"{pod['metadata'].get('annotations')}" for pod in case.api.items(case.pods_path))))
    except Exception as error:  # the report must come in any case
        sections.append(("ModelDeployments", f"cannot be read: {error}"))
    return sections
