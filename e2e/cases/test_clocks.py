"""Operators whose clocks are wrong by an hour, or run at twice the rate: one leads, only the leader
writes, and no deadline is an hour off."""
import time
from datetime import datetime, timedelta, timezone

import pytest

from kit import audit, objects, running
from kit.case import CLASSES, Case
from kit.clock import clock, environment
from kit.wait import eventually, holds
from lib.layout import Layout


@pytest.fixture(scope="module")
def skewed(starter):
    # Certificates of yesterday, so that a clock that is an hour slow takes them for valid.
    with environment(clock("-1d")):
        Layout("skewed", starter.folder / "skewed").issue()
    return starter.region("skewed", objects.region("skewed", CLASSES))


@pytest.fixture
def case(skewed, request):
    one = Case(skewed, request.node.name.removeprefix("test_"))
    request.node.case = one
    yield one
    for name in ("operator", "operator-b"):
        skewed.stop_operator(instance=name)
    one.close()


def writers(case, mark: int) -> set:
    return {audit.credential(event) for event in audit.mutations(case.region, mark)}


def of(case, operator) -> str:
    return audit.credential_of(case.region, operator)


def unlawful_since(case) -> list:
    return [pod["metadata"].get("annotations", {}).get("bailiwick.dev/unlawful-since")
            for pod in case.pods()]


def test_of_two_operators_with_wrong_clocks_one_leads_and_keeps_its_deadlines(case):
    region = case.region
    slow = region.start_operator(env=clock("-1h"))
    running.wait_leading(slow)
    fast = region.start_operator(instance="operator-b", env=clock("+1h x2"))
    node, = case.nodes(1)
    case.deploy(exit={"drainTimeout": "20s"})
    case.wait_settled()
    holds(lambda: _only(slow, fast), 3.0)
    assert writers(case, case.mark) == {of(case, slow)}

    mark = region.audit_mark()
    running.kill(region, slow.process.name)
    running.wait_leading(fast)
    began = time.monotonic()
    case.leave_class(node)
    eventually(lambda: all(unlawful_since(case)), "the breach is dated")
    eventually(lambda: not case.pods(), "what may not run there is stopped")
    took = time.monotonic() - began
    assert took > 8, f"its 20 s, at twice the rate, were {took:.1f} s"
    assert writers(case, mark) == {of(case, fast)}


def _only(leader, other) -> None:
    assert running.leads(leader) and not running.leads(other)


def test_a_clock_that_is_an_hour_fast_dates_and_judges_by_the_api_server(case):
    region = case.region
    fast = region.start_operator(env=clock("+1h"))
    running.wait_leading(fast)
    node, = case.nodes(1)
    case.deploy(exit={"drainTimeout": "12s"})
    case.wait_settled()
    case.leave_class(node)
    written, = eventually(lambda: all(unlawful_since(case)) and unlawful_since(case),
                          "the breach is dated")
    running.kill(region)
    assert case.pods(), "its time is not over yet"
    ahead = datetime.fromisoformat(written) - datetime.now(timezone.utc)
    assert abs(ahead) < timedelta(minutes=2), f"{written} is not of the API server's clock"
    running.wait_leading(region.start_operator(instance="operator-b", env=clock("-1h")))
    eventually(lambda: not case.pods(), "what may not run there is stopped", 60)
