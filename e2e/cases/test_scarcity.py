"""Who gets devices when there are not enough."""
from kit import objects
from kit.objects import variant
from kit.wait import eventually, holds


def test_of_two_that_wait_the_higher_priority_gets_the_node_though_it_is_younger(case):
    case.deploy("older", priority=0)
    case.wait_condition("Placed", "False", name="older")
    case.deploy("urgent", priority=10)
    case.wait_condition("Placed", "False", name="urgent")
    case.nodes(1)
    case.wait_ready("urgent")
    case.wait_condition("Placed", "False", "NoCapacity", name="older")
    assert not case.pods("older")


def test_of_equals_the_older_gets_the_node(case):
    import time
    case.deploy("b-older")
    case.wait_condition("Placed", "False", name="b-older")
    time.sleep(1.1)  # creation times have whole seconds
    case.deploy("a-younger")
    case.wait_condition("Placed", "False", name="a-younger")
    case.nodes(1)
    case.wait_ready("b-older")
    case.wait_condition("Placed", "False", "NoCapacity", name="a-younger")


def test_nobody_who_runs_is_evicted_for_a_higher_priority(case):
    case.nodes(1)
    case.deploy("first", priority=0)
    case.wait_settled("first")
    uids = case.uids("first")
    case.deploy("urgent", priority=1000)
    entry = case.wait_condition("Placed", "False", "NoCapacity", name="urgent")
    assert "the most that is free on one of 1 lawful nodes is 0" in entry["message"]
    holds(lambda: _kept(case, uids), 1.0)
    case.change("first", replicas=0)
    case.wait_ready("urgent")


def _kept(case, uids: set) -> None:
    assert case.uids("first") == uids


def test_other_peoples_pods_take_devices_until_they_are_gone(case):
    node, = case.nodes(1)
    case.foreign_pod("training", node, 1)
    case.deploy()
    entry = case.wait_condition("Placed", "False", "NoCapacity")
    assert "needs 8 nvidia.com/gpu on one node" in entry["message"]
    assert "is 7" in entry["message"]
    assert not case.pods("m")
    case.delete_pod("training")
    case.wait_settled()


def test_devices_of_an_init_container_are_taken_as_well(case):
    node, = case.nodes(1)
    case.foreign_pod("training", node, 8, init=True)
    case.deploy()
    case.wait_condition("Placed", "False", "NoCapacity")


def test_the_preferred_variant_first_and_the_rest_to_the_next(case):
    case.nodes(1)
    case.nodes(2, "mi300x")
    case.deploy(replicas=3, variants=[variant(), variant("mi300x")])
    case.wait_settled()
    assert case.share() == {"h200": 1, "mi300x": 2}
    # H200 that come later are for what is wanted then; nothing that runs moves.
    uids = case.uids()
    case.nodes(2)
    eventually(lambda: case.offer("h200")["replicas"] == 3, "the new nodes are offered")
    assert case.uids() == uids
    case.change(replicas=4)
    case.wait_settled()
    assert case.share() == {"h200": 2, "mi300x": 2} and uids < case.uids()


def test_a_replica_is_never_spread_over_the_leftovers_of_two_nodes(case):
    case.nodes(2, devices=8)
    case.deploy("small", replicas=2, variants=[variant(per=5)])
    case.wait_settled("small")
    case.deploy("big", variants=[variant(per=6)])
    entry = case.wait_condition("Placed", "False", "NoCapacity", name="big")
    assert "is 3" in entry["message"]


def test_max_per_region_is_kept_and_named(case):
    case.nodes(3)
    case.deploy(replicas=3, placement={"maxPerRegion": 2})
    entry = case.wait_condition("Placed", "False", "NoCapacity")
    assert "spec.placement.maxPerRegion is 2" in entry["message"]
    eventually(lambda: len(case.running()) == 2, "two run")


def test_memory_per_device_is_asked_of_the_nodes_label(case):
    case.nodes(1, labels={"nvidia.com/gpu.memory": "99999"})
    good, = case.nodes(1)
    wants = variant()
    wants["accelerator"]["minMemoryPerDevice"] = "140Gi"
    case.deploy(variants=[wants])
    case.wait_running({good})
    case.change(replicas=2)
    case.wait_condition("Placed", "False", "NoCapacity", "1 of 2 units")


def test_a_variant_without_products_takes_any_of_its_vendor_that_is_known(case):
    case.nodes(1, labels={"nvidia.com/gpu.product": "NVIDIA-Unheard-Of"})
    good = [*case.nodes(1), *case.nodes(1, "a100")]
    wants = variant()
    del wants["accelerator"]["products"]
    case.deploy(replicas=3, variants=[wants])
    case.wait_condition("Placed", "False", "NoCapacity", "2 of 3 units")
    case.wait_running(set(good))
    assert objects.HARDWARE["h200"]["vendor"] == "nvidia"
