"""Everything that the chart grants, and why. The chart and this table hold exactly the same."""
from dataclasses import dataclass

BAILIWICK, RBAC = "bailiwick.dev", "rbac.authorization.k8s.io"
WATCH = ("list", "watch")
APPLY = ("get", *WATCH, "create", "patch")


@dataclass(frozen=True)
class Row:
    """One resource in one role: its kind, and what follows the release's name in its own. So does
    a name that begins with a dash."""

    role: tuple
    group: str
    resource: str
    verbs: tuple
    reason: str
    names: tuple = ("",)


CLUSTER, OWN = ("ClusterRole", ""), ("Role", "")
# The heartbeat's name ends with that of the region: this one by default.
HEARTBEAT = "bailiwick-region-local"
ADDRESSES, FLEET = ("Role", "-apiserver-addresses"), ("Role", "-fleet")
VIEW, EDIT = ("ClusterRole", "-view"), ("ClusterRole", "-edit")

OPERATOR = (
    Row(CLUSTER, BAILIWICK, "modeldeployments", WATCH, "what to serve"),
    Row(CLUSTER, BAILIWICK, "modeldeployments", ("get", "create", "patch", "delete"),
        "copies of peers' originals, and who owns their fields; the finalizer of originals"),
    Row(CLUSTER, "", "namespaces", WATCH, "where copies may go"),
    Row(CLUSTER, BAILIWICK, "modelpassports", (*WATCH, "patch"),
        "what a model is; the finalizer of one that is in use"),
    Row(CLUSTER, BAILIWICK, "sovereigntypolicies", WATCH, "what may run here"),
    Row(CLUSTER, BAILIWICK, "exitorders", (*WATCH, "create"),
        "what is to leave; a policy with enforcement Exit orders it"),
    Row(CLUSTER, BAILIWICK, "regions", ("get", *WATCH),
        "where this cluster is; what was deleted here, before a copy is made"),
    Row(CLUSTER, BAILIWICK, "exitorders", ("get", "patch"),
        "what to leave; the API server's clock; the finalizer that lets its end be recorded"),
    Row(CLUSTER, BAILIWICK, "exitorders/status", ("patch",), "how far an exit has come"),
    Row(CLUSTER, "", "persistentvolumeclaims", ("list", "delete"),
        "cached weights of what has left"),
    Row(CLUSTER, "", "persistentvolumes", ("get",), "whether the volumes of these are gone"),
    Row(CLUSTER, BAILIWICK, "modeldeployments/status", ("patch",), "what was found and done"),
    Row(CLUSTER, BAILIWICK, "modelpassports/status", ("patch",), "validity and use"),
    Row(CLUSTER, BAILIWICK, "sovereigntypolicies/status", ("patch",), "what violates it"),
    Row(CLUSTER, BAILIWICK, "regions/status", ("patch",), "pools and health of this region"),
    Row(CLUSTER, "", "namespaces", ("get",), "its uid names the cluster", names=("kube-system",)),
    Row(CLUSTER, "", "nodes", WATCH, "pools: labels, taints, devices"),
    Row(CLUSTER, "", "pods", (*WATCH, "patch", "delete"),
        "devices that are taken; the deletion cost of one's own; one replica of a group"),
    Row(CLUSTER, "node.k8s.io", "runtimeclasses", WATCH, "runtimeClassName only where it exists"),
    Row(CLUSTER, "", "services", (*APPLY, "delete"), "to the sidecars"),
    Row(CLUSTER, "", "configmaps", (*APPLY, "delete"),
        "route tables; and nobody may grant the sidecar what he does not hold"),
    Row(CLUSTER, "", "serviceaccounts", APPLY, "one for the pods of each ModelDeployment"),
    Row(CLUSTER, "apps", "deployments", (*APPLY, "delete"), "engines and gateways"),
    Row(CLUSTER, "leaderworkerset.x-k8s.io", "leaderworkersets", (*APPLY, "delete"),
        "engines that span several nodes"),
    Row(CLUSTER, "policy", "poddisruptionbudgets", APPLY, "one for each ModelDeployment"),
    Row(CLUSTER, "networking.k8s.io", "networkpolicies", APPLY, "least egress of engine pods"),
    Row(CLUSTER, RBAC, "roles", APPLY, "the sidecar watches its own route table"),
    Row(CLUSTER, RBAC, "rolebindings", APPLY, "the sidecar watches its own route table"),
    Row(CLUSTER, "events.k8s.io", "events", ("create", "patch"), "what happened, for people"),
    Row(CLUSTER, "admissionregistration.k8s.io", "validatingwebhookconfigurations",
        ("get", "patch"), "the authority of the certificate that the operator makes for its webhook",
        names=("-webhook",)),
    Row(OWN, "", "secrets", ("get", "patch"), "the webhook's certificate", names=("-webhook",)),
    Row(OWN, "coordination.k8s.io", "leases", ("create",), "leader election"),
    Row(OWN, "coordination.k8s.io", "leases", ("get", "patch"), "leader election",
        names=("bailiwick-operator",)),
    Row(OWN, "", "secrets", ("create",),
        "the webhook's certificate and the key that signs evidence, made when absent"),
    Row(OWN, "", "secrets", ("get",), "the key that signs evidence",
        names=("bailiwick-evidence-key",)),
    Row(FLEET, "coordination.k8s.io", "leases", ("create",), "the heartbeat of the region"),
    Row(FLEET, "coordination.k8s.io", "leases", ("get", "patch"), "the heartbeat of the region",
        names=(HEARTBEAT,)),
    Row(ADDRESSES, "discovery.k8s.io", "endpointslices", WATCH,
        "addresses of the API server, for the egress of engine pods", names=("kubernetes",)),
)
KINDS = ("modeldeployments", "modelpassports", "sovereigntypolicies", "regions", "exitorders")
TENANTS = (
    *(Row(VIEW, BAILIWICK, kind, ("get", *WATCH), "for people; aggregated to ClusterRole view")
      for kind in KINDS),
    Row(EDIT, BAILIWICK, "modeldeployments",
        ("create", "update", "patch", "delete", "deletecollection"),
        "for people; aggregated to ClusterRole edit"),
    Row(EDIT, BAILIWICK, "modeldeployments/scale", ("get", "update", "patch"), "kubectl scale"),
)


def grants(rows) -> set:
    """(role, group, resource, name, verb) for each."""
    return {(row.role, row.group, row.resource, name, verb)
            for row in rows for name in row.names for verb in row.verbs}
