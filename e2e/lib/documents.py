"""YAML as lists of objects, by the C parser where there is one: ours render 200 KB of it."""
import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_all(text: str) -> list:
    return [document for document in yaml.load_all(text, _LOADER) if document]


def load(text: str):
    return yaml.load(text, _LOADER)
