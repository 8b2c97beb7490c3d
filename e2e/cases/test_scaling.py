"""kubectl scale and a HorizontalPodAutoscaler."""
import pytest

from kit.metrics_api import ExternalMetrics
from kit.objects import variant
from kit.wait import eventually


def test_kubectl_scale_scales_the_deployment(case):
    case.nodes(3)
    case.deploy()
    case.wait_settled()
    for count in (3, 2):
        case.region.kubectl("scale", "mdep/m", f"--replicas={count}", "-n", case.namespace)
        eventually(lambda: len(case.running()) == count and len(case.pods()) == count,
                   f"{count} run")
        case.wait_settled()
        assert case.get()["status"]["replicas"] == count


@pytest.fixture
def requests_waiting(lab):
    one = ExternalMetrics(lab, "requests-waiting")
    yield one
    one.close()


def test_an_autoscaler_on_an_external_metric_with_average_value_scales(case, requests_waiting):
    case.nodes(4)
    case.deploy(replicas=1, variants=[variant(capacity="1.0")])
    case.wait_settled()
    requests_waiting.value = 30
    case.api.create({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "m", "namespace": case.namespace},
        "spec": {
            "scaleTargetRef": {"apiVersion": "bailiwick.dev/v1alpha1", "kind": "ModelDeployment",
                               "name": "m"},
            "minReplicas": 1, "maxReplicas": 4,
            "metrics": [{"type": "External", "external": {
                "metric": {"name": "requests-waiting"},
                "target": {"type": "AverageValue", "averageValue": "10"}}}]}})
    eventually(lambda: len(case.running()) == 3, "30 waiting requests at 10 each make 3 units",
               timeout=240)
    requests_waiting.value = 12
    eventually(lambda: len(case.running()) == 2 and len(case.pods()) == 2, "and 12 make 2",
               timeout=240)
    assert requests_waiting.asked
    case.wait_settled()
