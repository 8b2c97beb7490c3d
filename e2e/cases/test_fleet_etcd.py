"""A region whose etcd has no leader: two of its three members are killed."""
import signal
import time

from kit import audit


def test_a_region_without_a_quorum_is_lost_to_its_peers_and_stays_as_it_is(fleet, serve):
    served = serve("quorum", domain=("iad", "zrh"), law=("US", "CH"), classes=(), origins=("iad", "zrh"))
    served.wait_ready({"iad": 2, "zrh": 2})
    iad = fleet["iad"]
    began = time.monotonic()
    for member in ("etcd-2", "etcd-3"):
        iad.process(member).send(signal.SIGKILL)
    time.sleep(0.5)  # what was under way is told
    mark = iad.audit_mark()
    took = served.wait_ready({"zrh": 4}, served.lost_after + 10, alone=False)
    assert took > served.suspect_after
    written = [audit.describe(event) for event in audit.mutations(iad, mark)
               if audit.code(event) < 300]
    assert not written, written

    iad.restart("etcd-2")  # two of three
    fleet.bring_back("iad")
    served.settles({"iad": 2, "zrh": 2})
    served.never_below(4, began)
