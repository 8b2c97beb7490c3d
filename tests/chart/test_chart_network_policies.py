"""NetworkPolicies add up: a tenant's own may not open what the operator's leaves closed."""
import copy

import pytest

from chart_objects import MANAGED_BY, model_deployment, namespace, refused

REMEDY = "add {key: bailiwick.dev/deployment, operator: DoesNotExist} to its podSelector"
EXCEPT = {"matchExpressions": [{"key": "bailiwick.dev/deployment", "operator": "DoesNotExist"}]}
OPEN = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}


def network_policy(name: str, where: str, **spec) -> dict:
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
            "metadata": {"name": name, "namespace": where}, "spec": {**copy.deepcopy(OPEN), **spec}}


@pytest.fixture(scope="module")
def places(region):
    """`served` has a ModelDeployment, `plain` has none."""
    region.apply([namespace("np-served"), namespace("np-plain")])
    region.api.create(model_deployment("assistant", "np-served"))
    region.api.wait("the policy knows it", lambda api: _refuses(api))


def _refuses(api) -> bool:
    code, _ = api.raw("POST", "/apis/networking.k8s.io/v1/namespaces/np-served/networkpolicies"
                              "?dryRun=All", network_policy("probe", "np-served"))
    return code == 403


@pytest.fixture(scope="module")
def bob(people, places):
    people.editor("bob", "np-plain")
    return people.editor("bob", "np-served")


@pytest.mark.parametrize("spec", [
    {},
    {"policyTypes": ["Ingress"], "egress": [], "ingress": [{}]},
    {"podSelector": {"matchLabels": {"bailiwick.dev/role": "engine"}}},
    {"podSelector": {"matchLabels": {"team": "x"}}},
    {"podSelector": {"matchLabels": {MANAGED_BY: "bailiwick"}}},
    {"podSelector": {"matchExpressions": [{"key": "bailiwick.dev/deployment",
                                           "operator": "Exists"}]}},
])
def test_none_opens_an_engine_pod(region, bob, spec):
    for api in (bob, region.api):
        with refused("would open what Bailiwick closes", "ModelDeployment assistant", REMEDY):
            api.create(network_policy("opens", "np-served", **spec))


def test_who_claims_to_be_the_operator_is_refused_all_the_same(bob):
    posing = network_policy("opens", "np-served")
    posing["metadata"]["labels"] = {MANAGED_BY: "bailiwick"}
    with refused("mark what Bailiwick made"):
        bob.create(posing)
    path = bob.path(bob.create(network_policy("poses", "np-served", podSelector=EXCEPT)))
    with refused("mark what Bailiwick made"):
        bob.merge(path, {"metadata": {"labels": {MANAGED_BY: "bailiwick"}}, "spec": OPEN})
    bob.delete(path)


@pytest.mark.parametrize("spec", [
    {"podSelector": EXCEPT},
    {"podSelector": {"matchLabels": {"team": "x"}, **EXCEPT}},
    {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}},
    {"podSelector": {"matchLabels": {MANAGED_BY: "Helm"}}},
    {"policyTypes": ["Ingress", "Egress"], "egress": []},
])
def test_what_selects_others_or_only_closes_passes(bob, spec):
    path = bob.path(bob.create(network_policy("passes", "np-served", **spec)))
    with refused(REMEDY):
        bob.merge(path, {"spec": {**OPEN, "podSelector": {"matchExpressions": None,
                                                          "matchLabels": None}}})
    bob.merge(path, {"metadata": {"labels": {"team": "x"}}})
    bob.delete(path)


def test_where_nothing_is_served_anything_goes_until_something_is(region, bob):
    path = bob.path(bob.create(network_policy("first", "np-plain")))
    region.api.wait("the policy knows it", lambda api: _makes(api) == 403)
    with refused("NetworkPolicy first of this namespace would open", REMEDY):
        bob.create(model_deployment("assistant", "np-plain"))
    bob.merge(path, {"spec": {"podSelector": EXCEPT}})
    region.api.wait("the policy knows it", lambda api: _makes(api) == 201)
    bob.create(model_deployment("assistant", "np-plain"))


def _makes(api) -> int:
    obj = model_deployment("probe", "np-plain")
    return api.raw("POST", api.collection(obj) + "?dryRun=All", obj)[0]


def test_the_operators_own_is_none_of_these(people, bob):
    people.operator().apply(network_policy("assistant", "np-served"), "bailiwick-operator")
