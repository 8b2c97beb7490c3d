"""After everything has settled nothing is written but Lease renewals, at any number of objects."""
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit import audit, objects
from kit.case import CLASSES, Case
from kit.objects import variant
from kit.wait import eventually

# The minute of the many is one of the single deployment too, which is still there then.
BRIEF, QUIET = 15.0, 60.0
MANY = 200
# Counts of free devices are told so much later at most.
HELD = 10.0


@pytest.fixture(scope="module")
def calm(starter):
    region = starter.region("calm", objects.region("calm", CLASSES))
    region.start_operator()
    return region


@pytest.fixture(scope="module")
def case(calm, request):
    one = Case(calm, "steady")
    yield one
    one.close()


def stays_quiet(case, seconds: float) -> None:
    """What settles late may do so; then there is not one write in so many seconds."""
    def pause() -> bool:
        mark = case.region.audit_mark()
        time.sleep(HELD + 1.0)
        return not audit.mutations(case.region, mark)
    eventually(pause, "the first quiet moment", 180)
    mark, began = case.region.audit_mark(), time.monotonic()
    while time.monotonic() - began < seconds:
        time.sleep(2.0)
        written = [audit.describe(event) for event in audit.mutations(case.region, mark)]
        assert not written, "\n".join(written[:20])
    renewals = [e for e in audit.of_operator(case.region, mark) if audit.resource(e) == "leases"]
    assert renewals, "the leader renews its Lease"
    others = Counter((e["verb"], audit.resource(e)) for e in audit.of_operator(case.region, mark)
                     if audit.resource(e) != "leases" and e["verb"] not in ("watch", "list"))
    assert not others, others


def test_with_one_deployment_nothing_is_written_at_rest(case):
    case.nodes(1)
    case.deploy("single")
    case.wait_settled("single")
    case.deploy("refused", variants=[variant("mi300x")])
    case.wait_condition("Placed", "False", name="refused")
    stays_quiet(case, BRIEF)


def test_with_two_hundred_deployments_nothing_is_written_for_a_minute(case):
    case.nodes(MANY // 8 - 5)  # some do not fit: they wait in quiet as well
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: case.deploy(f"m{n}", variants=[variant(per=1)]), range(MANY)))

    def placed():
        found = case.api.items(case.path("").rstrip("/"))
        seen = [o for o in found if o["metadata"]["name"].startswith("m") and
                o.get("status", {}).get("observedGeneration") == 1]
        ready = [o for o in seen if o["status"]["replicas"] == 1]
        assert len(seen) == MANY and len(ready) == MANY - 40, (len(seen), len(ready))
        return True
    eventually(placed, "all are placed or refused", 300, every=1.0)
    stays_quiet(case, QUIET)


def test_changes_that_concern_nobody_write_nothing(case):
    """Other people's pods come and go, nodes report: no status of ours is written for it."""
    mark = case.region.audit_mark()
    for number in range(20):
        case.api.create({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"web-{number}", "namespace": case.namespace},
            "spec": {"containers": [{"name": "web", "image": "registry.example/web:1"}]}})
    name = case.node_names[0]
    for number in range(5):
        case.api.merge(f"/api/v1/nodes/{name}",
                       {"metadata": {"annotations": {"example.com/heartbeat": str(number)},
                                     "labels": {"example.com/heartbeat": str(number)}}})
    time.sleep(5.0)
    written = [audit.describe(event) for event in audit.mutations(case.region, mark)]
    assert not written, "\n".join(written[:20])
