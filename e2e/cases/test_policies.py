"""Policies against a real API server: they keep out, move, warn, order exits and fail closed."""
import itertools
from datetime import datetime

import pytest

from kit import objects
from kit.objects import variant
from kit.recorder import never_below
from kit.wait import eventually, holds
from lib.api import ApiError

POLICIES = "/apis/bailiwick.dev/v1alpha1/sovereigntypolicies"
ORDERS = "/apis/bailiwick.dev/v1alpha1/exitorders"
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/sovereigntypolicies.bailiwick.dev"


@pytest.fixture
def rule(case):
    """rule(name, rules, …) makes a policy on the case's namespace alone, which goes with the case."""
    made = []

    def make(name: str, rules: dict, enforcement: str = "Deny", **spec) -> str:
        name = f"{case.cls}-{name}"
        case.api.create(objects.policy(name, rules, enforcement,
                                       selector={"namespaces": [case.namespace]}, **spec))
        made.append(name)
        return name
    yield make
    for name in made:
        for path in (POLICIES, ORDERS):
            try:
                case.api.delete(f"{path}/{name}")
            except ApiError as error:
                if error.code != 404:
                    raise


def status(case, name: str) -> dict:
    return case.api.get(f"{POLICIES}/{name}").get("status", {})


def test_what_a_policy_denies_is_kept_out_and_the_next_variant_runs(case, rule):
    case.nodes(1)
    amd, = case.nodes(1, "mi300x")
    name = rule("no-nvidia", {"vendors": {"deny": ["nvidia"]}})
    case.deploy(variants=[variant(), variant("mi300x")])
    case.wait_settled()
    case.wait_running({amd})
    words = f"policy {name} denies vendor nvidia of variant h200"
    assert case.offer("h200") == {"variant": "h200", "replicas": 0, "reason": "PolicyDenied",
                                  "message": words}
    case.wait_condition("Compliant", "True", message=words)

    def listed():
        found = status(case, name)
        assert found["violationsTotal"] == 1
        assert found["violations"] == [{
            "namespace": case.namespace, "name": "m", "variant": "h200",
            "reason": "PolicyDenied", "message": words}]
        assert [(entry["type"], entry["status"], entry["reason"])
                for entry in found["conditions"]] == [("Ready", "True", "InForce")]
        return True
    eventually(listed, "the policy lists what violates it")


def test_a_deployment_without_a_lawful_variant_says_which_policy_denies_it(case, rule):
    case.nodes(1)
    name = rule("not-de", {"origins": {"deny": ["EU"]}})
    case.deploy()
    words = f"policy {name} denies origin DE of passport example"
    for kind in ("Placed", "Compliant", "Ready"):
        case.wait_condition(kind, "False", "PolicyDenied", words)
    assert case.pods() == []


def test_what_runs_and_is_denied_is_replaced_first(case, rule):
    nvidia, = case.nodes(1)
    amd, = case.nodes(1, "mi300x")
    case.deploy(variants=[variant(), variant("mi300x")], exit={"drainTimeout": "1000h"})
    case.wait_settled()
    case.wait_running({nvidia})
    with case.record() as seen:
        rule("no-nvidia", {"vendors": {"deny": ["nvidia"]}})
        case.wait_running({amd})
        case.wait_settled()
    never_below(seen, 1)


def test_what_has_no_lawful_alternative_stops_after_the_drain_timeout(case, rule):
    case.nodes(1)
    case.deploy(exit={"drainTimeout": "3s"})
    case.wait_settled()
    name = rule("no-nvidia", {"vendors": {"deny": ["nvidia"]}})
    case.wait_running(set())
    case.wait_condition("Placed", "False", "PolicyDenied", f"policy {name} denies vendor nvidia")


def test_a_warning_stops_nothing(case, rule):
    node, = case.nodes(1)
    name = rule("careful", {"vendors": {"deny": ["nvidia"]}}, enforcement="Warn")
    case.deploy()
    case.wait_settled()
    case.wait_condition("Compliant", "True",
                        message=f"warning: policy {name} denies vendor nvidia of variant h200")
    assert set(case.running()) == {node}


def days_between(start: str, end: str) -> int:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).days


def test_an_exit_policy_orders_the_exit_once_and_for_one_deadline(case, rule):
    node, = case.nodes(1)
    case.deploy(replicas=1)
    case.wait_settled()
    name = rule("leave", {"vendors": {"deny": ["nvidia"]}}, enforcement="Exit",
                exitGracePeriod="60d", source={"title": "contract 7"})
    order = eventually(lambda: case.api.find(f"{ORDERS}/{name}"), "an order")
    assert order["spec"]["target"] == {"policies": [name]}
    assert order["spec"]["reason"] == f"policy {name} refuses it: contract 7"
    left = status(case, name)["exit"]
    assert left["order"] == name and left["deadline"] == order["spec"]["deadline"]
    case.wait_condition("Compliant", "False", "PolicyDenied", f"leaves by ExitOrder {name}")
    case.change(replicas=2)
    case.wait_condition("Placed", "False", "ExitInProgress",
                        f"leaves what violates a policy (policy {name} denies vendor nvidia")

    def lifted():
        case.api.delete(f"{ORDERS}/{name}")
        again = eventually(lambda: (found := case.api.find(f"{ORDERS}/{name}"))
                           and found["metadata"]["uid"] != order["metadata"]["uid"] and found,
                           "the order again")
        assert again["spec"]["deadline"] == order["spec"]["deadline"]
    lifted()
    assert status(case, name)["exit"] == left

    case.api.merge(f"{POLICIES}/{name}", {"spec": {"exitGracePeriod": "90d"}})
    later = eventually(lambda: (found := status(case, name)["exit"]["deadline"]) != left["deadline"]
                       and found, "a later deadline")
    assert days_between(left["deadline"], later) == 30
    assert case.api.get(f"{ORDERS}/{name}")["spec"]["deadline"] == later


def test_what_violates_an_exit_policy_leaves_by_its_order(case, rule):
    nvidia, = case.nodes(1)
    amd, = case.nodes(1, "mi300x")
    case.deploy(variants=[variant(), variant("mi300x")])
    case.wait_settled()
    case.wait_running({nvidia})
    with case.record() as seen:
        name = rule("leave", {"vendors": {"deny": ["nvidia"]}}, enforcement="Exit")
        case.wait_running({amd})
        left = eventually(lambda: (found := case.api.find(f"{ORDERS}/{name}"))
                          and found.get("status", {}).get("phase") == "Verified" and found,
                          "the order is verified")
    never_below(seen, 1)
    row, = left["status"]["affected"]
    assert (row["variant"], row["replacement"]["variant"]) == ("h200", "mi300x")


def touch(case, name: str) -> None:
    """Watches of the old schema, which shows less of the object, end some time after its change."""
    numbers = itertools.count()

    def unreadable():
        case.api.merge(f"{POLICIES}/{name}",
                       {"metadata": {"annotations": {"touched": str(next(numbers))}}})
        return status(case, name)["conditions"][0]["status"] == "False"
    eventually(unreadable, "the operator sees all of it", every=1.0)


def test_a_policy_that_cannot_be_read_refuses_what_it_selects(case, rule):
    """By way of a CRD that somebody loosened."""
    case.nodes(1)
    crd = case.api.get(CRD)
    loose = {"versions": [{**crd["spec"]["versions"][0], "schema": {"openAPIV3Schema": {
        "type": "object", "x-kubernetes-preserve-unknown-fields": True}}}]}
    case.api.merge(CRD, {"spec": loose})
    rules = {"origins": {"deny": ["CN"]}, "colour": "red"}
    try:
        eventually(lambda: case.api.request(
            "POST", f"{POLICIES}?dryRun=All&fieldValidation=Strict", objects.policy("x", rules)),
            "the loosened CRD")
        name = rule("broken", rules)
        touch(case, name)
        case.deploy()
        words = f"policy {name} cannot be understood and refuses all that it selects: " \
                "spec.rules.colour: is not known"
        case.wait_condition("Placed", "False", "PolicyDenied", words)

        def said():
            ready, = status(case, name)["conditions"]
            assert (ready["status"], ready["reason"]) == ("False", "InvalidSpec")
            return True
        eventually(said, "its own condition")
        holds(lambda: not case.pods() or pytest.fail("it was placed"), 2)
        case.api.delete(f"{POLICIES}/{name}")
        case.wait_settled()
    finally:
        case.api.merge(CRD, {"spec": {"versions": crd["spec"]["versions"]}})


def test_law_changes_when_evidence_runs_out_although_nothing_is_written(case, rule):
    import datetime
    node, = case.nodes(1)
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=20)
    evidence = [{"type": "RedTeam", "result": "Pass", "issuedAt": "2026-01-01T00:00:00Z",
                 "expiresAt": soon.strftime("%Y-%m-%dT%H:%M:%SZ")}]
    passport = f"{case.cls}-dated"
    case.api.create(objects.passport(passport, evidence=evidence))
    rule("tested", {"evidence": [{"type": "RedTeam"}]})
    case.deploy(variants=[variant(passport=passport)], exit={"drainTimeout": "1s"})
    case.wait_running({node}, timeout=20)
    case.wait_running(set())
    case.wait_condition("Placed", "False", "PolicyDenied", "requires evidence RedTeam")
