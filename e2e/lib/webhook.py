"""The admission webhook of an operator that is a process of ours: the chart's configuration, but by an
address of this machine and with a certificate of the region's own authority."""
import shutil
from typing import Optional

from . import chart
from .pki import Leaf

KIND = "ValidatingWebhookConfiguration"


def folder(region):
    """Where the operator finds its certificate; another one put there is taken without a restart."""
    return region.folder / "webhook"


def identity(region, name: str = "webhook") -> None:
    """Puts a certificate of the region's authority where the operator finds it."""
    region.layout.pki.leaf(Leaf(name, "ca", "webhook", sans=region.layout.sans, usage="serverAuth"))
    folder(region).mkdir(exist_ok=True)
    for source, target in ((region.layout.pki.key(name), "tls.key"),
                           (region.layout.pki.certificate(name), "tls.crt")):
        fresh = folder(region) / f".{target}"
        shutil.copy(source, fresh)
        fresh.rename(folder(region) / target)


def arguments(region, name: str = "webhook") -> list:
    """What an operator needs to serve it."""
    identity(region, name)
    region.layout.pick_ports(["webhook"])
    return [f"--listen-webhook={region.layout.host}:{region.layout.port('webhook')}",
            f"--webhook-cert-dir={folder(region)}"]


def configuration(region, failure_policy: Optional[str] = None, port: int = 0) -> dict:
    made, = (obj for obj in chart.render(region.name, region.folder / "helm") if obj["kind"] == KIND)
    for webhook in made["webhooks"]:
        webhook["clientConfig"] = {
            "url": f"https://{region.layout.host}:{port or region.layout.port('webhook')}/validate",
            "caBundle": region.layout.pki.certificate_base64("ca")}
        if failure_policy and webhook["failurePolicy"] == "Fail":
            webhook["failurePolicy"] = failure_policy
    return made


def register(region, failure_policy: Optional[str] = None, port: int = 0) -> None:
    """From a moment after this the API server asks it. `failure_policy` instead of the chart's."""
    region.apply(configuration(region, failure_policy, port))
