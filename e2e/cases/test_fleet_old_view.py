"""A peer's API server answers from an old view, as one of several does that no longer sees what etcd
does: lists show what was, watches show nothing, and only what is read from etcd is as it is."""
import pytest

from kit import objects, running
from kit.fault_proxy import FaultProxy
from kit.fleet import CLASSES
from kit.wait import eventually, holds
from lib import nodes

RESIDENCY = objects.RESIDENCY + CLASSES[0]


@pytest.fixture
def old_view(fleet):
    """What zrh asks of fra passes it."""
    proxy = FaultProxy(fleet["fra"])
    fleet.tell("zrh", "fra", server=proxy.url)
    yield proxy
    proxy.show_present()
    fleet.tell("zrh", "fra")
    proxy.close()


@pytest.fixture
def class_of_fra(fleet):
    """Whether the nodes of fra are of the class that the deployments ask for."""
    api = fleet.api["fra"]

    def belong(value: bool) -> None:
        for node in nodes.expand(nodes.load("fra")):
            api.merge(f"/api/v1/nodes/{node['metadata']['name']}",
                      {"metadata": {"labels": {RESIDENCY: "true" if value else None}}})

    yield belong
    belong(True)


def start_onto(proxy: FaultProxy, region, version: str) -> None:
    """An operator for whose peer nothing has happened since that version."""
    running.kill(region)
    proxy.show(version)
    running.wait_leading(region.start_operator())


def test_what_a_peer_had_once_is_no_reason_to_give_up_delete_or_copy_anything(
        fleet, serve, old_view, class_of_fra):
    served = serve("view")
    gone = serve("gone", origins=("fra",), replicas=2)
    served.wait_ready({"fra": 2, "zrh": 2})
    gone.wait_ready({"fra": 1, "zrh": 1})
    old = fleet.api["fra"].get("/api/v1/pods?limit=1")["metadata"]["resourceVersion"]

    class_of_fra(False)
    served.settles({"zrh": 4})
    fleet.api["fra"].delete(gone.path)
    gone.wait_ready({})
    later = serve("later", origins=("fra",), replicas=2)
    later.wait_ready({"zrh": 2})
    before = {one: one.pods_in("zrh") for one in (served, later)}

    start_onto(old_view, fleet["zrh"], old)
    eventually(lambda: served.entry("zrh", "fra").get("share"), "zrh sees the share that fra had")

    def nothing_changed():
        assert {one: one.pods_in("zrh") for one in before} == before
        assert later.origin("zrh") == "fra" and not fleet.api["zrh"].find(gone.path)

    holds(nothing_changed, 3 * served.lost_after)
    old_view.show_present()
    served.settles({"zrh": 4})
    nothing_changed()
