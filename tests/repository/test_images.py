"""docs/Containerfile installs what the operator's binary is linked to."""
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RUNTIME = re.compile(r"ld-linux|libc\.|libm\.|libgcc_s\.")  # of every Debian image, or with libstdc++6


def output(*command) -> str:
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def linked() -> set:
    """Packages of the libraries that the binary names itself; theirs come as dependencies."""
    binary = ROOT / "build/release/bin/bailiwick-operator"
    assert binary.exists(), "build the release preset first: tests/run does"
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", str(binary)))
    where = dict(re.findall(r"^\s*(\S+) => (\S+)", output("ldd", str(binary)), re.MULTILINE))
    # By the end of the path: /lib and /usr/lib are one folder, and dpkg knows a file by one of them.
    paths = [Path(where[name]).resolve() for name in needed if not RUNTIME.match(name)]
    files = [f"{path.parent.name}/{path.name}" for path in paths]
    return {line.split(":")[0] for file in files
            for line in output("dpkg", "--search", f"*/{file}").splitlines()}


def installed() -> dict:
    """package -> pinned version, or nothing."""
    text = (ROOT / "docs/Containerfile").read_text(encoding="utf-8")
    return dict(re.findall(r"^    (lib[^\s=]+)(?:=(\S+))? \\$", text, re.MULTILINE))


def test_the_image_holds_the_libraries_of_the_binary():
    assert set(installed()) == linked() != set()


def test_the_versions_are_those_that_were_tried():
    for package, version in installed().items():
        if version:
            assert output("dpkg-query", "-W", "-f", "${Version}", package) == version
