"""A kubelet does not say what data its node may hold or which law it is under."""
import pytest

from chart_objects import refused

PROTECTED = ["bailiwick.dev/jurisdiction", "data-residency.bailiwick.dev/eu-personal",
             "new.sub.bailiwick.dev/x"]


def node(name: str, **labels) -> dict:
    return {"apiVersion": "v1", "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name, **labels}}}


@pytest.fixture(scope="module")
def kubelet(people):
    return people.user("system:node:n1", "system:nodes")


@pytest.fixture(scope="module")
def n1(region, kubelet):
    """Joined by its kubelet, then labelled by an administrator."""
    kubelet.create(node("n1", tier="gold"))
    labels = {"metadata": {"labels": {name: "DE" for name in PROTECTED[:2]}}}
    return region.api.merge("/api/v1/nodes/n1", labels)


@pytest.mark.parametrize("label", PROTECTED)
def test_a_kubelet_cannot_join_with_such_a_label(kubelet, label):
    with refused("a kubelet may not set or change " + label, "--node-labels", "administrator"):
        kubelet.create(node("n1", **{label: "true"}))


@pytest.mark.parametrize("subresource", ["", "/status"])
@pytest.mark.parametrize("label, value", [
    (PROTECTED[2], "x"), (PROTECTED[0], "FR"), (PROTECTED[1], None)])
def test_a_kubelet_cannot_add_change_or_remove_one(kubelet, n1, subresource, label, value):
    with refused(label):
        kubelet.merge("/api/v1/nodes/n1" + subresource, {"metadata": {"labels": {label: value}}})


def test_a_kubelet_goes_on_with_its_work(kubelet, n1):
    kubelet.merge("/api/v1/nodes/n1/status", {"status": {"conditions": [
        {"type": "Ready", "status": "True", "reason": "KubeletReady"}]}})
    own = {"tier": "silver", "bailiwick.device": "x"}
    kubelet.merge("/api/v1/nodes/n1", {"metadata": {"labels": own}})


def test_an_administrator_labels_nodes(region, n1):
    region.api.merge("/api/v1/nodes/n1", {"metadata": {"labels": {PROTECTED[0]: "FR"}}})
    region.api.merge("/api/v1/nodes/n1", {"metadata": {"labels": {PROTECTED[0]: None}}})
