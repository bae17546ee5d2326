"""A real time stamp authority on loopback: `openssl ts` behind a small server, with certificates of its own."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

_CONFIG = """
[tsa]
default_tsa = stamp
[stamp]
dir = {folder}
serial = $dir/serial
crypto_device = builtin
signer_cert = $dir/tsa.crt
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.99999.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""
_CHAIN = "certs = $dir/chain.pem\n"
_EXTENSIONS = """
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[between]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[tsa]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
"""

Answer = Callable[[bytes], bytes]


class Stamper:
    """The authority itself: certificates in ``folder``, answers by ``openssl``. ``root`` is what to trust (PEM).

    ``between`` puts so many authorities between the root and the one that stamps; ``send_chain`` sends all of their
    certificates along, in an order that strict readers refuse; ``self_signed`` is its own root.
    """

    def __init__(
        self, folder: Path, name: str, *, between: int = 0, send_chain: bool = False, self_signed: bool = False
    ) -> None:
        folder.mkdir(parents=True)
        self.folder, self.name = folder, name
        (folder / "ext.cnf").write_text(_EXTENSIONS)
        (folder / "tsa.cnf").write_text(_CONFIG.format(folder=folder) + (_CHAIN if send_chain else ""))
        (folder / "serial").write_text("01\n")
        if self_signed:
            self._self_signed("tsa", f"/O=Test/CN={name}", "tsa")
            (folder / "root.crt").write_bytes((folder / "tsa.crt").read_bytes())
            return
        self._self_signed("root", f"/O=Test/CN={name} root", "root")
        signers = ["root"]
        for number in range(between):
            self._signed(f"between{number}", f"/O=Test/CN={name} between {number}", "between", signers[-1])
            signers.append(f"between{number}")
        self._signed("tsa", f"/O=Test/CN={name}", "tsa", signers[-1])
        if send_chain:
            chain = [(folder / f"{each}.crt").read_text() for each in reversed(signers)]
            (folder / "chain.pem").write_text("".join(chain))

    @property
    def root(self) -> bytes:
        """The certificate to trust."""
        return (self.folder / "root.crt").read_bytes()

    def answer(self, query: bytes, *more: str) -> bytes:
        """The reply to a query (both DER)."""
        asked, given = self.folder / "q.tsq", self.folder / "r.tsr"
        asked.write_bytes(query)
        self._openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", asked, "-out", given, *more)
        return given.read_bytes()

    def end_at(self, end: datetime) -> None:
        """Give the certificate that stamps another end, signed by the root again."""
        old = x509.load_pem_x509_certificate((self.folder / "tsa.crt").read_bytes())
        key = load_pem_private_key((self.folder / "root.key").read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        made = x509.CertificateBuilder(
            old.issuer,
            old.subject,
            old.public_key(),
            old.serial_number,
            end - timedelta(days=2),
            end,
            list(old.extensions),
        )
        (self.folder / "tsa.crt").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))

    def _self_signed(self, name: str, subject: str, kind: str) -> None:
        self._openssl(
            *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "60"),
            *("-keyout", f"{name}.key", "-out", f"{name}.crt", "-subj", subject),
            *("-config", "ext.cnf", "-extensions", kind),
        )

    def _signed(self, name: str, subject: str, kind: str, by: str) -> None:
        self._openssl(
            *("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"),
            *("-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", subject, "-config", "ext.cnf"),
        )
        self._openssl(
            *("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.crt", "-CAkey", f"{by}.key", "-CAcreateserial"),
            *("-days", "30", "-extfile", "ext.cnf", "-extensions", kind, "-out", f"{name}.crt"),
        )

    def _openssl(self, *arguments: object) -> None:
        done = subprocess.run(["openssl", *map(str, arguments)], cwd=self.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


class Desk(ThreadingHTTPServer):
    """An authority's counter: takes a query by POST, answers what ``answer`` makes of it. ``asked`` keeps the queries.

    ``answer`` may be set to something hostile; ``before`` is called with the handler and may answer instead.
    """

    daemon_threads = True

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), _Counter)
        self.answer = answer
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[bytes] = []
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self) -> str:
        """As it is configured."""
        return f"http://127.0.0.1:{self.server_port}/tsr"

    def serve(self, query: bytes) -> bytes:
        """One at a time: openssl keeps its serial number in a file."""
        with self._lock:
            self.asked.append(query)
            return self.answer(query)


class _Counter(BaseHTTPRequestHandler):
    server: Desk

    def do_POST(self) -> None:
        query = self.rfile.read(int(self.headers["content-length"]))
        if self.server.instead is not None:
            self.server.instead(self)
            return
        body = self.server.serve(query)
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""
