"""One measurement of one proxy each: a dict of figures."""
import json
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from .peers import Peer
from .processes import OTHER_CORE, Running, free_port, on_core

CHAT = "/v1/chat/completions"
EVENTS = 50  # per second and stream


@dataclass
class Bench:
    """Where programs and files are, and how long trials last."""

    bin: Path
    folder: Path
    seconds: float

    def engine(self) -> tuple:
        """A new engine and its port."""
        port = free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [str(self.bin / "bench_engine"), str(port), str(EVENTS)]
        return Running(command, port, self.folder, OTHER_CORE), port

    def client(self, *words) -> subprocess.Popen:
        command = [str(self.bin / "bench_client"), *map(str, words)]
        return subprocess.Popen(on_core(OTHER_CORE, command), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, text=True)

    def load(self, port: int, size: int, connections: int, seconds: float) -> dict:
        done = self.client("load", port, CHAT, size, connections, seconds)
        return json.loads(done.communicate()[0])

    def started(self, peer: Peer, engine: int, other: int = 0) -> tuple:
        return peer.start(self.folder / peer.name, engine, other)


def posts(bench: Bench, peer: Peer, size: int, connections: int) -> dict:
    """CPU of a request, how long one takes in ms, and the memory before the first."""
    engine, engine_port = bench.engine()
    with engine:
        proxy, port = bench.started(peer, engine_port)
        with proxy:
            memory = proxy.memory()
            bench.load(port, size, connections, bench.seconds / 5)
            before = proxy.cpu()
            told = bench.load(port, size, connections, bench.seconds)
            cpu = proxy.cpu() - before
    requests = max(1, told["requests"])
    return {"µs": cpu / requests * 1e6, "p50": told["p50"], "failed": told["failed"],
            "idle MiB": memory}


def direct(bench: Bench, size: int, connections: int) -> dict:
    """The engine without a proxy: what the proxies add to."""
    engine, port = bench.engine()
    with engine:
        return {"p50": bench.load(port, size, connections, bench.seconds)["p50"]}


def streams(bench: Bench, peer: Peer, count: int) -> dict:
    """CPU and system calls of an event, and the time between events at the client."""
    engine, engine_port = bench.engine()
    with engine:
        proxy, port = bench.started(peer, engine_port)
        with proxy:
            client = bench.client("streams", port, CHAT, count, bench.seconds)
            if client.stdout.readline() != "ready\n":
                raise RuntimeError(f"{peer.name}: its streams broke")
            before, calls = proxy.cpu(), proxy.system_calls(bench.seconds)
            told = json.loads(client.communicate()[0])
            cpu, counted = proxy.cpu() - before, calls.count()
    values = {"µs": cpu / told["events"] * 1e6, "p99": told["p99"]}
    if counted is not None:
        values["calls"] = counted / told["events"]
    return values


def idle(bench: Bench, peer: Peer, count: int) -> dict:
    """Memory with `count` streams that wait."""
    engine, engine_port = bench.engine()
    with engine:
        proxy, port = bench.started(peer, engine_port)
        with proxy:
            empty = proxy.memory()
            client = bench.client("idle", port, CHAT, count)
            if client.stdout.readline() != "ready\n":
                raise RuntimeError(f"{peer.name}: its streams broke")
            time.sleep(1)
            full = proxy.memory()
            client.communicate("")
    return {"empty MiB": empty, "MiB": full, "KiB each": (full - empty) * 1024 / count}


def killed(bench: Bench, peer: Peer, connections: int) -> dict:
    """What clients notice of one of two engines being killed half-way."""
    one, one_port = bench.engine()
    two, two_port = bench.engine()
    with one, two:
        proxy, port = bench.started(peer, one_port, two_port)
        with proxy:
            timer = threading.Timer(bench.seconds / 2, one.kill)
            timer.start()
            told = bench.load(port, 1024, connections, bench.seconds)
            timer.join()
    return {"failed": told["failed"], "p50": told["p50"], "p99": told["p99"],
            "requests": told["requests"]}
