"""The five kinds as people meet them: through kubectl."""
import copy
import json

import pytest

from schema import CRDS, HERE, KINDS, Crd

SHORT = {"ModelDeployment": "mdep", "ModelPassport": "passport", "SovereigntyPolicy": "spol",
         "Region": "region", "ExitOrder": "exit"}
COLUMNS = {
    "ModelDeployment": ("NAME SERVED-NAME WANTED READY REGIONS VARIANT EXIT-READY AGE",
                        "live assistant 6 6 fra,zrh deepseek-h200"),
    "ModelPassport": ("NAME PUBLISHER ORIGIN OPENNESS LICENCE VALID USED-BY AGE",
                      "live DeepSeek CN OpenWeight MIT True 3"),
    "SovereigntyPolicy": ("NAME ENFORCEMENT VIOLATIONS READY DEADLINE AGE",
                          "live Exit 3 True 2026-12-31T00:00:00Z"),
    "Region": ("NAME PROVIDER LOCATION JURISDICTION HEALTH CORDONED READY AGE",
               "live aws eu-central-1 DE Live false"),
    "ExitOrder": ("NAME PHASE DEADLINE AFFECTED SHIFTED BLOCKED DRILL AGE",
                  "live Shifting 2026-12-31T00:00:00Z 12 7 1 false"),
}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def test_the_category_lists_all_five(server, live):
    names = server.region.kubectl("get", "bailiwick", "-o", "name").split()
    assert {f"{crd.definition['spec']['names']['singular']}.bailiwick.dev/live"
            for crd in server.crds.values()} <= set(names)


def test_the_short_name_prints_the_columns(server, live, kind):
    lines = server.region.kubectl("get", SHORT[kind], "live").splitlines()
    header, row = COLUMNS[kind]
    assert lines[0].split() == header.split()
    assert " ".join(lines[1].split()).startswith(row)


def test_explain_has_a_description_for_every_field(server, kind):
    """As printed: each field line is followed by an indented text."""
    lines = server.region.kubectl("explain", f"{SHORT[kind]}.spec", "--recursive=false").splitlines()
    assert "<empty>" not in "\n".join(lines)
    fields = [index for index, line in enumerate(lines) if line.startswith("  ") and "\t<" in line]
    assert len(fields) == len(Crd(kind).schema["properties"]["spec"]["properties"])
    for index in fields:
        text = [line.strip() for line in lines[index + 1:index + 4] if not line.startswith("  enum:")]
        assert text[0] and text[0] != "<no description>", lines[index]


def test_explain_knows_every_property(server, kind):
    text = server.region.kubectl("explain", SHORT[kind], "--recursive")
    printed = {line.split("\t")[0].strip() for line in text.splitlines() if "\t<" in line}
    names = {prop.path[-1] for prop in Crd(kind).properties("spec", "status")}
    assert names - {"[]", "{}"} <= printed


def test_scale_sets_the_wanted_units_and_keeps_bounds(server):
    obj = copy.deepcopy(Crd("ModelDeployment").full[0])
    obj["metadata"]["name"] = "scaled"
    server.store(obj)
    server.region.kubectl("scale", "mdep", "scaled", "--replicas=9")
    scale = json.loads(server.region.kubectl(
        "get", "mdep", "scaled", "--subresource=scale", "-o", "json"))
    assert scale["spec"]["replicas"] == 9 and scale["status"]["replicas"] == 6
    assert scale["status"]["selector"] == obj["status"]["selector"]
    refused = server.region.run_kubectl("scale", "mdep", "scaled", "--replicas=100001")
    assert refused.returncode != 0 and "100000" in refused.stderr


@pytest.mark.parametrize("server_side", [False, True], ids=["client-side", "server-side"])
def test_apply_and_apply_again_and_delete(server, kind, server_side):
    obj = {**Crd(kind).full[0]}
    obj.pop("status", None)
    obj["metadata"] = {**obj["metadata"], "name": f"applied-{'server' if server_side else 'client'}"}
    text = json.dumps(obj)
    options = ["--server-side"] if server_side else []
    first = server.region.kubectl("apply", *options, "-f", "-", stdin=text)
    assert "created" in first or "serverside-applied" in first
    stored = server.read(obj)["metadata"]["resourceVersion"]
    server.region.kubectl("apply", *options, "-f", "-", stdin=text)
    assert server.read(obj)["metadata"]["resourceVersion"] == stored
    assert server.region.run_kubectl("diff", *options, "-f", "-", stdin=text).returncode == 0
    server.region.kubectl("delete", "-f", "-", stdin=text)


@pytest.mark.parametrize("server_side", [False, True], ids=["client-side", "server-side"])
def test_the_crds_themselves_can_be_applied_over_and_over(server, server_side):
    options = ["--server-side", "--force-conflicts", "--field-manager=tests"] if server_side else []
    for _ in range(2):
        for file in sorted(CRDS.glob("*.yaml")):
            server.region.kubectl("apply", *options, "-f", file)


def test_a_typo_is_named_by_kubectl(server):
    spec = {"provider": "on-premises", "jurisdiction": "CH", "cordonned": True}
    text = json.dumps({**Crd("Region").minimal, "spec": spec})
    done = server.region.run_kubectl("create", "--dry-run=server", "-f", "-", stdin=text)
    assert done.returncode != 0 and 'unknown field "spec.cordonned"' in done.stderr


def test_norway_unquoted_is_refused(server):
    text = (HERE / "objects" / "region.yaml").read_text().split("---")[0].replace("CH", "NO")
    done = server.region.run_kubectl("create", "--dry-run=server", "-f", "-", stdin=text)
    assert done.returncode != 0 and "must be of type string" in done.stderr
