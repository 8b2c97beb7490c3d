"""What a ModelDeployment becomes in a region that may run it, and how it says so."""
import re
import time

from kit import audit, objects
from kit.recorder import Recorder, is_ready
from kit.wait import eventually

CONDITIONS = {"Ready", "Reconciling", "Stalled", "Placed", "Compliant", "ExitReady", "SpecInSync"}


def test_a_deployment_becomes_its_objects_on_eligible_nodes_and_is_ready(case):
    good = case.nodes(2)
    case.nodes(1, labels={objects.RESIDENCY + case.cls: None})
    case.nodes(1, labels=objects.residency(case.cls, "True"))
    case.nodes(1, labels={objects.JURISDICTION: "FR"})
    case.nodes(1, labels={objects.JURISDICTION: None})
    case.nodes(1, labels={"nvidia.com/gpu.product": "NVIDIA-H200-SHARED"})
    case.nodes(1, labels={"nvidia.com/gpu.product": "NVIDIA-H20"})
    case.nodes(1, taints=({"key": "maintenance", "effect": "NoSchedule"},))
    case.deploy(replicas=2, variants=[objects.variant(), objects.variant("mi300x")])
    obj = case.wait_settled()
    case.wait_running(set(good))

    objs = case.made()
    assert set(objs) == {
        ("Deployment", "m-h200"), ("Service", "m"), ("Service", "m-h200"), ("ConfigMap", "m-h200"),
        ("ConfigMap", "m-routes"), ("PodDisruptionBudget", "m"), ("NetworkPolicy", "m"),
        ("ServiceAccount", "m"), ("Role", "m"), ("RoleBinding", "m")}
    for (kind, name), one in objs.items():
        meta = one["metadata"]
        owner, = meta["ownerReferences"]
        assert (owner["kind"], owner["uid"], owner["controller"]) == (
            "ModelDeployment", obj["metadata"]["uid"], True), (kind, name)
        labels = meta["labels"]
        assert labels["bailiwick.dev/deployment"] == "m" and labels["bailiwick.dev/region"] == "lab"
        assert labels["bailiwick.dev/role"] == "engine"
        managers = {entry["manager"] for entry in meta["managedFields"]
                    if entry["operation"] == "Apply"}
        assert managers == {"bailiwick-operator"}, (kind, name, managers)
    pod = case.pods()[0]
    assert [c["name"] for c in pod["spec"]["containers"]] == ["engine"]
    sidecar = pod["spec"]["initContainers"][-1]
    assert (sidecar["name"], sidecar["restartPolicy"]) == ("engine-sidecar", "Always")
    assert objs["Service", "m"]["spec"]["ports"][0]["port"] == 80


def test_the_status_says_what_is_wanted_offered_taken_and_ready(case):
    case.nodes(3)
    case.deploy(replicas=2, variants=[objects.variant(), objects.variant("mi300x", capacity="0.5")])
    obj = case.wait_settled()
    status = obj["status"]
    assert status["observedGeneration"] == obj["metadata"]["generation"] == 1
    assert status["replicas"] == 2
    assert status["summary"] == {"regions": "lab", "variant": "h200"}
    entry, = status["regions"]
    assert (entry["name"], entry["self"], entry["health"]) == ("lab", True, "Live")
    assert re.fullmatch("[0-9a-f]{40}", entry["specHash"])
    assert entry["share"] == [{"variant": "h200", "replicas": 2}] == entry["ready"]
    assert case.offer("h200")["replicas"] == 2 and case.offer("h200")["pools"]
    other = case.offer("mi300x")
    assert (other["replicas"], other["reason"]) == (0, "NoMatchingPool")
    assert "amd.com/gpu" in other["message"] or "MI300X" in other["message"]
    row, = status["variants"]
    assert (row["name"], row["assigned"], row["ready"]) == ("h200", 2, 2)
    assert all(pool.startswith("lab/") for pool in row["pools"])

    conditions = {entry["type"]: entry for entry in status["conditions"]}
    assert set(conditions) == CONDITIONS
    for entry in conditions.values():
        assert set(entry) == {"type", "status", "reason", "message", "lastTransitionTime",
                              "observedGeneration"}, entry
        assert re.fullmatch("[A-Z][A-Za-z]+", entry["reason"]) and entry["message"]
        assert entry["status"] in ("True", "False", "Unknown")
    found = {name: (entry["status"], entry["reason"]) for name, entry in conditions.items()}
    assert found["Ready"] == ("True", "AllReplicasReady")
    assert found["Placed"][0] == found["Compliant"][0] == "True"
    assert found["Stalled"][0] == found["Reconciling"][0] == "False"

    scale = case.api.get(case.path() + "/scale")
    assert (scale["spec"]["replicas"], scale["status"]["replicas"]) == (2, 2)
    selected = case.api.items(case.pods_path + "?labelSelector=" + scale["status"]["selector"])
    assert {pod["metadata"]["uid"] for pod in selected} == case.uids()


def test_conditions_are_unknown_first_and_their_times_change_only_when_they_flip(case):
    case.nodes(1)
    with Recorder(case.api, case.path("").rstrip("/")) as seen:
        case.deploy()
        before = case.wait_settled()
        time.sleep(1.1)  # times have whole seconds
        case.change(priority=5)
        eventually(lambda: case.get()["status"]["observedGeneration"] == 2, "generation 2 is seen")
        after = case.wait_settled()
    times = [{c["type"]: c["lastTransitionTime"] for c in obj["status"]["conditions"]}
             for obj in (before, after)]
    assert times[0] == times[1]
    history = [obj["status"].get("conditions", []) for _, _, obj in seen.events
               if obj.get("status")]
    firsts = {c["type"]: c["status"] for c in history[0]}
    assert set(firsts) == CONDITIONS and firsts["Ready"] == "Unknown"
    previous = {}
    for conditions in history:
        now = {c["type"]: c for c in conditions}
        assert set(previous) <= set(now), "a condition was removed"
        for kind, entry in now.items():
            old = previous.get(kind)
            if old and old["status"] == entry["status"]:
                assert old["lastTransitionTime"] == entry["lastTransitionTime"], (old, entry)
        previous = now


def test_only_the_status_is_written_and_every_write_is_strict(case):
    case.nodes(2)
    case.deploy(replicas=1)
    case.wait_settled()
    case.api.merge(case.path() + "/scale", {"spec": {"replicas": 2}})
    eventually(lambda: case.get()["status"].get("replicas") == 2, "two are Ready")
    obj = case.get()
    assert obj["metadata"]["generation"] == 2 and not obj["metadata"].get("finalizers")
    assert audit.lax_writes(case.region, case.mark) == []
    written = audit.mutations(case.region, case.mark, case.namespace)
    assert {audit.resource(event) for event in written} >= {
        "deployments", "services", "modeldeployments/status", "events"}
    # Server-side apply, one manager, forced for our own fields.
    applied = [event for event in written if audit.resource(event) == "deployments"]
    assert all("force=true" in event["requestURI"] for event in applied)


def test_kubectl_shows_readable_columns(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    for kind in ("mdep", "bailiwick"):
        head, row = [line.split() for line in case.region.kubectl(
            "get", kind, "-n", case.namespace).splitlines() if line.strip()][:2]
        assert row[-1] and "m" in row[0]
    head, row = [line.split() for line in
                 case.region.kubectl("get", "mdep", "-n", case.namespace).splitlines()]
    assert head == ["NAME", "SERVED-NAME", "WANTED", "READY", "REGIONS", "VARIANT", "EXIT-READY",
                    "AGE"]
    assert row[:7] == ["m", "assistant", "1", "1", "lab", "h200", "False"]
    waited = case.region.run_kubectl("wait", "--for=condition=Ready", "mdep/m", "-n",
                                     case.namespace, "--timeout=30s")
    assert waited.returncode == 0, waited.stderr


def test_decisions_are_told_as_events(case):
    case.deploy()
    case.wait_condition("Placed", "False", "NoMatchingPool")
    case.nodes(1)
    case.wait_settled()

    def check():
        events = case.api.items(f"/apis/events.k8s.io/v1/namespaces/{case.namespace}/events")
        ours = [e for e in events if e.get("reportingController") == "bailiwick.dev/operator"]
        assert {"NoMatchingPool", "AllReplicasReady"} <= {e["reason"] for e in ours}, ours
        for event in ours:
            assert event["regarding"]["name"] == "m" and event["regarding"]["uid"], event
            assert event["note"] and event["action"] and event["reportingInstance"], event
        return True
    eventually(check, "events of both decisions")


def test_pods_wait_for_their_weights_in_restricted_containers(case):
    """A namespace that enforces the restricted level takes the pods of an NVIDIA pool."""
    case.api.merge(f"/api/v1/namespaces/{case.namespace}", {"metadata": {"labels": {
        "pod-security.kubernetes.io/enforce": "restricted"}}})
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    pod, = [pod for pod in case.pods() if is_ready(pod)]
    spec = pod["spec"]
    assert spec["automountServiceAccountToken"] is False
    mounts = {c["name"]: {m["name"]: m for m in c.get("volumeMounts", [])}
              for c in [*spec["initContainers"], *spec["containers"]]}
    weights, = [m for m in mounts["engine"].values() if m.get("readOnly")]
    volume = weights["name"]
    fetchers = [name for name, found in mounts.items()
                if volume in found and name not in ("engine", "engine-sidecar")]
    assert fetchers and not mounts[fetchers[0]][volume].get("readOnly")
    assert [c["name"] for c in spec["initContainers"]].index(fetchers[0]) < \
        [c["name"] for c in spec["initContainers"]].index("engine-sidecar")
    for container in [*spec["initContainers"], *spec["containers"]]:
        assert container["resources"]["requests"] and container["resources"]["limits"]
