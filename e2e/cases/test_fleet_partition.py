"""Networks that part regions, both ways or one way, and heal: the law holds, nothing is lost, and one set
remains."""
import time

import pytest

from kit.recorder import most_alive
from lib import network


@pytest.mark.parametrize("direction", [network.BOTH, network.IN])
def test_a_region_that_nobody_reaches_is_replaced_and_its_replicas_run_on(fleet, serve, direction):
    served = serve(f"cut-{direction}")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    fleet["fra"].partition(direction)
    served.wait_ready({"fra": 2, "zrh": 4}, served.lost_after + 5)
    if direction == network.BOTH:  # it is alone, and holds what it has
        served.wait_condition("fra", "Placed", "RegionLost", "no peer answers")
        time.sleep(served.lost_after)
        assert served.entry("fra", "zrh")["health"] == "Suspect", "it may be fra that is gone"
    fleet["fra"].heal()
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)
    assert most_alive(served.seen["fra"]) == 2, "nothing was lost, so nothing was to be taken"


def test_a_region_that_reaches_nobody_but_is_reached_changes_nothing(fleet, serve):
    served = serve("cut-out")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    fleet["fra"].partition(network.OUT, refuse=True)
    served.wait_condition("fra", "Placed", "RegionLost", "no peer answers")
    time.sleep(served.lost_after)
    assert (served.ready("fra"), served.ready("zrh")) == (2, 2), "onIsolation is Hold"
    assert served.entry("zrh", "fra")["health"] == "Live"
    fleet["fra"].heal()
    served.wait_health("fra", "zrh", "Live")
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)
    assert all(most_alive(served.seen[name]) == 2 for name in ("fra", "zrh"))


def test_a_region_that_is_alone_expands_where_the_deployment_says_so(fleet, serve):
    served = serve("expand", failover={"onIsolation": "Expand"})
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    fleet["fra"].partition(network.BOTH)
    served.wait_ready({"fra": 4, "zrh": 4}, served.lost_after + 10)
    fleet["fra"].heal()
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)
