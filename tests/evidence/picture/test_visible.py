"""``comment_text_visible`` under attack: what is in the code and not before the eyes, and what is there in disguise."""

# ruff: noqa: E501 -- a page is easier to read in one line

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from bot.evidence.picture.browser import BrowserCapturer

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone."
LONG = "The plow took my mailbox for the third time. " * 12
FAR = "<p>filler</p>" * 60
CLEAR = "https://docs.example.org/snow/removal/policy/2026/final-version.pdf"


def page(body: str, head: str = "") -> str:
    """A page of our own, with something above the comment."""
    return f"<!doctype html><meta charset=utf-8>{head}<h1>Millbrook</h1><p>Snow routes.</p>{body}"


def framed(document: str, more: str = "") -> str:
    """A frame of the same page."""
    quoted = document.replace("&", "&amp;").replace('"', "&quot;")
    return f'<iframe srcdoc="<meta charset=utf-8>{quoted}" width=600 height=300 {more}></iframe>'


def in_shadow(document: str, host: str = "<x-c id=h></x-c>") -> str:
    """A component with a shadow root."""
    return f"{host}<script>document.getElementById('h').attachShadow({{mode:'open'}}).innerHTML = `{document}`</script>"


HIDDEN = {
    "display": f"<p style='display:none'>{TEXT}</p>",
    "visibility": f"<p style='visibility:hidden'>{TEXT}</p>",
    "transparent": f"<p style='opacity:0'>{TEXT}</p>",
    "transparent-parent": f"<div style='opacity:0'><div><p>{TEXT}</p></div></div>",
    "nearly-transparent": f"<p style='opacity:0.02'>{TEXT}</p>",
    "colour-of-the-ground": f"<div style='background:#fff'><p style='color:#fff'>{TEXT}</p></div>",
    "colour-nearly-of-the-ground": f"<p style='color:#fdfdfd'>{TEXT}</p>",
    "no-colour": f"<p style='color:transparent'>{TEXT}</p>",
    "no-fill": f"<p style='-webkit-text-fill-color:transparent'>{TEXT}</p>",
    "tiny": f"<p style='font-size:1px'>{TEXT}</p>",
    "shrunk": f"<p style='transform:scale(0.01)'>{TEXT}</p>",
    "off-the-left": f"<p style='position:absolute;left:-9999px'>{TEXT}</p>",
    "above-the-top": f"<p style='position:absolute;top:-500px'>{TEXT}</p>",
    "indented-away": f"<p style='text-indent:-9999px;overflow:hidden;white-space:nowrap'>{TEXT}</p>",
    "clipped-to-nothing": f"<p style='height:0;overflow:hidden;margin:0'>{TEXT}</p>",
    "clip-path": f"<p style='clip-path:inset(100%)'>{TEXT}</p>",
    "masked": f"<p style='mask-image:linear-gradient(transparent,transparent)'>{TEXT}</p>",
    "blurred-out": f"<p style='filter:opacity(0)'>{TEXT}</p>",
    "closed-details": f"<details><summary>More</summary><p>{TEXT}</p></details>",
    "content-visibility": f"<div style='content-visibility:hidden'><p>{TEXT}</p></div>",
    "template": f"<template><p>{TEXT}</p></template>",
    "script": f'<script type=application/json>{{"t":"{TEXT}"}}</script>',
    "noscript": f"<noscript><p>{TEXT}</p></noscript>",
    "alt-text": f"<img alt='{TEXT}' src='data:,'>",
    "title": f"<p title='{TEXT}'>see</p>",
    "input": f"<input value='{TEXT}' size=80>",
    "placeholder": f"<input placeholder='{TEXT}' size=80>",
    "covered": f"<p>{TEXT}</p><div style='position:fixed;inset:0;background:#fff'>Please join us</div>",
    "covered-and-clicks-pass": f"<p>{TEXT}</p>"
    "<div style='position:fixed;inset:0;background:#fff;pointer-events:none'>Please join us</div>",
    "covered-in-part": f"<p id=p style='width:300px'>{LONG}{TEXT}</p><div style='position:relative;height:0'>"
    "<div style='position:absolute;bottom:16px;left:0;width:300px;height:60px;background:#fff'>See more</div></div>",
    "modal": f"<p>{TEXT}</p><dialog id=d style='width:90vw;height:90vh'>Log on</dialog><script>d.showModal()</script>",
    "hidden-frame": framed(f"<p>{TEXT}</p>", "style='visibility:hidden'"),
    "frame-of-one-pixel": framed(f"<p>{TEXT}</p>", "style='width:1px;height:1px'"),
    "covered-frame": framed(f"<p>{TEXT}</p>") + "<div style='position:fixed;inset:0;background:#fff'>Join</div>",
    "transparent-frame": framed(f"<p>{TEXT}</p>", "style='opacity:0'"),
    "hidden-in-shadow": in_shadow(f"<p style='display:none'>{TEXT}</p>"),
    "not-slotted": in_shadow("<p>other</p>", f"<x-c id=h><p>{TEXT}</p></x-c>"),
    "another-comment": f"<article><p>I heard somebody say: {TEXT} and I disagree with all of that, every word.</p></article>",
    "tampered": "<script>Element.prototype.checkVisibility = () => true; String.prototype.includes = () => true;"
    "String.prototype.indexOf = () => 0; Array.prototype.every = () => true; window.CSS = null;</script>",
}

SHOWN = {
    "plain": f"<p>{TEXT}</p>",
    "far-down": f"{FAR}<p>{TEXT}</p>{FAR}",
    "own-scroller": f"<div style='height:200px;overflow:auto'>{FAR}<p>{TEXT}</p>{FAR}</div>",
    "white-on-black": f"<div style='background:#000'><p style='color:#fff'>{TEXT}</p></div>",
    "grey": f"<p style='color:#8a8a8a'>{TEXT}</p>",
    "small-print": f"<p style='font-size:11px'>{TEXT}</p>",
    "split-by-tags": "<p><span>This is</span> <b>complete</b><i> bullshit</i>, Dana.<br>Nobody <a href=#>picks</a> up the phone.</p>",
    "contents": f"<div style='display:contents'><span style='display:contents'>{TEXT}</span></div>",
    "frame": framed(f"<p>{TEXT}</p>"),
    "frame-in-frame": framed(framed(f"<p>{TEXT}</p>").replace("600", "500").replace("300", "200")),
    "frame-far-down": f"{FAR}{framed(f'<p>{TEXT}</p>')}{FAR}",
    "shadow": in_shadow(f"<p>{TEXT}</p>"),
    "slotted": in_shadow("<b>Account</b><slot></slot>", f"<x-c id=h><p>{TEXT}</p></x-c>"),
    "name-before": f"<article><span><b>Mallory</b> {TEXT} <time>2 h</time></span></article>",
    "hidden-copy-first": f"<p style='display:none'>{TEXT}</p><p>{TEXT}</p>",
    "covered-copy-first": f"<div style='height:20px;overflow:hidden'><p>{FAR}</p><p>{TEXT}</p></div>{FAR}<p>{TEXT}</p>",
    "fading-in": f"<style>@keyframes f {{ from {{opacity:0}} }}</style><p style='animation:f 400ms'>{TEXT}</p>",
    "banner-below": f"{FAR}<p>{TEXT}</p>{FAR}<div style='position:fixed;bottom:0;height:120px;width:100%;background:#eee'>Cookies</div>",
    "sticky-head": f"<div style='position:sticky;top:0;background:#eee'>Millbrook</div>{FAR}<p>{TEXT}</p>{FAR}",
    "gradient-beside": f"<p>{TEXT}</p><div style='position:fixed;right:0;top:0;width:90px;height:90px;background:red'></div>",
    "clicks-pass-through": f"<div style='pointer-events:none'><p>{TEXT}</p></div>",
}

WRITTEN = {
    "composed": ("café ñandú — señor Müller, again and again", "cafe\u0301 n\u0303andu\u0301 — sen\u0303or Mu\u0308ller, again and again"),
    "decomposed": ("cafe\u0301 e\u0323\u0302 o\u0302\u0323 sitting outside", "café ệ ộ sitting outside"),
    "hangul": ("\u1112\u1161\u11ab\u1100\u1173\u11af 시장님 그만두세요 정말로", "한글 시장님 그만두세요 정말로"),
    "arabic": ("رئيس البلدية لا يرد على الهاتف أبدا", "رئيس البلدية لا يرد على الهاتف أبدا"),
    "hebrew-in-english": ("The mayor said שלום עולם and left the room", "The mayor said <bdi dir=rtl>שלום עולם</bdi> and left the room"),
    "bidi-controls": ("The \u202emayor\u202c is\u200f away again today", "The mayor is away again today"),
    "emoji-as-pictures": ("Shame on you \U0001f621\U0001f44e\U0001f3fd all of you", "Shame on you <img alt='\U0001f621' src='data:,'><img alt='\U0001f44e\U0001f3fd' src='data:,'> all of you"),
    "keycaps": ("Vote 1\ufe0f\u20e3 or 2\ufe0f\u20e3, not the mayor", "Vote <img alt='1\ufe0f\u20e3' src='data:,'> or <img alt='2\ufe0f\u20e3' src='data:,'>, not the mayor"),
    "typographic": ("\"Don't\" -- they said... 'never'", "“Don’t” – they said… ‘never’"),
    "newlines": ("first line\n\n\nsecond line of it\tand a tab", "<p>first line</p><p>second line of it and a tab</p>"),
    "shortened-link": (f"Read this {CLEAR} you liars", f"Read this <a href='{CLEAR}'>docs.example.org/snow/remov…</a> you liars"),
    "wrapped-link": ("Go to https://t.example/Ab3 and see for yourself", "Go to <a href='https://t.example/Ab3'>example.org/page</a> and see for yourself"),
    "plain-link": (f"Read {CLEAR}. Then resign.", f"Read {CLEAR}. Then resign."),
    "link-in-the-end": (f"You are liars: {CLEAR}", f"You are liars: <a href='https://l.example/?u={CLEAR.replace(':', '%3A').replace('/', '%2F')}'>docs.example.org/…</a>"),
    "styled-letters": ("\U0001d4ef\U0001d4fe\U0001d4ec\U0001d4f4 you, mayor of nothing", "\U0001d4ef\U0001d4fe\U0001d4ec\U0001d4f4 you, mayor of nothing"),
    "only-emoji": ("\U0001f595\U0001f595", "\U0001f595\U0001f595"),
}  # fmt: skip

OTHERWISE = {
    "another-link": (f"Read this {CLEAR} you liars", "Read this <a href='https://evil.example/x'>evil.example/x</a> you liars"),
    "another-word": (TEXT, TEXT.replace("bullshit", "nonsense")),
    "other-emoji": ("\U0001f595\U0001f595", "\U0001f600\U0001f600"),
    "words-apart": (TEXT, f"<span>{TEXT[:20]}</span><p>something else</p><span>{TEXT[20:]}</span>"),
    "see-more": (LONG, f"{LONG[:200]}… <a href=#>See more</a><span style='display:none'>{LONG[200:]}</span>"),
    "clamped": (LONG, f"<div style='width:300px;display:-webkit-box;-webkit-line-clamp:3;-webkit-box-orient:vertical;overflow:hidden'>{LONG}</div>"),
    "cut-by-height": (LONG, f"<div style='width:300px;height:60px;overflow:hidden'>{LONG}</div>"),
}  # fmt: skip


@pytest.mark.parametrize("body", HIDDEN.values(), ids=HIDDEN)
def test_words_that_nobody_sees_are_no_proof(capturer: BrowserCapturer, site: Any, body: str) -> None:
    """However a page holds the words back, the picture is not called a proof."""
    assert not capturer.capture(site.show("/post", page(body)), TEXT).comment_text_visible


@pytest.mark.parametrize("body", SHOWN.values(), ids=SHOWN)
def test_words_that_are_seen_are_found(capturer: BrowserCapturer, site: Any, body: str) -> None:
    """However a page is built, words before the eyes are a proof, and the comment's own picture has ink in it."""
    found = capturer.capture(site.show("/post", page(body)), TEXT)

    assert (found.comment_text_visible, found.reason) == (True, "")
    assert found.comment_png is not None


@pytest.mark.parametrize(("asked", "shown"), WRITTEN.values(), ids=WRITTEN)
def test_the_same_words_written_otherwise_are_found(
    capturer: BrowserCapturer, site: Any, asked: str, shown: str
) -> None:
    """Composed letters, directions, emoji, quotes, links that the platform shortened or led through its own."""
    found = capturer.capture(site.show("/post", page(f"<article data-comment-id=c1><p>{shown}</p></article>")), asked)

    assert (found.comment_text_visible, found.reason) == (True, "")


@pytest.mark.parametrize(("asked", "shown"), OTHERWISE.values(), ids=OTHERWISE)
def test_other_words_and_half_of_them_are_no_proof(
    capturer: BrowserCapturer, site: Any, asked: str, shown: str
) -> None:
    """A link to elsewhere, a word changed, a comment cut: nearly is not enough."""
    found = capturer.capture(site.show("/post", page(f"<article data-comment-id=c1><p>{shown}</p></article>")), asked)

    assert not found.comment_text_visible


def test_a_comment_that_a_page_marks_by_its_address_is_meant(capturer: BrowserCapturer, site: Any) -> None:
    """``#comment-2`` is what a weblog's permalink ends in: the same two words of another account don't count."""
    body = "<li id=comment-1><b>A</b><p>Resign now</p></li><li id=comment-2><b>B</b><p>Stay on</p></li>"
    url = site.show("/post", page(body))

    assert capturer.capture(f"{url}#comment-1", "Resign now").comment_text_visible
    assert not capturer.capture(f"{url}#comment-2", "Resign now").comment_text_visible


def test_the_picture_of_the_comment_is_cut_from_the_page(capturer: BrowserCapturer, site: Any) -> None:
    """The comment's own picture is that part of the viewport's, point for point."""
    found = capturer.capture(site.show("/post", page(f"{FAR}<article><b>M</b><p>{TEXT}</p></article>{FAR}")), TEXT)

    assert found.viewport_png is not None
    assert found.comment_png is not None
    assert found.bbox is not None
    whole, part = (Image.open(io.BytesIO(png)).convert("RGB") for png in (found.viewport_png, found.comment_png))
    left, top = max(int(found.bbox[0]) - 8, 0), int(found.bbox[1]) - 8
    assert part.height == pytest.approx(found.bbox[3] + 16, abs=2)
    assert part.tobytes() == whole.crop((left, top, left + part.width, top + part.height)).tobytes()
