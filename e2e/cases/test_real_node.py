"""Real pods: a kubelet, containerd, Services and a real model behind the sidecar."""
import contextlib
import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from lib import realnode, tools
from lib.process import until
from lib.realmodel import NAME, NAMESPACE, RealModel

pytestmark = pytest.mark.skipif(bool(realnode.missing()), reason=realnode.missing() or "-")
STREAMS = 20
TOKENS = 80  # per stream: all are still running when the lame duck time ends
LONG = 160  # and when a new replica has become Ready


@pytest.fixture
def served(run_dir):
    one = RealModel(run_dir / "real", cores=4)
    yield one
    one.remove()


def events(answer: str) -> int:
    return answer.count("\ndata: {")


def test_a_model_answers_and_its_replica_leaves_without_cutting_a_stream(served, tmp_path):
    served.start().wait()
    answer, _ = served.ask("Say hello", tokens=8).communicate(timeout=120)
    assert answer.startswith("HTTP/1.1 200 ") and "\ndata: [DONE]" in answer
    assert "x-bailiwick-jurisdiction: DE" in answer and events(answer) >= 8
    refused, _ = served.ask("Say hello", headers=("x-data-jurisdiction: CN",)).communicate(timeout=60)
    assert refused.startswith("HTTP/1.1 451 ") and "jurisdiction_refused" in refused

    pod = served.pods()[0]
    with told(served, pod, tmp_path) as report:
        streams = start_streams(served, pod)
        served.region.kubectl("delete", "pod", pod["metadata"]["name"], "-n", NAMESPACE,
                              "--wait=false")
        assert_whole(streams, TOKENS)
        assert report() == {"inFlightAtDrain": STREAMS, "completed": STREAMS, "cut": 0}


def test_a_variant_is_replaced_under_streams_and_none_is_cut(served, tmp_path):
    served.start().wait()
    old = served.pods()[0]
    patch = [{"op": "add", "path": "/spec/variants/0/engine/env",
              "value": [{"name": "ROUND", "value": "2"}]}]
    with told(served, old, tmp_path) as report:
        streams = start_streams(served, old, tokens=LONG)
        served.region.kubectl("patch", "mdep", NAME, "-n", NAMESPACE, "--type=json",
                              "-p", json.dumps(patch))
        assert_whole(streams, LONG)
        assert report() == {"inFlightAtDrain": STREAMS, "completed": STREAMS, "cut": 0}
    served.wait()
    assert [pod["metadata"]["uid"] for pod in served.pods()] != [old["metadata"]["uid"]]
    answer, _ = served.ask("Say hello", tokens=8).communicate(timeout=120)
    assert answer.startswith("HTTP/1.1 200 ") and "\ndata: [DONE]" in answer


def test_clients_of_the_other_replica_notice_nothing_when_an_engine_is_killed(served):
    served.start(replicas=2).wait()
    killed, other = served.pods()
    broken = [served.ask("Count", TOKENS, at=address(killed)) for _ in range(4)]
    whole = [served.ask("Count", TOKENS, at=address(other)) for _ in range(4)]
    heads = [begun(stream) for stream in broken]
    assert until(lambda: in_flight(served, other) == 4, 60.0, every=0.2)
    os.kill(engine_of(killed), signal.SIGKILL)
    for head, stream in zip(heads, broken):
        answer = head + stream.communicate(timeout=30)[0]
        assert stream.returncode == 0 and answer.startswith("HTTP/1.1 200 ")
        assert "\ndata: [DONE]" not in answer
        last = answer.rstrip().rpartition("\nevent: error\ndata: ")[2]
        assert json.loads(last)["error"]["code"] == "upstream_failed", answer[-500:]
    assert_whole(whole, TOKENS)
    served.wait()
    assert {container["restartCount"] for pod in served.pods()
            for container in pod["status"]["containerStatuses"]} == {0, 1}


def start_streams(served: RealModel, pod: dict, tokens: int = TOKENS) -> list:
    """All of them run when it returns."""
    streams = [served.ask("Count", tokens, at=address(pod)) for _ in range(STREAMS)]
    assert until(lambda: in_flight(served, pod) == STREAMS, 60.0, every=0.2)
    return streams


def begun(stream: subprocess.Popen) -> str:
    """What it has said up to its first event."""
    text = ""
    for line in stream.stdout:
        text += line
        if line.startswith("data: {"):
            return text
    raise AssertionError(f"no event came: {text}")


def assert_whole(streams: list, tokens: int):
    answers = [stream.communicate(timeout=300)[0] for stream in streams]
    assert [("\ndata: [DONE]" in one, events(one) >= tokens) for one in answers] == (
        [(True, True)] * len(streams))


@contextlib.contextmanager
def told(served: RealModel, pod: dict, folder):
    """A function that waits for the report of a pod's drain, from before it begins."""
    words = ('{.status.initContainerStatuses[?(@.name=="engine-sidecar")].state.terminated.message}'
             "{\"\\n\"}")
    log = folder / "reports"
    with log.open("w") as target:
        watch = subprocess.Popen(
            [tools.binary("kubectl"), f"--kubeconfig={served.region.admin_kubeconfig}", "get", "pod",
             pod["metadata"]["name"], "-n", NAMESPACE, "--watch", "-o", f"jsonpath={words}"],
            stdout=target)

    def report() -> dict:
        assert until(lambda: "inFlightAtDrain" in log.read_text(), 120.0, every=0.5)
        return json.loads(re.search(r"\{.*\}", log.read_text()).group())

    yield report
    watch.terminate()
    watch.wait()


def address(pod: dict) -> str:
    return f"http://{pod['status']['podIP']}:8080"


def in_flight(served: RealModel, pod: dict) -> int:
    metrics = output(served.node.inside("curl", "-s", f"http://{pod['status']['podIP']}:9091/metrics"))
    found = re.search(r"requests_in_flight (\d+)", metrics)
    return int(found.group(1)) if found else -1


def engine_of(pod: dict) -> int:
    """The process of a pod's engine, as this machine numbers it."""
    container = pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2]
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"/app/llama-server" in words and container in (entry / "cgroup").read_text():
                return int(entry.name)
        except OSError:
            continue
    raise AssertionError(f"no engine of {pod['metadata']['name']} runs")


def output(command: list) -> str:
    return subprocess.run(command, text=True, capture_output=True, check=False).stdout


def test_weights_with_one_flipped_byte_start_no_engine_and_the_status_says_why(served):
    served.start(flipped_byte=True)
    path = f"/api/v1/namespaces/{NAMESPACE}/pods"

    def verdict(api):
        for pod in api.items(path):
            for container in pod.get("status", {}).get("initContainerStatuses", []):
                ended = container.get("lastState", {}).get("terminated")
                if container["name"] == "verify-weights" and ended:
                    return pod, ended["message"]
        return None

    pod, message = served.region.api.wait("the weights are refused", verdict, 240.0, every=0.5)
    assert re.match(r"gemma-3-270m\.gguf has SHA-256 [0-9a-f]{64}, listed is [0-9a-f]{64}\n", message)
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == "PodInitializing"
