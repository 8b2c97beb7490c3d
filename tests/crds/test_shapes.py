"""Properties of one shape (durations, quantities, countries ...) refuse the same spellings."""
import re

import pytest

from schema import HERE, KINDS, Crd, documents, patterns
from test_perturbations import perturbed

SHAPES = documents(HERE / "shapes.yaml")[0]
PROPERTIES = [(shape, kind, name) for shape, rule in SHAPES.items()
              for kind, names in rule["properties"].items() for name in names.split()]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_shape_is_checked_where_it_is_meant(shape):
    rule = SHAPES[shape]
    checked = {kind: [prop.name for prop in Crd(kind).properties("spec")
                      if rule["pattern"] in patterns(prop.schema)] for kind in KINDS}
    assert {kind: names for kind, names in checked.items() if names} == {
        kind: names.split() for kind, names in rule["properties"].items()}


@pytest.mark.parametrize("shape,kind,name", PROPERTIES)
def test_spellings(server, shape, kind, name):
    obj, path = server.crds[kind].find(server.crds[kind].property(name).path)
    rule = SHAPES[shape]
    accepted = rule.get("narrowed", {}).get(name, rule["accepted"])
    values = [*rule["refused"], *accepted]
    answers = server.pool.map(lambda value: server.create(perturbed(obj, path, value)), values)
    wrong = []
    for index, (value, answer) in enumerate(zip(values, answers)):
        if index < len(rule["refused"]):
            fits, wanted = answer.code == 422, "refused"
        else:
            # A value that the object has elsewhere may be refused as its double.
            double = re.search("list each value once|stands in allow and in deny", answer.message)
            fits, wanted = answer.accepted or double, "accepted"
        if not fits:
            wrong.append(f"{name}: {value!r} was not {wanted}\n{answer.explain()}")
    assert not wrong, "\n\n".join(wrong)
