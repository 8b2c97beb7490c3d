"""Objects over time: nulls, defaults, generations, huge input, races, and who owns what."""
import concurrent.futures
import copy
import json

import pytest

from schema import KINDS, Crd, get, put


def fresh(kind: str, name: str, which: str = "minimal") -> dict:
    crd = Crd(kind)
    obj = copy.deepcopy(crd.minimal if which == "minimal" else crd.full[0])
    obj.pop("status", None)
    obj["metadata"]["name"] = name
    return obj


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def test_defaulting_twice_changes_nothing(server, kind):
    first = server.create(fresh(kind, "idempotent", "full")).body["spec"]
    again = fresh(kind, "idempotent")
    again["spec"] = first
    assert server.create(again).body["spec"] == first


def test_writing_back_what_was_read_changes_nothing(server, kind):
    obj = server.store(fresh(kind, "write-back"))
    answer = server.replace(obj, dry=False)
    assert answer.accepted, answer.explain()
    assert answer.body["metadata"]["resourceVersion"] == obj["metadata"]["resourceVersion"]


def test_a_status_write_leaves_spec_and_generation(server, kind):
    obj = server.store(fresh(kind, "status-write", "full"))
    changed = copy.deepcopy(obj)
    changed["status"] = Crd(kind).full[0]["status"]
    changed["spec"] = {}
    answer = server.replace(changed, "/status", dry=False)
    assert answer.accepted, answer.explain()
    assert answer.body["metadata"]["generation"] == obj["metadata"]["generation"] == 1
    assert answer.body["spec"] == obj["spec"] and answer.body["status"] == changed["status"]


def test_a_spec_write_leaves_the_status(server, kind):
    obj = fresh(kind, "spec-write", "full")
    obj["status"] = Crd(kind).full[0]["status"]
    made = server.create(obj, dry=False)
    assert made.accepted and "status" not in made.body, made.explain()


def test_conditions_are_kept_one_of_each_type(server, kind):
    obj = server.store(fresh(kind, "conditions"))
    one = Crd(kind).full[0]["status"]["conditions"][0]
    answer = server.replace({**obj, "status": {"conditions": [one, one]}}, "/status")
    assert "Duplicate value" in answer.message


def test_an_unknown_field_is_pruned_where_it_is_not_refused(server, kind):
    obj = fresh(kind, "pruned")
    obj["spec"]["surprise"] = {"nested": [1]}
    answer = server.create(obj, strict=False)
    assert answer.accepted and "surprise" not in answer.body["spec"]
    assert 'unknown field "spec.surprise"' in server.create(obj).message


def test_duplicate_keys_are_refused(server, kind):
    text = json.dumps(fresh(kind, "twice")).replace('"spec": {', '"spec": {}, "spec": {', 1)
    answer = server.send("POST", server.collection(kind) + "?fieldValidation=Strict&dryRun=All", text)
    assert answer.code == 400 and "duplicate field" in answer.message


def test_a_huge_annotation_is_refused(server, kind):
    obj = fresh(kind, "huge")
    obj["metadata"]["annotations"] = {"example.org/huge": "x" * (256 * 1024 + 1)}
    answer = server.create(obj)
    assert answer.code == 422 and "metadata.annotations" in answer.message


def test_a_huge_object_is_refused(server, kind):
    obj = fresh(kind, "huge")
    obj["spec"]["surprise"] = "x" * (4 << 20)
    assert server.create(obj).code in (400, 413, 422)


def test_a_deeply_nested_object_is_refused(server, kind):
    deep = '"spec": {"deep": ' + "[" * 20000 + "]" * 20000 + ", "
    body = json.dumps(fresh(kind, "deep")).replace('"spec": {', deep, 1)
    answer = server.send("POST", server.collection(kind) + "?fieldValidation=Strict&dryRun=All", body)
    assert answer.code == 400


def test_deletion_during_creation_leaves_one_or_none(server, kind):
    obj = fresh(kind, "race")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            made = [pool.submit(server.create, obj, False) for _ in range(2)]
            gone = [pool.submit(server.delete, obj) for _ in range(2)]
            assert {one.result().code for one in made} <= {201, 409}
            assert {one.result().code for one in gone} <= {200, 404, 409}
    server.delete(obj)
    assert server.read(obj)["code"] == 404


def test_an_object_that_waits_for_its_finalizer_takes_status_and_lets_go(server, kind):
    obj = fresh(kind, "finalizer")
    obj["metadata"]["finalizers"] = ["bailiwick.dev/test"]
    server.store(obj)
    assert server.delete(obj).accepted
    assert "deletionTimestamp" in server.read(obj)["metadata"]
    written = server.merge(obj, {"status": Crd(kind).full[0]["status"]}, "/status", dry=False)
    assert written.accepted, written.explain()
    freed = server.merge(obj, {"metadata": {"finalizers": None}}, dry=False)
    assert freed.accepted, freed.explain()
    assert server.read(obj)["code"] == 404


def test_generated_names_are_checked_too(server):
    obj = fresh("ModelDeployment", "x")
    obj["metadata"] = {"namespace": "default", "generateName": "a" * 40}
    assert "may not be more than 40" in server.create(obj).message


# Lists that are law are replaced as a whole: a merge would leave in force what was taken out.

def test_a_second_manager_replaces_a_list_of_law(server):
    obj = fresh("SovereigntyPolicy", "two-managers")
    for manager, allowed in (("first", ["EU", "CH"]), ("second", ["EU"])):
        obj["spec"]["rules"] = {"origins": {"allow": allowed}}
        answer = server.apply(obj, manager, dry=False, force=True)
        assert answer.accepted, answer.explain()
    assert answer.body["spec"]["rules"]["origins"]["allow"] == ["EU"]


def test_a_second_manager_must_force_a_list_of_law(server):
    obj = fresh("ModelDeployment", "conflict")
    assert server.apply(obj, "first", dry=False).accepted
    obj["spec"] = {"placement": {"jurisdictions": ["FR"]}}
    answer = server.apply(obj, "second")
    assert answer.code == 409 and ".spec.placement.jurisdictions" in answer.message, answer.explain()


@pytest.mark.parametrize("kind,path,values", [
    ("ModelDeployment", ("spec", "placement", "jurisdictions"), (["EU", "CH"], ["EU"])),
    ("ModelDeployment", ("spec", "placement", "dataResidency"), (["a", "b"], ["a"])),
    ("Region", ("spec", "residencyClasses"), (["a", "b"], ["b"])),
    ("SovereigntyPolicy", ("spec", "rules", "vendors"),
     ({"allow": ["amd"], "deny": ["nvidia"]}, {"deny": []})),
])
def test_applying_less_takes_the_rest_away(server, kind, path, values):
    obj = fresh(kind, "less")
    for value in values:
        put(obj, path, value)
        answer = server.apply(obj, dry=False)
        assert answer.accepted, answer.explain()
    assert get(answer.body, path) == values[-1]


def test_applying_keeps_empty_and_null_law_apart(server):
    obj = fresh("SovereigntyPolicy", "empty-or-null")
    for law in ({"allow": []}, {"allow": None}, {"allow": ["EU"], "deny": None}):
        obj["spec"]["rules"] = {"origins": law}
        answer = server.apply(obj, dry=False)
        assert answer.accepted, answer.explain()
        assert answer.body["spec"]["rules"]["origins"] == law


def test_applying_an_unknown_field_is_refused(server, kind):
    obj = fresh(kind, "typo")
    obj["spec"]["surprise"] = 1
    answer = server.apply(obj)
    assert not answer.accepted and "surprise" in answer.message


def test_an_artifact_of_another_manager_is_added_and_never_replaced(server):
    obj = fresh("ModelPassport", "artifacts")
    for manager, name in (("first", "bf16"), ("second", "fp8")):
        obj["spec"]["artifacts"] = [{"name": name, "source": {"type": "PVC", "uri": f"pvc://weights/{name}"}}]
        answer = server.apply(obj, manager, dry=False)
        assert answer.accepted, answer.explain()
    assert [one["name"] for one in answer.body["spec"]["artifacts"]] == ["bf16", "fp8"]
    obj["spec"]["artifacts"] = []
    assert "artifacts cannot be removed" in server.apply(obj, "second").message
