"""Objects that our CRDs would not let in: an older version of them did, or somebody loosened them."""
import copy

import pytest

from kit import objects
from kit.case import CLASSES
from kit.objects import variant
from kit.wait import eventually
from lib import chart

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modeldeployments.bailiwick.dev"
REGION = "/apis/bailiwick.dev/v1alpha1/regions/rough"
LOOSE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


@pytest.fixture(scope="module")
def home(starter):
    region = starter.region("rough", objects.region("rough", CLASSES))
    region.start_operator()
    return region



@pytest.fixture
def loose(home):
    """Anything may be a spec, as long as it lasts; `tight()` brings the real CRD back."""
    real = home.api.get(CRD)["spec"]["versions"]
    # The scale subresource asks for a readable count whatever the schema says.
    anything = [{**version, "schema": {"openAPIV3Schema": LOOSE}, "subresources": {"status": {}}}
                for version in real]

    def put(versions) -> None:
        def write() -> bool:
            now = home.api.get(CRD)
            now["spec"]["versions"] = copy.deepcopy(versions)
            home.api.request("PUT", CRD, now)
            return True
        eventually(write, "the CRD is changed")
    put(anything)
    policies = away(home)
    path = "/apis/bailiwick.dev/v1alpha1/namespaces/default/modeldeployments?dryRun=All"

    def in_force() -> bool:
        for spec in ({}, {"spec": "text"}):
            probe = objects.deployment("probe", "default")
            del probe["spec"]
            code, answer = home.api.raw("POST", path, {**probe, **spec})
            assert code == 201, answer
        return True
    eventually(in_force, "the loose CRD is in force, and no policy")
    # A watch that began before would still be shown the real CRD's defaults.
    home.stop_operator()
    home.start_operator()
    yield lambda: put(real)
    put(real)
    home.apply(policies)


def away(region) -> list:
    """Takes the chart's admission policies away for a while."""
    base = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
    taken = region.api.items(base)
    for binding in taken:
        region.api.delete(f"{base}/{binding['metadata']['name']}")
        binding.update(apiVersion="admissionregistration.k8s.io/v1",
                       kind="ValidatingAdmissionPolicyBinding")
        binding["metadata"] = {"name": binding["metadata"]["name"]}
    return taken


GARBAGE = {
    "no-spec": {},
    "null-spec": {"spec": None},
    "spec-is-text": {"spec": "please run it"},
    "spec-is-a-list": {"spec": [1, 2, 3]},
    "no-variants": {"spec": {"servedName": "a", "replicas": 1,
                             "placement": {"jurisdictions": ["DE"]}}},
    "variants-are-text": {"spec": {"servedName": "a", "replicas": 1, "variants": "all",
                                   "placement": {"jurisdictions": ["DE"]}}},
    "negative": {"replicas": -5}, "huge": {"replicas": 10 ** 18}, "float": {"replicas": 1.5},
    "text-count": {"replicas": "3"}, "null-count": {"replicas": None},
    "no-jurisdiction": {"placement": {"jurisdictions": []}},
    "null-jurisdiction": {"placement": {"jurisdictions": None}},
    "unknown-place": {"placement": {"jurisdictions": ["XX"]}},
    "confusable-place": {"placement": {"jurisdictions": ["DЕ"]}},
    "null-residency": {"placement": {"jurisdictions": ["DE"], "dataResidency": None}},
    "residency-number": {"placement": {"jurisdictions": ["DE"], "dataResidency": [7]}},
    "bad-duration": {"exit": {"drainTimeout": "1 fortnight"}},
    "negative-duration": {"rollout": {"progressDeadline": "-10d"}},
    "zero-capacity": {"variants": [{**variant(), "capacity": "0"}]},
    "exponent-capacity": {"variants": [{**variant(), "capacity": "1e999"}]},
    "no-devices": {"variants": [variant(per=0)]},
    "too-many-devices": {"variants": [variant(per=10 ** 12)]},
    "minus-devices": {"variants": [variant(per=-8)]},
    "no-accelerator": {"variants": [{"name": "x", "passport": "example", "artifact": "bf16",
                                     "engine": {"name": "vllm"}}]},
    "twice": {"variants": [variant(), variant()]},
    "reserved-name": {"variants": [variant(name="routes")]},
    "bad-name": {"variants": [variant(name="../../etc")]},
    "long-name": {"variants": [variant(name="x" * 300)]},
    "unknown-vendor": {"variants": [{**variant(), "accelerator": {"vendor": "acme",
                                                                  "perReplica": 1}}]},
    "unknown-engine": {"variants": [variant(engine="acme")]},
    "unknown-field": {"podSpec": {"hostNetwork": True}},
    "foreign-label": {"pod": {"labels": {"kubernetes.io/metadata.name": "kube-system"}}},
    "label-of-ours": {"pod": {"labels": {"bailiwick.dev/deployment": "other"}}},
    "label-not-allowed": {"pod": {"annotations": {"cni.example.com/networks": "host"}}},
    "deep": {"pod": {"resources": None}, "routing": {"weights": [{"variant": None}]}},
}
# What is wrong with them is harmless: they may be served.
HARMLESS = {"unknown-field", "deep"}


def garbage(case, name: str) -> dict:
    base = objects.deployment(name, case.namespace, classes=(case.cls,))
    change = GARBAGE[name]
    if "spec" in change or not change:
        base.pop("spec")
        base.update(copy.deepcopy(change))
    else:
        base["spec"].update(copy.deepcopy(change))
    return base


def test_garbage_is_told_as_invalid_and_stops_nobody(case, loose):
    case.nodes(2 + len(HARMLESS))
    case.deploy("good-before")
    case.wait_settled("good-before")
    uids = case.uids("good-before")
    root = case.path("").rstrip("/")
    for name in GARBAGE:
        case.api.request("POST", root, garbage(case, name))
    case.deploy("good-after")
    case.wait_settled("good-after")
    assert case.uids("good-before") == uids

    def told():
        missing = []
        for obj in case.api.items(root):
            name = obj["metadata"]["name"]
            if name.startswith("good") or name in HARMLESS:
                continue
            ready = {c["type"]: c for c in (obj.get("status") or {}).get("conditions", [])}
            placed = ready.get("Placed", {})
            if placed.get("reason") != "InvalidSpec" or len(placed.get("message", "")) < 20:
                missing.append((name, placed.get("reason"), placed.get("message")))
        assert not missing, missing
        return True
    eventually(told, "each says InvalidSpec, with what is wrong")
    names = {pod["metadata"]["labels"]["bailiwick.dev/deployment"] for pod in case.pods()}
    assert names <= {"good-before", "good-after", *HARMLESS}
    assert case.region.process("operator").pid


def test_garbage_that_is_still_there_under_the_right_crd_stops_nobody(case, loose):
    case.nodes(2)
    root = case.path("").rstrip("/")
    for name in ("spec-is-text", "negative", "no-variants", "bad-duration", "null-spec"):
        case.api.request("POST", root, garbage(case, name))
    loose()
    case.region.stop_operator()
    case.region.start_operator()
    case.deploy("good")
    case.wait_settled("good")
    assert case.region.process("operator").pid


def test_a_passport_that_cannot_be_read_is_told_by_name(case):
    case.nodes(1)
    case.deploy(variants=[variant(passport="absent")])
    case.wait_condition("Placed", "False", "PassportMissing", "passport absent of variant h200")
    case.change(variants=[variant(artifact="fp4")])
    case.wait_condition("Placed", "False", "ArtifactMissing", "fp4")
    case.change(variants=[variant()])
    case.wait_settled()


def test_confusable_node_labels_take_nothing_and_are_told(case):
    wrong = [{objects.JURISDICTION: "de"}, {objects.JURISDICTION: "DEU"},
             {objects.JURISDICTION: "DE-BE"}, {objects.JURISDICTION: ""}, {objects.JURISDICTION: "D3"},
             {objects.RESIDENCY + case.cls: "1"}, {objects.RESIDENCY + case.cls: ""},
             {objects.RESIDENCY + case.cls: None, objects.RESIDENCY + case.cls.upper(): "true"},
             {"nvidia.com/gpu.product": "nvidia-h200"},
             {"nvidia.com/gpu.product": "NVIDIA-H200-MIG-1g.18gb"}]
    for labels in wrong:
        case.nodes(1, labels=labels)
    case.deploy()
    entry = case.wait_condition("Placed", "False")
    assert entry["reason"] in ("LocationContradictory", "LocationUnknown", "NoLegalPlace"), entry
    assert not case.pods()
    good, = case.nodes(1)
    case.wait_running({good})


def region_spec(home, **spec) -> None:
    home.api.merge(REGION, {"spec": spec})


def test_a_region_that_contradicts_the_catalogue_takes_nothing_and_says_so(case):
    case.nodes(1)
    try:
        region_spec(case.region, provider="aws", location="us-east-1")
        case.deploy()
        case.wait_condition("Placed", "False", "LocationContradictory", "us-east-1")
        assert not case.pods()
    finally:
        region_spec(case.region, provider="on-premises", location="rack1")
    case.wait_settled()


def test_a_cordoned_region_takes_nothing_new_and_keeps_what_runs(case):
    case.nodes(2)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    try:
        region_spec(case.region, cordoned=True)
        case.change(replicas=2)
        case.wait_condition("Placed", "False", "NoCapacity", "region rough is cordoned")
        assert case.uids() == uids
        assert case.get()["status"]["regions"][0]["health"] == "Cordoned"
    finally:
        region_spec(case.region, cordoned=False)
    case.wait_settled()


def test_without_its_region_object_nothing_changes_and_it_says_what_is_missing(case):
    case.nodes(2)
    case.deploy("before")
    case.wait_settled("before")
    uids = case.uids("before")
    obj = case.api.get(REGION)
    case.api.delete(REGION)
    try:
        case.deploy("after")

        def told():
            entry = case.condition("Placed", "after")
            assert entry["status"] != "True" and "region rough" in entry["message"].lower(), entry
            return True
        eventually(told, "the status names the missing Region")
        assert case.uids("before") == uids and not case.pods("after")
        case.region.stop_operator()
        operator = case.region.start_operator()
        assert operator.process.pid and case.uids("before") == uids
    finally:
        case.api.create({**{key: obj[key] for key in ("apiVersion", "kind", "spec")},
                         "metadata": {"name": "rough"}})
    case.wait_settled("after")
    case.wait_settled("before")
    assert uids <= case.uids("before")
    assert chart.NAMESPACE
