"""A local time-stamp authority: `openssl ts` behind a real HTTP server."""

import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from typing_extensions import override

_CONFIG = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[stamper]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
default_tsa = authority
[authority]
serial = serial
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha512
accuracy = secs:1
ess_cert_id_alg = sha256
"""
_EC = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


@dataclass(frozen=True, slots=True)
class Authority:
    """Its keys and certificates, in a folder; `certificates` is what verifiers are given."""

    folder: Path

    @property
    def certificates(self) -> bytes:
        """The stamper's certificate first, then the root."""
        return (self.folder / "tsa.pem").read_bytes() + (self.folder / "root.pem").read_bytes()

    def reply(self, query: bytes) -> bytes:
        """Answer a request, as `openssl ts` does."""
        (self.folder / "query").write_bytes(query)
        signer = ("-signer", "tsa.pem", "-inkey", "tsa.key")
        _openssl(
            self.folder, "ts", "-reply", "-config", "config", "-section", "authority",
            "-queryfile", "query", *signer, "-out", "reply",
        )  # fmt: skip
        return (self.folder / "reply").read_bytes()


def made(folder: Path) -> Authority:
    """Make an authority in a new folder."""
    folder.mkdir()
    (folder / "config").write_text(_CONFIG)
    (folder / "serial").write_text("01\n")
    _openssl(
        folder, "req", "-x509", *_EC, "-config", "config", "-extensions", "root", "-days", "3650",
        "-subj", "/CN=Test root", "-keyout", "root.key", "-out", "root.pem",
    )  # fmt: skip
    _openssl(
        folder, "req", "-new", *_EC, "-config", "config", "-subj", "/CN=Test stamper",
        "-keyout", "tsa.key", "-out", "tsa.csr",
    )  # fmt: skip
    _openssl(
        folder, "x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key",
        "-extfile", "config", "-extensions", "stamper", "-days", "3650", "-out", "tsa.pem",
        "-set_serial", "2",
    )  # fmt: skip
    return Authority(folder)


@contextmanager
def serving(authority: Authority) -> Generator[str]:
    """Serve it on a free port of this machine; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["Content-Length"]))
            fits = self.headers["Content-Type"] == "application/timestamp-query"
            reply = authority.reply(query) if fits else b""
            self.send_response(200 if fits else 415)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        @override
        def log_message(self, format: str, *args: object) -> None:
            """Keep the tests' output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
