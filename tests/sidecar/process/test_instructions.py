"""How many instructions a request costs, counted by callgrind: a regression that no busy machine hides.

The counts are of the release build. Where more is wanted, or less is reached, write them anew:
BAILIWICK_WRITE_COUNTS=1 python3 -m pytest tests/sidecar/process/test_instructions.py
"""
import json
import os
import re
import shutil
import subprocess
import threading
from pathlib import Path

import kit
import pytest
from kit import Reader, Upstream, chunk, events_head, ok, request

COUNTS = Path(__file__).with_name("instructions.json")
RELEASE = kit.ROOT / "build" / "release" / "bin" / "engine-sidecar"
MOST = 1.08  # of what is written down
PATH = "/v1/chat/completions"
EVENT = chunk(b'data: {"choices":[{"index":0,"delta":{"content":" hello"}}]}\n\n')


class Counted:
    """The sidecar under callgrind, on one core so that it has one thread for requests."""

    def __init__(self, folder, engine):
        kit.Sidecar.program, before = RELEASE, kit.Sidecar.program
        core = str(min(os.sched_getaffinity(0)))
        try:
            self.proxy = kit.Sidecar(folder, 0, engine=engine, under=(
                "taskset", "--cpu-list", core, "valgrind", "--tool=callgrind",
                f"--callgrind-out-file={folder}/counts"))
        finally:
            kit.Sidecar.program = before
        self.folder = folder

    def control(self, word):
        subprocess.run(["callgrind_control", word, str(self.proxy.process.pid)], check=True,
                       capture_output=True)

    def per(self, count, work):
        """Instructions of each of `count` that `work(count)` causes, once it is warm."""
        work(20)
        self.control("--zero")
        work(count)
        self.control("--dump")
        last = max(self.folder.glob("counts.*"), key=lambda path: int(path.suffix[1:]))
        return int(re.search(r"^(?:totals|summary): (\d+)", last.read_text(), re.M).group(1)) / count


def posts(proxy, data):
    """A function that sends a request so many times over one connection."""
    sock = proxy.connect(timeout=60)
    reader = Reader(sock)

    def work(count):
        for _ in range(count):
            sock.sendall(data)
            assert reader.response().status == 200
    return work


def events(proxy, go):
    """A function that has so many events of one stream pass, one after the other."""
    sock = proxy.connect(timeout=60)
    sock.sendall(request("POST", PATH, {"model": "assistant", "stream": True}))
    reader = Reader(sock)
    reader.until(b"\r\n\r\n")

    def work(count):
        for _ in range(count):
            go.release()
            reader.until(b"\n\n\r\n")
    return work


@pytest.fixture
def counted(tmp_path):
    if not RELEASE.exists():
        pytest.skip("no release build: nothing is counted")
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed: nothing is counted")
    go = threading.Semaphore(0)

    def script(conn, heard):
        if b'"stream"' not in heard.body:
            return ok(b'{"choices":[]}')
        conn.sendall(events_head())
        while go.acquire():
            conn.sendall(EVENT)

    with Upstream(script) as engine:
        counting = Counted(tmp_path, engine)
        yield counting, go
        counting.proxy.end()


def test_no_request_costs_more_instructions_than_written_down(counted):
    counting, go = counted
    small = request("POST", PATH, {"model": "assistant", "prompt": "x" * 950})
    large = request("POST", PATH, {"model": "assistant", "prompt": "x" * 220_000})
    found = {"1 KB POST": counting.per(2000, posts(counting.proxy, small)),
             "220 KB POST": counting.per(100, posts(counting.proxy, large)),
             "event of a stream": counting.per(4000, events(counting.proxy, go))}
    found = {name: round(count) for name, count in found.items()}
    if os.environ.get("BAILIWICK_WRITE_COUNTS"):
        COUNTS.write_text(json.dumps(found, indent=2) + "\n")
    written = json.loads(COUNTS.read_text())
    assert found.keys() == written.keys()
    dearer = {name: (count, written[name]) for name, count in found.items()
              if count > written[name] * MOST}
    assert not dearer, f"instructions now and written down: {dearer}"
