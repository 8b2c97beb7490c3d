"""Links between regions that are slow or flap: nothing is lost, and it settles."""
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kit.link import Link


@pytest.fixture
def links(fleet):
    """What fra and zrh ask of one another passes a link each."""
    with Link(fleet["fra"]) as to_fra, Link(fleet["zrh"]) as to_zrh:
        fleet.tell("zrh", "fra", server=to_fra.server)
        fleet.tell("fra", "zrh", server=to_zrh.server)
        try:
            yield to_fra, to_zrh
        finally:
            fleet.tell("zrh", "fra")
            fleet.tell("fra", "zrh")


def test_a_slow_link_is_no_loss_and_a_share_is_handed_over_across_it(fleet, serve, links):
    """As between continents: 300 ms there and back."""
    for link in links:
        link.delay = 0.15
    served = serve("slow")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    served.all_live(2 * served.lost_after)
    links[0].up = False
    served.wait_ready({"fra": 2, "zrh": 4}, served.lost_after + 10)
    links[0].up = True
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)


def test_links_that_flap_lose_nothing_and_it_settles(fleet, serve, links):
    """For moments, for as long as makes a suspect, and for longer than makes a loss."""
    served = serve("flaps")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    for times, every in ((6, 0.4), (2, 2.5), (1, 6.0)):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda link: link.flap(times, every), links))
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)
