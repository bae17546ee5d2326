"""What the browser fetched for a page is recorded, byte by byte, and a page can't make that cost too much."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from bot.evidence.capture import PageExchange
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.recorder import MOST_REQUESTS, TOO_MUCH, UNFINISHED

TEXT = "Nobody at town hall picks up the phone"
COMMENT = f"<article data-comment-id=c1><p>{TEXT}</p></article>"
Page = Callable[[BaseHTTPRequestHandler], None]


def answering(
    body: bytes, kind: str = "text/html; charset=utf-8", status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Page:
    """A page with exactly this body and these headers."""

    def answer(to: BaseHTTPRequestHandler) -> None:
        to.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(len(body))), *headers):
            to.send_header(name, value)
        to.end_headers()
        to.wfile.write(body)

    return answer


def look(capturer: BrowserCapturer, site: Any, parts: str = "", *fetched: str) -> dict[str, PageExchange]:
    """Look at a page that shows the comment once it has loaded these parts and fetched these; the exchanges by path."""
    show = f"document.body.insertAdjacentHTML('beforeend', `{COMMENT}`)"
    fetch = f"Promise.all({list(fetched)}.map(each => fetch(each).then(got => got.arrayBuffer())))"
    script = f"<script>addEventListener('load', () => {fetch}.then(() => {show}))</script>"
    url = site.show("/post", f"<!doctype html><meta charset=utf-8><body>{parts}{script}")
    return by_path(site, capturer.capture(url, TEXT, "c1").exchanges)


def by_path(site: Any, exchanges: tuple[PageExchange, ...]) -> dict[str, PageExchange]:
    """As they were asked for, by what follows the host."""
    return {each.url.partition(site.host)[2]: each for each in exchanges}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("<p>señor 😡".encode(), "text/html; charset=utf-8"),
        (b"\xef\xbb\xbfwith a mark", "text/plain; charset=utf-8"),
        ("<p>señor ñ".encode("latin-1"), "text/html; charset=iso-8859-1"),
        ("<p>señor ñ".encode("latin-1"), "text/html"),
        ("<p>恥を知れ".encode("shift_jis"), "text/html; charset=shift_jis"),
        ("<p>hi".encode("utf-16"), "text/html; charset=utf-16"),
        (b"<p>abc\xff\xfe def", "text/html; charset=utf-8"),
    ],
)
def test_texts_are_kept_as_the_servers_bytes(capturer: BrowserCapturer, site: Any, body: bytes, kind: str) -> None:
    """The browser hands texts out as texts: they are turned back into the bytes that came, whatever their encoding."""
    site.show("/part", answering(body, kind))

    found = look(capturer, site, "<iframe src=/part></iframe>", "/part?again")

    assert {path: each.body for path, each in found.items() if path != "/post"} == {"/part": body, "/part?again": body}
    assert [found["/part"].error, found["/part"].truncated] == ["", False]


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/png", "text/plain; charset=utf-8"])
def test_bytes_are_kept_as_bytes(capturer: BrowserCapturer, site: Any, kind: str) -> None:
    """What a script fetched or a picture is never text."""
    site.show("/part", answering(bytes(range(256)), kind))

    assert look(capturer, site, "", "/part")["/part"].body == bytes(range(256))


def test_headers_stand_as_they_came(capturer: BrowserCapturer, site: Any) -> None:
    """In their order, with their case, the same name twice; and a value that isn't UTF-8 swallows no other header."""
    headers = (("X-Second", "2"), ("x-First", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    site.show("/plain.css", answering(b"p{}", "text/css", headers=headers))
    site.show("/latin.css", answering(b"p{}", "text/css", headers=(("X-City", "Cañ\xf3n"), ("X-After", "here"))))

    found = look(capturer, site, "<link rel=stylesheet href=/plain.css><link rel=stylesheet href=/latin.css>")

    names = [name for name, _ in found["/plain.css"].response_headers]
    assert names[-4:] == ["X-Second", "x-First", "Set-Cookie", "Set-Cookie"]
    assert dict(found["/latin.css"].response_headers)["X-After"] == "here"
    assert dict(found["/latin.css"].response_headers)["X-City"] == "Cañón"


def test_a_redirect_is_an_exchange_of_its_own(capturer: BrowserCapturer, site: Any) -> None:
    """Where the address led is part of what was seen."""
    site.show("/old", answering(b"moved", status=301, headers=(("Location", "/older"),)))
    site.show("/older", answering(b"", status=302, headers=(("Location", "/post"),)))
    site.show("/post", f"<!doctype html>{COMMENT}")

    exchanges = capturer.capture(f"http://{site.host}/old", TEXT, "c1").exchanges

    assert [(each.status, each.url.partition(site.host)[2]) for each in exchanges] == [
        (301, "/old"),
        (302, "/older"),
        (200, "/post"),
    ]
    assert [dict(each.response_headers).get("Location") for each in exchanges] == ["/older", "/post", None]
    assert exchanges[2].remote_ip == "127.0.0.1"


def test_compressed_bodies_are_kept_decoded(capturer: BrowserCapturer, site: Any) -> None:
    """As the page saw them; the header still says how they came."""
    site.show(
        "/a.css", answering(gzip.compress(b"p{color:red}" * 500), "text/css", headers=(("Content-Encoding", "gzip"),))
    )

    found = look(capturer, site, "<link rel=stylesheet href=/a.css>")["/a.css"]

    assert found.body == b"p{color:red}" * 500
    assert dict(found.response_headers)["Content-Encoding"] == "gzip"


def test_what_was_not_answered_is_noted(capturer: BrowserCapturer, site: Any, stranger: Any) -> None:
    """Blocked by us, missing, or still on its way when the picture was taken: each is told apart."""
    never = threading.Event()
    site.show("/slow", lambda to: never.wait(20))
    foreign = stranger.show("/x.png", "never seen")
    slow = "<script>addEventListener('load', () => {new Image().src = '/slow'})</script>"

    try:
        found = look(capturer, site, f"<img src={foreign}><img src=/missing>{slow}")
    finally:
        never.set()

    blocked = next(each for path, each in found.items() if not path)
    assert (blocked.url, blocked.status, blocked.body) == (foreign, 0, b"")
    assert blocked.error
    assert found["/missing"].status == 404
    assert (found["/slow"].status, found["/slow"].error) == (0, UNFINISHED)


def test_data_and_repeats_are_no_exchanges(capturer: BrowserCapturer, site: Any) -> None:
    """Nobody was asked for them."""
    site.show("/a.png", answering(b"no picture", "image/png"))

    found = capturer.capture(
        site.show("/post", f"<!doctype html><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>{COMMENT}"),
        TEXT,
        "c1",
    )

    assert [each.url for each in found.exchanges] == [f"http://{site.host}/post"]


def test_an_empty_answer_is_whole(capturer: BrowserCapturer, site: Any) -> None:
    """A script that doesn't read an empty answer looks as if it had broken it off."""
    site.show("/empty", answering(b"", "text/plain"))

    found = look(capturer, site, "<script>fetch('/empty')</script><script src=/empty?2></script>")["/empty"]

    assert (found.status, found.body, found.truncated, found.error) == (200, b"", False, "")


def test_a_page_that_sends_too_much_is_stopped(capturer: BrowserCapturer, site: Any) -> None:
    """A bomb of 300 MB: the page is stopped in time, the record says so, and the next look is an ordinary one."""
    bomb = gzip.compress(b"<p>x" + bytes(300_000_000), 1)
    url = site.show("/bomb", answering(bomb, headers=(("Content-Encoding", "gzip"),)))

    found = capturer.capture(url, TEXT)

    assert not found.comment_text_visible
    assert all(len(each.body) <= 20_000_000 for each in found.exchanges)
    assert [each.truncated for each in found.exchanges] in ([True], [])
    assert found.facts["stopped"] == TOO_MUCH
    assert look(capturer, site)["/post"].status == 200


def test_endless_requests_are_stopped_and_counted(capturer: BrowserCapturer, site: Any) -> None:
    """A page that asks and asks: so many are recorded, the rest is a number, and it asks for no more."""
    site.show("/n", answering(b"", "text/plain"))
    ask = f"<script>for (let n = 0; n < {MOST_REQUESTS + 200}; n++) fetch('/n?' + n).catch(() => 0)</script>"

    found = capturer.capture(site.show("/post", f"<!doctype html>{COMMENT}{ask}"), TEXT, "c1")

    counts = found.facts["requests"]
    assert isinstance(counts, dict)
    assert len(found.exchanges) == MOST_REQUESTS
    assert counts["left_out"] == 201
    assert counts["requests"] == MOST_REQUESTS + 201
