"""What a newcomer relies on: the folders, the README, links that lead somewhere."""
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP = {"CMakeLists.txt", "CMakePresets.json", "operator", "crds", "charts", "engine-sidecar", "tests",
       "e2e", "docs", "README.md", "LICENSE"}


def tracked():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, text=True, capture_output=True, check=True)
    return [Path(line) for line in listed.stdout.splitlines()]


def test_top_level_holds_exactly_the_agreed_folders():
    top = {path.parts[0] for path in tracked() if not path.parts[0].startswith(".")}
    assert top == TOP


def test_readme_is_short_and_names_the_two_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 150
    assert "e2e/demo" in text and "tests/run" in text


@pytest.mark.parametrize("page", [p for p in tracked() if p.suffix == ".md"], ids=str)
def test_links_lead_somewhere(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_nothing_names_a_machine():
    """Absolute paths of a checkout or a home, which work on one machine only."""
    pattern = re.compile(r"(^|[^A-Za-z0-9_$}])/(work|root|home)/[A-Za-z.]")
    own = Path(__file__).relative_to(ROOT)
    for path in tracked():
        if path == own or (ROOT / path).is_symlink():
            continue
        for number, line in enumerate((ROOT / path).read_text(errors="replace").splitlines(), 1):
            assert not pattern.search(line), f"{path}:{number}: {line}"
