"""Protocols 4: lame duck, exact counts, the report, SIGTERM."""
import threading
import time

from kit import Reader, chunk, events_head, eventually, request

STREAM = request("POST", "/v1/chat/completions", {"model": "assistant", "stream": True})


def held(go):
    def script(conn, heard):
        conn.sendall(events_head() + chunk(b"data: 1\n\n"))
        go.wait(20)
        return chunk(b"data: 2\n\n") + b"0\r\n\r\n"
    return script


def streams(proxy, count):
    socks = [proxy.connect() for _ in range(count)]
    readers = [Reader(sock) for sock in socks]
    for sock, reader in zip(socks, readers):
        sock.sendall(STREAM)
        reader.until(b"data: 1\n\n\r\n")
    return readers



def start_drain(proxy):
    sock = proxy.connect("admin")
    sock.sendall(request("POST", "/drain"))
    return Reader(sock)


def test_no_stream_is_cut_inside_the_timeout_and_all_are_counted(sidecar, engine):
    go = threading.Event()
    engine.script = held(go)
    proxy = sidecar(engine=engine, drain={"lameDuck": "600ms", "timeout": "15s"})
    readers = streams(proxy, 20)
    waiting = proxy.connect("observe")
    waiting.sendall(request("GET", "/drained"))
    answer = start_drain(proxy)
    eventually(lambda: proxy.observe("/readyz").status == 503, "not ready", 0.5)
    assert proxy.request("GET", "/v1/models").status == 200
    late = streams(proxy, 1)
    eventually(lambda: proxy.state()["drain"]["state"] == "Draining", "the lame duck's end")
    refused = proxy.chat()
    assert refused.status == 503
    assert refused.code() == "draining" and refused.headers["retry-after"]
    go.set()
    for reader in readers + late:
        assert b"data: 2" in reader.until(b"0\r\n\r\n")
    report = answer.response().json()
    assert report == {"inFlightAtDrain": 21, "completed": 21, "cut": 0}
    assert proxy.report() == report
    assert Reader(waiting).response().status == 200
    assert proxy.process.poll() is None
    proxy.terminate()
    assert proxy.process.wait(5) == 0


def test_what_is_not_done_in_time_is_cut_and_counted(sidecar, engine):
    engine.script = held(threading.Event())
    proxy = sidecar(engine=engine, drain={"lameDuck": "0s", "timeout": "500ms"})
    readers = streams(proxy, 5)
    report = start_drain(proxy).response().json()
    assert report == {"inFlightAtDrain": 5, "completed": 0, "cut": 5}
    for reader in readers:
        rest = reader.to_end()
        assert b"event: error" in rest and b'"draining"' in rest
    assert proxy.report() == report


def test_sigterm_refuses_at_once_and_lets_what_is_there_finish(sidecar, engine):
    go = threading.Event()
    engine.script = held(go)
    proxy = sidecar(engine=engine, drain={"lameDuck": "5s", "timeout": "15s"})
    readers = streams(proxy, 3)
    proxy.terminate()
    eventually(lambda: proxy.state()["drain"]["state"] == "Draining", "it drains", 2)
    refused = proxy.chat()
    assert refused.status == 503
    assert refused.code() == "draining"
    go.set()
    for reader in readers:
        assert b"data: 2" in reader.until(b"0\r\n\r\n")
    assert proxy.process.wait(10) == 0
    assert proxy.report() == {"inFlightAtDrain": 3, "completed": 3, "cut": 0}


def test_an_idle_sidecar_ends_at_once(sidecar, engine):
    proxy = sidecar(engine=engine)
    with proxy.connect() as idle:
        begun = time.monotonic()
        proxy.terminate()
        assert proxy.process.wait(5) == 0
        assert time.monotonic() - begun < 3
        assert idle.recv(1) == b""
    assert proxy.report() == {"inFlightAtDrain": 0, "completed": 0, "cut": 0}


def test_a_stream_that_the_engine_breaks_during_a_drain_counts_as_cut(sidecar, engine):
    go = threading.Event()

    def script(conn, heard):
        conn.sendall(events_head() + chunk(b"data: 1\n\n"))
        go.wait(20)
        return None

    engine.script = script
    proxy = sidecar(engine=engine)
    readers = streams(proxy, 2)
    answer = start_drain(proxy)
    eventually(lambda: proxy.state()["drain"]["state"] == "Draining", "it drains")
    go.set()
    assert answer.response().json() == {"inFlightAtDrain": 2, "completed": 0, "cut": 2}
    assert all(b"event: error" in reader.to_end() for reader in readers)


def test_the_probes_change_nothing_and_admin_is_apart(sidecar, engine):
    proxy = sidecar(engine=engine)
    assert proxy.request("POST", "/drain", port="observe").status == 405
    assert proxy.request("GET", "/state", port="observe").status == 404
    assert proxy.request("GET", "/drain", port="admin").status == 405
    assert proxy.observe("/readyz").status == 200
    assert proxy.request("GET", "/metrics", port="data").status == 404
    for junk in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"):
        assert proxy.raw(junk, "observe").status == 400
