"""A case as it comes to be sealed, an archive to seal it in, and a public page on a loopback server."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.card.printer import CardPrinter
from bot.evidence.dossier import Clock, Dossier, Host, PolicyText, Site, Software
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.chromium import find_browser
from bot.evidence.picture.seat import INSTALL, Limits
from bot.evidence.store import Archive
from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Span, Verdict
from connectors.contract import Author, Comment, CommentRef, Exchange, Post

NOW = datetime(2026, 11, 20, 11, 2, 14, 123456, UTC)
POLICY = b"slug: clinton-city\nversion: 2021-03\n"
TEXT = "This is complete bullshit, Dana. Nobody at town hall picks up the phone \U0001f621"


MakeDossier = Callable[..., Dossier]
MakeArchive = Callable[..., Archive]


class PlainPrinter:
    """Prints a card in no time, for tests that aren't about cards."""

    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes:
        return f"%PDF-plain {record['package_id']}".encode()


@pytest.fixture
def make_dossier() -> MakeDossier:
    """A dossier of a comment with one obscene word; every field can be set otherwise."""
    return dossier


@pytest.fixture
def exchange() -> Exchange:
    """One request to the platform and its answer."""
    return _exchange()


@pytest.fixture
def make_archive(tmp_path: Path) -> MakeArchive:
    """An archive under the test's own folder. Several of them are several processes' views of the same disk."""

    def make(**settings: Any) -> Archive:
        settings.setdefault("reserve", 0.0)
        return Archive(tmp_path / "archive", settings.pop("printer", PlainPrinter()), **settings)

    return make


@pytest.fixture(scope="session")
def printer() -> Iterator[CardPrinter]:
    """The real printer; reading its fonts takes a moment."""
    made = CardPrinter()
    yield made
    made.close()


@pytest.fixture(scope="session")
def browser() -> Path:
    """The browser of this machine. A machine without one fails these tests, with what to install."""
    found = find_browser()
    if found is None:
        pytest.fail(INSTALL)
    return found


class PublicSite(ThreadingHTTPServer):
    """A web server on loopback. ``pages`` maps a path to what it answers; ``asked`` lists the paths asked for,
    ``connections`` counts who connected at all."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.pages: dict[str, str | Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[str] = []
        self.connections = 0
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", self.server_port))
        self._datagrams.setblocking(False)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Count who knocks, whatever they then say."""
        self.connections += 1
        return True

    def datagrams(self) -> int:
        """How many datagrams arrived at the port of the same number."""
        found = 0
        with suppress(BlockingIOError):
            while self._datagrams.recv(2_000):
                found += 1
        return found

    def server_close(self) -> None:
        """Let go of both ports."""
        super().server_close()
        self._datagrams.close()

    @property
    def host(self) -> str:
        """As it is written in the configuration."""
        return f"127.0.0.1:{self.server_port}"

    def show_comment(self, path: str, before: str = "", text: str = TEXT) -> str:
        """Put up a page with one comment, far down; returns its address."""
        posts = "".join(f"<p>Post number {number} of the town.</p>" for number in range(60))
        comment = f"<article data-comment-id=c1><b>Mallory Reyes</b><p>{text}</p></article>"
        return self.show(path, f"<!doctype html><meta charset=utf-8><h1>Millbrook</h1>{posts}{before}{comment}")

    def show(self, path: str, content: str | Callable[[BaseHTTPRequestHandler], None]) -> str:
        """Put a page up; returns its address."""
        self.pages[path] = content
        return f"http://{self.host}{path}"


class _Answer(BaseHTTPRequestHandler):
    server: PublicSite

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        content = self.server.pages.get(self.path.partition("?")[0])
        if callable(content):
            content(self)
            return
        body = (content or "not here").encode("utf-8", "surrogatepass")
        self.send_response(200 if content is not None else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def public_site() -> Iterator[PublicSite]:
    """The public page's server, kept up so that one browser can serve many tests."""
    made = PublicSite()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def site(public_site: PublicSite) -> PublicSite:
    """The public page's server with nothing on it yet."""
    public_site.pages.clear()
    public_site.asked.clear()
    return public_site


@pytest.fixture
def stranger() -> Iterator[PublicSite]:
    """Another server on this machine, which no page may reach."""
    made = PublicSite()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture(scope="session")
def capturer(public_site: PublicSite, browser: Path) -> Iterator[BrowserCapturer]:
    """A real browser that may speak to ``site`` alone. Shared: not for tests that do it harm."""
    made = BrowserCapturer([public_site.host], browser=browser, limits=Limits(patience=1.0))
    yield made
    made.close()


@pytest.fixture
def own_capturer(public_site: PublicSite, browser: Path) -> Iterator[BrowserCapturer]:
    """A browser for one test alone, which may be killed; gives up after three seconds."""
    made = BrowserCapturer([public_site.host], browser=browser, limits=Limits(seconds=3.0, patience=1.0))
    yield made
    made.close()


def dossier(
    case_id: str = "case-1", text: str = TEXT, spans: tuple[tuple[int, int], ...] = ((17, 25),), **more: Any
) -> Dossier:
    digest = hashlib.sha256(POLICY).hexdigest()
    author = more.pop("author", Author("88123", "Mallory Reyes"))
    fields: dict[str, Any] = {
        "case_id": case_id,
        "site": Site("millbrook", "Town of Millbrook", "facebook", "1029384756", "Millbrook, Connecticut"),
        "comment": Comment(
            CommentRef("facebook", "1029384756", "777_55501"),
            "1029384756_777",
            author,
            text,
            NOW - timedelta(minutes=2),
            permalink="https://social.example/millbrook/posts/777?comment_id=55501",
        ),
        "post": Post("facebook", "1029384756", "1029384756_777", "Snow routes are out.", NOW - timedelta(hours=4)),
        "first_seen_at": NOW - timedelta(seconds=3),
        "captured_at": NOW,
        "exchanges": (_exchange(),),
        "policy": PolicyText(
            "clinton-city",
            "2021-03",
            digest,
            datetime(2021, 3, 1, tzinfo=UTC),
            {"3.4.3.A": "Comments may not contain vulgar or obscene language."},
            POLICY,
            "City of Clinton, Social Media Policy",
        ),
        "verdict": Verdict(
            Outcome.ACT,
            Measure.HIDE,
            (_finding(spans),),
            PolicyRef("clinton-city", "2021-03", digest),
            "en",
            {"profanity": 1.0},
        ),
        "mode": "enforce",
        "custodian_role": "records custodian",
        "effect": "The account itself and its friends still see it.",
        "software": Software("0.1.0", None, "3.11.7", "0.15.2", None, "273 files"),
        "host": Host("townhall", "Linux", "UTC"),
        "clock": Clock("system clock", 0.1),
    }
    return Dossier(**{**fields, **more})


def _finding(spans: tuple[tuple[int, int], ...]) -> Finding:
    return Finding(
        "profanity",
        "3.4.3.A",
        "profanity",
        "words",
        tuple(Span(start, end) for start, end in spans),
        1.0,
        "A word on the list of unmistakable obscenities.",
        Measure.HIDE,
        True,
    )


def _exchange(body: bytes = b'{"id":"777_55501","message":"..."}') -> Exchange:
    return Exchange(
        "GET",
        "https://graph.example/v26.0/777_55501?fields=id,message",
        (("accept", "application/json"),),
        200,
        (("content-type", "application/json"), ("date", "Fri, 20 Nov 2026 11:02:14 GMT")),
        body,
        NOW,
        12.5,
    )
