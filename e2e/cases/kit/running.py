"""The operator as a process of a case: stopping, killing, starting again, asking it."""
import signal
import urllib.request

from lib.operators import Operator

from .wait import eventually


LEASE = "/apis/coordination.k8s.io/v1/namespaces/bailiwick-system/leases/bailiwick-operator"


def kill(region, instance: str = "operator", keep_lease: bool = False) -> None:
    """SIGKILL. The dead one's Lease is taken away, so that the next one need not wait for its end;
    not where a second operator is to take over in its time."""
    region.stop_operator(signal.SIGKILL, instance)
    if not keep_lease and region.api.find(LEASE):
        region.api.delete(LEASE)


def scrape(url: str) -> dict:
    """{series as written: value} of a /metrics page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url + "/metrics", timeout=10) as answer:
        text = answer.read().decode()
    lines = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in lines if name}


def leads(operator: Operator) -> bool:
    try:
        return scrape(operator.metrics).get("bailiwick_leading") == 1
    except OSError:
        return False


def wait_leading(operator: Operator, timeout: float = 120.0) -> None:
    eventually(lambda: leads(operator), f"{operator.process.name} leads", timeout)
