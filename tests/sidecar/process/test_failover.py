"""Several backends: retries before the first byte, ejection, limits, the queue, timeouts."""
import socket
import threading
import time

from kit import Backend, Reader, Upstream, chunk, events_head, eventually, ok, request

PATH = "/v1/chat/completions"


def table(*backends, **fields):
    return {"backends": [backend.entry() for backend in backends], **fields}


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return f"http://127.0.0.1:{sock.getsockname()[1]}"


def test_what_refuses_or_breaks_off_before_an_answer_is_left_for_the_next(sidecar):
    def breaks(conn, heard):
        return None

    with Upstream(breaks) as broken, Upstream() as good:
        proxy = sidecar(table=table(Backend("away", closed_port(), priority=0),
                                    Backend("broken", broken.url, priority=1),
                                    Backend("good", good.url, priority=2)))
        answer = proxy.chat()
        assert answer.status == 200
        assert answer.headers["x-bailiwick-variant"] == "good"
        assert len(broken.heard) == 1


def test_a_server_fault_is_retried_elsewhere_and_passed_on_where_there_is_nowhere(sidecar):
    def busy(conn, heard):
        return b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"

    with Upstream(busy) as one, Upstream() as two:
        proxy = sidecar(table=table(Backend("one", one.url), Backend("two", two.url, priority=1)))
        assert proxy.chat().status == 200
        alone = sidecar(table=table(Backend("one", one.url)))
        answer = alone.chat()
        assert (answer.status, answer.body) == (503, b"busy")


def test_a_large_request_is_repeated_whole(sidecar):
    def breaks(conn, heard):
        return None

    with Upstream(breaks) as broken, Upstream() as good:
        proxy = sidecar(table=table(Backend("broken", broken.url),
                                    Backend("good", good.url, priority=1)))
        assert proxy.chat(prompt="z" * 700_000).status == 200
        assert good.heard[0].json()["prompt"] == "z" * 700_000
        assert proxy.chat(prompt="z" * 3_000_000).status == 502


def test_what_must_not_be_repeated_is_not_once_it_was_sent(sidecar):
    def breaks(conn, heard):
        return None

    with Upstream(breaks) as broken, Upstream() as good:
        proxy = sidecar(table=table(Backend("broken", broken.url),
                                    Backend("good", good.url, priority=1)))
        answer = proxy.request("POST", "/v1/responses", {"model": "assistant"})
        assert (answer.status, answer.code()) == (502, "upstream_failed")
        assert good.heard == []
        away = sidecar(table=table(Backend("away", closed_port()),
                                   Backend("good", good.url, priority=1)))
        assert away.request("POST", "/v1/responses", {"model": "assistant"}).status == 200


def test_a_backend_that_fails_again_and_again_is_left_alone_for_a_while(sidecar):
    def breaks(conn, heard):
        return None

    with Upstream(breaks) as broken, Upstream() as good:
        proxy = sidecar(table=table(Backend("broken", broken.url),
                                    Backend("good", good.url, priority=1)),
                        outliers={"consecutiveErrors": 3, "ejectFor": "2s", "slowStart": "0s"})
        for _ in range(10):
            assert proxy.chat().status == 200
        assert len(broken.heard) == 3
        broken.script = lambda conn, heard: ok()
        eventually(lambda: proxy.chat().headers["x-bailiwick-variant"] == "broken",
                   "it is used again")


def test_the_engine_is_used_again_once_its_health_check_passes(sidecar, engine):
    with Upstream() as other:
        proxy = sidecar(engine=engine, table={"backends": [
            {"name": "local", "kind": "Engine", "variant": "own", "priority": 0, "weight": 1},
            Backend("other", other.url, priority=1).entry()]},
            outliers={"slowStart": "0s"})
        assert proxy.chat().headers["x-bailiwick-variant"] == "own"
        engine.healthy = False
        eventually(lambda: proxy.observe("/engine").status == 503, "the probe fails")
        assert proxy.chat().headers["x-bailiwick-variant"] == "other"
        assert other.heard[0].get("x-bailiwick-hop") == "assistants/assistant"
        assert proxy.observe("/livez").status == 200
        engine.healthy = True
        eventually(lambda: proxy.observe("/engine").status == 200, "the probe passes")
        eventually(lambda: proxy.chat().headers["x-bailiwick-variant"] == "own", "it serves")


def test_a_marked_hop_is_served_here_or_not_at_all(sidecar, engine):
    with Upstream() as other:
        proxy = sidecar(engine=engine, table={"backends": [
            {"name": "local", "kind": "Engine", "variant": "own", "priority": 0, "weight": 1},
            Backend("other", other.url, priority=1).entry()]})
        mark = {"x-bailiwick-hop": "assistants/assistant"}
        assert proxy.chat(headers=mark).status == 200
        engine.healthy = False
        eventually(lambda: proxy.observe("/engine").status == 503, "the probe fails")
        answer = proxy.chat(headers=mark)
        assert (answer.status, answer.code()) == (503, "no_backend")
        assert proxy.chat(headers={"x-bailiwick-hop": "1"}).status == 200


def test_a_backend_that_is_away_is_no_backend(sidecar, engine):
    proxy = sidecar(engine=engine)
    assert proxy.observe("/readyz").status == 200
    engine.healthy = False
    eventually(lambda: proxy.state()["tables"][0]["backends"][0]["health"] == "Down", "it is down")
    answer = proxy.chat()
    assert (answer.status, answer.code()) == (503, "no_backend")
    assert answer.headers["retry-after"]
    assert proxy.observe("/readyz").status == 503


def test_more_than_there_are_places_wait_and_more_than_that_are_refused(sidecar):
    go = threading.Event()

    def waits(conn, heard):
        go.wait(10)
        return ok()

    with Upstream(waits) as slow:
        proxy = sidecar(table=table(Backend("slow", slow.url)),
                        limits={"maxInFlight": 2, "maxQueued": 1, "queueTimeout": "10s"})
        socks = [proxy.connect() for _ in range(3)]
        for sock in socks:
            sock.sendall(request("POST", PATH, {"model": "assistant"}))
        eventually(lambda: proxy.state()["queued"] == 1, "one waits")
        answer = proxy.chat()
        assert (answer.status, answer.code()) == (429, "over_limit")
        assert int(answer.headers["retry-after"]) > 0
        go.set()
        assert [Reader(sock).response().status for sock in socks] == [200] * 3
        eventually(lambda: proxy.state()["inFlight"] == 0, "all places are free")


def test_who_waits_too_long_is_refused_and_who_leaves_frees_his_place(sidecar):
    go = threading.Event()

    def waits(conn, heard):
        go.wait(20)
        return ok()

    with Upstream(waits) as slow:
        proxy = sidecar(table=table(Backend("slow", slow.url)),
                        limits={"maxInFlight": 1, "maxQueued": 2, "queueTimeout": "700ms"})
        first = proxy.connect()
        first.sendall(request("POST", PATH, {"model": "assistant"}))
        eventually(lambda: slow.heard, "the first is served")
        leaves = proxy.connect()
        leaves.sendall(request("POST", PATH, {"model": "assistant"}))
        eventually(lambda: proxy.state()["queued"] == 1, "one waits")
        leaves.close()
        eventually(lambda: proxy.state()["queued"] == 0, "it has left", 0.5)
        answer = proxy.chat()
        assert (answer.status, answer.code()) == (429, "over_limit")
        go.set()
        assert Reader(first).response().status == 200


def test_a_request_takes_no_longer_than_it_may(sidecar):
    def silent(conn, heard):
        time.sleep(5)

    def stream(conn, heard):
        conn.sendall(events_head() + chunk(b"data: 1\n\n"))
        time.sleep(5)

    with Upstream(silent) as one, Upstream(stream) as two:
        proxy = sidecar(table=table(Backend("one", one.url)), limits={"requestTimeout": "500ms"})
        begun = time.monotonic()
        answer = proxy.chat()
        assert (answer.status, answer.code()) == (504, "upstream_timeout")
        assert time.monotonic() - begun < 3
        proxy = sidecar(table=table(Backend("two", two.url)), limits={"requestTimeout": "500ms"})
        assert b"event: error" in proxy.chat().body


def test_slow_heads_and_bodies_are_not_waited_for(sidecar, engine):
    proxy = sidecar(engine=engine, limits={"headerTimeout": "300ms", "idleTimeout": "300ms"})
    with proxy.connect() as sock:
        sock.sendall(b"POST /v1/comp")
        assert Reader(sock).response().status == 400
    with proxy.connect() as sock:
        assert sock.recv(1) == b""
    with proxy.connect() as sock:
        sock.sendall(request("POST", PATH, None, {"Content-Length": 100}) + b"{")
        assert Reader(sock).response().status == 400
    with proxy.connect() as sock:
        sock.sendall(request("POST", PATH, None, {"Content-Length": 100})
                     + b'{"model":"assistant"')
        assert Reader(sock).response().status == 400


def test_an_answer_that_is_no_http_is_a_bad_gateway(sidecar):
    for answer in (b"<html>\r\n\r\n", b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx",
                   b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                   b"HTTP/1.1 200 OK\r\nA: " + b"b" * 100_000 + b"\r\n\r\n"):
        with Upstream(lambda conn, heard, answer=answer: answer) as bad:
            proxy = sidecar(table=table(Backend("bad", bad.url)))
            found = proxy.chat()
            assert (found.status, found.code()) == (502, "upstream_failed"), answer[:50]


def test_requests_are_shared_out_by_weight(sidecar):
    with Upstream() as one, Upstream() as two:
        proxy = sidecar(table=table(Backend("one", one.url, weight=3),
                                    Backend("two", two.url, weight=1), mode="Weighted"))
        for _ in range(200):
            assert proxy.chat().status == 200
        assert 110 < len(one.heard) < 190
        assert len(one.heard) + len(two.heard) == 200


def test_keys_are_asked_for_and_never_passed_on(sidecar, engine, tmp_path):
    import hashlib
    keys = tmp_path / "keys"
    keys.write_text(f"{hashlib.sha256(b'secret').hexdigest()} team-a\n")
    proxy = sidecar(engine=engine, auth={"keysFile": str(keys)})
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "secret"}):
        answer = proxy.chat(headers=headers)
        assert (answer.status, answer.code()) == (401, "invalid_key")
    assert proxy.request("GET", "/v1/models").status == 401
    assert engine.heard == []
    assert proxy.chat(headers={"Authorization": "Bearer secret"}).status == 200
    assert engine.heard[0].get("Authorization") is None
    keys.write_text(f"{hashlib.sha256(b'other').hexdigest()} team-b\n")
    eventually(lambda: proxy.chat(headers={"Authorization": "Bearer other"}).status == 200,
               "the new key is known")
    assert proxy.chat(headers={"Authorization": "Bearer secret"}).status == 401
    lines = eventually(lambda: [line for line in proxy.log_lines() if line.get("key")], "a line")
    assert lines[0]["key"] == "team-a"


def test_a_new_table_is_followed_and_a_bad_one_refused(sidecar):
    with Upstream() as one, Upstream() as two:
        proxy = sidecar(table=table(Backend("one", one.url)))
        assert proxy.chat().headers["x-bailiwick-variant"] == "one"
        proxy.write_table(table(Backend("two", two.url), generation=2))
        eventually(lambda: proxy.chat().headers["x-bailiwick-variant"] == "two", "the new table")
        proxy.write_table({"backends": "nonsense", "generation": 3})
        eventually(lambda: "backends" in proxy.state()["refused"], "the bad table is refused")
        assert proxy.chat().headers["x-bailiwick-variant"] == "two"
        assert proxy.state()["tables"][0]["generation"] == 2


def test_what_cannot_be_reached_is_known_before_a_request_comes(sidecar):
    with Upstream() as good:
        port = closed_port()
        proxy = sidecar(table=table(Backend("away", port), Backend("good", good.url, priority=1)))

        def states():
            return {one["name"]: one["health"] for one in proxy.state()["tables"][0]["backends"]}

        eventually(lambda: states()["away"] == "Ejected", "the closed port is known")
        assert states()["good"] == "Healthy" and good.heard == []
        with Upstream(port=int(port.rpartition(":")[2])):
            eventually(lambda: states()["away"] != "Ejected", "it is back")
