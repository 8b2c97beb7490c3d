"""All samples at once in every region: accepted, and placed or refused as they say."""
import json
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import lws
from kit.wait import eventually
from lib import chart, documents, nodes, tools
from lib.region import Region

SAMPLES = tools.E2E / "samples"
EXPECTED = documents.load((SAMPLES / "expectations.yaml").read_text())["expectations"]
BY_REGION = defaultdict(list)
for _row in EXPECTED:
    BY_REGION[_row["region"]].append(_row)


def load(folder: str) -> list:
    return [obj for file in sorted((SAMPLES / folder).glob("*.yaml"))
            for obj in documents.load_all(file.read_text())]


def sample(row: dict) -> dict:
    obj, = documents.load_all((SAMPLES / row["sample"]).read_text())
    return obj


ALL = [*load("deployments"), *load("refused")]
SETS = "/apis/leaderworkerset.x-k8s.io/v1/namespaces/assistants/leaderworkersets"


@pytest.fixture(scope="module")
def places(starter):
    """One control plane that is one region after the other; passports are the same in each."""
    region = starter.region("samples")
    for file in ("namespaces.yaml", "storage.yaml"):
        region.apply(documents.load_all((SAMPLES / file).read_text()))
    region.apply(load("passports"))
    return region


def become(folder, name: str, samples: list) -> Region:
    """The control plane in that folder as the region of that name, with these applied."""
    region, spec = Region(name, folder), nodes.load(name)
    region.apply(spec["region"])
    region.add_nodes(nodes.expand(spec))
    region.start_operator()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(region.apply, samples))
    return region


def leave(region, name: str, samples: list) -> None:
    api = region.api
    for obj in samples:
        api.delete(api.path(obj))
    # Pods wait for it to record what became of their requests.
    eventually(lambda: not [pod for ns in ("assistants", "research") for pod in
                            api.items(f"/api/v1/namespaces/{ns}/pods")], "the pods are gone")
    region.stop_operator()
    for node in api.items("/api/v1/nodes"):
        api.delete(f"/api/v1/nodes/{node['metadata']['name']}")
    api.delete(f"/apis/bailiwick.dev/v1alpha1/regions/{name}")
    eventually(lambda: not [d for ns in ("assistants", "research") for d in
                            api.items(f"/apis/apps/v1/namespaces/{ns}/deployments")],
               "the Deployments are gone")


@pytest.mark.parametrize("name", sorted(BY_REGION))
def test_samples_are_placed_or_refused_as_expected(places, name):
    region = become(places.folder, name, ALL)
    try:
        for row in BY_REGION[name]:
            check(region, row)
    finally:
        leave(region, name, ALL)


@pytest.fixture
def group_api(places):
    places.apply(lws.crd())
    chart.wait_served(places.api, lws.NAME)
    yield
    places.api.delete(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{lws.NAME}")


def test_samples_over_several_nodes_are_placed_where_their_api_is_served(places, group_api):
    """Only what spans nodes is applied: with the others the four A2 nodes are not all free."""
    over = {obj["metadata"]["name"]: obj for obj in ALL}
    pro, small = over["deepseek-v4-pro-cn"], over["deepseek-v3-2-cn"]
    region = become(places.folder, "gya", [pro])
    try:
        wait_share(region, pro, {"ascend-a2-four": 1})
        region.api.delete(region.api.path(pro))
        # The A3 node takes one replica, a pair of A2 nodes the other.
        small = {**small, "spec": {**small["spec"], "replicas": 2}}
        region.apply(small)
        wait_share(region, small, {"ascend-a3": 1, "ascend-a2-pair": 1})
        sizes = {found["metadata"]["name"]: found["spec"]["leaderWorkerTemplate"]["size"]
                 for found in region.api.items(SETS)}
        assert sizes == {"deepseek-v3-2-cn-ascend-a2-pair": 2}
    finally:
        leave(region, "gya", [small])


def wait_share(region, obj: dict, share: dict) -> None:
    path = region.api.path(obj)

    def placed():
        now = region.api.get(path)
        entry, = now["status"]["regions"]
        found = {one["variant"]: one["replicas"] for one in entry.get("share", [])}
        assert found == share, json.dumps(now["status"], indent=1)
        return True
    eventually(placed, f"{obj['metadata']['name']} is placed")


def check(region, row: dict) -> None:
    obj = sample(row)
    path = region.api.path(obj)

    def expected():
        now = region.api.get(path)
        conditions = {c["type"]: c for c in now["status"]["conditions"]}
        said = json.dumps(now["status"], indent=1)
        entry, = now["status"]["regions"]
        assert entry["name"] == row["region"], said
        share = {one["variant"]: one["replicas"] for one in entry.get("share", [])}
        assert share == row.get("placed", {}), said
        offers = {one["variant"]: one for one in entry["offer"]}
        for variant, reason in row.get("refused", {}).items():
            assert offers[variant]["reason"] == reason, said
        placed = conditions["Placed"]
        if "reason" in row:
            assert (placed["status"], placed["reason"]) == ("False", row["reason"]), said
            assert row.get("message", "") in placed["message"], said
        else:
            assert placed["status"] == "True" and conditions["Ready"]["status"] == "True", said
        return True
    eventually(expected, f"{row['sample']} in {row['region']}")
    pods = region.api.items(f"/api/v1/namespaces/{obj['metadata']['namespace']}/pods"
                            f"?labelSelector=bailiwick.dev/deployment={obj['metadata']['name']}")
    assert len(pods) >= sum(row.get("placed", {}).values())


def test_every_sample_is_expected_somewhere():
    files = {str(file.relative_to(SAMPLES)) for folder in ("deployments", "refused")
             for file in (SAMPLES / folder).glob("*.yaml")}
    assert files == {row["sample"] for row in EXPECTED}
