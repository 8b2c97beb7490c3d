"""The way out: exit orders from the first record to the last, and what stands in their way."""
import json
import os
import time

import pytest

from kit import evidence, objects, running
from kit.case import CLASSES, Case
from kit.fault_proxy import FaultProxy
from kit.objects import variant
from kit.orders import Order, in_time, of_type
from kit.recorder import never_below
from kit.wait import eventually, holds
from lib import operators
from lib.api import Api
from lib.components import HOLD_DELETION

FINALIZER = "bailiwick.dev/drain-report"
BOTH = [variant("h200"), variant("mi300x")]


@pytest.fixture(scope="module")
def home(starter):
    """A region of its own: an order's selector keeps it to its case, its evidence is for all."""
    region = starter.region("way-out", objects.region("way-out", CLASSES))
    region.start_operator()
    return region


def test_what_has_an_alternative_leaves_without_a_gap_and_the_chain_verifies(case):
    case.nodes(2)
    case.nodes(2, "mi300x")
    case.deploy(replicas=2, variants=BOTH)
    case.wait_settled()
    assert set(case.running().values()) == {"h200"}
    left = case.uids()
    with case.record() as seen:
        order = Order(case, "nvidia")
        records = order.wait_done()
    never_below(seen, 2)
    case.wait_settled()
    assert set(case.running().values()) == {"mi300x"}
    assert [entry["phase"] for entry in order.status()["phases"]][:3] == [
        "Announced", "NoNewPlacement", "Shifting"]
    found, = of_type(records, "Found")
    assert (found["variant"], found["digest"], found["why"]) == (
        "h200", objects.DIGEST, "vendor nvidia")
    assert {pod["uid"] for body in of_type(records, "Pods") for pod in body["pods"]} == left
    assert {body["uid"] for body in of_type(records, "Drained")} == left
    assert all("unknown" in body for body in of_type(records, "Drained")), "kwok reports nothing"
    status = order.status()
    assert status["totals"]["affected"] == 1 and status["totals"]["unknown"] == 1
    assert "drained" not in status["affected"][0]
    assert status["affected"][0]["replacement"] == {
        "region": "way-out", "variant": "mi300x", "replicas": 2}
    last = evidence.chunks(case.api, status["evidence"]["configMap"])[-1]
    assert last["immutable"] and "ownerReferences" not in last["metadata"]
    eventually(lambda: any(head["order"] == order.name and head["records"] == len(records)
                           for head in heads(case)), "its head is published")
    assert case.offer("h200")["reason"] == "ExitInProgress"


def heads(case) -> list:
    path = "/apis/bailiwick.dev/v1alpha1/regions/way-out"
    return case.api.get(path)["status"].get("evidenceHeads", [])


def test_evidence_that_was_changed_stops_the_order(case):
    case.nodes(1)
    case.deploy(variants=[variant("h200")])
    case.wait_settled()
    order = Order(case, "tampered")
    base = order.wait("Blocked")["evidence"]["configMap"]
    path = f"/api/v1/namespaces/{evidence.NAMESPACE}/configmaps/{base}"
    text = case.api.get(path)["data"]["records.jsonl"]
    # Nobody but the operator itself may write there: so it is done in its name.
    forger = Api(operators.credential(case.region, "forger"), agent="bailiwick-operator/forger")
    strictly = "?fieldManager=bailiwick-operator&fieldValidation=Strict"

    def write(records: str) -> None:
        running.kill(case.region)
        forger.merge(path + strictly, {"data": {"records.jsonl": records}})
        case.region.start_operator()
    write(text.replace("the contract ends", "the contract END5", 1))
    eventually(lambda: order.condition("EvidenceSigned")["status"] == "False", "it is seen")
    assert "record 1: does not match its signature" in order.condition("EvidenceSigned")["message"]
    write("".join(text.splitlines(True)[:-1]))
    eventually(lambda: "the others were cut off" in order.condition("EvidenceSigned")["message"],
               "a tail that is cut is seen")
    write(text)
    eventually(lambda: order.condition("EvidenceSigned")["status"] == "True", "it is restored")


def test_what_has_no_alternative_is_blocked_and_says_what_binds(case):
    case.nodes(1)
    case.deploy(variants=[variant("h200")])
    case.deploy("other", variants=BOTH)
    case.nodes(1)
    case.wait_settled()
    case.wait_settled("other")
    case.nodes(1, "mi300x")
    order = Order(case, "nvidia")
    status = order.wait("Blocked")
    blocked, = [row for row in status["affected"] if row["phase"] == "Blocked"]
    assert blocked["name"] == "m" and blocked["reason"] == "NoAlternative"
    assert f"ModelDeployment {case.namespace}/m has no variant" in blocked["message"]
    assert order.condition("Blocked")["status"] == "True"
    assert set(case.running("other").values()) == {"mi300x"}, "the others go on"
    assert set(case.running().values()) == {"h200"}, "it keeps what it has"
    case.change(variants=BOTH)
    case.nodes(1, "mi300x")
    order.wait_done()
    case.wait_settled()


def test_a_full_pool_blocks_and_room_lets_it_go_on(case):
    case.nodes(1)
    case.deploy(variants=BOTH)
    case.wait_settled()
    order = Order(case, "nvidia")
    status = order.wait("Blocked")
    assert status["affected"][0]["reason"] in ("NoMatchingPool", "NoCapacity"), status
    with case.record() as seen:
        case.nodes(1, "mi300x")
        order.wait_done()
    never_below(seen, 1)


def test_stop_ends_what_is_left_at_the_deadline(case):
    case.nodes(1)
    case.deploy(variants=[variant("h200")], exit={"drainTimeout": "5s"})
    case.wait_settled()
    uid, = case.uids()
    with case.record() as seen:
        made = time.monotonic()
        order = Order(case, "nvidia", deadline=in_time(25), onDeadline="Stop")
        order.wait("Blocked")
        records = order.wait_done()
    gone = next(at for at, _, pod in seen.of(uid) if "deletionTimestamp" in pod["metadata"])
    assert gone - made >= 25 - 5 - 1, "not before the deadline less the drain timeout"
    assert of_type(records, "Decided")[-1]["reason"] == "DeadlineReached"
    holds(lambda: none(case), 1.0)


def none(case) -> None:
    assert not case.pods()


def test_nothing_of_it_comes_back_until_the_order_is_lifted(case):
    case.nodes(1)
    order = Order(case, "nvidia")
    order.wait_done()
    case.deploy(variants=[variant("h200")])
    case.wait_condition("Placed", "False", "ExitInProgress", f"exit order {order.name} leaves")
    holds(lambda: none(case), 1.0)
    order.delete()
    case.wait_settled()
    assert evidence.chunks(case.api, f"{order.name}-evidence"), "the evidence stays"


def test_an_order_that_is_deleted_before_its_end_is_recorded_as_lifted(case):
    case.nodes(1)
    case.deploy(variants=[variant("h200")])
    case.wait_settled()
    order = Order(case, "nvidia")
    base = order.wait("Blocked")["evidence"]["configMap"]
    order.delete()
    records = evidence.check(evidence.lines(case.api, base))
    assert [record["type"] for record in records[-2:]] == ["Lifted", "Closed"]
    again = Order(case, "nvidia")
    again.wait("Blocked")
    other = again.status()["evidence"]["configMap"]
    assert other.startswith(base + "-") and again.records()[0]["type"] == "Opened"


def test_a_drill_moves_nothing_and_says_what_could_not_be_left(case):
    case.nodes(1)
    case.deploy(variants=[variant("h200")])
    case.wait_settled()
    uids = case.uids()
    order = Order(case, "drill", drill=True)
    records = order.wait_done()
    assert of_type(records, "Answer") == [{"blocked": 1, "couldLeave": "no", "shares": 1}]
    assert order.status()["phase"] == "Blocked"
    assert order.condition("Complete")["reason"] == "CouldNotLeave"
    case.nodes(1, "mi300x")
    case.change(variants=BOTH)
    case.wait_settled()
    second = Order(case, "drill-2", drill=True)
    assert of_type(second.wait_done(), "Answer")[0]["couldLeave"] == "yes"
    assert case.uids() == uids


def test_what_the_sidecars_report_is_recorded_before_their_pods_go(case):
    case.nodes(1)
    case.nodes(1, "mi300x")
    case.deploy(variants=BOTH, pod={"annotations": {HOLD_DELETION: "yes"}})
    case.wait_settled()
    pod, = case.pods()
    assert pod["metadata"]["finalizers"] == [FINALIZER]
    path = f"{case.pods_path}/{pod['metadata']['name']}"
    order = Order(case, "nvidia")
    eventually(lambda: "deletionTimestamp" in case.api.get(path)["metadata"], "it is to go")
    holds(lambda: case.api.get(path), 1.0)
    report = {"inFlightAtDrain": 20, "completed": 18, "cut": 2}
    statuses = case.api.get(path)["status"]["initContainerStatuses"]
    for one in statuses:
        if one["name"] == "engine-sidecar":
            one["state"] = {"terminated": {"exitCode": 0, "message": json.dumps(report)}}
            one["started"] = False
    case.api.merge(f"{path}/status", {"status": {"initContainerStatuses": statuses}})
    eventually(lambda: FINALIZER not in case.api.get(path)["metadata"].get("finalizers", []),
               "it is let go")
    body, = of_type(order.records(), "Drained")
    assert {key: body[key] for key in report} == report
    case.api.merge(path, {"metadata": {"annotations": {HOLD_DELETION: None}}})
    order.wait_done()
    assert order.status()["affected"][0]["drained"] == report


def test_a_pod_that_is_deleted_without_any_order_is_let_go(case):
    case.nodes(1)
    case.deploy(variants=[variant("h200")])
    case.wait_settled()
    pod, = case.pods()
    case.api.delete(f"{case.pods_path}/{pod['metadata']['name']}")
    eventually(lambda: pod["metadata"]["uid"] not in {
        p["metadata"]["uid"] for p in case.api.items(case.pods_path)}, "it is gone")
    case.wait_settled()


PURGE = {"bailiwick.dev/purge-with-exit": "true"}


def secret(case, name: str, labels: dict) -> str:
    case.api.create({"apiVersion": "v1", "kind": "Secret", "stringData": {"token": "canary-3f9a"},
                     "metadata": {"name": name, "namespace": case.namespace, "labels": labels}})
    return f"{case.core}/secrets/{name}"


def env_of(name: str) -> dict:
    return {"name": name.upper(), "valueFrom": {"secretKeyRef": {"name": name, "key": "token"}}}


def test_labelled_secrets_are_purged_where_a_role_allows_it_and_the_others_are_named(case):
    rbac = "rbac.authorization.k8s.io"
    marked, unmarked = secret(case, "marked", PURGE), secret(case, "unmarked", {})
    case.nodes(1)
    case.deploy(variants=[variant("h200", env=[env_of("marked"), env_of("unmarked")])])
    case.wait_settled()
    without = Order(case, "first", mode="Immediate")
    records = without.wait_done()
    names = {body["object"] for body in of_type(records, "Residual")}
    assert {f"Secret {case.namespace}/marked", f"Secret {case.namespace}/unmarked"} <= names
    assert case.api.find(marked)
    without.delete()
    case.wait_settled()
    case.api.create({"apiVersion": f"{rbac}/v1", "kind": "Role",
                     "metadata": {"name": "purge", "namespace": case.namespace},
                     "rules": [{"apiGroups": [""], "resources": ["secrets"],
                                "verbs": ["list", "delete"]}]})
    case.api.create({"apiVersion": f"{rbac}/v1", "kind": "RoleBinding",
                     "metadata": {"name": "purge", "namespace": case.namespace},
                     "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "purge"},
                     "subjects": [{"kind": "ServiceAccount", "name": "bailiwick",
                                   "namespace": evidence.NAMESPACE}]})
    order = Order(case, "second", mode="Immediate")
    records = order.wait_done()
    assert {"object": f"Secret {case.namespace}/marked"} in of_type(records, "Purged")
    assert not case.api.find(marked) and case.api.find(unmarked)
    assert "canary-3f9a" not in json.dumps(records)


MOMENTS = ("before", "applied", "answered")
WRITES = 16  # of an exit of one replica


def crash_plans():
    for number in range(1, WRITES + 1):
        if os.environ.get("BAILIWICK_EVERY_CRASH_POINT"):
            yield from ((number, moment) for moment in MOMENTS)
        elif number % 3 == 1:
            yield number, MOMENTS[number // 3 % len(MOMENTS)]


@pytest.fixture(scope="module")
def proxy(home):
    one = FaultProxy(home)
    yield one
    one.close()


def test_killed_at_each_write_of_an_exit_it_ends_the_same(home, proxy, request):
    ground = Case(home, "crash")
    request.node.case = ground
    ground.nodes(1)
    ground.nodes(1, "mi300x")
    home.start_operator()
    try:
        met = sum(exit_under_fire(ground, proxy, index, number, moment)
                  for index, (number, moment) in enumerate(crash_plans()))
        assert met >= len(list(crash_plans())) * 3 // 4, "the writes of an exit have become fewer"
    finally:
        proxy.arm(0, "", None)
        running.kill(home)
        home.start_operator()
        ground.close()


def exit_under_fire(ground, proxy, index: int, number: int, moment: str) -> bool:
    """Whether the operator was killed."""
    region, name = ground.region, f"m{index}"
    ground.deploy(name, variants=BOTH)
    ground.wait_settled(name)
    left = ground.uids(name)
    running.kill(region)
    region.start_operator(server=proxy.url)
    with ground.record() as seen:
        proxy.arm(number, moment, lambda: running.kill(region))
        order = Order(ground, f"crash-{index}")
        eventually(lambda: proxy.blown.is_set() or order.status().get("phase") == "Verified",
                   f"write {number} {moment}")
        met = proxy.blown.is_set()
        proxy.arm(0, "", None)
        running.kill(region)
        region.start_operator()
        records = order.wait_done(180.0)
    never_below(seen, 1)
    assert set(ground.running(name).values()) == {"mi300x"}
    assert order.status()["phase"] == "Verified"
    for kind in ("Opened", "Found", "Left", "Closed"):
        assert len(of_type(records, kind)) == 1, (number, moment, kind)
    drained = [body["uid"] for body in of_type(records, "Drained")]
    assert set(drained) == left and len(drained) == len(left), (number, moment)
    ground.api.delete(ground.path(name))
    order.delete()
    eventually(lambda: not ground.pods(name), f"{name} is gone")
    return met
