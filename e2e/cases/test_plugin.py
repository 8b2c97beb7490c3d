"""kubectl bailiwick against a real API server, through the user's own kubectl and its login."""
import json
import subprocess

import pytest
import yaml

from kit import kubectl
from kit.wait import eventually
from lib import documents, nodes, tools

SAMPLES = tools.E2E / "samples"
FILES = ["-f", str(SAMPLES / "deployments"), "-f", str(SAMPLES / "refused")]


def load(*folders: str) -> list:
    return [obj for folder in folders for file in sorted((SAMPLES / folder).glob("*.yaml"))
            for obj in documents.load_all(file.read_text())]


@pytest.fixture(scope="module")
def fra(starter):
    """The region fra with its nodes, the samples' passports, and nothing that runs."""
    region = starter.region("fra", folder="plugin")
    for file in ("namespaces.yaml", "storage.yaml"):
        region.apply(documents.load_all((SAMPLES / file).read_text()))
    region.apply(load("passports"))
    spec = nodes.load("fra")
    region.apply(spec["region"])
    region.add_nodes(nodes.expand(spec))
    region.start_operator()
    return region


@pytest.fixture
def ask(fra, tmp_path):
    """kubectl bailiwick as the admin; whatever it starts is gone afterwards."""
    def run(*arguments, kubeconfig=None, **options):
        folder = tmp_path / "tmp"
        folder.mkdir(exist_ok=True)
        ran = kubectl.bailiwick(kubeconfig or fra.admin_kubeconfig, *arguments,
                                env={"TMPDIR": str(folder), **options.pop("env", {})}, **options)
        assert not list(folder.iterdir()), "a socket's folder is left behind"
        return ran
    return run


def row(placed: bool, replicas: int, reason: str) -> tuple:
    """Why a variant that is not needed could not grow depends on what else runs by then."""
    return replicas, "" if placed else reason


def said(report: dict) -> dict:
    """{deployment: {variant: (replicas, reason)}} of a plan."""
    region, = report["regions"]
    return {f"{d['namespace']}/{d['name']}": {
        v["name"]: row(d["placed"]["status"] == "True", v["after"], v.get("reason", ""))
        for v in d["variants"]} for d in region["deployments"]}


def done(region, deployments: list) -> dict:
    """The same, of what the operator has written."""
    result = {}
    for obj in deployments:
        now = region.api.get(region.api.path(obj))
        entry, = (one for one in now["status"]["regions"] if one.get("self"))
        share = {one["variant"]: one["replicas"] for one in entry.get("share", [])}
        placed = any(c["type"] == "Placed" and c["status"] == "True"
                     for c in now["status"]["conditions"])
        name = f"{obj['metadata']['namespace']}/{obj['metadata']['name']}"
        result[name] = {
            offer["variant"]: row(placed, share.get(offer["variant"], 0), offer.get("reason", ""))
            for offer in entry["offer"]}
    return result


def test_what_plan_says_is_what_the_operator_then_does(fra, ask):
    planned = ask("plan", *FILES, "-o", "json")
    assert planned.code == 1 and not planned.err, planned
    report = planned.json()
    assert {one["change"] for one in report["objects"]} == {"new"}
    passports = ["-f", str(SAMPLES / "passports")]
    offline = ask("plan", *passports, *FILES, "--offline", str(tools.E2E / "regions/fra.yaml"),
                  "-o", "json")
    assert said(offline.json()) == said(report)

    applied = kubectl.run(fra.admin_kubeconfig, "apply", *FILES)
    assert applied.code == 0, applied
    everything = load("deployments", "refused")

    def same():
        assert done(fra, everything) == said(report)
        return True
    eventually(same, "the operator does what plan said")

    def quiet():
        again = ask("plan", *FILES, "-o", "json").json()
        assert {one["change"] for one in again["objects"]} == {"unchanged"}
        moved = [d for d in again["regions"][0]["deployments"] for v in d["variants"]
                 if v["before"] != v["after"]]
        assert not moved, moved
        return True
    eventually(quiet, "planning again what is there changes nothing")


def test_explain_finds_the_namespace_of_the_context(fra, ask, tmp_path):
    config = yaml.safe_load(fra.admin_kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = "assistants"
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(config))
    fra.apply(load("deployments"))
    told = ask("explain", "mdep/deepseek-v3-2-eu", kubeconfig=path)
    assert told.code == 0 and "assistants/deepseek-v3-2-eu in region fra" in told.out, told
    assert "2. mi300x: no replica" in told.out and "no node offers amd.com/gpu" in told.out
    for command in ("explain", "adopt"):
        missing = ask(command, "mdep/deepseek-v3-2-eu", "-n", "research", kubeconfig=path)
        assert missing.code == 1, missing
        assert "there is no ModelDeployment research/deepseek-v3-2-eu in" in missing.err, missing


def as_user(region, name: str, folder):
    """A kubeconfig that acts as somebody else."""
    config = yaml.safe_load(region.admin_kubeconfig.read_text())
    config["users"][0]["user"]["as"] = name
    path = folder / f"{name}.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


def test_a_user_with_few_rights_reads_what_he_may_not(fra, ask, tmp_path):
    bob = as_user(fra, "bob", tmp_path)
    nothing = ask("plan", *FILES, kubeconfig=bob)
    assert nothing.code == 3 and "you may not list regions.bailiwick.dev" in nothing.err, nothing
    fra.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
               "metadata": {"name": "bob-views"},
               "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                           "name": "view"},
               "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User",
                             "name": "bob"}]})

    def nodes_are_missing():
        some = ask("plan", *FILES, kubeconfig=bob)
        assert some.code == 3 and "you may not list nodes" in some.err, some
        return True
    eventually(nodes_are_missing, "bob may view and not list nodes")
    order = ask("exit", "vendor=nvidia", "--by", "2099-01-01", kubeconfig=bob)
    assert order.code == 3 and "you may not create ExitOrders" in order.err, order


def test_a_cluster_that_is_away_is_three(fra, ask, tmp_path):
    config = yaml.safe_load(fra.admin_kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    path = tmp_path / "away"
    path.write_text(yaml.safe_dump(config))
    away = ask("plan", *FILES, kubeconfig=path)
    assert away.code == 3 and "refused" in away.err, away
    no_context = ask("plan", *FILES, "--context", "nowhere")
    assert no_context.code == 3 and "nowhere" in no_context.err, no_context


def test_an_order_is_made_once_and_followed(fra, ask):
    words = ["exit", "vendor=cambricon", "--by", "2099-01-01", "--reason", "a test"]
    dry = ask(*words, "--dry-run")
    assert dry.code == 0 and not fra.api.find("/apis/bailiwick.dev/v1alpha1/exitorders/exit-cambricon")
    mark = fra.audit_mark()
    made = ask(*words)
    assert made.code == 0 and "exit status exit-cambricon" in made.out, made
    stored = fra.api.get("/apis/bailiwick.dev/v1alpha1/exitorders/exit-cambricon")
    assert stored["spec"]["target"] == {"vendors": ["cambricon"]}
    eventually(lambda: any(event.get("userAgent", "").startswith("kubectl-bailiwick/")
                           for event in fra.audit(mark)), "the audit log names the plugin")
    again = ask(*words)
    assert again.code == 1 and "--name gives another name" in again.err, again
    status = ask("exit", "status", "exit-cambricon")
    assert "leaves vendor cambricon; by 2099-01-01T00:00:00Z" in status.out, status
    assert ask("exit", "status", "none").code == 1
    fra.api.delete("/apis/bailiwick.dev/v1alpha1/exitorders/exit-cambricon")


def test_evidence_that_is_not_there_or_not_genuine_is_a_finding(fra, ask, tmp_path):
    missing = ask("exit", "export", "nobody", "-o", str(tmp_path / "e.jsonl"))
    assert missing.code == 1 and "nobody-evidence" in missing.err, missing
    fra.apply({"apiVersion": "v1", "kind": "ConfigMap",
               "metadata": {"name": "forged-evidence", "namespace": "bailiwick-system"},
               "data": {"records.jsonl": json.dumps({"number": 1}) + "\n"}})
    forged = ask("exit", "export", "forged", "-o", str(tmp_path / "e.jsonl"))
    assert forged.code == 1 and "does not verify" in forged.err, forged
    assert ask("verify", str(tmp_path / "e.jsonl")).code == 1
    assert ask("verify", "exit/forged").code == 1


def test_a_kubectl_that_is_missing_is_told(fra, tmp_path):
    ran = subprocess.run([str(kubectl.PLUGIN), "plan", *FILES], text=True, capture_output=True,
                         env={"PATH": str(tmp_path)}, check=False)
    assert ran.returncode == 3 and "kubectl is not on the PATH" in ran.stderr


def test_kubectl_completes_the_plugin(fra, tmp_path):
    script = tmp_path / "kubectl_complete-bailiwick"
    script.write_text(kubectl.bailiwick(fra.admin_kubeconfig, "completion", "kubectl").out)
    script.chmod(0o755)
    words = kubectl.run(fra.admin_kubeconfig, "__complete", "bailiwick", "catalog", "eng",
                        path=tmp_path)
    assert words.out.splitlines()[0] == "engines", words
