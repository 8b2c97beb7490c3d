"""One region on this machine: a control plane, its nodes and its operators.

    region = Region("fra", Path("/tmp/case/fra")).start()
    region.install()                          # CRDs, RBAC, admission policies of the chart
    region.apply_region_file("fra")           # e2e/regions/fra.yaml: Region object and nodes
    region.start_operator()
    region.kubectl("get", "mdep")
    region.remove()

Everything is found again from the folder, so another program (or a later `Region` of the same
name and folder) may stop what this one started.
"""
import contextlib
import fcntl
import json
import os
import shutil
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Callable, Iterator, Optional

from . import chart, components, documents, network, nodes, operators, ports, tools
from .api import Api, ApiError
from .errors import FleetError
from .layout import PORTS, SERVED, Layout
from .process import Process, wait_ready

Progress = Callable[[str], None]
NODE_LEASES = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"


def quiet(_text: str) -> None:
    """The default progress: none."""


class Region:
    """Started parts run on after this program; see `stop`, `kill` and `remove`."""

    def __init__(self, name: str, folder: Path, parts: tuple = components.FULL,
                 durable: bool = False, extra: Optional[dict] = None, progress: Progress = quiet,
                 isolated: bool = False, members: int = 1):
        """
        parts    which components to run (components.FULL or components.BARE, or a tuple of them)
        durable  let etcd sync to disk: for tests of what survives a power cut
        extra    further flags by component: {"kube-apiserver": ["--feature-gates=X=true"]}
        isolated in a network namespace of its own from its first start on, so that `partition` can
                 part it from other regions; needs root (network.missing)
        members  how many etcds, 1 or 3: of three, `etcd`, `etcd-2` and `etcd-3`, one may fail
        """
        self.name = name
        self.folder = Path(folder).resolve()
        self.layout = Layout(name, self.folder)
        self.parts, self.durable, self.extra = tuple(parts), durable, extra or {}
        self.progress, self.isolated, self._members = progress, isolated, members
        self._api: Optional[Api] = None

    # Control plane

    def start(self) -> "Region":
        """Starts what does not run, with the data and ports it had; returns when all is ready."""
        with self.locked():
            self._check_tools()
            began = time.monotonic()
            self.lay_out()
            if self.layout.space:
                self.layout.space.make()
            self.layout.pick_ports([*PORTS, *components.member_ports(self.layout)])
            self.layout.issue()
            self._step("certificates", began)
            self._start_all(components.members(self.layout))
            self._start(components.API)
            if components.KWOK in self.parts:
                self.apply([components.KWOK_ROLE, components.KWOK_BINDING])
            rest = [part for part in self.parts if part not in components.BARE]
            self._start_all(rest)
            if components.CONTROLLERS in rest:
                self._wait_service_account()
        return self

    def lay_out(self) -> None:
        """What is decided before anything of the region exists."""
        if not self.layout.state()["ports"]:
            self.layout.pick_members(self._members)
            if self.isolated:
                self.layout.pick_space()

    def stop(self) -> None:
        """Ends everything in order and keeps the data: `start` resumes."""
        with self.locked():
            for instance in operators.instances(self.folder):
                self.process(instance).stop()
            for part in reversed(components.PROCESSES):
                if part in (components.API, *components.MEMBERS):
                    self.process(part).stop(timeout=15.0)
                else:
                    self.process(part).stop(signal.SIGKILL)

    def kill(self) -> None:
        """SIGKILL to everything at once, as a power cut would; `start` resumes."""
        names = [*operators.instances(self.folder), *components.PROCESSES]
        for name in names:
            self.process(name).send(signal.SIGKILL)
        for name in names:
            self.process(name).wait_gone(10.0)

    def remove(self) -> None:
        """Ends everything and removes data, certificates, logs and ports. Safe to repeat."""
        with self.locked():
            self.kill()
            held = self.layout.state()["ports"].values()
            if self.layout.space:
                self.layout.space.remove()
            shutil.rmtree(self.folder, ignore_errors=True)
            ports.release(held)
            self._api = None

    def partition(self, direction: str = network.BOTH, refuse: bool = False) -> None:
        """Parts it from other regions; see network.Space.cut."""
        self._space().cut([self.layout.port(name) for name in SERVED], direction, refuse)

    def heal(self) -> None:
        self._space().heal()

    def process(self, name: str) -> Process:
        """A component or an operator instance: for signals, its log, its memory."""
        return Process(self.folder, name)

    def running(self) -> dict:
        """Component or operator -> pid (None when it died), for all that were started."""
        names = [*components.PROCESSES, *operators.instances(self.folder)]
        return {name: self.process(name).pid for name in names if self.process(name).started}

    def restart(self, part: str, number: int = signal.SIGKILL) -> None:
        """Ends one component by a signal and starts it again."""
        self.process(part).stop(number)
        self._start(part)

    # Access

    @property
    def server(self) -> str:
        """URL of the API server; the same for the region's whole life."""
        return self.layout.server

    @property
    def admin_kubeconfig(self) -> Path:
        return self.layout.kubeconfig("admin")

    @property
    def ca(self) -> Path:
        return self.layout.pki.certificate("ca")

    @property
    def api(self) -> Api:
        """A client with the admin's rights."""
        if self._api is None:
            self._api = Api(self.admin_kubeconfig)
        return self._api

    def api_as(self, kubeconfig: Path) -> Api:
        return Api(kubeconfig)

    def kubectl(self, *args: str, stdin: Optional[str] = None, check: bool = True,
                kubeconfig: Optional[Path] = None) -> str:
        """Output of kubectl as admin, or as the given kubeconfig's user; raises on failure."""
        done = self.run_kubectl(*args, stdin=stdin, kubeconfig=kubeconfig)
        if check and done.returncode != 0:
            raise FleetError(f"{self.name}: kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def run_kubectl(self, *args: str, stdin: Optional[str] = None,
                    kubeconfig: Optional[Path] = None) -> subprocess.CompletedProcess:
        """As `kubectl`, but returns exit code, stdout and stderr whatever they are."""
        env = {**os.environ, "KUBECONFIG": str(kubeconfig or self.admin_kubeconfig),
               "KUBECACHEDIR": str(self.folder / "kubectl-cache")}
        return subprocess.run([tools.binary("kubectl"), *map(str, args)], input=stdin, text=True,
                              capture_output=True, env=env, check=False)

    def apply(self, objects) -> list:
        """Server-side applies an object, a list of them, or YAML text; returns what is stored."""
        if isinstance(objects, str):
            objects = documents.load_all(objects)
        elif isinstance(objects, dict):
            objects = [objects]
        return [self.api.apply(obj) for obj in objects]

    def audit(self, offset: int = 0) -> Iterator[dict]:
        """Audit events from a byte offset of the log on (see `audit_mark`), oldest first."""
        path = self.folder / "log" / "audit.log"
        if not path.exists():
            return
        with open(path, "rb") as log:
            if offset:
                # What was being written at the time of the mark is of before.
                log.seek(offset - 1)
                log.readline()
            for line in log:
                if line.endswith(b"\n"):
                    yield json.loads(line)

    def audit_mark(self) -> int:
        """The audit log's length now: pass it to `audit` to see only what comes later."""
        try:
            return (self.folder / "log" / "audit.log").stat().st_size
        except FileNotFoundError:
            return 0

    # Content

    def install(self, crds_only: bool = False, values: tuple = ()) -> None:
        """Installs the chart but for its Deployment; only crds/*.yaml where there is no chart.
        `values` are Helm's --set arguments; operators get theirs by them as well."""
        began = time.monotonic()
        source = chart.install(self, crds_only, values)
        self.layout.save({**self.layout.state(), "values": list(values)})
        self._step(f"{source} installed", began)

    def apply_region_file(self, name: Optional[str] = None, with_object: bool = True) -> dict:
        """Applies e2e/regions/NAME.yaml (a path works too): Region object, when its CRD is
        installed and unless somebody else applies it, and nodes. Returns the file's content."""
        began = time.monotonic()
        spec = nodes.load(name or self.name)
        if with_object and self.api.find("/apis/bailiwick.dev/v1alpha1"):
            self.apply(spec["region"])
        made = self.add_nodes(nodes.expand(spec))
        self._step(f"{len(made)} nodes ready", began)
        return spec

    def add_nodes(self, objects: list, wait: bool = True) -> list:
        """Creates Node objects (see nodes.node and nodes.expand) but for those that exist, and waits
        until kwok has them Ready."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda node: nodes.create(self.api, node), objects))
        if wait and components.KWOK in self.parts:
            names = {node["metadata"]["name"] for node in objects}
            self.api.wait(f"{self.name}: nodes Ready", lambda api: names <= nodes.schedulable(
                api.items("/api/v1/nodes")), 60.0 + len(names) / 4, every=0.1 + len(names) / 300)
        return objects

    def fail_node(self, name: str) -> None:
        """kwok lets go of the node and its Ready condition turns False, as of a broken kubelet."""
        nodes.fail(self.api, name)

    def heal_node(self, name: str) -> None:
        """kwok takes the node back and makes it Ready."""
        nodes.heal(self.api, name)

    # Operators: see operators.py

    def start_operator(self, binary: Optional[Path] = None, extra_args: tuple = (),
                       instance: str = "operator", wait: bool = True,
                       env: Optional[dict] = None, server: str = "") -> operators.Operator:
        """Runs bailiwick-operator as the chart's ServiceAccount; returns when /readyz says yes.
        Give further replicas other instance names that begin with `operator`. `server`: the URL of
        a proxy in front of the API server."""
        began = time.monotonic()
        with self.locked():
            started = operators.start(self, instance, binary, tuple(extra_args), wait, env, server)
        self._step(f"{instance} ready" if wait else f"{instance} started", began)
        return started

    def stop_operator(self, number: int = signal.SIGTERM, instance: str = "operator") -> None:
        self.process(instance).stop(number)

    # Inside

    def inside(self, argv: list) -> list:
        """A command as the region's own processes are run: in its network namespace, if any."""
        return self.layout.space.inside(argv) if self.layout.space else argv

    def _space(self) -> network.Space:
        if not self.layout.space:
            raise FleetError(
                f"{self.name} has no network of its own, so it cannot be parted from others: "
                "start it anew as root (e2e/fleet down, then e2e/fleet up)")
        return self.layout.space

    @contextlib.contextmanager
    def locked(self):
        """One program at a time starts or stops a region."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        with open(self.folder.parent / f".{self.name}.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _check_tools(self) -> None:
        missing = [part for part in (*self.parts, "kubectl") if not tools.is_built(part)]
        if missing:
            raise FleetError(f"{', '.join(missing)}: not built; run e2e/tools/build {' '.join(missing)}")

    def _start_all(self, parts) -> None:
        """At once: an etcd of several is ready when most of them are."""
        with ThreadPoolExecutor(max(1, len(parts))) as pool:
            list(pool.map(self._start, parts))

    def _start(self, part: str) -> None:
        component, process = components.COMPONENTS[part], self.process(part)
        if process.pid and component.ready(self.layout):
            return
        taken_over = set()
        if part == components.KWOK and not process.pid:
            taken_over = self._free_nodes()
        began = time.monotonic()
        argv = component.argv(self.layout, self.durable) + list(self.extra.get(part, ()))
        for attempt in range(5):
            process.start(self.inside(argv))
            try:
                wait_ready(process, lambda: component.ready(self.layout), component.timeout,
                           self.name)
                break
            except FleetError as error:
                if attempt == 4 or process.pid or not passes_by(part, str(error)):
                    raise
                time.sleep(1.0 + attempt)
        self._wake_pods(taken_over)
        self._step(f"{part} ready", began)

    def _free_nodes(self) -> set:
        """kwok takes another name at each start, and would wait for the end of leases that it held
        under the one before: its nodes would turn Unknown meanwhile. The nodes that it will take over."""
        self.api.delete(NODE_LEASES)
        return {node["metadata"]["name"] for node in self.api.items("/api/v1/nodes")
                if node["metadata"].get("annotations", {}).get(nodes.FAKE) == "fake"}

    def _wake_pods(self, taken_over: set) -> None:
        """kwok 0.8 lists the pods of a node that it takes over, and now and then passes over all of
        them because it does not know yet that the node is its own: it sees them when they change."""
        def held(api) -> bool:
            return taken_over <= {lease["metadata"]["name"] for lease in api.items(NODE_LEASES)
                                  if lease["spec"].get("holderIdentity")}

        if not taken_over:
            return
        self.api.wait(f"{self.name}: kwok has taken its nodes over", held, 60.0)
        time.sleep(0.3)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for pod in self.api.items("/api/v1/pods"):
            meta = pod["metadata"]
            waits = "deletionTimestamp" in meta or not nodes.is_ready(pod)
            if waits and pod["spec"].get("nodeName") in taken_over:
                path = f"/api/v1/namespaces/{meta['namespace']}/pods/{meta['name']}/status"
                with contextlib.suppress(ApiError):  # it may be gone
                    self.api.merge(path, {"status": {"startTime": now}})

    def _wait_service_account(self) -> None:
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        self.api.wait(f"{self.name}: default service account", lambda api: api.find(path), 60.0)

    def _step(self, text: str, began: float) -> None:
        self.progress(f"{self.name}: {text} ({time.monotonic() - began:.1f} s)")


def passes_by(part: str, end: str) -> bool:
    """Whether a start that ended so may go well the next time: the port of one that was just killed may be
    held for a moment, and kwok 0.8 panics now and then when it is started onto nodes that it had before."""
    return "address already in use" in end or (part == components.KWOK and "kwok/controllers" in end)
