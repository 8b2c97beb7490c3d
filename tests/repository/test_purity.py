"""The pure folders compute and do nothing else: their archives must not even refer to I/O, clocks,
threads or logging."""
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PURE = {"operator/api": "bailiwick_api", "operator/evidence": "bailiwick_evidence",
        "operator/policy": "bailiwick_policy", "operator/fleet": "bailiwick_fleet",
        "operator/plan": "bailiwick_plan", "operator/render": "bailiwick_render",
        "engine-sidecar/config": "bailiwick_sidecar_config",
        "engine-sidecar/route": "bailiwick_sidecar_route",
        "engine-sidecar/http": "bailiwick_sidecar_http"}
FORBIDDEN = re.compile(
    r"^(open|openat|fopen|fopen64|read|write|socket|connect|pthread_create|clock_gettime|time|"
    r"gettimeofday|nanosleep|getenv|system|popen)$"
    r"|std::(basic_[io]?fstream|basic_filebuf|thread|jthread|this_thread|filesystem|cout|cerr|clog)\b"
    r"|std::chrono::_V2::|spdlog::|bailiwick::log::|web::|boost::asio")


@pytest.mark.parametrize("folder, library", PURE.items())
def test_refers_to_no_io(folder, library):
    archives = sorted((ROOT / "build").glob(f"*/{folder}/lib{library}.a"))
    assert archives, "build a preset first: tests/run does"
    listed = subprocess.run(["nm", "--undefined-only", "--demangle", "--format=posix", archives[0]],
                            text=True, capture_output=True, check=True)
    names = {line.rsplit(" ", 1)[0] for line in listed.stdout.splitlines() if line.endswith(" U")}
    found = sorted(name for name in names if FORBIDDEN.search(name.split("@")[0].split("(")[0]))
    assert not found, f"{folder} refers to {found}"


def test_only_one_file_knows_cpprestsdk():
    using = [path.relative_to(ROOT) for path in (ROOT / "operator").rglob("*.[ch]pp")
             if re.search(r"#include <(cpprest|pplx)/", path.read_text(encoding="utf-8"))]
    assert using == [Path("operator/kube/cpprest_transport.cpp")]


def test_the_sidecar_links_no_cpprestsdk():
    programs = sorted((ROOT / "build").glob("*/bin/engine-sidecar"))
    assert programs, "build a preset first: tests/run does"
    needed = subprocess.run(["readelf", "--dynamic", programs[0]], text=True, capture_output=True,
                            check=True).stdout
    assert "NEEDED" in needed and "cpprest" not in needed
