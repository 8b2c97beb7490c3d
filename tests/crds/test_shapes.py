"""Properties of one shape (durations, quantities, countries ...) refuse the same spellings."""
import pytest

from schema import HERE, KINDS, Crd, documents, patterns
from test_perturbations import perturbed

SHAPES = documents(HERE / "shapes.yaml")[0]
PROPERTIES = [(shape, kind, prop) for shape, rule in SHAPES.items() for kind in KINDS
              for prop in Crd(kind).properties("spec") if rule["pattern"] in patterns(prop.schema)]


def test_every_shape_is_in_use():
    assert {shape for shape, _, _ in PROPERTIES} == set(SHAPES)


@pytest.mark.parametrize("shape,kind,prop", PROPERTIES,
                         ids=[f"{shape}-{kind}-{prop.name}" for shape, kind, prop in PROPERTIES])
def test_spellings(server, shape, kind, prop):
    obj, path = server.crds[kind].find(prop.path)
    rule = SHAPES[shape]
    accepted = rule.get("narrowed", {}).get(prop.name, rule["accepted"])
    values = [*rule["refused"], *accepted]
    answers = server.pool.map(lambda value: server.create(perturbed(obj, path, value)), values)
    wrong = []
    for index, (value, answer) in enumerate(zip(values, answers)):
        if index < len(rule["refused"]):
            fits, wanted = answer.code == 422, "refused"
        else:
            # A value that the object has elsewhere may be refused as its double.
            double = "list each value once" in answer.message or "stands in allow and in deny" in answer.message
            fits, wanted = answer.accepted or double, "accepted"
        if not fits:
            wrong.append(f"{prop.name}: {value!r} was not {wanted}\n{answer.explain()}")
    assert not wrong, "\n\n".join(wrong)
