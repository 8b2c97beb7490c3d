"""Replicas that span several nodes: LeaderWorkerSets."""
import pytest

from kit import lws, objects
from kit.case import CLASSES
from kit.objects import variant
from kit.wait import eventually
from lib import chart

SETS = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/{}/leaderworkersets"


@pytest.fixture(scope="module")
def home(starter):
    region = starter.region("wide", objects.region("wide", CLASSES))
    region.start_operator()
    return region



def test_without_the_api_a_variant_over_two_nodes_is_refused_and_the_next_one_runs(case):
    case.nodes(3)
    case.deploy("wide", variants=[variant(name="pair", nodes=2), variant(name="single")])
    case.wait_settled("wide")
    offer = case.offer("pair", "wide")
    assert offer["reason"] == "EngineUnsupported" and "LeaderWorkerSet" in offer["message"]
    assert case.share("wide") == {"single": 1}
    case.deploy("only", variants=[variant(name="pair", nodes=2)])
    entry = case.wait_condition("Placed", "False", "EngineUnsupported", name="only")
    assert "leaderworkerset.x-k8s.io/v1" in entry["message"] and "wide" in entry["message"]


@pytest.fixture
def api_installed(home):
    home.apply(lws.crd())
    chart.wait_served(home.api, lws.NAME)
    yield
    # A later case may need a region without it, or apply it anew.
    path = f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{lws.NAME}"
    home.api.delete(path)
    eventually(lambda: home.api.find(path) is None, "the API is gone")


def test_where_the_api_appears_a_set_over_two_nodes_is_made(case, api_installed):
    case.nodes(2)
    case.deploy("m", variants=[variant(name="pair", nodes=2)])
    path = SETS.format(case.namespace) + "/m-pair"
    made = eventually(lambda: case.api.find(path), "the LeaderWorkerSet is made", 240)
    spec, template = made["spec"], made["spec"]["leaderWorkerTemplate"]
    assert spec["replicas"] == 1 and template["size"] == 2
    assert made["metadata"]["ownerReferences"][0]["uid"] == case.get()["metadata"]["uid"]
    for role in ("leaderTemplate", "workerTemplate"):
        pod = template[role]["spec"]
        engine, = [c for c in pod["containers"] if c["name"] == "engine"]
        assert engine["resources"]["limits"]["nvidia.com/gpu"] == "8"
        terms = pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
        assert objects.RESIDENCY + case.cls in str(terms)
    sidecars = [c["name"] for c in template["leaderTemplate"]["spec"]["initContainers"]]
    assert "engine-sidecar" in sidecars
    helpers = template["workerTemplate"]["spec"].get("initContainers", [])
    assert "engine-sidecar" not in [c["name"] for c in helpers]
    case.wait_condition("Placed", "True")
    case.wait_condition("Ready", "False", "Scaling")
    assert not case.api.find(f"{case.apps}/deployments/m-pair")
    case.change(replicas=0)
    eventually(lambda: not case.api.find(path), "nothing of it is wanted any more")


def test_two_nodes_are_asked_for_not_the_devices_of_one(case, api_installed):
    case.nodes(1, devices=16)
    case.deploy("m", variants=[variant(name="pair", nodes=2)])
    entry = case.wait_condition("Placed", "False", "NoCapacity", timeout=240)
    assert "each of 2 nodes" in entry["message"]
