"""The demo's second half: a policy refuses, a drill says what could not be left, an exit is carried out
and proved."""
import datetime
import os
import shlex
import subprocess
from pathlib import Path

import yaml

from . import tools
from .errors import FleetError
from .process import until
from .region import Region

CLONE = tools.E2E.parent
BINARIES = CLONE / "build/release/bin"
POLICY = {
    "apiVersion": "bailiwick.dev/v1alpha1", "kind": "SovereigntyPolicy",
    "metadata": {"name": "public-sector"},
    "spec": {"enforcement": "Deny", "selector": {"matchLabels": {"sector": "public"}},
             "rules": {"origins": {"allow": ["EU", "US"]}},
             "source": {"title": "procurement rule of this demo"}},
}
LEAVING = ("vendor=nvidia", "-l", "tier=critical")  # deepseek-v3-2-eu, which MI300X can take over


class Shell:
    """Commands as a person types them: kubectl with our plugin, shown before they run."""

    def __init__(self, region: Region):
        kubectl = Path(tools.binary("kubectl"))
        path = os.pathsep.join([str(BINARIES), str(kubectl.parent), os.environ["PATH"]])
        self._kubectl = kubectl
        self._env = {**os.environ, "PATH": path, "KUBECONFIG": str(region.admin_kubeconfig)}

    def run(self, *arguments: str, expect: int = 0, shown: str = "", **options) -> None:
        print(f"$ kubectl {shown or shlex.join(arguments)}", flush=True)
        done = subprocess.run([str(self._kubectl), *arguments], env=self._env, check=False, text=True,
                              **options)
        if done.returncode != expect:
            raise FleetError(f"kubectl {' '.join(arguments)} ended with {done.returncode}, "
                             f"not with {expect}")


def refuse(region: Region, shell: Shell) -> None:
    """A policy is applied, and a deployment that it refuses."""
    shell.run("apply", "--server-side", "-f", "-", shown="apply -f public-sector.yaml",
              input=yaml.safe_dump(POLICY))
    path = "/apis/bailiwick.dev/v1alpha1/sovereigntypolicies/public-sector"
    region.api.wait("the policy in force", lambda _: any(
        one["type"] == "Ready" and one["status"] == "True"
        for one in region.api.get(path).get("status", {}).get("conditions", [])), 30.0)
    sample = yaml.safe_load((tools.E2E / "samples/deployments/deepseek-v3-2-eu.yaml").read_text())
    sample["metadata"].update(name="town-hall", labels={"sector": "public"})
    shell.run("apply", "--server-side", "-f", "-", shown="apply -f town-hall.yaml", expect=1,
              input=yaml.safe_dump(sample))


def rehearse(shell: Shell) -> None:
    """What could not be left, were everything of one vendor to go: 1 says that something could not."""
    shell.run("bailiwick", "drill", "vendor=nvidia", "--name", "drill-nvidia", "--watch", expect=1)


def leave(shell: Shell) -> None:
    by = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
    shell.run("bailiwick", "exit", *LEAVING, "--by", by.strftime("%Y-%m-%d"), "--reason",
              "contract ends", "--watch")


def prove(shell: Shell, folder: Path) -> None:
    """The evidence verifies; with one byte changed it does not."""
    evidence = folder / "exit-nvidia.jsonl"
    shell.run("bailiwick", "exit", "export", "exit-nvidia", "-o", str(evidence),
              shown="bailiwick exit export exit-nvidia -o exit-nvidia.jsonl")
    shell.run("bailiwick", "verify", str(evidence), shown="bailiwick verify exit-nvidia.jsonl")
    data = bytearray(evidence.read_bytes())
    at = data.index(b"contract ends")
    data[at] ^= 1
    evidence.write_bytes(data)
    print("One byte of the file is changed.")
    shell.run("bailiwick", "verify", str(evidence), shown="bailiwick verify exit-nvidia.jsonl",
              expect=1)


def webhook_answers(region: Region) -> None:
    """The API server asks the webhook a moment after it was registered."""
    probe = ("apply", "--server-side", "--dry-run=server", "-f", "-")
    sample = yaml.safe_load((tools.E2E / "samples/deployments/deepseek-v3-2-eu.yaml").read_text())
    sample["metadata"]["name"] = "probe"
    sample["spec"]["placement"]["jurisdictions"] = ["XX"]

    def refused() -> bool:
        done = subprocess.run([tools.binary("kubectl"), *probe], input=yaml.safe_dump(sample),
                              capture_output=True, text=True, check=False,
                              env={**os.environ, "KUBECONFIG": str(region.admin_kubeconfig)})
        return "admission webhook" in done.stderr

    if not until(refused, 30.0, every=0.3):
        raise FleetError("the admission webhook does not answer")
