"""What the operator made changes only through it; nobody else makes anything that looks like it."""
import pytest

from chart_objects import (MANAGED_BY, OURS, config_map, engine_deployment, lws_installed,
                           model_deployment, namespace, owner_reference, pod, pod_template, refused,
                           workload)
from lib.api import JSON_PATCH

WHERE = "managed"
MANAGER = "bailiwick-operator"
MARKS = [{MANAGED_BY: "bailiwick"}, {"bailiwick.dev/deployment": "assistant"}]
CORE, APPS = f"/api/v1/namespaces/{WHERE}", f"/apis/apps/v1/namespaces/{WHERE}"


@pytest.fixture(scope="module")
def operator(people):
    return people.operator()


@pytest.fixture(scope="module")
def ada(region, people):
    """An ordinary namespace editor."""
    region.apply(namespace(WHERE))
    return people.editor("ada", WHERE)


@pytest.fixture(scope="module")
def owner(region, ada):
    return region.api.create(model_deployment("assistant", WHERE))


@pytest.fixture(scope="module")
def routes(operator, owner):
    obj = config_map("assistant-routes", WHERE, OURS, {"routes.yaml": "a"}, owner)
    return operator.apply(obj, MANAGER)


@pytest.fixture(scope="module")
def engine(region, operator, owner):
    """The operator's Deployment, and the pod that Kubernetes' controllers made of it."""
    region.api.wait("service account", lambda api: api.find(f"{CORE}/serviceaccounts/default"))
    operator.apply(engine_deployment(owner), MANAGER)
    return region.api.wait("an engine pod", lambda api: engine_pods(api))[0]


def engine_pods(api) -> list:
    return api.items(f"{CORE}/pods?labelSelector=bailiwick.dev/role=engine")


def test_the_operator_makes_changes_and_removes_its_objects(operator, owner):
    obj = config_map("own", WHERE, OURS, {"a": "1"}, owner)
    operator.apply(obj, MANAGER)
    obj["data"]["a"] = "2"
    stored = operator.apply(obj, MANAGER)
    assert stored["data"] == {"a": "2"}
    operator.delete(f"{CORE}/configmaps/own", preconditions={
        "uid": stored["metadata"]["uid"], "resourceVersion": stored["metadata"]["resourceVersion"]})


def test_a_tenant_cannot_edit_a_route_table(ada, routes):
    with refused("configmaps assistant-routes belongs to Bailiwick", "ModelDeployment assistant"):
        ada.merge(f"{CORE}/configmaps/assistant-routes", {"data": {"routes.yaml": "evil"}})


def test_a_tenant_cannot_take_the_label_off(ada, routes):
    for labels in ({MANAGED_BY: None}, {MANAGED_BY: "me", "bailiwick.dev/deployment": None}):
        with refused("belongs to Bailiwick"):
            ada.merge(f"{CORE}/configmaps/assistant-routes", {"metadata": {"labels": labels}})


def test_a_tenant_cannot_delete_what_has_an_owner(ada, routes):
    with refused("change or delete ModelDeployment assistant"):
        ada.delete(f"{CORE}/configmaps/assistant-routes")


def test_a_tenant_cannot_delete_them_as_a_collection(ada, routes):
    with refused("belongs to Bailiwick"):
        ada.request("DELETE", f"{CORE}/configmaps?labelSelector={MANAGED_BY}=bailiwick")
    assert ada.find(f"{CORE}/configmaps/assistant-routes")


def test_an_administrator_is_no_exception(region, routes):
    with refused("belongs to Bailiwick"):
        region.api.merge(f"{CORE}/configmaps/assistant-routes", {"data": {"routes.yaml": "evil"}})


@pytest.mark.parametrize("user, group", [
    ("backup", ""), ("agent", "node-agents"), ("system:kube-controller-manager", "")])
def test_those_whom_the_values_trust_may(people, operator, owner, user, group):
    """And the controllers of a control plane that gives them no accounts of their own."""
    trusted, name = people.user(user, group), "for-" + user.replace(":", "-")
    people.editor(user, WHERE)
    operator.apply(config_map(name, WHERE, OURS, {}, owner), MANAGER)
    trusted.merge(f"{CORE}/configmaps/{name}", {"data": {"a": "b"}})


@pytest.mark.parametrize("labels", MARKS)
def test_a_tenant_cannot_make_a_lookalike(ada, labels):
    for obj in (config_map("lookalike", WHERE, labels), pod("lookalike", WHERE, labels)):
        with refused("choose other labels"):
            ada.create(obj)
        del obj["metadata"]["name"]
        obj["metadata"]["generateName"] = "lookalike-"
        with refused("choose other labels"):
            ada.create(obj)
    plain = ada.create(config_map("plain", WHERE))
    with refused("choose other labels"):
        ada.merge(ada.path(plain), {"metadata": {"labels": labels}})
    ada.delete(ada.path(plain))


def objects_of_every_kind(labels: dict) -> list:
    meta = {"name": "each", "namespace": WHERE, "labels": labels}
    rbac = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta,
         "spec": {"selector": {"a": "b"}, "ports": [{"port": 80}]}},
        {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": meta,
         "spec": {"selector": {"matchLabels": {"a": "b"}}}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta,
         "spec": {"podSelector": {}}},
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": meta, "rules": []},
        {"apiVersion": f"{rbac}/v1", "kind": "RoleBinding", "metadata": meta,
         "roleRef": {"apiGroup": rbac, "kind": "Role", "name": "each"}, "subjects": []},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": meta,
         "addressType": "IPv4", "endpoints": [], "ports": []},
        {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": meta,
         "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
        *({**workload(kind, "each", WHERE, {"app": "x"}), "metadata": meta}
          for kind in ("Deployment", "ReplicaSet", "StatefulSet", "LeaderWorkerSet")),
    ]


def test_every_kind_that_the_operator_makes_is_covered(region, ada):
    """As an administrator: RBAC would stop the editor from some of them before."""
    lws_installed(region)
    for obj in objects_of_every_kind(dict(OURS)):
        with refused("choose other labels"):
            region.api.create(obj)
    for obj in objects_of_every_kind({"app": "x"}):
        region.api.delete(region.api.path(region.api.create(obj)))


# Pods

def test_controllers_make_pods_of_what_the_operator_made(engine):
    assert engine["metadata"]["ownerReferences"][0]["kind"] == "ReplicaSet"
    assert engine["metadata"]["labels"][MANAGED_BY] == "bailiwick"


@pytest.mark.parametrize("change", [
    {"metadata": {"labels": {"bailiwick.dev/role": None}}},
    {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "9"}}},
    {"metadata": {"finalizers": ["example.com/mine"]}},
    {"spec": {"containers": [{"name": "engine", "image": "evil"}]}},
])
def test_a_tenant_cannot_change_an_engine_pod(ada, engine, change):
    path = f"{CORE}/pods/{engine['metadata']['name']}"
    with refused("pods assistant-main-", "belongs to Bailiwick"):
        ada.request("PATCH", path, change, "application/strategic-merge-patch+json")


def test_nobody_adds_a_container_to_an_engine_pod(region, engine):
    """kubectl debug, as an administrator: ClusterRole edit does not hold it."""
    path = f"{CORE}/pods/{engine['metadata']['name']}/ephemeralcontainers"
    debug = {"spec": {"ephemeralContainers": [{"name": "debug", "image": "busybox"}]}}
    with refused("belongs to Bailiwick"):
        region.api.request("PATCH", path, debug, "application/strategic-merge-patch+json")


def test_nobody_resizes_an_engine_pod(region, engine):
    path = f"{CORE}/pods/{engine['metadata']['name']}/resize"
    size = {"spec": {"containers": [{"name": "engine", "resources": {"requests": {"cpu": "2"}}}]}}
    with refused("belongs to Bailiwick"):
        region.api.request("PATCH", path, size, "application/strategic-merge-patch+json")


def test_the_operator_may_mark_a_pod(operator, engine):
    cost = {"metadata": {"annotations": {"controller.kubernetes.io/pod-deletion-cost": "-1"}}}
    operator.merge(f"{CORE}/pods/{engine['metadata']['name']}", cost)


@pytest.mark.parametrize("how", ["delete", "evict"])
def test_anybody_whom_rbac_lets_removes_a_pod_and_gets_another(region, ada, engine, how):
    name = engine_pods(region.api)[0]["metadata"]["name"]
    if how == "delete":
        ada.delete(f"{CORE}/pods/{name}")
    else:
        ada.request("POST", f"{CORE}/pods/{name}/eviction", {
            "apiVersion": "policy/v1", "kind": "Eviction",
            "metadata": {"name": name, "namespace": WHERE}})
    region.api.wait("a replacement", lambda api: [
        one for one in engine_pods(api) if one["metadata"]["name"] != name])


def test_a_terminating_pod_may_lose_its_finalizer(people, ada, owner):
    """The documented way out when the operator is gone for good."""
    obj, path = pod("draining", WHERE, OURS), f"{CORE}/pods/draining"
    obj["metadata"]["finalizers"] = ["bailiwick.dev/drain-report"]
    obj["metadata"]["ownerReferences"] = [owner_reference(owner)]
    people.editor("backup", WHERE).create(obj)
    free = [{"op": "remove", "path": "/metadata/finalizers"}]
    with refused("belongs to Bailiwick"):
        ada.request("PATCH", path, free, JSON_PATCH)
    ada.delete(path, gracePeriodSeconds=0)
    with refused("belongs to Bailiwick"):
        ada.request("PATCH", path, [{"op": "remove", "path": "/metadata/labels"}], JSON_PATCH)
    ada.request("PATCH", path, free, JSON_PATCH)
    assert ada.find(path) is None


# Workloads whose pods Kubernetes' controllers make

KINDS = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob",
         "ReplicationController", "LeaderWorkerSet"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("labels", MARKS)
def test_a_tenant_cannot_have_lookalikes_made(region, people, ada, kind, labels):
    lws_installed(region)
    if kind == "LeaderWorkerSet":
        people.lws_editor("ada", WHERE)
    with refused("the pod template carries a label", "choose other labels"):
        ada.create(workload(kind, "lookalike", WHERE, labels))


@pytest.mark.parametrize("kind", KINDS)
def test_other_workloads_are_none_of_our_business(region, people, ada, kind):
    lws_installed(region)
    if kind == "LeaderWorkerSet":
        people.lws_editor("ada", WHERE)
    obj = ada.create(workload(kind, "plain", WHERE, {"app": "plain", MANAGED_BY: "helm"}))
    ada.merge(ada.path(obj), {"metadata": {"labels": {"team": "x"}}})
    ada.delete(ada.path(obj), propagationPolicy="Background")


def test_nobody_scales_past_the_model_deployment(ada, engine):
    owner = engine["metadata"]["ownerReferences"][0]["name"]
    for path in (f"{APPS}/deployments/assistant-main/scale", f"{APPS}/replicasets/{owner}/scale"):
        with refused("scale its ModelDeployment instead"):
            ada.merge(path, {"spec": {"replicas": 5}})
    # Two policies refuse this one; either may be heard first.
    with refused("ModelDeployment"):
        ada.merge(f"{APPS}/deployments/assistant-main", {"spec": {"replicas": 5}})


def test_nor_does_an_autoscaler(people, engine):
    """It writes in the name of Kubernetes whatever its author told it."""
    autoscaler = people.user("system:serviceaccount:kube-system:horizontal-pod-autoscaler",
                             "system:serviceaccounts:kube-system")
    path = f"{APPS}/deployments/assistant-main/scale"
    scale = autoscaler.get(path)
    scale["spec"]["replicas"] = 5
    with refused("scale its ModelDeployment instead"):
        autoscaler.request("PUT", path, scale)


def test_other_workloads_scale(ada):
    obj = ada.create(workload("Deployment", "scales", WHERE, {"app": "scales"}))
    ada.merge(ada.path(obj) + "/scale", {"spec": {"replicas": 0}})
    ada.delete(ada.path(obj))


# The end

def test_garbage_goes_with_its_model_deployment(region, operator, ada):
    owner = ada.create(model_deployment("short", WHERE))
    operator.apply(config_map("short-routes", WHERE, OURS, {}, owner), MANAGER)
    ada.delete(ada.path(owner))
    region.api.wait("garbage collected",
                    lambda api: not api.find(f"{CORE}/configmaps/short-routes"))


def test_an_orphan_may_be_deleted(operator, ada):
    """A backup may bring one back."""
    ada.delete(ada.path(operator.apply(config_map("orphaned-routes", WHERE, OURS), MANAGER)))


def test_a_namespace_can_be_deleted(region, people, operator):
    where = "ends"
    region.apply(namespace(where))
    people.editor("ada", where)
    owner = region.api.create(model_deployment("assistant", where))
    operator.apply(config_map("assistant-routes", where, OURS, {}, owner), MANAGER)
    operator.apply({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "assistant-main", "namespace": where, "labels": OURS},
        "spec": {"selector": {"matchLabels": OURS}, "template": pod_template(OURS)}}, MANAGER)
    region.api.wait("a pod", lambda api: api.items(f"/api/v1/namespaces/{where}/pods"))
    path = f"/api/v1/namespaces/{where}"
    region.api.delete(path)
    region.api.wait("the namespace gone", lambda api: not api.find(path), 60.0)


def test_what_is_not_ours_is_not_looked_at(ada):
    for obj in (config_map("other", WHERE, {MANAGED_BY: "Helm"}),
                pod("other", WHERE, {"app": "x"})):
        ada.create(obj)
        ada.merge(ada.path(obj), {"metadata": {"labels": {"team": "x"}}})
        ada.delete(ada.path(obj))
