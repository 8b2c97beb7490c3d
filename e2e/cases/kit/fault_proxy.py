"""A proxy between an operator and an API server that does something to one chosen write, or shows
the state of an earlier moment.

It speaks TLS on both sides with the region's own authority, one request per connection. Writes of
Leases and Events pass: nothing is decided by them.
"""
import json
import socket
import socketserver
import ssl
import threading
import urllib.parse
from typing import Callable, Optional

from lib import network

LIMIT = 1 << 22


class FaultProxy:
    """`arm(n, moment, act)`: at the n-th write from now, `act()` is called

    before    instead of forwarding it, and the connection is dropped
    applied   after the API server has answered, and the answer is dropped
    answered  after the answer was passed on
    held      when it has come; it is forwarded once `release` is called, with nobody to answer to
    """

    def __init__(self, region):
        self.region = region
        pki, space = region.layout.pki, region.layout.space
        self._host, self._port = region.layout.host, region.layout.port("api")
        self._own = network.LINKS if space else "127.0.0.1"
        self._serve = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._serve.load_cert_chain(pki.certificate("apiserver"), pki.key("apiserver"))
        self._connect = ssl.create_default_context(cafile=region.ca)
        self._lock = threading.Lock()
        self._left, self._moment, self._act = 0, "", None
        self.blown = threading.Event()
        self.late_answer = b""  # to what was held
        self.writes = 0
        self._refusals = []
        self._released = threading.Event()
        self._view: Optional[str] = None
        self._present = threading.Event()
        self._present.set()
        proxy = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                proxy._handle(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server((self._own, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"https://{self._own}:{self._server.server_address[1]}"

    def arm(self, number: int, moment: str, act: Callable) -> None:
        with self._lock:
            self._left, self._moment, self._act = number, moment, act
            self.writes = 0
            self.blown.clear()
            self._released.clear()

    def refuse(self, code: int, reason: str, count: int) -> None:
        """The next so many writes are answered so, and not forwarded."""
        with self._lock:
            self._refusals = [(code, reason)] * count

    @property
    def refusals_left(self) -> int:
        return len(self._refusals)

    def release(self) -> None:
        """Forwards what was held."""
        self._released.set()

    def show(self, version: str) -> None:
        """From now on lists show the state at this resourceVersion, and watches show nothing."""
        self._view = version
        self._present.clear()

    def show_present(self) -> None:
        """Watches that were held end, and everything is as it is."""
        self._view = None
        self._present.set()

    def close(self) -> None:
        self.show_present()
        self._server.shutdown()
        self._server.server_close()

    def _due(self, head: bytes) -> Optional[str]:
        """The moment at which to act on this request, if it is the chosen one."""
        if not is_write(head):
            return None
        with self._lock:
            self.writes += 1
            if self._act is None:
                return None
            self._left -= 1
            return self._moment if self._left == 0 else None

    def _blow(self) -> None:
        with self._lock:
            act, self._act = self._act, None
        act()
        self.blown.set()

    def _hold(self, client: ssl.SSLSocket, head: bytes) -> None:
        """Of what an API server cannot show as it was, it says that it does not know how; a watch
        from a version on is silent until the present is shown again."""
        if b"sendInitialEvents" in head:
            body = (b'{"kind":"Status","apiVersion":"v1","status":"Failure","code":422,'
                    b'"reason":"Invalid","message":"sendInitialEvents is forbidden"}')
            client.sendall(b"HTTP/1.1 422 Unprocessable Entity\r\nConnection: close\r\n"
                           b"Content-Type: application/json\r\n"
                           b"Content-Length: %d\r\n\r\n" % len(body) + body)
            return
        client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n"
                       b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        self._present.wait(120)
        client.sendall(b"0\r\n\r\n")

    def _refuse(self, client: ssl.SSLSocket, head: bytes) -> bool:
        with self._lock:
            if not self._refusals or not is_write(head):
                return False
            code, reason = self._refusals.pop()
        body = json.dumps({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                           "reason": reason, "message": f"{reason} by the proxy"}).encode()
        retry = b"Retry-After: 1\r\n" if code == 429 else b""
        client.sendall(b"HTTP/1.1 %d %s\r\nConnection: close\r\n%sContent-Type: application/json"
                       b"\r\nContent-Length: %d\r\n\r\n" % (code, reason.encode(), retry, len(body))
                       + body)
        return True

    def _handle(self, raw: socket.socket) -> None:
        try:
            with self._serve.wrap_socket(raw, server_side=True) as client:
                self._exchange(client)
        except OSError:
            pass  # either side may go away at any moment: that is what this is for

    def _exchange(self, client: ssl.SSLSocket) -> None:
        head, body = read_request(client)
        if not head:
            return
        view = self._view
        if view and is_watch(head):
            self._hold(client, head)
            return
        if view:
            head = exactly(head, view)
        if self._refuse(client, head):
            return
        due = self._due(head)
        if due == "before":
            self._blow()
            return
        if due == "held":
            self._blow()
            self._released.wait(300)
        with socket.create_connection((self._host, self._port), source_address=(self._own, 0)) as plain, \
                self._connect.wrap_socket(plain, server_hostname=self._host) as server:
            server.sendall(closing(head) + body)
            if due == "applied":
                while server.recv(65536):
                    pass
                self._blow()
                return
            while chunk := server.recv(65536):
                if due == "held":
                    self.late_answer += chunk
                else:
                    client.sendall(chunk)
        if due == "answered":
            self._blow()


def is_write(head: bytes) -> bool:
    method, path = head.split(b" ", 2)[:2]
    return method != b"GET" and b"/leases" not in path and b"/events" not in path


def is_watch(head: bytes) -> bool:
    return head.startswith(b"GET ") and b"watch=" in head.split(b"\r\n")[0]


def exactly(head: bytes, version: str) -> bytes:
    """A first page of a list as of that version; anything else as it is."""
    line, _, rest = head.partition(b"\r\n")
    method, target, protocol = line.split(b" ")
    path, _, query = target.partition(b"?")
    pairs = urllib.parse.parse_qsl(query.decode())
    names = {name for name, _ in pairs}
    if method != b"GET" or "limit" not in names or "continue" in names:
        return head
    pairs = [pair for pair in pairs if not pair[0].startswith("resourceVersion")]
    pairs += [("resourceVersion", version), ("resourceVersionMatch", "Exact")]
    asked = urllib.parse.urlencode(pairs).encode()
    return b" ".join([method, path + b"?" + asked, protocol]) + b"\r\n" + rest


def read_request(client: ssl.SSLSocket) -> tuple:
    """(head with its empty line, body)."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(65536)
        if not chunk or len(data) > LIMIT:
            return b"", b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        chunk = client.recv(65536)
        if not chunk:
            return b"", b""
        body += chunk
    return head + b"\r\n\r\n", body


def closing(head: bytes) -> bytes:
    """The head with `Connection: close`, so that an answer ends with its connection."""
    lines = [line for line in head[:-4].split(b"\r\n")
             if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n"
