"""Real Kubernetes control planes on this machine, one per region, with fake nodes and our operator.

examples:
  e2e/fleet up                       fra, zrh, iad and gya, with an operator each
  e2e/fleet up --no-operator fra     one region: CRDs, RBAC and nodes, but no operator
  e2e/fleet status
  kubectl --kubeconfig "$(e2e/fleet kubeconfig fra)" get nodes
  e2e/fleet kill fra                 SIGKILL to its control plane and operator; `up` resumes
  e2e/fleet down                     stop everything and remove the state

A region NAME is described by e2e/regions/NAME.yaml. State, logs and credentials are under
.run/NAME of the clone, or under $BAILIWICK_RUN_DIR/NAME.
"""
import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import chart, components, nodes, operators, tools, webhook
from .errors import FleetError
from .region import Region

DEFAULT = ("fra", "zrh", "iad", "gya")
_print_lock = threading.Lock()


def run_dir() -> Path:
    return Path(os.environ.get("BAILIWICK_RUN_DIR") or chart.CLONE / ".run").resolve()


def say(text: str) -> None:
    with _print_lock:
        print(text, file=sys.stderr, flush=True)


def existing() -> list:
    return sorted(state.parent.name for state in run_dir().glob("*/state.json"))


def region(name: str) -> Region:
    return Region(name, run_dir() / name, progress=say)


def build_tools(names: tuple) -> None:
    """Builds what is missing; its progress goes to stderr as it comes."""
    missing = [name for name in names if not tools.is_built(name)]
    if missing:
        done = subprocess.run([tools.E2E / "tools" / "build", *missing], check=False)
        if done.returncode != 0:
            raise FleetError("the Kubernetes tools are not built; see above")


def up(options: argparse.Namespace) -> int:
    names = options.names or list(DEFAULT)
    for name in names:
        nodes.load(name)
    if not options.no_operator:
        operators.check()
    build_tools((*components.FULL, "kubectl", *(["helm"] if chart.exists() else [])))
    began = time.monotonic()
    failed = in_parallel(names, lambda name: bring_up(name, not options.no_operator))
    print_table([name for name in names if name not in failed])
    say(f"{len(names) - len(failed)} of {len(names)} regions up in {time.monotonic() - began:.1f} s")
    return 1 if failed else 0


def bring_up(name: str, with_operator: bool) -> None:
    one = region(name).start()
    one.install()
    one.apply_region_file()
    if with_operator:
        one.start_operator(extra_args=webhook.arguments(one))
        # Not Fail: whoever stops an operator here wants to go on writing objects.
        webhook.register(one, failure_policy="Ignore")


def in_parallel(names: list, work) -> list:
    """Runs `work` for each name at once; says what went wrong and returns the names that failed."""
    good = set()

    def guarded(name: str) -> None:
        try:
            work(name)
            good.add(name)
        except (FleetError, OSError) as error:
            say(f"e2e/fleet: {error}")

    # Daemons, so that an interrupted `fleet` ends at once.
    threads = [threading.Thread(target=guarded, args=(name,), daemon=True) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [name for name in names if name not in good]


def down(options: argparse.Namespace) -> int:
    names = options.names or existing()
    return 1 if in_parallel(names, take_down) else 0


def take_down(name: str) -> None:
    if name not in existing():
        say(f"{name}: not up")
        return
    region(name).remove()
    say(f"{name}: down, state removed")


def kill(options: argparse.Namespace) -> int:
    names = known(options.names)
    in_parallel(names, lambda name: region(name).kill())
    for name in names:
        say(f"{name}: killed; resume with: e2e/fleet up {name}")
    return 0


def kubeconfig(options: argparse.Namespace) -> int:
    print(region(known([options.name])[0]).admin_kubeconfig)
    return 0


def status(options: argparse.Namespace) -> int:
    names = options.names or existing()
    if not names:
        say("no region is up; start some with: e2e/fleet up")
        return 0
    print_table(known(names))
    return 0


def known(names: list) -> list:
    for name in names:
        if name not in existing():
            up_now = ", ".join(existing()) or "none"
            raise FleetError(f"region {name} is not up (up: {up_now}); start it with: e2e/fleet up {name}")
    return names


def print_table(names: list) -> None:
    rows = [("REGION", "JURISDICTION", "NODES", "API SERVER", "OPERATOR")]
    rows += [row(region(name)) for name in names]
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    for line in rows if len(rows) > 1 else []:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip(), flush=True)


def row(one: Region) -> tuple:
    running = one.running()
    dead = [name for name in components.FULL if name in running and not running[name]]
    server, count = one.server, "?"
    if one.admin_kubeconfig.exists() and one.api.ready():
        items = one.api.items("/api/v1/nodes")
        ready = sum(nodes.is_ready(item) for item in items)
        count = f"{ready}/{len(items)} ready"
        if dead:
            server += f" ({', '.join(dead)} down)"
    else:
        server += " (down)"
    return one.name, jurisdiction(one.name), count, server, operator_state(one, running)


def jurisdiction(name: str) -> str:
    try:
        return nodes.load(name)["region"]["spec"]["jurisdiction"]
    except FleetError:
        return "?"


def operator_state(one: Region, running: dict) -> str:
    states = [("running, pid %d" % running[name]) if running[name] else "died"
              for name in operators.instances(one.folder)]
    return "; ".join(states) or "none"


def parse(arguments: list) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="e2e/fleet", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    start = commands.add_parser("up", help="start regions, or resume them after `kill`")
    start.add_argument("--no-operator", action="store_true", help="stop before the operators")
    start.set_defaults(run=up)
    commands.add_parser("down", help="stop regions and remove their state").set_defaults(run=down)
    commands.add_parser("status", help="what runs where").set_defaults(run=status)
    commands.add_parser("kill", help="SIGKILL to everything of a region").set_defaults(run=kill)
    path = commands.add_parser("kubeconfig", help="print the path of the admin kubeconfig")
    path.add_argument("name", metavar="NAME")
    path.set_defaults(run=kubeconfig)
    for name in ("up", "down", "status"):
        commands.choices[name].add_argument("names", metavar="NAME", nargs="*")
    commands.choices["kill"].add_argument("names", metavar="NAME", nargs="+")
    return parser.parse_args(arguments)


def main(arguments: list) -> int:
    options = parse(arguments)
    try:
        return options.run(options)
    except FleetError as error:
        say(f"e2e/fleet: {error}")
        return 1
    except KeyboardInterrupt:
        say("e2e/fleet: interrupted; what was started runs on (e2e/fleet status, e2e/fleet down)")
        return 130
