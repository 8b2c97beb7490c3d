"""`helm install`, `upgrade` and `uninstall` against a real API server."""
import copy
import subprocess

import pytest

from chart_objects import model_deployment, namespace
from chart_release import FULLNAME, NAME, NAMESPACE, VALUES, Helm, of_kind
from lib import tools
from lib.api import ApiError
from lib.chart import CHART
from lib.components import BARE
from lib.region import Region

POLICIES = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
EXPECTED = {"cache-claims", "cache-claims-of-groups", "cascade", "copies", "copies-scale", "engine-pods",
            "groups", "kinds", "managed-objects", "network-policies", "network-policies-before", "node-labels",
            "owner-references", "pod-metadata", "pod-templates", "references", "scale"}


def test_helm_installs_it_without_a_warning(release):
    assert release.stderr == ""
    assert f"rollout status deployment/{FULLNAME}" in release.notes
    assert 'region "fra"' in release.notes
    assert "image.repository is a placeholder" in release.notes


def test_the_api_server_finds_no_fault_with_the_policies(region, release):
    found = {policy["metadata"]["name"].removeprefix(FULLNAME + "-"): policy
             for policy in region.api.wait("policies checked", checked)}
    assert found.keys() == EXPECTED
    for name, policy in found.items():
        assert "expressionWarnings" not in policy["status"]["typeChecking"], name


def checked(api) -> list:
    policies = api.items(POLICIES)
    done = all("typeChecking" in policy.get("status", {}) for policy in policies)
    return policies if done else []


def test_every_object_passes_strict_validation(helm, region, release):
    objects = helm.template({**VALUES, "catalog": {"a.yaml": ""}})
    done = subprocess.run(
        [str(tools.binary("kubectl")), "--kubeconfig", str(region.admin_kubeconfig), "apply",
         "-f", "-", "--server-side", "--force-conflicts", "--dry-run=server", "--validate=strict"],
        input=objects, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "Warning" not in done.stderr, done.stderr


@pytest.fixture(scope="module")
def restricted(region, release):
    level = "pod-security.kubernetes.io/enforce"
    region.apply(namespace("restricted", **{level: "restricted", level + "-version": "latest"}))
    account = "/api/v1/namespaces/restricted/serviceaccounts/default"
    region.api.wait("its account", lambda api: api.find(account))
    return region.api


def pod_of(helm) -> dict:
    (deployment,) = of_kind(helm.objects(VALUES), "Deployment")
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"].update(name="operator", namespace="restricted")
    template["spec"]["serviceAccountName"] = "default"
    return {"apiVersion": "v1", "kind": "Pod", **template}


def dry_run(api, obj: dict):
    return api.request("POST", api.collection(obj) + "?dryRun=All&fieldValidation=Strict", obj)


def test_restricted_pod_security_admits_the_operator(helm, restricted):
    dry_run(restricted, pod_of(helm))
    lax = pod_of(helm)
    del lax["spec"]["containers"][0]["securityContext"]["capabilities"]
    with pytest.raises(ApiError, match="violates PodSecurity"):
        dry_run(restricted, lax)


def test_the_deployment_gets_its_pods(region, release):
    """Its own policies do not stand in its way."""
    path = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app.kubernetes.io/instance={NAME}"
    region.api.wait("two pods of the operator", lambda api: len(api.items(path)) == 2)


def test_uninstall_keeps_the_crds_and_what_people_wrote(tmp_path):
    """In a cluster of its own, under the usual name."""
    helm = Helm(tmp_path / "helm")
    region = Region("uninstall", tmp_path / "uninstall", BARE).start()
    where = ("--namespace", "bailiwick-system", "--kubeconfig", region.admin_kubeconfig)
    obj = model_deployment("stays", "default")
    try:
        # No operator runs here that would answer for its webhook.
        alone = ("--set", "webhook.failurePolicy=Ignore")
        helm.run("install", "bailiwick", CHART, *where, *alone, "--create-namespace")
        region.api.wait("a ModelDeployment", lambda api: api.apply(obj))
        helm.run("uninstall", "bailiwick", *where)
        assert region.api.items(POLICIES) == []
        # Deleting a CRD only marks it at first.
        crds = region.api.items("/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
        assert len(crds) == 5 and not any("deletionTimestamp" in crd["metadata"] for crd in crds)
        uid = region.api.get(region.api.path(obj))["metadata"]["uid"]
        helm.run("install", "bailiwick", CHART, *where, *alone)
        assert region.api.get(region.api.path(obj))["metadata"]["uid"] == uid
    finally:
        region.remove()
