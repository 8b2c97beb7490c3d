"""What contradicts itself between regions: specs of one name, deletions, Region objects, names. Each has
an outcome that is told, none loses a running replica, and none breaks the law."""
import json
import time

import pytest

from kit.fleet import REGIONS
from kit.wait import eventually, holds
from lib import components, join


def test_unequal_specs_stop_rebalancing_and_not_failover(fleet, serve):
    """fra would let iad in as well; zrh, which is alive, would not."""
    served = serve("diverged", origins=("fra", "zrh"), classes=())
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    served.change("fra", placement={"jurisdictions": ["EU", "CH", "US"]})
    served.wait_condition("fra", "SpecInSync", "SpecDiverged", "region zrh has another spec (placement)")
    served.wait_condition("zrh", "SpecInSync", "SpecDiverged", "region fra has another spec (placement)")
    served.wait_origin("iad", "fra")

    fleet.kill("fra")
    served.wait_ready({"zrh": 4, "iad": 0}, served.lost_after + 10, alone=False)
    whole = time.monotonic()
    fleet.bring_back("fra")
    served.wait_health("zrh", "fra", "Live")
    time.sleep(2)
    assert (served.ready("fra"), served.ready("zrh")) == (2, 4), "nothing is rebalanced"

    served.change("fra", placement={"jurisdictions": ["EU", "CH"]})
    served.settles({"fra": 2, "zrh": 2})
    served.wait_condition("fra", "SpecInSync", "InSync")
    served.never_below(2, began)
    served.never_below(4, whole)


def by_server(region, manifest: dict) -> None:
    region.api.apply(manifest, manager="git")


def by_client(region, manifest: dict) -> None:
    """As kubectl apply and Argo CD do it by default: of an equal copy nothing of the spec is sent."""
    region.kubectl("apply", "-f", "-", stdin=json.dumps(manifest))


@pytest.mark.parametrize("apply", (by_server, by_client))
def test_the_same_manifest_in_two_regions_is_one_deployment(fleet, serve, apply):
    served = serve(apply.__name__.replace("_", "-"), origins=("fra",))
    served.wait_ready({"fra": 2, "zrh": 2})
    assert served.origin("zrh") == "fra" and not fleet.api["iad"].find(served.path)
    assert served.owns_spec("zrh")
    began = time.monotonic()
    apply(fleet["zrh"], served.object)
    served.wait_origin("zrh", None)
    served.settles({"fra": 2, "zrh": 2})
    assert not served.changed_since(began), "it is the same deployment"
    assert not served.owns_spec("zrh"), "what Git takes out of it goes"

    fleet.api["fra"].delete(served.path)
    served.settles({"fra": 0, "zrh": 4})
    assert not fleet.api["fra"].find(served.path), "who deleted it is not handed it again"


def test_a_deletion_that_is_told_deletes_the_copies(fleet, serve):
    served = serve("told", origins=("zrh",))
    served.wait_ready({"fra": 2, "zrh": 2})
    uid = served.get("zrh")["metadata"]["uid"]
    fleet.api["zrh"].delete(served.path)
    eventually(lambda: not fleet.api["fra"].find(served.path), "the copy is deleted")
    told = fleet.region("zrh", "zrh")["status"]["tombstones"]
    assert uid in [one["uid"] for one in told]
    served.settles({})


def test_a_region_object_that_differs_between_clusters_is_told_and_loses_nothing(fleet, serve):
    """To fra zrh is no place for this data: so it does not count on it. zrh, whose own object says
    otherwise, keeps what it has."""
    served = serve("differs")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    fleet.tell("fra", "zrh", residencyClasses=["ch-personal"])
    served.wait_ready({"fra": 4, "zrh": 2})
    fleet.wait_condition("fra", "zrh", "SpecInSync", "SpecDiverged",
                         "residencyClasses is [ch-personal] here and [eu-personal, ch-personal]")
    fleet.wait_condition("zrh", "zrh", "SpecInSync", "SpecDiverged", "in the cluster of fra")
    fleet.tell("fra", "zrh")
    served.settles({"fra": 2, "zrh": 2})
    fleet.wait_condition("fra", "zrh", "SpecInSync", "SameEverywhere")
    served.never_below(4, began)


def test_a_region_object_that_goes_in_one_cluster_is_told_in_the_others(fleet, serve):
    """fra knows no zrh any more and serves alone; zrh, which knows fra, keeps what it has."""
    served = serve("gone-there")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    fleet.api["fra"].delete(f"{REGIONS}/zrh")
    served.wait_ready({"fra": 4, "zrh": 2})
    for home in ("zrh", "iad"):
        fleet.wait_condition(home, "zrh", "SpecInSync", "SpecDiverged",
                             "the cluster of fra has no Region object zrh")
    fleet.tell("fra", "zrh")
    served.settles({"fra": 2, "zrh": 2})
    fleet.wait_condition("iad", "zrh", "SpecInSync", "SameEverywhere")
    served.never_below(4, began)


def test_an_address_that_leads_to_another_region_is_nobody_and_not_a_loss(fleet, serve):
    served = serve("address")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    there = join.region_object(fleet["iad"])["spec"]["access"]
    fleet.tell("zrh", "fra", access=there)
    fleet.wait_condition("zrh", "fra", "Reachable", "NameConflict", "says that it is region iad, not fra")
    assert fleet.health_in("zrh")["fra"] == "Unknown"
    holds(lambda: served.wait_ready({"fra": 2, "zrh": 2}, 0), 2 * served.lost_after)
    fleet.tell("zrh", "fra")
    served.wait_health("zrh", "fra", "Live")
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)


@pytest.fixture
def twin(starter, fleet):
    """Another cluster whose operator was told that it is fra."""
    one = starter.plain("fra", folder="twin", parts=components.BARE, isolated=True).start()
    join.identity(one)
    one.install(values=join.values(one, list(fleet.regions.values())))
    one.apply([join.region_object(one)])
    one.start_operator()
    try:
        yield one
    finally:
        one.kill()
        fleet.know_anew("iad", "fra")
        join.give_credential(fleet["iad"], fleet["fra"])


def test_two_clusters_of_one_name_are_told_apart(fleet, serve, twin):
    """iad was joined to the wrong one."""
    served = serve("twin")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    api = fleet.api["iad"]
    api.delete("/apis/bailiwick.dev/v1alpha1/regions/fra")
    api.apply(join.region_object(twin))
    join.give_credential(fleet["iad"], twin)
    uids = [join.cluster_uid(one) for one in (fleet["fra"], twin)]
    eventually(lambda: fleet.region("iad", "fra")["status"].get("clusterUID") == uids[1],
               "iad takes the other one for fra")
    for home in ("fra", "zrh"):
        fleet.wait_condition(home, "fra", "SpecInSync", "NameConflict",
                             f"two clusters are called fra: {uids[0]} here, and {uids[1]} as iad")
    fleet.wait_condition("iad", "fra", "SpecInSync", "NameConflict", uids[0])
    served.settles({"fra": 2, "zrh": 2})
    assert not served.changed_since(began)
