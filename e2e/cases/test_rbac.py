"""The chart's grants, against what the operator does with them."""
import sys

import pytest

from kit import lws, objects, running
from kit.case import CLASSES
from kit.objects import variant
from kit.orders import Order
from kit.wait import eventually
from lib import chart, webhook

sys.path.append(str(chart.CLONE / "tests" / "chart"))
import chart_audit  # noqa: E402
import chart_rbac  # noqa: E402
from kit import audit  # noqa: E402

# Grants that a region's ordinary life does not use, each with the reason why the chart has it.
UNUSED = {
    ("bailiwick.dev", "regions", "get"): "whether what a peer has was deleted here: no peer here",
    ("bailiwick.dev", "modeldeployments", "get"): "a copy that becomes an original",
    ("bailiwick.dev", "modeldeployments", "create"): "a copy of a peer's: no peer here",
    ("bailiwick.dev", "modeldeployments", "patch"): "such a copy; the finalizer while there are peers",
    ("bailiwick.dev", "modeldeployments", "delete"): "such a copy, once its original is deleted",
    ("", "pods", "delete"): "a group of a LeaderWorkerSet that has to move: no controller here",
    ("", "persistentvolumeclaims", "delete"): "cached weights of what has left: no driver here",
    ("", "persistentvolumes", "get"): "the volumes of these",
    ("", "secrets", "patch"): "the webhook's certificate once it is two months old",
}


@pytest.fixture(scope="module")
def home(starter):
    """Its API server cannot stream a list, as older ones: so both list and watch are asked for."""
    one = starter.region("rights", objects.region("rights", CLASSES),
                         extra={"kube-apiserver": ["--feature-gates=WatchList=false"]})
    one.apply(lws.crd())
    chart.wait_served(one.api, lws.NAME)
    one.layout.pick_ports(["webhook"])
    one.apply(webhook.configuration(one, failure_policy="Ignore"))
    one.start_operator(extra_args=[f"--listen-webhook=127.0.0.1:{one.layout.port('webhook')}"])
    return one


@pytest.fixture
def policy(home):
    """Whoever violates it leaves by an order."""
    made = objects.policy("no-amd", {"vendors": {"deny": ["amd"]}}, enforcement="Exit")
    yield lambda: home.apply(made)
    for kind in ("sovereigntypolicies", "exitorders"):
        home.api.delete(f"/apis/bailiwick.dev/v1alpha1/{kind}/no-amd")


def test_every_grant_is_used_or_has_a_reason_and_nothing_is_refused(case, policy):
    case.nodes(3)
    case.nodes(1, "mi300x")
    case.deploy("plain", variants=[variant(), variant("mi300x")])
    case.deploy("groups", variants=[variant(name="pair", nodes=2)])
    case.wait_settled("plain")
    case.wait_condition("Placed", "True", name="groups")
    case.leave_class(next(iter(case.running("plain"))))
    case.wait_settled("plain")
    # The same event again within six minutes is a patch.
    for _ in range(2):
        case.change("plain", replicas=99)
        case.wait_condition("Placed", "False", "NoCapacity", name="plain")
        case.change("plain", replicas=1)
        case.wait_condition("Placed", "True", name="plain")
    case.change("plain", variants=[variant("mi300x", name="other")], rollout={"maxUnavailable": 1})
    case.change("groups", replicas=0)
    case.wait_settled("plain")
    Order(case, "amd", target={"vendors": ["amd"]}, onDeadline="Stop").wait("Blocked")
    policy()
    eventually(lambda: case.api.find("/apis/bailiwick.dev/v1alpha1/exitorders/no-amd"), "an order")
    running.kill(case.region)
    case.region.start_operator()
    case.wait_condition("Compliant", "False", "PolicyDenied", name="plain")
    user = audit.operator_user(case.region)
    wanted = chart_rbac.grants(chart_rbac.OPERATOR)

    def check():
        used, denied = chart_audit.compare(case.region.audit(), user)
        assert not denied, denied
        unused = {(group, resource, verb) for _, group, resource, _, verb in wanted - used}
        assert unused <= set(UNUSED), sorted(unused - set(UNUSED))
        return True
    eventually(check, "every other grant is used")
    used, _ = chart_audit.compare(case.region.audit(), user)
    stale = {key for _, group, resource, _, verb in used
             if (key := (group, resource, verb)) in UNUSED}
    assert not stale - {("", "pods", "delete")}, stale
