"""Real pods: a kubelet, containerd, Services and a real model behind the sidecar."""
import json
import re
import subprocess

import pytest

from lib import realnode, tools
from lib.process import until
from lib.realmodel import NAMESPACE, RealModel

pytestmark = pytest.mark.skipif(bool(realnode.missing()), reason=realnode.missing() or "-")
STREAMS = 20
TOKENS = 80  # per stream: all are still running when the lame duck time ends


@pytest.fixture
def served(run_dir):
    one = RealModel(run_dir / "real")
    yield one
    one.remove()


def events(answer: str) -> int:
    return answer.count("\ndata: {")


def reports(served: RealModel, pod: str, target) -> subprocess.Popen:
    """Writes what the sidecar of a pod says at its end, for as long as the pod is there."""
    words = ('{.status.initContainerStatuses[?(@.name=="engine-sidecar")].state.terminated.message}'
             "{\"\\n\"}")
    return subprocess.Popen(
        [tools.binary("kubectl"), f"--kubeconfig={served.region.admin_kubeconfig}", "get", "pod",
         pod, "-n", NAMESPACE, "--watch", "-o", f"jsonpath={words}"], stdout=target)


def test_a_model_answers_and_its_replica_leaves_without_cutting_a_stream(served, tmp_path):
    served.start().wait()
    answer, _ = served.ask("Say hello", tokens=8).communicate(timeout=120)
    assert answer.startswith("HTTP/1.1 200 ") and "\ndata: [DONE]" in answer
    assert "x-bailiwick-jurisdiction: DE" in answer and events(answer) >= 8
    refused, _ = served.ask("Say hello", headers=("x-data-jurisdiction: CN",)).communicate(timeout=60)
    assert refused.startswith("HTTP/1.1 451 ") and "jurisdiction_refused" in refused

    pod = served.pods()[0]["metadata"]["name"]
    log = tmp_path / "reports"
    with log.open("w") as target:
        watch = reports(served, pod, target)
    streams = [served.ask("Count", tokens=TOKENS) for _ in range(STREAMS)]
    in_flight = served.node.inside("curl", "-s", served_metrics(served))
    assert until(lambda: f"requests_in_flight {STREAMS}" in output(in_flight), 60.0, every=0.2)
    served.region.kubectl("delete", "pod", pod, "-n", NAMESPACE, "--wait=false")
    answers = [stream.communicate(timeout=300)[0] for stream in streams]
    assert [("\ndata: [DONE]" in one, events(one) >= TOKENS) for one in answers] == [(True, True)] * STREAMS
    assert until(lambda: "inFlightAtDrain" in log.read_text(), 90.0, every=0.5)
    watch.terminate()
    report = json.loads(re.search(r"\{.*\}", log.read_text()).group())
    assert report == {"inFlightAtDrain": STREAMS, "completed": STREAMS, "cut": 0}


def served_metrics(served: RealModel) -> str:
    return f"http://{served.pods()[0]['status']['podIP']}:9091/metrics"


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
