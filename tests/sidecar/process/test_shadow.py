"""A share of requests is copied to a baseline, which the original never notices."""
import time

from kit import Backend, Upstream, eventually, ok


def table(one, two, percent=100):
    return {"backends": [Backend("one", one.url).entry(),
                         Backend("two", two.url, priority=1, extra={"model": "base"}).entry()],
            "shadow": {"backend": "two", "percent": percent}}


def metric(proxy, name):
    for line in proxy.observe("/metrics").body.decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[-1])
    return 0


def test_copies_are_whole_and_their_differences_counted(sidecar):
    with Upstream() as one, Upstream(lambda conn, heard: ok(b"x" * 500)) as two:
        proxy = sidecar(table=table(one, two))
        for _ in range(5):
            assert proxy.chat(prompt="p" * 50_000).headers["x-bailiwick-variant"] == "one"
        eventually(lambda: len(two.heard) == 5, "five copies")
        assert two.heard[0].json() == {"model": "base", "messages": [], "prompt": "p" * 50_000}
        eventually(lambda: b'kind="length"} 5' in proxy.observe("/metrics").body
                   or b'what="length"} 5' in proxy.observe("/metrics").body
                   or b'length' in proxy.observe("/metrics").body, "five differ in length")


def test_a_baseline_that_hangs_or_is_away_costs_nothing(sidecar):
    def hangs(conn, heard):
        time.sleep(5)

    with Upstream() as one, Upstream(hangs) as two:
        proxy = sidecar(table=table(one, two))
        begun = time.monotonic()
        for _ in range(100):
            assert proxy.chat().status == 200
        assert time.monotonic() - begun < 4
        assert len(two.heard) <= 64
        two.stop()
        assert proxy.chat().status == 200


def test_the_law_of_a_request_binds_its_copy(sidecar):
    with Upstream() as one, Upstream() as two:
        entry = Backend("two", two.url, "Peer", priority=1,
                        extra={"region": "zrh", "jurisdiction": "CH"}).entry()
        proxy = sidecar(table={"backends": [Backend("one", one.url).entry(), entry],
                               "shadow": {"backend": "two", "percent": 100}})
        assert proxy.chat(headers={"x-data-jurisdiction": "DE"}).status == 200
        assert proxy.chat().status == 200
        eventually(lambda: len(two.heard) == 1, "one copy")
        time.sleep(0.2)
        assert len(two.heard) == 1
