"""What a pod's template would run on a real node, as processes of this machine: in a network namespace
of its own, with its volumes at their paths and the names of Services in its hosts file.

    pod = Pod(region, folder, "team", template, "engine-sidecar", hosts={"m-h200.team.svc": other})
    pod.run("engine", [sys.executable, "engine.py", "8000"])
    pod.start()
    pod.address                       # of the machine's bridge, so every region reaches it
    pod.mount()                       # the volumes once more, as a kubelet does when they change

It plays kubelet, cluster DNS and kube-proxy, and nothing of the container's own: program, arguments,
configuration and route tables are what the operator and the chart rendered.
"""
import base64
import os
import shutil
import subprocess
from pathlib import Path

from lib import chart, network

PROGRAMS = chart.CLONE / "build" / "release" / "bin"
# Of the machine's own /etc: what every dynamically linked program reads.
NEEDED = ("nsswitch.conf", "ld.so.cache", "passwd", "group")
# The template's paths and nothing else of the machine's: both folders are covered by the pod's own.
ENTER = 'mount --bind "$0/etc" /etc && mount --bind "$0/run" /run && exec "$@"'
REDIRECT = """table ip service {
  chain inward { type nat hook prerouting priority dstnat; tcp dport 80 redirect to :8080; }
}"""

GATEWAY = f"{chart.RELEASE}-gateway"


def gateway(region, folder: Path, hosts: dict) -> "Pod":
    """The region's gateway as the chart renders it, with a certificate of the region's own authority."""
    pki = region.layout.pki
    region.apply({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                  "metadata": {"name": f"{GATEWAY}-tls", "namespace": chart.NAMESPACE},
                  "stringData": {"tls.crt": pki.certificate("gateway").read_text(),
                                 "tls.key": pki.key("gateway").read_text()}})
    rendered = chart.render(region.name, region.folder / "helm", tuple(region.layout.state()["values"]))
    template = next(one["spec"]["template"] for one in rendered
                    if one["kind"] == "Deployment" and one["metadata"]["name"] == GATEWAY)
    return Pod(region, folder, chart.NAMESPACE, template, "gateway", hosts)


class Pod:
    def __init__(self, region, folder: Path, namespace: str, template: dict, container: str, hosts: dict):
        self.region, self.folder, self.namespace, self.hosts = region, folder, namespace, hosts
        self.spec = template["spec"]
        every = [*self.spec.get("initContainers", []), *self.spec["containers"]]
        self.container = next(one for one in every if one["name"] == container)
        self.processes = {}
        folder.mkdir(parents=True)
        self.space = network.claim(folder)
        self.space.make()
        network._run(*self.space.inside(["nft", "-f", "-"]), text=REDIRECT)

    @property
    def address(self) -> str:
        return self.space.address

    def start(self) -> "Pod":
        self.mount()
        argv = [*self.container.get("command", ["engine-sidecar"]), *self.container["args"]]
        self.run(self.container["name"], [PROGRAMS / argv[0], *argv[1:]])
        return self

    def run(self, name: str, argv: list) -> None:
        for folder in ("etc", "run"):
            (self.folder / folder).mkdir(exist_ok=True)
        host, _, port = self.region.server.removeprefix("https://").partition(":")
        env = {**os.environ, "KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        inside = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "sh", "-c", ENTER, self.folder,
                  *argv]
        with open(self.folder / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                [str(part) for part in self.space.inside(inside)], env=env, stdout=log, stderr=log)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def remove(self) -> None:
        for name in list(self.processes):
            self.kill(name)
        self.space.remove()
        shutil.rmtree(self.folder)

    # Volumes

    def mount(self) -> None:
        etc = self.folder / "etc"
        etc.mkdir(exist_ok=True)
        for name in NEEDED:
            shutil.copy(Path("/etc") / name, etc / name)
        lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in self.hosts.items())]
        (etc / "hosts").write_text("\n".join(lines) + "\n")
        volumes = {volume["name"]: volume for volume in self.spec["volumes"]}
        for mounted in self.container["volumeMounts"]:
            target = self.folder / mounted["mountPath"].removeprefix("/var").lstrip("/")
            target.mkdir(parents=True, exist_ok=True)
            files = dict(self.files_of(volumes[mounted["name"]]))
            for gone in {path.name for path in target.iterdir() if path.is_file()} - set(files):
                (target / gone).unlink()
            for name, content in files.items():
                (target / name).parent.mkdir(parents=True, exist_ok=True)
                fresh = target / f".{Path(name).name}.new"
                fresh.write_bytes(content)
                fresh.rename(target / name)

    def files_of(self, volume: dict):
        for source in volume.get("projected", {}).get("sources", [volume]):
            if "configMap" in source:
                yield from self.files_in("configmaps", source["configMap"], source["configMap"]["name"])
            elif "secret" in source:
                asked = source["secret"]
                yield from self.files_in("secrets", asked, asked.get("name") or asked["secretName"])
            elif "serviceAccountToken" in source:
                token = self.region.kubectl("create", "token", self.spec["serviceAccountName"], "-n",
                                            self.namespace)
                yield source["serviceAccountToken"]["path"], token.strip().encode()

    def files_in(self, resource: str, source: dict, name: str):
        stored = self.region.api.find(f"/api/v1/namespaces/{self.namespace}/{resource}/{name}")
        if stored is None:
            assert source.get("optional"), f"{resource}/{name} is missing"
            return
        plain = {} if resource == "secrets" else stored.get("data", {})
        coded = stored.get("data" if resource == "secrets" else "binaryData", {})
        data = {**{key: text.encode() for key, text in plain.items()},
                **{key: base64.b64decode(text) for key, text in coded.items()}}
        items = source.get("items") or [{"key": key, "path": key} for key in data]
        for item in items:
            if item["key"] in data:
                yield item["path"], data[item["key"]]
            else:
                assert source.get("optional"), f"{resource}/{name} has no {item['key']}"
