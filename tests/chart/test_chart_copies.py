"""`replicas` counts at the original: a copy of a peer's ModelDeployment is not scaled."""
import time

import pytest

from chart_objects import model_deployment, namespace, refused
from lib.api import ApiError

WHERE = "copies"
ORIGIN = {"bailiwick.dev/origin-region": "fra"}


@pytest.fixture(scope="module")
def ada(region, people):
    region.apply(namespace(WHERE))
    return people.editor("ada", WHERE)


@pytest.fixture(scope="module")
def paths(region, ada):
    """A copy and an original, once the API server knows that the one is a copy: it follows the
    parameters of a policy by a watch."""
    found = {}
    for name, labels in (("copy", ORIGIN), ("original", {})):
        obj = model_deployment(name, WHERE, replicas=2)
        obj["metadata"]["labels"] = labels
        found[name] = region.api.path(region.api.create(obj))
    for _ in range(100):
        try:
            region.api.merge(found["copy"] + "/scale?dryRun=All", {"spec": {"replicas": 5}})
        except ApiError:
            return found
        time.sleep(0.1)
    raise AssertionError("a copy may be scaled")


def test_a_copy_is_scaled_at_its_origin(ada, paths):
    message = ("ModelDeployment copy is a copy: scale the original in region fra", "kubectl bailiwick adopt")
    with refused(*message):
        ada.merge(paths["copy"] + "/scale", {"spec": {"replicas": 3}})
    with refused(*message):
        ada.merge(paths["copy"], {"spec": {"replicas": 3}})
    assert ada.get(paths["copy"])["spec"]["replicas"] == 2


def test_what_scales_nothing_is_let_through(ada, paths):
    ada.merge(paths["copy"] + "/scale", {"spec": {"replicas": 2}})
    ada.merge(paths["copy"], {"metadata": {"annotations": {"note": "x"}}})


def test_an_original_beside_a_copy_and_one_that_was_adopted_are_scaled(region, ada, paths):
    ada.merge(paths["original"] + "/scale", {"spec": {"replicas": 3}})
    region.api.merge(paths["copy"], {"metadata": {"labels": {"bailiwick.dev/origin-region": None}}})
    for _ in range(100):
        try:
            ada.merge(paths["copy"] + "/scale", {"spec": {"replicas": 4}})
            break
        except ApiError:
            time.sleep(0.1)
    assert ada.get(paths["copy"])["spec"]["replicas"] == 4
