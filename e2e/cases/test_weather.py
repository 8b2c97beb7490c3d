"""Nodes that are emptied or die, and capacity that appears."""
from kit import objects
from kit.recorder import never_below
from kit.wait import eventually, holds


def test_a_replica_on_a_cordoned_node_is_replaced_first_where_there_is_room(case):
    one, two = case.nodes(2)
    case.deploy()
    case.wait_settled()
    here, = case.running()
    other, = {one, two} - {here}
    with case.record() as seen:
        case.cordon(here)
        case.wait_running({other})
        case.wait_settled()
    never_below(seen, 1)


def test_a_replica_on_a_cordoned_node_stays_where_there_is_no_other_room(case):
    here, = case.nodes(1)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    case.cordon(here)
    case.change(priority=1)  # a new generation, so that the operator has surely looked again
    eventually(lambda: case.get()["status"]["observedGeneration"] == 2, "generation 2 is seen")
    case.wait_condition("Ready", "True")
    holds(lambda: _same(case, uids), 2.0)
    case.cordon(here, False)
    case.wait_settled()
    assert case.uids() == uids


def _same(case, uids: set) -> None:
    assert case.uids() == uids, "a replica was moved for nothing"


def test_a_replica_on_a_dead_node_is_replaced(case):
    one, two = case.nodes(2)
    case.deploy()
    case.wait_settled()
    here, = case.running()
    other, = {one, two} - {here}
    case.region.fail_node(here)
    case.wait_running({other})
    case.wait_settled()
    case.region.heal_node(here)
    case.wait_settled()
    assert set(case.running()) == {other}, "a node that came back moved a replica"


def test_a_replica_on_a_node_that_was_deleted_is_replaced(case):
    one, two = case.nodes(2)
    case.deploy()
    case.wait_settled()
    here, = case.running()
    other, = {one, two} - {here}
    case.api.delete(f"/api/v1/nodes/{here}")
    case.wait_running({other})
    case.wait_settled()


def test_a_dead_node_without_other_room_is_waited_for_and_nothing_is_deleted(case):
    here, = case.nodes(1)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    case.region.fail_node(here)
    case.wait_condition("Ready", "False")
    holds(lambda: _kept(case, uids), 2.0)
    case.region.heal_node(here)
    case.wait_ready()


def _kept(case, uids: set) -> None:
    assert uids <= case.uids(), "what ran on a silent node was deleted without a replacement"


def test_capacity_that_appears_is_used(case):
    case.deploy(replicas=2)
    entry = case.wait_condition("Placed", "False", "NoMatchingPool")
    assert "nvidia.com/gpu" in entry["message"]
    assert not case.pods()
    first = case.nodes(1)
    case.wait_condition("Placed", "False", "NoCapacity", "1 of 2 units")
    case.wait_running(set(first))
    second = case.nodes(1)
    case.wait_settled()
    case.wait_running({*first, *second})


def test_devices_that_appear_on_a_node_are_used(case):
    node, = case.nodes(1, devices=4)
    case.deploy()
    entry = case.wait_condition("Placed", "False", "NoCapacity")
    assert "needs 8 nvidia.com/gpu on one node" in entry["message"]
    more = {"nvidia.com/gpu": "8"}
    case.api.merge(f"/api/v1/nodes/{node}/status",
                   {"status": {"capacity": more, "allocatable": more}})
    case.wait_settled()


def test_the_region_shows_its_pools_and_which_nodes_cannot_be_trusted(case):
    good, = case.nodes(1)
    bad, = case.nodes(1, labels={objects.JURISDICTION: "US"})
    case.deploy()
    case.wait_settled()

    def check():
        status = case.api.get("/apis/bailiwick.dev/v1alpha1/regions/lab")["status"]
        pools = [p for p in status["pools"] if case.cls in p.get("residencyClasses", [])]
        eligible = [p for p in pools if p["eligible"]]
        assert [(p["product"], p["nodes"], p["devices"], p["devicesFree"]) for p in eligible] == [
            ("NVIDIA-H200", 1, 8, 0)], pools
        other = [p for p in pools if not p["eligible"]]
        assert [p["reason"] for p in other] == ["LocationContradictory"], pools
        entry = next(c for c in status["conditions"] if c["type"] == "LabelsConsistent")
        assert entry["status"] == "False" and entry["message"], entry
        return True
    eventually(check, f"the Region's status shows the pools of {good} and {bad}")
