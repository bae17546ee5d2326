"""A case to seal, again and again: a made-up comment in a made-up town, and the public pages on which it stands."""

from __future__ import annotations

import hashlib
import multiprocessing
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection

from bot.evidence.capture import Capturer
from bot.evidence.dossier import Clock, Dossier, PolicyText, Site
from bot.machine import this_host, this_software
from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Span, Verdict
from connectors.contract import Author, Comment, CommentRef, Exchange, Post

WORDS = "This is complete bullshit, Dana. Nobody at town hall picks up the phone, number {number}. \U0001f621"
_POLICY = b"slug: clinton-city\nversion: 2021-03\n"
_NEIGHBOURS = (
    "The library is open again on Sundays.", "¿Cuándo arreglan la calle Mayor?", "Obrigada pela resposta rápida!",
    "Спасибо за ремонт дороги.", "شكرا على إصلاح الطريق", "תודה על התיקון", "सड़क की मरम्मत के लिए धन्यवाद",
    "感谢市政府修路。", "道路の修理ありがとう。", "도로를 고쳐 주셔서 감사합니다.",
    "ขอบคุณที่ซ่อมถนน", "Ευχαριστώ για τον δρόμο.",
)  # fmt: skip
_IMAGES = 28


def dossier(number: int, capturer: Capturer) -> Dossier:
    """The dossier of the comment with this number."""
    now, text = datetime.now(UTC), WORDS.format(number=number)
    digest = hashlib.sha256(_POLICY).hexdigest()
    body = f'{{"id":"777_{number}","message":"{text}"}}'.encode()
    return Dossier(
        case_id=f"facebook:1029384756:777_{number}",
        site=Site("millbrook", "Town of Millbrook", "facebook", "1029384756", "Millbrook, Connecticut"),
        comment=Comment(
            CommentRef("facebook", "1029384756", f"777_{number}"),
            "1029384756_777",
            Author("88123", "Mallory Reyes"),
            text,
            now - timedelta(minutes=2),
        ),
        post=Post("facebook", "1029384756", "1029384756_777", "Snow routes are out.", now - timedelta(hours=4)),
        first_seen_at=now - timedelta(seconds=3),
        captured_at=now,
        exchanges=(
            Exchange(
                "GET",
                f"https://graph.example/v26.0/777_{number}?fields=id,message",
                (("accept", "application/json"),),
                200,
                (("content-type", "application/json"),),
                body,
                now,
                12.5,
            ),
        ),
        policy=PolicyText(
            "clinton-city",
            "2021-03",
            digest,
            datetime(2021, 3, 1, tzinfo=UTC),
            {"3.4.3.A": "Comments may not contain vulgar or obscene language."},
            _POLICY,
            "City of Clinton, Social Media Policy",
        ),
        verdict=Verdict(
            Outcome.ACT,
            Measure.HIDE,
            (
                Finding(
                    "profanity",
                    "3.4.3.A",
                    "profanity",
                    "words",
                    (Span(17, 25),),
                    1.0,
                    "A word on the list of unmistakable obscenities.",
                    Measure.HIDE,
                    True,
                ),
            ),
            PolicyRef("clinton-city", "2021-03", digest),
            "en",
            {"profanity": 1.0},
        ),
        mode="enforce",
        custodian_role="records custodian",
        effect="The account itself and its friends still see it.",
        software=this_software(capturer.browser),
        host=this_host(),
        clock=Clock("system clock", 0.1),
    )


@contextmanager
def pages() -> Iterator[str]:
    """A web server in a process of its own; yields ``127.0.0.1:port``.

    ``/embed/N`` and ``/permalink/N`` show comment N. The embed asks for 3 files; the permalink for 30, and
    has 30 comments in 13 languages.
    """
    here, there = multiprocessing.get_context("spawn").Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(there,), daemon=True)
    process.start()
    try:
        yield f"127.0.0.1:{here.recv()}"
    finally:
        process.kill()
        process.join()


def _serve(there: Connection) -> None:
    server = _Server(("127.0.0.1", 0), _Pages)
    there.send(server.server_port)
    server.serve_forever()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that has its picture, or was killed, hangs up: that is no news."""


class _Pages(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        kind, body = _answer(self.path)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _answer(path: str) -> tuple[str, bytes]:
    _, kind, number, *_ = [*path.split("/"), "", ""]
    if kind == "image":
        return "image/png", _png(int(number))
    if kind == "style.css":
        return "text/css", _STYLE
    if kind == "embed":
        return "text/html; charset=utf-8", _page(_article(number, 0)).encode()
    if kind == "permalink":
        around = [f"<article data-comment-id=n{each}><img src=/image/{each % _IMAGES}><p>{escape(words)}</p></article>"
                  for each, words in enumerate((_NEIGHBOURS * 3)[:29])]  # fmt: skip
        around.insert(20, _article(number, 3))
        return "text/html; charset=utf-8", _page("".join(around)).encode()
    return "text/plain", b"not here"


def _article(number: str, image: int) -> str:
    words = escape(WORDS.format(number=number))
    return (
        f'<article data-comment-id="777_{number}"><img src=/image/{image}><b>Mallory Reyes</b><p>{words}</p></article>'
    )


def _page(body: str) -> str:
    return f"<!doctype html><meta charset=utf-8><title>Millbrook</title><link rel=stylesheet href=/style.css>{body}"


_STYLE = (
    b"body{font:15px/1.4 'Noto Sans',sans-serif;max-width:46rem;margin:1rem auto}"
    b"article{border:1px solid #cdd5dd;border-radius:6px;padding:.6rem;margin:.5rem}img{width:40px;height:40px}"
)


def _png(shade: int) -> bytes:
    """A square of one colour, 40 pixels wide."""
    row = b"\0" + bytes((40 + shade * 6, 90, 200 - shade * 5)) * 40
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 40, 40, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(row * 40)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )
