"""A real kube-apiserver with the five kinds, and requests that change nothing in it."""
import copy
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from schema import CRDS, KINDS, Crd

E2E = CRDS.parent / "e2e"
sys.path.insert(0, str(E2E))
from lib import components, tools  # noqa: E402  pylint: disable=wrong-import-position
from lib.region import Region  # noqa: E402  pylint: disable=wrong-import-position

ROOT = "/apis/bailiwick.dev/v1alpha1"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"


@dataclass
class Answer:
    code: int
    body: dict
    sent: object

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 300

    @property
    def message(self) -> str:
        return "accepted" if self.accepted else self.body.get("message", str(self.body))

    def explain(self) -> str:
        sent = self.sent
        if isinstance(sent, dict) and "metadata" in sent:
            sent = {**sent, "metadata": {**sent["metadata"], "managedFields": None}}
        return f"answer: {self.code} {self.message}\nobject: {json.dumps(sent)[:20000]}"


class Server:
    """Requests are strictly validated and dry runs unless told otherwise."""

    def __init__(self, folder: Path):
        missing = [name for name in (*components.BARE, "kubectl") if not tools.is_built(name)]
        if missing:
            subprocess.run([E2E / "tools" / "build", *missing], check=True)
        self.region = Region("crds", folder, parts=components.BARE)
        self.crds = {kind: Crd(kind) for kind in KINDS}
        # Its threads live as long as the server, and with them their connections.
        self.pool = ThreadPoolExecutor(3)
        self.requests = 0
        self.refusals = set()   # (kind, property, what the server said of it), paths without indices

    def start(self) -> "Server":
        self.region.start()
        for crd in self.crds.values():
            self.region.apply(crd.definition)
        self.region.api.wait("the five kinds served", self._served)
        return self

    def _served(self, api) -> bool:
        return all(api.find(self.collection(kind)) is not None for kind in KINDS)

    def close(self) -> None:
        self.pool.shutdown()
        self.region.remove()

    def collection(self, kind: str, namespace: str = "default") -> str:
        crd = self.crds[kind]
        return f"{ROOT}/{f'namespaces/{namespace}/' if crd.namespaced else ''}{crd.plural}"

    def path(self, obj: dict) -> str:
        return f"{self.collection(obj['kind'])}/{obj['metadata']['name']}"

    def send(self, method: str, path: str, body=None, content_type: str = "application/json") -> Answer:
        self.requests += 1
        try:
            code, text = self.region.api.raw(method, path, body, content_type)
        except OSError:
            # The server hangs up after some of the refusals; what changes nothing can be sent again.
            if "dryRun=All" not in path:
                raise
            code, text = self.region.api.raw(method, path, body, content_type)
        try:
            answer = Answer(code, json.loads(text), body)
        except ValueError:
            return Answer(code, {"message": text}, body)
        if code == 422:
            details = answer.body.get("details") or {}
            for cause in details.get("causes", ()):
                name = re.sub(r"\[[^]]*\]", "[]", cause.get("field", ""))
                self.refusals.add((details.get("kind"), name, cause["message"]))
        return answer

    def create(self, obj: dict, dry: bool = True, strict: bool = True) -> Answer:
        return self.send("POST", self.collection(obj["kind"]) + _query(dry, strict), obj)

    def replace(self, obj: dict, subresource: str = "", dry: bool = True, strict: bool = True) -> Answer:
        return self.send("PUT", self.path(obj) + subresource + _query(dry, strict), obj)

    def merge(self, obj: dict, patch, subresource: str = "", dry: bool = True) -> Answer:
        return self.send("PATCH", self.path(obj) + subresource + _query(dry), patch, MERGE)

    def apply(self, obj: dict, manager: str = "tests", dry: bool = True, force: bool = False) -> Answer:
        query = _query(dry) + f"&fieldManager={manager}&force={str(force).lower()}"
        return self.send("PATCH", self.path(obj) + query, json.dumps(obj), APPLY)

    def read(self, obj: dict) -> dict:
        return self.send("GET", self.path(obj)).body

    def delete(self, obj: dict) -> Answer:
        return self.send("DELETE", self.path(obj))

    def store(self, obj: dict) -> dict:
        """Really creates the object, with its status, and returns what is stored."""
        made = self.create(obj, dry=False)
        assert made.accepted, made.explain()
        if "status" not in obj:
            return made.body
        made.body["status"] = copy.deepcopy(obj["status"])
        written = self.replace(made.body, "/status", dry=False)
        assert written.accepted, written.explain()
        return written.body


def _query(dry: bool, strict: bool = True) -> str:
    return f"?fieldValidation={'Strict' if strict else 'Ignore'}" + ("&dryRun=All" if dry else "")
