"""A real node joined to a region: containerd and a kubelet in a network namespace of their own.

    region = Region("fra", folder, extra=realnode.API_FLAGS)
    region.layout.issue(realnode.API_SANS)
    region.start()
    node = RealNode(region).start([images...])
    node.remove()

Needs root, cgroups and the Debian packages of NEEDED; `missing()` says what is not there. One node
at a time per machine: the names and addresses below are fixed.
"""
import ctypes
import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import yaml

from . import kubeconfig, tools
from .errors import FleetError
from .pki import Leaf
from .process import Process, until

NAMESPACE, HOST_LINK, NODE_LINK = "bailiwick-node", "bwnode0", "uplink"
HOST, NODE, PODS = "10.220.77.1", "10.220.77.2", "10.220.78.0/24"
RUN = Path("/run/bailiwick-node")
INOTIFY_INSTANCES = 24  # of containerd, the kubelet and its control plane
SOCKET = RUN / "containerd.sock"
PAUSE = "bailiwick/pause:e2e"
NEEDED = ("containerd", "runc", "ip", "nsenter", "nft")
API_SANS = (f"IP:{HOST}",)
# The node reaches the API server over the veth pair, everybody else over loopback as before.
API_FLAGS = {"kube-apiserver": ["--bind-address=0.0.0.0"]}
PAUSE_SOURCE = """
#include <signal.h>
#include <unistd.h>
static void leave(int number) { _exit(number - number); }
int main(void) { signal(SIGTERM, leave); signal(SIGINT, leave); for (;;) pause(); }
"""


def missing() -> str:
    """Why no real node can run here, or an empty text."""
    if os.geteuid() != 0:
        return "a real node needs root"
    absent = [name for name in NEEDED if not shutil.which(name)]
    if absent:
        return f"a real node needs {', '.join(absent)}: e2e/tools/packages installs them"
    if inotify_instances() < INOTIFY_INSTANCES:
        return (f"a real node needs {INOTIFY_INSTANCES} free inotify instances: raise "
                "fs.inotify.max_user_instances, or end other control planes")
    if not any(Path("/sys/fs/cgroup").glob("*/cgroup.procs")) and not Path(
            "/sys/fs/cgroup/cgroup.procs").exists():
        return "a real node needs cgroups"
    return ""


def inotify_instances() -> int:
    """How many more this user may open, counted up to what a node needs."""
    libc, opened = ctypes.CDLL(None), []
    while len(opened) < INOTIFY_INSTANCES:
        one = libc.inotify_init1(0)
        if one < 0:
            break
        opened.append(one)
    for one in opened:
        os.close(one)
    return len(opened)


def pause_program(folder: Path) -> Path:
    """The program that holds a pod's namespaces: static, a few lines of C."""
    source, program = folder / "pause.c", folder / "pause"
    source.write_text(PAUSE_SOURCE)
    _run("gcc", "-static", "-Os", "-o", str(program), str(source))
    return program


class RealNode:
    """One node; its processes and files belong to the region's folder. `cores`: how many it says that
    it has; 0: what is true."""

    def __init__(self, region, name: str = "node-1", cores: int = 0):
        self.region, self.name, self.cores = region, name, cores
        self.folder = region.folder / "node"
        self.containerd = Process(region.folder, "containerd")
        self.kubelet = Process(region.folder, "kubelet")
        self.proxy = Process(region.folder, "kube-proxy")

    def start(self, archives: list) -> "RealNode":
        """Returns when the node is Ready and holds the images."""
        self.folder.mkdir(parents=True, exist_ok=True)
        RUN.mkdir(exist_ok=True)
        self._network()
        self.containerd.start(self.inside("containerd", "--config", self._containerd_config()))
        self._wait(lambda: self._ctr("version", check=False).returncode == 0, self.containerd, 60)
        for archive in archives:
            self._ctr("-n", "k8s.io", "images", "import", archive)
        self._publish_api()
        self.kubelet.start(self.inside(*self._told_cores(), *self._kubelet_command()))
        self._wait(self._ready, self.kubelet, 300)
        self.proxy.start(self.inside(*self._proxy_command()))
        return self

    def inside(self, *command) -> list:
        """The command in the node's network namespace; nothing is remounted."""
        return ["nsenter", f"--net=/run/netns/{NAMESPACE}", *command]

    def remove(self) -> None:
        """Ends everything, its containers included. Safe to repeat."""
        for process in (self.proxy, self.kubelet):
            process.stop(timeout=20.0)
        if SOCKET.exists() and self.containerd.pid:
            self._end_containers()
        self.containerd.stop(timeout=20.0)
        _run("ip", "netns", "delete", NAMESPACE, check=False)
        _run("ip", "link", "delete", HOST_LINK, check=False)
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted(mounts, reverse=True):
            if mount.startswith((str(self.folder) + "/", str(RUN) + "/")):
                _run("umount", "--lazy", mount, check=False)
        shutil.rmtree(RUN, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _end_containers(self) -> None:
        spaces = self._pod_networks()
        tasks = self._ctr("-n", "k8s.io", "tasks", "list", "--quiet", check=False).stdout.split()
        for task in tasks:
            self._ctr("-n", "k8s.io", "tasks", "kill", "--signal", "SIGKILL", task, check=False)
        until(lambda: "RUNNING" not in self._ctr("-n", "k8s.io", "tasks", "list", check=False).stdout,
              10.0)
        for task in tasks:
            self._ctr("-n", "k8s.io", "tasks", "delete", "--force", task, check=False)
        for space in spaces:
            _run("ip", "netns", "delete", space, check=False)

    def _pod_networks(self) -> set:
        """Names of the network namespaces that containerd made for pods."""
        found = set()
        for name in self._ctr("-n", "k8s.io", "containers", "list", "--quiet").stdout.split():
            spec = json.loads(self._ctr("-n", "k8s.io", "containers", "info", name).stdout)["Spec"]
            paths = [space.get("path", "") for space in spec["linux"]["namespaces"]
                     if space["type"] == "network"]
            found |= {Path(path).name for path in paths if "/netns/cni-" in path}
        return found

    def _network(self) -> None:
        if Path(f"/run/netns/{NAMESPACE}").exists():
            return
        _run("ip", "netns", "add", NAMESPACE)
        _run("ip", "link", "add", HOST_LINK, "type", "veth", "peer", "name", NODE_LINK, "netns",
             NAMESPACE)
        _run("ip", "address", "add", f"{HOST}/30", "dev", HOST_LINK)
        _run("ip", "link", "set", HOST_LINK, "up")
        for command in (["ip", "address", "add", f"{NODE}/30", "dev", NODE_LINK],
                        ["ip", "link", "set", NODE_LINK, "up"], ["ip", "link", "set", "lo", "up"],
                        ["ip", "route", "add", "default", "via", HOST],
                        ["sysctl", "-qw", "net.ipv4.ip_forward=1"]):
            _run(*self.inside(*command))
        _run("ip", "route", "replace", PODS, "via", NODE)

    def _containerd_config(self) -> Path:
        cri = 'plugins."io.containerd.grpc.v1.cri"'
        text = f"""version = 2
root = "{self.folder}/containerd"
state = "{RUN}/state"
[grpc]
  address = "{SOCKET}"
[{cri}]
  sandbox_image = "docker.io/{PAUSE}"
  restrict_oom_score_adj = true
  [{cri}.cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "{self.folder}/cni"
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
"""
        bridge = {"type": "bridge", "bridge": "cni0", "isGateway": True, "hairpinMode": True,
                  "ipam": {"type": "host-local", "ranges": [[{"subnet": PODS}]],
                           "dataDir": str(self.folder / "ipam"),
                           "routes": [{"dst": "0.0.0.0/0"}]}}
        (self.folder / "cni").mkdir(exist_ok=True)
        (self.folder / "cni" / "10-bridge.conflist").write_text(
            json.dumps({"cniVersion": "0.4.0", "name": "pods", "plugins": [bridge]}))
        path = self.folder / "containerd.toml"
        path.write_text(text)
        return path

    def _client(self, name: str, common_name: str, organisation: str) -> Path:
        """A kubeconfig that leads over the veth pair."""
        layout = self.region.layout
        layout.pki.leaf(Leaf(name, "ca", common_name, organisation))
        user = kubeconfig.certificate_user(layout.pki.certificate(name), layout.pki.key(name))
        server = f"https://{HOST}:{layout.port('api')}"
        return kubeconfig.write(layout.kubeconfig(name), server, layout.pki.certificate("ca"), user,
                                f"{name}@{self.region.name}", "default")

    def _kubelet_command(self) -> list:
        client = self._client("kubelet", f"system:node:{self.name}", "system:nodes")
        config = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1", "kind": "KubeletConfiguration",
            "failCgroupV1": False, "cgroupDriver": "cgroupfs", "cgroupsPerQOS": False,
            "enforceNodeAllocatable": [], "failSwapOn": False,
            "containerRuntimeEndpoint": f"unix://{SOCKET}",
            "authentication": {"anonymous": {"enabled": False}, "webhook": {"enabled": True},
                               "x509": {"clientCAFile": str(self.region.layout.pki.certificate("ca"))}},
            "authorization": {"mode": "Webhook"}, "resolvConf": "", "clusterDNS": [],
            "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%",
                             "imagefs.available": "1%", "nodefs.inodesFree": "1%"},
            "podLogsDir": str(self.folder / "pods"), "imageGCHighThresholdPercent": 100, "syncFrequency": "5s",
            "nodeStatusUpdateFrequency": "4s",
        }
        path = self.folder / "kubelet.yaml"
        path.write_text(yaml.safe_dump(config))
        return [tools.binary("kubelet"), f"--config={path}", f"--kubeconfig={client}",
                f"--root-dir={self._kubelet_root()}", f"--hostname-override={self.name}",
                f"--node-ip={NODE}", "--v=1"]

    def _kubelet_root(self) -> Path:
        root = self.folder / "kubelet"
        root.mkdir(parents=True, exist_ok=True)
        return root

    def _told_cores(self) -> list:
        """Before the kubelet's command: it sees as many cores as it is told of, and shares what it
        mounts for pods with containerd."""
        if not self.cores:
            return []
        root = str(self._kubelet_root())
        if not os.path.ismount(root):
            _run("mount", "--bind", root, root)
            _run("mount", "--make-shared", root)
        system = self.folder / "system"
        (system / "node").mkdir(parents=True, exist_ok=True)
        for number in range(self.cores):
            topology = system / "cpu" / f"cpu{number}" / "topology"
            topology.mkdir(parents=True, exist_ok=True)
            (topology / "core_id").write_text(f"{number}\n")
            (topology / "physical_package_id").write_text("0\n")
        (system / "cpu" / "online").write_text(f"0-{self.cores - 1}\n")
        binds = " && ".join(f'mount --bind "$0/{name}" /sys/devices/system/{name}'
                            for name in ("node", "cpu"))
        return ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
                f'mount --make-private /sys && {binds} && exec "$@"', str(system)]

    def _proxy_command(self) -> list:
        client = self._client("kube-proxy", "system:kube-proxy", "")
        config = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",
            "mode": "nftables", "hostnameOverride": self.name, "clusterCIDR": PODS,
            "clientConnection": {"kubeconfig": str(client)},
            "conntrack": {"maxPerCore": 0, "min": 0},
        }
        path = self.folder / "kube-proxy.yaml"
        path.write_text(yaml.safe_dump(config))
        return [tools.binary("kube-proxy"), f"--config={path}"]

    def _publish_api(self) -> None:
        """The endpoint of the Service `kubernetes`, which no reconciler writes here."""
        self.region.apply({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "kubernetes", "namespace": "default",
                         "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "addressType": "IPv4", "endpoints": [{"addresses": [HOST], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "protocol": "TCP",
                       "port": self.region.layout.port("api")}]})

    def _ready(self) -> bool:
        node = self.region.api.find(f"/api/v1/nodes/{self.name}")
        conditions = (node or {}).get("status", {}).get("conditions", [])
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    def _ctr(self, *arguments, check: bool = True) -> subprocess.CompletedProcess:
        return _run("ctr", "--address", str(SOCKET), *map(str, arguments), check=check)

    def _wait(self, ready, process: Process, timeout: float) -> None:
        """Until it is ready; one that has ended is not waited for."""
        until(lambda: ready() or not process.pid, timeout, every=0.3)
        if not process.pid or not ready():
            state = f"is not ready after {timeout:.0f} s" if process.pid else "has ended"
            raise FleetError(f"{process.name} {state}; the end of {process.log}:\n{process.tail()}")


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess:
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if check and done.returncode != 0:
        raise FleetError(f"{' '.join(command[:6])}: {(done.stderr or done.stdout).strip()[-500:]}")
    return done
