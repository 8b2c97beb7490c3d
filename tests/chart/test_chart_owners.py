"""What belongs to a ModelDeployment is made by the operator and ends with it: nobody else puts an
object under one, and nobody takes objects away from one."""
import pytest

from chart_objects import (config_map, engine_deployment, model_deployment, namespace,
                           owner_reference, pod, refused)

WHERE = "owners"
MANAGER = "bailiwick-operator"


@pytest.fixture(scope="module")
def operator(people):
    return people.operator()


@pytest.fixture(scope="module")
def ada(region, people):
    region.apply(namespace(WHERE))
    return people.editor("ada", WHERE)


@pytest.fixture(scope="module")
def owner(ada):
    return ada.create(model_deployment("assistant", WHERE))


# An object of a tenant's that the operator would take for its own

def forged(owner: dict) -> list:
    service = {"apiVersion": "v1", "kind": "Service",
               "metadata": {"name": "assistant", "namespace": WHERE},
               "spec": {"type": "ExternalName", "externalName": "elsewhere.example"}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim",
             "metadata": {"name": "assistant", "namespace": WHERE},
             "spec": {"accessModes": ["ReadWriteOnce"],
                      "resources": {"requests": {"storage": "1Gi"}}}}
    workload = engine_deployment(owner)
    workload["metadata"]["labels"] = {}
    workload["spec"]["selector"] = {"matchLabels": {"app": "x"}}
    workload["spec"]["template"]["metadata"] = {"labels": {"app": "x"}}
    objects = [service, claim, workload, config_map("assistant-routes", WHERE), pod("p", WHERE)]
    for obj in objects:
        obj["metadata"]["ownerReferences"] = [owner_reference(owner)]
    return objects


def test_a_tenant_cannot_forge_an_owner(ada, owner):
    for obj in forged(owner):
        with refused("ModelDeployment assistant", "leave it out of metadata.ownerReferences"):
            ada.create(obj)
        with refused("leave it out of metadata.ownerReferences"):
            ada.apply(obj)


def test_nor_add_one_later_nor_make_one_the_controller(region, ada, owner):
    reference = owner_reference(owner)
    path = ada.path(ada.create(config_map("later", WHERE)))
    with refused("leave it out of metadata.ownerReferences"):
        ada.merge(path, {"metadata": {"ownerReferences": [reference]}})
    with refused("leave it out of metadata.ownerReferences"):
        ada.merge(path, {"metadata": {"ownerReferences": [{**reference, "controller": False}]}})
    ada.delete(path)


def test_an_administrator_is_no_exception_either(region, owner):
    with refused("leave it out of metadata.ownerReferences"):
        region.api.create(config_map("admins", WHERE, owner=owner))


def test_other_owners_are_nobodys_business(ada):
    parent = ada.create(config_map("parent", WHERE))
    parent.update(apiVersion="v1", kind="ConfigMap")
    child = ada.create(config_map("child", WHERE, owner=parent))
    ada.merge(ada.path(child), {"data": {"a": "b"}})
    ada.delete(ada.path(parent))


# A ModelDeployment that would leave what it runs behind

@pytest.mark.parametrize("options", [{"propagationPolicy": "Orphan"}, {"orphanDependents": True}])
def test_nobody_deletes_a_model_deployment_and_leaves_its_workloads(region, ada, owner, options):
    for api in (ada, region.api):
        with refused("delete it without --cascade=orphan"):
            api.delete(ada.path(owner), **options)


def test_nor_all_of_a_namespace_at_once(ada, owner):
    with refused("delete it without --cascade=orphan"):
        ada.request("DELETE", ada.collection(owner) + "?propagationPolicy=Orphan")
    assert "deletionTimestamp" not in ada.get(ada.path(owner))["metadata"]


CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def test_nor_the_kind_with_everything_of_it(region, release):
    mine = [crd["metadata"]["name"] for crd in region.api.items(CRDS)
            if crd["spec"]["group"] == "bailiwick.dev"]
    assert len(mine) >= 5
    for name in mine:
        with refused(f"CustomResourceDefinition {name}", "helm uninstall first"):
            region.api.delete(f"{CRDS}/{name}?dryRun=All")
    foreign = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
               "metadata": {"name": "things.example.dev"},
               "spec": {"group": "example.dev", "scope": "Cluster",
                        "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
                        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {
                            "openAPIV3Schema": {"type": "object"}}}]}}
    region.api.create(foreign)
    region.api.delete(f"{CRDS}/things.example.dev")


def test_nor_by_a_finalizer(ada, owner):
    born = model_deployment("born", WHERE)
    born["metadata"]["finalizers"] = ["orphan"]
    with refused("the finalizer orphan", "remove it from metadata.finalizers"):
        ada.create(born)
    with refused("the finalizer orphan"):
        ada.merge(ada.path(owner), {"metadata": {"finalizers": ["orphan"]}})
    ada.merge(ada.path(owner), {"metadata": {"finalizers": ["example.com/other"]}})
    ada.merge(ada.path(owner), {"metadata": {"finalizers": None}})


@pytest.mark.parametrize("options", [
    {}, {"propagationPolicy": "Background"}, {"propagationPolicy": "Foreground"},
    {"orphanDependents": False}])
def test_any_other_deletion_takes_what_it_runs_along(region, operator, ada, options):
    gone = ada.create(model_deployment("gone", WHERE))
    obj = operator.apply(config_map("gone-routes", WHERE, {}, {}, gone), MANAGER)
    ada.delete(ada.path(gone), **options)
    region.api.wait("both gone", lambda api:
                    not api.find(api.path(gone)) and not api.find(api.path(obj)))
