"""Real sockets for the sidecar's tests: scripted upstreams, the program itself, and a raw client."""
import json
import os
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 15


def eventually(check, what, patience=PATIENCE):
    """Waits until check() is true; its last value is returned."""
    until = time.monotonic() + patience
    while True:
        value = check()
        if value:
            return value
        if time.monotonic() > until:
            raise AssertionError(f"never happened: {what}")
        time.sleep(0.02)


@dataclass
class Heard:
    """A request as the upstream read it, by a reader that knows nothing of the sidecar's."""

    line: str
    headers: list
    body: bytes
    raw_head: bytes

    def get(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) < 2, f"{name} is there {len(values)} times"
        return values[0] if values else None

    def json(self):
        return json.loads(self.body)


class Reader:
    """Reads HTTP from a socket; raises EOFError at its end."""

    def __init__(self, sock):
        self.sock = sock
        self.buffer = b""

    def fill(self):
        piece = self.sock.recv(65536)
        if not piece:
            raise EOFError
        self.buffer += piece

    def until(self, mark):
        while mark not in self.buffer:
            self.fill()
        head, self.buffer = self.buffer.split(mark, 1)
        return head

    def exactly(self, size):
        while len(self.buffer) < size:
            self.fill()
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def chunked(self):
        body = b""
        while True:
            size = int(self.until(b"\r\n").split(b";")[0], 16)
            if size == 0:
                while self.until(b"\r\n"):
                    pass
                return body
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"

    def head(self):
        raw = self.until(b"\r\n\r\n")
        first, *lines = raw.decode("latin-1").split("\r\n")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines]
        return raw, first, headers

    def request(self):
        raw, line, headers = self.head()
        found = {key.lower(): value for key, value in headers}
        body = b""
        if "transfer-encoding" in found:
            body = self.chunked()
        elif "content-length" in found:
            body = self.exactly(int(found["content-length"]))
        return Heard(line, headers, body, raw)

    def response(self):
        _, line, headers = self.head()
        found = {key.lower(): value for key, value in headers}
        status = int(line.split(" ")[1])
        if status == 100:
            return self.response()
        body = b""
        if "transfer-encoding" in found:
            body = self.chunked()
        elif "content-length" in found:
            body = self.exactly(int(found["content-length"]))
        elif status not in (204, 304):
            body = self.to_end()
        return Answer(status, found, body)

    def to_end(self):
        try:
            while True:
                self.fill()
        except (EOFError, ConnectionError):
            out, self.buffer = self.buffer, b""
            return out


@dataclass
class Answer:
    status: int
    headers: dict
    body: bytes

    def json(self):
        return json.loads(self.body)

    def code(self):
        return self.json()["error"]["code"]


def ok(body=b"{}", extra=""):
    return (f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{extra}"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def events_head():
    return (b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n")


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


class Upstream:
    """A server whose `script` is called with (connection, Heard); what it returns is sent. Health
    checks are answered apart, by `healthy`."""

    def __init__(self, script=None, context=None, host="127.0.0.1", port=0):
        self.script = script or (lambda conn, heard: ok())
        self.context = context
        self.heard = []
        self.connections = 0
        self.ended = threading.Event()  # a connection was closed by the other side
        self.healthy = True
        self.open = []
        self.listener = socket.create_server((host, port), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.closed = False

    @property
    def url(self):
        return f"{'https' if self.context else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.closed = True
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        for sock in self.open:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def accept(self):
        while not self.closed:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            if self.context:
                sock = self.context.wrap_socket(sock, server_side=True)
            self.open.append(sock)
            counted = False
            reader = Reader(sock)
            while True:
                heard = reader.request()
                if heard.line.startswith("GET /health "):
                    sock.sendall(ok() if self.healthy
                                 else b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n")
                    continue
                if not counted:
                    self.connections += 1
                    counted = True
                self.heard.append(heard)
                answer = self.script(sock, heard)
                if answer is None:
                    return
                sock.sendall(answer)
        except EOFError:
            self.ended.set()
        except OSError:
            self.ended.set()
        finally:
            sock.close()


class Sidecar:
    """The program with a configuration in a folder of its own; ports are free ones. `under`: what
    runs it."""

    program = None  # set by conftest

    def __init__(self, folder, number, engine=None, table=None, env=None, ready=True, under=(),
                 **config):
        self.folder = folder / f"sidecar{number}"
        self.folder.mkdir()
        self.routes = self.folder / "routes.yaml"
        self.config = {
            "apiVersion": "sidecar.bailiwick.dev/v1alpha1", "kind": "SidecarConfig",
            "data": {"listen": "127.0.0.1:0"}, "admin": {"listen": "127.0.0.1:0"},
            "observe": {"listen": "127.0.0.1:0"},
            "identity": {"region": "fra", "jurisdiction": "DE",
                         "deployment": "assistants/assistant", "variant": "own"},
            "routes": {"file": str(self.routes)},
            "drain": {"lameDuck": "0s", "timeout": "10s",
                      "terminationMessage": str(self.folder / "termination")},
            "accessLog": {"path": str(self.folder / "access.log")},
        }
        if engine:
            self.config["engine"] = {"url": engine.url, "model": "own-model",
                                     "health": {"path": "/health", "interval": "50ms"}}
        else:
            del self.config["identity"]["variant"]
            del self.config["identity"]["deployment"]
        for key, value in config.items():
            if isinstance(value, dict) and isinstance(self.config.get(key), dict):
                self.config[key].update(value)
                self.config[key] = {name: one for name, one in self.config[key].items()
                                    if one is not None}
            else:
                self.config[key] = value
        self.config = {key: value for key, value in self.config.items() if value is not None}
        self.write_table(table or {})
        file = self.folder / "sidecar.yaml"
        file.write_text(json.dumps(self.config))
        self.errors = self.folder / "stderr"
        with open(self.errors, "wb") as err:
            self.process = subprocess.Popen([*under, self.program, f"--config={file}"], stderr=err,
                                            env={**os.environ, **(env or {})})
        self.ports = eventually(self.read_ports, "the sidecar listens")
        if ready and engine:
            eventually(lambda: self.observe("/engine").status == 200, "the engine is well")

    def write_table(self, table):
        """The default table with changes; a new generation each time."""
        self.table = {
            "servedName": "assistant", "generation": 1, "mode": "Priority",
            "residency": {"jurisdictions": ["DE", "FR", "CH"], "classes": ["eu-personal"]},
            "backends": [{"name": "local", "kind": "Engine", "variant": "own", "priority": 0,
                          "weight": 1}],
            **table}
        fresh = self.routes.with_suffix(".new")
        fresh.write_text(json.dumps(self.table))
        fresh.rename(self.routes)

    def read_ports(self):
        if self.process.poll() is not None:
            raise AssertionError(f"it ended: {self.errors.read_text()}")
        for line in self.errors.read_text().splitlines():
            if '"message":"serving"' in line:
                return json.loads(line)
        return None

    def connect(self, port="data", timeout=PATIENCE):
        sock = socket.create_connection(("127.0.0.1", self.ports[port]), timeout=timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def raw(self, data, port="data"):
        """Sends bytes and reads one answer."""
        with self.connect(port) as sock:
            sock.sendall(data)
            return Reader(sock).response()

    def request(self, method, path, body=None, headers=None, port="data"):
        return self.raw(request(method, path, body, headers), port)

    def chat(self, headers=None, **fields):
        return self.request("POST", "/v1/chat/completions",
                            {"model": "assistant", "messages": [], **fields}, headers)

    def observe(self, path):
        return self.request("GET", path, port="observe")

    def state(self):
        return self.request("GET", "/state", port="admin").json()

    def log_lines(self):
        return [json.loads(line) for line in
                (self.folder / "access.log").read_text().splitlines()]

    def report(self):
        file = self.folder / "termination"
        return json.loads(file.read_text()) if file.exists() and file.read_text() else None

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)

    def end(self):
        """What it said where it had crashed, else nothing."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            return ""
        if self.process.returncode == 0:
            return ""
        return f"it ended with {self.process.returncode}: {self.errors.read_text()}"


def request(method, path, body=None, headers=None, host="model"):
    """The bytes of a request; a dict is sent as JSON."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    if isinstance(body, dict):
        body = json.dumps(body).encode()
        lines.append("Content-Type: application/json")
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    for key, value in (headers or {}).items():
        lines.append(f"{key}: {value}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


@dataclass
class Backend:
    """An entry of a route table."""

    name: str
    url: str
    kind: str = "Engine"
    priority: int = 0
    weight: int = 1
    extra: dict = field(default_factory=dict)

    def entry(self):
        return {"name": self.name, "kind": self.kind, "url": self.url, "variant": self.name,
                "priority": self.priority, "weight": self.weight, **self.extra}
