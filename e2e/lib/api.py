"""A small Kubernetes client for tests and the fleet: JSON over mutually authenticated TLS."""
import base64
import http.client
import json
import ssl
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path

import yaml

from .errors import FleetError

FIELD_MANAGER = "bailiwick-e2e"
APPLY, MERGE = "application/apply-patch+yaml", "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"


class ApiError(FleetError):
    """An answer that is not 2xx; `code` and `reason` as in the server's Status."""

    def __init__(self, method: str, path: str, code: int, body: str):
        self.code, self.body = code, body
        try:
            status = json.loads(body)
            self.reason, message = status.get("reason", ""), status.get("message", body)
        except (ValueError, AttributeError):
            self.reason, message = "", body
        super().__init__(f"{method} {path}: {code} {self.reason}: {message}")


class Api:
    """Speaks as the user of one kubeconfig. Safe to share between threads."""

    def __init__(self, kubeconfig: Path, timeout: float = 30.0, agent: str = FIELD_MANAGER):
        config = yaml.safe_load(Path(kubeconfig).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.server = cluster["server"]
        self._host = urllib.parse.urlsplit(self.server).netloc
        self._timeout = timeout
        self._tls = _tls(cluster, user)
        self._headers = {"Accept": "application/json", "User-Agent": agent}
        if "token" in user:
            self._headers["Authorization"] = "Bearer " + user["token"]
        self._local = threading.local()
        self._resources = {}

    def raw(self, method: str, path: str, body=None, content_type: str = "application/json") -> tuple:
        """(status code, text); raises OSError when the server cannot be reached."""
        data = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        headers = {**self._headers, **({"Content-Type": content_type} if data is not None else {})}
        for attempt in (1, 2):
            fresh = getattr(self._local, "connection", None) is None
            if fresh:
                self._local.connection = self.connection()
            sent = False
            try:
                self._local.connection.request(method, path, data, headers)
                sent = True
                answer = self._local.connection.getresponse()
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException) as error:
                self._local.connection.close()
                self._local.connection = None
                # Only an idle connection that the server closed meanwhile is worth a second try.
                if fresh or attempt == 2 or (sent and method not in ("GET", "PATCH")):
                    if isinstance(error, OSError):
                        raise
                    raise OSError(str(error)) from error
        raise AssertionError("unreachable")

    def connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection(self._host, timeout=self._timeout, context=self._tls)

    def request(self, method: str, path: str, body=None, content_type: str = "application/json"):
        code, text = self.raw(method, path, body, content_type)
        if not 200 <= code < 300:
            raise ApiError(method, path, code, text)
        try:
            return json.loads(text) if text else None
        except ValueError:
            return text

    def get(self, path: str):
        return self.request("GET", path)

    def find(self, path: str):
        """The object, or None where there is none."""
        try:
            return self.get(path)
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def items(self, path: str) -> list:
        return self.get(path)["items"]

    def create(self, obj: dict):
        return self.request("POST", self.collection(obj) + "?fieldValidation=Strict", obj)

    def delete(self, path: str, **options):
        return self.request("DELETE", path, options or None)

    def merge(self, path: str, patch):
        """JSON merge patch; append `/status` to the path for the subresource."""
        return self.request("PATCH", path, patch, MERGE)

    def apply(self, obj: dict, manager: str = FIELD_MANAGER, force: bool = True):
        """Server-side apply, strictly validated."""
        query = f"?fieldManager={manager}&force={str(force).lower()}&fieldValidation=Strict"
        return self.request("PATCH", self.path(obj) + query, obj, APPLY)

    def collection(self, obj: dict) -> str:
        version, kind = obj["apiVersion"], obj["kind"]
        resource, namespaced = self._resource(version, kind)
        root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
        if namespaced:
            root += "/namespaces/" + obj["metadata"].get("namespace", "default")
        return f"{root}/{resource}"

    def path(self, obj: dict) -> str:
        return f"{self.collection(obj)}/{obj['metadata']['name']}"

    def _resource(self, version: str, kind: str) -> tuple:
        if (version, kind) not in self._resources:
            root = f"/api/{version}" if "/" not in version else f"/apis/{version}"
            for entry in self.get(root)["resources"]:
                if "/" not in entry["name"]:
                    key = (version, entry["kind"])
                    self._resources[key] = (entry["name"], entry["namespaced"])
        try:
            return self._resources[(version, kind)]
        except KeyError:
            raise FleetError(f"the API server knows no {kind} in {version}") from None

    def ready(self, path: str = "/readyz") -> bool:
        try:
            return self.raw("GET", path)[0] == 200
        except OSError:
            return False

    def wait(self, what: str, check, timeout: float = 30.0, every: float = 0.1):
        """The first true value of `check(self)`; raises FleetError with `what` after `timeout`."""
        end = time.monotonic() + timeout
        while True:
            problem = "not yet"
            try:
                value = check(self)
                if value:
                    return value
            except (ApiError, OSError) as error:
                problem = str(error)
            if time.monotonic() > end:
                raise FleetError(f"{what}: not after {timeout:.0f} s ({problem})")
            time.sleep(every)


def _tls(cluster: dict, user: dict) -> ssl.SSLContext:
    ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
    context = ssl.create_default_context(cadata=ca)
    if "client-certificate-data" in user:
        # ssl reads client certificates from files only.
        with tempfile.NamedTemporaryFile() as pair:
            for part in ("client-certificate-data", "client-key-data"):
                pair.write(base64.b64decode(user[part]) + b"\n")
            pair.flush()
            context.load_cert_chain(pair.name)
    return context
