"""What peers let each other read is taken back and given again."""
import time

from kit.wait import eventually
from lib import chart


def account(region: str) -> str:
    return f"/api/v1/namespaces/{chart.NAMESPACE}/serviceaccounts/{chart.RELEASE}-peer-{region}"


def test_a_peer_that_shuts_us_out_is_frozen_and_never_lost(fleet, serve):
    served = serve("revoked")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    api = fleet.api["fra"]
    kept = api.get(account("zrh"))
    api.delete(account("zrh"))
    try:
        eventually(lambda: fleet.reason_in("zrh", "fra") == "CredentialRefused", "zrh is shut out")
        eventually(lambda: fleet.health_in("zrh")["fra"] == "Unknown", "what is not seen is unknown")
        served.wait_health("zrh", "fra", "Unknown")
        time.sleep(2 * served.lost_after)
        assert served.ready("zrh") == 2, "unknown is not gone"
        assert fleet.health_in("iad")["fra"] == "Live", "another account is another matter"
    finally:
        meta = {key: kept["metadata"][key] for key in ("name", "namespace", "labels")}
        api.create({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta,
                    "automountServiceAccountToken": False})
        fleet.give_credential("zrh", "fra")
    eventually(lambda: fleet.health_in("zrh")["fra"] != "Unknown", "zrh is let in again, without a restart")
    served.wait_health("zrh", "fra", "Live")
    served.settles({"fra": 2, "zrh": 2})
    served.never_below(4, began)
