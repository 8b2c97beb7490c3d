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
    yield "behind" if request.param.startswith("-") else "ahead"
    running.kill(fra)
    fra.start_operator()


@pytest.mark.parametrize("skewed", ["+1h x2", "-1h"], indirect=True)
def test_a_wrong_clock_makes_nobody_lost_and_no_time_shorter(fleet, serve, skewed):
    served = serve(f"clock-{skewed}")
    served.wait_ready({"fra": 2, "zrh": 2})
    served.all_live(2 * served.lost_after)
    fleet.kill("zrh")
    took = served.wait_ready({"fra": 4}, served.lost_after + 10, alone=False)
    assert took > served.lost_after - 1, f"its {served.lost_after} s were {took:.1f} s"
    whole = time.monotonic()
    served.returns("zrh", "fra", {"fra": 2, "zrh": 2})
    served.never_below(4, whole)
