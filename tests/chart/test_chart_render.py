"""What `helm template` gives, without a cluster."""
import copy
import re

import pytest
import yaml

from chart_release import FULLNAME, NAMESPACE, of_kind
from lib import documents
from lib.chart import CHART, CRDS

KEEP = "helm.sh/resource-policy"


def only(objects: list, kind: str) -> dict:
    (found,) = of_kind(objects, kind)
    return found


def container(objects: list) -> dict:
    (found,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
    return found


def test_lint_is_clean(helm):
    done = helm.run("lint", "--strict", CHART)
    assert "WARNING" not in done.stdout + done.stderr and "ERROR" not in done.stdout + done.stderr


def test_renders_the_same_every_time_and_without_a_word(helm):
    first, second = (helm.run("template", "a", CHART) for _ in range(2))
    assert first.stdout == second.stdout
    assert first.stderr == ""


def test_the_crds_are_those_of_the_repository(rendered):
    """After a change: cp crds/*.yaml charts/bailiwick/files/crds/"""
    copies = {path.name: path.read_bytes() for path in (CHART / "files" / "crds").iterdir()}
    assert copies == {path.name: path.read_bytes() for path in CRDS.glob("*.yaml")}
    crds = copy.deepcopy(of_kind(rendered, "CustomResourceDefinition"))
    assert len(crds) == 5
    for crd in crds:
        assert crd["metadata"].pop("annotations") == {KEEP: "keep"}
    by_name = {crd["metadata"]["name"]: crd for crd in crds}
    for path in CRDS.glob("*.yaml"):
        crd = documents.load(path.read_text())
        assert by_name[crd["metadata"]["name"]] == crd


def test_the_crds_can_be_left_out(helm):
    assert not of_kind(helm.objects({"crds": {"install": False}}), "CustomResourceDefinition")


@pytest.mark.parametrize("values, message", [
    ({"regoin": "fra"}, "regoin"),
    ({"image": {"repo": "x"}}, "repo"),
    ({"policies": {"podMetadata": {"allowed": []}}}, "allowed"),
    ({"policies": {"trusted": {"users": ['a"]||true||["b']}}}, "users"),
    ({"networkPolicy": {"metrics": []}}, "metrics"),
    ({"region": "Fra_1"}, "region"),
    ({"region": ""}, "region"),
    ({"replicas": 0}, "replicas"),
    ({"image": {"digest": "sha256:abc"}}, "digest"),
    ({"catalog": {"../x.yaml": ""}}, "../x.yaml"),
    ({"catalog": {"vendors.yaml": {"a": 1}}}, "catalog"),
    ({"resources": {"limits": None}}, "limits"),
    ({"runAsUser": 0}, "runAsUser"),
])
def test_the_schema_refuses_a_typo(helm, values, message):
    done = helm.run("template", "a", CHART, values=values, check=False)
    assert done.returncode != 0
    assert "values don't meet the specifications of the schema" in done.stderr
    assert message in done.stderr


def schema_gaps(schema: dict, path: str = "") -> list:
    """Objects with named fields that admit others as well."""
    open_ended = "properties" in schema and schema.get("additionalProperties") is not False
    gaps = [path] if open_ended else []
    for key, child in schema.get("properties", {}).items():
        gaps += schema_gaps(child, f"{path}.{key}")
    return gaps


def test_every_value_is_in_the_schema_and_has_a_default(helm):
    schema = documents.load((CHART / "values.schema.json").read_text())
    values = documents.load((CHART / "values.yaml").read_text())
    assert schema_gaps(schema) == []
    assert schema["properties"].keys() - values.keys() == {"global"}
    helm.objects(values)


def test_no_value_is_dead():
    """Every value in values.yaml is read by some template."""
    text = "\n".join(path.read_text() for path in (CHART / "templates").iterdir())
    values = documents.load((CHART / "values.yaml").read_text())
    unread = [path for path in value_paths(values) if not re.search(rf"\.Values{path}\b", text)]
    # These two images go through the helper bailiwick.image.
    assert [path for path in unread if not path.startswith((".image.", ".sidecarImage."))] == []


def value_paths(values: dict, path: str = "") -> list:
    found = []
    for key, child in values.items():
        deeper = isinstance(child, dict) and child and key not in ("resources",)
        found += value_paths(child, f"{path}.{key}") if deeper else [f"{path}.{key}"]
    return found


def test_the_deployment_takes_the_arguments_of_the_contract(rendered):
    assert container(rendered)["args"] == [
        "--region=local", f"--namespace={NAMESPACE}",
        "--sidecar-image=registry.invalid/bailiwick-engine-sidecar:0.1.0",
        "--listen-metrics=:8080", "--listen-health=:8081", "--leader-elect", "--log-format=json",
        "--listen-webhook=:9443", f"--webhook-name={FULLNAME}-webhook"]
    assert only(rendered, "Deployment")["spec"]["replicas"] == 2


def test_the_operator_knows_the_allowed_prefixes_as_well(helm):
    allowed = {"allowedPrefixes": ["a.example", "b.example"]}
    objects = helm.objects({"policies": {"podMetadata": allowed}})
    assert container(objects)["args"][-2:] == ["--pod-metadata-prefix=a.example",
                                               "--pod-metadata-prefix=b.example"]


def test_probes_limits_and_security(rendered):
    one, pod = container(rendered), only(rendered, "Deployment")["spec"]["template"]["spec"]
    assert one["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "health"}
    assert one["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
    assert set(one["resources"]) == {"requests", "limits"}
    assert one["securityContext"] == {"allowPrivilegeEscalation": False,
                                      "readOnlyRootFilesystem": True,
                                      "capabilities": {"drop": ["ALL"]}}
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is True
    assert only(rendered, "ServiceAccount")["automountServiceAccountToken"] is False


def test_everything_selects_the_operators_pods_and_no_others(rendered):
    labels = only(rendered, "Deployment")["spec"]["template"]["metadata"]["labels"]
    selectors = [*(service["spec"]["selector"] for service in of_kind(rendered, "Service")),
                 *(only(rendered, kind)["spec"][field]["matchLabels"] for kind, field in (
                     ("Deployment", "selector"), ("PodDisruptionBudget", "selector"),
                     ("NetworkPolicy", "podSelector"))),
                 *(one["labelSelector"]["matchLabels"] for one in only(rendered, "Deployment")
                   ["spec"]["template"]["spec"]["topologySpreadConstraints"])]
    assert all(selector.items() <= labels.items() for selector in selectors)
    assert all("app.kubernetes.io/instance" in selector for selector in selectors)
    assert all(obj["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
               for obj in rendered if obj["kind"] != "CustomResourceDefinition")


def test_extra_catalogue_entries_are_mounted_and_roll_the_pods(helm, rendered):
    files = {"vendors.yaml": "vendors: []\n"}
    objects = helm.objects({"catalog": files})
    assert only(objects, "ConfigMap")["data"] == files
    assert "--catalog=/etc/bailiwick/catalog" in container(objects)["args"]
    assert container(objects)["volumeMounts"] == [
        {"name": "catalog", "mountPath": "/etc/bailiwick/catalog", "readOnly": True}]
    changed = helm.objects({"catalog": {"vendors.yaml": "vendors: [x]\n"}})
    first, second = (only(each, "Deployment")["spec"]["template"]["metadata"]["annotations"]
                     for each in (objects, changed))
    assert first != second
    assert not of_kind(rendered, "ConfigMap")


def test_images_by_digest_and_by_tag(helm):
    digest = "sha256:" + "a" * 64
    objects = helm.objects({
        "image": {"repository": "registry.example/b", "tag": "x", "digest": digest},
        "sidecarImage": {"repository": "registry.example/s", "tag": "1.2"}})
    assert container(objects)["image"] == f"registry.example/b@{digest}"
    assert "--sidecar-image=registry.example/s:1.2" in container(objects)["args"]


def test_the_network_policy_lets_out_to_the_api_server_only(helm, rendered):
    spec = only(rendered, "NetworkPolicy")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    ports = [{"protocol": "TCP", "port": port} for port in (443, 6443)]
    assert spec["egress"] == [{"ports": ports}]
    values = {"networkPolicy": {"apiServerCIDRs": ["10.0.0.1/32"], "metricsFrom": []}}
    narrow = only(helm.objects(values), "NetworkPolicy")["spec"]
    assert narrow["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.0.0.1/32"}}]
    assert [rule["ports"][0]["port"] for rule in narrow["ingress"]] == ["health", "webhook"]


def test_the_names_of_peers_are_looked_up(helm):
    """Of their API servers, in Region objects: where there are credentials for any."""
    spec = only(helm.objects({"peerCredentials": ["fra-peer"]}), "NetworkPolicy")["spec"]
    dns, = [rule for rule in spec["egress"] if {"protocol": "UDP", "port": 53} in rule["ports"]]
    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in dns["to"]
    assert len(spec["egress"]) == 2


def test_with_a_gateway_the_operator_reaches_that_one_as_well(helm):
    objects = helm.objects({"gateway": {"enabled": True}})
    operator, = (one for one in of_kind(objects, "Deployment") if one["metadata"]["name"] == FULLNAME)
    assert (f"--probe-gateway={FULLNAME}-gateway.{NAMESPACE}.svc:8444"
            in operator["spec"]["template"]["spec"]["containers"][0]["args"])
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(objects, "NetworkPolicy")}
    mine, gateway = policies[FULLNAME], policies[f"{FULLNAME}-gateway"]
    to, = [rule for rule in mine["egress"] if rule["ports"] == [{"protocol": "TCP", "port": 8444}]]
    assert to["to"] == [{"podSelector": gateway["podSelector"]}]
    dns, = [rule for rule in mine["egress"] if {"protocol": "UDP", "port": 53} in rule["ports"]]
    assert dns in gateway["egress"]
    opened, = [rule for rule in gateway["ingress"] if rule["ports"] == [{"protocol": "TCP", "port": "pods"}]]
    assert {"podSelector": mine["podSelector"]} in opened["from"]


def test_the_webhook_is_for_our_kinds_and_never_waits_for_the_operator_itself(rendered):
    one = only(rendered, "ValidatingWebhookConfiguration")
    asked, regions, told = one["webhooks"]
    assert [webhook["failurePolicy"] for webhook in one["webhooks"]] == ["Fail", "Ignore", "Ignore"]
    assert regions["rules"][0]["resources"] == ["regions"]
    for webhook in one["webhooks"]:
        assert webhook["sideEffects"] == "None" and "caBundle" not in webhook["clientConfig"]
        rule, = webhook["rules"]
        assert rule["apiGroups"] == ["bailiwick.dev"] and "*" not in str(rule)
        conditions = " ".join(entry["expression"] for entry in webhook["matchConditions"])
        assert f"system:serviceaccount:{NAMESPACE}:{FULLNAME}" in conditions
    for webhook in (asked, regions):
        assert webhook["rules"][0]["operations"] == ["CREATE", "UPDATE"]
    assert told["rules"][0]["operations"] == ["DELETE"]


def test_it_renders_the_same_every_time(helm):
    """No key is made by the chart: Argo CD compares."""
    assert helm.template() == helm.template()
    assert "PRIVATE KEY" not in helm.template()


def test_cert_manager_makes_the_certificate_where_the_values_say_so(helm):
    issuer = {"name": "ca", "kind": "ClusterIssuer"}
    objects = helm.objects({"webhook": {"certManager": {"enabled": True, "issuerRef": issuer}}})
    spec = only(objects, "Certificate")["spec"]
    assert spec["issuerRef"] == issuer and spec["secretName"] == f"{FULLNAME}-webhook"
    assert f"{FULLNAME}-webhook.{NAMESPACE}.svc" in spec["dnsNames"]
    assert "--webhook-cert-dir=/etc/bailiwick/webhook" in container(objects)["args"]
    assert container(objects)["volumeMounts"] == [
        {"name": "webhook", "mountPath": "/etc/bailiwick/webhook", "readOnly": True}]
    roles = of_kind(objects, "ClusterRole") + of_kind(objects, "Role")
    assert f"{FULLNAME}-webhook" not in [name for role in roles for rule in role["rules"]
                                         for name in rule.get("resourceNames", ())]


def test_without_the_webhook_nothing_of_it_is_rendered(helm):
    objects = helm.objects({"webhook": {"enabled": False}})
    assert "webhook" not in str([obj for obj in objects
                                 if obj["kind"] != "CustomResourceDefinition"])


def test_the_client_certificate_of_the_api_server_can_be_asked_for(helm):
    authority = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n"
    objects = helm.objects({"webhook": {"clientCA": authority, "clientNames": ["apiserver"]}})
    assert only(objects, "ConfigMap")["data"] == {"ca.crt": authority}
    assert {"--webhook-client-ca=/etc/bailiwick/webhook-client/ca.crt",
            "--webhook-client-name=apiserver"} <= set(container(objects)["args"])


@pytest.mark.parametrize("values", [
    {"runAsUser": None}, {"priorityClassName": "system-cluster-critical"},
    {"nodeSelector": {"a": "b"}, "tolerations": [{"operator": "Exists"}],
     "affinity": {"nodeAffinity": {}}, "imagePullSecrets": [{"name": "pull"}]}])
def test_scheduling_values_arrive(helm, values):
    pod = only(helm.objects(values), "Deployment")["spec"]["template"]["spec"]
    for key, value in values.items():
        if key == "runAsUser":
            assert not {"runAsUser", "runAsGroup"} & pod["securityContext"].keys()
        else:
            assert pod[key] == value


def test_every_policy_fails_closed_and_is_bound(rendered):
    policies = of_kind(rendered, "ValidatingAdmissionPolicy")
    bindings = of_kind(rendered, "ValidatingAdmissionPolicyBinding")
    assert {policy["metadata"]["name"] for policy in policies} == {
        binding["spec"]["policyName"] for binding in bindings}
    assert all(policy["spec"]["failurePolicy"] == "Fail" for policy in policies)
    assert all(binding["spec"]["validationActions"] == ["Deny"] for binding in bindings)
    assert all("\n" not in validation.get("message", "") for policy in policies
               for validation in policy["spec"]["validations"])


def test_nothing_keeps_the_usual_name_in_another_release(helm, rendered):
    """Two renderings differ in every name and namespace, and name one another nowhere."""
    usual = helm.template(name="bailiwick", namespace="bailiwick-system")
    assert FULLNAME not in usual and NAMESPACE not in re.findall(r"[\w-]+", usual)
    # Where a region's heartbeat is, and what its peers gave it, is fixed for the whole fleet.
    fixed = [obj for obj in rendered if "bailiwick-system" in str(obj)
             and obj["kind"] != "CustomResourceDefinition"]
    assert {(obj["kind"], obj["metadata"]["name"]) for obj in fixed} == {
        ("Namespace", "bailiwick-system"), ("Role", f"{FULLNAME}-fleet"),
        ("RoleBinding", f"{FULLNAME}-fleet")}
    for obj in rendered:
        if obj["kind"] != "CustomResourceDefinition" and obj not in fixed:
            assert obj["metadata"]["name"].startswith(FULLNAME)
            assert obj["metadata"].get("namespace", NAMESPACE) in (NAMESPACE, "default")


def paths(values: dict, prefix: str = "") -> list:
    """Of what a user may set: "gateway.service.port"; lists and what is empty count as one value."""
    return [path for key, value in values.items() for path in (
        paths(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [prefix + key])]


def told_in(readme: str) -> set:
    """The paths of the first column of the README's table; ".x" stands for the one before it with
    another end."""
    found = set()
    for row in re.findall(r"^\| (`.*?) \|", readme, re.MULTILINE):
        whole = ""
        for name in re.findall(r"`([.\w]+)`", row):
            whole = whole.rpartition(".")[0] + name if name.startswith(".") else name
            found.add(whole)
    return found


def test_the_readme_tells_every_value():
    told = told_in((CHART / "README.md").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert [path for path in paths(values)
            if not any(path == one or path.startswith(f"{one}.") for one in told)] == []


def notes(helm, values: dict) -> str:
    return helm.run("install", "platform", CHART, "--namespace", NAMESPACE, "--dry-run=client",
                    values=values).stdout.partition("NOTES:\n")[2]


def test_the_notes_say_what_a_fleet_still_needs(helm):
    alone = notes(helm, {"region": "fra"})
    assert "join" not in alone and "gateway" not in alone
    told = notes(helm, {"region": "fra", "peerReaders": ["zrh"], "peerCredentials": ["peer-zrh"],
                        "gateway": {"enabled": True}})
    assert "join zrh --credential | kubectl --context zrh apply" in told
    assert "Unless Secret peer-zrh is in bailiwick-system" in told
    assert "Secret platform-bailiwick-gateway-tls" in told and "bailiwick://region/fra" in told
    issued = notes(helm, {"gateway": {"enabled": True, "certificate": {
        "certManager": {"enabled": True, "issuerRef": {"name": "ca", "kind": "Issuer"}}}}})
    assert "gateway-tls" not in issued
