"""Names that somebody else's objects have: never adopted, always told."""
import pytest

from kit import objects
from kit.objects import variant
from kit.wait import eventually, holds


def foreign(kind: str, name: str, namespace: str) -> dict:
    meta = {"name": name, "namespace": namespace, "labels": {"app": "theirs"}}
    pod = {"metadata": {"labels": {"app": "theirs"}},
           "spec": {"containers": [{"name": "main", "image": "registry.example/theirs:1"}]}}
    bodies = {
        "Service": {"apiVersion": "v1", "spec": {"selector": {"app": "theirs"},
                                                 "ports": [{"port": 80}]}},
        "ConfigMap": {"apiVersion": "v1", "data": {"routes.yaml": "theirs"}},
        "ServiceAccount": {"apiVersion": "v1"},
        "Deployment": {"apiVersion": "apps/v1", "spec": {
            "replicas": 0, "selector": {"matchLabels": {"app": "theirs"}}, "template": pod}},
    }
    return {**bodies[kind], "kind": kind, "metadata": meta}


@pytest.mark.parametrize("kind,name", [("Service", "m"), ("Deployment", "m-h200"),
                                       ("ConfigMap", "m-routes"), ("ServiceAccount", "m")])
def test_a_foreign_object_of_the_same_name_is_told_and_never_adopted(case, kind, name):
    theirs = case.api.create(foreign(kind, name, case.namespace))
    path = case.api.path(theirs)
    case.nodes(1)
    case.deploy()
    case.wait_condition("Stalled", "True", "NameTaken", f"{kind} {name}")

    def untouched() -> None:
        meta = case.api.get(path)["metadata"]
        assert meta["uid"] == theirs["metadata"]["uid"] and not meta.get("ownerReferences")
        assert all(entry["manager"] != "bailiwick-operator" for entry in meta["managedFields"])
    holds(untouched, 1.0)
    case.api.delete(path)
    case.wait_settled()
    assert case.api.get(path)["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "bailiwick"


def test_of_two_deployments_that_want_one_name_the_first_has_it_and_the_second_says_so(case):
    case.nodes(2)
    case.deploy("a", variants=[variant(name="b-c")])
    case.wait_settled("a")
    uids = case.uids("a")
    case.deploy("a-b", variants=[variant(name="c")])
    case.wait_condition("Stalled", "True", "NameTaken", "a-b-c", name="a-b")
    assert case.uids("a") == uids
    case.wait_settled("a")
    case.api.delete(case.path("a"))
    case.wait_settled("a-b")


def test_an_object_that_takes_the_place_of_a_deleted_one_of_ours_is_not_adopted(case):
    """Between our object's deletion and its return somebody makes one of the same name."""
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    path = f"{case.core}/services/m-h200"
    # While the operator is held up, so that the other one is there first.
    process = case.region.process("operator")
    process.send(19)
    try:
        owner = case.api.get(path)["metadata"]["ownerReferences"]
        assert owner
        _without_policy(case, lambda: case.api.delete(path))
        theirs = case.api.create(foreign("Service", "m-h200", case.namespace))
    finally:
        process.send(18)
    case.wait_condition("Stalled", "True", "NameTaken", "Service m-h200")
    meta = case.api.get(path)["metadata"]
    assert meta["uid"] == theirs["metadata"]["uid"] and not meta.get("ownerReferences")


def _without_policy(case, act) -> None:
    """Somebody who may change what is ours: the policy of the chart is away for the moment."""
    path = ("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/"
            "bailiwick-managed-objects")
    binding = case.api.get(path)
    case.api.delete(path)
    try:
        eventually(lambda: _works(act), "the API server forgets the policy")
    finally:
        for key in ("resourceVersion", "uid", "creationTimestamp", "managedFields", "generation"):
            binding["metadata"].pop(key, None)
        case.api.create(binding)


def _works(act) -> bool:
    act()
    return True


def test_a_deployment_that_is_made_again_under_its_name_takes_over_when_the_old_one_is_gone(case):
    case.nodes(1)
    case.deploy()
    old = case.wait_settled()["metadata"]["uid"]
    case.api.delete(case.path())
    case.deploy()
    new = case.wait_settled()["metadata"]["uid"]
    assert new != old
    owners = {owner["uid"] for path in (f"{case.core}/services", f"{case.apps}/deployments")
              for obj in case.api.items(path) for owner in obj["metadata"]["ownerReferences"]}
    assert owners == {new}
    assert objects.API_VERSION == case.get()["apiVersion"]


def test_what_somebody_deletes_or_changes_of_ours_comes_back(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    path = f"{case.core}/configmaps/m-routes"
    table = case.api.get(path)["data"]

    def spoil() -> None:
        case.api.delete(f"{case.core}/services/m")
        case.api.merge(path, {"data": {"routes.yaml": "backends: []"}})
    _without_policy(case, spoil)
    eventually(lambda: case.api.get(path)["data"] == table, "the route table is right again")
    eventually(lambda: case.api.find(f"{case.core}/services/m"), "the Service is back")
    assert case.uids() == uids
