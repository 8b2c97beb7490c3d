"""A ModelDeployment is deleted."""
from kit import audit
from kit.objects import variant
from kit.wait import eventually


def all_gone(case) -> None:
    eventually(lambda: not case.made() and not case.api.items(case.pods_path)
               and not case.api.items(f"{case.apps}/replicasets"), "everything is gone")


def test_everything_of_a_deleted_deployment_goes(case):
    case.nodes(2)
    case.nodes(1, "mi300x")
    case.deploy(replicas=3, variants=[variant(), variant("mi300x")])
    case.wait_settled()
    mark = case.region.audit_mark()
    case.api.delete(case.path())
    all_gone(case)
    assert case.api.find(case.path()) is None
    # The garbage collector does it; the operator has nothing to delete.
    deleted = [e for e in audit.mutations(case.region, mark, case.namespace)
               if e["verb"] == "delete"]
    assert deleted == []


def test_a_deletion_in_the_middle_of_the_creation_leaves_nothing(case):
    case.nodes(1)
    for _ in range(5):
        case.deploy()
        case.api.delete(case.path())
    all_gone(case)


def test_a_deletion_in_the_foreground_ends(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    case.api.delete(case.path(), propagationPolicy="Foreground")
    eventually(lambda: case.api.find(case.path()) is None, "the deployment is gone")
    all_gone(case)


def test_devices_of_a_deleted_deployment_are_the_next_ones(case):
    case.nodes(1)
    case.deploy("first")
    case.wait_settled("first")
    case.deploy("second")
    case.wait_condition("Placed", "False", "NoCapacity", name="second")
    case.api.delete(case.path("first"))
    case.wait_settled("second")


def test_every_delete_of_the_operator_has_preconditions(case):
    case.nodes(1)
    case.nodes(1, "mi300x")
    case.deploy(variants=[variant(), variant("mi300x")])
    case.wait_settled()
    mark = case.region.audit_mark()
    case.change(variants=[variant("mi300x")])

    def deletes() -> set:
        return {audit.resource(e) for e in audit.mutations(case.region, mark, case.namespace)
                if e["verb"] == "delete"}
    eventually(lambda: deletes() == {"deployments", "services", "configmaps"},
               "the removed variant's objects are deleted")
    assert audit.careless_deletes(case.region, mark) == []


def test_a_deleted_namespace_ends(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    path = f"/api/v1/namespaces/{case.namespace}"
    case.api.delete(path)
    eventually(lambda: case.api.find(path) is None, "the namespace is gone", timeout=180)
