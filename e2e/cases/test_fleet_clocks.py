"""A region whose operator's clock is wrong by an hour, and runs twice as fast."""
import time

import pytest

from kit import running
from kit.clock import clock


@pytest.fixture
def skewed(fleet, request):
    """fra; put right afterwards."""
    fra = fleet["fra"]
    running.kill(fra)
    operator = fra.start_operator(env=clock(request.param))
    running.wait_leading(operator)
    yield fra
    running.kill(fra)
    fra.start_operator()


@pytest.mark.parametrize("skewed", ["+1h x2", "-1h"], indirect=True)
def test_a_wrong_clock_makes_nobody_lost_and_no_time_shorter(fleet, serve, skewed):
    served = serve("clock")
    served.wait_ready({"fra": 2, "zrh": 2})
    served.all_live(2 * served.lost_after)
    fleet["zrh"].kill()
    took = served.wait_ready({"fra": 4}, served.lost_after + 10, alone=False)
    assert took > served.suspect_after, f"its {served.lost_after} s were {took:.1f} s"
    whole = time.monotonic()
    served.returns("zrh", "fra", {"fra": 2, "zrh": 2})
    served.never_below(4, whole)
