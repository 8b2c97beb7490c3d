"""The CRDs as data: every property with its path, and objects addressed by such paths.

A schema path is a tuple such as ("spec", "variants", ITEM, "engine", "env", ITEM, "name"); ITEM
stands for any element of a list and VALUE for any value of a map. A concrete path has the index
or the key in its place.
"""
import copy
import functools
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
CRDS = HERE.parent.parent / "crds"
KINDS = ("ModelDeployment", "ModelPassport", "SovereigntyPolicy", "Region", "ExitOrder")
ITEM, VALUE = "[]", "{}"


class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """As kubectl reads: YAML 1.1 (an unquoted NO is false), but times stay strings."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, expression) for tag, expression in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}


@functools.cache
def documents(path: Path) -> list:
    return [one for one in yaml.load_all(path.read_text(), Loader) if one]


@dataclass(frozen=True)
class Property:
    path: tuple
    schema: dict
    required: bool
    parent: dict

    @property
    def name(self) -> str:
        return dotted(self.path)


class Crd:
    """One CustomResourceDefinition and the objects kept for its kind."""

    def __init__(self, kind: str):
        self.kind = kind
        self.definition = next(crd for crd in (documents(file)[0] for file in CRDS.glob("*.yaml"))
                               if crd["spec"]["names"]["kind"] == kind)
        self.plural = self.definition["spec"]["names"]["plural"]
        self.namespaced = self.definition["spec"]["scope"] == "Namespaced"
        self.schema = self.definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
        objects = documents(HERE / "objects" / f"{kind.lower()}.yaml")
        self.minimal, self.full = objects[0], objects[1:]

    def properties(self, *top: str):
        """Every property below `top` ("spec", "status"), that itself first."""
        for name in top:
            yield from _walk(self.schema["properties"][name], (name,),
                             name in self.schema.get("required", ()), self.schema)

    def property(self, name: str) -> Property:
        return next(prop for prop in self.properties("spec", "status") if prop.name == name)

    def find(self, path: tuple):
        """(object, concrete path) of a kept object that sets this property, or None."""
        for obj in self.full:
            for concrete in instances(obj, path):
                return copy.deepcopy(obj), concrete
        return None


def _walk(schema: dict, path: tuple, required: bool, parent: dict):
    yield Property(path, schema, required, parent)
    for name, child in schema.get("properties", {}).items():
        yield from _walk(child, path + (name,), name in schema.get("required", ()), schema)
    if "items" in schema:
        yield from _walk(schema["items"], path + (ITEM,), False, schema)
    if "additionalProperties" in schema:
        yield from _walk(schema["additionalProperties"], path + (VALUE,), False, schema)


def rules(schema: dict) -> list:
    return schema.get("x-kubernetes-validations", [])


def patterns(schema: dict) -> list:
    """The regular expressions that a string must match, by `pattern` or by a rule."""
    found = [schema["pattern"]] if "pattern" in schema else []
    for rule in rules(schema):
        found += re.findall(r"(?<![!.\w])self\.matches\('([^']*)'\)", rule["rule"])
    return found


def dotted(path: tuple) -> str:
    text = ""
    for part in path:
        text += part if part in (ITEM, VALUE) else f"[{part}]" if isinstance(part, int) else f".{part}"
    return text.lstrip(".")


def parse(text: str) -> tuple:
    """spec.variants[0].name, or spec.pod.labels{example.org/team} for a key with dots."""
    return tuple(int(index) if index else key or name
                 for index, key, name in re.findall(r"\[(\d+)\]|\{([^}]+)\}|([^.\[\]{}]+)", text))


def instances(obj, path: tuple):
    """The concrete paths at which a schema path occurs in an object."""
    if not path:
        yield ()
        return
    head, rest = path[0], path[1:]
    if head == ITEM:
        branches = enumerate(obj) if isinstance(obj, list) else ()
    elif head == VALUE:
        branches = obj.items() if isinstance(obj, dict) else ()
    else:
        branches = [(head, obj[head])] if isinstance(obj, dict) and head in obj else ()
    for key, child in branches:
        for tail in instances(child, rest):
            yield (key,) + tail


def get(obj, path: tuple):
    for part in path:
        obj = obj[part]
    return obj


def put(obj, path: tuple, value) -> None:
    """Sets a value; objects on the way are made, a list grows by one where the index says so."""
    for part, following in zip(path, path[1:]):
        if isinstance(obj, dict) and part not in obj:
            obj[part] = [] if isinstance(following, int) else {}
        obj = obj[part]
    if isinstance(obj, list) and path[-1] == len(obj):
        obj.append(value)
    else:
        obj[path[-1]] = value


def remove(obj, path: tuple) -> None:
    del get(obj, path[:-1])[path[-1]]
