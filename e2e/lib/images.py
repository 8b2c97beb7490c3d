"""Container images without a container engine: OCI archives made by hand from files of this machine.

    archive(path, "bailiwick/engine-sidecar:e2e", program_files(binary), entrypoint=["engine-sidecar"])

One layer, one platform, the same bytes for the same files. `ctr images import` takes them.
"""
import gzip
import hashlib
import io
import json
import re
import subprocess
import tarfile
from pathlib import Path

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
PATHS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def libraries(program: Path) -> dict:
    """Every shared library that a program or library needs, loader included, at its own path."""
    done = subprocess.run(["ldd", program], text=True, capture_output=True, check=False)
    return {path: Path(path).resolve() for path in re.findall(r"(/\S+) \(0x", done.stdout)}


def program_files(program: Path, at: str = "") -> dict:
    """A program at /usr/local/bin, or `at`, with its libraries."""
    return {at or f"/usr/local/bin/{program.name}": program, **libraries(program)}


def folder_files(folder: Path, at: str, skip: tuple = ("__pycache__",)) -> dict:
    """All regular files below a folder, placed below `at`; links become what they lead to."""
    return {f"{at}/{path.relative_to(folder)}": path.resolve() for path in folder.rglob("*")
            if path.is_file() and not set(skip) & set(path.relative_to(folder).parts)}


def archive(target: Path, reference: str, files: dict, entrypoint: list, user: str = "65532:65532",
            env: tuple = ()) -> Path:
    """`files`: path in the image -> a file here, or bytes (of a program that may be run)."""
    layer, diff_id = _layer(files)
    config = json.dumps({
        "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "config": {"Entrypoint": entrypoint, "User": user, "WorkingDir": "/",
                   "Env": [f"PATH={PATHS}", *env]},
    }, sort_keys=True).encode()
    manifest = json.dumps({
        "schemaVersion": 2, "mediaType": MANIFEST, "config": _descriptor(CONFIG, config),
        "layers": [_descriptor(LAYER, layer)],
    }, sort_keys=True).encode()
    index = json.dumps({
        "schemaVersion": 2, "mediaType": INDEX,
        "manifests": [{**_descriptor(MANIFEST, manifest),
                       "annotations": {"io.containerd.image.name": f"docker.io/{reference}",
                                       "org.opencontainers.image.ref.name": reference}}],
    }, sort_keys=True).encode()
    target.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(target, "w") as out:
        _add(out, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        _add(out, "index.json", index)
        for blob in (layer, config, manifest):
            _add(out, f"blobs/sha256/{hashlib.sha256(blob).hexdigest()}", blob)
    return target


def _descriptor(media_type: str, blob: bytes) -> dict:
    return {"mediaType": media_type, "size": len(blob),
            "digest": "sha256:" + hashlib.sha256(blob).hexdigest()}


def _layer(files: dict) -> tuple:
    """The compressed layer, and the digest of what is in it."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w") as tar:
        for folder in ("tmp",):
            info = tarfile.TarInfo(folder)
            info.type, info.mode = tarfile.DIRTYPE, 0o1777
            tar.addfile(info)
        for path in sorted(files):
            source = files[path]
            data = source if isinstance(source, bytes) else Path(source).read_bytes()
            mode = 0o755 if isinstance(source, bytes) else Path(source).stat().st_mode & 0o777 | 0o444
            _add(tar, path.lstrip("/"), data, mode)
    data = raw.getvalue()
    return gzip.compress(data, 1, mtime=0), "sha256:" + hashlib.sha256(data).hexdigest()


def _add(tar: tarfile.TarFile, name: str, data: bytes, mode: int = 0o644) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(data), mode
    tar.addfile(info, io.BytesIO(data))
