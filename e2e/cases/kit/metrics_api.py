"""An external metrics API of one metric, as an adapter would serve it behind the aggregation layer."""
import ssl
import threading
from datetime import datetime, timezone
from http.server import ThreadingHTTPServer

from kit.answers import JsonHandler
from lib import aggregation

GROUP, VERSION = "external.metrics.k8s.io", "v1beta1"


class ExternalMetrics:
    """`value` is the metric's total; set it at any time."""

    def __init__(self, region, metric: str):
        self.metric, self.value, self.asked = metric, 0, 0
        port = region.layout.port("external-metrics")
        certificate, key, clients, name = aggregation.register(region, GROUP, VERSION, port)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_REQUIRED
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler(name))
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        aggregation.wait_available(region, GROUP, VERSION)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, path: str) -> tuple:
        root = f"/apis/{GROUP}/{VERSION}"
        if path == root:
            return 200, {"kind": "APIResourceList", "apiVersion": "v1",
                         "groupVersion": f"{GROUP}/{VERSION}", "resources": [
                             {"name": self.metric, "singularName": "", "namespaced": True,
                              "kind": "ExternalMetricValueList", "verbs": ["get"]}]}
        if path.startswith(f"{root}/namespaces/") and path.endswith("/" + self.metric):
            self.asked += 1
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            return 200, {"kind": "ExternalMetricValueList", "apiVersion": f"{GROUP}/{VERSION}",
                         "metadata": {}, "items": [
                             {"metricName": self.metric, "metricLabels": {}, "timestamp": now,
                              "value": str(self.value)}]}
        return 404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404,
                     "reason": "NotFound", "message": f"no {path} here"}

    def _handler(self, allowed: str):
        metrics = self

        class Handler(JsonHandler):
            def do_GET(self):
                subject = dict(pair for part in self.connection.getpeercert()["subject"]
                               for pair in part)
                if subject.get("commonName") != allowed:
                    return self.answer({}, 403)
                code, body = metrics._answer(self.path.partition("?")[0])
                self.answer(body, code)

        return Handler
