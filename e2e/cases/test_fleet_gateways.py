"""Requests between regions through real gateways: control planes, operators, gateways and sidecars are real,
and read the ConfigMaps that the operators rendered.

kwok's pods serve nothing, so each pod that matters is played by processes in a network namespace of its own
(kit/pods.py). Two things are the case's own: the hosts files, which stand for cluster DNS, and the
addresses of gateways in the Region objects, which are those namespaces' instead of a load balancer's.
"""
import json
import socket
import ssl
import sys
import time
from pathlib import Path

import pytest

from kit import running
from kit.fleet import ENGINES
from kit.pods import GATEWAY, Pod, gateway
from kit.wait import eventually, holds
from lib import chart, documents, join
from lib.pki import Leaf

ENGINE = Path(__file__).parent / "kit" / "engine.py"
CHAT = {"model": "assistant", "messages": []}
H200 = "nvidia.com/gpu.product%3DNVIDIA-H200"


class Site:
    """One region's gateway and its replica of the deployment."""

    def __init__(self, served, name: str, folder: Path):
        self.served, self.name, self.folder = served, name, folder
        self.region, self.api = served.fleet[name], served.fleet.api[name]
        self.workload = f"{served.name}-h200.{served.namespace}.svc"
        self.replica = self.pod("replica", self.template("m-h200"))
        self.start_engine()
        self.gateway = gateway(self.region, folder / f"{name}-gateway", {self.workload: self.replica.address})
        self.replica.hosts[f"{GATEWAY}.{chart.NAMESPACE}.svc"] = self.gateway.address
        self.pods = [self.replica, self.gateway]

    def pod(self, title: str, template: dict, **hosts) -> Pod:
        return Pod(self.region, self.folder / f"{self.name}-{title}", self.served.namespace, template,
                   "engine-sidecar", hosts)

    def template(self, workload: str) -> dict:
        path = f"/apis/apps/v1/namespaces/{self.served.namespace}/deployments/{workload}"
        return self.api.get(path)["spec"]["template"]

    def start_engine(self) -> None:
        self.replica.run("engine", [sys.executable, ENGINE, "8000", self.name])

    def table(self, where: str = "pods") -> list:
        """Backends of the table that the operator wrote: of pods, or of the gateway."""
        if where == "pods":
            path = f"/api/v1/namespaces/{self.served.namespace}/configmaps/m-routes"
            texts = [self.api.get(path)["data"]["routes.yaml"]]
        else:
            path = f"/api/v1/namespaces/{chart.NAMESPACE}/configmaps/{GATEWAY}-routes-"
            file = f"{self.served.namespace}.m.yaml"
            found = [self.api.get(path + str(shard)).get("data", {}) for shard in range(16)]
            texts = [data[file] for data in found if file in data]
        return sorted(entry["name"] for text in texts for entry in documents.load(text)["backends"])


def answer_of(sock, headers: dict, body: dict) -> tuple:
    """(status, headers, body) of one chat request on a connection."""
    data = json.dumps(body).encode()
    lines = ["POST /v1/chat/completions HTTP/1.1", "Host: assistant", "Content-Type: application/json",
             f"Content-Length: {len(data)}", "Connection: close",
             *(f"{name}: {value}" for name, value in headers.items())]
    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + data)
    got = b""
    while more := sock.recv(65536):
        got += more
    head, _, rest = got.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    named = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in fields)}
    return int(first.split()[1]), named, json.loads(rest[rest.index(b"{"):rest.rindex(b"}") + 1])


def ask(pod: Pod, **headers) -> tuple:
    """As a client inside the region asks the Service of the deployment: port 80."""
    with socket.create_connection((pod.address, 80), timeout=30) as sock:
        return answer_of(sock, {name.replace("_", "-"): value for name, value in headers.items()}, CHAT)


def origin(answer: tuple) -> tuple:
    status, headers, body = answer
    assert status == 200, answer
    return headers["x-bailiwick-region"], headers["x-bailiwick-jurisdiction"], headers[
        "x-bailiwick-variant"], body["engine"]


TRACE = "5eed" * 8
FRA, ZRH = ("fra", "DE", "h200", "fra"), ("zrh", "CH", "h200", "zrh")


def ask_as_region(site: Site, home, certificate: str = "gateway", **headers) -> tuple:
    """Of the gateway's listener for peers, with a certificate of the region `home`."""
    context = ssl.create_default_context(cafile=site.region.layout.pki.certificate("gateway-ca"))
    context.load_cert_chain(home.layout.pki.certificate(certificate), home.layout.pki.key(certificate))
    named = {"x-bailiwick-deployment": f"{site.served.namespace}/m", "x-bailiwick-hop": "1",
             **{name.replace("_", "-"): value for name, value in headers.items()}}
    with socket.create_connection((site.gateway.address, 8443), timeout=30) as sock, context.wrap_socket(
            sock, server_hostname=f"{site.name}.bailiwick") as tls:
        return answer_of(tls, named, CHAT)


@pytest.fixture
def sites(fleet, serve, tmp_path, request):
    served = serve(request.param, replicas=2)
    served.wait_ready({"fra": 1, "zrh": 1})
    made = [Site(served, name, tmp_path) for name in ("fra", "zrh")]
    addresses = {site.name: f"{site.gateway.address}:8443" for site in made}
    known = [join.region_object(one) for one in fleet.regions.values()]
    try:
        for home in fleet.regions.values():
            home.apply([{**obj, "spec": {**obj["spec"], "gateway": {
                **obj["spec"]["gateway"], "address": addresses.get(
                    obj["metadata"]["name"], obj["spec"]["gateway"]["address"])}}} for obj in known])
        for site in made:
            other, = set(addresses) - {site.name}
            eventually(lambda site=site, other=other: site.table() == ["h200", f"h200@{other}"] and
                       site.table("gateway") == ["h200", f"h200@{other}"] and
                       addresses[other] in gateway_tables(site), f"tables of {site.name} name both")
            for pod in site.pods:
                pod.start()
            eventually(lambda site=site: origin(ask(site.replica))[0] == site.name, f"{site.name} serves")
        yield {site.name: site for site in made}
    finally:
        for site in made:
            for pod in site.pods:
                pod.remove()
        for home in fleet.regions.values():
            home.apply(known)


def gateway_tables(site: Site) -> str:
    path = f"/api/v1/namespaces/{chart.NAMESPACE}/configmaps/{GATEWAY}-routes-"
    return json.dumps([site.api.get(path + str(shard)).get("data", {}) for shard in range(16)])


@pytest.mark.parametrize("sites", ["gateways"], indirect=True)
def test_a_request_reaches_a_peer_through_both_gateways_and_only_where_it_may(sites):
    fra, zrh = sites["fra"], sites["zrh"]
    assert origin(ask(fra.replica)) == FRA, "one's own comes first"
    abroad = {"x_data_jurisdiction": "CH", "x_data_residency": "eu-personal"}
    eventually(lambda: origin(ask(fra.replica, **abroad)) == ZRH, "what must be in CH is answered by zrh")
    answer = ask(fra.replica, **abroad)
    assert "x-bailiwick-hop" not in answer[2]["headers"], "an engine hears nothing of it"
    for site in (fra, zrh):
        assert f"{site.served.namespace}/m" in site.gateway.log("gateway"), f"{site.name}'s gateway was passed"
    for law in ({"x_data_jurisdiction": "US"}, {"x_data_jurisdiction": "CH", "x_data_residency": "us-gov"}):
        status, _, body = ask(fra.replica, **law)
        assert status == 451, (law, body)

    # A certificate that a region's authority signed speaks for that region alone.
    assert origin(ask_as_region(zrh, fra.region)) == ZRH
    pki = zrh.region.layout.pki
    pki.leaf(Leaf("posed", "gateway-ca", "posed", usage="clientAuth", sans=("URI:bailiwick://region/fra",)))
    with pytest.raises((ssl.SSLError, ConnectionError, ValueError, IndexError)):
        ask_as_region(zrh, zrh.region, "posed")

    # What dies in fra is served by zrh; what zrh cannot serve does not come back to fra.
    fra.replica.kill("engine")
    eventually(lambda: origin(ask(fra.replica)) == ZRH, "zrh serves what fra cannot")
    zrh.replica.kill("engine")
    fra.start_engine()
    eventually(lambda: origin(ask(fra.replica)) == FRA, "fra serves again")
    eventually(lambda: origin(ask(zrh.replica)) == FRA, "zrh's own requests go to fra")

    def hopped_once():
        status, _, body = ask_as_region(zrh, fra.region, traceparent=f"00-{TRACE}-{'1' * 16}-01")
        assert (status, body["error"]["code"]) == (503, "no_backend"), body
        return True
    eventually(hopped_once, "what has hopped is not sent on")
    eventually(lambda: TRACE in zrh.gateway.log("gateway"), "zrh's gateway had it")
    assert TRACE not in fra.gateway.log("gateway"), "it was sent on"


@pytest.mark.parametrize("sites", ["stand-in"], indirect=True)
def test_a_region_whose_replica_is_gone_serves_by_its_gateway_to_peers(sites):
    fra, zrh = sites["fra"], sites["zrh"]
    hosts = fra.api.items(f"/api/v1/nodes?labelSelector={H200}")
    assert hosts
    try:
        cordon(fra.api, hosts, True)
        for pod in fra.api.items(fra.served.pods + ENGINES):
            fra.api.delete(f"{fra.served.pods}/{pod['metadata']['name']}")
        fra.served.wait_ready({"zrh": 2})
        eventually(lambda: fra.table() == ["h200@zrh"], "fra's table names zrh alone")
        eventually(lambda: zrh.table() == ["h200"], "zrh's table names its own alone")
        fra.replica.kill("engine-sidecar")
        template = eventually(lambda: fra.template("m-gateway"), "fra keeps the Service answering")
        pod = fra.pod("stand-in", template, **{f"{GATEWAY}.{chart.NAMESPACE}.svc": fra.gateway.address})
        fra.pods.append(pod)
        pod.start()
        fra.gateway.mount()
        eventually(lambda: origin(ask(pod)) == ZRH, "the stand-in reaches zrh")
        assert ask(pod, x_data_jurisdiction="DE")[0] == 451
    finally:
        cordon(fra.api, hosts, False)


@pytest.mark.parametrize("sites", ["probed"], indirect=True)
def test_a_share_is_given_up_only_for_a_peer_that_answers_through_the_gateways(sites):
    """zrh says that its replica is Ready, and no request reaches it."""
    fra, zrh = sites["fra"], sites["zrh"]
    served = fra.served
    running.kill(fra.region)
    fra.region.start_operator(extra_args=(f"--probe-gateway={fra.gateway.address}:8444",))
    zrh.gateway.kill("gateway")
    began = time.monotonic()
    served.fleet.tell("fra", "fra", cordoned=True)
    try:
        served.wait_ready({"fra": 1, "zrh": 2})
        holds(lambda: served.wait_ready({"fra": 1, "zrh": 2}, 0), 3 * served.lost_after)
        zrh.gateway.start()
        served.wait_ready({"fra": 0, "zrh": 2})
        served.never_below(2, began)
    finally:
        served.fleet.tell("fra", "fra", cordoned=False)
        running.kill(fra.region)
        fra.region.start_operator()


def cordon(api, hosts: list, cordoned: bool) -> None:
    for node in hosts:
        api.merge(f"/api/v1/nodes/{node['metadata']['name']}", {"spec": {"unschedulable": cordoned}})
