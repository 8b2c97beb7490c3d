"""The operator as a process of a case: stopping, killing, starting again, asking it."""
import signal
import urllib.request

from lib.operators import Operator

from .wait import eventually


def kill(region, instance: str = "operator") -> None:
    region.stop_operator(signal.SIGKILL, instance)


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
