"""The reasons that a status can give: each is explained, each is one of api.md's or said here."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [*(ROOT / "operator/policy").glob("*.cpp"), *(ROOT / "operator/plan").glob("*.cpp"),
           *(ROOT / "operator/render").glob("*.cpp")]
# Reasons of conditions that are True.
QUIET = {"AllReplicasPlaced", "Lawful", "InSync"}


def given_reasons():
    found = set()
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        found |= set(re.findall(r'Refusal\{\s*"([A-Z][A-Za-z]+)"', text))
        found |= set(re.findall(r'(?:return|consider\(binding,) \{"([A-Z][A-Za-z]+)"', text))
        found |= set(re.findall(r'return \{"(?:False|True|Unknown)", "([A-Z][A-Za-z]+)"', text))
    return found - {"False", "True", "Unknown"}


def test_every_reason_is_explained():
    page = (ROOT / "docs/status.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([A-Za-z]+)` \|", page, re.MULTILINE))
    assert given_reasons(), "no reasons found: has the spelling in the sources changed?"
    assert given_reasons() - QUIET <= explained
