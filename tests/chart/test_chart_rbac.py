"""The operator may do what it does and nothing else."""
import itertools
from concurrent.futures import ThreadPoolExecutor

import pytest

import chart_audit
import chart_rbac
from chart_objects import MANAGED_BY, namespace
from chart_release import FULLNAME, NAMESPACE, OPERATOR, of_kind
from lib.api import ApiError

WHERE = "rbac"
RBAC = "rbac.authorization.k8s.io"
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "bind",
         "escalate", "impersonate", "approve", "sign", "use")
# What RBAC gives every authenticated user.
EVERYBODY = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews",
             "clustertrustbundles"}


def roles(rendered: list) -> list:
    return of_kind(rendered, "ClusterRole") + of_kind(rendered, "Role")


def suffix(name: str) -> str:
    return name.removeprefix(FULLNAME)


def in_chart(rendered: list) -> list:
    """Every grant, as often as it is written."""
    return [((role["kind"], role["metadata"]["name"].removeprefix(FULLNAME)), *grant)
            for role in roles(rendered) for rule in role["rules"]
            for grant in itertools.product(rule["apiGroups"], rule["resources"],
                                           map(suffix, rule.get("resourceNames", [""])),
                                           rule["verbs"])]


def test_every_grant_has_a_reason_and_every_reason_a_grant(rendered):
    table = chart_rbac.grants(chart_rbac.OPERATOR + chart_rbac.TENANTS)
    assert set(in_chart(rendered)) == table


def test_nothing_is_granted_twice(rendered):
    written = in_chart(rendered)
    assert sorted(set(written)) == sorted(written)


def test_no_wildcard_no_escalation_no_secrets_but_its_own(rendered):
    for role, group, resource, name, verb in in_chart(rendered):
        assert "*" not in group + resource + name + verb
        assert verb not in ("escalate", "bind", "impersonate")
        assert resource != "serviceaccounts/token"
        # Its webhook's certificate and the key of evidence, in its own namespace; no name can be
        # given for create.
        own = role == chart_rbac.OWN and (
            name == "-webhook" or verb == "create" or (name, verb) == ("bailiwick-evidence-key", "get"))
        assert not resource.startswith("secrets") or own
    for role in roles(rendered):
        assert all("nonResourceURLs" not in rule for rule in role["rules"])
        assert "aggregationRule" not in role


def test_only_the_operator_is_bound(rendered):
    account = {"kind": "ServiceAccount", "name": FULLNAME, "namespace": NAMESPACE}
    bound = of_kind(rendered, "ClusterRoleBinding") + of_kind(rendered, "RoleBinding")
    assert {tuple(binding["roleRef"].values())[1:] for binding in bound} == {
        role for role in ((row.role[0], FULLNAME + row.role[1]) for row in chart_rbac.OPERATOR)}
    for binding in bound:
        assert binding["subjects"] == [account]
        same = [role for role in roles(rendered) if role["kind"] == binding["roleRef"]["kind"]
                and role["metadata"]["name"] == binding["roleRef"]["name"]]
        assert len(same) == 1
        assert same[0]["metadata"].get("namespace") == binding["metadata"].get("namespace")


# Against the API server

@pytest.fixture(scope="module")
def operator(region, people):
    region.apply(namespace(WHERE))
    return people.operator()


def served(api) -> set:
    """(group, resource) of everything the API server serves, subresources included."""
    groups = {(group["name"], version["groupVersion"])
              for group in api.get("/apis")["groups"] for version in group["versions"]}
    return {("", entry["name"]) for entry in api.get("/api/v1")["resources"]} | {
        (group, entry["name"]) for group, version in groups
        for entry in api.get(f"/apis/{version}")["resources"]}


def allowed(people, where: str, group: str, resource: str, name: str, verb: str) -> bool:
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}",
              "system:authenticated")
    return people.may(OPERATOR, where, verb, group, resource, name, groups)


def test_what_is_not_granted_is_refused(region, people, operator):
    """Every verb on everything that the API server serves, in a tenant's namespace."""
    granted = {(group, resource, verb) for role, group, resource, name, verb
               in chart_rbac.grants(chart_rbac.OPERATOR) if role == chart_rbac.CLUSTER and not name}
    asked = [(group, resource, verb) for (group, resource), verb
             in itertools.product(sorted(served(region.api)), VERBS) if resource not in EVERYBODY]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(
            lambda one: allowed(people, WHERE, one[0], one[1], "", one[2]), asked))
    assert {one for one, yes in zip(asked, answers) if yes} == granted & set(asked)


@pytest.mark.parametrize("where, group, resource, name, verb, expected", [
    (NAMESPACE, "coordination.k8s.io", "leases", "", "create", True),
    (NAMESPACE, "coordination.k8s.io", "leases", "bailiwick-operator", "patch", True),
    (NAMESPACE, "coordination.k8s.io", "leases", "another", "patch", False),
    (NAMESPACE, "coordination.k8s.io", "leases", "bailiwick-operator", "delete", False),
    (WHERE, "coordination.k8s.io", "leases", "", "create", False),
    ("default", "discovery.k8s.io", "endpointslices", "kubernetes", "get", False),
    ("default", "discovery.k8s.io", "endpointslices", "kubernetes", "watch", True),
    ("default", "discovery.k8s.io", "endpointslices", "kubernetes", "patch", False),
    ("default", "discovery.k8s.io", "endpointslices", "", "list", False),
    (WHERE, "discovery.k8s.io", "endpointslices", "kubernetes", "get", False),
    ("kube-system", "", "namespaces", "kube-system", "get", True),
    (WHERE, "", "namespaces", WHERE, "get", False),
    (NAMESPACE, "", "secrets", "", "get", False),
    (NAMESPACE, "", "secrets", "", "create", True),
    (NAMESPACE, "", "secrets", "bailiwick-evidence-key", "get", True),
    (NAMESPACE, "", "secrets", "bailiwick-evidence-key", "patch", False),
    (NAMESPACE, "", "secrets", "another", "get", False),
    (WHERE, "", "secrets", "", "create", False),
    (WHERE, "", "secrets", "bailiwick-evidence-key", "get", False),
    (NAMESPACE, "", "secrets", f"{FULLNAME}-webhook", "get", True),
    (NAMESPACE, "", "secrets", f"{FULLNAME}-webhook", "delete", False),
    (NAMESPACE, "", "secrets", "another", "patch", False),
    ("", "admissionregistration.k8s.io", "validatingwebhookconfigurations", f"{FULLNAME}-webhook",
     "patch", True),
    ("", "admissionregistration.k8s.io", "validatingwebhookconfigurations", "another", "patch",
     False),
    ("kube-system", "", "secrets", "", "list", False),
])
def test_namespaced_grants_end_at_their_names(people, operator, where, group, resource, name, verb,
                                              expected):
    assert allowed(people, where, group, resource, name, verb) == expected


SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"


@pytest.mark.parametrize("query", ["", "watch=1&timeoutSeconds=1&"])
def test_the_addresses_of_the_api_server_are_listed_and_watched_by_name(operator, query):
    operator.get(f"{SLICES}?{query}fieldSelector=metadata.name%3Dkubernetes")
    for other in ("", "fieldSelector=metadata.name%3Dother"):
        with pytest.raises(ApiError, match="cannot (list|watch) resource"):
            operator.get(f"{SLICES}?{query}{other}")


def meta(name: str) -> dict:
    return {"name": name, "namespace": WHERE, "labels": {MANAGED_BY: "bailiwick"}}


def role(name: str, *rules: dict) -> dict:
    return {"apiVersion": f"{RBAC}/v1", "kind": "Role", "metadata": meta(name),
            "rules": list(rules)}


def binding(name: str, kind: str, to: str) -> dict:
    return {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": meta(name),
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": to},
            "subjects": [{"kind": "ServiceAccount", "name": "assistant", "namespace": WHERE}]}


NOT_HELD = "attempting to grant RBAC permissions not currently held"


def test_gives_a_sidecar_its_route_table_and_nothing_more(operator):
    """Kubernetes lets nobody grant what he does not hold."""
    routes = {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["assistant-routes"],
              "verbs": ["get", "list", "watch"]}
    operator.apply(role("assistant", routes), "bailiwick-operator")
    operator.apply(binding("assistant", "Role", "assistant"), "bailiwick-operator")
    secrets = {**routes, "resources": ["secrets"]}
    updates = {**routes, "verbs": ["update"]}
    for rule in (secrets, updates):
        with pytest.raises(ApiError, match=NOT_HELD):
            operator.apply(role("more", rule), "bailiwick-operator")
    with pytest.raises(ApiError, match=NOT_HELD):
        operator.apply(binding("more", "ClusterRole", "edit"), "bailiwick-operator")


@pytest.mark.parametrize("name, may, may_not", [
    ("view", [("list", "modeldeployments")], [("create", "modeldeployments"),
                                              ("get", "modeldeployments/scale")]),
    ("edit", [("create", "modeldeployments"), ("patch", "modeldeployments/scale")],
     [("patch", "modeldeployments/status"), ("create", "modelpassports"),
      ("create", "exitorders")]),
    ("admin", [("deletecollection", "modeldeployments"), ("watch", "modeldeployments")],
     [("patch", "modeldeployments/status"), ("create", "sovereigntypolicies"),
      ("patch", "regions")]),
])
def test_people_get_their_rights_by_aggregation(people, operator, name, may, may_not):
    people.bind(f"has-{name}", WHERE, "ClusterRole", name)
    for expected, pairs in ((True, may), (False, may_not)):
        for verb, resource in pairs:
            assert expected == people.may(f"has-{name}", WHERE, verb, "bailiwick.dev", resource)


def test_the_audit_log_tells_which_grants_were_used(region, operator):
    """An apply that makes its object uses create as well; a refusal is told from a use."""
    mark = region.audit_mark()
    operator.apply({"apiVersion": "v1", "kind": "Service", "metadata": meta("audited"),
                    "spec": {"ports": [{"port": 80}]}}, "bailiwick-operator")
    with pytest.raises(ApiError, match="cannot list resource"):
        operator.get("/api/v1/secrets")
    operator.get("/api/v1/namespaces/kube-system")
    used, denied = region.api.wait("the audit log", lambda _: complete(region, mark))
    services = {(chart_rbac.CLUSTER, "", "services", "", verb) for verb in ("patch", "create")}
    assert used == services | {(chart_rbac.CLUSTER, "", "namespaces", "kube-system", "get")}
    assert denied == {("list", "", "secrets", "", "")}


def complete(region, mark: int):
    used, denied = chart_audit.compare(region.audit(mark), OPERATOR)
    return (used, denied) if len(used) == 3 and denied else None
