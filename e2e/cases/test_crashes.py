"""The operator and the API server die at the worst moment."""
import random
import time
from datetime import datetime, timezone

from kit import audit, running
from kit.objects import variant
from kit.recorder import never_below
from kit.wait import eventually


def versions(case) -> dict:
    return {key: (obj["metadata"]["uid"], obj["metadata"]["resourceVersion"])
            for key, obj in case.made().items()}


def test_while_the_operator_is_down_a_replacement_lands_lawfully(case):
    one, two, spare = case.nodes(3)
    case.deploy(replicas=2)
    case.wait_settled()
    used = set(case.running())
    free, = {one, two, spare} - used
    leaver, keeper = sorted(used)
    running.kill(case.region)
    case.leave_class(leaver)
    pod = next(p for p in case.pods() if p["spec"]["nodeName"] == leaver)
    case.delete_pod(pod["metadata"]["name"])
    case.wait_running({keeper, free})
    case.region.start_operator()
    case.wait_settled()
    assert set(case.running()) == {keeper, free}


def test_while_the_operator_is_down_a_replacement_without_a_lawful_place_waits(case):
    nodes = set(case.nodes(2))
    case.deploy()
    case.wait_settled()
    running.kill(case.region)
    for node in nodes:
        case.leave_class(node)
    pod, = case.pods()
    case.delete_pod(pod["metadata"]["name"])

    def pending():
        reasons = [c["reason"] for waiting in case.pods()
                   for c in waiting.get("status", {}).get("conditions", [])
                   if c["type"] == "PodScheduled" and c["status"] == "False"]
        return reasons == ["Unschedulable"]
    eventually(pending, "the scheduler refuses the nodes")
    for node in nodes:
        case.enter_class(node)
    # kwok leaves a pod that waits for its report where it was; a kubelet would have freed the node.
    case.wait_running(nodes - {pod["spec"]["nodeName"]})
    case.region.start_operator()
    case.wait_settled()


def test_a_restart_changes_nothing_that_need_not_change(case):
    case.nodes(2)
    case.nodes(2, "mi300x")
    case.deploy("a", replicas=2)
    case.deploy("b", variants=[variant("mi300x")])
    for name in ("a", "b"):
        case.wait_settled(name)
    eventually(lambda: not audit_moves(case), "all is quiet")
    before = versions(case)
    status = {name: case.get(name)["metadata"]["resourceVersion"] for name in ("a", "b")}
    uids = case.uids("a") | case.uids("b")
    mark = case.region.audit_mark()
    running.kill(case.region)
    operator = case.region.start_operator()
    running.wait_leading(operator)
    eventually(lambda: applied_once(case, mark, {"a", "b"}), "each object was applied once")
    eventually(lambda: not audit_moves(case), "all is quiet again")
    assert versions(case) == before
    assert uids == case.uids("a") | case.uids("b")
    assert status == {name: case.get(name)["metadata"]["resourceVersion"] for name in ("a", "b")}


def audit_moves(case) -> bool:
    """Whether the operator wrote something in this namespace within two seconds."""
    mark = case.region.audit_mark()
    time.sleep(2.0)
    return bool(audit.mutations(case.region, mark, case.namespace))


def test_killed_at_random_moments_of_a_change_it_ends_where_it_would_have(case):
    seed = random.randrange(10 ** 6)
    chance = random.Random(seed)
    print("seed", seed)
    case.nodes(3)
    case.nodes(3, "mi300x")
    case.deploy(replicas=2, variants=[variant(), variant("mi300x")])
    case.wait_settled()
    specs = [
        {"variants": [variant("mi300x")]},
        {"variants": [variant(), variant("mi300x")], "replicas": 3},
        {"variants": [variant(image="registry.example/vllm:2")], "replicas": 2},
        {"variants": [variant(name="renamed"), variant("mi300x")]},
        {"variants": [variant("mi300x", args=("--max-num-seqs=8",)), variant()], "replicas": 2},
    ]
    with case.record() as seen:
        for number in range(12):
            mark = case.region.audit_mark()
            case.change(**specs[number % len(specs)])
            eventually(lambda: audit.mutations(case.region, mark, case.namespace),
                       "the operator has begun", every=0.02)
            time.sleep(chance.uniform(0.0, 0.8))
            running.kill(case.region)
            case.region.start_operator(wait=False)
        last = {"variants": [variant(image="registry.example/vllm:last")], "replicas": 2}
        case.change(**last)
        case.region.start_operator()
        mark, ended = case.region.audit_mark(), datetime.now(timezone.utc)
        case.wait_settled(timeout=240)
        eventually(lambda: [p["spec"]["containers"][0]["image"] for p in case.pods()]
                   == ["registry.example/vllm:last"] * 2, "two pods of the last spec")
    never_below(seen, 2)
    uid = case.get()["metadata"]["uid"]

    def clean():
        found = case.made()
        assert set(found) == {
            ("Deployment", "m-h200"), ("Service", "m"), ("Service", "m-h200"),
            ("ConfigMap", "m-h200"), ("ConfigMap", "m-routes"), ("PodDisruptionBudget", "m"),
            ("NetworkPolicy", "m"), ("ServiceAccount", "m"), ("Role", "m"), ("RoleBinding", "m")}
        owners = {o["uid"] for obj in found.values() for o in obj["metadata"]["ownerReferences"]}
        assert owners == {uid}, owners
        return True
    eventually(clean, "no duplicates and no orphans are left")
    eventually(lambda: not audit_moves(case), "all is quiet")
    writes = audit.mutations(case.region, mark, case.namespace)
    settled = max(datetime.fromisoformat(event["stageTimestamp"]) for event in writes)
    print(f"stable {(settled - ended).total_seconds():.1f} s after the last fault")
    before, uids = versions(case), case.uids()
    for _ in range(3):  # each start lists everything anew, and looks at everything once
        mark = case.region.audit_mark()
        running.kill(case.region)
        running.wait_leading(case.region.start_operator())
        eventually(lambda: applied_once(case, mark, {"m"}), "each object was applied once")
    eventually(lambda: not audit_moves(case), "all is quiet again")
    assert versions(case) == before and case.uids() == uids


def applied_once(case, mark: int, names: set) -> bool:
    """Whether a new operator has come to these deployments: their PodDisruptionBudgets tell."""
    return {event["objectRef"]["name"] for event in
            audit.mutations(case.region, mark, case.namespace)
            if audit.resource(event) == "poddisruptionbudgets"} == names


def test_the_api_server_dies_in_the_middle_of_a_change_and_comes_back(case):
    case.nodes(3)
    case.nodes(2, "mi300x")
    case.deploy(replicas=2)
    case.wait_settled()
    with case.record() as seen:
        case.change(variants=[variant("mi300x")])
        time.sleep(0.3)
        case.region.restart("kube-apiserver")
        # Where it took too long the operator has ended, as it must; a kubelet starts it again.
        case.region.start_operator()
        case.wait_settled(timeout=240)
        eventually(lambda: set(case.running().values()) == {"mi300x"} and len(case.pods()) == 2,
                   "the change is made", timeout=180)
    never_below(seen, 2)


def test_changes_that_are_missed_while_it_is_down_are_found(case):
    nodes = case.nodes(2)
    case.nodes(1, "mi300x")
    case.deploy("kept", variants=[variant("mi300x")])
    case.deploy("deleted")
    case.deploy("changed")
    for name in ("kept", "deleted", "changed"):
        case.wait_settled(name)
    running.kill(case.region)
    case.api.delete(case.path("deleted"))
    case.change("changed", variants=[variant(image="registry.example/vllm:2")],
                rollout={"maxUnavailable": 1})
    case.deploy("new")
    case.region.start_operator()
    for name in ("kept", "changed", "new"):
        case.wait_settled(name, timeout=180)
    eventually(lambda: not case.pods("deleted"), "the deleted one's pods are gone")
    assert {p["spec"]["containers"][0]["image"] for p in case.pods("changed")} == {
        "registry.example/vllm:2"}
    assert len(nodes) == 2
