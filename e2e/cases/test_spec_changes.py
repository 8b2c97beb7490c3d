"""Changes of a spec: replacement first, nothing moved that need not move."""
import time

from kit.objects import variant
from kit.recorder import most_alive, never_below, variant_of
from kit.wait import eventually, holds


def generation_seen(case, name: str = "m") -> None:
    def check():
        obj = case.get(name)
        return obj["status"]["observedGeneration"] == obj["metadata"]["generation"]
    eventually(check, "the new generation is seen")


def test_a_new_image_is_rolled_out_without_a_gap(case):
    case.nodes(3)
    case.deploy(replicas=2)
    case.wait_settled()
    with case.record() as seen:
        case.change(variants=[variant(image="registry.example/vllm:new")])
        eventually(lambda: {c["image"] for pod in case.pods() for c in pod["spec"]["containers"]}
                   == {"registry.example/vllm:new"}, "every pod has the new image")
        case.wait_settled()
    never_below(seen, 2)
    assert most_alive(seen) <= 3 and len(case.pods()) == 2


def test_new_engine_arguments_are_rolled_out_without_a_gap(case):
    case.nodes(2)
    case.deploy()
    case.wait_settled()
    with case.record() as seen:
        case.change(variants=[variant(args=("--max-num-seqs=64",))])
        eventually(lambda: all("--max-num-seqs=64" in pod["spec"]["containers"][0]["args"]
                               for pod in case.pods()) and len(case.pods()) == 1,
                   "the pod has the new argument")
        case.wait_settled()
    never_below(seen, 1)


def test_another_order_of_variants_moves_nothing(case):
    case.nodes(1)
    case.nodes(1, "mi300x")
    both = [variant(), variant("mi300x")]
    case.deploy(variants=both)
    case.wait_settled()
    uids = case.uids()
    case.change(variants=both[::-1])
    generation_seen(case)
    case.wait_settled()
    holds(lambda: _same(case, uids), 1.5)
    assert case.share() == {"h200": 1}


def _same(case, uids: set) -> None:
    assert case.uids() == uids, "a replica was moved for nothing"


def test_a_better_variant_that_is_added_moves_nothing_until_there_is_need(case):
    case.nodes(2)
    case.nodes(1, "mi300x")
    case.deploy(variants=[variant("mi300x")])
    case.wait_settled()
    uids = case.uids()
    case.change(variants=[variant(), variant("mi300x")])
    generation_seen(case)
    case.wait_settled()
    assert case.uids() == uids
    case.change(replicas=2)
    case.wait_settled()
    assert uids < case.uids() and case.share() == {"h200": 1, "mi300x": 1}


def test_a_removed_variant_is_replaced_first_and_its_objects_go(case):
    case.nodes(1)
    case.nodes(1, "mi300x")
    case.deploy(variants=[variant(), variant("mi300x")])
    case.wait_settled()
    with case.record() as seen:
        case.change(variants=[variant("mi300x")])
        case.wait_settled()
        eventually(lambda: {variant_of(p) for p in case.pods()} == {"mi300x"}, "the other one runs")
    never_below(seen, 1)

    def gone() -> bool:
        return not any(case.api.find(path) for path in (
            f"{case.apps}/deployments/m-h200", f"{case.core}/services/m-h200",
            f"{case.core}/configmaps/m-h200"))
    eventually(gone, "the removed variant's objects are gone")
    assert case.api.find(f"{case.core}/services/m")


def test_a_removed_variant_counts_with_the_capacity_that_it_had(case):
    """Four halves are replaced by two wholes: never less than two units."""
    case.nodes(2, "mi300x")
    halves = variant("mi300x", capacity="0.5", per=4)
    case.deploy(replicas=2, variants=[halves])
    case.wait_settled()
    assert len(case.pods()) == 4
    case.nodes(3)  # with room for the next image beside the one that does not start
    with case.record() as seen:
        case.change(variants=[variant("h200", image="registry.example/never-starts:1")])
        eventually(lambda: len(case.pods(variant="h200")) == 2, "the wholes are on their way")
        holds(lambda: _kept(case, 4), 3.0)
        case.change(variants=[variant("h200")])
        eventually(lambda: {variant_of(p) for p in case.pods()} == {"h200"}, "the wholes run")
        case.wait_settled()
    never_below(seen, 2, {"mi300x": 0.5, "h200": 1.0})


def _kept(case, count: int) -> None:
    assert len(case.pods(variant="mi300x")) == count, "given up before the replacement was Ready"


def test_the_count_goes_up_and_down_and_what_does_not_serve_goes_first(case):
    case.nodes(4)
    case.deploy(replicas=1)
    case.wait_settled()
    first = case.uids()
    case.change(replicas=3)
    case.wait_settled()
    assert first < case.uids() and len(case.pods()) == 3
    three = case.uids()
    with case.record() as seen:
        case.change(replicas=2)
        eventually(lambda: len(case.pods()) == 2, "one went")
        case.wait_settled()
    never_below(seen, 2)
    assert case.uids() < three and first <= case.uids()
    case.change(replicas=0)
    eventually(lambda: not case.pods(), "none is left")
    case.wait_settled()
    case.change(replicas=1)
    case.wait_settled()


def test_replicas_are_counted_in_capacity_units(case):
    case.nodes(2)
    case.deploy(replicas=3, variants=[variant(capacity="2.0", per=4)])
    obj = case.wait_settled()
    assert case.share() == {"h200": 2} and obj["status"]["replicas"] == 4
    case.change(variants=[variant(capacity="1.5", per=4)])
    generation_seen(case)
    assert case.wait_settled()["status"]["replicas"] == 3
    assert case.share() == {"h200": 2}
    case.change(variants=[variant(capacity="0.75", per=4)])
    case.wait_settled()
    assert case.share() == {"h200": 4}


def test_a_full_pool_without_a_gap_says_so_and_names_the_field(case):
    case.nodes(1)
    case.deploy()
    case.wait_settled()
    uids = case.uids()
    case.change(variants=[variant(image="registry.example/vllm:new")])
    entry = case.wait_condition("Reconciling", "True", "NoRoomToSurge")
    assert "spec.rollout.maxUnavailable" in entry["message"]
    assert uids <= case.uids(), "given up before its replacement was Ready"
    case.change(rollout={"maxUnavailable": 1})
    case.wait_settled()
    pod, = case.pods()
    assert pod["spec"]["containers"][0]["image"] == "registry.example/vllm:new"


def test_a_full_pool_holds_another_variant_until_a_gap_is_allowed(case):
    case.nodes(2)
    case.deploy(replicas=2, variants=[variant(name="old")])
    case.wait_settled()
    uids = case.uids()
    case.change(variants=[variant(name="new")])
    entry = case.wait_condition("Placed", "False", "NoRoomToSurge")
    assert "spec.rollout.maxUnavailable" in entry["message"]
    holds(lambda: _same(case, uids), 1.0)
    with case.record() as seen:
        case.change(rollout={"maxUnavailable": 1})
        eventually(lambda: [variant_of(p) for p in case.pods()] == ["new", "new"], "both are new",
                   timeout=180)
        case.wait_settled()
    never_below(seen, 1)


def test_a_paused_deployment_changes_nothing_that_runs(case):
    case.nodes(3)
    case.deploy(replicas=2)
    case.wait_settled()
    uids = case.uids()
    case.change(paused=True, replicas=1, variants=[variant(image="registry.example/vllm:new")])
    generation_seen(case)
    time.sleep(1.0)
    assert case.uids() == uids
    case.change(paused=False)
    case.wait_settled()
    eventually(lambda: len(case.pods()) == 1, "the change is made")


def test_a_change_in_the_middle_of_a_change_ends_where_the_last_one_says(case):
    case.nodes(3)
    case.nodes(2, "mi300x")
    case.deploy(replicas=2)
    case.wait_settled()
    with case.record() as seen:
        for spec in ({"replicas": 3}, {"variants": [variant("mi300x")]},
                     {"variants": [variant(), variant("mi300x")], "replicas": 2},
                     {"variants": [variant(image="registry.example/vllm:new")]}):
            case.change(**spec)
        case.wait_settled()
        eventually(lambda: [c["image"] for pod in case.pods() for c in pod["spec"]["containers"]]
                   == ["registry.example/vllm:new"] * 2, "two pods of the last spec")
    never_below(seen, 2)
