"""The API server's etcd has no quorum, or no room: nothing can be written, and nothing is lost."""
import json
import signal
import ssl
import urllib.request

import pytest

from kit import audit, objects, running
from kit.case import CLASSES
from kit.recorder import never_below
from kit.wait import eventually
from lib.api import ApiError

QUOTA = 24 << 20
FILLER = "x" * 900_000


@pytest.fixture(scope="module")
def home(starter):
    return starter.region("store", objects.region("store", CLASSES),
                          extra={"etcd": [f"--quota-backend-bytes={QUOTA}"]})


def deletes(case, mark: int) -> list:
    return [audit.describe(event) for event in audit.mutations(case.region, mark, case.namespace)
            if event["verb"] == "delete"]


def test_without_a_quorum_nothing_is_lost_and_then_it_goes_on(case):
    one, two = case.nodes(2)
    case.deploy()
    case.wait_settled()
    here, = case.running()
    uids, mark = case.uids(), case.region.audit_mark()
    operator, etcd = case.region.start_operator(), case.region.process("etcd")
    with case.record() as seen:
        etcd.send(signal.SIGSTOP)
        try:
            eventually(lambda: not operator.process.pid, "it ends where it cannot renew its Lease")
        finally:
            etcd.send(signal.SIGCONT)
        # As a kubelet would, it is started again.
        running.wait_leading(case.region.start_operator())
        case.wait_settled()
        assert case.uids() == uids and not deletes(case, mark)
        case.leave_class(here)
        case.wait_running({one, two} - {here})
        case.wait_settled()
    never_below(seen, 1)


class Etcd:
    """The maintenance that a region's administrator does."""

    def __init__(self, region):
        pki = region.layout.pki
        self.url = f"https://127.0.0.1:{region.layout.port('etcd')}/v3"
        self.tls = ssl.create_default_context(cafile=pki.certificate("etcd-ca"))
        self.tls.load_cert_chain(pki.certificate("etcd-client"), pki.key("etcd-client"))

    def post(self, path: str, **body) -> dict:
        request = urllib.request.Request(f"{self.url}/{path}", json.dumps(body).encode())
        handler = urllib.request.HTTPSHandler(context=self.tls)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), handler)
        with opener.open(request, timeout=60) as answer:
            return json.loads(answer.read())

    def alarms(self) -> list:
        return self.post("maintenance/alarm", action="GET").get("alarms", [])

    def make_room(self) -> None:
        revision = self.post("maintenance/status")["header"]["revision"]
        self.post("kv/compaction", revision=revision, physical=True)
        self.post("maintenance/defragment")
        for alarm in self.alarms():
            self.post("maintenance/alarm", action="DEACTIVATE", **alarm)


def fill(case) -> list:
    """ConfigMaps until there is no room for more."""
    made = []
    while True:
        name = f"filler-{len(made)}"
        try:
            case.api.create({"apiVersion": "v1", "kind": "ConfigMap", "data": {"x": FILLER},
                             "metadata": {"name": name, "namespace": case.namespace}})
        except ApiError as error:
            assert "space exceeded" in str(error), error
            return made
        made.append(name)


def test_without_room_nothing_is_lost_and_then_it_goes_on(case):
    case.nodes(2)
    case.deploy()
    case.wait_settled()
    operator, etcd = case.region.start_operator(), Etcd(case.region)
    uids, mark = case.uids(), case.region.audit_mark()
    with case.record() as seen:
        fillers = fill(case)
        assert [alarm["alarm"] for alarm in etcd.alarms()] == ["NOSPACE"]
        eventually(lambda: not operator.process.pid, "it ends where it cannot renew its Lease")
        assert "space exceeded" in operator.process.tail(60)
        operator = case.region.start_operator()  # it can read, and waits
        assert not running.leads(operator) and case.uids() == uids
        for name in fillers:
            case.api.delete(f"{case.core}/configmaps/{name}")
        etcd.make_room()
        running.wait_leading(operator)
        case.change(replicas=2)
        case.wait_settled()
        assert uids < case.uids() and not deletes(case, mark)
    never_below(seen, 1)
