"""Two operators, one leader."""
import signal

import pytest

from kit import audit, objects, running
from kit.case import CLASSES, Case
from kit.fault_proxy import FaultProxy
from kit.objects import variant
from kit.recorder import never_below
from kit.wait import eventually

NAMES = ("operator", "operator-b")


@pytest.fixture(scope="module")
def pair(starter):
    return starter.region("pair", objects.region("pair", CLASSES))


@pytest.fixture
def two(pair, request):
    """(case, leader, other): operators of which the first leads."""
    found = {name: pair.start_operator(instance=name) for name in NAMES}
    one = Case(pair, request.node.name.removeprefix("test_"))
    request.node.case = one
    leader = eventually(lambda: [o for o in found.values() if running.leads(o)], "one leads")[0]
    other, = [o for o in found.values() if o is not leader]
    yield one, leader, other
    for name in NAMES:
        pair.process(name).send(signal.SIGCONT)
    one.close()


def test_the_other_takes_over_when_the_leader_is_killed(two):
    case, leader, other = two
    case.nodes(2)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    running.kill(case.region, leader.process.name, keep_lease=True)
    case.change(replicas=2)
    case.wait_settled()
    running.wait_leading(other)
    assert uids < case.uids()


def test_a_leader_that_ends_in_order_gives_the_lease_up_at_once(two):
    case, leader, other = two
    pid = leader.process.pid
    case.region.stop_operator(signal.SIGTERM, leader.process.name)
    assert pid
    held = case.api.get(running.LEASE)["spec"]["leaseTransitions"]
    # Without the release it would take the lease's duration of 15 s and more.
    running.wait_leading(other, 60)
    now = case.api.get(running.LEASE)["spec"]
    assert now["holderIdentity"] and now["leaseTransitions"] == held + 1


def test_a_leader_that_slept_past_its_lease_writes_nothing_when_it_wakes(two):
    case, leader, other = two
    case.nodes(2)
    case.deploy()
    case.wait_settled()
    leader.process.send(signal.SIGSTOP)
    case.change(replicas=2, variants=[variant(image="registry.example/vllm:2")],
                rollout={"maxUnavailable": 1})
    running.wait_leading(other, 180)
    case.wait_settled()
    case.deploy("later", replicas=0)
    case.wait_condition("Ready", "True", name="later")
    mark = case.region.audit_mark()
    leader.process.send(signal.SIGCONT)
    eventually(lambda: not leader.process.pid, "the old leader ends")
    case.wait_settled()
    written = [event for event in audit.mutations(case.region, mark)
               if audit.credential(event) == audit.credential_of(case.region, leader)]
    assert not written, [audit.describe(event) for event in written]
    assert "leadership" in leader.process.tail(40)


def test_only_the_leader_writes(two):
    case, leader, other = two
    mark = case.region.audit_mark()
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    writers = {audit.credential(event) for event in audit.mutations(case.region, mark)}
    assert writers == {audit.credential_of(case.region, leader)}
    assert not running.leads(other)


@pytest.fixture
def behind_a_proxy(pair, request):
    """(case, proxy, leader, other): all that the leader asks passes the proxy."""
    for name in NAMES:
        pair.stop_operator(instance=name)
    proxy = FaultProxy(pair)
    leader = pair.start_operator(instance=NAMES[0], server=proxy.url)
    running.wait_leading(leader)
    other = pair.start_operator(instance=NAMES[1])
    one = Case(pair, request.node.name.removeprefix("test_"))
    request.node.case = one
    yield one, proxy, leader, other
    leader.process.send(signal.SIGCONT)
    pair.stop_operator(instance=NAMES[0])
    proxy.close()
    one.close()


def test_a_leader_that_is_stopped_in_the_middle_of_a_write_changes_nothing_later(behind_a_proxy):
    case, proxy, leader, other = behind_a_proxy
    case.nodes(3)
    case.deploy()
    case.wait_settled()
    with case.record() as seen:
        proxy.arm(1, "held", lambda: leader.process.send(signal.SIGSTOP))
        case.change(variants=[variant(image="registry.example/vllm:2")])
        eventually(proxy.blown.is_set, "the leader is stopped while its write is under way")
        running.wait_leading(other)
        case.change(variants=[variant(image="registry.example/vllm:3")])
        case.wait_settled()
        before = versions(case)
        proxy.release()
        leader.process.send(signal.SIGCONT)
        eventually(lambda: not leader.process.pid, "the old leader ends")
        case.wait_settled()
    assert b" 409 " in proxy.late_answer.split(b"\r\n")[0], proxy.late_answer[:300]
    assert versions(case) == before
    never_below(seen, 1)


def versions(case) -> dict:
    return {key: obj["metadata"]["resourceVersion"] for key, obj in case.made().items()
            if key[0] != "Deployment"} | {key: obj["metadata"]["generation"]
                                          for key, obj in case.made().items()
                                          if key[0] == "Deployment"}
