"""How each part of a control plane is started and when it counts as ready.

Every part has an identity of its own with the rights that Kubernetes' bootstrap roles, or the
role below, give it. Only the admin kubeconfig is in system:masters.
"""
from dataclasses import dataclass
from typing import Callable

import yaml

from . import documents, probe, tools
from .layout import Layout

ETCD, API = "etcd", "kube-apiserver"
CONTROLLERS, SCHEDULER, KWOK = "kube-controller-manager", "kube-scheduler", "kwok"
FULL = (ETCD, API, CONTROLLERS, SCHEDULER, KWOK)
BARE = (ETCD, API)
# The etcds of a region; most have the first one only. A majority of them must run.
MEMBERS = (ETCD, "etcd-2", "etcd-3")
PROCESSES = (*MEMBERS, *FULL[1:])

AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata"}],
}
# What the stages of tools.KWOK_STAGES do, and nothing else.
KWOK_ROLE = {
    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole",
    "metadata": {"name": "bailiwick-kwok"},
    "rules": [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["pods"],
         "verbs": ["get", "list", "watch", "patch", "delete"]},
        {"apiGroups": [""], "resources": ["nodes/status", "pods/status"], "verbs": ["patch"]},
        {"apiGroups": ["", "events.k8s.io"], "resources": ["events"],
         "verbs": ["create", "patch", "update"]},
        {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"],
         "verbs": ["get", "list", "watch", "create", "update", "patch"]},
    ],
}
KWOK_BINDING = {
    "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding",
    "metadata": {"name": "bailiwick-kwok"},
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole",
                "name": "bailiwick-kwok"},
    "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User",
                  "name": "bailiwick-kwok"}],
}


# kwok renews a node's lease four times in its duration, and a node whose lease is older than the
# grace period turns Unknown: long, because a loaded machine would lose nodes. Tests that want a
# node to fail say so (Region.fail_node).
NODE_LEASE, NODE_GRACE = 160, 120

# Ways for a test to keep a fake pod from starting or from going: annotations, or an engine image
# whose name says it. Take the annotation away and the pod goes on.
HOLD_START, HOLD_DELETION, NEVER_STARTS = "e2e-hold-start", "e2e-hold-deletion", "never-starts"
HOLDS = {
    "pod-ready": [f'.metadata.annotations["{HOLD_START}"]',
                  f'.spec.containers.[] | select( .image | contains("{NEVER_STARTS}") ) | .name'],
    "pod-delete": [f'.metadata.annotations["{HOLD_DELETION}"]'],
}


@dataclass(frozen=True)
class Component:
    """`argv` may write configuration files; `ready` is asked until it says yes."""

    argv: Callable[[Layout, bool], list]
    ready: Callable[[Layout], bool]
    timeout: float = 60.0


def members(at: Layout) -> tuple:
    return MEMBERS[:at.members]


def member_ports(at: Layout) -> list:
    return [port for one in members(at) for port in (one, f"{one}-peer")]


def _url(at: Layout, port: str) -> str:
    return f"https://{at.host}:{at.port(port)}"


def _etcd(at: Layout, durable: bool, member: str = ETCD) -> list:
    client, peer = _url(at, member), _url(at, f"{member}-peer")
    together = ",".join(f"{one}={_url(at, f'{one}-peer')}" for one in members(at))
    ca, certificate, key = at.pki.certificate("etcd-ca"), at.pki.certificate("etcd"), at.pki.key("etcd")
    return [
        tools.binary(ETCD), f"--name={member}", f"--data-dir={at.folder / member}",
        f"--listen-client-urls={client}", f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}", f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster={together}",
        # A busy machine is to hold no elections.
        *(["--heartbeat-interval=200", "--election-timeout=2000"] if at.members > 1 else []),
        "--client-cert-auth", f"--trusted-ca-file={ca}", f"--cert-file={certificate}",
        f"--key-file={key}",
        "--peer-client-cert-auth", f"--peer-trusted-ca-file={ca}",
        f"--peer-cert-file={certificate}", f"--peer-key-file={key}",
        "--log-level=warn", *([] if durable else ["--unsafe-no-fsync"]),
    ]


def _etcd_ready(at: Layout, member: str = ETCD) -> bool:
    return probe.ok(f"{_url(at, member)}/health", at.pki.certificate("etcd-ca"),
                    at.pki.certificate("etcd-client"), at.pki.key("etcd-client"))


def _member(name: str) -> Component:
    return Component(lambda at, durable: _etcd(at, durable, name),
                     lambda at: _etcd_ready(at, name), 30.0)


def _api(at: Layout, _durable: bool) -> list:
    pki = at.pki
    policy = at.folder / "audit-policy.yaml"
    policy.write_text(yaml.safe_dump(AUDIT_POLICY, sort_keys=False))
    return [
        tools.binary(API), f"--bind-address={at.host}", f"--advertise-address={at.host}",
        f"--secure-port={at.port('api')}", "--endpoint-reconciler-type=none",
        f"--etcd-servers={','.join(_url(at, one) for one in members(at))}",
        f"--etcd-cafile={pki.certificate('etcd-ca')}",
        f"--etcd-certfile={pki.certificate('etcd-client')}",
        f"--etcd-keyfile={pki.key('etcd-client')}",
        f"--tls-cert-file={pki.certificate('apiserver')}",
        f"--tls-private-key-file={pki.key('apiserver')}",
        f"--client-ca-file={pki.certificate('ca')}", "--anonymous-auth=false",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki.folder / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={pki.key('service-accounts')}",
        "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
        "--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction",
        f"--requestheader-client-ca-file={pki.certificate('front-proxy-ca')}",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={pki.certificate('front-proxy-client')}",
        f"--proxy-client-key-file={pki.key('front-proxy-client')}",
        f"--audit-policy-file={policy}", f"--audit-log-path={at.folder / 'log' / 'audit.log'}",
        # 0 writes a plain file that is never rotated away from under a reader.
        "--audit-log-maxsize=0", "--profiling=false", "--shutdown-delay-duration=0s",
    ]


def _api_ready(at: Layout) -> bool:
    return probe.ok(f"{at.server}/readyz", at.pki.certificate("ca"),
                    at.pki.certificate("admin"), at.pki.key("admin"))


def _serving(at: Layout, port: str) -> list:
    return [f"--bind-address={at.host}", f"--secure-port={at.port(port)}",
            f"--tls-cert-file={at.pki.certificate('health')}",
            f"--tls-private-key-file={at.pki.key('health')}",
            f"--authentication-kubeconfig={at.kubeconfig(port)}",
            f"--authorization-kubeconfig={at.kubeconfig(port)}",
            "--authorization-always-allow-paths=/healthz,/readyz,/livez"]


def _controllers(at: Layout, _durable: bool) -> list:
    return [
        tools.binary(CONTROLLERS), f"--kubeconfig={at.kubeconfig('controller-manager')}",
        *_serving(at, "controller-manager"), "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={at.pki.key('service-accounts')}",
        f"--root-ca-file={at.pki.certificate('ca')}",
        f"--requestheader-client-ca-file={at.pki.certificate('front-proxy-ca')}",
        f"--node-monitor-grace-period={NODE_GRACE}s",
        "--horizontal-pod-autoscaler-sync-period=2s",
        "--horizontal-pod-autoscaler-downscale-stabilization=5s",
        "--kube-api-qps=200", "--kube-api-burst=400", "--profiling=false",
    ]


def _scheduler(at: Layout, _durable: bool) -> list:
    config = at.folder / "scheduler.yaml"
    config.write_text(yaml.safe_dump({
        "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
        "leaderElection": {"leaderElect": False},
        "clientConnection": {"kubeconfig": str(at.kubeconfig("scheduler")), "qps": 200, "burst": 400},
    }, sort_keys=False))
    return [tools.binary(SCHEDULER), f"--config={config}", *_serving(at, "scheduler")]


def _healthz(port: str) -> Callable[[Layout], bool]:
    return lambda at: probe.ok(f"https://{at.host}:{at.port(port)}/healthz", at.pki.certificate("ca"))


def _stages() -> list:
    """kwok's own stages, which leave alone what HOLDS names."""
    stages = documents.load_all(tools.kwok_stages().read_text())
    for stage in stages:
        expressions = stage["spec"].setdefault("selector", {}).setdefault("matchExpressions", [])
        expressions += [{"key": key, "operator": "DoesNotExist"}
                        for key in HOLDS.get(stage["metadata"]["name"], [])]
    return stages


def _kwok(at: Layout, _durable: bool) -> list:
    config = at.folder / "kwok.yaml"
    options = {"nodeLeaseParallelism": 16, "nodePlayStageParallelism": 16,
               "podPlayStageParallelism": 16}
    settings = {"apiVersion": "config.kwok.x-k8s.io/v1alpha1", "kind": "KwokConfiguration",
                "options": options}
    config.write_text(yaml.safe_dump_all([settings, *_stages()], sort_keys=False))
    return [
        tools.binary(KWOK), f"--kubeconfig={at.kubeconfig('kwok')}",
        f"--config={config}", f"--server-address={at.host}:{at.port('kwok')}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
        f"--node-lease-duration-seconds={NODE_LEASE}",
    ]


COMPONENTS = {
    **{name: _member(name) for name in MEMBERS},
    API: Component(_api, _api_ready, 120.0),
    CONTROLLERS: Component(_controllers, _healthz("controller-manager")),
    SCHEDULER: Component(_scheduler, _healthz("scheduler")),
    KWOK: Component(_kwok, lambda at: probe.ok(f"http://{at.host}:{at.port('kwok')}/healthz")),
}
