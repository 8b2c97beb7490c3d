"""Exit orders of a case, and what their evidence says."""
import datetime

from . import evidence, objects
from .wait import eventually

ORDERS = "/apis/bailiwick.dev/v1alpha1/exitorders"


def in_time(seconds: float) -> str:
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Order:
    def __init__(self, case, name: str, **spec):
        self.case, self.api, self.name = case, case.api, f"{case.cls}-{name}"
        self.path = f"{ORDERS}/{self.name}"
        self.api.create({
            "apiVersion": objects.API_VERSION, "kind": "ExitOrder",
            "metadata": {"name": self.name},
            "spec": {"target": {"vendors": ["nvidia"]}, "selector": {"namespaces": [case.namespace]},
                     "reason": "the contract ends", "deadline": in_time(86400), **spec}})

    def status(self) -> dict:
        return self.api.get(self.path).get("status", {})

    def wait(self, phase: str, timeout: float = 120.0) -> dict:
        def check():
            status = self.status()
            assert status.get("phase") == phase, status
            return status
        return eventually(check, f"{self.name} is {phase}", timeout)

    def wait_done(self, timeout: float = 120.0) -> list:
        """The records, checked, of an order that has come to its end."""
        eventually(lambda: self.condition("Complete")["status"] == "True", "it is complete", timeout)
        return self.records()

    def condition(self, kind: str) -> dict:
        return next(c for c in self.status()["conditions"] if c["type"] == kind)

    def records(self) -> list:
        return evidence.check(evidence.lines(self.api, self.status()["evidence"]["configMap"]))

    def delete(self) -> None:
        self.api.delete(self.path)
        eventually(lambda: not self.api.find(self.path), f"{self.name} is gone")


def of_type(records: list, kind: str) -> list:
    return [record["body"] for record in records if record["type"] == kind]
