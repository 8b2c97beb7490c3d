"""The hand-written rows of rows/*.yaml: rules across properties, immutability, defaults."""
import copy

import pytest

from schema import HERE, KINDS, Crd, documents, get, parse, put, remove

ROWS = [(kind, row) for kind in KINDS for row in documents(HERE / "rows" / f"{kind.lower()}.yaml")[0]]


def kept(crd, which: str) -> dict:
    obj = crd.minimal if which == "minimal" else crd.full[int(which.removeprefix("full") or 1) - 1]
    obj = copy.deepcopy(obj)
    obj.pop("status", None)
    return obj


def change(obj: dict, row: dict) -> dict:
    for path, value in row.get("set", {}).items():
        put(obj, parse(path), copy.deepcopy(value))
    for path in row.get("unset", ()):
        remove(obj, parse(path))
    return obj


@pytest.fixture(scope="module")
def stored(server):
    """Stores a kept object once and returns it as the server has it."""
    known = {}

    def get_or_store(kind, which):
        if (kind, which) not in known:
            obj = kept(Crd(kind), which)
            obj["metadata"]["name"] = "row-" + which.replace(" ", "-")
            known[kind, which] = server.store(obj)
        return copy.deepcopy(known[kind, which])
    return get_or_store


@pytest.mark.parametrize("kind,row", ROWS, ids=[f"{kind}: {row['says']}" for kind, row in ROWS])
def test_row(server, stored, kind, row):
    if "update" in row:
        answer = server.replace(change(stored(kind, row["update"]), row))
    else:
        answer = server.create(change(kept(Crd(kind), row["create"]), row), strict=not row.get("loose"))
    if "refused" in row:
        assert answer.code in (400, 422) and row["refused"] in answer.message, answer.explain()
        return
    assert answer.accepted, answer.explain()
    for path, value in row.get("stored", {}).items():
        assert get(answer.body, parse(path)) == value, answer.body["spec"]
