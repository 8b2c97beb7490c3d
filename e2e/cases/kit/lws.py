"""The LeaderWorkerSet API, from its Go module as e2e/tools/lws pins it. Only the CRD: no controller."""
import hashlib
import json
import os
import subprocess

from lib import documents, gotoolchain, tools

FOLDER = tools.HERE / "lws"
CRD = "config/crd/bases/leaderworkerset.x-k8s.io_leaderworkersets.yaml"
NAME = "leaderworkersets.leaderworkerset.x-k8s.io"


def crd() -> dict:
    """Downloaded once, checked against go.sum, then kept in the cache of the tools."""
    digest = hashlib.sha256((FOLDER / "go.sum").read_bytes()).hexdigest()[:16]
    kept = tools.cache_root() / "tools" / f"lws-{digest}" / "crd.yaml"
    if not kept.exists():
        env = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "", "GOWORK": "off"}
        done = subprocess.run(
            [gotoolchain.find("1.24.0"), "mod", "download", "-json", "sigs.k8s.io/lws"],
            cwd=FOLDER, env=env, capture_output=True, text=True, check=True)
        text = (json.loads(done.stdout)["Dir"] + "/" + CRD)
        kept.parent.mkdir(parents=True, exist_ok=True)
        temporary = kept.with_suffix(f".{os.getpid()}")
        with open(text, encoding="utf-8") as source:
            temporary.write_text(source.read())
        temporary.rename(kept)
    return documents.load(kept.read_text())
