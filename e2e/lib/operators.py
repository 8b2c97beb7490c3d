"""The operator as a process: with the rights of the chart's ServiceAccount and nothing more."""
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import chart, kubeconfig, probe
from .errors import FleetError
from .process import Process, wait_ready

BINARY = chart.CLONE / "build" / "release" / "bin" / "bailiwick-operator"
REMEDY = ("cmake --preset release && cmake --build --preset release --target bailiwick-operator "
          "kubectl-bailiwick")


@dataclass(frozen=True)
class Operator:
    """A started operator: its process and its own two servers."""

    process: Process
    metrics: str  # http://ADDRESS:PORT
    health: str
    kubeconfig: Path


def instances(folder: Path) -> list:
    """Names of the operator processes that were started in a region's folder."""
    return sorted(record.stem for record in (folder / "pid").glob("operator*.json"))


def credential(region, name: str = "operator", account: Optional[str] = None,
               namespace: str = chart.NAMESPACE, duration: str = "24h", server: str = "") -> Path:
    """A kubeconfig with a token of a ServiceAccount, by default the chart's operator's. `server`
    instead of the region's own: a proxy of a test."""
    if account is None:
        account = chart.operator_account(chart.render(region.name, region.folder / "helm"))
    token = region.kubectl("create", "token", account, "-n", namespace, f"--duration={duration}")
    user = kubeconfig.token_user(token.strip())
    return kubeconfig.write(region.layout.kubeconfig(name), server or region.server, region.ca, user,
                            f"{name}@{region.name}", namespace)


def check(binary: Optional[Path] = None) -> Path:
    """The operator's binary; raises FleetError where it, or the chart it needs, is missing."""
    binary = Path(binary or BINARY)
    if not binary.exists():
        raise FleetError(f"{binary.name} is not built; run: {REMEDY}")
    if not chart.exists():
        raise FleetError("charts/bailiwick is missing: the operator runs under its RBAC only")
    return binary


def defaults(rendered: list, extra_args: tuple) -> list:
    """The chart's own arguments but for those that `extra_args` give anew, and for the address of the
    gateway's Service: there is no cluster DNS, and mostly no gateway."""
    given = {"--probe-gateway", *(argument.partition("=")[0] for argument in extra_args)}
    return [argument for argument in chart.operator_arguments(rendered)
            if argument.partition("=")[0] not in given]


def start(region, instance: str, binary: Optional[Path], extra_args: tuple, wait: bool,
          env: Optional[dict], server: str = "") -> Operator:
    if not instance.startswith("operator"):
        raise ValueError("an instance's name begins with `operator`")
    binary = check(binary)
    process = region.process(instance)
    config = region.layout.kubeconfig(instance)
    if process.outdated:
        process.stop()
    rendered = chart.render(region.name, region.folder / "helm",
                            region.layout.state().get("values", ()))
    if not process.pid:
        config = credential(region, instance, chart.operator_account(rendered), server=server)
    region.layout.pick_ports([f"{instance}-metrics", f"{instance}-health"])
    metrics, health = (f"{region.layout.host}:{region.layout.port(f'{instance}-{server}')}"
                       for server in ("metrics", "health"))
    process.start(region.inside([
        binary, f"--region={region.name}", f"--kubeconfig={config}",
        f"--namespace={chart.NAMESPACE}", "--leader-elect", *defaults(rendered, extra_args),
        f"--listen-metrics={metrics}", f"--listen-health={health}", *extra_args]), env=env)
    if wait:
        wait_ready(process, lambda: probe.ok(f"http://{health}/readyz"), 60.0, region.name)
    return Operator(process, f"http://{metrics}", f"http://{health}", config)
