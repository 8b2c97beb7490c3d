"""The samples for Argo CD and Flux: by their own schemas, and by what the chart makes of their values."""
import copy
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
PINS = tools.HERE / "gitops"
CRDS = {
    "github.com/argoproj/argo-cd/v2": "manifests/crds/applicationset-crd.yaml",
    "github.com/fluxcd/helm-controller": "config/crd/bases/helm.toolkit.fluxcd.io_helmreleases.yaml",
    "github.com/fluxcd/kustomize-controller":
        "config/crd/bases/kustomize.toolkit.fluxcd.io_kustomizations.yaml",
    "github.com/fluxcd/source-controller":
        "config/crd/bases/source.toolkit.fluxcd.io_gitrepositories.yaml",
}


def download() -> list:
    """The CRDs, from modules that are checked against go.sum."""
    env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
    done = subprocess.run([gotoolchain.find("1.26.0"), "mod", "download", "-json", *CRDS],
                          cwd=PINS, env=env, capture_output=True, text=True, check=True)
    decoder, rest, found = json.JSONDecoder(), done.stdout, []
    while rest := rest.lstrip():
        module, end = decoder.raw_decode(rest)
        rest = rest[end:]
        found.append((tools.Path(module["Dir"]) / CRDS[module["Path"]]).read_text())
    return found


@pytest.fixture(scope="module")
def gitops(region):
    """A region that serves their kinds. Downloaded once, then kept in the cache of the tools."""
    digest = hashlib.sha256((PINS / "go.sum").read_bytes()).hexdigest()[:16]
    kept = tools.cache_root() / "tools" / f"gitops-{digest}" / "crds.yaml"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        temporary.write_text("\n---\n".join(download()))
        temporary.rename(kept)
    crds = documents.load_all(kept.read_text())
    region.apply(crds)
    for crd in crds:
        group, version = crd["spec"]["group"], crd["spec"]["versions"][0]["name"]
        plural = crd["spec"]["names"]["plural"]
        region.api.wait(f"{plural} are served",
                        lambda api, path=f"/apis/{group}/{version}/{plural}": api.find(path))
    return region


def sample(name: str) -> list:
    return documents.load_all((SAMPLES / name).read_text())


@pytest.mark.parametrize("name, count", [("argocd.yaml", 1), ("flux.yaml", 3)])
def test_their_api_takes_the_sample_and_no_misspelt_field(gitops, release, name, count):
    objects = sample(name)
    assert len(objects) == count
    for one in objects:
        one["metadata"]["namespace"] = "default"
        gitops.api.wait(f"{one['kind']} is known", lambda api, one=one: dry_run(api, one))
        wrong = copy.deepcopy(one)
        wrong["spec"]["sorce"] = {}
        with pytest.raises(ApiError, match="unknown field"):
            dry_run(gitops.api, wrong)


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
    # By default a chart of Git is taken anew with its version alone, and our values change without.
    assert release["spec"]["chart"]["spec"]["reconcileStrategy"] == "Revision"
    files = release["spec"]["chart"]["spec"]["valuesFiles"]
    assert files == ["./charts/bailiwick/values.yaml", "./fleet/regions.yaml", "./fleet/fra.yaml"]
