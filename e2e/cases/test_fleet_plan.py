"""kubectl bailiwick plan and explain where a deployment is shared by regions."""
import json

from kit import kubectl


def shares(ran, namespace: str) -> dict:
    """{region: units} of a plan, those of peers that were not asked included."""
    assert ran.code == 0, ran
    found = {}
    for region in ran.json()["regions"]:
        one, = (d for d in region["deployments"] if d["namespace"] == namespace)
        found |= {name: int(units) for name, units in one["elsewhere"].items()}
        found[region["name"]] = int(one["units"]["after"])
    return found


def test_what_plan_says_of_a_fleet_is_what_it_then_does(fleet, serve, tmp_path):
    served = serve("planned", origins=(), replicas=5)
    fra, zrh = (str(fleet[name].admin_kubeconfig) for name in ("fra", "zrh"))
    file = tmp_path / "m.yaml"

    def plan(replicas: int, *against: str) -> dict:
        served.object["spec"]["replicas"] = replicas
        file.write_text(json.dumps(served.object))
        clusters = [f"--against={one}" for one in against]
        ran = kubectl.bailiwick(fra, "plan", "-f", str(file), *clusters, "-o", "json")
        return shares(ran, served.namespace)

    planned = plan(5, fra, zrh)
    assert sum(planned.values()) == 5 and min(planned.values()) == 2, planned
    served.origins = ("fra", "zrh")
    for name in served.origins:
        fleet.api[name].create(served.object)
    served.wait_ready(planned)

    explained = kubectl.bailiwick(fra, "explain", "mdep/m", "-n", served.namespace, "-o", "json").json()
    assert [v["share"] for v in explained["variants"]] == [planned["fra"]]
    assert explained["elsewhere"] == [
        {"region": "zrh", "share": [{"name": "h200", "replicas": planned["zrh"]}]}]

    # One region knows of its peer what its own status relays.
    planned = plan(8, fra)
    assert sum(planned.values()) == 8 and planned == plan(8, fra, zrh)
    served.change(*served.origins, replicas=8)
    served.wait_ready(planned)
