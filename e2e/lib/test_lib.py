"""What would hurt most if it were wrong: run with `/usr/bin/python3 -m unittest lib.test_lib` in e2e/."""
import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from unittest import mock

from . import chart, demo, demo_fleet, fleet, join, nodes, ports, tools
from .api import Api, ApiError
from .errors import FleetError
from .process import Process, until
from .region import Region, passes_by


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp())
        self.process = Process(self.folder, "sleeper")

    def tearDown(self):
        self.process.stop()

    def test_a_recycled_pid_is_neither_seen_nor_signalled(self):
        self.process.start(["sleep", "60"])
        record = self.folder / "pid" / "sleeper.json"
        right = json.loads(record.read_text())
        record.write_text(json.dumps({**right, "start": "1"}))
        self.assertIsNone(self.process.pid)
        self.assertFalse(self.process.send(9))
        record.write_text(json.dumps(right))
        self.assertEqual(self.process.pid, right["pid"])

    def test_a_dead_child_is_not_running_though_nobody_waited_for_it(self):
        self.process.start(["true"])
        self.assertTrue(until(lambda: not self.process.pid, 5.0))
        self.assertTrue(self.process.started)

    def test_the_tail_begins_with_the_last_start(self):
        for text in ("first", "second"):
            self.process.start(["echo", text])
            self.assertTrue(until(lambda: not self.process.pid, 5.0))
        self.assertEqual(self.process.tail().strip(), "second")


class PortsTest(unittest.TestCase):
    def test_a_port_belongs_to_its_owner_until_the_owner_is_gone(self):
        owner = Path(tempfile.mkdtemp())
        port = ports.take(["api"], owner)["api"]
        self.assertFalse(ports._claim(port, owner))
        owner.rmdir()
        ports._claim(port, owner)  # drops the stale reservation
        self.assertTrue(ports._claim(port, owner))
        ports.release([port])


class NodesTest(unittest.TestCase):
    def test_every_region_file_gives_nodes_of_distinct_names(self):
        for file in nodes.FOLDER.glob("*.yaml"):
            spec = nodes.load(file.stem)
            self.assertEqual(spec["region"]["metadata"]["name"], file.stem)
            names = [node["metadata"]["name"] for node in nodes.expand(spec)]
            self.assertEqual(len(names), len(set(names)))
            self.assertTrue(names)


class JoinTest(unittest.TestCase):
    def test_a_region_alone_has_no_peers_not_one_without_a_name(self):
        fra, zrh = SimpleNamespace(name="fra"), SimpleNamespace(name="zrh")
        self.assertEqual(join.values(fra, [fra]), ("gateway.enabled=true",))
        self.assertIn("peerReaders={zrh}", join.values(fra, [zrh, fra]))

    def test_a_credential_that_kubectl_bailiwick_join_made_is_not_ours(self):
        api = SimpleNamespace(find=lambda _path: {"metadata": {"name": "peer-fra"}},
                              get=lambda _path: {"metadata": {"uid": "of-fra"}})
        peer = SimpleNamespace(name="fra", api=api)
        self.assertFalse(join.has_credential(SimpleNamespace(api=api), peer))


class ChartTest(unittest.TestCase):
    def applied(self, *refusals: str) -> int:
        """How often it was tried, when the API server refuses with each of these first."""
        left, tries = list(refusals), []

        def apply(_object) -> None:
            tries.append(1)
            if left:
                raise ApiError("PATCH", "/x", 422, json.dumps({"message": left.pop(0)}))

        chart.apply_patiently(SimpleNamespace(apply=apply, api=Api.__new__(Api)),
                              {"kind": "NetworkPolicy", "metadata": {"name": "x"}})
        return len(tries)

    def test_an_api_server_that_does_not_know_its_policies_parameters_yet_is_waited_for(self):
        self.assertEqual(self.applied("denied request: failed to configure binding: no param",
                                      "denied request: failed to configure policy: failed to find "
                                      "resource referenced by paramKind"), 3)

    def test_another_refusal_is_final(self):
        with self.assertRaisesRegex(FleetError, "spec.podSelector"):
            self.applied("spec.podSelector: Required value")


class AuditTest(unittest.TestCase):
    def test_a_mark_within_a_line_is_a_mark_after_it(self):
        one = Region("fra", Path(tempfile.mkdtemp()) / "fra")
        log = one.folder / "log" / "audit.log"
        log.parent.mkdir(parents=True)
        log.write_text('{"n":1}\n{"n"')
        within = one.audit_mark()
        log.write_text('{"n":1}\n{"n":2}\n')
        after = one.audit_mark()
        log.write_text('{"n":1}\n{"n":2}\n{"n":3}\n{"n"')
        numbers = {mark: [event["n"] for event in one.audit(mark)] for mark in (0, within, after)}
        self.assertEqual(numbers, {0: [1, 2, 3], within: [3], after: [3]})


class StartTest(unittest.TestCase):
    def test_only_what_may_go_well_the_next_time_is_tried_again(self):
        panic = "sigs.k8s.io/kwok/pkg/kwok/controllers.(*NodeController).preprocess"
        self.assertTrue(passes_by("kwok", panic))
        self.assertTrue(passes_by("etcd", "listen tcp: bind: address already in use"))
        self.assertFalse(passes_by("kube-scheduler", panic))
        self.assertFalse(passes_by("kwok", "unknown flag: --x"))


class FleetTest(unittest.TestCase):
    def run_main(self, *arguments) -> tuple:
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            code = fleet.main(list(arguments))
        return code, said.getvalue()

    def test_a_path_is_no_name_of_a_region(self):
        code, said = self.run_main("up", "../regions/fra")
        self.assertEqual(code, 1)
        self.assertRegex(said, "../regions/fra: no name of a region; there are: .*fra, gya")

    def test_a_region_that_is_named_twice_is_meant_once(self):
        seen = []
        with mock.patch.object(fleet, "down", lambda options: seen.extend(options.names) or 0):
            self.run_main("down", "zrh", "fra", "zrh")
        self.assertEqual(seen, ["zrh", "fra"])

    def test_the_shell_is_told_where_kubectl_and_the_plugin_are(self):
        kubectl = Path("/cache/kubernetes/bin/kubectl")
        with mock.patch.object(tools, "binary", lambda _tool: kubectl):
            said = fleet.path_export()
        self.assertRegex(said, "^export PATH=/cache/kubernetes/bin:.*/build/release/bin:")

    def test_the_demo_of_four_regions_keeps_none(self):
        with mock.patch.object(demo, "run_fleet", lambda: 0), self.assertRaises(SystemExit), \
                contextlib.redirect_stderr(io.StringIO()) as said:
            demo.main(["--fleet", "--keep"])
        self.assertIn("e2e/fleet up", said.getvalue())

    def test_a_folder_that_cannot_be_made_is_told_in_one_line(self):
        def fails(_options):
            raise PermissionError(13, "Permission denied", "/x")
        with mock.patch.object(fleet, "down", fails):
            code, said = self.run_main("down")
        self.assertEqual(code, 1)
        self.assertEqual(said, "e2e/fleet: [Errno 13] Permission denied: '/x'\n")


class ToolsTest(unittest.TestCase):
    def test_every_version_is_read_from_its_go_mod(self):
        for module in tools.MODULES:
            self.assertRegex(module.version, r"^v\d+\.\d+\.\d+$")



class DemoTableTest(unittest.TestCase):
    def looks(self, *sums) -> demo_fleet.Table:
        """A table that has looked at two regions with so many Ready, once for each pair."""
        class Api:
            def __init__(self, counts):
                # Each is asked twice a turn; of what fails once the sum is not known.
                self.counts = [count for count in counts for _ in range(2)]

            def items(self, _path):
                count = self.counts.pop(0)
                if count is None:
                    raise ConnectionRefusedError
                ready = {"conditions": [{"type": "Ready", "status": "True"}]}
                return [{"metadata": {}, "status": ready}] * count

            def get(self, _path):
                return {}

        regions = [SimpleNamespace(name=name, api=Api([pair[at] for pair in sums]))
                   for at, name in enumerate(("fra", "zrh"))]
        with contextlib.redirect_stdout(io.StringIO()):
            table = demo_fleet.Table(regions)
            table.until(dict(zip(("fra", "zrh"), sums[-1])), 60)
        return table

    def test_the_demo_fails_where_the_sum_was_seen_below_what_is_wanted(self):
        with self.assertRaisesRegex(FleetError, "fell to 3 of 4"):
            self.looks((0, 4), (1, 2), (2, 2)).check_count(4)

    def test_the_demo_says_the_smallest_sum_and_takes_silence_for_no_dip(self):
        self.assertEqual(self.looks((None, 4), (1, 4), (2, 3), (2, 2)).check_count(4), 4)

    def test_the_demo_does_not_vouch_for_what_it_never_saw(self):
        with self.assertRaisesRegex(FleetError, "never seen"):
            self.looks((None, 4)).check_count(4)


if __name__ == "__main__":
    unittest.main()
