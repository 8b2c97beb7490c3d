"""TLS in both directions, gateways and their peers, providers."""
import json
import socket
import ssl
import threading

import pytest
from certificates import Authority
from kit import PATIENCE, Backend, Reader, Upstream, chunk, events_head, eventually, ok, request

CHAT = request("POST", "/v1/chat/completions", {"model": "assistant"})


@pytest.fixture
def ca(tmp_path):
    return Authority(tmp_path, "ca")


def over_tls(proxy, port, data, context):
    with proxy.connect(port) as sock, context.wrap_socket(sock, server_hostname="127.0.0.1") as tls:
        tls.sendall(data)
        return Reader(tls).response()


def test_clients_are_served_over_tls_and_certificates_are_renewed(sidecar, engine, ca):
    cert, key = ca.issue("server")

    def script(conn, heard):
        return events_head() + chunk(b"data: 1\n\n") + chunk(b"x" * 200_000) + b"0\r\n\r\n"

    engine.script = script
    proxy = sidecar(engine=engine, data={"listen": "127.0.0.1:0",
                                         "tls": {"certFile": str(cert), "keyFile": str(key)}})
    answer = over_tls(proxy, "data", CHAT, ca.client())
    assert answer.body == b"data: 1\n\n" + b"x" * 200_000
    with proxy.connect() as sock:
        sock.sendall(CHAT)
        assert b"200 OK" not in Reader(sock).to_end()
    other = Authority(ca.folder, "other")
    new_cert, new_key = other.issue("new")
    new_cert.rename(cert)
    new_key.rename(key)

    def renewed():
        try:
            return over_tls(proxy, "data", CHAT, other.client()).status == 200
        except ssl.SSLError:
            return False

    eventually(renewed, "the new certificate is shown")


def external(upstream, ca, key_file, **extra):
    return Backend("azure", upstream.url + "/openai/v1", "External",
                   extra={"region": "swedencentral", "jurisdiction": "FR", "model": "gpt-5",
                          "keyFile": str(key_file), **extra})


def test_a_provider_is_asked_over_verified_tls_with_its_own_key(sidecar, ca, tmp_path, monkeypatch):
    key_file = tmp_path / "azure"
    key_file.write_text("provider-secret\n")
    with Upstream(context=ca.server("azure")) as provider:
        backends = {"backends": [external(provider, ca, key_file).entry()]}
        proxy = sidecar(table=backends, env={"SSL_CERT_FILE": str(ca.file)})
        answer = proxy.chat(headers={"Authorization": "Bearer mine", "Cookie": "a=b",
                                     "x-data-residency": "eu-personal"})
        assert answer.status == 200
        assert answer.headers["x-bailiwick-region"] == "swedencentral"
        assert answer.headers["x-bailiwick-model"] == "gpt-5"
        heard = provider.heard[0]
        assert heard.line == "POST /openai/v1/chat/completions HTTP/1.1"
        assert heard.get("Authorization") == "Bearer provider-secret"
        assert heard.json()["model"] == "gpt-5"
        for name in ("Cookie", "X-Forwarded-For", "x-data-residency", "x-bailiwick-hop"):
            assert heard.get(name) is None, name
        key_file.write_text("renewed\n")
        eventually(lambda: proxy.chat().status == 200 and
                   provider.heard[-1].get("Authorization") == "Bearer renewed", "the new key is sent")
        stranger = sidecar(table=backends)
        answer = stranger.chat()
        assert (answer.status, answer.code()) == (502, "upstream_failed")
        assert "secret" not in stranger.errors.read_text()
        key_file.unlink()
        keyless = sidecar(table=backends, env={"SSL_CERT_FILE": str(ca.file)})
        assert keyless.chat().status == 502


def test_what_lies_outside_the_domain_is_never_asked(sidecar, ca, tmp_path):
    with Upstream() as outside:
        entry = Backend("us", outside.url, "Peer",
                        extra={"region": "iad", "jurisdiction": "US"}).entry()
        proxy = sidecar(table={"backends": [entry]})
        answer = proxy.chat()
        assert answer.status in (451, 503)
        assert outside.heard == []
        assert "US" in proxy.state()["tables"][0]["reports"][0]


class Fleet:
    """Two regions' gateways with one certificate authority each."""

    def __init__(self, folder, start):
        self.folder = folder
        self.start = start
        self.authorities = {name: Authority(folder, f"{name}-ca") for name in ("fra", "zrh")}
        self.known = folder / "peers"
        self.known.mkdir()
        for name in self.authorities:
            self.introduce(name)
        self.pods = Authority(folder, "pods-ca")

    def introduce(self, region):
        """From now on gateways know the region's authority."""
        (self.known / f"{region}.crt").write_bytes(self.authorities[region].file.read_bytes())

    def certificate(self, region):
        return self.authorities[region].issue(
            f"{region}-gateway", f"IP:127.0.0.1,URI:bailiwick://region/{region}")

    def gateway(self, region, jurisdiction, backends, deployment="assistants.assistant", **more):
        routes = self.folder / f"{region}-routes.d"
        routes.mkdir()
        cert, key = self.certificate(region)
        table = {"servedName": "assistant", "generation": 1, "mode": "Priority",
                 "residency": {"jurisdictions": ["DE", "CH"], "classes": ["eu-personal"]},
                 "backends": backends, "tls": {"certFile": str(cert), "keyFile": str(key)}, **more}
        if backends is not None:
            (routes / f"{deployment}.yaml").write_text(json.dumps(table))
        server, server_key = self.pods.issue(f"{region}-pods")
        return self.start(
            routes={"folder": str(routes), "file": None},
            identity={"region": region, "jurisdiction": jurisdiction},
            data={"listen": "127.0.0.1:0",
                  "tls": {"certFile": str(server), "keyFile": str(server_key)}},
            peers={"listen": "127.0.0.1:0",
                   "tls": {"certFile": str(cert), "keyFile": str(key),
                           "clientCAFolder": str(self.known)}})

    def peer(self, region, jurisdiction, port):
        return Backend(f"{region}-peer", f"https://127.0.0.1:{port}", "Peer",
                       extra={"region": region, "jurisdiction": jurisdiction,
                              "caFile": str(self.authorities[region].file)}).entry()


@pytest.fixture
def fleet(tmp_path, sidecar):
    return Fleet(tmp_path, sidecar)


def test_a_request_goes_from_pod_to_gateway_to_gateway_to_pod(fleet, sidecar, engine):
    there = sidecar(engine=engine, identity={"region": "zrh", "jurisdiction": "CH"},
                    table={"residency": {"jurisdictions": ["DE", "CH"], "classes": ["eu-personal"]}})
    zrh = fleet.gateway("zrh", "CH", [Backend("own", f"http://127.0.0.1:{there.ports['data']}").entry()])
    fra = fleet.gateway("fra", "DE", [fleet.peer("zrh", "CH", zrh.ports["peers"])])
    entry = Backend("zrh", f"https://127.0.0.1:{fra.ports['data']}", "Peer",
                    extra={"region": "zrh", "jurisdiction": "CH",
                           "caFile": str(fleet.pods.file), "model": "own-model"}).entry()
    here = sidecar(table={"backends": [entry]},
                   identity={"region": "fra", "jurisdiction": "DE",
                             "deployment": "assistants/assistant"})
    answer = here.chat(headers={"x-data-jurisdiction": "CH", "x-data-residency": "eu-personal",
                                "x-bailiwick-region": "iad", "x-bailiwick-deployment": "other/one"})
    assert answer.status == 200, answer.body
    assert answer.headers["x-bailiwick-region"] == "zrh"
    assert engine.heard[0].json()["model"] == "own-model"
    assert engine.heard[0].get("x-bailiwick-hop") is None
    refused = here.chat(headers={"x-data-jurisdiction": "DE"})
    assert refused.status == 451


def test_what_has_hopped_is_never_forwarded_again(fleet):
    with Upstream() as far:
        zrh = fleet.gateway("zrh", "CH", [fleet.peer("fra", "DE", far.port)])
        context = fleet.authorities["zrh"].client(fleet.certificate("fra"))
        data = request("POST", "/v1/completions", {"model": "assistant"},
                       {"x-bailiwick-deployment": "assistants/assistant", "x-bailiwick-hop": "1"})
        answer = over_tls(zrh, "peers", data, context)
        assert (answer.status, answer.code()) == (503, "no_backend")
        assert far.connections == 0


def test_only_regions_are_let_in_by_their_certificates(fleet):
    zrh = fleet.gateway("zrh", "CH", [fleet.peer("fra", "DE", 1)])
    ca = fleet.authorities["fra"]
    nameless = ca.issue("nameless")
    stranger = Authority(fleet.folder, "stranger").issue(
        "fake", "IP:127.0.0.1,URI:bailiwick://region/fra")
    for certificate in (None, nameless, stranger):
        with pytest.raises((ssl.SSLError, EOFError, ConnectionError, OSError)):
            over_tls(zrh, "peers", CHAT, fleet.authorities["zrh"].client(certificate))


def test_an_authority_speaks_for_its_own_region_alone(fleet):
    """Who may sign for one region could otherwise call himself any other."""
    zrh = fleet.gateway("zrh", "CH", [fleet.peer("fra", "DE", 1)])
    posed = fleet.authorities["zrh"].issue("posed", "URI:bailiwick://region/fra")
    unknown = fleet.authorities["fra"].issue("unknown", "URI:bailiwick://region/iad")
    several = fleet.authorities["fra"].issue(
        "several", "URI:bailiwick://region/fra,URI:bailiwick://region/zrh")
    for certificate in (posed, unknown, several):
        with pytest.raises((ssl.SSLError, EOFError, ConnectionError, OSError)):
            over_tls(zrh, "peers", CHAT, fleet.authorities["zrh"].client(certificate))
    right = fleet.authorities["zrh"].client(fleet.certificate("fra"))
    assert over_tls(zrh, "peers", CHAT, right).code() == "bad_request"


def test_a_region_that_joins_later_is_let_in_without_a_restart(fleet):
    zrh = fleet.gateway("zrh", "CH", [fleet.peer("fra", "DE", 1)])
    fleet.authorities["iad"] = Authority(fleet.folder, "iad-ca")
    context = fleet.authorities["zrh"].client(fleet.certificate("iad"))
    with pytest.raises((ssl.SSLError, EOFError, ConnectionError, OSError)):
        over_tls(zrh, "peers", CHAT, context)
    fleet.introduce("iad")

    def let_in():
        try:
            return over_tls(zrh, "peers", CHAT, context).status == 400
        except (ssl.SSLError, EOFError, ConnectionError, OSError):
            return False
    eventually(let_in, "iad is let in")


def test_a_gateway_wants_to_know_the_deployment(fleet):
    with Upstream() as pod:
        fra = fleet.gateway("fra", "DE", [Backend("own", pod.url).entry()])
        context = fleet.pods.client()
        answer = over_tls(fra, "data", CHAT, context)
        assert (answer.status, answer.code()) == (400, "bad_request")
        for headers, status in (({"x-bailiwick-deployment": "other/one"}, 404),
                                ({"x-bailiwick-deployment": "assistants/assistant"}, 200)):
            answer = over_tls(fra, "data", request("POST", "/v1/completions",
                                                   {"model": "assistant"}, headers), context)
            assert answer.status == status
        assert pod.heard[0].get("x-bailiwick-hop") == "assistants/assistant"


def test_a_gateway_is_ready_before_there_is_a_deployment(fleet):
    fra = fleet.gateway("fra", "DE", None)
    eventually(lambda: fra.observe("/readyz").status == 200, "ready", 2)
    answer = over_tls(fra, "data", request("POST", "/v1/completions", {"model": "assistant"},
                                           {"x-bailiwick-deployment": "assistants/assistant"}),
                      fleet.pods.client())
    assert (answer.status, answer.code()) == (404, "unknown_model")


def test_a_gateway_that_can_read_none_of_its_tables_is_not_ready(fleet):
    fra = fleet.gateway("fra", "DE", "no list")
    assert fra.observe("/readyz").status == 503
    (fleet.folder / "fra-routes.d" / "assistants.assistant.yaml").unlink()
    eventually(lambda: fra.observe("/readyz").status == 200, "ready")


def test_a_peer_that_asks_for_what_is_not_known_yet_may_ask_elsewhere(fleet, sidecar, engine):
    """The route tables of two regions do not change at once."""
    backends = [Backend("own", engine.url).entry()]
    late = fleet.gateway("zrh", "CH", backends, deployment="assistants.older")
    known = request("POST", "/v1/completions", {"model": "assistant"},
                    {"x-bailiwick-deployment": "assistants/assistant"})
    answer = over_tls(late, "peers", known, fleet.authorities["zrh"].client(fleet.certificate("fra")))
    assert (answer.status, answer.code()) == (503, "no_backend")
    assert answer.headers["retry-after"]
    answer = over_tls(late, "data", known, fleet.pods.client())
    assert (answer.status, answer.code()) == (404, "unknown_model")


def test_a_region_that_leaves_is_let_out_between_two_requests(fleet, engine):
    zrh = fleet.gateway("zrh", "CH", [Backend("own", engine.url).entry()])
    context = fleet.authorities["zrh"].client(fleet.certificate("fra"))
    data = request("POST", "/v1/completions", {"model": "assistant"},
                   {"x-bailiwick-deployment": "assistants/assistant"})
    with zrh.connect("peers") as sock, context.wrap_socket(sock, server_hostname="127.0.0.1") as tls:
        reader = Reader(tls)
        for _ in range(2):
            tls.sendall(data)
            assert reader.response().status == 200
        (fleet.known / "fra.crt").unlink()
        assert reader.to_end() == b"", "it is closed at rest, and nothing is said"


def at_a_gateway(path, body):
    return request("POST", path, body, {"x-bailiwick-deployment": "assistants/assistant"})


def test_what_engines_of_the_deployment_serve_passes_a_gateway_and_nothing_else_does(fleet, engine):
    zrh = fleet.gateway("zrh", "CH", [Backend("own", engine.url).entry()], paths=["/tokenize"])
    context = fleet.pods.client()
    assert over_tls(zrh, "data", at_a_gateway("/tokenize", {"prompt": "x"}), context).status == 200
    assert engine.heard[0].line == "POST /tokenize HTTP/1.1"
    for path in ("/reset_prefix_cache", "/tokenize/", "/tokenize%2f"):
        answer = over_tls(zrh, "data", at_a_gateway(path, {"prompt": "x"}), context)
        assert answer.status in (400, 404), path
    other = request("POST", "/tokenize", {}, {"x-bailiwick-deployment": "other/one"})
    assert over_tls(zrh, "data", other, context).code() == "unknown_path"
    assert len(engine.heard) == 1


def test_a_gateway_holds_each_deployment_to_its_own_limits(fleet):
    go = threading.Event()

    def slow(conn, heard):
        go.wait(PATIENCE)
        return ok()

    with Upstream(slow) as pod:
        zrh = fleet.gateway("zrh", "CH", [Backend("own", pod.url).entry()],
                            limits={"requestTimeout": "1s", "maxBodySize": "1Ki"})
        context = fleet.pods.client()
        large = at_a_gateway("/v1/completions", {"model": "assistant", "prompt": "x" * 1024})
        assert over_tls(zrh, "data", large, context).code() == "too_large"
        late = over_tls(zrh, "data", at_a_gateway("/v1/completions", {"model": "assistant"}), context)
        assert (late.status, late.code()) == (504, "upstream_timeout")
        go.set()


def test_a_gateway_takes_bodies_as_large_as_their_deployment_allows(fleet, engine):
    zrh = fleet.gateway("zrh", "CH", [Backend("own", engine.url).entry()],
                        limits={"requestTimeout": "1m", "maxBodySize": "64Mi"})
    prompt = "x" * (33 << 20)
    for body in ({"model": "assistant", "prompt": prompt}, {"prompt": prompt, "model": "assistant"}):
        answer = over_tls(zrh, "data", at_a_gateway("/v1/completions", body), fleet.pods.client())
        assert answer.status == 200, list(body)
