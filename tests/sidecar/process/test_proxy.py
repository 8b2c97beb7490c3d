"""One request through the sidecar: what the engine hears, and what the client hears back."""
import json
import socket
import threading
import time

from kit import Reader, Upstream, chunk, events_head, eventually, ok, request


def test_the_engine_is_asked_for_its_own_model_and_the_answer_says_who_served(sidecar, engine):
    engine.script = lambda conn, heard: ok(b'{"id":1}')
    proxy = sidecar(engine=engine)
    answer = proxy.chat()
    assert (answer.status, answer.body) == (200, b'{"id":1}')
    assert answer.headers["x-bailiwick-region"] == "fra"
    assert answer.headers["x-bailiwick-jurisdiction"] == "DE"
    assert answer.headers["x-bailiwick-variant"] == "own"
    assert answer.headers["x-bailiwick-model"] == "own-model"
    heard = engine.heard[0]
    assert heard.line == "POST /v1/chat/completions HTTP/1.1"
    assert heard.json() == {"model": "own-model", "messages": []}
    assert heard.get("Host") == f"127.0.0.1:{engine.port}"


def test_both_connections_are_kept(sidecar, engine):
    proxy = sidecar(engine=engine)
    with proxy.connect() as sock:
        reader = Reader(sock)
        for _ in range(5):
            sock.sendall(request("POST", "/v1/embeddings", {"model": "assistant"}))
            assert reader.response().status == 200
    assert engine.connections == 1
    assert len(engine.heard) == 5


def test_requests_in_one_packet_are_answered_in_order(sidecar, engine):
    engine.script = lambda conn, heard: ok(str(heard.json()["n"]).encode())
    proxy = sidecar(engine=engine)
    with proxy.connect() as sock:
        sock.sendall(b"".join(request("POST", "/v1/completions", {"model": "assistant", "n": n})
                              for n in range(20)))
        reader = Reader(sock)
        assert [reader.response().body for _ in range(20)] == [b"%d" % n for n in range(20)]


def test_every_event_is_passed_on_at_once(sidecar, engine):
    step = threading.Semaphore(0)

    def script(conn, heard):
        conn.sendall(events_head())
        for n in range(5):
            assert step.acquire(timeout=10)
            conn.sendall(chunk(b"data: %d\n\n" % n))
        return b"0\r\n\r\n"

    engine.script = script
    proxy = sidecar(engine=engine)
    with proxy.connect() as sock:
        sock.sendall(request("POST", "/v1/chat/completions", {"model": "assistant", "stream": True}))
        reader = Reader(sock)
        _, line, headers = reader.head()
        assert "200" in line
        for n in range(5):
            step.release()
            size = int(reader.until(b"\r\n"), 16)
            assert reader.exactly(size) == b"data: %d\n\n" % n
            reader.exactly(2)
        assert reader.until(b"\r\n") == b"0"
        assert reader.until(b"\r\n") == b""
        sock.sendall(request("GET", "/v1/models"))
        assert reader.response().json()["data"][0]["id"] == "assistant"


def test_a_client_that_goes_away_ends_the_request_to_the_engine(sidecar, engine):
    heard = threading.Event()

    def script(conn, _):
        heard.set()
        conn.settimeout(10)
        assert conn.recv(1) == b""
        engine.ended.set()

    engine.script = script
    proxy = sidecar(engine=engine)
    sock = proxy.connect()
    sock.sendall(request("POST", "/v1/completions", {"model": "assistant"}))
    assert heard.wait(10)
    engine.ended.clear()
    sock.close()
    assert engine.ended.wait(5)


def test_a_client_that_leaves_a_stream_ends_it_at_the_engine(sidecar, engine):
    def script(conn, _):
        conn.sendall(events_head() + chunk(b"data: 1\n\n"))
        conn.settimeout(10)
        assert conn.recv(1) == b""
        engine.ended.set()

    engine.script = script
    proxy = sidecar(engine=engine)
    sock = proxy.connect()
    sock.sendall(request("POST", "/v1/completions", {"model": "assistant"}))
    Reader(sock).until(b"data: 1")
    engine.ended.clear()
    sock.close()
    assert engine.ended.wait(5)


def test_large_bodies_pass_whole_in_both_directions(sidecar, engine):
    engine.script = lambda conn, heard: ok(heard.body)
    proxy = sidecar(engine=engine)
    for size in (1000, 16_000, 70_000, 220_000, 1_200_000, 5_000_000):
        for late in (False, True):
            prompt = "x" * size
            body = {"prompt": prompt, "model": "assistant"} if late else \
                {"model": "assistant", "prompt": prompt}
            answer = proxy.request("POST", "/v1/completions", body)
            assert answer.status == 200, (size, late, answer.body[:300])
            assert json.loads(answer.body) == {"prompt": prompt, "model": "own-model"}


def test_chunked_requests_pass_whole(sidecar, engine):
    engine.script = lambda conn, heard: ok(heard.body)
    proxy = sidecar(engine=engine)
    for size in (10, 20_000, 300_000, 2_000_000):
        body = json.dumps({"model": "assistant", "prompt": "y" * size}).encode()
        pieces = [body[at:at + 7777] for at in range(0, len(body), 7777)]
        head = (b"POST /v1/completions HTTP/1.1\r\nHost: a\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n")
        answer = proxy.raw(head + b"".join(map(chunk, pieces)) + b"0\r\nX-Trailer: a\r\n\r\n")
        assert answer.status == 200, answer.body[:300]
        assert json.loads(answer.body) == {"model": "own-model", "prompt": "y" * size}


def test_a_request_that_comes_byte_by_byte_is_served(sidecar, engine):
    proxy = sidecar(engine=engine)
    with proxy.connect() as sock:
        for byte in request("POST", "/v1/completions", {"model": "assistant"}):
            sock.sendall(bytes([byte]))
        assert Reader(sock).response().status == 200
    assert engine.heard[0].json() == {"model": "own-model"}


def test_a_body_is_asked_for_where_the_client_waits_for_it(sidecar, engine):
    proxy = sidecar(engine=engine)
    body = json.dumps({"model": "assistant"}).encode()
    with proxy.connect() as sock:
        sock.sendall(request("POST", "/v1/completions", None,
                             {"Expect": "100-continue", "Content-Length": len(body)}))
        reader = Reader(sock)
        assert reader.until(b"\r\n\r\n") == b"HTTP/1.1 100 Continue"
        sock.sendall(body)
        assert reader.response().status == 200
    assert engine.heard[0].get("Expect") is None


def test_answers_of_every_framing_reach_clients_of_both_versions(sidecar, engine):
    framings = {
        "length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
        "close": b"HTTP/1.1 200 OK\r\n\r\nhello",
        "old": b"HTTP/1.0 200 OK\r\n\r\nhello",
        "empty": b"HTTP/1.1 204 No Content\r\n\r\n",
    }

    def script(conn, heard):
        framing = heard.json()["framing"]
        conn.sendall(framings[framing])
        return None if framing in ("close", "old") else b""

    engine.script = script
    proxy = sidecar(engine=engine)
    for framing in framings:
        for version in ("HTTP/1.1", "HTTP/1.0"):
            bytes_ = request("POST", "/v1/completions", {"model": "assistant", "framing": framing})
            answer = proxy.raw(bytes_.replace(b"HTTP/1.1", version.encode(), 1))
            assert answer.body == (b"" if framing == "empty" else b"hello"), (framing, version)


def test_a_slow_client_gets_a_large_answer_whole(sidecar, engine):
    body = bytes(range(256)) * 40_000
    engine.script = lambda conn, heard: ok(body)
    proxy = sidecar(engine=engine)
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", proxy.ports["data"]))
    sock.sendall(request("POST", "/v1/completions", {"model": "assistant"}))
    time.sleep(0.3)
    assert Reader(sock).response().body == body
    sock.close()


def test_a_stream_that_breaks_ends_with_an_error_event(sidecar, engine):
    def script(conn, _):
        conn.sendall(events_head() + chunk(b"data: 1\n\n"))

    engine.script = script
    proxy = sidecar(engine=engine)
    answer = proxy.chat(stream=True)
    assert answer.status == 200
    first, error = answer.body.split(b"\n\n", 1)
    assert first == b"data: 1"
    kind, data = error.strip().split(b"\n")
    assert kind == b"event: error"
    assert json.loads(data[len(b"data: "):])["error"]["code"] == "upstream_failed"


def test_an_answer_with_a_length_that_breaks_is_cut_short(sidecar, engine):
    def script(conn, _):
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")

    engine.script = script
    proxy = sidecar(engine=engine)
    with proxy.connect() as sock:
        sock.sendall(request("POST", "/v1/completions", {"model": "assistant"}))
        assert Reader(sock).to_end().endswith(b"abc")


def test_what_the_sidecar_refuses_never_reaches_the_engine(sidecar, engine):
    proxy = sidecar(engine=engine)
    chat = "/v1/chat/completions"
    cases = [
        (request("POST", chat, {"model": "other"}), 404, "unknown_model"),
        (request("POST", chat, {"model": "own-model"}), 404, "unknown_model"),
        (request("POST", chat, {"messages": []}), 400, "bad_request"),
        (request("POST", chat, b"not json"), 400, "bad_request"),
        (request("POST", chat, b'{"model":"assistant","model":"assistant"}'), 400, "bad_request"),
        (request("POST", chat, {"model": "assistant"}, {"Content-Encoding": "gzip"}), 400,
         "bad_request"),
        (request("GET", "/slots"), 404, "unknown_path"),
        (request("POST", "/v1/load_lora_adapter", {}), 404, "unknown_path"),
        (request("POST", chat, {"model": "assistant"}, {"x-data-jurisdiction": "US"}), 451,
         "jurisdiction_refused"),
        (request("POST", chat, {"model": "assistant"}, {"x-data-residency": "health"}), 451,
         "residency_refused"),
        (request("POST", chat, {"model": "assistant"}, {"x-data-residency": ""}), 400,
         "bad_request"),
        (request("POST", chat, None, {"Content-Length": 64 << 20}), 413, "too_large"),
        (request("POST", chat, {}, {"X-Long": "a" * 70_000}), 431, "headers_too_large"),
        (request("POST", chat, {}, {f"X-{n}": "a" for n in range(200)}), 431, "headers_too_large"),
    ]
    for bytes_, status, code in cases:
        answer = proxy.raw(bytes_)
        assert (answer.status, answer.code()) == (status, code), bytes_[:200]
        assert answer.json()["error"]["message"]
    assert engine.heard == []
    assert proxy.chat(headers={"x-data-jurisdiction": "DE, FR",
                               "x-data-residency": "eu-personal"}).status == 200


def test_an_answer_to_head_has_no_body_that_the_next_could_be_taken_for(sidecar, engine):
    proxy = sidecar(engine=engine)
    with proxy.connect() as sock:
        sock.sendall(request("HEAD", "/v1/models") + request("GET", "/v1/models"))
        reader = Reader(sock)
        assert " 404 " in reader.head()[1]
        assert reader.response().status == 200


def test_forged_headers_are_stripped_and_traces_passed_on(sidecar, engine):
    proxy = sidecar(engine=engine)
    trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"
    proxy.chat(headers={"X-Bailiwick-Region": "zrh", "x-bailiwick-hop": "1",
                        "Impersonate-User": "root", "X-Forwarded-For": "1.2.3.4",
                        "Forwarded": "for=1.2.3.4", "Connection": "keep-alive, X-Hop",
                        "X-Hop": "1", "traceparent": trace, "tracestate": "a=b",
                        "OpenAI-Organization": "me"})
    heard = engine.heard[0]
    names = {key.lower() for key, _ in heard.headers}
    assert not any(name.startswith(("x-bailiwick", "impersonate")) for name in names)
    assert names.isdisjoint({"forwarded", "x-hop", "connection"})
    assert heard.get("X-Forwarded-For") == "127.0.0.1"
    assert heard.get("OpenAI-Organization") == "me"
    assert heard.get("tracestate") == "a=b"
    parts = heard.get("traceparent").split("-")
    assert parts[1] == trace.split("-")[1] and parts[2] != trace.split("-")[2]
    proxy.chat(headers={"traceparent": "junk", "tracestate": "a=b"})
    assert engine.heard[1].get("traceparent").startswith("00-")
    assert engine.heard[1].get("tracestate") is None, "of a trace that was not understood"


def test_the_access_log_tells_what_happened_and_no_secret(sidecar, engine):
    proxy = sidecar(engine=engine)
    proxy.chat(messages=[{"role": "user", "content": "canary-prompt"}],
               headers={"Authorization": "Bearer canary-key"})
    proxy.request("GET", "/v1/models?canary-query")
    lines = eventually(lambda: len(proxy.log_lines()) == 2 and proxy.log_lines(), "two lines")
    lines.sort(key=lambda line: line["path"])  # threads write apart
    assert lines[0]["status"] == 200 and lines[0]["path"] == "/v1/chat/completions"
    assert lines[0]["backend"] == "local" and lines[0]["region"] == "fra"
    assert lines[0]["ms"] > 0 and lines[0]["trace"]
    assert "canary" not in (proxy.folder / "access.log").read_text()
    assert "canary" not in proxy.errors.read_text()


def test_an_upstream_that_closed_an_idle_connection_costs_no_request(sidecar):
    def script(conn, heard):
        conn.sendall(ok())

    with Upstream(script) as engine:
        proxy = sidecar(engine=engine)
        with proxy.connect() as sock:
            reader = Reader(sock)
            for _ in range(10):
                sock.sendall(request("POST", "/v1/completions", {"model": "assistant"}))
                assert reader.response().status == 200
