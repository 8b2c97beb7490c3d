"""The admission webhook: what it says at `kubectl apply`, and that the law does without it."""
import base64
import json
import socket
import ssl

import pytest
import yaml

from kit import objects, running
from kit.case import CLASSES
from kit.clock import clock, environment
from kit.objects import variant
from kit.wait import eventually
from lib import chart, webhook
from lib.api import ApiError

POLICIES = "/apis/bailiwick.dev/v1alpha1/sovereigntypolicies"


@pytest.fixture(scope="module")
def home(starter):
    one = starter.region("door", objects.region("door", CLASSES))
    one.start_operator(extra_args=webhook.arguments(one))
    webhook.register(one)
    probe = objects.region("nowhere", [], provider="aws", location="us-east-1", jurisdiction="DE")
    eventually(lambda: "jurisdiction" in refusal(one, probe), "the webhook in force")
    return one


@pytest.fixture
def case(home, request):
    """As the others', with the webhook's arguments."""
    from kit.case import Case
    home.start_operator(extra_args=webhook.arguments(home))
    one = Case(home, request.node.name.removeprefix("test_"))
    yield one
    one.close()


@pytest.fixture
def rule(case):
    made = []

    def make(rules: dict, enforcement: str = "Deny") -> str:
        name = f"{case.cls}-{len(made)}"
        case.region.apply(objects.policy(name, rules, enforcement,
                                         selector={"namespaces": [case.namespace]}))
        made.append(name)
        eventually(lambda: case.api.get(f"{POLICIES}/{name}")["status"]["conditions"], "its force")
        return name
    yield make
    for name in made:
        case.api.delete(f"{POLICIES}/{name}")


def refusal(region, obj) -> str:
    """What the API server says against it, by a dry run; "" when nothing."""
    done = apply(region, obj, "--dry-run=server")
    return done.stderr if done.returncode else ""


def apply(region, obj, *flags):
    return region.run_kubectl("apply", *flags, "-f", "-", stdin=yaml.safe_dump(obj))


def test_kubectl_apply_is_refused_in_the_words_of_the_conditions(case, rule):
    name = rule({"origins": {"deny": ["DE"]}})
    done = apply(case.region, objects.deployment("m", case.namespace, classes=(case.cls,)))
    assert done.returncode == 1
    assert "denied the request" in done.stderr
    assert f"policy {name} denies origin DE of passport example" in done.stderr
    assert case.api.find(case.path()) is None


def test_kubectl_apply_shows_warnings(case, rule):
    name = rule({"vendors": {"deny": ["nvidia"]}}, "Warn")
    done = apply(case.region, objects.deployment("m", case.namespace, classes=(case.cls,), variants=[
        variant(), variant(name="later", passport="not-yet")]))
    assert done.returncode == 0, done.stderr
    assert f"Warning: policy {name} denies vendor nvidia of variant h200" in done.stderr
    assert "Warning: passport not-yet of variant later does not exist" in done.stderr


def test_what_was_there_before_the_policy_can_still_be_changed(case, rule):
    made = objects.deployment("m", case.namespace, classes=(case.cls,))
    assert apply(case.region, made).returncode == 0
    name = rule({"origins": {"deny": ["DE"]}})
    case.wait_condition("Compliant", "False", "PolicyDenied")
    made["spec"]["replicas"] = 0
    done = apply(case.region, made)
    assert done.returncode == 0, done.stderr
    assert f"Warning: policy {name} denies origin DE" in done.stderr


def test_a_dry_run_changes_nothing(case, rule):
    rule({"vendors": {"deny": ["nvidia"]}}, "Warn")
    before = case.region.audit_mark()
    assert refusal(case.region, objects.deployment("m", case.namespace)) == ""
    assert case.api.find(case.path()) is None
    assert not [event for event in case.region.audit(before)
                if event["user"]["username"].endswith(":bailiwick")
                and event["verb"] in ("create", "delete")]


def test_a_policy_that_contradicts_itself_or_is_misspelt_is_told_at_once(case):
    bad = objects.policy("bad", {"origins": {"deny": ["EUU"]}})
    assert "EUU is neither an ISO 3166-1 country nor a bloc" in refusal(case.region, bad)
    odd = objects.policy("odd", {"vendors": {"deny": ["nvidea"]}})
    done = apply(case.region, odd, "--dry-run=server")
    assert done.returncode == 0
    assert "Warning: spec.rules.vendors.deny names nvidea" in done.stderr


def test_without_the_webhook_the_law_holds_and_nothing_is_stuck(case, rule):
    """Down, with failurePolicy Ignore: stored, and not placed. With Fail: refused, and what is there
    can be finished, changed in its metadata and deleted."""
    case.nodes(1)
    old = objects.deployment("old", case.namespace, classes=(case.cls,))
    assert apply(case.region, old).returncode == 0
    name = rule({"origins": {"deny": ["DE"]}})
    dead = free_port()
    webhook.register(case.region, port=dead)
    try:
        made = objects.deployment("m", case.namespace, classes=(case.cls,))
        eventually(lambda: "failed calling webhook" in refusal(case.region, made), "Fail")
        path = case.path("old")
        case.api.merge(path, {"metadata": {"finalizers": ["example.com/mine"]}})
        case.api.delete(path)
        case.api.merge(path, {"metadata": {"finalizers": None}})
        eventually(lambda: case.api.find(path) is None, "it is gone")
        webhook.register(case.region, failure_policy="Ignore", port=dead)
        eventually(lambda: refusal(case.region, made) == "", "Ignore")
        assert apply(case.region, made).returncode == 0
        case.wait_condition("Placed", "False", "PolicyDenied", f"policy {name} denies origin DE")
        assert case.pods() == []
    finally:
        webhook.register(case.region)
        eventually(lambda: "failed calling" not in refusal(
            case.region, objects.deployment("x", case.namespace)), "the webhook again")


def test_a_webhook_that_never_answers_holds_nothing_up_for_ever(case, rule):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        configuration = webhook.configuration(case.region, "Ignore", mute.getsockname()[1])
        for one in configuration["webhooks"]:
            one["timeoutSeconds"] = 1
        case.region.apply(configuration)
        try:
            made = objects.deployment("m", case.namespace, classes=(case.cls,))
            eventually(lambda: apply(case.region, made).returncode == 0, "stored all the same", 30)
        finally:
            webhook.register(case.region)


def test_the_certificate_is_replaced_without_a_restart(case):
    def served() -> str:
        address = ("127.0.0.1", case.region.layout.port("webhook"))
        return ssl.get_server_certificate(address)
    before, pid = served(), case.region.process("operator").pid
    webhook.identity(case.region, "webhook-next")
    eventually(lambda: served() != before, "the new certificate")
    assert case.region.process("operator").pid == pid
    assert "jurisdiction" in refusal(case.region, objects.region(
        "nowhere", [], provider="aws", location="us-east-1", jurisdiction="DE"))


def test_an_expired_certificate_is_refused_until_there_is_another(home, case):
    region = case.region
    made = objects.deployment("m", case.namespace, classes=(case.cls,))
    with environment(clock("-1000d")):
        webhook.identity(region, "webhook-expired")
    # The API server keeps its connections: a new operator has none of them.
    running.kill(region)
    home.start_operator(extra_args=webhook.arguments(home, name="webhook-expired"))
    eventually(lambda: "certificate has expired" in refusal(region, made), "Fail")
    webhook.identity(region, "webhook-renewed")
    eventually(lambda: refusal(region, made) == "", "the new certificate, without a restart")


def test_without_files_the_operator_makes_its_certificate_and_makes_it_known(starter):
    """Its name is the Service's, so it is asked here as a Service would be."""
    one = starter.region("selfmade", objects.region("selfmade", CLASSES))
    one.layout.pick_ports(["webhook"])
    made = webhook.configuration(one, "Ignore")
    for entry in made["webhooks"]:
        del entry["clientConfig"]["caBundle"]
    one.apply(made)
    one.start_operator(extra_args=[f"--listen-webhook=127.0.0.1:{one.layout.port('webhook')}"])
    path = f"/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/{made['metadata']['name']}"

    def bundles():
        return {entry["clientConfig"].get("caBundle") for entry in one.api.get(path)["webhooks"]}
    eventually(lambda: None not in bundles() and len(bundles()) == 1, "the caBundle")
    bundle, = bundles()

    def handshake():
        context = ssl.create_default_context(cadata=base64.b64decode(bundle).decode())
        with socket.create_connection(("127.0.0.1", one.layout.port("webhook"))) as raw:
            with context.wrap_socket(raw, server_hostname=f"bailiwick-webhook.{chart.NAMESPACE}.svc"):
                return True
    eventually(handshake, "a handshake that the bundle vouches for")
    secret = one.api.get(f"/api/v1/namespaces/{chart.NAMESPACE}/secrets/bailiwick-webhook")
    assert secret["type"] == "kubernetes.io/tls"
    # Another process serves the same one.
    one.stop_operator()
    one.start_operator(extra_args=[f"--listen-webhook=127.0.0.1:{one.layout.port('webhook')}"])
    eventually(handshake, "the same certificate after a restart")
    assert bundles() == {bundle}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]
