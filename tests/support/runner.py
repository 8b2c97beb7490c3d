"""Runs every step of tests/run, shows progress, and adds up what the test programs counted."""
import argparse
import itertools
import os
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
UNIT_PRESET = "asan"
SCHEDULES = os.environ.get("BAILIWICK_SCHEDULES", "100000")  # of the fleet's simulator; more by night


@dataclass
class Count:
    """`errors` are those of the failed that no second run forgives: what went wrong around a case,
    such as the check of a whole session that is told with its last case."""

    passed: int = 0
    failed: int = 0
    errors: int = 0
    skipped: int = 0

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.errors += other.errors
        self.skipped += other.skipped


@dataclass
class Step:
    """A command; with `report`, it writes JUnit XML there, whose cases are counted."""

    name: str
    command: list
    cwd: Path = ROOT
    report: str = ""
    again: bool = False  # failed cases run once more, alone, and both runs are told; errors do not


def verdict(case):
    """Of one JUnit case; GoogleTest and pytest differ in how they mark a skipped one."""
    for word in ("error", "failure", "skipped"):
        if case.find(word) is not None:
            return word
    return "skipped" if case.get("status") == "notrun" else "passed"


def verdicts(path):
    return [(case, verdict(case)) for case in xml.parse(path).getroot().iter("testcase")]


def count_report(path):
    found = [word for _, word in verdicts(path)]
    errors = found.count("error")
    return Count(passed=found.count("passed"), failed=found.count("failure") + errors,
                 errors=errors, skipped=found.count("skipped"))


def skipped_because(path):
    """Each reason once, with how many cases it kept from running."""
    reasons = Counter((case.find("skipped").get("message") or "no reason given").strip()
                      for case, word in verdicts(path) if word == "skipped"
                      and case.find("skipped") is not None)
    return [f"{count} skipped: {reason}" for reason, count in reasons.items()]


def unit_binaries():
    return sorted((ROOT / "build" / UNIT_PRESET / "bin").glob("test_*"))


def build_steps(preset):
    return [
        Step(f"configure {preset}", ["cmake", "--preset", preset, "--log-level=WARNING"]),
        Step(f"build {preset}", ["cmake", "--build", "--preset", preset]),
    ]


PYTEST = ["/usr/bin/python3", "-m", "pytest", "-q", "-p", "no:cacheprovider"]


def pytest_step(name, folder, *options, again=False):
    return Step(name, [*PYTEST, *options, folder], report=f"{name.replace(' ', '-')}.xml",
                again=again)


def failed_cases(path):
    """pytest's names of the failed cases of a report; those with an error are not among them."""
    return sorted({f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
                   for case, word in verdicts(path) if word == "failure"})


def second_run(step, names):
    """The failed cases once more, one after the other: a machine that was too busy for a case's
    patience is no defect, and a defect fails twice."""
    return Step(f"{step.name}, {len(names)} once more", [*PYTEST, *names], step.cwd,
                report=f"again-{step.report}")


def run_forgiving(step, logs, number, total):
    """As run_step; where the step says so, a second run of a few failed cases decides on them."""
    count = run_step(step, logs, number, total)
    if not step.again or not (logs / step.report).exists():
        return count
    names = failed_cases(logs / step.report)
    if not 0 < len(names) <= 12:
        return count
    print("        not at the first try: " + ", ".join(names), flush=True)
    again = run_step(second_run(step, names), logs, number, total)
    return Count(count.passed + again.passed, count.errors + again.failed,
                 count.errors + again.errors, count.skipped)


def run_step(step, logs, number, total):
    """Returns its Count; a step without a report counts only when it fails."""
    log = logs / f"{step.name.replace(' ', '-').replace('/', '-')}.log"
    report = logs / step.report if step.report else None
    command = list(step.command)
    env = dict(os.environ)
    if report and "pytest" in command:
        command.insert(command.index("pytest") + 1, f"--junitxml={report}")
    elif report:
        command.append(f"--gtest_output=xml:{report}")
        env.setdefault("ASAN_OPTIONS", "detect_leaks=1")
        env.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
    begun = time.monotonic()
    print(f"[{number}/{total}] {step.name} ...", flush=True)
    with open(log, "w", encoding="utf-8") as out:
        code = run_with_progress(command, step.cwd, env, out, log)
    took = time.monotonic() - begun
    count = Count()
    if report and report.exists():
        count = count_report(report)
    if code != 0 and count.failed == 0:
        count.failed = 1
    if report and count.passed + count.failed + count.skipped == 0:
        count.failed = 1
    state = "ok" if count.failed == 0 else f"FAILED (exit {code})"
    detail = f", {count.passed} passed" if report else ""
    print(f"        {step.name}: {state}{detail}, {took:.0f} s", flush=True)
    for line in skipped_because(report) if count.skipped else ():
        print(f"   !!!  {step.name}: {line}", flush=True)
    if count.failed:
        print_tail(log)
        if report and report.exists():
            print_failures(report)
    return count


def run_with_progress(command, cwd, env, out, log):
    """Shows the last line of a long step's output once in a while, so that nobody wonders."""
    with subprocess.Popen(command, cwd=cwd, env=env, stdout=out, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL) as process:
        shown = time.monotonic()
        while True:
            try:
                return process.wait(timeout=1)
            except subprocess.TimeoutExpired:
                if time.monotonic() - shown >= 20:
                    shown = time.monotonic()
                    print(f"        {last_line(log)}", flush=True)


def last_line(log):
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1][:96] if lines else "..."


def print_failures(report, longest=1500):
    """What each failed case said; of a pytest session the log ends with the last one's."""
    for case, word in verdicts(report):
        if word in ("failure", "error"):
            print(f"   !!!  {case.get('name')}: {(case.find(word).get('message') or '')[:longest]}")


def print_tail(log, lines=60):
    text = log.read_text(encoding="utf-8", errors="replace").splitlines()
    for line in text[-lines:]:
        print(f"        | {line[:300]}")


def tool_steps():
    return [Step("build Kubernetes tools", ["e2e/tools/build"])]


def check_steps():
    return [
        pytest_step("repository", "tests/repository"),
        Step("harness", ["/usr/bin/python3", "-m", "unittest", "-q", "lib.test_lib"],
             cwd=ROOT / "e2e"),
    ]


def unit_steps():
    """Two at a time: each is one thread most of its time."""
    steps = [Step(binary.name, [str(binary)], report=f"{binary.name}.xml")
             for binary in unit_binaries()]
    return [tuple(steps[i:i + 2]) for i in range(0, len(steps), 2)]


def simulation_steps():
    """Random schedules of the fleet by the release build: the sanitizers' would need half an hour."""
    return [Step("build simulate", ["cmake", "--build", "--preset", "release", "--target", "simulate"]),
            Step("simulate", ["build/release/bin/simulate", "--schedules", SCHEDULES])]


def process_steps():
    """The sidecar over real sockets, as the unit preset built it."""
    program = f"--engine-sidecar=build/{UNIT_PRESET}/bin/engine-sidecar"
    return [pytest_step("sidecar", "tests/sidecar/process", program, again=True)]


def fuzz_steps():
    """A minute for each fuzzer, two at a time where there are two cores. Longer: `cmake
    --build --preset fuzz --target fuzz_long`."""
    return [Step("fuzz", ["tests/fuzz/run", "60"])]


REAL_NODE = "e2e/cases/test_real_node.py"


def cluster_steps():
    """The real node alone: a kubelet beside busy control planes runs out of inotify instances."""
    return [
        (pytest_step("crds", "tests/crds"), pytest_step("chart", "tests/chart")),
        pytest_step("e2e cases", "e2e/cases", "-n", "2", "--durations=15", f"--ignore={REAL_NODE}",
                    again=True),
        pytest_step("real node", REAL_NODE, again=True),
    ]


def flat(steps):
    return [one for step in steps for one in (step if isinstance(step, tuple) else (step,))]


def run_together(steps, logs, numbers, total):
    """[(Step, its Count)]; those of a tuple run at the same time."""
    steps = steps if isinstance(steps, tuple) else (steps,)
    with ThreadPoolExecutor(len(steps)) as pool:
        counts = pool.map(lambda step: run_forgiving(step, logs, next(numbers), total), steps)
        return list(zip(steps, counts))


def main():
    parser = argparse.ArgumentParser(
        prog="tests/run", description="Builds everything and runs every test.",
        epilog="Example: tests/run --only unit")
    parser.add_argument("--only", choices=["unit", "cluster"],
                        help="only the C++ unit tests, or only what needs a control plane")
    options = parser.parse_args()
    logs = Path(tempfile.mkdtemp(prefix="bailiwick-tests-"))
    begun = time.monotonic()
    total = Count()

    def run(steps, done, of):
        numbers = itertools.count(done + 1)
        for one in steps:
            for step, count in run_together(one, logs, numbers, of):
                total.add(count)
                if count.failed and not step.report and "build" in step.name:
                    return False
        return True

    unit = [] if options.only == "cluster" else build_steps(UNIT_PRESET)
    if options.only == "unit":
        unit += build_steps("release")[:1]
    cluster = [] if options.only == "unit" else tool_steps() + build_steps("release")
    of = len(unit) + len(cluster)
    built = run(cluster + unit, 0, of)
    if built:
        steps = [] if options.only == "cluster" else (
            (
            check_steps() + unit_steps() + simulation_steps() + process_steps()) + fuzz_steps())
        steps += [] if options.only == "unit" else cluster_steps()
        run(steps, of, of + len(flat(steps)))
    minutes = (time.monotonic() - begun) / 60
    print(f"logs in {logs}, {minutes:.1f} minutes"
          + (f", {total.skipped} skipped" if total.skipped else ""))
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed or total.passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
