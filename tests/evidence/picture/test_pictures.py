"""Pictures of public pages by a real browser: which of them prove a comment, and which don't."""

from __future__ import annotations

import struct
from typing import Any

import pytest

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.look import CUT, NO_WORDS, NOT_VISIBLE, TALL
from bot.evidence.picture.walls import LOGIN

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone \U0001f621"


def page(*comments: str, above: int = 60, head: str = "") -> str:
    """A public page with some posts above its comments."""
    filler = "".join(f"<p>Post number {number} of the town.</p>" for number in range(above))
    return f"<!doctype html><meta charset=utf-8>{head}<h1>Millbrook</h1>{filler}{''.join(comments)}"


def comment(text: str, comment_id: str = "c1", style: str = "") -> str:
    """One comment, marked as pages mark them."""
    return f"<article data-comment-id='{comment_id}' style='{style}'><b>Mallory Reyes</b><p>{text}</p></article>"


def test_a_picture_that_shows_the_words_is_a_proof(capturer: BrowserCapturer, site: Any) -> None:
    """The comment stands far down the page: it is scrolled to, pictured whole and alone, and its box is recorded."""
    url = site.show("/post", page(comment("Lovely snow"), comment(TEXT, "c2"), comment("Me too", "c3")))

    found = capturer.capture(url, TEXT)

    assert (found.status, found.comment_text_visible, found.match_ratio) == ("captured", True, 1.0)
    assert (found.http_status, found.url_asked, found.url_final, found.reason) == (200, url, url, "")
    assert _size(found.viewport_png) == (1280, 900)
    assert found.bbox is not None
    x, y, width, height = found.bbox
    assert x >= 0
    assert y >= 0
    assert y + height <= 900
    assert _size(found.comment_png)[0] == pytest.approx(min(width + 16, 1280), abs=9)
    assert _size(found.comment_png)[1] == pytest.approx(height + 16, abs=2)
    assert TEXT in (found.dom_html or "")
    assert found.facts["sandbox"] == "verified"


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        ("Fine <img alt='\U0001f621' src='data:,'> by <i>me</i>,<br>all of it", "Fine \U0001f621 by me,\nall of it"),
        ("cafe\u0301 and   spaces", "caf\u00e9 and spaces"),
        ("pump\ufffdhouse \ufffd is that normal", "pump\x00house \x00 is that normal"),
        ("half an emoji \ufffd at the end", "half an emoji \ud83d at the end"),
        ("zero width stays out", "zero\u200b width\u2060 stays\ufeff out"),
        ("&lt;script&gt;alert(1)&lt;/script&gt; hello there", "<script>alert(1)</script> hello there"),
    ],
)
def test_words_are_found_however_the_page_writes_them(
    capturer: BrowserCapturer, site: Any, shown: str, asked: str
) -> None:
    """Emoji drawn as pictures, line breaks, composed letters and invisible characters don't make a proof fail."""
    url = site.show("/post", page(comment(shown), above=1))

    assert capturer.capture(url, asked).comment_text_visible


def test_the_words_of_another_comment_prove_nothing(capturer: BrowserCapturer, site: Any) -> None:
    """Where the page marks its comments, the words must stand in the one that was asked for."""
    url = site.show(
        "/post", page(comment("Resign now, all of you!", "c1"), comment("I like the library", "c2"), above=1)
    )

    assert capturer.capture(url, "Resign now, all of you!", "c1").comment_text_visible
    other = capturer.capture(url, "Resign now, all of you!", "c2")
    assert (other.comment_text_visible, other.reason) == (False, NOT_VISIBLE)


def test_the_picture_of_a_comment_shows_its_account(capturer: BrowserCapturer, site: Any) -> None:
    """The words alone would not say under which account they stood; a whole thread would show others."""
    alone = site.show("/post", page(comment(TEXT)))
    thread = site.show("/thread", page(f"<article>{comment(TEXT)}{comment('so true', 'c2') * 30}</article>"))

    heights = [_size(capturer.capture(url, TEXT).comment_png)[1] for url in (alone, thread)]

    assert heights[0] == heights[1]
    assert 60 < heights[0] < 200


def test_two_letters_in_a_menu_are_not_the_comment(capturer: BrowserCapturer, site: Any) -> None:
    """A comment "no" is not found in "notes": a short one must stand alone, unless the page marks it."""
    url = site.show("/post", page("<p>See our notes</p>", "<div><p>no</p></div>", above=1))
    other = site.show("/other", page("<p>See our notes</p>", above=1))

    assert capturer.capture(url, "no").comment_text_visible
    assert not capturer.capture(other, "no").comment_text_visible


def test_a_page_that_cuts_the_comment_is_no_proof(capturer: BrowserCapturer, site: Any) -> None:
    """The picture is kept, the share of the words is recorded, and nobody calls it a proof."""
    long = " ".join(f"word{number}" for number in range(100))
    url = site.show("/post", page(comment(long[:400] + "… See more"), above=1))

    found = capturer.capture(url, long, "c1")

    assert (found.status, found.comment_text_visible, found.reason) == ("captured", False, CUT)
    assert found.match_ratio == pytest.approx(400 / len(long), abs=0.01)
    assert found.viewport_png is not None


def test_a_comment_without_words_is_pictured_and_not_proven(capturer: BrowserCapturer, site: Any) -> None:
    """A picture-only comment: there is nothing to compare, and that is what is said."""
    url = site.show("/post", page(comment(""), above=1))

    found = capturer.capture(url, "", "c1")

    assert (found.status, found.comment_text_visible, found.reason) == ("captured", False, NO_WORDS)
    assert found.comment_png is not None


@pytest.mark.parametrize(
    "wall",
    [
        "<h1>Welcome</h1><form><input name=u><input type=password></form>",
        "<h1>You must log in to continue.</h1>",
        "<h1>Inicia sesión para continuar</h1>",
    ],
)
def test_a_login_wall_is_not_stored_as_a_picture_of_the_page(capturer: BrowserCapturer, site: Any, wall: str) -> None:
    """EV-03: what shows a request to log in is no capture of the comment, and says so."""
    url = site.show("/post", page(wall, above=0))

    found = capturer.capture(url, TEXT)

    assert (found.status, found.reason, found.comment_text_visible) == ("blocked", LOGIN, False)
    assert (found.viewport_png, found.comment_png, found.dom_html) == (None, None, None)


def test_words_that_come_late_are_waited_for(capturer: BrowserCapturer, site: Any) -> None:
    """Most pages draw their comments by script, after the page itself."""
    late = f"<script>setTimeout(() => document.body.insertAdjacentHTML('beforeend', `{comment(TEXT)}`), 600)</script>"
    url = site.show("/post", page(late))

    assert capturer.capture(url, TEXT).comment_text_visible


def test_a_long_comment_is_pictured_by_itself(capturer: BrowserCapturer, site: Any) -> None:
    """30,000 characters don't fit the viewport: the whole comment is pictured, and every line of it was tried."""
    text = "so angry about everything " * 1_200
    url = site.show("/post", page(comment(text)))

    found = capturer.capture(url, text)

    assert found.comment_text_visible
    assert 900 < _size(found.comment_png)[1] < 6000


def test_a_comment_taller_than_any_picture_is_no_proof(capturer: BrowserCapturer, site: Any) -> None:
    """60,000 characters: the beginning is pictured, how much is recorded, and nobody calls it the whole."""
    text = "so angry about everything " * 2_300
    url = site.show("/post", page(comment(text)))

    found = capturer.capture(url, text)

    assert (found.status, found.comment_text_visible, found.reason) == ("captured", False, TALL)
    assert 0.5 < found.match_ratio < 0.9
    assert _size(found.comment_png)[1] == 6000


@pytest.mark.parametrize(("path", "status"), [("/missing", 404)])
def test_a_page_that_is_gone_is_a_failed_capture(capturer: BrowserCapturer, site: Any, path: str, status: int) -> None:
    """The answer of the server is recorded; an error page is no picture of the comment."""
    found = capturer.capture(f"http://{site.host}{path}", TEXT)

    assert (found.status, found.http_status, found.viewport_png) == ("failed", status, None)


@pytest.mark.parametrize(
    "nuisance",
    [
        "<script>alert(1); confirm(2); prompt(3); onbeforeunload = () => 'no'</script>",
        "<script>for (let i = 0; i < 30; i++) window.open('about:blank')</script>",
        "<a id=d href='data:application/octet-stream,x' download='../../evil'></a><script>d.click()</script>",
        "<script>navigator.geolocation.getCurrentPosition(() => 0); Notification.requestPermission()</script>",
        "<div style='height:900000px'></div>",
    ],
    ids=["dialogs", "pop-ups", "download", "permissions", "height"],
)
def test_a_nuisance_does_not_keep_the_comment_from_being_pictured(
    capturer: BrowserCapturer, site: Any, nuisance: str
) -> None:
    """Dialogs, pop-ups, downloads, prompts and enormous pages are put up with."""
    url = site.show("/post", page(nuisance, comment(TEXT)))

    assert capturer.capture(url, TEXT).comment_text_visible


def _size(png: bytes | None) -> tuple[int, int]:
    assert png is not None
    width, height = struct.unpack(">II", png[16:24])
    return width, height
