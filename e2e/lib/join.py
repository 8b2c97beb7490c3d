"""A fleet of regions that know one another.

Every cluster gets the same Region objects, and of each peer a Secret with a token of the account by
which that peer lets it read (charts/bailiwick, value peerReaders).
"""
import base64
from typing import Optional

from . import chart, nodes, webhook
from .api import ApiError
from .parallel import in_parallel
from .pki import Leaf

TOKEN_LIFE = "24h"
CREDENTIAL = "peer-{}"
GATEWAY = "gateway"
ISSUER = "bailiwick-e2e/issuer"  # uid of the cluster that a credential is for


def region_object(region, server: str = "") -> dict:
    """The Region object by which the whole fleet knows it. `server`: a proxy's address instead of
    its API server's own."""
    spec = nodes.load(region.name)["region"]
    spec["spec"]["access"] = {
        "server": server or region.server, "caBundle": region.layout.pki.certificate_base64("ca"),
        "credentialSecret": {"namespace": chart.NAMESPACE, "name": CREDENTIAL.format(region.name)}}
    spec["spec"]["gateway"] = {
        "address": f"{region.layout.host}:{region.layout.port(GATEWAY)}",
        "serverName": f"{region.name}.bailiwick",
        "caBundle": region.layout.pki.certificate_base64("gateway-ca")}
    return spec


def identity(region) -> None:
    """The gateway's authority and certificate: what it shows to peers and to pods of its region."""
    region.layout.pick_ports([GATEWAY])
    pki = region.layout.pki
    pki.authority("gateway-ca")
    pki.leaf(Leaf(GATEWAY, "gateway-ca", f"{region.name}.bailiwick", usage="serverAuth,clientAuth",
                  sans=(*region.layout.sans, f"DNS:{region.name}.bailiwick",
                        f"DNS:{chart.RELEASE}-gateway.{chart.NAMESPACE}.svc",
                        f"URI:bailiwick://region/{region.name}")))


def values(region, fleet: list) -> tuple:
    """Helm's --set arguments of a region of this fleet: whom it lets read, and by which Secrets it
    reads them."""
    names = sorted(one.name for one in fleet if one.name != region.name)
    lists = {"peerReaders": names, "peerCredentials": list(map(CREDENTIAL.format, names))}
    # Helm takes "{}" for a list of one empty string.
    return ("gateway.enabled=true",
            *(f"{value}={{{','.join(some)}}}" for value, some in lists.items() if some))


def raise_fleet(wanted: list, others: list, complain, with_operator: bool = True,
                servers: Optional[dict] = None) -> list:
    """Starts the regions `wanted`, joins them to one another and to `others`, which run, and starts
    their operators. Safe to repeat. Returns the regions that failed; the others are up."""
    everybody = [*wanted, *others]

    def prepare(one) -> None:
        if one in wanted:
            one.start()
            identity(one)
        wished = values(one, everybody)
        if one in wanted or one.layout.state().get("values") != list(wished):
            one.install(values=wished)
        if one in wanted:
            one.apply_region_file(with_object=False)

    failed = in_parallel(everybody, prepare, complain)
    good = [one for one in everybody if one not in failed]
    failed += in_parallel(good, lambda home: join(home, good, servers), complain)
    if with_operator:
        failed += in_parallel([one for one in wanted if one not in failed], start_operator, complain)
    return failed


def start_operator(region) -> None:
    region.start_operator(extra_args=webhook.arguments(region))
    # Not Fail: whoever stops an operator here wants to go on writing objects.
    webhook.register(region, failure_policy="Ignore")


def join(home, fleet: list, servers: Optional[dict] = None) -> None:
    """`home` knows all of the fleet and may read it; safe to repeat. `servers`: by region's name,
    see region_object."""
    home.apply([region_object(one, (servers or {}).get(one.name, "")) for one in fleet])
    for peer in fleet:
        if peer is not home and not has_credential(home, peer):
            give_credential(home, peer)


def has_credential(home, peer) -> bool:
    """Of this cluster: one that was made anew knows no token of the one before."""
    found = home.api.find(secret_path(peer.name)) or {"metadata": {}}
    # One that `kubectl bailiwick join` has made says nothing of that.
    return found["metadata"].get("annotations", {}).get(ISSUER) == cluster_uid(peer)


def cluster_uid(region) -> str:
    return region.api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]


def give_credential(home, peer, token: str = "") -> None:
    """Lets `home` read `peer`, by a fresh token of the account that it has there."""
    account = f"{chart.RELEASE}-peer-{home.name}"
    token = token or peer.kubectl("create", "token", account, "-n", chart.NAMESPACE,
                                  f"--duration={TOKEN_LIFE}").strip()
    home.apply({"apiVersion": "v1", "kind": "Secret", "type": "Opaque",
                "metadata": {"name": CREDENTIAL.format(peer.name), "namespace": chart.NAMESPACE,
                             "annotations": {ISSUER: cluster_uid(peer)}},
                "data": {"token": base64.b64encode(token.encode()).decode()}})


def leave(fleet: list, name: str) -> None:
    """The others forget a region that is gone for good."""
    for home in fleet:
        for path in (f"/apis/bailiwick.dev/v1alpha1/regions/{name}", secret_path(name)):
            try:
                home.api.delete(path)
            except ApiError as error:
                if error.code != 404:
                    raise


def secret_path(name: str) -> str:
    return f"/api/v1/namespaces/{chart.NAMESPACE}/secrets/{CREDENTIAL.format(name)}"
