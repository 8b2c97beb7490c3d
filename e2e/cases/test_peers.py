"""What a region lets its peers read, and its heartbeat, on a real API server."""
import base64
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from kit import kubectl, objects
from kit.case import CLASSES
from kit.wait import eventually
from lib import kubeconfig
from lib.api import Api

SYSTEM = "bailiwick-system"
ACCOUNT = "bailiwick-peer-zrh"
KINDS = ("modeldeployments", "modelpassports", "sovereigntypolicies", "regions", "exitorders")
READ = ("get", "list", "watch")
VERBS = (*READ, "create", "update", "patch", "delete", "deletecollection", "bind", "escalate",
         "impersonate", "approve", "sign", "use")
# What RBAC gives every authenticated user.
EVERYBODY = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews",
             "clustertrustbundles"}
HEARTBEAT = f"/apis/coordination.k8s.io/v1/namespaces/{SYSTEM}/leases/bailiwick-region-joined"


@pytest.fixture(scope="module")
def region(starter):
    one = starter.region("joined", objects.region("joined", CLASSES))
    one.start_operator()
    return one


def join(region, *arguments) -> str:
    ran = kubectl.bailiwick(region.admin_kubeconfig, "join", "zrh", "--region", region.name, *arguments)
    assert ran.code == 0, ran.err
    return ran.out


@pytest.fixture(scope="module")
def joined(region):
    region.apply(list(yaml.safe_load_all(join(region))))
    return region


def served(api) -> set:
    groups = {(group["name"], version["groupVersion"])
              for group in api.get("/apis")["groups"] for version in group["versions"]}
    return {("", entry["name"]) for entry in api.get("/api/v1")["resources"]} | {
        (group, entry["name"]) for group, version in groups
        for entry in api.get(f"/apis/{version}")["resources"]}


def may(api, namespace: str, group: str, resource: str, name: str, verb: str) -> bool:
    plain, _, subresource = resource.partition("/")
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
              "spec": {"user": f"system:serviceaccount:{SYSTEM}:{ACCOUNT}",
                       "groups": ["system:serviceaccounts", "system:authenticated",
                                  f"system:serviceaccounts:{SYSTEM}"],
                       "resourceAttributes": {
                           "namespace": namespace, "group": group, "resource": plain,
                           "subresource": subresource, "name": name, "verb": verb}}}
    return api.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews",
                       review)["status"]["allowed"]


def test_a_peer_may_do_what_it_is_for_and_nothing_else(joined):
    """Every verb on everything that the API server serves, in a tenant's namespace and in ours."""
    asked = [(where, group, resource, verb) for where in ("team", SYSTEM)
             for (group, resource), verb in itertools.product(sorted(served(joined.api)), VERBS)
             if resource not in EVERYBODY]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda a: may(joined.api, a[0], a[1], a[2], "", a[3]), asked))
    granted = {one for one, yes in zip(asked, answers) if yes}
    assert granted == {(where, "bailiwick.dev", kind, verb) for where in ("team", SYSTEM)
                       for kind in KINDS for verb in READ}
    lease = [("coordination.k8s.io", "leases", "bailiwick-region-joined", verb) for verb in VERBS]
    assert [one[3] for one in lease if may(joined.api, SYSTEM, *one)] == list(READ)
    assert not may(joined.api, SYSTEM, "coordination.k8s.io", "leases", "bailiwick-operator", "get")
    tokens = [(ACCOUNT, "create"), ("bailiwick", "create"), (ACCOUNT, "get"), ("default", "create")]
    assert [one for one in tokens
            if may(joined.api, SYSTEM, "", "serviceaccounts/token", *one)] == [(ACCOUNT, "create")]


def test_the_token_reads_and_renews_itself(joined, tmp_path):
    secret, region = yaml.safe_load_all(join(joined, "--credential", "--server", joined.server))
    assert secret["metadata"]["name"] == "peer-joined"
    assert region["spec"]["access"]["server"] == joined.server
    token = base64.b64decode(secret["data"]["token"]).decode()
    peer = Api(joined.layout.write_kubeconfig("peer", kubeconfig.token_user(token)))
    for kind in KINDS:
        assert peer.raw("GET", f"/apis/bailiwick.dev/v1alpha1/{kind}")[0] == 200
    assert peer.raw("GET", HEARTBEAT)[0] == 200
    assert peer.raw("GET", f"/api/v1/namespaces/{SYSTEM}/secrets")[0] == 403
    path = f"/api/v1/namespaces/{SYSTEM}/serviceaccounts/{ACCOUNT}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600}}
    code, text = peer.raw("POST", path, body)
    assert code == 201 and json.loads(text)["status"]["token"]


def test_the_heartbeat_is_renewed_twice_a_second(region):
    def beats() -> bool:
        first = region.api.get(HEARTBEAT)["spec"]["renewTime"]
        time.sleep(1.0)
        return region.api.get(HEARTBEAT)["spec"]["renewTime"] != first
    eventually(beats, "the heartbeat changes", 60)
    seen, end = set(), time.monotonic() + 10
    while time.monotonic() < end:
        seen.add(region.api.get(HEARTBEAT)["spec"]["renewTime"])
        time.sleep(0.1)
    assert len(seen) >= 10, f"{len(seen)} heartbeats in 10 s"
