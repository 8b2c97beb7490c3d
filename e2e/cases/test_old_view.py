"""An operator that is started onto an old view of the cluster changes nothing by it."""
import time

import pytest

from kit import audit, objects, running
from kit.case import CLASSES, Case
from kit.fault_proxy import FaultProxy
from kit.objects import variant
from kit.recorder import never_below
from kit.wait import eventually


@pytest.fixture(scope="module")
def past(starter):
    return starter.region("past", objects.region("past", CLASSES))


@pytest.fixture(scope="module")
def proxy(past):
    one = FaultProxy(past)
    yield one
    one.close()


@pytest.fixture
def ground(past, proxy, request):
    one = Case(past, request.node.name.removeprefix("test_"))
    request.node.case = one
    past.start_operator()
    yield one
    proxy.show_present()
    running.kill(past)
    one.close()


def version(case) -> str:
    return case.api.get("/api/v1/pods?limit=1")["metadata"]["resourceVersion"]


def start_in(region, proxy, old: str):
    """An operator for which nothing has happened since that version."""
    running.kill(region)
    proxy.show(old)
    operator = region.start_operator(server=proxy.url)
    running.wait_leading(operator)
    return operator


def accepted(case, mark: int) -> list:
    """Writes of what an old view would have wrong. What is as it was then may be applied again, and
    a pod that is on its way out may still be let go by the operator before: uid and version say so."""
    return [audit.describe(event) for event in audit.mutations(case.region, mark, case.namespace)
            if event.get("responseStatus", {}).get("code", 0) < 300
            and not audit.of_finalizers(event)
            and (event["verb"] == "delete" or audit.resource(event).partition("/")[0] in
                 ("deployments", "modeldeployments", "pods"))]


def test_nothing_is_scaled_down_or_deleted_by_an_old_view(ground, past, proxy):
    case = ground
    case.nodes(3)
    case.nodes(1, "mi300x")
    case.deploy(replicas=1)
    case.deploy("other", variants=[variant("mi300x")])
    case.wait_settled()
    case.wait_settled("other")
    old = version(case)
    case.change(replicas=3)
    case.wait_settled()
    case.api.delete(case.path("other"))
    case.deploy("late")
    eventually(lambda: not case.pods("other"), "the other one is gone")
    mark = case.region.audit_mark()
    with case.record() as seen:
        start_in(past, proxy, old)
        eventually(lambda: any(event.get("responseStatus", {}).get("code") == 409
                               for event in audit.mutations(past, mark, case.namespace)),
                   "it tried, and was refused")
        time.sleep(5.0)
        assert len(case.pods("m")) == 3
        assert not accepted(case, mark)
        proxy.show_present()
        case.wait_settled()
    never_below(seen, 3)
    assert not case.pods("other")
