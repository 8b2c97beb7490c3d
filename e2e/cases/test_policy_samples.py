"""Every policy of e2e/samples/policies: accepted as it stands, in force, and it does what it says."""
import pytest

from kit import objects
from kit.wait import eventually, holds
from lib import documents, tools

SAMPLES = tools.E2E / "samples"
FILES = sorted((SAMPLES / "policies").glob("*.yaml"))
ROWS = documents.load((SAMPLES / "policy-expectations.yaml").read_text())["expectations"]
POLICIES = "/apis/bailiwick.dev/v1alpha1/sovereigntypolicies"
REGION = "sampled"
NAMESPACE = "sampled"


def load(name: str) -> dict:
    policy, = documents.load_all((SAMPLES / "policies" / f"{name}.yaml").read_text())
    return policy


@pytest.fixture(scope="module")
def home(starter):
    one = starter.region(REGION)
    one.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
               region("DE")])
    one.start_operator()
    return one


def region(jurisdiction: str) -> dict:
    return objects.region(REGION, ["eu-personal", "cn-personal"], jurisdiction=jurisdiction)


def deployment(row: dict) -> dict:
    wanted = objects.variant(passport="model", artifact="bf16")
    wanted["accelerator"] = {"vendor": row.get("vendor", "nvidia"),
                             "products": row.get("products", ["NVIDIA-H200"]), "perReplica": 8}
    made = objects.deployment("m", NAMESPACE, variants=[wanted],
                              classes=[row["class"]] if "class" in row else (),
                              placement={"jurisdictions": [row.get("jurisdiction", "DE")]})
    made["metadata"]["labels"] = row.get("labels", {})
    return made


def passport(row: dict) -> dict:
    evidence = [{"type": kind, "result": "Pass", "issuedAt": "2026-01-01T00:00:00Z"}
                for kind in row.get("evidence", [])]
    made = objects.passport("model", evidence=evidence)
    if row.get("openness") == "API":
        del made["spec"]["artifacts"]
        made["spec"].update(openness="API", endpoints=[
            {"provider": "azure", "baseURL": "https://a.example", "jurisdiction": "DE"}])
    return made


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_sample_says_what_it_is_and_what_it_leaves_to_people(file):
    text = file.read_text()
    assert text.startswith("# No legal advice") and "\n# Expressed: " in text
    assert "\n# Stays with people: " in text
    source = load(file.stem)["spec"]["source"]
    assert source["title"] and source["uri"] and source["date"]
    assert [row for row in ROWS if row["policy"] == file.stem], "no expectation"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["policy"])
def test_a_sample_is_accepted_and_does_what_it_says(home, row):
    policy, model, made = load(row["policy"]), passport(row), deployment(row)
    home.apply([region(row.get("jurisdiction", "DE")), model, policy, made])
    path = f"{POLICIES}/{row['policy']}"

    def judged():
        status = home.api.get(path)["status"]
        ready, = status["conditions"]
        assert (ready["status"], ready["message"]) == ("True", "it is in force"), ready
        said = [entry["message"] for entry in status["violations"]]
        assert len(said) == (1 if "says" in row else 0), said
        assert all(row["says"] in message for message in said), said
        return True
    try:
        eventually(judged, f"{row}")
        if "says" not in row:
            holds(judged, 1.5)
    finally:
        for path in (home.api.path(made), path, home.api.path(model)):
            home.api.delete(path)
        eventually(lambda: home.api.find(home.api.path(model)) is None, "the passport is gone")
