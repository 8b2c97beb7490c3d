"""The files, ports and addresses of one region's control plane."""
import json
from pathlib import Path

from typing import Optional

from . import kubeconfig, network, ports
from .pki import LOOPBACK, Leaf, Pki

PORTS = ("api", "controller-manager", "scheduler", "kwok")
SERVED = ("api", "gateway")  # what other regions call
BOTH = "serverAuth,clientAuth"
CLIENTS = {
    "admin": ("kubernetes-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    "kwok": ("bailiwick-kwok", ""),
}


class Layout:
    """Where everything is. Ports are picked once and kept in state.json."""

    def __init__(self, name: str, folder: Path):
        self.name = name
        self.folder = folder
        self.pki = Pki(folder / "pki")
        self._state_file = folder / "state.json"

    def state(self) -> dict:
        try:
            return json.loads(self._state_file.read_text())
        except FileNotFoundError:
            return {"ports": {}}

    def save(self, state: dict) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        temporary = self._state_file.with_suffix(".new")
        temporary.write_text(json.dumps(state, indent=1))
        temporary.rename(self._state_file)

    def pick_ports(self, names) -> None:
        state = self.state()
        missing = [name for name in names if name not in state["ports"]]
        if missing:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            state["ports"].update(ports.take(missing, self.folder))
            self.save(state)

    @property
    def space(self) -> Optional[network.Space]:
        """Its network namespace; None on this machine's own loopback."""
        number = self.state().get("space")
        return network.Space(number) if number else None

    def pick_space(self) -> None:
        """Before anything is started or issued."""
        state = self.state()
        if not state.get("space"):
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.save({**state, "space": network.claim(self.folder).number})

    @property
    def members(self) -> int:
        """How many etcds keep its data."""
        return self.state().get("members", 1)

    def pick_members(self, number: int) -> None:
        """Before anything is started."""
        if number != self.members:
            self.save({**self.state(), "members": number})

    @property
    def host(self) -> str:
        """The address that everything of the region listens at."""
        return self.space.address if self.space else "127.0.0.1"

    def port(self, name: str) -> int:
        state = self.state()["ports"]
        if name not in state:
            self.pick_ports([name])
            state = self.state()["ports"]
        return state[name]

    @property
    def server(self) -> str:
        return f"https://{self.host}:{self.port('api')}"

    @property
    def sans(self) -> tuple:
        """What the region's servers are called by: proxies for its links included."""
        return (*LOOPBACK, f"IP:{self.host}", f"IP:{network.LINKS}") if self.space else LOOPBACK

    def kubeconfig(self, user: str) -> Path:
        return self.folder / f"{user}.kubeconfig"

    def issue(self, extra_sans: tuple = ()) -> None:
        """Makes every certificate and kubeconfig that does not exist yet."""
        service = tuple("DNS:kubernetes" + suffix for suffix in
                        ("", ".default", ".default.svc", ".default.svc.cluster.local"))
        sans = self.sans
        leaves = [
            Leaf("etcd", "etcd-ca", "etcd", sans=sans, usage=BOTH),
            Leaf("etcd-client", "etcd-ca", "kube-apiserver"),
            Leaf("apiserver", "ca", "kube-apiserver",
                 sans=(*sans, *service, "IP:10.96.0.1", *extra_sans), usage="serverAuth"),
            Leaf("front-proxy-client", "front-proxy-ca", "front-proxy-client"),
            Leaf("health", "ca", "bailiwick-health", sans=sans, usage="serverAuth"),
            *(Leaf(name, "ca", common_name, organisation)
              for name, (common_name, organisation) in CLIENTS.items()),
        ]
        self.pki.make(["ca", "etcd-ca", "front-proxy-ca"], leaves, "service-accounts")
        for name in CLIENTS:
            if not self.kubeconfig(name).exists():
                user = kubeconfig.certificate_user(self.pki.certificate(name), self.pki.key(name))
                self.write_kubeconfig(name, user)

    def write_kubeconfig(self, name: str, user: dict, namespace: str = "default") -> Path:
        return kubeconfig.write(self.kubeconfig(name), self.server, self.pki.certificate("ca"),
                                user, f"{name}@{self.name}", namespace)
