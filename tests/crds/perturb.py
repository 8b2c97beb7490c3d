"""Perturbations of one property, made from its schema alone.

A case says what becomes of the property (a new value, or ABSENT) and what the API server must
answer: None for acceptance, else a part of the refusal's message. What rules across properties
add to that is in exceptions.yaml.
"""
import copy
import re
from dataclasses import dataclass

from schema import ITEM, Property, patterns, rules

ABSENT = object()
WRONG_TYPE = {
    "string": (7, ["x"]),
    "integer": ("7", 1.5),
    "boolean": ("true", 0),
    "array": ("x", {}),
    "object": ("x", ["x"]),
}
CONFUSABLE = "\u0430"   # CYRILLIC SMALL LETTER A


@dataclass(frozen=True)
class Case:
    name: str
    value: object
    refusal: object


def cases(prop: Property, value):
    """Every case for a property that has `value` in a valid object."""
    schema = prop.schema
    yield from _presence(prop)
    yield from _wrong_types(schema)
    kind = schema.get("type")
    if kind == "string":
        yield from _strings(schema, value)
    elif kind == "integer":
        yield from _integers(schema)
    elif kind == "boolean":
        yield Case("true", True, None)
        yield Case("false", False, None)
    elif kind == "array":
        yield from _arrays(schema, value)
    elif kind == "object":
        yield from _objects(schema, value)


def _presence(prop: Property):
    if prop.path[-1] == ITEM:
        yield Case("null", None, "must be of type")
        return
    gone = "Required value" if prop.required else None
    yield Case("absent", ABSENT, gone)
    if prop.schema.get("nullable"):
        guarded = any(rule["rule"].startswith("dyn(self).all(") for rule in rules(prop.parent))
        yield Case("null", None, "is null" if guarded else None)
    else:
        # The server drops such a null before it looks for what is required.
        yield Case("null", None, gone)


def _wrong_types(schema: dict):
    if schema.get("x-kubernetes-int-or-string"):
        for value in (1.5, True, ["x"]):
            yield Case(f"wrong type {value!r}", value, "must be of type")
        return
    for value in WRONG_TYPE[schema["type"]]:
        yield Case(f"wrong type {value!r}", value, "must be of type")


def constrained(schema: dict) -> bool:
    """Whether a string's form is checked: by enum, format, pattern or rule."""
    return bool({"enum", "format", "pattern"} & set(schema) or patterns(schema)
                or any(re.search(r"startsWith|isCIDR|validate", rule["rule"]) for rule in rules(schema)))


def _strings(schema: dict, value):
    for one in schema.get("enum", ()):
        yield Case(f"enum {one}", one, None)
        yield Case(f"enum case {one}", one.swapcase(), "Unsupported value")
    if "maxLength" in schema:
        yield Case("over-long", "a" * (schema["maxLength"] + 1), "Too long")
    if not constrained(schema):
        yield Case("empty", "", "Invalid value" if schema.get("minLength") else None)
        yield Case("longest", "a" * schema["maxLength"], None)
        return
    allowed = patterns(schema) and all(re.search(pattern, "") for pattern in patterns(schema))
    yield Case("empty", "", None if allowed else "")
    for name, probe in (("blank", " "), ("confusable", CONFUSABLE + value[1:]), ("newline", value + "\n"),
                        ("NUL", value + "\0"), ("interrobang", "\u203d")):
        yield Case(name, probe, "")


def _integers(schema: dict):
    for key, step, fragment in (("minimum", -1, "greater than or equal to"),
                                ("maximum", 1, "less than or equal to")):
        if key in schema:
            yield Case(key, schema[key], None)
            yield Case(f"{key} exceeded", schema[key] + step, fragment)
    yield Case("over 64 bits", 2 ** 70, "")


def _arrays(schema: dict, value: list):
    yield Case("empty", [], "should have at least" if schema.get("minItems") else None)
    many = [copy.deepcopy(value[0]) for _ in range(schema["maxItems"] + 1)]
    yield Case("too many", many, "must have at most")
    unique = [rule for rule in rules(schema) if "exists_one" in rule["rule"]]
    keyed = schema.get("x-kubernetes-list-type") == "map"
    if len(value) < schema["maxItems"]:
        twice = [copy.deepcopy(value[0])] + copy.deepcopy(value)
        refusal = "Duplicate value" if keyed else unique[0]["message"] if unique else None
        yield Case("twice", twice, refusal)


def _objects(schema: dict, value: dict):
    if "properties" in schema:
        yield Case("unknown field", {**value, "surprise": 1}, "unknown field")
        if set(schema["properties"]) == {"allow", "deny"}:
            yield Case("allowed and denied", {"allow": value["allow"], "deny": value["allow"]},
                       "stands in allow and in deny")
        something = [rule["message"] for rule in rules(schema) if rule["rule"] == "size(dyn(self)) > 0"]
        yield Case("empty", {}, "Required value" if schema.get("required") else
                   something[0] if something else None)
        return
    yield Case("empty", {}, None)
    one = next(iter(value.values()))
    crowd = {f"key{index}": one for index in range(schema["maxProperties"] + 1)}
    yield Case("too many", crowd, "must have at most")
    yield Case("bad key", {"not a key!": one}, "")
    yield Case("confusable key", {CONFUSABLE: one}, "")
