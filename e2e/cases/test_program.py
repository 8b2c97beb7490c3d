"""The program itself: flags, credentials, logs, health, metrics."""
import json
import re
import resource
import socket
import subprocess
import urllib.request

import pytest

from kit import objects, running
from kit.wait import eventually
from lib import operators, probe
from lib.pki import Pki


def run(*args: str, timeout: float = 60.0) -> subprocess.CompletedProcess:
    return subprocess.run([str(operators.check()), *args], capture_output=True, text=True,
                          timeout=timeout, check=False)


def test_help_and_version_answer_and_end_with_0():
    for flag in ("--help", "-h"):
        done = run(flag)
        assert done.returncode == 0 and "--region" in done.stdout and "--kubeconfig" in done.stdout
    done = run("--version")
    assert done.returncode == 0 and re.match(r"bailiwick-operator \S+\n$", done.stdout)


@pytest.mark.parametrize("args", [
    (), ("--region=x", "--no-such-flag"), ("--region=x", "--log-format=xml"),
    ("--region=x", "extra"), ("--region",), ("--region=",), ("--region=Not_A_Name",),
    ("--region=x", "--listen-metrics=nonsense"), ("--region=x", "--listen-health=127.0.0.1:99999"),
    ("--region=x", "--listen-metrics=localhost:8080"), ("--region=x", "--namespace=Not_A_Name")])
def test_bad_flags_end_with_2_and_say_which(args):
    done = run(*args, "--kubeconfig=/nonexistent")
    assert done.returncode == 2, (done.returncode, done.stderr)
    assert done.stderr.strip() and "terminate called" not in done.stderr


KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: a
clusters: [{{name: a, cluster: {{server: "{server}"{cluster}}}}}]
users: [{{name: a, user: {{{user}}}}}]
contexts: [{{name: a, context: {{cluster: a, user: a}}}}]
"""


@pytest.mark.parametrize("name,text,words", [
    ("absent", None, "absent"),
    ("empty", "", ""),
    ("binary", "\0\1\2", ""),
    ("list", "- 1\n- 2\n", ""),
    ("exec", KUBECONFIG.format(server="https://127.0.0.1:1", cluster="",
                               user='exec: {command: sh}'), "exec"),
    ("insecure", KUBECONFIG.format(server="https://127.0.0.1:1", user="token: x",
                                   cluster=", insecure-skip-tls-verify: true"),
     "insecure-skip-tls-verify"),
    ("http", KUBECONFIG.format(server="http://127.0.0.1:1", cluster="", user="token: x"), "http"),
    ("metadata", KUBECONFIG.format(server="https://169.254.169.254", cluster="",
                                   user="token: x"), "169.254.169.254"),
], ids=lambda value: value if value and value.isalnum() else "")
def test_a_bad_kubeconfig_is_one_clear_line_and_1(tmp_path, name, text, words):
    path = tmp_path / name
    if text is not None:
        path.write_text(text)
    done = run("--region=x", f"--kubeconfig={path}", "--log-format=json",
               "--listen-metrics=127.0.0.1:0", "--listen-health=127.0.0.1:0")
    assert done.returncode == 1, done
    line, = done.stderr.strip().splitlines()
    said = json.loads(line)
    assert said["level"] == "error" and words in said["message"], said


def test_an_api_server_that_cannot_be_trusted_is_told_and_ends_with_1(lab, tmp_path):
    text = operators.credential(lab, "untrusting").read_text()
    (tmp_path / "no-ca").write_text(re.sub(r"certificate-authority-data: \S+", "", text))
    done = run("--region=x", f"--kubeconfig={tmp_path / 'no-ca'}", "--log-format=json",
               "--listen-metrics=127.0.0.1:0", "--listen-health=127.0.0.1:0")
    assert done.returncode == 1, done
    said = [json.loads(line) for line in done.stderr.splitlines()]
    assert said[-1]["level"] == "error" and len(said[-1]["message"]) > 20, said
    assert re.search(r"token: (\S+)", text).group(1) not in done.stderr


def test_it_opens_as_many_files_as_it_may(tmp_path):
    """Each peer takes sixteen, and many a platform begins with 1,024."""
    pki = Pki(tmp_path)
    pki.authority("ca")
    authority = f"certificate-authority: {pki.certificate('ca')}"
    (tmp_path / "away").write_text(KUBECONFIG.format(
        server="https://127.0.0.1:1", cluster=f", {authority}", user="token: x"))
    process = subprocess.Popen(
        [str(operators.check()), "--region=x", f"--kubeconfig={tmp_path / 'away'}",
         "--listen-metrics=127.0.0.1:0", "--listen-health=127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (64, 512)))
    try:
        assert "starting" in process.stderr.readline()
        assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (512, 512)
    finally:
        process.terminate()
    assert process.wait(20) == 0


@pytest.mark.parametrize("answers", [False, True], ids=["refuses", "silent"])
def test_an_api_server_that_is_away_is_waited_for_until_sigterm(lab, tmp_path, answers):
    text = operators.credential(lab, "waiting").read_text()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if answers:
            listener.listen(16)  # connections are made, and nothing is ever said
        port = listener.getsockname()[1]
        away = re.sub(r"server: \S+", f"server: https://127.0.0.1:{port}", text)
        (tmp_path / "away").write_text(away)
        process = subprocess.Popen(
            [str(operators.check()), "--region=x", f"--kubeconfig={tmp_path / 'away'}",
             "--log-format=json", "--listen-metrics=127.0.0.1:0", "--listen-health=127.0.0.1:0"],
            stderr=subprocess.PIPE, text=True)
        first = process.stderr.readline()
        assert "starting" in first
        if not answers:
            assert "does not answer yet" in process.stderr.readline()
        process.terminate()
        assert process.wait(20) == 0, process.stderr.read()


def test_sigterm_ends_a_leader_with_0(lab, tmp_path):
    config = operators.credential(lab, "second")
    process = subprocess.Popen(
        [str(operators.check()), "--region=lab", f"--kubeconfig={config}", "--leader-elect",
         "--log-format=json", "--listen-metrics=127.0.0.1:0", "--listen-health=127.0.0.1:0"],
        stderr=subprocess.PIPE, text=True)
    lab.stop_operator()
    try:
        for line in process.stderr:
            if '"leading' in line:
                break
        process.terminate()
        rest = process.stderr.read()
        assert process.wait(20) == 0, rest
        assert '"level":"error"' not in rest and "cancelled" not in rest, rest
    finally:
        lab.start_operator()


def get(url: str) -> tuple:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def warned(case) -> None:
    """A policy warns of what runs in the case's namespace."""
    policy = {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "SovereigntyPolicy",
              "metadata": {"name": case.namespace},
              "spec": {"enforcement": "Warn", "selector": {"namespaces": [case.namespace]},
                       "rules": {"vendors": {"deny": ["nvidia"]}}}}
    case.region.apply([policy])
    eventually(lambda: case.condition("Compliant")["message"].count("warning: "), "it warns")


# Series that a region alone has not: test_fleet_join.py sees them.
OF_PEERS = {"bailiwick_peer_health", "bailiwick_peer_last_heartbeat_timestamp_seconds",
            "bailiwick_peer_credential_end_timestamp_seconds", "bailiwick_imports_refused"}


def test_health_and_metrics_answer(case):
    operator = case.region.start_operator()
    assert get(operator.health + "/livez") == (200, "ok\n")
    assert get(operator.health + "/readyz") == (200, "ok\n")
    assert get(operator.health + "/etc/passwd")[0] == 404
    assert get(operator.metrics + "/nothing")[0] == 404
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    running.wait_leading(operator)
    series = running.scrape(operator.metrics)
    assert any(name.startswith("bailiwick_build_info{") and 'region="lab"' in name
               for name in series)
    assert series['bailiwick_reconciles_total{outcome="done"}'] > 0
    assert series["bailiwick_plan_seconds_count"] > 0
    # LeaderWorkerSets are not installed here.
    assert all(value == 1 for name, value in series.items()
               if name.startswith("bailiwick_cache_synced") and "leaderworkersets" not in name)
    assert any(name.startswith("bailiwick_pool_devices{") for name in series)
    shown = {re.sub("_(bucket|sum|count)$", "", name.partition("{")[0]) for name in series}
    warned(case)
    page = (operators.chart.CLONE / "docs" / "operating.md").read_text()
    assert shown <= set(re.findall(r"`(bailiwick_\w+)`", page))
    case.leave_class(case.node_names[0])
    eventually(lambda: running.scrape(operator.metrics)["bailiwick_replicas_unlawful"] >= 1,
               "the unlawful replica is counted")
    # What runs nowhere has nothing to leave: that series ended with it.
    known = shown | {re.sub("_(bucket|sum|count)$", "", name.partition("{")[0])
                     for name in running.scrape(operator.metrics)}
    assert set(re.findall(r"`(bailiwick_\w+)`", page)) - OF_PEERS <= known
    case.api.delete(f"/apis/bailiwick.dev/v1alpha1/sovereigntypolicies/{case.namespace}")


def test_before_the_caches_are_full_it_is_alive_and_not_ready(starter):
    region = starter.region("bare", parts=("etcd", "kube-apiserver"))
    # One kind's list is refused: the others arrive, that one does not.
    role = "/apis/rbac.authorization.k8s.io/v1/clusterroles/bailiwick"
    whole = region.api.get(role)["rules"]
    region.api.merge(role, {"rules": [r for r in whole if r["resources"] != ["nodes"]]})
    try:
        operator = region.start_operator(wait=False)
        eventually(lambda: probe.ok(operator.health + "/livez"), "it lives")
        code, text = eventually(lambda: _not_ready(operator), "it says what it waits for")
        assert code == 503 and "nodes" in text
        assert operator.process.pid
    finally:
        region.api.merge(role, {"rules": whole})
    eventually(lambda: probe.ok(operator.health + "/readyz"), "ready once it may list nodes", 180)
    region.remove()
    starter.started.remove(region)


def _not_ready(operator):
    code, text = get(operator.health + "/readyz")
    waiting = text.splitlines()
    return (code, text) if len(waiting) == 1 and waiting[0].startswith("waiting for ") else None


def test_every_line_of_the_log_is_json_with_time_level_and_message(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    log = case.region.process("operator").log.read_text()
    lines = [line for line in log.splitlines() if not line.startswith("--- bailiwick")]
    assert len(lines) > 3
    for line in lines:
        entry = json.loads(line)
        assert {"time", "level", "message"} <= set(entry), line
        assert entry["level"] in ("debug", "info", "warning", "error"), line
    applied = [json.loads(line) for line in lines if "applied" in line]
    assert applied, "what it does is logged"
    assert objects.API_VERSION
