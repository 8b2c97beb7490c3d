"""SIGKILL before, during and after each write of a change, and replies that are lost: the same end.

BAILIWICK_EVERY_CRASH_POINT=1 tries every write with every moment; otherwise the moments take turns.
"""
import os

import pytest

from kit import objects, running
from kit.case import CLASSES, Case
from kit.fault_proxy import FaultProxy
from kit.objects import variant
from kit.recorder import never_below
from kit.wait import eventually

MOMENTS = ("before", "applied", "answered")
WRITES = 12  # of a first placement: ten objects and two statuses
# Of a change of variant, from the new one's Deployment on: marks, counts, routes, deletions.
REMOVAL = range(5, 13)


@pytest.fixture(scope="module")
def crash(starter):
    return starter.region("crash", objects.region("crash", CLASSES))


@pytest.fixture(scope="module")
def proxy(crash):
    one = FaultProxy(crash)
    yield one
    one.close()


@pytest.fixture
def ground(crash, request):
    one = Case(crash, request.node.name.removeprefix("test_"))
    request.node.case = one
    one.nodes(5)  # a device for each of the 36 points
    yield one
    running.kill(crash)
    one.close()


def plans(writes=range(1, WRITES + 1)):
    for number in writes:
        if os.environ.get("BAILIWICK_EVERY_CRASH_POINT"):
            yield from ((number, moment) for moment in MOMENTS)
        else:
            yield number, MOMENTS[number % len(MOMENTS)]


def expected(name: str) -> set:
    own = {(kind, name) for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy",
                                     "ServiceAccount", "Role", "RoleBinding")}
    return own | {("ConfigMap", f"{name}-routes")} | {
        (kind, f"{name}-h200") for kind in ("Deployment", "Service", "ConfigMap")}


def check_whole(case, name: str, pods: int) -> None:
    uid = case.get(name)["metadata"]["uid"]

    def whole():
        made = {key: obj for key, obj in case.made().items()
                if obj["metadata"]["labels"]["bailiwick.dev/deployment"] == name}
        assert set(made) == expected(name)
        for obj in made.values():
            assert [o["uid"] for o in obj["metadata"]["ownerReferences"]] == [uid]
        assert len(case.pods(name)) == pods
        return True
    eventually(whole, f"{name} is whole")


def test_killed_at_each_write_of_a_placement_it_ends_the_same(ground, proxy):
    met = 0
    for index, (number, moment) in enumerate(plans()):
        name = f"m{index}"
        running.kill(ground.region)
        ground.region.start_operator(server=proxy.url)
        proxy.arm(number, moment, lambda: running.kill(ground.region))
        ground.deploy(name, variants=[variant(per=1)])
        eventually(lambda: proxy.blown.is_set() or settled(ground, name),
                   f"write {number} {moment}")
        met += proxy.blown.is_set()
        proxy.arm(0, "", None)
        running.kill(ground.region)
        ground.region.start_operator()
        ground.wait_settled(name, timeout=120)
        check_whole(ground, name, 1)
    assert met >= len(list(plans())) * 3 // 4, "the writes of a placement have become fewer"


def settled(case, name: str) -> bool:
    try:
        return case.condition("Ready", name)["status"] == "True"
    except AssertionError:
        return False


def test_a_reply_that_is_lost_after_the_write_was_applied_is_no_reason_to_do_it_twice(ground, proxy):
    running.kill(ground.region)
    ground.region.start_operator(server=proxy.url)
    for number in range(1, WRITES + 1, 2):
        name = f"m{number}"
        proxy.arm(number, "applied", lambda: None)
        ground.deploy(name, variants=[variant(per=1)])
        ground.wait_settled(name, timeout=120)
        proxy.arm(0, "", None)
        check_whole(ground, name, 1)


# What a write may be answered with. What is refused for good is tried again slowly, the rest at once.
REFUSALS = [(409, "Conflict"), (422, "Invalid"), (429, "TooManyRequests"), (500, "InternalError"),
            (503, "ServiceUnavailable"), (504, "Timeout")]


def test_whatever_its_writes_are_answered_with_it_ends_the_same(ground, proxy):
    running.kill(ground.region)
    operator = ground.region.start_operator(server=proxy.url)
    pid = operator.process.pid
    for code, reason in REFUSALS:
        name = f"m{code}"
        proxy.refuse(code, reason, 3)
        ground.deploy(name, variants=[variant(per=1)])
        eventually(lambda: not proxy.refusals_left, f"three writes are answered {code}")
        ground.wait_settled(name, timeout=120)
        check_whole(ground, name, 1)
    assert operator.process.pid == pid


def test_killed_at_each_write_of_a_removal_it_ends_the_same(ground, proxy):
    """One variant takes another's place, with fewer replicas: pods are marked, workloads lowered, and
    what was made for the old variant is deleted."""
    ground.nodes(2, "mi300x")
    here, there = [variant(per=1)], [variant("mi300x", per=1)]
    running.kill(ground.region)
    ground.region.start_operator()
    ground.deploy("m", replicas=2, variants=here)
    ground.wait_settled("m")
    met = 0
    with ground.record() as seen:
        for index, (number, moment) in enumerate(plans(REMOVAL)):
            running.kill(ground.region)
            ground.region.start_operator(server=proxy.url)
            proxy.arm(number, moment, lambda: running.kill(ground.region))
            wanted = (there, here)[index % 2]
            ground.change("m", variants=wanted, replicas=2 - index % 2)
            eventually(lambda: proxy.blown.is_set() or removed(ground, wanted), f"write {number} {moment}")
            met += proxy.blown.is_set()
            proxy.arm(0, "", None)
            running.kill(ground.region)
            ground.region.start_operator()
            eventually(lambda: removed(ground, wanted), f"only {wanted[0]['name']} is left")
            ground.wait_settled("m", timeout=120)
    never_below(seen, 1)
    assert met >= len(list(plans(REMOVAL))) * 3 // 4, "the writes of a removal have become fewer"


def removed(case, wanted: list) -> bool:
    """Whether what is made for variants is made for the wanted one alone."""
    names = {name for kind, name in case.made() if kind in ("Deployment", "Service", "ConfigMap")}
    return names == {"m", "m-routes", f"m-{wanted[0]['name']}"}


def test_killed_at_each_write_of_a_move_capacity_never_falls(ground, proxy):
    running.kill(ground.region)
    ground.region.start_operator()
    ground.deploy("m", replicas=1, variants=[variant(per=8)])
    ground.wait_settled("m")
    for index, moment in enumerate(MOMENTS * 2):
        with ground.record() as seen:
            running.kill(ground.region)
            ground.region.start_operator(server=proxy.url)
            proxy.arm(index + 1, moment, lambda: running.kill(ground.region))
            left, = ground.running("m")
            ground.leave_class(left)
            eventually(lambda: proxy.blown.is_set() or left not in ground.running("m"),
                       f"write {index + 1} {moment}")
            proxy.arm(0, "", None)
            running.kill(ground.region)
            ground.region.start_operator()
            eventually(lambda: left not in ground.running("m"), f"{left} is left")
            ground.wait_settled("m", timeout=120)
            ground.enter_class(left)
        never_below(seen, 1)
        check_whole(ground, "m", 1)
