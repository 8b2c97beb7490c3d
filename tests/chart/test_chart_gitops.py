"""The samples for Argo CD and Flux: by Argo CD's own schema, and by what the chart makes of their
values. Flux's CRDs are in no Go module that can be had here, so of Flux the values alone are tried."""
import hashlib
import json
import os
import subprocess

import pytest

from chart_release import of_kind
from lib import documents, gotoolchain, tools
from lib.api import ApiError
from lib.chart import CHART
from test_chart_install import dry_run

SAMPLES = tools.E2E / "samples" / "gitops"
MODULE, PINS = "github.com/argoproj/argo-cd/v2", tools.HERE / "gitops"
CRD = "manifests/crds/applicationset-crd.yaml"


def application_set_crd() -> dict:
    """Downloaded once, checked against go.sum, then kept in the cache of the tools."""
    digest = hashlib.sha256((PINS / "go.sum").read_bytes()).hexdigest()[:16]
    kept = tools.cache_root() / "tools" / f"gitops-{digest}" / "crd.yaml"
    if not kept.exists():
        env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
        done = subprocess.run([gotoolchain.find("1.24.0"), "mod", "download", "-json", MODULE],
                              cwd=PINS, env=env, capture_output=True, text=True, check=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_text((tools.Path(json.loads(done.stdout)["Dir"]) / CRD).read_text())
        temporary.rename(kept)
    return documents.load(kept.read_text())


def sample(name: str) -> list:
    return documents.load_all((SAMPLES / name).read_text())


def test_argo_cds_api_takes_the_application_set(region, release):
    region.apply(application_set_crd())
    region.api.wait("ApplicationSet served",
                    lambda api: api.find("/apis/argoproj.io/v1alpha1/applicationsets"))
    (one,) = sample("argocd.yaml")
    one["metadata"]["namespace"] = "default"
    region.api.wait("ApplicationSet known", lambda api: dry_run(api, one))
    one["spec"]["template"]["spec"]["sorce"] = {}
    with pytest.raises(ApiError, match="unknown field"):
        dry_run(region.api, one)


def test_every_cluster_of_the_application_set_has_values(helm):
    (one,) = sample("argocd.yaml")
    files = one["spec"]["template"]["spec"]["source"]["helm"]["valueFiles"]
    for element in one["spec"]["generators"][0]["list"]["elements"]:
        for file in files:
            path = SAMPLES / file.replace("{{.region}}", element["region"]).lstrip("/")
            assert path.exists(), path


@pytest.mark.parametrize("name", ["fra", "zrh"])
def test_the_chart_takes_the_values_and_makes_the_same_regions_everywhere(helm, region, release, name):
    done = helm.run("template", "bailiwick", CHART, "--namespace", "bailiwick-system",
                    "-f", SAMPLES / "fleet" / "regions.yaml", "-f", SAMPLES / "fleet" / f"{name}.yaml",
                    "--set", "crds.install=false")
    objects = documents.load_all(done.stdout)
    regions = of_kind(objects, "Region")
    assert [one["metadata"]["name"] for one in regions] == ["fra", "zrh"]
    for one in regions:
        dry_run(region.api, one)
    assert f"--region={name}" in str(objects)


def test_flux_gives_the_same_values_and_installs_the_crds_first():
    source, crds, release = sample("flux.yaml")
    assert crds["spec"]["path"] == "./crds" and not crds["spec"]["prune"]
    assert release["spec"]["values"] == {"crds": {"install": False}}
    named = source["metadata"]["name"]
    assert crds["spec"]["sourceRef"]["name"] == named
    assert release["spec"]["chart"]["spec"]["sourceRef"]["name"] == named
    files = release["spec"]["chart"]["spec"]["valuesFiles"]
    assert files == ["./charts/bailiwick/values.yaml", "./fleet/regions.yaml", "./fleet/fra.yaml"]
