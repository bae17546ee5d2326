"""From an attachment to a medium, by a real client through the real guard, from a real server on loopback."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.evidence.dossier import Medium
from bot.evidence.egress.door import Streams
from bot.evidence.egress.guard import Guard
from bot.evidence.media import fetch
from bot.evidence.media.fetch import Fetcher, Limits
from bot.evidence.media.hashes import NeverCopy
from connectors.contract import Attachment
from tests.evidence.conftest import NOW, PublicSite

PICTURE = b"\x89PNG\r\n\x1a\n" + b"pixels" * 100
ROOMY = Limits(seconds=5.0)

Serve = Callable[[BaseHTTPRequestHandler], None]


def test_a_photo_is_fetched_whole_and_named_by_its_bytes(site: PublicSite) -> None:
    """What the server calls it is noted; what it is, its first bytes say."""
    address = site.show("/a.html?oh=1", _serve(PICTURE, type="text/html"))
    site.pages["/a.html"] = site.pages.pop("/a.html?oh=1")

    (medium,) = _fetch(site, Attachment("photo", address))

    assert (medium.data, medium.sha256) == (PICTURE, hashlib.sha256(PICTURE).hexdigest())
    assert (medium.declared_type, medium.sniffed, medium.extension) == ("text/html", "image/png", "png")
    assert (medium.url, medium.final_url, medium.status, medium.size) == (address, address, 200, len(PICTURE))
    assert (medium.error, medium.restricted, medium.fetched_at) == (None, False, NOW)


def test_the_server_learns_as_little_as_can_be_said(site: PublicSite) -> None:
    """No cookie, not even the one that it set a request before; no compression; nothing of the environment."""
    seen: list[dict[str, str]] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        _send(request, 302, b"", location="/b", set_cookie="track=1")

    def picture(request: BaseHTTPRequestHandler) -> None:
        seen.append({name.lower(): value for name, value in request.headers.items()})
        _send(request, 200, PICTURE)

    site.show("/b", picture)
    (medium,) = _fetch(site, Attachment("photo", site.show("/a", answer)))

    assert medium.data == PICTURE
    assert [request["accept-encoding"] for request in seen] == ["identity", "identity"]
    assert all(set(request) <= {"host", "connection", "user-agent", "accept", "accept-encoding"} for request in seen)


def test_a_link_card_is_never_followed(site: PublicSite, stranger: PublicSite) -> None:
    """Only the preview that the platform itself delivers is fetched; where the link leads learns nothing."""
    preview = site.show("/preview", _serve(PICTURE))
    leads = stranger.show("/leads", _serve(PICTURE))

    assert _fetch(site, Attachment("link", leads, "Look")) == ()
    (medium,) = _fetch(site, Attachment("link", leads, "Look", preview))

    assert (medium.url, medium.data) == (preview, PICTURE)
    assert stranger.connections == 0


@pytest.mark.parametrize(
    ("attachment", "because"),
    [(Attachment("photo"), fetch.NO_ADDRESS), (Attachment("other", "https://x.example/"), fetch.NOT_FETCHED)],
)
def test_what_has_no_address_or_no_known_kind_is_said_so(
    site: PublicSite, attachment: Attachment, because: str
) -> None:
    """The record lists each attachment, had or not."""
    (medium,) = _fetch(site, attachment)

    assert (medium.error, medium.data, medium.sha256) == (because, None, None)


# ── elsewhere ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "address",
    [
        "http://{stranger}/secret",
        "http://localhost:{port}/secret",
        "https://127.0.0.1/secret",
        "https://2130706433/",
        "http://0x7f000001/",
        "http://[::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "ftp://{stranger}/",
        "https://user:pass@{stranger}/",
        "http://{stranger}\r\nHost: x/",
        "http://[",
        "data:image/png;base64,AAAA",
        "gopher://{stranger}/" + "a" * 10_000,
        "\u202ehttps://x",
        "",
    ],
)
def test_no_other_place_is_asked_for_a_file(site: PublicSite, stranger: PublicSite, address: str) -> None:
    """Addresses are strangers' words. Neither directly nor by a redirect do they lead where the page's hosts end."""
    address = address.format(stranger=stranger.host, port=stranger.server_port)
    hop = site.show("/hop", lambda request: _redirect(request, address))

    media = _fetch(site, Attachment("photo", address), Attachment("photo", hop))

    assert [medium.data for medium in media] == [None, None]
    assert all(medium.error for medium in media)
    assert stranger.connections == 0


def test_a_name_of_the_list_that_leads_inside_is_not_followed(site: PublicSite) -> None:
    """The guard checks the address that it connects to, and the record says why there is no file."""

    async def inside(host: str, port: int) -> Sequence[str]:
        return ["10.0.0.7"]

    fetcher = _fetcher(open_guard=partial(Guard, resolve=inside))
    (medium,) = fetcher([Attachment("photo", "https://scontent.fbcdn.net/a.jpg")], ["*.fbcdn.net"])

    assert medium.data is None
    assert medium.error is not None
    assert "private" in medium.error


def test_a_circle_of_redirects_ends(site: PublicSite) -> None:
    """Five are followed; a circle is none."""
    address = site.show("/round", lambda request: _redirect(request, "/round"))
    (medium,) = _fetch(site, Attachment("photo", address))

    assert medium.error == fetch.REDIRECTED.format(redirects=5)
    assert site.asked == ["/round"] * 6


# ── too much, too late, not whole ────────────────────────────────────────────────────────────────────────────────────


def test_a_file_over_the_limit_is_dropped_at_the_limit(site: PublicSite) -> None:
    """Whatever length it announces; and the others are still fetched."""
    limits = Limits(each=100_000, seconds=5.0)
    endless = site.show("/endless", _endless)
    honest = site.show("/a", _serve(PICTURE))

    first, second = _fetch(site, Attachment("video", endless), Attachment("photo", honest), limits=limits)

    assert first.data is None
    assert first.error is not None
    assert "larger than" in first.error
    assert second.data == PICTURE


def test_all_files_together_have_a_limit_too(site: PublicSite) -> None:
    """Four files of a permitted size each must not fill the memory."""
    addresses = [site.show(f"/{number}", _serve(b"x" * 60_000)) for number in range(3)]
    media = _fetch(site, *(Attachment("photo", each) for each in addresses), limits=Limits(in_all=130_000, seconds=5.0))

    assert sum(len(medium.data or b"") for medium in media) <= 130_000
    assert sum(medium.error is not None for medium in media) == 1


def test_a_fifth_file_is_named_and_not_fetched(site: PublicSite) -> None:
    """A comment with a hundred attachments costs no more than one with four."""
    addresses = [site.show(f"/{number}", _serve(PICTURE)) for number in range(6)]
    media = _fetch(site, *(Attachment("photo", each) for each in addresses))

    assert [medium.error for medium in media] == [None] * 4 + [fetch.TOO_MANY.format(files=4)] * 2
    assert [medium.url for medium in media] == addresses
    assert len(site.asked) == 4


@pytest.mark.parametrize("where", ["before the head", "in the head", "in the body", "by redirects"])
def test_whoever_drips_is_left_when_the_time_is_over(site: PublicSite, where: str) -> None:
    """A byte now and then keeps every time-out of a client happy; the guard is shut all the same."""
    address = site.show("/drip", partial(_drip, where))
    quick = site.show("/quick", _serve(PICTURE))
    started = time.monotonic()

    slow, fast = _fetch(site, Attachment("photo", address), Attachment("photo", quick), limits=Limits(seconds=0.6))

    assert time.monotonic() - started < 2.0
    assert (slow.data, slow.error) == (None, fetch.TOO_LATE.format(seconds=0.6))
    assert fast.data == PICTURE


def test_half_a_file_is_no_file(site: PublicSite) -> None:
    """A digest of half a file would be a lie."""

    def half(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "5000")
        request.end_headers()
        request.wfile.write(PICTURE)

    (medium,) = _fetch(site, Attachment("photo", site.show("/half", half)))

    assert (medium.data, medium.sha256, medium.error) == (None, None, fetch.CUT_SHORT)


def test_a_packed_answer_is_not_unpacked(site: PublicSite) -> None:
    """A bomb stays packed, and a packed file would slip past the list of digests."""
    bomb = gzip.compress(b"\0" * 5_000_000)
    address = site.show("/bomb", _serve(bomb, content_encoding="gzip"))
    (medium,) = _fetch(site, Attachment("photo", address))

    assert (medium.data, medium.error) == (None, fetch.PACKED)


@pytest.mark.parametrize("status", [204, 404, 410, 500])
def test_an_answer_that_is_no_file_is_recorded_as_that(site: PublicSite, status: int) -> None:
    """The status is a fact of the record; the body of an error is not the file."""
    address = site.show("/gone", lambda request: _send(request, status, b""))
    (medium,) = _fetch(site, Attachment("photo", address))

    assert (medium.status, medium.data, medium.error) == (status, None, fetch.ANSWERED.format(status=status))


def test_nonsense_from_a_server_is_a_medium_with_a_reason(site: PublicSite) -> None:
    """No answer of a server raises."""

    def nonsense(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff\r\n\r\n")

    (medium,) = _fetch(site, Attachment("photo", site.show("/x", nonsense)))

    assert medium.data is None
    assert medium.error


# ── certificates ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("trusted", [True, False])
def test_the_servers_certificate_is_verified_by_the_systems_store(
    tls_server: TlsServer, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    """Through the guard's tunnel, end to end: whoever stands between us and the platform is not believed."""
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tls_server.authority))

    async def here(host: str, port: int) -> Sequence[str]:
        return ["93.184.216.34"]

    async def connect(address: str, port: int) -> Streams:
        return await asyncio.open_connection("127.0.0.1", tls_server.port)

    fetcher = _fetcher(open_guard=partial(Guard, resolve=here, connect=connect))
    (medium,) = fetcher([Attachment("photo", "https://scontent.fbcdn.net/a.jpg")], ["*.fbcdn.net"])

    assert (medium.data, medium.error) == ((PICTURE, None) if trusted else (None, fetch.UNVERIFIED))


# ── what must never be copied ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["sha256", "md5", "marked by a person"])
def test_a_file_on_the_list_leaves_a_digest_and_no_bytes(site: PublicSite, kind: str) -> None:
    """Its bytes are dropped at once, and with them those of its neighbours, which came from the same hand."""
    digest = hashlib.sha256(PICTURE)
    never = {
        "sha256": NeverCopy(sha256=frozenset({digest.digest()})),
        "md5": NeverCopy(md5=frozenset({hashlib.md5(PICTURE, usedforsecurity=False).digest()})),
        "marked by a person": NeverCopy(),
    }[kind]
    marked = {digest.hexdigest()} if kind == "marked by a person" else set()
    fetcher = Fetcher(never, marked.__contains__, lambda: NOW, limits=ROOMY)
    listed, other = site.show("/listed", _serve(PICTURE)), site.show("/other", _serve(PICTURE + b"!"))

    first, second = fetcher([Attachment("photo", listed), Attachment("photo", other)], [site.host])

    assert (first.restricted, first.data, first.size) == (True, None, len(PICTURE))
    assert first.sha256 == digest.hexdigest()
    assert (second.restricted, second.data, second.error) == (False, None, fetch.WITHHELD)


def test_the_bytes_of_a_file_are_in_no_repr(site: PublicSite) -> None:
    """A log line or a traceback must not carry them either."""
    (medium,) = _fetch(site, Attachment("photo", site.show("/a", _serve(PICTURE))))

    assert "pixels" not in repr(medium)


# ── servers ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class TlsServer(PublicSite):
    """A server called scontent.fbcdn.net, certified by an authority of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.authority, self.port = folder / "authority.pem", self.server_port
        _certify(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.show("/a.jpg", _serve(PICTURE))


@pytest.fixture
def tls_server(tmp_path: Path) -> Iterator[TlsServer]:
    """Up for one test."""
    made = TlsServer(tmp_path)
    yield made
    made.shutdown()
    made.server_close()


def _certify(folder: Path) -> None:
    """An authority, and a certificate of it for the server."""
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("An authority", "scontent")]
    for subject, key, is_authority, file in (
        (names[0], keys[0], True, "authority"),
        (names[1], keys[1], False, "server"),
    ):
        builder = x509.CertificateBuilder(
            issuer_name=names[0],
            subject_name=subject,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=datetime.now(UTC) - timedelta(days=1),
            not_valid_after=datetime.now(UTC) + timedelta(days=1),
        )
        builder = builder.add_extension(x509.BasicConstraints(is_authority, None), critical=True)
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.DNSName("scontent.fbcdn.net")]), critical=False
        )
        certificate = builder.sign(keys[0], hashes.SHA256())
        (folder / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "server.key").write_bytes(keys[1].private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


def _fetcher(limits: Limits = ROOMY, **more: Any) -> Fetcher:
    return Fetcher(NeverCopy(), lambda digest: False, lambda: NOW, limits=limits, **more)


def _fetch(site: PublicSite, *attachments: Attachment, limits: Limits = ROOMY) -> tuple[Medium, ...]:
    return _fetcher(limits)(attachments, [site.host])


def _serve(body: bytes, *, type: str = "image/png", content_encoding: str = "") -> Serve:
    headers = {"content_type": type, **({"content_encoding": content_encoding} if content_encoding else {})}
    return lambda request: _send(request, 200, body, **headers)


def _send(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _redirect(request: BaseHTTPRequestHandler, to: str) -> None:
    request.wfile.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + to.encode() + b"\r\n\r\n")


def _endless(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000000000")
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"x" * 65_536)
    except OSError:
        return


def _drip(where: str, request: BaseHTTPRequestHandler) -> None:
    try:
        if where == "by redirects":
            time.sleep(0.2)
            _redirect(request, "/drip")
            return
        if where != "before the head":
            request.wfile.write(b"HTTP/1.1 200 OK\r\n")
        if where == "in the body":
            request.wfile.write(b"Content-Length: 1000\r\n\r\n")
        for _ in range(100):
            time.sleep(0.05)
            if where != "before the head":
                request.wfile.write(b"x")
    except OSError:
        return
