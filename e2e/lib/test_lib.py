"""What would hurt most if it were wrong: run with `/usr/bin/python3 -m unittest lib.test_lib` in e2e/."""
import json
import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from . import join, nodes, ports, tools
from .process import Process, until


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


class ToolsTest(unittest.TestCase):
    def test_every_version_is_read_from_its_go_mod(self):
        for module in tools.MODULES:
            self.assertRegex(module.version, r"^v\d+\.\d+\.\d+$")


if __name__ == "__main__":
    unittest.main()
