"""Hundreds of requests that two readers could end in two places: the engine hears what was meant, or
nothing, and whatever is ambiguous ends its connection with an error."""
import socket

import pytest
from kit import Reader
from smuggling import every_case

CASES = every_case()


def test_there_are_enough_cases():
    assert len(CASES) >= 500
    assert len({case.data for case in CASES}) >= 500


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    import kit
    with kit.Upstream() as engine:
        proxy = kit.Sidecar(tmp_path_factory.mktemp("smuggling"), 0, engine=engine,
                            limits={"headerTimeout": "2s", "idleTimeout": "2s"})
        yield proxy, engine
        assert proxy.process.poll() is None, proxy.errors.read_text()
        proxy.end()


def answers(proxy, data):
    """The statuses of all answers until the sidecar closes or has nothing more to say, and whether it
    closed."""
    statuses = []
    with proxy.connect(timeout=0.5) as sock:
        try:
            sock.sendall(data)
        except OSError:
            pass
        reader = Reader(sock)
        try:
            while True:
                statuses.append(reader.response().status)
        except (EOFError, ConnectionError):
            return statuses, True
        except socket.timeout:
            return statuses, False


def check(proxy, engine, case):
    engine.heard.clear()
    statuses, closed = answers(proxy, case.data)
    heard = engine.heard
    for one in heard:
        assert one.line == "POST /v1/completions HTTP/1.1", (case.name, one.line)
        assert one.body in (b"", b'{"model":"own-model"}'), (case.name, one.body)
    if case.accepted is None:
        assert heard == [] and statuses and 400 <= statuses[-1] < 500 and closed, (
            case.name, statuses, closed, len(heard))
    else:
        assert len(heard) == case.accepted, (case.name, statuses)
        assert statuses.count(200) == case.accepted, (case.name, statuses)


@pytest.mark.parametrize("group", range(16))
def test_what_is_ambiguous_is_refused_and_all_else_heard_as_meant(running, group):
    proxy, engine = running
    for case in CASES[group::16]:
        check(proxy, engine, case)
