"""One region after the other is upgraded. There is one version of the operator so far: it is the same
program that is started anew, with the next version's sidecar image, which replaces every replica."""
import signal
import time

from kit.wait import eventually

IMAGE = "registry.example/engine-sidecar:next"


def images(served, region: str) -> set:
    return {container["image"] for pod in served.seen[region].last().values()
            for container in pod["spec"].get("initContainers", [])
            if "engine-sidecar" in container["image"]}


def test_regions_are_upgraded_one_at_a_time_without_a_gap(fleet, serve):
    served = serve("upgrade")
    served.wait_ready({"fra": 2, "zrh": 2})
    began = time.monotonic()
    try:
        for name in ("fra", "zrh"):
            fleet[name].stop_operator(signal.SIGTERM)
            fleet[name].start_operator(extra_args=(f"--sidecar-image={IMAGE}",))
            eventually(lambda: images(served, name) == {IMAGE}, f"{name} is upgraded", 60)
            served.settles({"fra": 2, "zrh": 2})
        assert served.entry("zrh", "fra")["health"] == "Live", "a restart is no loss"
    finally:
        for name in ("fra", "zrh"):
            fleet[name].stop_operator(signal.SIGTERM)
            fleet[name].start_operator()
    served.never_below(4, began)
