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
from kit.clock import clock, environment  # noqa: E402
from kit.fleet import Fleet, Served  # noqa: E402
from lib import join, network, nodes, operators  # noqa: E402
from lib.region import Region  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--operator", help="the operator's binary, instead of the release build's")


def pytest_configure(config):
    if config.getoption("--operator"):
        operators.BINARY = Path(config.getoption("--operator")).resolve()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Cases of a file share what it starts, so they run in one process; all that need a fleet share
    one, which is as much as a machine with two cores bears."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid):
            file = super()._split_scope(nodeid)
            return "a fleet" if "/test_fleet_" in file else file

    return Scheduling(config, log)


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
        one = self.plain(name, **options).start()
        if install:
            one.install()
        if spec:
            one.apply([spec, objects.passport("example")])
        return one

    def plain(self, name: str, folder: str = "", **options) -> Region:
        """Whatever is started in it is looked at and removed at the end."""
        one = Region(name, self.folder / (folder or name), **options)
        assert one.folder not in [other.folder for other in self.started], f"{one.folder} is taken"
        self.started.append(one)
        policy = one.folder / "audit-request-policy.yaml"
        one.folder.mkdir(parents=True, exist_ok=True)
        audit.write_policy(policy, audit.operator_user(one))
        flags = one.extra.setdefault("kube-apiserver", [])
        one.extra["kube-apiserver"] = [*flags, f"--audit-policy-file={policy}"]
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


@pytest.fixture(scope="session")
def whole_fleet(starter):
    """Four joined regions, each in a network namespace, with an operator each."""
    missing = network.missing()
    if missing:
        pytest.skip(f"a fleet that can be parted cannot run here: {missing}")
    # Three etcds where no case waits for a restart.
    regions = [starter.plain(name, isolated=True, members=3 if name == "iad" else 1)
               for name in ("fra", "zrh", "iad", "gya")]
    for one in regions:
        one.lay_out()
        with environment(clock("-1d")):  # so that a clock that is an hour slow takes them for valid
            one.layout.issue()
    problems = []
    failed = join.raise_fleet(regions, [], problems.append, with_operator=False)
    assert not failed, problems
    fleet = Fleet(regions)
    for one in regions:
        one.apply(objects.passport("example"))
    # Room for what a case before left on its way out: a deployment stays where it began.
    h200 = next(node for node in nodes.expand(nodes.load("zrh"))
                if node["metadata"]["name"] == "zrh-h200-1")
    for number in (2, 3):
        h200["metadata"]["name"] = h200["metadata"]["labels"]["kubernetes.io/hostname"] = f"zrh-h200-{number}"
        fleet["zrh"].add_nodes([h200])
    fleet.start_operators()
    return fleet


@pytest.fixture
def fleet(whole_fleet, request):
    whole_fleet.restore()
    request.node.fleet = whole_fleet
    return whole_fleet


@pytest.fixture
def serve(fleet, request):
    """Makes a deployment of the fleet that is watched until the case ends."""
    made = []

    def start(title, **options):
        made.append(Served(fleet, title, **options))
        request.node.served = made
        return made[-1]

    yield start
    for one in made:
        one.close()


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
    if report.failed and call.when == "call":
        for served in getattr(item, "served", []):
            report.sections += explain_fleet(served)


def explain_fleet(served) -> list:
    """As each region sees it, and what each one's operator said last."""
    sections = []
    for name, one in served.fleet.regions.items():
        try:
            told = json.dumps(served.get(name)["status"]["regions"], indent=1)
        except Exception as error:  # the report must come in any case
            told = f"cannot be read: {error}"
        sections += [(f"the fleet as {name} sees it", told),
                     (f"operator of {name}", one.process("operator").tail(30))]
    return sections


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
