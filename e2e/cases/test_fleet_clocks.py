"""A region whose operator's clock is an hour ahead and runs twice as fast."""
import time

import pytest

from kit import running
from kit.clock import clock


@pytest.fixture
def skewed(fleet):
    """fra; put right afterwards."""
    fra = fleet["fra"]
    running.kill(fra)
    operator = fra.start_operator(env=clock("+1h x2"))
    running.wait_leading(operator)
    yield fra
    running.kill(fra)
    fra.start_operator()


def test_a_wrong_clock_makes_nobody_lost_and_no_time_shorter(fleet, serve, skewed):
    served = serve("clock")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    while time.monotonic() < began + 2 * served.lost_after:
        assert served.entry("zrh", "fra")["health"] == served.entry("fra", "zrh")["health"] == "Live"
        time.sleep(0.2)
    fleet["zrh"].kill()
    took = served.wait_ready({"fra": 4}, served.lost_after + 10, alone=False)
    assert took > served.suspect_after, f"its {served.lost_after} s were {took:.1f} s"
    whole = time.monotonic()
    fleet.bring_back("zrh")
    served.wait_health("fra", "zrh", "Returning")
    returned = time.monotonic()
    served.settles({"fra": 2, "zrh": 2})
    assert time.monotonic() - returned > served.failback_after - 1
    served.never_below(4, whole)
