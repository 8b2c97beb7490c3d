"""What the LeaderWorkerSet controller makes of ours: known by the pods of the group."""
import pytest

from chart_objects import OURS, lws_installed, namespace, owner_reference, refused, workload

WHERE = "groups"
CORE, APPS = f"/api/v1/namespaces/{WHERE}", f"/apis/apps/v1/namespaces/{WHERE}"
GROUP = "leaderworkerset.sigs.k8s.io/name"


@pytest.fixture(scope="module")
def ada(region, people):
    region.apply(namespace(WHERE))
    return people.editor("ada", WHERE)


@pytest.fixture(scope="module")
def controller(people, ada):
    """The LeaderWorkerSet controller, as the values name it."""
    return people.lws_editor("system:serviceaccount:lws-system:lws-controller-manager", WHERE)


def owned(obj: dict, owner: dict) -> dict:
    obj["metadata"]["ownerReferences"] = [owner_reference(owner)]
    return obj


def group(api, name: str, labels: dict) -> None:
    """The leaders' StatefulSet and headless Service as the controller makes them."""
    lws = api.create(workload("LeaderWorkerSet", name, WHERE, {"app": "x"}))
    service = {"apiVersion": "v1", "kind": "Service",
               "metadata": {"name": name, "namespace": WHERE},
               "spec": {"clusterIP": "None", "selector": {GROUP: name}}}
    leaders = workload("StatefulSet", name, WHERE, {
        GROUP: name, "leaderworkerset.sigs.k8s.io/worker-index": "0"})
    leaders["spec"]["template"]["metadata"]["labels"].update(labels)
    for obj in (service, leaders):
        api.create(owned(obj, lws))


@pytest.fixture(scope="module")
def groups(region, ada, controller):
    region.api.wait("service account", lambda api: api.find(f"{CORE}/serviceaccounts/default"))
    lws_installed(region)
    group(controller, "ours", OURS)
    group(controller, "others", {})
    region.api.wait("the policy knows the leader", lambda api: api.raw(
        "DELETE", f"{CORE}/services/ours?dryRun=All")[0] == 403)


def test_nobody_scales_a_group(people, groups, ada):
    autoscaler = people.user("system:serviceaccount:kube-system:horizontal-pod-autoscaler",
                             "system:serviceaccounts:kube-system")
    path = f"{APPS}/statefulsets/ours/scale"
    with refused("statefulsets ours belongs to Bailiwick", "scale ModelDeployment assistant"):
        ada.merge(path, {"spec": {"replicas": 3}})
    scale = ada.get(path)
    scale["spec"]["replicas"] = 3
    with refused("belongs to Bailiwick"):
        autoscaler.request("PUT", path, scale)


@pytest.mark.parametrize("path, patch", [
    (f"{CORE}/services/ours", {"spec": {"selector": {"app": "evil"}}}),
    (f"{APPS}/statefulsets/ours", {"metadata": {"labels": {"a": "b"}}})])
def test_a_tenant_changes_nothing_of_a_group(groups, ada, path, patch):
    # Two policies refuse a change of the StatefulSet; either may be heard first.
    with refused("Bailiwick"):
        ada.merge(path, patch)
    with refused("belongs to Bailiwick"):
        ada.delete(path)


def test_nor_the_workers_of_a_leader(groups, controller, ada):
    leader = {"apiVersion": "v1", "kind": "Pod", **ada.get(f"{CORE}/pods/ours-0")}
    workers = owned(workload("StatefulSet", "ours-0", WHERE, {GROUP: "ours"}), leader)
    workers["spec"]["replicas"] = 0
    path = ada.path(controller.create(workers))
    with refused("belongs to Bailiwick"):
        ada.delete(path)
    with refused("belongs to Bailiwick"):
        ada.merge(path + "/scale", {"spec": {"replicas": 3}})


def test_the_controller_does_its_work(groups, controller):
    controller.merge(f"{CORE}/services/ours", {"metadata": {"labels": {"a": "b"}}})
    controller.merge(f"{APPS}/statefulsets/ours", {"spec": {"replicas": 2}})


def test_other_peoples_groups_are_none_of_our_business(groups, ada):
    ada.merge(f"{APPS}/statefulsets/others/scale", {"spec": {"replicas": 2}})
    ada.merge(f"{CORE}/services/others", {"spec": {"selector": {"app": "x"}}})
    for path in (f"{APPS}/statefulsets/others", f"{CORE}/services/others"):
        ada.delete(path)
