"""What a pod proves itself with changes while the operator runs: it goes on without a restart; and
where it is taken away, the operator ends and says why."""
import os
import shutil

import pytest

from kit import objects
from kit.case import CLASSES
from kit.wait import eventually
from lib import chart, components, kubeconfig, operators, probe
from lib.api import Api
from lib.pki import LOOPBACK, Leaf

MOUNT = "/run/secrets/kubernetes.io/serviceaccount"
# As a kubelet mounts it, in a mount namespace of the process's own.
ENTER = (f"mount -t tmpfs none /run && mkdir -p {MOUNT} && mount --bind \"$0\" {MOUNT} "
         "&& exec \"$@\"")


class Pod:
    """The operator as in a pod: token and authority come from files that are replaced."""

    def __init__(self, region):
        self.region = region
        self.rendered = chart.render(region.name, region.folder / "helm")
        self.account = chart.operator_account(self.rendered)
        self.folder = region.folder / "account"
        self.folder.mkdir()
        self.write("namespace", chart.NAMESPACE)
        self.write("ca.crt", region.ca.read_text())
        self.process = region.process("operator")
        region.layout.pick_ports(["operator-metrics", "operator-health"])
        self.health = f"127.0.0.1:{region.layout.port('operator-health')}"

    def write(self, name: str, text: str) -> None:
        temporary = self.folder / ".new"
        temporary.write_text(text)
        temporary.rename(self.folder / name)

    def issue(self) -> str:
        """A token, as the kubelet asks for one."""
        return self.region.kubectl("create", "token", self.account, "-n", chart.NAMESPACE).strip()

    def start(self) -> None:
        metrics = f"127.0.0.1:{self.region.layout.port('operator-metrics')}"
        env = {**os.environ, "KUBERNETES_SERVICE_HOST": "127.0.0.1",
               "KUBERNETES_SERVICE_PORT": str(self.region.layout.port("api"))}
        self.process.start(
            ["unshare", "-rm", "sh", "-c", ENTER, self.folder, operators.check(),
             f"--region={self.region.name}", f"--namespace={chart.NAMESPACE}", "--leader-elect",
             *operators.defaults(self.rendered, ()), f"--listen-metrics={metrics}",
             f"--listen-health={self.health}"], env=env)

    def wait_ready(self) -> None:
        eventually(lambda: probe.ok(f"http://{self.health}/readyz"), "the operator is ready")

    def revoke(self) -> None:
        """Every token of the account is void: it is deleted, and another of its name made."""
        path = f"/api/v1/namespaces/{chart.NAMESPACE}/serviceaccounts/{self.account}"
        one, = (o for o in self.rendered if o["kind"] == "ServiceAccount")
        one["metadata"]["namespace"] = chart.NAMESPACE
        self.region.api.delete(path)
        self.region.apply(one)


@pytest.fixture(scope="module")
def pod(starter):
    region = starter.region("proof", objects.region("proof", CLASSES), parts=components.BARE)
    one = Pod(region)
    one.write("token", one.issue())
    one.start()
    one.wait_ready()
    return one


def decides(api, name: str) -> None:
    """A new deployment gets a status: the operator reads, leads and writes."""
    path = api.path(api.create(objects.deployment(name, "default", classes=("c1",))))
    eventually(lambda: api.get(path)["status"]["conditions"], f"{name} is decided on")


def code(region, token: str) -> int:
    config = kubeconfig.write(region.folder / "old.kubeconfig", region.server, region.ca,
                              kubeconfig.token_user(token), "old")
    return Api(config).raw("GET", "/api/v1/namespaces/kube-system")[0]


def test_a_revoked_token_that_was_replaced_is_no_reason_to_restart(pod):
    decides(pod.region.api, "one")
    pid, old = pod.process.pid, (pod.folder / "token").read_text()
    pod.revoke()
    pod.write("token", pod.issue())
    eventually(lambda: code(pod.region, old) == 401, "the old token is void")
    decides(pod.region.api, "two")
    assert pod.process.pid == pid
    assert old not in pod.process.log.read_text()


def test_a_token_that_is_revoked_ends_it_and_the_next_one_waits_for_another(pod):
    pod.revoke()
    eventually(lambda: not pod.process.pid, "it cannot lead any more, and ends")
    assert "Unauthorized" in pod.process.tail(40), pod.process.tail(40)
    pod.start()
    eventually(lambda: "Unauthorized" in pod.process.tail(), "it says why it cannot begin")
    pid = pod.process.pid
    assert pid and not probe.ok(f"http://{pod.health}/readyz")
    pod.write("token", pod.issue())
    pod.wait_ready()
    assert pod.process.pid == pid


def test_an_authority_that_rotates_is_no_reason_to_restart(pod):
    region, pki = pod.region, pod.region.layout.pki
    pid = pod.process.pid
    pki.authority("ca-next")
    pki.leaf(Leaf("apiserver-next", "ca-next", "kube-apiserver", sans=LOOPBACK,
                  usage="serverAuth"))
    pod.write("ca.crt", region.ca.read_text() + pki.certificate("ca-next").read_text())
    for file in (pki.key, pki.certificate):
        shutil.copy(file("apiserver-next"), file("apiserver"))
    admin = kubeconfig.certificate_user(pki.certificate("admin"), pki.key("admin"))
    later = Api(kubeconfig.write(region.folder / "later.kubeconfig", region.server,
                                 pki.certificate("ca-next"), admin, "later"))
    eventually(later.ready, "the API server shows a certificate of the next authority")
    decides(later, "three")
    pod.write("ca.crt", pki.certificate("ca-next").read_text())
    decides(later, "four")
    assert pod.process.pid == pid
    assert probe.ok(f"http://{pod.health}/readyz")
