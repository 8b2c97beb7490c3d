"""A passport's use and validity: what its status says, and that it stays while it is used."""
import re
import time
from datetime import datetime, timedelta, timezone

import pytest

from kit import audit, objects
from kit.case import CLASSES
from kit.objects import variant
from kit.wait import eventually, holds
from lib.api import ApiError

FINALIZER = "bailiwick.dev/in-use"
PATH = "/apis/bailiwick.dev/v1alpha1/modelpassports/"


@pytest.fixture(scope="module")
def home(starter):
    """Of its own: no other case writes passports here."""
    one = starter.region("registry", objects.region("registry", CLASSES))
    one.start_operator()
    return one


@pytest.fixture
def issue(case):
    """issue(name, **spec) makes a passport, which goes with the case."""
    names = []

    def make(name: str, **spec) -> dict:
        names.append(name)
        return case.api.create(objects.passport(name, **spec))
    yield make
    for name in names:
        try:
            case.api.delete(PATH + name)
        except ApiError as error:
            if error.code != 404:
                raise


def evidence(seconds: float, kind: str = "RedTeam") -> dict:
    """Passed yesterday, expires so many seconds from now."""
    now = datetime.now(timezone.utc)
    return {"type": kind, "result": "Pass", "issuedAt": written(now - timedelta(days=1)),
            "expiresAt": written(now + timedelta(seconds=seconds))}


def written(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def finalizers(case, name: str) -> list:
    return case.api.get(PATH + name)["metadata"].get("finalizers", [])


def wait_valid(case, name: str, status: str, reason: str, message: str = "") -> dict:
    def check():
        obj = case.api.get(PATH + name)
        entry = obj["status"]["conditions"][0]
        assert entry["type"] == "Valid"
        assert (entry["status"], entry["reason"]) == (status, reason), entry
        assert message in entry["message"], entry
        assert entry["observedGeneration"] == obj["metadata"]["generation"], entry
        return obj
    return eventually(check, f"passport {name}: Valid {status} {reason} {message!r}")


def wait_use(case, name: str, count: int) -> dict:
    def check():
        obj = case.api.get(PATH + name)
        assert obj["status"]["usedBy"] == count, obj.get("status")
        assert (FINALIZER in obj["metadata"].get("finalizers", [])) == (count > 0), obj["metadata"]
        return obj
    return eventually(check, f"passport {name} is used by {count}")


def patches(case, name: str, mark: int) -> list:
    """What the operator wrote of the passport since then."""
    return [event for event in audit.mutations(case.region, mark)
            if audit.resource(event).startswith("modelpassports")
            and event["objectRef"]["name"] == name]


def row(case, name: str) -> dict:
    """Columns of `kubectl get passport NAME -o wide`."""
    head, line = case.region.kubectl("get", "passport", name, "-o", "wide").splitlines()
    return dict(zip(re.split(r" {2,}", head), re.split(r" {2,}", line)))


def test_a_used_passport_that_is_deleted_stays_until_its_last_use_is_gone(case, issue):
    case.nodes(2)
    issue("held")
    case.deploy("first", variants=[variant(passport="held")])
    case.wait_settled("first")
    wait_use(case, "held", 1)
    uids = case.uids("first")
    case.region.kubectl("delete", "passport", "held", "--wait=false")
    use = f"it is being deleted and stays, because ModelDeployments use it ({case.namespace}/first)"
    obj = wait_valid(case, "held", "True", "InUse", use)
    assert obj["metadata"]["deletionTimestamp"]

    case.deploy("second", variants=[variant(passport="held")])
    case.wait_condition("Placed", "False", "PassportMissing",
                        "passport held of variant h200 is being deleted", name="second")
    wait_valid(case, "held", "True", "InUse", f"{case.namespace}/second")
    wait_use(case, "held", 2)
    case.wait_condition("Stalled", "True", "PassportMissing", "what runs stays", name="first")
    holds(lambda: same(case, uids), 3.0)
    assert not case.pods("second")

    case.api.delete(case.path("second"))
    wait_use(case, "held", 1)
    case.api.delete(case.path("first"))
    eventually(lambda: case.api.find(PATH + "held") is None, "the passport is gone")

    issue("held")
    case.deploy("third", variants=[variant(passport="held")])
    case.wait_settled("third")
    wait_use(case, "held", 1)


def same(case, uids: set) -> None:
    assert case.uids("first") == uids


def test_an_unused_passport_is_deleted_at_once(case, issue):
    issue("idle")
    wait_valid(case, "idle", "True", "Valid")
    assert FINALIZER not in finalizers(case, "idle")
    case.api.delete(PATH + "idle")
    assert case.api.find(PATH + "idle") is None


def test_use_follows_the_variants_and_their_lineage(case, issue):
    issue("base")
    issue("tuned", derivedFrom=[{"passport": "base"}])
    issue("rival")
    case.deploy("a", variants=[variant(passport="tuned")])
    case.deploy("b", variants=[variant(passport="base"), variant("mi300x", passport="tuned")])
    wait_use(case, "tuned", 2)
    wait_use(case, "base", 2)
    wait_use(case, "rival", 0)
    case.change("a", variants=[variant(passport="rival")])
    case.change("b", variants=[variant(passport="base")])
    wait_use(case, "tuned", 0)
    wait_use(case, "base", 1)
    wait_use(case, "rival", 1)
    assert row(case, "base")["USED-BY"] == "1"
    # A lineage that comes later counts as well.
    case.change("a", variants=[variant(passport="late")])
    wait_use(case, "rival", 0)
    issue("late", derivedFrom=[{"passport": "rival"}])
    wait_use(case, "rival", 1)


def test_finalizers_of_others_are_left_alone(case, issue):
    issue("shared")
    case.api.merge(PATH + "shared", {"metadata": {"finalizers": ["example.com/audit"]}})
    case.deploy(variants=[variant(passport="shared")])
    wait_use(case, "shared", 1)
    assert finalizers(case, "shared") == ["example.com/audit", FINALIZER]
    case.api.delete(PATH + "shared")
    case.api.delete(case.path())
    wait_use(case, "shared", 0)
    assert finalizers(case, "shared") == ["example.com/audit"]
    case.api.merge(PATH + "shared", {"metadata": {"finalizers": None}})
    eventually(lambda: case.api.find(PATH + "shared") is None, "the passport is gone")


def test_valid_turns_when_evidence_expires_by_a_timer(case, issue):
    first, second = evidence(6.0), evidence(3600.0, "DPIA")
    issue("dated", evidence=[second, first])
    obj = wait_valid(case, "dated", "True", "Valid")
    assert obj["status"]["nextExpiry"] == first["expiresAt"]
    shown = row(case, "dated")
    assert (shown["VALID"], shown["NEXT-EXPIRY"]) == ("True", first["expiresAt"])
    obj = wait_valid(case, "dated", "False", "PassportExpired",
                     f"evidence RedTeam expired at {first['expiresAt']}")
    entry, = obj["status"]["conditions"]
    assert first["expiresAt"] <= entry["lastTransitionTime"]
    assert obj["status"]["nextExpiry"] == second["expiresAt"]
    assert row(case, "dated")["VALID"] == "False"

    case.api.merge(PATH + "dated", {"spec": {"evidence": [second, evidence(7200.0)]}})
    wait_valid(case, "dated", "True", "Valid")


def test_first_it_is_unknown_and_then_nothing_more_is_written(case, issue):
    mark = case.region.audit_mark()
    issue("calm", evidence=[evidence(3600.0)])
    wait_valid(case, "calm", "True", "Valid")
    assert [event["requestObject"]["status"]["conditions"][0]["status"]
            for event in patches(case, "calm", mark)] == ["Unknown", "True"]
    case.deploy(variants=[variant(passport="calm")])
    wait_use(case, "calm", 1)
    time.sleep(2.0)
    mark = case.region.audit_mark()
    # Neither more replicas nor other people's labels are news for a passport.
    case.change(replicas=2)
    case.api.merge(PATH + "calm", {"metadata": {"labels": {"team": "compliance"}}})
    time.sleep(5.0)
    since = [audit.describe(event) for event in patches(case, "calm", mark)]
    assert not since, since
