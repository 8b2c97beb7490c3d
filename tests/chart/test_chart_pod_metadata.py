"""Labels and annotations of pods are orders to other controllers: an allow-list."""
import copy
import re

import pytest

import chart_release
from chart_objects import model_deployment, namespace, refused
from lib import documents
from lib.api import ApiError
from lib.chart import CLONE, CRDS

WHERE = "metadata"
BOTH = pytest.mark.parametrize("field", ["labels", "annotations"])


@pytest.fixture(scope="module")
def ada(region, people):
    region.apply(namespace(WHERE))
    return people.editor("ada", WHERE)


def create(api, field: str, key: str, **options):
    obj = model_deployment("m", WHERE, pod={field: {key: "x"}}, **options)
    return api.request("POST", api.collection(obj) + "?dryRun=All&fieldValidation=Strict", obj)


@BOTH
@pytest.mark.parametrize("key", ["team", "example.com/team", "a.b.example.com/team"])
def test_keys_without_a_prefix_and_listed_ones_pass(ada, field, key):
    create(ada, field, key)


@BOTH
@pytest.mark.parametrize("key", ["other.org/team", "evil-example.com/team", "example.com.evil/team",
                                 "sidecar.istio.io/inject"])
def test_other_prefixes_are_refused(ada, field, key):
    remedy = "without a prefix or with one of example.com, amazonaws.com"
    with refused("may not set " + key, remedy, code=422):
        create(ada, field, key)


@BOTH
@pytest.mark.parametrize("key", ["vpc.amazonaws.com/pod-eni", "amazonaws.com/x", "aadpodidbinding",
                                 "multus-cni.io/x"])
def test_some_are_refused_whatever_the_values_list(ada, field, key):
    """By the CRD, before the policy is asked."""
    with pytest.raises(ApiError, match="use a domain of your own"):
        create(ada, field, key)


def in_the_crd(field: str) -> tuple:
    """(domains, keys without a domain) that spec.pod.labels or annotations may never set."""
    crd = documents.load((CRDS / "modeldeployments.yaml").read_text())
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    schema = spec["properties"]["pod"]["properties"][field]
    rule, = (rule["rule"] for rule in schema["x-kubernetes-validations"] if "k in [" in rule["rule"])
    domains, = re.findall(r"\(([-a-z0-9.|[\]]+)\)/'", rule)
    bare, = re.findall(r"k in \[([^]]*)\]", rule)
    return domains.replace("[.]", ".").split("|"), re.findall("'([^']+)'", bare)


def in_the_policy(rendered: list) -> tuple:
    policy, = (one for one in chart_release.of_kind(rendered, "ValidatingAdmissionPolicy")
               if one["metadata"]["name"].endswith("-pod-metadata"))
    variables = {one["name"]: one["expression"] for one in policy["spec"]["variables"]}
    bare, = re.findall(r"k in \[([^]]*)\]", variables["refused"])
    return re.findall('"([^"]+)"', variables["never"]), re.findall("'([^']+)'", bare)


def in_the_operator() -> tuple:
    text = (CLONE / "operator" / "policy" / "tenant.cpp").read_text()
    return tuple(re.findall('"([^"]+)"', re.search(name + r" = \{([^}]*)\}", text)[1])
                 for name in ("neverKeys", "neverBare"))


def test_crd_policy_and_operator_refuse_the_same(rendered):
    lists = in_the_operator()
    assert all(lists)
    assert in_the_policy(rendered) == lists
    for field in ("labels", "annotations"):
        assert in_the_crd(field) == lists


def test_all_that_is_refused_is_named(ada):
    obj = model_deployment("m", WHERE, pod={"labels": {"a.org/x": "1", "team": "x"},
                                            "annotations": {"b.org/y": "1"}})
    with refused("may not set a.org/x, b.org/y:", code=422):
        ada.create(obj)


def test_a_shorter_list_stops_no_other_change(helm, region, release, ada):
    """What was allowed once stays until spec.pod itself is changed."""
    ada.create(model_deployment("old", WHERE, pod={"labels": {"example.com/team": "x"}}))
    path = f"/apis/bailiwick.dev/v1alpha1/namespaces/{WHERE}/modeldeployments/old"
    allow(helm, region, [])
    try:
        region.api.wait("the shorter list", lambda _: not accepted(ada))
        ada.merge(path, {"spec": {"priority": 3}})
        with refused("may not set example.com/team: use keys without a prefix", code=422):
            ada.merge(path, {"spec": {"pod": {"labels": {"team": "y"}}}})
    finally:
        allow(helm, region, chart_release.VALUES["policies"]["podMetadata"]["allowedPrefixes"])
        region.api.wait("the old list", lambda _: accepted(ada))


def allow(helm, region, prefixes: list) -> None:
    values = copy.deepcopy(chart_release.VALUES)
    values["policies"]["podMetadata"]["allowedPrefixes"] = prefixes
    helm.run("upgrade", chart_release.NAME, chart_release.CHART, "--namespace",
             chart_release.NAMESPACE, "--kubeconfig", region.admin_kubeconfig, values=values)


def accepted(ada) -> bool:
    try:
        create(ada, "labels", "example.com/team")
        return True
    except ApiError:
        return False
