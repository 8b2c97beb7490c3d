"""The same requests through nginx and haproxy: what the sidecar passes on, they pass on too, and end
in the same places. They pass on more, which engine-sidecar/README.md lists."""
import shutil
import socket
import sys

import kit
import pytest
from kit import Reader
from smuggling import every_case

sys.path.append(str(kit.ROOT / "tests" / "bench"))
from proxybench import peers  # noqa: E402

ACCEPTED = [case for case in every_case() if case.accepted]
# Where a peer is the stricter one, and why that is no disagreement about where a request ends.
STRICTER = {
    "nginx": {"coding 'Transfer-Encoding:\\tchunked'": "it takes no tab there, which RFC 9110 allows"},
    "haproxy": {},
}


@pytest.fixture(params=sorted(STRICTER))
def peer(request, tmp_path):
    """A proxy before an upstream of its own."""
    name = request.param
    if not shutil.which(name, path="/usr/sbin:/usr/bin"):
        pytest.skip(f"{name} is not installed, so nothing is compared with it")
    known = {one.name: one for one in peers.known(kit.ROOT, kit.ROOT)}
    with kit.Upstream() as upstream:
        proxy, port = known[name].start(tmp_path / name, upstream.port)
        with proxy:
            yield name, port, upstream


def passed_on(port, upstream, case):
    upstream.heard.clear()
    with socket.create_connection(("127.0.0.1", port), timeout=0.4) as sock:
        sock.sendall(case.data)
        reader = Reader(sock)
        try:
            while True:
                reader.response()
        except (EOFError, OSError):
            pass
    return [(one.line, one.body) for one in upstream.heard]


def test_what_is_passed_on_ends_where_others_end_it(peer):
    name, port, upstream = peer
    stricter = set()
    for case in ACCEPTED:
        heard = passed_on(port, upstream, case)
        if not heard:
            stricter.add(case.name)
            continue
        bodies = [body for line, body in heard if "/v1/completions " in line]
        assert bodies[:case.accepted] == [b'{"model":"assistant"}'] * case.accepted, (case.name, heard)
    assert stricter == set(STRICTER[name])
