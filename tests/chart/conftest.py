"""One control plane and one release of the chart for the whole run, under a name and a namespace
that are not the usual ones: nothing may depend on them."""
import sys
from pathlib import Path

import pytest

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "e2e")]

import chart_release  # noqa: E402
from chart_people import People  # noqa: E402
from lib.region import Region  # noqa: E402

PARTS = ("etcd", "kube-apiserver", "kube-controller-manager")


@pytest.fixture(scope="session")
def helm(tmp_path_factory):
    return chart_release.Helm(tmp_path_factory.mktemp("helm"))


@pytest.fixture(scope="session")
def rendered(helm):
    return helm.objects()


@pytest.fixture(scope="session")
def region(tmp_path_factory):
    one = Region("chart", tmp_path_factory.mktemp("control-plane") / "chart", PARTS)
    try:
        yield one.start()
    finally:
        one.remove()


@pytest.fixture(scope="session")
def release(helm, region):
    """Installed by Helm itself, with its policies in force."""
    return chart_release.install(helm, region)


@pytest.fixture(scope="session")
def people(release, region):
    return People(region)
