"""Users of the cluster, each with a client certificate, and what RBAC gives them."""
from lib import kubeconfig
from lib.api import Api
from lib.pki import Leaf

from chart_release import FULLNAME, NAMESPACE

RBAC = "rbac.authorization.k8s.io"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"


class People:
    """A user exists once asked for; his rights are added to."""

    def __init__(self, region):
        self._region = region
        self._known = {}

    def user(self, name: str, group: str = "") -> Api:
        if name not in self._known:
            file = name.replace(":", "-")
            pki = self._region.layout.pki
            pki.leaf(Leaf(file, "ca", name, group))
            path = self._region.layout.write_kubeconfig(
                file, kubeconfig.certificate_user(pki.certificate(file), pki.key(file)))
            self._known[name] = Api(path)
        return self._known[name]

    def operator(self) -> Api:
        """With a token of the chart's ServiceAccount."""
        if "operator" not in self._known:
            token = self._region.kubectl("create", "token", FULLNAME, "-n", NAMESPACE).strip()
            self._known["operator"] = Api(
                self._region.layout.write_kubeconfig("operator", kubeconfig.token_user(token)))
        return self._known["operator"]

    def editor(self, name: str, namespace: str) -> Api:
        """An ordinary namespace editor."""
        self.bind(name, namespace, "ClusterRole", "edit")
        return self.user(name)

    def writer(self, name: str, namespace: str, *rules: tuple) -> Api:
        """Somebody who may write ModelDeployments, and what (resource, name, verb) say."""
        self.bind(name, namespace, "ClusterRole", f"{FULLNAME}-edit")
        self.bind(name, namespace, "ClusterRole", f"{FULLNAME}-view")
        if rules:
            self._region.apply({
                "apiVersion": f"{RBAC}/v1", "kind": "Role",
                "metadata": {"name": name, "namespace": namespace},
                "rules": [{"apiGroups": [""], "resources": [resource], "resourceNames": [one],
                           "verbs": [verb]} for resource, one, verb in rules]})
            self.bind(name, namespace, "Role", name)
        return self.user(name)

    def lws_editor(self, name: str, namespace: str) -> Api:
        """An editor who may write LeaderWorkerSets too."""
        self._region.apply({"apiVersion": f"{RBAC}/v1", "kind": "Role",
                            "metadata": {"name": "lws", "namespace": namespace},
                            "rules": [{"apiGroups": ["leaderworkerset.x-k8s.io"],
                                       "resources": ["leaderworkersets"],
                                       "verbs": ["create", "get", "patch", "delete"]}]})
        self.bind(name, namespace, "Role", "lws")
        return self.editor(name, namespace)

    def bind(self, user: str, namespace: str, kind: str, role: str) -> None:
        """Returns when the API server acts on it."""
        self._region.apply({
            "apiVersion": f"{RBAC}/v1", "kind": "RoleBinding",
            "metadata": {"name": f"{user}-{role}", "namespace": namespace},
            "roleRef": {"apiGroup": RBAC, "kind": kind, "name": role},
            "subjects": [{"apiGroup": RBAC, "kind": "User", "name": user}]})
        where = f"namespaces/{namespace}/" if kind == "Role" else ""
        self._region.api.wait(f"{user} has {kind} {role}", lambda api: all(
            self._allows(user, namespace, rule)
            for rule in api.get(f"/apis/{RBAC}/v1/{where}{kind.lower()}s/{role}")["rules"]))

    def _allows(self, user: str, namespace: str, rule: dict) -> bool:
        return self.may(user, namespace, rule["verbs"][0], rule["apiGroups"][0],
                        rule["resources"][0], rule.get("resourceNames", [""])[0])

    def may(self, user: str, namespace: str, verb: str, group: str, resource: str, name: str = "",
            groups: tuple = ()) -> bool:
        """What the authorizer says; `resource` as in a rule, with its subresource."""
        kind, _, subresource = resource.partition("/")
        review = self._region.api.request("POST", REVIEWS, {
            "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
            "spec": {"user": user, "groups": list(groups), "resourceAttributes": {
                "namespace": namespace, "verb": verb, "group": group, "resource": kind,
                "subresource": subresource, "name": name}}})
        return review["status"]["allowed"]
