"""A network namespace for a region: a machine of its own, as far as packets go.

All regions hang on one bridge of this machine, so that they reach one another directly and the
machine reaches them all. A cut is a rule inside the region's own namespace: it parts the region from
the others, never from this machine, which goes on reading both sides. Needs root.
"""
import contextlib
import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import ports
from .errors import FleetError

BRIDGE, SUBNET, BITS = "bailiwick0", "10.213.0.0/16", 16
HOST = "10.213.0.1"
# Proxies of this machine that stand for a link between regions speak from this address, which a cut
# parts as well.
LINKS = "10.213.255.1"
NUMBERS = range(2, 250)
BOTH, IN, OUT = "both", "in", "out"


@dataclass(frozen=True)
class Space:
    """One region's namespace, by the number that it was given."""

    number: int

    @property
    def name(self) -> str:
        return f"bailiwick-{self.number}"

    @property
    def address(self) -> str:
        return f"10.213.0.{self.number}"

    @property
    def link(self) -> str:
        return f"bw-{self.number}"

    def inside(self, argv: list) -> list:
        """The command in this namespace; nothing is remounted."""
        return ["nsenter", f"--net=/run/netns/{self.name}", *argv]

    def exists(self) -> bool:
        return Path(f"/run/netns/{self.name}").exists()

    def make(self) -> None:
        """Safe to repeat: also after a restart of the machine, which forgets namespaces."""
        with _locked():
            _make_bridge()
            if self.exists():
                return
            _run("ip", "netns", "add", self.name)
            _run("ip", "link", "add", self.link, "type", "veth", "peer", "name", "uplink", "netns",
                 self.name)
            _run("ip", "link", "set", self.link, "master", BRIDGE, "up")
            for command in (["ip", "link", "set", "lo", "up"],
                            ["ip", "address", "add", f"{self.address}/{BITS}", "dev", "uplink"],
                            ["ip", "link", "set", "uplink", "up"]):
                _run(*self.inside(command))

    def remove(self) -> None:
        """Safe to repeat. The last one takes the bridge along."""
        with _locked():
            if self.exists():
                _run("ip", "netns", "delete", self.name)
            _run("ip", "link", "delete", self.link, check=False)
            if not _run("ip", "-o", "link", "show", "master", BRIDGE, check=False).stdout.strip():
                _run("ip", "link", "delete", BRIDGE, check=False)
        ports.release([f"space-{self.number}"])

    def cut(self, served: list, direction: str = BOTH, refuse: bool = False) -> None:
        """Parts it from the other regions. `served`: its own ports that others call. `direction`:
        both, or `in`, so that nobody reaches what it serves while it reaches the others, or `out`,
        the reverse. `refuse`: connections are reset instead of lost."""
        verdict = "reject with tcp reset" if refuse else "drop"
        own = "{ " + ", ".join(map(str, served)) + " }"
        to_it, from_it = f"tcp dport {own} {verdict}", f"tcp sport != {own} {verdict}"
        whole = f"meta l4proto tcp {verdict}"
        # A reset is an answer, so it must not be caught by the rule for the other way.
        inward = {BOTH: to_it if refuse else whole, IN: to_it, OUT: ""}[direction]
        outward = {BOTH: from_it if refuse else whole, IN: "", OUT: from_it}[direction]
        others = f"ip {{}} {SUBNET} ip {{}} != {{{{ {HOST}, {self.address} }}}} "
        rules = [
            "table inet cut {}", "delete table inet cut", "table inet cut {",
            "chain inward { type filter hook input priority 0;",
            others.format("saddr", "saddr") + inward if inward else "", "}",
            "chain outward { type filter hook output priority 0;",
            others.format("daddr", "daddr") + outward if outward else "", "}", "}"]
        _run(*self.inside(["nft", "-f", "-"]), text="\n".join(rules))

    def heal(self) -> None:
        _run(*self.inside(["nft", "-f", "-"]), text="table inet cut {}\ndelete table inet cut\n")

    def is_cut(self) -> bool:
        return _run(*self.inside(["nft", "list", "table", "inet", "cut"]),
                    check=False).returncode == 0


def missing() -> str:
    """Why regions cannot have namespaces here, or an empty text."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    absent = [name for name in ("ip", "nft", "nsenter") if not shutil.which(name)]
    return f"{', '.join(absent)} missing: e2e/tools/packages installs them" if absent else ""


def claim(owner: Path) -> Space:
    """A namespace that no other region has, for as long as the folder `owner` exists."""
    space = Space(ports.take_number("space", NUMBERS, owner))
    if space.exists():  # of an owner that is gone
        space.remove()
        return claim(owner)
    return space


def _make_bridge() -> None:
    if Path(f"/sys/class/net/{BRIDGE}").exists():
        return
    _run("ip", "link", "add", BRIDGE, "type", "bridge")
    for address in (HOST, LINKS):
        _run("ip", "address", "add", f"{address}/{BITS}", "dev", BRIDGE)
    _run("ip", "link", "set", BRIDGE, "up")


@contextlib.contextmanager
def _locked():
    """Several programs and threads make namespaces at once."""
    with open(ports.registry() / "spaces.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(*command: str, check: bool = True, text: str = "") -> subprocess.CompletedProcess:
    done = subprocess.run(command, input=text, text=True, capture_output=True, check=False)
    if check and done.returncode != 0:
        raise FleetError(f"{' '.join(command[:7])}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done
