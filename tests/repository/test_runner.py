"""tests/run forgives a case that fails once and passes alone, and nothing else."""
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "support"))
import runner  # noqa: E402

CASES = '''
import pathlib
import pytest

@pytest.fixture(scope="session", autouse=True)
def session():
    yield
    again = been("session")
    assert {session}, "the audit found something"

def been(where):
    mark = pathlib.Path(__file__).with_suffix("." + where)
    before, _ = mark.exists(), mark.touch()
    return before

def test_first():
    again = been("first")
    assert {first}

def test_last():
    pass
'''


def run(tmp_path, session: str, first: str):
    folder, logs = tmp_path / "cases", tmp_path / "logs"
    folder.mkdir()
    logs.mkdir()
    (folder / "test_planted.py").write_text(CASES.format(session=session, first=first))
    # As the cases run: with workers, each of which has a session of its own.
    step = runner.Step("planted", [*runner.PYTEST, "test_planted.py", "-n", "1"], folder,
                       report="planted.xml", again=True)
    return runner.run_forgiving(step, logs, 1, 1)


def test_steps_that_run_together_are_counted_each(tmp_path):
    def step(name, passes):
        (tmp_path / f"test_{name}.py").write_text(f"def test_it():\n    assert {passes}\n")
        return runner.Step(name, [*runner.PYTEST, f"test_{name}.py"], tmp_path,
                           report=f"{name}.xml")
    steps = [step("one", True), (step("two", True), step("three", False))]
    assert [one.name for one in runner.flat(steps)] == ["one", "two", "three"]
    numbers = iter(range(1, 4))
    done = [entry for one in steps for entry in runner.run_together(one, tmp_path, numbers, 3)]
    assert [(one.name, count.passed, count.failed) for one, count in done] == [
        ("one", 1, 0), ("two", 1, 0), ("three", 0, 1)]


def test_what_was_skipped_is_said_with_its_reason(tmp_path, capfd):
    (tmp_path / "test_some.py").write_text(
        "import pytest\n\n@pytest.mark.skip(reason='needs root')\n"
        "@pytest.mark.parametrize('n', range(2))\ndef test_it(n):\n    pass\n\n"
        "def test_other():\n    pass\n")
    step = runner.Step("some", [*runner.PYTEST, "test_some.py"], tmp_path, report="some.xml")
    count = runner.run_step(step, tmp_path, 1, 1)
    assert (count.passed, count.failed, count.skipped) == (1, 0, 2)
    assert "!!!  some: 2 skipped: needs root" in capfd.readouterr().out


@pytest.mark.parametrize("session, first, passed, failed", [
    ("True", "True", 2, 0),
    ("True", "again", 2, 0),
    ("True", "False", 1, 1),
    ("False", "True", 1, 1),
    ("again", "again", 1, 1),
    ("False", "again", 0, 2),
], ids=["nothing", "a failure once", "a failure twice", "an error of the session",
        "an error beside a failure", "errors of both sessions"])
def test_what_counts(tmp_path, session, first, passed, failed):
    count = run(tmp_path, session, first)
    assert (count.passed, count.failed) == (passed, failed)
