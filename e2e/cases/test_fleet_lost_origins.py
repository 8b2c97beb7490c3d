"""Clusters that forgot what they had: one that was made anew and one that was restored from an old backup.
Absence is never evidence, so nothing is deleted elsewhere because of them."""
import time

from kit import kubectl
from kit.wait import eventually, holds


def test_a_cluster_that_was_made_anew_deletes_nothing_and_its_copy_can_be_adopted(fleet, serve):
    served = serve("rebuilt", origins=("fra",))
    served.wait_ready({"fra": 2, "zrh": 2})
    fleet.kill("fra")
    served.wait_ready({"zrh": 4}, served.lost_after + 10, alone=False)
    whole = time.monotonic()
    try:
        fleet.rebuild("fra")
        served.begin_anew("fra")
        fleet.wait_condition("zrh", "fra", "Reachable", "OtherCluster", "if it was made anew, delete")
        served.wait_condition("zrh", "SpecInSync", "OriginLost", "kubectl bailiwick adopt")
        holds(lambda: served.wait_ready({"zrh": 4}, 0), served.failback_after)

        adopted = kubectl.bailiwick(fleet["zrh"].admin_kubeconfig, "adopt", "mdep/m", "-n", served.namespace)
        assert adopted.code == 0, adopted.err
        assert not served.owns_spec("zrh"), "what its new owner takes out of it goes"
    finally:
        for home in ("zrh", "iad", "gya"):
            fleet.know_anew(home, "fra")
    served.wait_origin("fra", "zrh")
    served.wait_health("zrh", "fra", "Live")
    served.settles({"zrh": 4})
    served.wait_condition("zrh", "SpecInSync", "InSync")
    served.never_below(4, whole, ("zrh",))


def test_a_peer_that_was_restored_from_an_old_backup_is_believed_in_the_end(fleet, serve):
    """Its versions and numbers run backwards, and it knows nothing of what was made since."""
    served = serve("backup")
    served.wait_ready({"fra": 2, "zrh": 2})
    backup = fleet.backup("fra")
    served.change(*served.origins, replicas=6)
    served.wait_ready({"fra": 3, "zrh": 3})
    later = serve("later", origins=("fra",), replicas=2)
    later.wait_ready({"fra": 1, "zrh": 1})

    fleet.restore_backup("fra", backup)
    for one in (served, later):
        one.begin_anew("fra")
    later.wait_condition("zrh", "SpecInSync", "OriginLost", "no record of its deletion")
    served.wait_condition("zrh", "SpecInSync", "SpecDiverged", "region fra has another spec (replicas)")
    eventually(lambda: served.ready("zrh") >= 4, "zrh runs what the backup lacks")
    whole = time.monotonic()
    served.change("fra", replicas=6)
    # What it promised then is what comes back to it.
    served.settles({"fra": 2, "zrh": 4})
    later.settles({"zrh": 2})
    served.never_below(6, whole)
    later.never_below(2, whole)
