"""Under load: a backend that dies, many idle streams, bytes of no meaning."""
import os
import random
import resource
import threading
import time

import pytest
from kit import Backend, Reader, Upstream, chunk, events_head, eventually, ok, request

DATA = request("POST", "/v1/completions", {"model": "assistant", "prompt": "x" * 900})


def test_clients_notice_nothing_when_one_of_two_backends_dies(sidecar):
    def works(conn, heard):
        time.sleep(0.005)
        return ok()

    with Upstream(works) as one, Upstream(works) as two:
        proxy = sidecar(table={"backends": [Backend("one", one.url).entry(),
                                            Backend("two", two.url).entry()]})
        statuses, stop = [], threading.Event()

        def client():
            with proxy.connect() as sock:
                reader = Reader(sock)
                while not stop.is_set():
                    sock.sendall(DATA)
                    statuses.append(reader.response().status)

        clients = [threading.Thread(target=client) for _ in range(32)]
        for thread in clients:
            thread.start()
        eventually(lambda: len(one.heard) > 50 and len(two.heard) > 50, "both work")
        one.stop()
        before = len(statuses)
        eventually(lambda: len(statuses) > before + 500, "500 more answers")
        stop.set()
        for thread in clients:
            thread.join()
        assert set(statuses) == {200}


def resident(proxy):
    for line in open(f"/proc/{proxy.process.pid}/status", encoding="ascii"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024
    return 0


def test_idle_streams_hold_no_buffers(sidecar, engine):
    go = threading.Event()

    def script(conn, heard):
        conn.sendall(events_head() + chunk(b"data: 1\n\n"))
        go.wait(60)
        return b"0\r\n\r\n"

    engine.script = script
    proxy = sidecar(engine=engine, limits={"maxInFlight": 1000})
    assert proxy.request("GET", "/v1/models").status == 200
    before = resident(proxy)
    socks = [proxy.connect() for _ in range(300)]
    for sock in socks:
        sock.sendall(DATA)
    for sock in socks:
        Reader(sock).until(b"data: 1")
    each = (resident(proxy) - before) / len(socks)
    go.set()
    for sock in socks:
        sock.close()
    if "asan" not in str(proxy.program):
        assert each < 16_000, each


def test_junk_from_either_side_never_ends_it(sidecar, engine):
    rng = random.Random(1)
    pieces = [b"HTTP/1.1 200 OK\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n",
              b"\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n", b"\x00", b"\n", b"GET / HTTP/1.1\r\n",
              b"Host: a\r\n", b"{\"model\":", b"\"assistant\"}", b"ffffffffffffffff\r\n", b": :",
              b"POST /v1/completions HTTP/1.1\r\n", b"a" * 3000, os.urandom(50)]

    def junk():
        return b"".join(rng.choice(pieces) for _ in range(rng.randrange(1, 12)))

    def script(conn, heard):
        conn.sendall(junk())

    engine.script = script
    proxy = sidecar(engine=engine, limits={"headerTimeout": "1s", "requestTimeout": "2s"},
                    outliers={"consecutiveErrors": 1000})
    for _ in range(300):
        with proxy.connect(timeout=5) as sock:
            sock.sendall(DATA if rng.random() < 0.5 else junk())
            sock.settimeout(0.02)
            try:
                sock.recv(100)
            except OSError:
                pass
    eventually(lambda: proxy.observe("/livez").status == 200, "it lives")
    eventually(lambda: proxy.state()["inFlight"] == 0, "every place is free again")


def test_more_connections_than_descriptors_are_survived(sidecar, engine):
    proxy = sidecar(engine=engine)
    if "asan" in str(proxy.program):
        pytest.skip("the sanitizer itself opens a pipe to look at memory")
    resource.prlimit(proxy.process.pid, resource.RLIMIT_NOFILE, (64, 64))
    socks = [proxy.connect() for _ in range(100)]
    time.sleep(0.2)
    for sock in socks:
        sock.close()
    eventually(lambda: proxy.chat().status == 200, "it serves again")


def test_there_are_as_many_threads_as_cores_that_it_may_use(sidecar, engine):
    cores = os.sched_getaffinity(0)

    def threads(proxy):
        return len(os.listdir(f"/proc/{proxy.process.pid}/task"))

    one = sidecar(engine=engine, under=("taskset", "--cpu-list", str(min(cores))))
    assert threads(sidecar(engine=engine)) - threads(one) == len(cores) - 1
