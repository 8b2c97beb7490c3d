"""A node leaves its residency class or its jurisdiction under a replica that runs there."""
import time

import pytest

from kit import audit, objects
from kit.recorder import first_reached, is_ready, never_below, ready_units
from kit.wait import eventually, holds
from lib.api import MERGE, Api

COST = "controller.kubernetes.io/pod-deletion-cost"
SINCE = "bailiwick.dev/unlawful-since"
NEVER = "1000h"


def replaced(case, leave) -> None:
    """Two replicas on two nodes, a third node free; `leave(node)` makes the first unlawful."""
    one, two, spare = case.nodes(3)
    case.deploy(replicas=2, exit={"drainTimeout": NEVER})
    case.wait_settled()
    before = case.running()
    loser = next(node for node in (one, two, spare) if node in before)
    keeper, = set(before) - {loser}
    free, = {one, two, spare} - set(before)
    kept = {pod["metadata"]["uid"] for pod in case.pods() if pod["spec"]["nodeName"] == keeper}
    with case.record() as seen:
        leave(loser)
        case.wait_running({keeper, free})
        case.wait_condition("Compliant", "True")
        case.wait_settled()
    never_below(seen, 2)
    assert kept <= case.uids(), "the other replica was moved for nothing"


def test_a_replica_whose_node_leaves_its_residency_class_is_replaced_first(case):
    replaced(case, case.leave_class)


def test_a_replica_whose_node_claims_another_jurisdiction_is_replaced_first(case):
    replaced(case, lambda node: case.label_node(node, {objects.JURISDICTION: "FR"}))


def test_a_replica_whose_node_no_longer_says_where_it_is_is_replaced_first(case):
    replaced(case, lambda node: case.label_node(node, {objects.JURISDICTION: None}))


def test_a_class_that_is_not_exactly_true_counts_for_nothing(case):
    replaced(case, lambda node: case.label_node(node, objects.residency(case.cls, "TRUE")))


def test_without_a_lawful_place_a_replica_is_stopped_after_the_drain_timeout_and_not_before(case):
    node, = case.nodes(1)
    case.deploy(exit={"drainTimeout": "6s"})
    case.wait_settled()
    uid, = case.uids()
    with case.record() as seen:
        case.leave_class(node)
        left = time.monotonic()
        entry = case.wait_condition("Compliant", "False", "NoLegalPlace")
        assert node in entry["message"] and objects.RESIDENCY + case.cls in entry["message"]
        eventually(lambda: uid not in case.uids(), "the replica is stopped")
        case.wait_condition("Placed", "False", "NoLegalPlace")
        case.wait_condition("Compliant", "True")
    gone = next(at for at, _, pod in seen.of(uid) if "deletionTimestamp" in pod["metadata"])
    assert gone - left >= 6.0, "stopped before spec.exit.drainTimeout"
    served = [pod for at, _, pod in seen.of(uid) if at < gone]
    assert all(is_ready(pod) for pod in served)
    marks = [pod["metadata"]["annotations"].get(SINCE) for pod in served
             if pod["metadata"].get("annotations")]
    assert any(marks), "nothing on the pod says since when"
    assert not case.running()
    # Nothing of ours may run: no pods that wait for ever either.
    eventually(lambda: not case.pods(), "no pods are left")


def test_a_label_that_comes_back_in_time_takes_the_mark_away_and_the_pod_stays(case):
    node, = case.nodes(1)
    case.deploy(exit={"drainTimeout": NEVER})
    case.wait_settled()
    uid, = case.uids()

    def notes() -> dict:
        return case.pods()[0]["metadata"].get("annotations", {})
    case.leave_class(node)
    eventually(lambda: SINCE in notes(), "the pod is marked")
    case.enter_class(node)
    eventually(lambda: SINCE not in notes() and COST not in notes(), "the mark is taken away")
    case.wait_condition("Compliant", "True")
    case.wait_settled()
    assert case.uids() == {uid} and case.running() == {node: "h200"}


def test_a_lawful_place_that_appears_later_takes_over_before_the_old_one_goes(case):
    node, = case.nodes(1)
    case.deploy(exit={"drainTimeout": NEVER})
    case.wait_settled()
    with case.record() as seen:
        case.leave_class(node)
        case.wait_condition("Compliant", "False", "NoLegalPlace")
        other, = case.nodes(1)
        case.wait_running({other})
        case.wait_settled()
    never_below(seen, 1)


def test_a_region_that_may_no_longer_serve_a_class_stops_what_runs(case):
    case.nodes(1)
    case.deploy(exit={"drainTimeout": "3s"})
    case.wait_settled()
    path = "/apis/bailiwick.dev/v1alpha1/regions/lab"
    classes = case.api.get(path)["spec"]["residencyClasses"]
    try:
        case.api.merge(path, {"spec": {"residencyClasses": [c for c in classes if c != case.cls]}})
        case.wait_condition("Compliant", "False", "NoLegalPlace", "residency class " + case.cls)
        eventually(lambda: not case.pods(), "the replica is stopped")
    finally:
        case.api.merge(path, {"spec": {"residencyClasses": classes}})
    case.wait_settled()


def test_a_deployment_that_leaves_the_jurisdiction_stops_after_the_drain_timeout(case):
    case.nodes(1)
    case.deploy(exit={"drainTimeout": "3s"})
    case.wait_settled()
    case.change(placement={"jurisdictions": ["FR"]})
    case.wait_condition("Placed", "False", "NoLegalPlace", "spec.placement.jurisdictions")
    eventually(lambda: not case.pods(), "the replica is stopped")
    # What the spec asks for cannot be here, so no replacement may be tried either.
    holds(lambda: _none(case), 1.0)


def _none(case) -> None:
    assert not case.pods()


def test_every_replica_on_its_way_out_of_the_law_is_replaced_while_room_is_scarce(case):
    """Three of three nodes leave, one lawful node comes: one moves, two are stopped in time."""
    old = case.nodes(3)
    case.deploy(replicas=3, exit={"drainTimeout": "8s"})
    case.wait_settled()
    new, = case.nodes(1)
    with case.record() as seen:
        for node in old:
            case.leave_class(node)
        case.wait_running({new}, timeout=180)
    case.wait_condition("Placed", "False", "NoCapacity")
    units = ready_units(seen)
    assert min(ready for _, ready in units[first_reached(units, 3):]) >= 1


@pytest.fixture
def pods_are_kept(case):
    """A policy of somebody else's: the operator may not change a pod of this namespace."""
    name, group = f"keep-{case.namespace}", "admissionregistration.k8s.io"
    mine = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": case.namespace}},
            "resourceRules": [{"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"],
                               "resources": ["pods"]}]}
    others = f"request.userInfo.username != '{audit.operator_user(case.region)}'"
    made = [
        {"apiVersion": f"{group}/v1", "kind": "ValidatingAdmissionPolicy",
         "metadata": {"name": name}, "spec": {
             "matchConstraints": mine,
             "validations": [{"expression": others, "message": "pods are kept as they are"}]}},
        {"apiVersion": f"{group}/v1", "kind": "ValidatingAdmissionPolicyBinding",
         "metadata": {"name": name}, "spec": {"policyName": name, "validationActions": ["Deny"]}}]
    case.region.apply(made)
    yield
    for obj in made:
        case.api.delete(case.api.path(obj))


def kept(case) -> bool:
    """Whether the API server has come to know the policy."""
    operator = Api(case.region.start_operator().kubeconfig, agent="bailiwick-operator/probe")
    name = case.pods()[0]["metadata"]["name"]
    code, text = operator.raw("PATCH", f"{case.pods_path}/{name}?dryRun=All&fieldValidation=Strict"
                              "&fieldManager=bailiwick-operator",
                              {"metadata": {"annotations": {COST: "-1"}}}, MERGE)
    return code == 422 and "pods are kept as they are" in text


def test_a_policy_that_keeps_pods_as_they_are_buys_an_unlawful_one_no_time(case, pods_are_kept):
    nodes = case.nodes(2)
    case.deploy()
    case.wait_settled()
    here, = case.running()
    eventually(lambda: kept(case), "the policy is in force")
    with case.record() as seen:
        case.leave_class(here)
        case.wait_running(set(nodes) - {here})
        case.wait_settled()
        case.leave_class(*(set(nodes) - {here}))
        eventually(lambda: not case.pods(), "nothing runs where it may not")
    units = [ready for _, ready in ready_units(seen)]
    assert max(units) == 2, "the replacement came first"
