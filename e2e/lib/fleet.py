"""Real Kubernetes control planes on this machine, one per region, with fake nodes
and our operator, joined to one another.

examples:
  e2e/fleet up                    fra, zrh, iad and gya, with an operator each
  e2e/fleet up ams                one more, which joins those that are up
  e2e/fleet up --no-operator fra  one region: CRDs, RBAC and nodes, no operator
  e2e/fleet status
  kubectl --kubeconfig "$(e2e/fleet kubeconfig fra)" get nodes
  e2e/fleet kill fra              SIGKILL to all of it; `up` resumes
  e2e/fleet partition zrh         no packet between it and others, until `heal`
  e2e/fleet partition --only in zrh
                                  nobody reaches zrh, which reaches the others
  e2e/fleet heal zrh
  e2e/fleet down                  stop everything and remove the state

A region NAME is described by e2e/regions/NAME.yaml. State, logs and credentials
are under .run/NAME of the clone, or under $BAILIWICK_RUN_DIR/NAME. Started by
root, each region has a network namespace of its own, which `partition` needs.
"""
import argparse
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from . import chart, components, join, network, nodes, operators, parallel, tools
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
    return Region(name, run_dir() / name, progress=say, isolated=not network.missing())


def members() -> list:
    """The regions that `up` has joined, whether they run or not."""
    return [one for one in map(region, existing()) if one.layout.state().get("member")]


def complain(text: str) -> None:
    say(f"e2e/fleet: {text}")


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
        described(name)
    if not options.no_operator:
        operators.check()
    build_tools((*components.FULL, "kubectl", *(["helm"] if chart.exists() else [])))
    began = time.monotonic()
    wanted = [region(name) for name in names]
    others = [one for one in members() if one.name not in names and reachable(one)]
    for one in wanted:
        one.layout.save({**one.layout.state(), "member": True})
    failed = {one.name for one in join.raise_fleet(wanted, others, complain, not options.no_operator)}
    good = [name for name in names if name not in failed]
    print_table(good)
    say(f"{len(good)} of {len(names)} regions up in {time.monotonic() - began:.1f} s")
    say(f"kubectl and kubectl bailiwick of this clone: {path_export()}")
    return 1 if failed else 0


def path_export() -> str:
    """What a shell needs to find the kubectl that was built here, and the plugin."""
    return f"export PATH={tools.binary('kubectl').parent}:{operators.BINARY.parent}:$PATH"


def described(name: str) -> None:
    """Raises FleetError unless e2e/regions describes it. A path, which tests may load, is no name."""
    if "/" in name:
        raise FleetError(f"{name}: no name of a region; there are: {', '.join(nodes.names())}")
    nodes.load(name)


def reachable(one: Region) -> bool:
    return one.admin_kubeconfig.exists() and one.api.ready()


def in_parallel(names: list, work) -> list:
    return parallel.in_parallel(names, work, complain)


def down(options: argparse.Namespace) -> int:
    names = options.names or existing()
    return 1 if in_parallel(names, take_down) else 0


def take_down(name: str) -> None:
    if name not in existing():
        say(f"{name}: not up")
        return
    region(name).remove()
    join.leave([one for one in members() if reachable(one)], name)
    say(f"{name}: down, state removed")


def kill(options: argparse.Namespace) -> int:
    names = known(options.names)
    in_parallel(names, lambda name: region(name).kill())
    for name in names:
        say(f"{name}: killed; resume with: e2e/fleet up {name}")
    return 0


def partition(options: argparse.Namespace) -> int:
    for name in known(options.names):
        region(name).partition(options.only or network.BOTH, options.refuse)
        say(f"{name}: parted from the others; end it with: e2e/fleet heal {name}")
    return 0


def heal(options: argparse.Namespace) -> int:
    for name in known(options.names):
        region(name).heal()
        say(f"{name}: reaches the others again")
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
    rows = [("REGION", "JURISDICTION", "NODES", "API SERVER", "NETWORK", "OPERATOR")]
    rows += [row(region(name)) for name in names]
    widths = [max(len(line[column]) for line in rows) for column in range(len(rows[0]))]
    for line in rows if len(rows) > 1 else []:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip(), flush=True)


def row(one: Region) -> tuple:
    running = one.running()
    dead = [name for name in components.PROCESSES if name in running and not running[name]]
    server, count = one.server, "?"
    if reachable(one):
        items = one.api.items("/api/v1/nodes")
        ready = sum(nodes.is_ready(item) for item in items)
        count = f"{ready}/{len(items)} ready"
        if dead:
            server += f" ({', '.join(dead)} down)"
    else:
        server += " (down)"
    return (one.name, jurisdiction(one.name), count, server, network_state(one),
            operator_state(one, running))


def network_state(one: Region) -> str:
    space = one.layout.space
    if not space:
        return "shared"
    return "gone" if not space.exists() else "parted" if space.is_cut() else "whole"


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
    cut = commands.add_parser("partition", help="part a region's network from the others'; needs root")
    cut.add_argument("--only", choices=(network.IN, network.OUT),
                     help="in: the others do not reach it; out: it does not reach them")
    cut.add_argument("--refuse", action="store_true", help="reset connections instead of losing them")
    cut.set_defaults(run=partition)
    commands.add_parser("heal", help="end a partition").set_defaults(run=heal)
    path = commands.add_parser("kubeconfig", help="print the path of the admin kubeconfig")
    path.add_argument("name", metavar="NAME")
    path.set_defaults(run=kubeconfig)
    for name in ("up", "down", "status"):
        commands.choices[name].add_argument("names", metavar="NAME", nargs="*")
    for name in ("kill", "partition", "heal"):
        commands.choices[name].add_argument("names", metavar="NAME", nargs="+")
    return parser.parse_args(arguments)


def main(arguments: list) -> int:
    options = parse(arguments)
    if getattr(options, "names", None):
        options.names = list(dict.fromkeys(options.names))  # each once
    try:
        return options.run(options)
    except (FleetError, OSError) as error:
        say(f"e2e/fleet: {error}")
        return 1
    except KeyboardInterrupt:
        say("e2e/fleet: interrupted; what was started runs on (e2e/fleet status, e2e/fleet down)")
        return 130
