"""Health endpoints on loopback."""
import http.client
import ssl
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Optional


def ok(url: str, ca: Optional[Path] = None, certificate: Optional[Path] = None,
       key: Optional[Path] = None, timeout: float = 2.0) -> bool:
    """Whether a GET answers 2xx; https needs the authority that signed the server."""
    context = None
    if urllib.parse.urlsplit(url).scheme == "https":
        context = ssl.create_default_context(cafile=str(ca))
        if certificate:
            context.load_cert_chain(certificate, key)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    try:
        with opener.open(url, timeout=timeout) as answer:
            return 200 <= answer.status < 300
    except (OSError, http.client.HTTPException):
        return False
