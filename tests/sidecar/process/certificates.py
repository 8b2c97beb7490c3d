"""Certificates for tests, by the openssl command."""
import ssl
import subprocess


class Authority:
    def __init__(self, folder, name):
        self.folder = folder
        self.name = name
        self.file = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"
        self.run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-keyout", self.key, "-out", self.file, "-subj", f"/CN={name}", "-days", "2",
                 "-addext", "basicConstraints=critical,CA:TRUE",
                 "-addext", "keyUsage=critical,keyCertSign")

    @staticmethod
    def run(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, names="IP:127.0.0.1"):
        """The paths of a certificate and its key."""
        cert, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        self.run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                 key, "-out", request, "-subj", f"/CN={name}")
        self.run("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-out", cert,
                 "-days", "2", "-extfile", extensions)
        return cert, key

    def server(self, name, names="IP:127.0.0.1", clients=None):
        """A server's context; `clients` is an Authority whose certificates it asks for."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue(name, names))
        if clients:
            context.load_verify_locations(clients.file)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self, certificate=None):
        context = ssl.create_default_context(cafile=self.file)
        if certificate:
            context.load_cert_chain(*certificate)
        return context
