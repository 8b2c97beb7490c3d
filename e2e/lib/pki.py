"""Certificate authorities and certificates of one control plane, made with openssl.

Three authorities, as kubeadm makes them: `ca` (API clients and servers), `etcd-ca`, and
`front-proxy-ca` (the aggregation layer), so that no certificate of one passes at another.
"""
import base64
import shutil
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .errors import FleetError

DAYS = "365"
LOOPBACK = ("IP:127.0.0.1", "IP:::1", "DNS:localhost")


@dataclass(frozen=True)
class Leaf:
    """A certificate to make: `organisation` is the Kubernetes group of a client."""

    name: str
    ca: str
    common_name: str
    organisation: str = ""
    sans: tuple = ()
    usage: str = "clientAuth"


def _openssl(*arguments: str) -> None:
    if not shutil.which("openssl"):
        raise FleetError("openssl is missing: apt-get install openssl")
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise FleetError(f"openssl {arguments[0]}: {done.stderr.strip()}")


class Pki:
    """The files of one folder; what exists is never made anew."""

    def __init__(self, folder: Path):
        self.folder = folder

    def certificate(self, name: str) -> Path:
        return self.folder / f"{name}.crt"

    def key(self, name: str) -> Path:
        return self.folder / f"{name}.key"

    def certificate_base64(self, name: str) -> str:
        return base64.b64encode(self.certificate(name).read_bytes()).decode()

    def make(self, authorities: list, leaves: list, signing_key: str) -> None:
        """Makes what is missing: authorities, leaves, and the service accounts' signing key."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.authority, authorities))
            list(pool.map(self.leaf, leaves))
        if not self.key(signing_key).exists():
            _openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                     "-out", str(self.key(signing_key)))
            _openssl("pkey", "-in", str(self.key(signing_key)), "-pubout",
                     "-out", str(self.folder / f"{signing_key}.pub"))

    def authority(self, name: str) -> None:
        if self.certificate(name).exists():
            return
        _openssl("req", "-x509", *self._new_key(name), "-days", DAYS, "-subj", f"/CN=bailiwick-{name}",
                 "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign,cRLSign",
                 "-out", str(self.certificate(name)))

    def leaf(self, leaf: Leaf) -> None:
        """Signs one certificate; tests call it for identities of their own."""
        if self.certificate(leaf.name).exists():
            return
        subject = (f"/O={leaf.organisation}" if leaf.organisation else "") + f"/CN={leaf.common_name}"
        extensions = ["-addext", "basicConstraints=critical,CA:FALSE",
                      "-addext", "keyUsage=critical,digitalSignature",
                      "-addext", f"extendedKeyUsage={leaf.usage}"]
        if leaf.sans:
            extensions += ["-addext", "subjectAltName=" + ",".join(leaf.sans)]
        _openssl("req", "-x509", *self._new_key(leaf.name), "-days", DAYS, "-subj", subject,
                 "-CA", str(self.certificate(leaf.ca)), "-CAkey", str(self.key(leaf.ca)),
                 *extensions, "-out", str(self.certificate(leaf.name)))

    def _new_key(self, name: str) -> list:
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc",
                "-keyout", str(self.key(name)), "-config", str(self._config())]

    def _config(self) -> Path:
        """A bare configuration: the distribution's own one adds CA extensions to every -x509."""
        path = self.folder / "openssl.cnf"
        if not path.exists():
            temporary = self.folder / f".openssl.{threading.get_ident()}"
            temporary.write_text("[req]\ndistinguished_name = name\nprompt = no\n[name]\n")
            temporary.rename(path)
        return path
