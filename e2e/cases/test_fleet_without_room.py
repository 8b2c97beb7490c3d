"""Where replicas can go, and where they cannot."""
import time

import pytest

from kit.wait import eventually, holds


@pytest.fixture
def cordoned(fleet):
    """Cordons regions everywhere."""
    def cordon(name: str, value: bool = True) -> None:
        for home in fleet.regions:
            fleet.tell(home, name, **({"cordoned": True} if value else {}))

    yield cordon
    for name in ("fra", "zrh"):
        cordon(name, False)


def test_a_cordoned_region_is_drained_to_the_others_replacement_first(fleet, serve, cordoned):
    served = serve("cordoned")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    cordoned("fra")
    served.settles({"fra": 0, "zrh": 4})
    assert served.entry("zrh", "fra")["health"] == "Cordoned"
    cordoned("fra", False)
    served.wait_health("zrh", "fra", "Live")
    served.settles({"fra": 0, "zrh": 4})  # nothing moves without a cause
    cordoned("zrh")
    served.settles({"fra": 4, "zrh": 0})
    served.never_below(4, began)


def test_with_no_lawful_place_left_what_remains_stays(fleet, serve):
    """Seven of eight devices each take all of fra and zrh, so that there is one way to share them. The
    last case of the fleet: a deployment that comes soon after it begins where there is room, and stays
    there."""
    served = serve("hold", replicas=7, per=8)
    served.wait_ready({"fra": 4, "zrh": 3})
    began, before = time.monotonic(), {name: served.pods_in(name) for name in ("fra", "zrh")}
    fleet.kill("fra")
    served.wait_health("zrh", "fra", "Lost")
    eventually(lambda: served.condition("zrh", "Placed")["reason"] == "RegionLost", "it is told")
    assert "fra lost; 4 units have no other lawful place yet" in served.condition("zrh", "Placed")["message"]
    holds(lambda: served.wait_ready({"zrh": 3}, 0, alone=False), 3)
    fleet.bring_back("fra")
    served.settles({"fra": 4, "zrh": 3})
    served.never_below(3, began)
    assert {name: served.pods_in(name) for name in before} == before, "each runs on"
