"""What the page's server proves of itself, and what is said when it proves nothing."""

from __future__ import annotations

import hashlib
import shutil
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.evidence.capture import Capture
from bot.evidence.picture import roots
from bot.evidence.picture.browser import BrowserCapturer

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone."
PAGE = f"<!doctype html><meta charset=utf-8><p>{TEXT}</p>".encode()
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)


@dataclass(frozen=True)
class Secured:
    """A server with TLS: its port, the root that vouches for it, and the SHA-256 of its certificate."""

    port: int
    root: bytes
    sha256: str


@pytest.fixture
def secured(tmp_path: Path) -> Iterator[Secured]:
    """A page over TLS, whose certificate a root of our own making has signed, as a network that inspects does."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate("Town root", root_key, "Town root", root_key, is_root=True)
    own = _certificate("sandbox", key, "Town root", root_key, is_root=False)
    (tmp_path / "own.pem").write_bytes(own.public_bytes(serialization.Encoding.PEM) + _plain(key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "own.pem")
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(listening, context), daemon=True).start()
    der = own.public_bytes(serialization.Encoding.DER)
    port = listening.getsockname()[1]
    yield Secured(port, root.public_bytes(serialization.Encoding.PEM), hashlib.sha256(der).hexdigest())
    listening.close()


def test_a_certificate_that_nobody_vouches_for_is_told_with_the_remedy(secured: Secured, browser: Path) -> None:
    """The page isn't looked at all the same; the sentence names the error and what to install."""
    found = _look(secured, browser)

    assert (found.status, found.viewport_png) == ("failed", None)
    assert "ERR_CERT_AUTHORITY_INVALID" in found.reason
    assert "/usr/local/share/ca-certificates" in found.reason
    assert "libnss3-tools" in found.reason


@pytest.mark.skipif(shutil.which("certutil") is None, reason="certutil (package libnss3-tools) is not installed")
def test_a_root_that_the_city_installed_is_trusted_and_the_certificate_recorded(
    secured: Secured, browser: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EV-05: issuer, subject, validity and the SHA-256 of the certificate are among the facts."""
    (tmp_path / "roots").mkdir()
    (tmp_path / "roots" / "town.crt").write_bytes(secured.root)
    monkeypatch.setattr(roots, "LOCAL", tmp_path / "roots")

    found = _look(secured, browser)

    assert (found.comment_text_visible, found.reason) == (True, "")
    facts = found.facts["certificate"]
    assert isinstance(facts, dict)
    assert (facts["subject"], facts["issuer"], facts["sha256"]) == ("sandbox", "Town root", secured.sha256)
    assert facts["valid_from"] == BEGAN.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert facts["protocol"].startswith("TLS 1.")


def _look(secured: Secured, browser: Path) -> Capture:
    capturer = BrowserCapturer([f"127.0.0.1:{secured.port}"], browser=browser)
    try:
        return capturer.capture(f"https://127.0.0.1:{secured.port}/post", TEXT)
    finally:
        capturer.close()


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, issuer_key: ec.EllipticCurvePrivateKey, *, is_root: bool
) -> x509.Certificate:
    building = (
        x509.CertificateBuilder(_name(issuer), _name(name), key.public_key(), x509.random_serial_number())
        .not_valid_before(BEGAN)
        .not_valid_after(BEGAN + timedelta(days=30))
        .add_extension(x509.BasicConstraints(is_root, None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    )
    return building.sign(issuer_key, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _plain(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        threading.Thread(target=_answer, args=(client, context), daemon=True).start()


def _answer(client: socket.socket, context: ssl.SSLContext) -> None:
    try:
        with context.wrap_socket(client, server_side=True) as secured:
            secured.recv(65536)
            lines = ("HTTP/1.1 200 OK", "Content-Type: text/html", f"Content-Length: {len(PAGE)}", "Connection: close")
            secured.sendall("\r\n".join((*lines, "", "")).encode() + PAGE)
    except OSError:
        return
