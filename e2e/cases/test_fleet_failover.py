"""A region that is lost, hangs or is alone without its operator: the others take over, and give back."""
import signal
import time


def test_a_deployment_stays_inside_its_domain_and_survives_the_loss_of_a_region(fleet, serve):
    served = serve("killed")
    served.wait_ready({"fra": 2, "zrh": 2})
    fleet.kill("fra")
    took = served.wait_ready({"zrh": 4}, served.lost_after + 5, alone=False)
    assert took > served.lost_after - 1, f"after {took:.1f} s: silence of moments is no loss"
    whole = time.monotonic()
    served.returns("fra", "zrh", {"fra": 2, "zrh": 2})
    served.never_below(4, whole)


def test_a_region_that_hangs_is_found_as_one_that_died(fleet, serve):
    served = serve("hangs")
    served.wait_ready({"fra": 2, "zrh": 2})
    server = fleet["fra"].process("kube-apiserver")
    server.send(signal.SIGSTOP)
    try:
        served.wait_ready({"zrh": 4}, served.lost_after + 5, alone=False)
        whole = time.monotonic()
    finally:
        server.send(signal.SIGCONT)
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, whole)


def test_an_operator_that_stands_still_is_suspect_at_first_and_nothing_runs_twice(fleet, serve):
    """Its replicas probably serve."""
    served = serve("stopped")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    operator = fleet["fra"].process("operator")
    operator.send(signal.SIGSTOP)
    try:
        served.wait_health("zrh", "fra", "Suspect")
        while time.monotonic() - began < 4 * served.lost_after:
            assert served.ready("zrh") == 2
            time.sleep(0.2)
        served.wait_ready({"zrh": 4}, 4 * served.lost_after, alone=False)
    finally:
        operator.send(signal.SIGCONT)
    # Another may have led meanwhile: it ends, and its platform starts it again.
    assert operator.wait_gone(60), "an operator whose lease is over goes on"
    fleet["fra"].start_operator()
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)
