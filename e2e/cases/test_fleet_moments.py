"""Operators and control planes that end in the middle of a failover, and of the way back."""
import signal
import time

from kit import audit, running
from kit.wait import eventually


def units(counts: list) -> int:
    return sum(entry["replicas"] for entry in counts)


def test_an_operator_that_is_killed_at_every_step_of_a_failover_goes_on_where_it_was(fleet, serve):
    served = serve("steps")
    served.wait_ready({"fra": 2, "zrh": 2})

    def kill_when(check, what: str, *regions: str) -> None:
        eventually(check, what, 60, every=0.02)
        for name in regions or ("zrh",):
            running.kill(fleet[name])
            fleet[name].start_operator()

    fleet.kill("fra")
    kill_when(lambda: served.entry("zrh", "fra")["health"] == "Suspect", "fra is suspect")
    kill_when(lambda: served.alive("zrh") > 2, "the first replacement is made")
    served.wait_ready({"zrh": 4}, alone=False)
    whole = time.monotonic()
    fleet.bring_back("fra")
    kill_when(lambda: served.entry("zrh", "fra")["health"] == "Returning", "fra returns",
              "zrh", "fra")
    kill_when(lambda: units(served.entry("zrh", "zrh")["share"]) < 4, "a smaller share is told",
              "zrh", "fra")
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, whole)


def test_a_control_plane_that_is_killed_while_it_takes_over_goes_on_later(fleet, serve):
    served = serve("both")
    served.wait_ready({"fra": 2, "zrh": 2})
    before = served.pods_in("zrh")
    fleet.kill("fra")
    eventually(lambda: served.alive("zrh") > 2, "zrh takes over", every=0.02)
    fleet.kill("zrh")
    fleet.bring_back("zrh")
    served.wait_ready({"zrh": 4}, alone=False)
    assert before <= served.pods_in("zrh"), "what ran before runs on"
    whole = time.monotonic()
    fleet.bring_back("fra")
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, whole)


def test_a_leader_that_sleeps_past_its_lease_in_a_failover_writes_nothing_when_it_wakes(fleet, serve):
    served = serve("sleeps")
    served.wait_ready({"fra": 2, "zrh": 2})
    region = fleet["zrh"]
    leader = region.start_operator()
    running.wait_leading(leader)
    other = region.start_operator(instance="operator-b")
    try:
        fleet.kill("fra")
        eventually(lambda: served.entry("zrh", "fra")["health"] == "Suspect", "fra is suspect", 60)
        leader.process.send(signal.SIGSTOP)
        running.wait_leading(other)
        served.wait_ready({"zrh": 4}, alone=False)
        whole, mark = time.monotonic(), region.audit_mark()
        leader.process.send(signal.SIGCONT)
        eventually(lambda: not leader.process.pid, "the old leader ends")
        fleet.bring_back("fra")  # and zrh's operator that ended is not missed
        served.settles({"fra": 2, "zrh": 2})
        served.never_below(4, whole)
        old = audit.credential_of(region, leader)
        assert not [audit.describe(event) for event in audit.mutations(region, mark)
                    if audit.credential(event) == old]
    finally:
        for name in ("operator", "operator-b"):
            running.kill(region, name)
        region.start_operator()
