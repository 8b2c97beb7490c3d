"""What the CRDs themselves must hold; needs no API server."""
import pytest

from perturb import constrained
from schema import HERE, ITEM, KINDS, VALUE, Crd, documents, dotted, rules

SHORT = {"ModelDeployment": "mdep", "ModelPassport": "passport", "SovereigntyPolicy": "spol",
         "Region": "region", "ExitOrder": "exit"}
CONTRACT = documents(HERE / "contract.yaml")[0]
# Strings whose form is nobody's business, or is judged by a rule of what encloses them.
FREE = {
    "ModelDeployment": {
        "spec.variants[].engine.args[]", "spec.variants[].engine.env[].value", "spec.pod.env[].value",
        "spec.placement.regions.selector.matchLabels{}", "spec.pod.labels{}", "spec.pod.annotations{}",
        "spec.routing.weights[].variant", "spec.routing.shadow.variant"},
    "ModelPassport": {"spec.licence.restrictions[]"},
    "SovereigntyPolicy": {"spec.selector.matchLabels{}", "spec.source.title"},
    "Region": set(),
    "ExitOrder": {"spec.selector.matchLabels{}"},
}
REPEATABLE = {"spec.variants[].engine.args", "spec.evidence", "spec.artifacts"}   # artifacts: a map by name


@pytest.fixture(params=KINDS)
def crd(request):
    return Crd(request.param)


def properties(crd):
    return list(crd.properties("spec", "status"))


def test_every_property_has_a_description(crd):
    bare = [prop.name for prop in properties(crd)
            if prop.path[-1] not in (ITEM, VALUE)
            and not prop.schema.get("description", "").endswith(".")]
    assert not bare, "no description that is a sentence"
    assert crd.schema["description"].endswith(".")


def test_every_string_list_and_map_is_bounded(crd):
    bound = {"string": ("maxLength", "enum"), "array": ("maxItems",),
             "object": ("properties", "maxProperties")}
    open_ended = [prop.name for prop in properties(crd)
                  if not set(bound.get(prop.schema.get("type"), prop.schema)) & set(prop.schema)]
    assert not open_ended
    loose = [prop.name for prop in properties(crd)
             if prop.schema.get("x-kubernetes-int-or-string") and "maxLength" not in prop.schema]
    assert not loose


def test_every_number_of_the_spec_has_both_bounds(crd):
    loose = [prop.name for prop in crd.properties("spec")
             if prop.schema.get("type") == "integer" and not {"minimum", "maximum"} <= set(prop.schema)]
    assert not loose


def test_nothing_is_left_unchecked(crd):
    loose = [prop.name for prop in properties(crd)
             if any(key.startswith("x-kubernetes-preserve") or key == "x-kubernetes-embedded-resource"
                    for key in prop.schema)]
    assert not loose


def test_lists_of_the_spec_say_how_they_merge_and_none_is_a_set(crd):
    kinds = {prop.name: prop.schema.get("x-kubernetes-list-type") for prop in crd.properties("spec")
             if prop.schema.get("type") == "array"}
    merged = {name for name, kind in kinds.items() if kind != "atomic"}
    assert merged == ({"spec.artifacts"} if crd.kind == "ModelPassport" else set())


def test_only_law_and_what_must_not_vanish_is_nullable(crd):
    """A null is dropped unless nullable; where that would widen a law it is stored or refused."""
    nullable = {prop.name for prop in crd.properties("spec") if prop.schema.get("nullable")}
    if crd.kind == "SovereigntyPolicy":
        sides = {prop.name for prop in crd.properties("spec") if prop.path[-1] in ("allow", "deny")}
        assert sides | {"spec.rules.evidence[].maxAge"} <= nullable
        assert all(name.startswith("spec.rules.") for name in nullable)
    else:
        expected = {
            "ModelDeployment": {"spec.placement.dataResidency"},
            "ModelPassport": {"spec.publisher.parent", "spec.derivedFrom",
                              "spec.derivedFrom[].publisher.parent", "spec.evidence[].expiresAt"},
            "ExitOrder": {dotted(prop.path) for prop in crd.properties("spec")
                          if prop.path[:2] == ("spec", "target") and len(prop.path) == 3},
        }.get(crd.kind, set())
        assert nullable == expected


def test_rules_at_the_root_look_only_at_creation(crd):
    """Any other would block status, label and finalizer writes of objects that are older than it."""
    for rule in rules(crd.schema):
        assert rule.get("optionalOldSelf") and rule["rule"].startswith("oldSelf.hasValue() || ")


def test_every_rule_says_what_to_do(crd):
    mute = [(prop.name, rule["rule"]) for prop in properties(crd) for rule in rules(prop.schema)
            if len(rule.get("message", "")) < 15]
    assert not mute


def test_defaults_of_objects_spell_out_the_defaults_inside(crd):
    """Otherwise a rule on the object meets `no such key`."""
    for prop in crd.properties("spec"):
        if isinstance(prop.schema.get("default"), dict):
            inside = {name: child["default"] for name, child in prop.schema["properties"].items()
                      if "default" in child}
            assert prop.schema["default"] == inside, prop.name


def test_bounds_enumerations_and_defaults_are_those_of_the_contract(crd):
    for name, wanted in CONTRACT[crd.kind].items():
        prop = crd.property(name)
        assert {key: prop.required if key == "required" else prop.schema.get(key) for key in wanted} == wanted, name


def test_strings_of_the_spec_are_checked_for_their_form(crd):
    free = {prop.name for prop in crd.properties("spec")
            if prop.schema.get("type") == "string" and not constrained(prop.schema)}
    assert free == FREE[crd.kind]


def test_lists_of_the_spec_hold_nothing_twice(crd):
    repeatable = {prop.name for prop in crd.properties("spec") if prop.schema.get("type") == "array"
                  and not any("exists_one" in rule["rule"] for rule in rules(prop.schema))}
    assert repeatable <= REPEATABLE


def test_names_are_those_of_the_contract(crd):
    names = crd.definition["spec"]["names"]
    assert names["shortNames"] == [SHORT[crd.kind]]
    assert names["categories"] == ["bailiwick"]
    assert crd.definition["spec"]["group"] == "bailiwick.dev"
    version = crd.definition["spec"]["versions"][0]
    assert version["name"] == "v1alpha1" and "status" in version["subresources"]
    assert ("scale" in version["subresources"]) == (crd.kind == "ModelDeployment")


def test_the_kept_objects_set_every_property(crd):
    missing = [prop.name for prop in properties(crd) if crd.find(prop.path) is None]
    assert not missing
