"""Every property of a stored spec is changed once: what the contract fixes is refused, all else
accepted."""
import copy
import re

import pytest

from schema import ITEM, KINDS, VALUE, Crd, get
from perturb import ABSENT
from test_perturbations import perturbed

FIXED = {
    "ModelDeployment": r"spec\.servedName$",
    "ModelPassport": r"spec\.(publisher|originCountry|openness|licence\.id|derivedFrom|endpoints"
                     r"|artifacts(\[\](\.(name|precision|source|sizeGiB|digest|signature)|$)|$))",
    "ExitOrder": r"spec\.(?!deadline$|onDeadline$|paused$)",
}
CANDIDATES = {
    "string": ["DE", "FR", "b", "9m", "5s", "7", "2030-01-01T00:00:00Z", "2026-06-01T00:00:00Z",
               "2025-01-18", "6Gi", "hf://a/b", "oci://b/c", "https://b.example", "b.example:1",
               "192.0.2.0/24", "2001:db8::/64", "USD", "YQ==", "sha256:" + "f" * 64,
               "-----BEGIN PUBLIC KEY-----\nYQ==", "llama-mi300x", "azure"],
    "integer": [3, 2, 1],
    "boolean": [True, False],
}
LEAVES = [(kind, prop) for kind in KINDS for prop in Crd(kind).properties("spec")
          if prop.schema.get("type") in CANDIDATES]
OPTIONAL = [(kind, prop) for kind in KINDS for prop in Crd(kind).properties("spec")
            if not prop.required and "default" not in prop.schema
            and prop.path[-1] not in (ITEM, VALUE, "spec")]
# No other value fits the rest of the kept object; rows/*.yaml change these together with it.
BOUND = {"spec.failover.onNoLegalTarget", "spec.artifacts[].source.type",
         "spec.artifacts[].signature.type", "spec.openness", "spec.variants[].name", "spec.enforcement", "spec.rules.openness.allow[]",
         "spec.rules.openness.deny[]"}


def ids(pairs):
    return [f"{kind}-{prop.name}" for kind, prop in pairs]


@pytest.fixture(scope="module")
def stored(server):
    """name of a kept object -> that object as the server stored it."""
    known = {}

    def get_or_store(obj):
        name = obj["metadata"]["name"]
        if (obj["kind"], name) not in known:
            obj = copy.deepcopy(obj)
            obj.pop("status", None)
            obj["metadata"]["name"] = "stored-" + name
            known[obj["kind"], name] = server.store(obj)
        return known[obj["kind"], name]
    return get_or_store


def fixed(kind, prop) -> bool:
    return re.match(FIXED.get(kind, r"(?!)"), prop.name) is not None


def another_value(server, prop, obj, path):
    """The first other value that a new object could have, or None."""
    fresh = {"apiVersion": obj["apiVersion"], "kind": obj["kind"], "spec": obj["spec"],
             "metadata": {"name": "another"}}
    old = get(obj, path)
    for value in [*prop.schema.get("enum", ()), *CANDIDATES[prop.schema["type"]]]:
        if value != old and server.create(perturbed(fresh, path, value)).accepted:
            return value
    return None


def judge(kind, prop, answer):
    if fixed(kind, prop):
        assert answer.code == 422, answer.explain()
        assert re.search("be changed|be removed", answer.message), answer.explain()
    else:
        assert answer.accepted, answer.explain()


@pytest.mark.parametrize("kind,prop", LEAVES, ids=ids(LEAVES))
def test_another_value(server, stored, kind, prop):
    found, path = server.crds[kind].find(prop.path)
    obj = stored(found)
    value = another_value(server, prop, obj, path)
    if value is None:
        assert prop.name in BOUND, "no other value found"
        return
    judge(kind, prop, server.replace(perturbed(obj, path, value)))


@pytest.mark.parametrize("kind,prop", OPTIONAL, ids=ids(OPTIONAL))
def test_removal(server, stored, kind, prop):
    found, path = server.crds[kind].find(prop.path)
    obj = stored(found)
    fresh = {"apiVersion": obj["apiVersion"], "kind": kind, "spec": obj["spec"],
             "metadata": {"name": "another"}}
    if server.create(perturbed(fresh, path, ABSENT)).accepted:
        judge(kind, prop, server.replace(perturbed(obj, path, ABSENT)))
