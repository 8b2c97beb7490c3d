"""One region of Kubernetes on this machine, with NVIDIA, AMD and Ascend pools, our
operator under its own RBAC, models of several origins being placed, and one of
them leaving NVIDIA.

examples:
  e2e/demo            run it and clean up
  e2e/demo --keep     leave the region up, and print the path of its kubeconfig
"""
import argparse
import re
import subprocess
import sys
import time
from collections import defaultdict

from . import components, demo_fleet, demo_exit, tables, tools, webhook
from .errors import FleetError
from .fleet import build_tools, path_export, run_dir, say
from .region import Region

REGION = "demo"
CLONE = tools.E2E.parent
SAMPLES = tools.E2E / "samples"
RESIDENCY = "data-residency.bailiwick.dev/eu-personal"
MOVED = ("assistants", "deepseek-v3-2-eu")


def heading(text: str) -> None:
    bold, plain = ("\033[1m", "\033[0m") if sys.stdout.isatty() else ("", "")
    print(f"\n{bold}{text}{plain}", flush=True)


def build_operator() -> None:
    """The release build; quick when nothing has changed."""
    began = time.monotonic()
    for command in (["cmake", "--preset", "release", "--log-level=WARNING"],
                    ["cmake", "--build", "--preset", "release", "--target", "bailiwick-operator",
                     "kubectl-bailiwick"]):
        if subprocess.run(command, cwd=CLONE, check=False).returncode != 0:
            raise FleetError("the operator does not build; see above")
    say(f"operator built ({time.monotonic() - began:.0f} s)")


def apply_samples(region: Region) -> None:
    for part in ("namespaces.yaml", "storage.yaml", "passports", "deployments", "refused"):
        region.kubectl("apply", "--server-side", "-f", str(SAMPLES / part))


def deployments(region: Region) -> list:
    return region.api.items("/apis/bailiwick.dev/v1alpha1/modeldeployments")


def condition(item: dict, kind: str) -> dict:
    found = [c for c in item.get("status", {}).get("conditions", []) if c["type"] == kind]
    return found[0] if found else {"status": "Unknown", "reason": "", "message": ""}


def pods(region: Region, namespace: str, name: str) -> list:
    selector = f"labelSelector=bailiwick.dev/deployment={name},bailiwick.dev/role=engine"
    return region.api.items(f"/api/v1/namespaces/{namespace}/pods?{selector}")


def is_ready(pod: dict) -> bool:
    conditions = pod.get("status", {}).get("conditions", [])
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def decided(item: dict) -> bool:
    """Everything that has a place is Ready, or the reason why there is none stands there."""
    current = item.get("status", {}).get("observedGeneration") == item["metadata"]["generation"]
    return current and (condition(item, "Ready")["status"] == "True"
                        or condition(item, "Placed")["status"] == "False")


def show_placements(region: Region) -> None:
    rows = [("MODEL DEPLOYMENT", "READY", "VARIANT", "RUNS ON")]
    refused = defaultdict(list)
    for item in sorted(deployments(region), key=lambda d: d["metadata"]["name"]):
        meta, status, placed = item["metadata"], item.get("status", {}), condition(item, "Placed")
        running = pods(region, meta["namespace"], meta["name"])
        if running:
            nodes = sorted({pod["spec"].get("nodeName", "(no node yet)") for pod in running})
            variants = ", ".join(share["variant"] for entry in status.get("regions", [])
                                 for share in entry.get("share", []) if share["replicas"])
            rows.append((meta["name"], f"{status.get('replicas', 0)}/{item['spec']['replicas']}",
                         variants, ", ".join(nodes)))
        if placed["status"] == "False":
            refused[placed["reason"], why(placed["message"])].append(meta["name"])
    tables.show(rows)
    print(f"\nWhy the other {sum(map(len, refused.values()))} do not run here:")
    for (reason, message), names in sorted(refused.items()):
        tables.group(reason, message, names)


def why(message: str) -> str:
    """The first of the reasons, without counts and names of variants: like ones look alike."""
    first = message.split("; variant ")[0]
    first = re.sub(r"^\S+ of \S+ units have a lawful place: ", "", first)
    return re.sub(r"^variant [^ :]+: ", "", first)


def relabel_and_watch(region: Region) -> None:
    """Takes a node of a running model out of its residency class and shows what follows."""
    namespace, name = MOVED
    before = pods(region, namespace, name)
    victim = sorted(pod["spec"]["nodeName"] for pod in before)[0]
    wanted = len(before)
    print(f"$ kubectl label node {victim} {RESIDENCY}-")
    region.kubectl("label", "node", victim, f"{RESIDENCY}-")
    began, last = time.monotonic(), None
    while time.monotonic() - began < 120:
        now = [pod for pod in pods(region, namespace, name)
               if not pod["metadata"].get("deletionTimestamp")]
        ready = sum(is_ready(pod) for pod in now)
        where = sorted(pod["spec"].get("nodeName", "?") for pod in now)
        if (ready, where) != last:
            last = (ready, where)
            print(f"  {time.monotonic() - began:5.1f} s  {ready} of {wanted} Ready  on {', '.join(where)}",
                  flush=True)
        if victim not in where and ready >= wanted:
            print(f"Replaced first, then removed: no moment with fewer than {wanted} Ready.")
            return
        time.sleep(0.1)
    raise FleetError(f"{name} did not leave {victim} within two minutes; see kubectl describe mdep")


def run(options: argparse.Namespace) -> int:
    build_tools((*components.FULL, "kubectl", "helm"))
    build_operator()
    region = Region(REGION, run_dir() / REGION, progress=say)
    try:
        heading("1. A region: a real control plane, three vendors' nodes, our operator")
        region.remove()
        region.start().install()
        region.apply_region_file(REGION)
        region.start_operator(extra_args=webhook.arguments(region))
        webhook.register(region)
        heading("2. All of e2e/samples is applied, and placed where it may run")
        apply_samples(region)
        region.api.wait("all samples placed or refused",
                        lambda _: all(decided(item) for item in deployments(region)), 180.0)
        show_placements(region)
        heading("3. A node leaves its residency class")
        relabel_and_watch(region)
        shell = demo_exit.Shell(region)
        demo_exit.webhook_answers(region)
        heading("4. A policy refuses a model's origin, at kubectl apply")
        demo_exit.refuse(region, shell)
        heading("5. A drill: what could not be left if NVIDIA went away tonight?")
        demo_exit.rehearse(shell)
        heading("6. An exit from NVIDIA: replacements on MI300X first, then drain, then purge")
        demo_exit.leave(shell)
        heading("7. The evidence verifies offline, and not with one byte changed")
        demo_exit.prove(shell, region.folder)
        heading("8. As kubectl shows it")
        namespace, name = MOVED
        print(region.kubectl("get", "modeldeployment", "-n", namespace, name))
        if options.keep:
            print(f"The region stays up. Look around, then end it with: e2e/fleet down {REGION}\n"
                  f"  export KUBECONFIG={region.admin_kubeconfig}\n"
                  f"  {path_export()}")
    finally:
        if not options.keep:
            region.remove()
    return 0


def run_fleet() -> int:
    build_tools((*components.FULL, "kubectl", "helm"))
    build_operator()
    demo_fleet.run(heading)
    return 0


def main(arguments: list) -> int:
    parser = argparse.ArgumentParser(prog="e2e/demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true", help="leave the region up at the end")
    parser.add_argument("--fleet", action="store_true",
                        help="four regions instead: one is killed, the others take over, it returns")
    options = parser.parse_args(arguments)
    if options.fleet and options.keep:
        parser.error("--keep is for one region; e2e/fleet up leaves four up")
    try:
        return run_fleet() if options.fleet else run(options)
    except FleetError as error:
        print(f"e2e/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
