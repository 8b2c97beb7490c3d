"""What the chart makes for a fleet: its Region objects, what peers may read, and the gateway."""
import copy
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
import yaml

from chart_objects import namespace
from chart_release import FULLNAME, NAMESPACE, of_kind
from lib import chart, join
from lib.api import ApiError
from lib.chart import CHART, CLONE
from lib.components import BARE
from lib.region import Region
from test_chart_install import dry_run, restricted  # noqa: F401 (a fixture)
from chart_rbac import KINDS
from test_chart_rbac import EVERYBODY, VERBS, served

HEARTBEATS = "bailiwick-system"
READER = f"{FULLNAME}-peer-zrh"
FLEET = {"region": "fra", "peerReaders": ["iad", "zrh"]}
GATEWAY = {"region": "fra", "gateway": {"enabled": True}}


def named(objects: list, kind: str, name: str) -> dict:
    (found,) = (obj for obj in of_kind(objects, kind) if obj["metadata"]["name"] == name)
    return found


# Peers

def test_each_peer_has_an_account_of_its_own_and_none_is_made_unasked(helm, rendered):
    assert "-peer-" not in str(rendered)
    accounts = {obj["metadata"]["name"] for obj in of_kind(helm.objects(FLEET), "ServiceAccount")}
    assert accounts == {FULLNAME, READER, f"{FULLNAME}-peer-iad"}


def test_join_finds_the_account_of_a_peer_by_a_label(helm):
    """operator/plugin/join_manifests.hpp: of the one RoleBinding where the heartbeats are."""
    bindings = [obj for obj in of_kind(helm.objects(FLEET), "RoleBinding")
                if "bailiwick.dev/peer" in obj["metadata"]["labels"]]
    assert {obj["metadata"]["labels"]["bailiwick.dev/peer"]: (
        obj["metadata"]["namespace"], obj["subjects"][0]["namespace"], obj["subjects"][0]["name"])
        for obj in bindings} == {"zrh": (HEARTBEATS, NAMESPACE, READER),
                                 "iad": (HEARTBEATS, NAMESPACE, f"{FULLNAME}-peer-iad")}


def test_a_region_of_e2e_fleet_may_be_alone_or_have_a_peer(tmp_path):
    fra, zrh = SimpleNamespace(name="fra"), SimpleNamespace(name="zrh")
    accounts = [{obj["metadata"]["name"] for obj in of_kind(
        chart.render("fra", tmp_path, join.values(fra, fleet)), "ServiceAccount")}
        for fleet in ([fra], [fra, zrh])]
    assert accounts[1] - accounts[0] == {f"{chart.RELEASE}-peer-zrh"}


def test_the_credentials_of_peers_are_read_by_name(helm):
    objects = helm.objects({"peerCredentials": ["peer-zrh"]})
    rules = [rule for role in of_kind(objects, "Role") for rule in role["rules"]
             if rule.get("resourceNames") == ["peer-zrh"]]
    assert [(rule["resources"], rule["verbs"]) for rule in rules] == [
        (["secrets"], ["list", "watch", "patch"])]


@pytest.fixture(scope="module")
def reader(helm, region, release, people):
    """What a peer is, to the authorizer."""
    if not region.api.find(f"/api/v1/namespaces/{HEARTBEATS}"):
        region.apply(namespace(HEARTBEATS))
    region.apply([{**obj, "metadata": {"namespace": NAMESPACE, **obj["metadata"]}}
                  if obj["kind"] in ("Role", "RoleBinding", "ServiceAccount") else obj
                  for obj in helm.objects(FLEET) if "-peer-" in obj["metadata"]["name"]])
    user = f"system:serviceaccount:{NAMESPACE}:{READER}"
    groups = ("system:serviceaccounts", f"system:serviceaccounts:{NAMESPACE}",
              "system:authenticated")

    def may(verb: str, group: str, resource: str, name: str = "", where: str = "default") -> bool:
        return people.may(user, where, verb, group, resource, name, groups)

    region.api.wait("a peer may read", lambda _: may("get", "bailiwick.dev", "regions"))
    return may


def test_a_peer_reads_the_five_kinds_and_nothing_else(region, reader):
    """Every verb on everything that the API server serves."""
    asked = [(verb, group, resource) for (group, resource), verb
             in itertools.product(sorted(served(region.api)), VERBS) if resource not in EVERYBODY]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: reader(*one), asked))
    assert {one for one, yes in zip(asked, answers) if yes} == {
        (verb, "bailiwick.dev", kind) for kind in KINDS for verb in ("get", "list", "watch")}


@pytest.mark.parametrize("verb, group, resource, name, where, expected", [
    ("watch", "coordination.k8s.io", "leases", "bailiwick-region-fra", HEARTBEATS, True),
    ("patch", "coordination.k8s.io", "leases", "bailiwick-region-fra", HEARTBEATS, False),
    ("get", "coordination.k8s.io", "leases", "bailiwick-operator", HEARTBEATS, False),
    ("create", "", "serviceaccounts/token", READER, NAMESPACE, True),
    ("create", "", "serviceaccounts/token", FULLNAME, NAMESPACE, False),
    ("create", "", "serviceaccounts/token", f"{FULLNAME}-peer-iad", NAMESPACE, False),
    ("get", "", "namespaces", "kube-system", "kube-system", False),
    ("get", "", "namespaces", "default", "default", False),
    ("get", "", "secrets", "peer-zrh", NAMESPACE, False),
    ("get", "", "pods", "", "default", False),
])
def test_what_a_peer_may_ends_at_its_names(reader, verb, group, resource, name, where, expected):
    assert reader(verb, group, resource, name, where) == expected


# Regions

REGIONS = {"regions": [{"name": "fra", "labels": {"tier": "gold"}, "spec": {
    "provider": "aws", "location": "eu-central-1", "jurisdiction": "DE"}}]}


def test_regions_are_hooks_only_where_their_kind_is_not_known_yet(helm):
    (first,) = of_kind(helm.objects(REGIONS), "Region")
    assert first["metadata"]["annotations"]["helm.sh/hook"] == "post-install,post-upgrade"
    elsewhere = helm.objects({**REGIONS, "crds": {"install": False}})
    (region,) = of_kind(elsewhere, "Region")
    assert region["spec"] == REGIONS["regions"][0]["spec"]
    assert region["metadata"]["labels"]["tier"] == "gold"
    assert region["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_the_api_server_takes_the_regions(helm, region, release):
    (obj,) = of_kind(helm.objects({**REGIONS, "crds": {"install": False}}), "Region")
    dry_run(region.api, obj)


def test_one_install_makes_the_regions_and_an_upgrade_keeps_them(helm, tmp_path):
    """With the CRDs, the policies and the webhook in force, and no operator that could answer yet."""
    region = Region("install", tmp_path / "install", BARE).start()
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump({"region": "fra", **REGIONS}))
    where = (CHART, "--namespace", "bailiwick-system", "--kubeconfig", region.admin_kubeconfig,
             "--values", values)
    fra = "/apis/bailiwick.dev/v1alpha1/regions/fra"
    try:
        helm.run("install", "bailiwick", *where, "--create-namespace")
        made = region.api.get(fra)
        assert made["spec"]["location"] == "eu-central-1"
        helm.run("upgrade", "bailiwick", *where, "--set", "regions[0].spec.cordoned=true")
        after = region.api.get(fra)
        assert after["metadata"]["uid"] == made["metadata"]["uid"]
        assert after["spec"]["cordoned"]
        helm.run("uninstall", "bailiwick", *where[1:-2])
        assert region.api.get(fra)["metadata"]["uid"] == made["metadata"]["uid"]
    finally:
        region.remove()


# Gateway

def test_there_is_no_gateway_unless_asked_for(rendered):
    assert "gateway" not in str([obj for obj in rendered
                                 if obj["kind"] != "CustomResourceDefinition"])


def test_the_operator_is_told_of_its_gateway(helm):
    operator = named(helm.objects(GATEWAY), "Deployment", FULLNAME)
    assert f"--gateway={FULLNAME}-gateway" in operator["spec"]["template"]["spec"]["containers"][0]["args"]


def test_the_gateway_mounts_every_shard_that_the_operator_writes(helm):
    """operator/render/render.hpp says how many there are."""
    header = (CLONE / "operator" / "render" / "render.hpp").read_text()
    shards = int(re.search(r"gatewayShards = (\d+);", header)[1])
    spec = named(helm.objects(GATEWAY), "Deployment", f"{FULLNAME}-gateway")["spec"]
    volumes = {volume["name"]: volume for volume in spec["template"]["spec"]["volumes"]}
    assert [source["configMap"] for source in volumes["routes"]["projected"]["sources"]] == [
        {"name": f"{FULLNAME}-gateway-routes-{shard}", "optional": True} for shard in range(shards)]
    # It starts without: the operator writes them once there is a Region, which may come last.
    assert volumes["config"]["configMap"] == {"name": f"{FULLNAME}-gateway", "optional": True}
    assert volumes["peers"]["configMap"] == {"name": f"{FULLNAME}-gateway-peers", "optional": True}
    assert "--await-config=0.0.0.0:9091" in spec["template"]["spec"]["containers"][0]["args"]
    assert volumes["tls"]["secret"] == {"secretName": f"{FULLNAME}-gateway-tls"}


def test_the_gateway_has_places_for_all_deployments_and_drains_as_long_as_its_pod_may(helm):
    values = {"region": "fra", "gateway": {"enabled": True, "maxInFlight": 1000000, "maxQueued": 0,
                                           "terminationGracePeriodSeconds": 3635}}
    spec = named(helm.objects(values), "Deployment", f"{FULLNAME}-gateway")["spec"]["template"]["spec"]
    assert spec["terminationGracePeriodSeconds"] == 3635
    assert {"--max-in-flight=1000000", "--max-queued=0", "--drain-timeout=3600"} <= set(
        spec["containers"][0]["args"])


def test_restricted_pod_security_admits_the_gateway(helm, restricted):  # noqa: F811
    deployment = named(helm.objects(GATEWAY), "Deployment", f"{FULLNAME}-gateway")
    template = copy.deepcopy(deployment["spec"]["template"])
    template["metadata"].update(name="gateway", namespace="restricted")
    template["spec"]["serviceAccountName"] = "default"
    pod = {"apiVersion": "v1", "kind": "Pod", **template}
    dry_run(restricted, pod)
    del pod["spec"]["containers"][0]["securityContext"]["capabilities"]
    with pytest.raises(ApiError, match="violates PodSecurity"):
        dry_run(restricted, pod)


def test_everything_of_the_gateway_selects_its_pods_and_not_the_operators(helm):
    objects = helm.objects(GATEWAY)
    ours = named(objects, "Deployment", f"{FULLNAME}-gateway")["spec"]["template"]["metadata"]["labels"]
    operators = named(objects, "Deployment", FULLNAME)["spec"]["template"]["metadata"]["labels"]
    selectors = [named(objects, "Service", f"{FULLNAME}-gateway")["spec"]["selector"],
                 named(objects, "Service", f"{FULLNAME}-gateway-peers")["spec"]["selector"],
                 named(objects, "PodDisruptionBudget", f"{FULLNAME}-gateway")["spec"]["selector"]["matchLabels"],
                 named(objects, "NetworkPolicy", f"{FULLNAME}-gateway")["spec"]["podSelector"]["matchLabels"]]
    for selector in selectors:
        assert selector.items() <= ours.items() and not selector.items() <= operators.items()


def test_pods_of_others_do_not_reach_the_listener_for_pods(helm):
    policy = named(helm.objects(GATEWAY), "NetworkPolicy", f"{FULLNAME}-gateway")["spec"]
    of_pods = next(rule for rule in policy["ingress"] if rule["ports"][0]["port"] == "pods")
    managed, operator = of_pods["from"]
    assert managed == {"namespaceSelector": {}, "podSelector": {
        "matchLabels": {"app.kubernetes.io/managed-by": "bailiwick"}}}
    assert operator["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "operator"
    assert "namespaceSelector" not in operator
    blocks = [to["ipBlock"] for to in policy["egress"][-1]["to"]]
    assert all("169.254.0.0/16" in block["except"] or block["cidr"] == "::/0" for block in blocks)
    values = {"gateway": {"enabled": True, "peers": {"cidrs": ["198.51.100.0/24"]}}}
    narrow = named(helm.objects(values), "NetworkPolicy", f"{FULLNAME}-gateway")["spec"]
    assert narrow["egress"][-1]["to"] == [{"ipBlock": {"cidr": "198.51.100.0/24"}}]


def test_cert_manager_makes_a_certificate_that_names_the_region(helm):
    issuer = {"name": "ca", "kind": "ClusterIssuer"}
    values = {"region": "fra", "gateway": {"enabled": True, "certificate": {
        "certManager": {"enabled": True, "issuerRef": issuer}}}}
    spec = named(helm.objects(values), "Certificate", f"{FULLNAME}-gateway")["spec"]
    assert spec["uris"] == ["bailiwick://region/fra"]
    assert spec["dnsNames"] == ["fra.bailiwick", f"{FULLNAME}-gateway.{NAMESPACE}.svc"]
    assert spec["secretName"] == f"{FULLNAME}-gateway-tls" and spec["issuerRef"] == issuer
    assert of_kind(helm.objects(GATEWAY), "Certificate") == []


@pytest.mark.parametrize("values, message", [
    ({"gateway": {"enable": True}}, "enable"),
    ({"gateway": {"service": {"type": "ExternalName"}}}, "type"),
    ({"gateway": {"certificate": {"issuer": {}}}}, "issuer"),
    ({"gateway": {"peers": {"ports": []}}}, "ports"),
    ({"peerReaders": ["Zrh"]}, "peerReaders"),
    ({"peerCredentials": ["a/b"]}, "peerCredentials"),
    ({"regions": [{"name": "fra"}]}, "spec"),
    ({"regions": [{"name": "fra", "spec": {}, "kind": "Region"}]}, "kind"),
])
def test_the_schema_refuses_a_typo(helm, values, message):
    done = helm.run("template", "a", CHART, values=values, check=False)
    assert done.returncode != 0 and message in done.stderr


def test_it_renders_the_same_every_time(helm):
    values = {**FLEET, **GATEWAY, **REGIONS}
    assert helm.template(values) == helm.template(values)
    assert "PRIVATE KEY" not in helm.template(values)
