"""A region whose etcd has no leader: two of its three members are killed."""
import signal
import time


def test_a_region_without_a_quorum_is_lost_to_its_peers_and_stays_as_it_is(fleet, serve):
    served = serve("quorum", domain=("iad", "zrh"), law=("US", "CH"), classes=(), origins=("iad", "zrh"))
    served.wait_ready({"iad": 2, "zrh": 2})
    iad = fleet["iad"]
    began = time.monotonic()
    for member in ("etcd-2", "etcd-3"):
        iad.process(member).send(signal.SIGKILL)
    took = served.wait_ready({"zrh": 4}, served.lost_after + 10, alone=False)
    assert took > served.lost_after - 1
    assert "iad" not in served.changed_since(began)

    iad.restart("etcd-2")  # two of three
    fleet.bring_back("iad")
    served.settles({"iad": 2, "zrh": 2})
    served.never_below(4, began)
