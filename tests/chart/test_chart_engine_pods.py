"""Nobody reaches into an engine's pod past its sidecar, and nobody mounts its weights."""
import pytest

from chart_objects import (OURS, engine_deployment, model_deployment, namespace, pod, refused,
                           workload)
from lib.api import ApiError

WHERE = "engines"
MANAGER = "bailiwick-operator"
CORE = f"/api/v1/namespaces/{WHERE}"
CACHE = {"name": "weights", "ephemeral": {"volumeClaimTemplate": {
    "metadata": {"labels": OURS},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}}}
WAYS = ["exec?command=sh&stdout=true", "attach?stdout=true", "portforward", "proxy/"]


@pytest.fixture(scope="module")
def ada(region, people):
    region.apply(namespace(WHERE))
    return people.editor("ada", WHERE)


@pytest.fixture(scope="module")
def engine(region, people, ada):
    """Name of a pod of the operator's, with a cache of its own."""
    region.api.wait("service account", lambda api: api.find(f"{CORE}/serviceaccounts/default"))
    owner = ada.create(model_deployment("assistant", WHERE))
    people.operator().apply(engine_deployment(owner, volumes=[CACHE]), MANAGER)
    name = region.api.wait("an engine pod", lambda api: api.items(
        f"{CORE}/pods?labelSelector=bailiwick.dev/role=engine"))[0]["metadata"]["name"]
    region.api.wait("its cache", lambda api: api.find(claim(name)))
    return name


def claim(engine: str) -> str:
    return f"{CORE}/persistentvolumeclaims/{engine}-weights"


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("way", WAYS)
def test_a_tenant_does_not_reach_into_an_engine_pod(region, ada, engine, way, method):
    for api in (ada, region.api):
        with refused(f"pod {engine} of Bailiwick", "read its log"):
            api.request(method, f"{CORE}/pods/{engine}/{way}")


@pytest.mark.parametrize("name", ["{}:8000", "http:{}:8000", "https:{}:"])
def test_nor_through_a_proxy_to_a_port(ada, engine, name):
    with refused(f"pod {engine} of Bailiwick"):
        ada.request("GET", f"{CORE}/pods/{name.format(engine)}/proxy/v1/models")


def test_whom_the_values_trust_does(people, engine):
    """The request goes on to the node, which this pod does not have."""
    with pytest.raises(ApiError, match="does not have a host assigned"):
        people.editor("backup", WHERE).request("POST", f"{CORE}/pods/{engine}/portforward")


def test_other_pods_are_reached(ada, engine):
    ada.create(pod("other", WHERE))
    for way in WAYS:
        with pytest.raises(ApiError, match="does not have a host assigned|address not allowed"):
            ada.request("POST", f"{CORE}/pods/other/{way}")


def mounting(name: str, claim_name: str) -> dict:
    source = {"persistentVolumeClaim": {"claimName": claim_name}}
    return pod(name, WHERE, volumes=[{"name": "w", **source}])


def test_nobody_mounts_the_weights_of_an_engine_pod(region, ada, engine):
    for api in (ada, region.api):
        with refused(f"claim {engine}-weights is named as the weights", "of your own"):
            api.create(mounting("thief", f"{engine}-weights"))


def test_nor_those_of_a_group(people, ada, engine):
    """Its pods have names that can be told beforehand. The controller is trusted by the values."""
    controller = people.editor("system:serviceaccount:lws-system:lws-controller-manager", WHERE)
    for name, labels in (("wide", OURS), ("others", {})):
        leaders = workload("StatefulSet", name, WHERE, {**labels, "app": name})
        leaders["metadata"]["labels"] = {"leaderworkerset.sigs.k8s.io/name": name}
        controller.create(leaders)
    ada.wait("the policy knows it", lambda api: not makes(api, mounting("t", "wide-3-weights")))
    assert makes(ada, mounting("t", "others-3-weights"))


@pytest.mark.parametrize("name", ["mine", "weights", "assistant-weights", "assistant-main-weights",
                                  "assistant-main-fp8-weights", "assistant-main-2-weights"])
def test_other_claims_are_mounted_by_whom_they_belong_to(ada, engine, name):
    assert makes(ada, mounting("honest", name))


def makes(api, obj: dict) -> bool:
    code, text = api.raw("POST", api.collection(obj) + "?dryRun=All", obj)
    assert code == 201 or "ValidatingAdmissionPolicy" in text, text
    return code == 201


def test_a_controller_does_not_mount_them_for_a_tenant(region, ada, engine):
    obj = workload("Deployment", "thief", WHERE, {"app": "thief"})
    obj["spec"]["template"]["spec"] = mounting("thief", f"{engine}-weights")["spec"]
    path = ada.path(ada.create(obj))
    region.api.wait("a refusal", lambda api: [
        entry for entry in api.get(path).get("status", {}).get("conditions", [])
        if entry["type"] == "ReplicaFailure" and "as the weights of a pod" in entry["message"]])
    ada.delete(path)


def test_a_tenant_does_not_change_the_claim(region, ada, engine):
    for meta in ({"labels": {"bailiwick.dev/deployment": None}}, {"finalizers": ["a.example/b"]},
                 {"annotations": {"volume.kubernetes.io/selected-node": "n"}}):
        with refused("persistentvolumeclaims", "belongs to Bailiwick"):
            ada.merge(claim(engine), {"metadata": meta})
    with refused("belongs to Bailiwick"):
        ada.delete(claim(engine))


@pytest.mark.parametrize("user, role", [
    ("system:kube-scheduler", "system:volume-scheduler"),
    ("system:serviceaccount:csi:provisioner", "system:controller:persistent-volume-binder")])
def test_scheduler_and_storage_drivers_do_their_work(region, people, engine, user, role):
    """The scheduler chooses the node of a claim; a driver takes the choice back."""
    binding = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
               "metadata": {"name": user.replace(":", "-")},
               "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                           "name": role},
               "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User",
                             "name": user}]}
    region.apply(binding)
    region.api.wait("its rights", lambda _: people.may(user, WHERE, "update", "",
                                                       "persistentvolumeclaims"))
    api = people.user(user)
    obj = region.api.get(claim(engine))
    obj["metadata"].setdefault("annotations", {})["volume.kubernetes.io/selected-node"] = user
    api.request("PUT", claim(engine), obj)


def test_the_claim_goes_with_its_pod(region, ada, engine):
    """Runs last here: the ReplicaSet makes another pod."""
    ada.delete(f"{CORE}/pods/{engine}", gracePeriodSeconds=0)
    region.api.wait("the claim gone", lambda api: not api.find(claim(engine)))
