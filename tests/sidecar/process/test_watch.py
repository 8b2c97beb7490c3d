"""The watch of the route table's ConfigMap, against a scripted API server."""
import json
import queue
import socket

import pytest
from certificates import Authority
from kit import Backend, Upstream, chunk, eventually

WATCH = (b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
         b"Transfer-Encoding: chunked\r\n\r\n")


class ApiServer(Upstream):
    """Answers every watch with what is put into `events`; None ends it."""

    def __init__(self, context):
        super().__init__(self.watch, context)
        self.events = queue.Queue()

    def watch(self, conn, heard):
        conn.sendall(WATCH)
        while True:
            event = self.events.get()
            if event is None:
                return b"0\r\n\r\n"
            line = json.dumps(event).encode() + b"\n"
            conn.sendall(chunk(line[:50]) + chunk(line[50:]))

    def table(self, upstream, generation, uid="u1", kind="MODIFIED", **fields):
        table = {"servedName": "assistant", "generation": generation, "mode": "Priority",
                 "residency": {"jurisdictions": ["DE"], "classes": []},
                 "backends": [Backend(f"g{generation}", upstream.url).entry()], **fields}
        self.events.put({"type": kind, "object": {
            "metadata": {"name": "assistant-routes", "uid": uid},
            "data": {"routes.yaml": json.dumps(table)}}})


@pytest.fixture
def api(tmp_path):
    ca = Authority(tmp_path, "cluster-ca")
    account = tmp_path / "account"
    account.mkdir()
    (account / "ca.crt").write_text(ca.file.read_text())
    (account / "token").write_text("token-1\n")
    with ApiServer(ca.server("apiserver")) as server:
        server.env = {"KUBERNETES_SERVICE_HOST": "127.0.0.1",
                      "KUBERNETES_SERVICE_PORT": str(server.port),
                      "BAILIWICK_SERVICE_ACCOUNT": str(account)}
        server.account = account
        yield server
        server.events.put(None)


def start(sidecar, api, upstream, **routes):
    return sidecar(table={"backends": [Backend("file", upstream.url).entry()]}, env=api.env,
                   routes={"configMap": {"namespace": "assistants", "name": "assistant-routes"},
                           **routes})


def served_by(proxy):
    return proxy.chat().headers["x-bailiwick-variant"]


def test_a_change_arrives_at_once_and_only_newer_generations_count(sidecar, api):
    with Upstream() as engine:
        proxy = start(sidecar, api, engine)
        assert served_by(proxy) == "file"
        api.table(engine, 5, kind="ADDED")
        eventually(lambda: served_by(proxy) == "g5", "the watched table")
        heard = api.heard[0]
        assert heard.line.startswith("GET /api/v1/namespaces/assistants/configmaps?watch=1")
        assert "fieldSelector=metadata.name%3Dassistant-routes" in heard.line
        assert heard.get("Authorization") == "Bearer token-1"
        api.table(engine, 4)
        api.table(engine, 5, backends=[Backend("again", engine.url).entry()])
        api.table(engine, 6)
        eventually(lambda: served_by(proxy) == "g6", "the next generation")
        api.table(engine, 1, uid="u2", kind="ADDED")
        eventually(lambda: served_by(proxy) == "g1", "a ConfigMap that was made anew")


def test_the_last_known_table_holds(sidecar, api):
    with Upstream() as engine:
        proxy = start(sidecar, api, engine)
        api.table(engine, 2, kind="ADDED")
        eventually(lambda: served_by(proxy) == "g2", "the watched table")
        api.table(engine, 3, backends="nonsense")
        eventually(lambda: proxy.state()["refused"], "the bad table is refused")
        assert served_by(proxy) == "g2"
        api.table(engine, 9, kind="DELETED")
        api.events.put({"type": "ERROR", "object": {"code": 410, "message": "too old"}})
        eventually(lambda: len(api.heard) == 2, "it watches anew")
        assert served_by(proxy) == "g2"
        (api.account / "token").write_text("token-2\n")
        for _ in api.heard:
            api.events.put(None)
        eventually(lambda: api.heard[-1].get("Authorization") == "Bearer token-2", "the new token")
        api.stop()
        assert served_by(proxy) == "g2"


def test_past_its_age_only_the_own_engine_serves(sidecar, api, engine):
    with Upstream() as other:
        proxy = sidecar(engine=engine, env=api.env, table={"backends": [
            {"name": "local", "kind": "Engine", "variant": "own", "priority": 1, "weight": 1},
            Backend("other", other.url, priority=0).entry()]},
            routes={"configMap": {"namespace": "assistants", "name": "assistant-routes"},
                    "maxAge": "1s"})
        assert served_by(proxy) == "other"
        eventually(lambda: served_by(proxy) == "own", "the table has become too old")
        api.events.put({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "7"}}})
        eventually(lambda: served_by(proxy) == "other", "the API server has been heard")
