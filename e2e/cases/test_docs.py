"""The commands that the pages show, in their order, as a reader types them in the region fra."""
import os
import re
import subprocess

import pytest

from kit import kubectl
from lib import nodes, tools

CLONE = tools.E2E.parent
PAGES = ["e2e/samples/README.md", "README.md", "docs/scaling.md", "docs/policies.md", "docs/plugin.md"]
# They need a second region, or a copy in it: cases of the fleet show them.
ELSEWHERE = re.compile(r"--context|zrh\.kubeconfig|bailiwick adopt")
# Findings, and something that cannot be left, are answers too.
FINDINGS = re.compile(r"bailiwick (plan|drill)")
ENDLESS_AFTER = 20


def blocks(page: str, language: str) -> list:
    text = (CLONE / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def commands(page: str) -> list:
    lines = "".join(blocks(page, "sh")).replace("\\\n", "").splitlines()
    return [line for line in lines if line.startswith("kubectl") and not ELSEWHERE.search(line)]


@pytest.fixture(scope="module")
def reader(starter, tmp_path_factory):
    region = starter.region("fra", folder="docs")
    spec = nodes.load("fra")
    region.apply(spec["region"])
    region.add_nodes(nodes.expand(spec))
    region.start_operator()
    # Files that a command writes do not land in the clone.
    folder = tmp_path_factory.mktemp("reader")
    for name in ("e2e", "charts", "crds", "docs"):
        (folder / name).symlink_to(CLONE / name)
    path = os.pathsep.join([str(kubectl.PLUGIN.parent), str(tools.binary("kubectl").parent),
                            os.environ["PATH"]])

    def run(command: str, stdin: str = "") -> subprocess.CompletedProcess:
        return subprocess.run(["timeout", str(ENDLESS_AFTER), "bash", "-c", command], cwd=folder,
                              env={**os.environ, "PATH": path,
                                   "KUBECONFIG": str(region.admin_kubeconfig)},
                              input=stdin, text=True, capture_output=True)
    return run


@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_commands_that_work(reader, page):
    shown = commands(page)
    assert shown, "the page shows no command"
    if page == "README.md":
        applied = reader("kubectl apply -f -", "---\n".join(blocks(page, "yaml")))
        assert applied.returncode == 0, applied.stderr
    for command in shown:
        ran = reader(command)
        accepted = {0, *([1] if FINDINGS.search(command) else []),
                    *([124] if "--watch" in command else [])}
        assert ran.returncode in accepted, f"{command}\n{ran.stdout}{ran.stderr}"
        assert ran.stdout or ">" in command, f"{command} shows nothing; {ran.stderr}"
