"""What whoever may edit a namespace must not reach through a ModelDeployment."""
import base64

import pytest
import yaml

from kit.objects import variant
from kit.wait import eventually
from lib.api import ApiError

TOKEN_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount"


ARGUMENTS = ["--host=0.0.0.0", "--hos=0.0.0.0", "--port=9000", "--model=/etc",
             "--served-model-name=x", "--served_model_name=x", "-tp=2", "$(SECRET)"]
VARIABLES = ["HF_HUB_OFFLINE", "LD_PRELOAD", "NVIDIA_VISIBLE_DEVICES", "PYTHONPATH"]


def test_reserved_arguments_and_variables_are_refused_by_name(case):
    case.nodes(1)
    wrong = {f"arg-{number}": (text, variant(args=(text,)))
             for number, text in enumerate(ARGUMENTS)}
    wrong["arg-apart"] = ("--host", variant(args=("--host", "0.0.0.0")))
    wrong.update({f"env-{number}": (name, variant(env=[{"name": name, "value": "x"}]))
                  for number, name in enumerate(VARIABLES)})
    for name, (_, bad) in wrong.items():
        case.deploy(name, variants=[bad])
    for name, (words, _) in wrong.items():
        case.wait_condition("Placed", "False", "InvalidSpec", words, name=name)
        case.wait_condition("Stalled", "True", "InvalidSpec", words, name=name)
    assert not case.pods()


def test_what_runs_stays_while_its_spec_is_refused(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    case.change(variants=[variant(args=("--host=0.0.0.0",))])
    case.wait_condition("Stalled", "True", "InvalidSpec", "--host")
    assert case.uids() == uids


def test_the_token_of_the_service_account_is_in_the_sidecar_only(case):
    case.nodes(1)
    case.deploy(pod={"env": [{"name": "GREETING", "value": "hello"}]})
    case.wait_settled()
    pod, = case.pods()
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False and spec["serviceAccountName"] == "m"
    tokens = {v["name"] for v in spec["volumes"] for source in
              v.get("projected", {}).get("sources", []) if "serviceAccountToken" in source}
    assert len(tokens) == 1
    holders = {c["name"] for c in [*spec["initContainers"], *spec["containers"]]
               for mount in c.get("volumeMounts", [])
               if mount["name"] in tokens or mount["mountPath"].startswith(TOKEN_FOLDER)}
    assert holders == {"engine-sidecar"}
    assert not spec.get("hostNetwork") and not spec.get("shareProcessNamespace")


def test_the_sidecars_account_may_watch_its_own_route_table_and_nothing_else(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    user = f"system:serviceaccount:{case.namespace}:m"

    def may(verb: str, resource: str, name: str = "") -> bool:
        answer = case.api.create({
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "metadata": {}, "spec": {"user": user, "resourceAttributes": {
                "namespace": case.namespace, "verb": verb, "resource": resource, "name": name}}})
        return answer["status"]["allowed"]
    eventually(lambda: may("watch", "configmaps", "m-routes"), "its route table")
    assert may("get", "configmaps", "m-routes")
    assert not may("get", "configmaps", "m-h200") and not may("watch", "configmaps")
    assert not may("patch", "configmaps", "m-routes") and not may("get", "secrets", "any")
    assert not may("get", "pods", "any")


def test_nobody_slips_an_object_under_a_deployment_that_is_not_scaled_up_yet(case):
    """The operator would take it for its own: as an administrator, who is no exception."""
    uid = case.deploy(replicas=0)["metadata"]["uid"]
    owner = {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment", "name": "m",
             "uid": uid, "controller": True}
    obj = {"apiVersion": "v1", "kind": "Service",
           "metadata": {"name": "m-h200", "namespace": case.namespace, "ownerReferences": [owner]},
           "spec": {"type": "ExternalName", "externalName": "elsewhere.example"}}

    def refused():
        """A policy is in force some moments after the chart was installed."""
        code, text = case.api.raw("POST", f"{case.core}/services?dryRun=All", obj)
        assert code == 403 and "leave it out of metadata.ownerReferences" in text, text
        return True
    eventually(refused, "the policy refuses it")


def test_nobody_frees_what_runs_from_its_law(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    with pytest.raises(ApiError, match="without --cascade=orphan"):
        case.api.delete(case.path(), propagationPolicy="Orphan")
    pod, = case.pods()
    name = pod["metadata"]["name"]
    with pytest.raises(ApiError, match=f"into pod {name} of Bailiwick"):
        case.api.request("POST", f"{case.pods_path}/{name}/exec?command=sh&stdout=true")
    with pytest.raises(ApiError, match="would open what Bailiwick closes"):
        case.api.create({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
                         "metadata": {"name": "open", "namespace": case.namespace},
                         "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}})
    assert case.running()


CANARY = "canary-4f1d2c-must-not-be-logged"


def test_a_secret_reaches_neither_the_log_nor_status_nor_events(case):
    encoded = base64.b64encode(CANARY.encode()).decode()
    case.api.create({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                     "metadata": {"name": "hub", "namespace": case.namespace},
                     "data": {"token": encoded}})
    case.nodes(1)
    env = [{"name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "hub", "key": "token"}}},
           {"name": "PLAIN_TOKEN", "value": CANARY}]
    case.deploy(variants=[variant(env=env)])
    case.wait_settled()
    case.deploy("refused", variants=[variant(env=[{"name": "LD_PRELOAD", "value": CANARY}])])
    case.wait_condition("Placed", "False", "InvalidSpec", name="refused")
    events = case.api.items(f"/apis/events.k8s.io/v1/namespaces/{case.namespace}/events")
    log = case.region.process("operator").log.read_text(errors="replace")
    config = yaml.safe_load((case.region.folder / "operator.kubeconfig").read_text())
    token = config["users"][0]["user"]["token"]
    assert len(token) > 100
    for text in (log, str(events), str(case.get()["status"]), str(case.get("refused")["status"])):
        assert CANARY not in text and encoded not in text and token not in text
