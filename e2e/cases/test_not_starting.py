"""Replicas that do not start, each with its cause word for word, and who takes over."""
import time

from kit.objects import variant
from kit.wait import eventually, holds

STUCK = "registry.example/never-starts:1"


def waiting(case, pod: dict, reason: str, message: str) -> None:
    """What a kubelet says of a container that cannot start."""
    state = {"name": "engine", "image": STUCK, "imageID": "", "ready": False, "restartCount": 0,
             "started": False, "state": {"waiting": {"reason": reason, "message": message}}}
    case.api.merge(f"{case.pods_path}/{pod['metadata']['name']}/status",
                   {"status": {"containerStatuses": [state]}})


def test_a_variant_that_does_not_start_gives_way_to_the_next_after_the_deadline(case):
    case.nodes(1)
    case.nodes(1, "mi300x")
    began = time.monotonic()
    case.deploy(variants=[variant(image=STUCK), variant("mi300x")],
                rollout={"progressDeadline": "5s"})
    eventually(lambda: case.share() == {"h200": 1}, "the first variant is tried")
    case.wait_ready()
    assert time.monotonic() - began >= 5.0, "withdrawn before spec.rollout.progressDeadline"
    assert case.share() == {"mi300x": 1}
    offer = case.offer("h200")
    assert offer["reason"] == "NotStarting" and "h200" in offer["message"], offer
    eventually(lambda: set(case.running().values()) == {"mi300x"} and
               not case.pods(variant="h200"), "what did not start is taken away")


def test_the_containers_own_words_are_in_the_message(case):
    case.nodes(1)
    case.deploy(variants=[variant(image=STUCK)], rollout={"progressDeadline": "4s"})
    pod = eventually(lambda: [p for p in case.pods() if p["spec"].get("nodeName")],
                     "a pod is bound")[0]
    words = 'Back-off pulling image "registry.example/never-starts:1": 401 Unauthorized – «nein»'
    waiting(case, pod, "ImagePullBackOff", words)
    entry = case.wait_condition("Ready", "False", "NotStarting")
    assert "ImagePullBackOff" in entry["message"] and words in entry["message"]
    assert pod["metadata"]["name"] in entry["message"]


def test_a_missing_secret_is_told_in_the_kubelets_words(case):
    case.nodes(1)
    case.deploy(variants=[variant(image=STUCK, env=[{
        "name": "API_TOKEN", "valueFrom": {"secretKeyRef": {"name": "absent", "key": "token"}}}])],
        rollout={"progressDeadline": "4s"})
    pod = eventually(lambda: [p for p in case.pods() if p["spec"].get("nodeName")],
                     "a pod is bound")[0]
    waiting(case, pod, "CreateContainerConfigError", 'secret "absent" not found')
    case.wait_condition("Ready", "False", "NotStarting",
                        'CreateContainerConfigError: secret "absent" not found')


def test_a_quota_that_forbids_the_pods_is_told_word_for_word_and_another_variant_takes_over(case):
    case.nodes(1)
    case.nodes(1, "mi300x")
    case.api.create({"apiVersion": "v1", "kind": "ResourceQuota",
                     "metadata": {"name": "no-nvidia", "namespace": case.namespace},
                     "spec": {"hard": {"requests.nvidia.com/gpu": "0"}}})
    eventually(lambda: case.api.get(f"{case.core}/resourcequotas/no-nvidia")["status"].get("hard"),
               "the quota is in force")
    case.deploy(variants=[variant(), variant("mi300x")], rollout={"progressDeadline": "5s"})
    eventually(lambda: "exceeded quota: no-nvidia" in case.condition("Ready")["message"],
               "the quota's own words are in the message")
    case.wait_ready()
    assert case.share() == {"mi300x": 1}
    assert "exceeded quota: no-nvidia" in case.offer("h200")["message"]


def test_a_namespace_that_forbids_the_pods_is_told_word_for_word(case):
    """Pods of this AMD pool need more than the restricted level."""
    case.api.merge(f"/api/v1/namespaces/{case.namespace}", {"metadata": {"labels": {
        "pod-security.kubernetes.io/enforce": "restricted"}}})
    case.nodes(1, "mi300x")
    case.deploy(variants=[variant("mi300x")], rollout={"progressDeadline": "4s"})
    entry = case.wait_condition("Ready", "False", "NotStarting")
    assert 'violates PodSecurity "restricted:latest"' in entry["message"], entry
    case.api.merge(f"/api/v1/namespaces/{case.namespace}", {"metadata": {"labels": {
        "pod-security.kubernetes.io/enforce": "privileged"}}})
    case.wait_ready(timeout=180)


def test_a_variant_that_did_not_start_is_tried_again_with_growing_pauses(case):
    case.nodes(1)
    case.deploy(variants=[variant(image=STUCK)], rollout={"progressDeadline": "3s"})
    case.wait_condition("Ready", "False", "NotStarting")
    case.change(variants=[variant(image="registry.example/vllm:good")],
                rollout={"progressDeadline": "3s", "maxUnavailable": 1})
    case.wait_settled()


def test_what_does_not_start_never_takes_what_serves_with_it(case):
    case.nodes(2)
    case.deploy(replicas=1, rollout={"progressDeadline": "3s"})
    case.wait_settled()
    uids = case.uids()
    case.change(variants=[variant(image=STUCK)])
    case.wait_condition("Reconciling", "True", "NotStarting")
    holds(lambda: _kept(case, uids), 4.0)
    case.change(variants=[variant(image="registry.example/vllm:good")])
    case.wait_settled()
    eventually(lambda: len(case.pods()) == 1, "one pod of the last spec")


def _kept(case, uids: set) -> None:
    assert uids <= case.uids(), "a serving replica was given up for one that does not start"
