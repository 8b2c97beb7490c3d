"""Every property of every kind, each perturbation against a real API server.

The refusals and acceptances follow from the schema (perturb.py); what rules across properties add
stands in exceptions.yaml as kind -> property -> case -> part of the refusal, or `accepted`.
"""
import copy

import pytest

from perturb import ABSENT, cases
from schema import HERE, KINDS, Crd, documents, get, put, remove

EXCEPTIONS = documents(HERE / "exceptions.yaml")[0]
SPEC = [(kind, prop) for kind in KINDS for prop in Crd(kind).properties("spec")]
STATUS = [(kind, prop) for kind in KINDS for prop in Crd(kind).properties("status")]


def names(value):
    return value if isinstance(value, str) else value.name


def perturbed(obj: dict, path: tuple, value) -> dict:
    changed = copy.deepcopy(obj)
    if value is ABSENT:
        remove(changed, path)
    else:
        put(changed, path, value)
    return changed


def check(server, kind, prop, obj, path, send) -> None:
    known = EXCEPTIONS.get(kind, {}).get(prop.name, {})
    tried = list(cases(prop, get(obj, path)))
    answers = server.pool.map(lambda case: send(perturbed(obj, path, case.value)), tried)
    wrong, seen = [], {case.name for case in tried}
    for case, answer in zip(tried, answers):
        refusal = known.get(case.name, case.refusal)
        refusal = None if refusal == "accepted" else refusal
        fits = answer.accepted if refusal is None else (
            answer.code in (400, 422) and refusal in answer.message)
        if not fits:
            wanted = "acceptance" if refusal is None else f"a refusal with {refusal!r}"
            wrong.append(f"{kind} {prop.name}, {case.name}: wanted {wanted}\n{answer.explain()}")
    assert not wrong, "\n\n".join(wrong)
    assert set(known) <= seen, f"exceptions.yaml names cases that do not exist: {set(known) - seen}"


@pytest.mark.parametrize("kind,prop", SPEC, ids=names)
def test_spec(server, kind, prop):
    obj, path = server.crds[kind].find(prop.path)
    check(server, kind, prop, obj, path, server.create)


@pytest.mark.parametrize("kind,prop", STATUS, ids=names)
def test_status(server, live, kind, prop):
    obj = live[kind]
    path = server.crds[kind].find(prop.path)[1]
    check(server, kind, prop, obj, path, lambda changed: server.replace(changed, "/status"))
