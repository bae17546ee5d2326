"""Where each platform shows a comment to strangers, and what is done when the first place doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.picture.look import NOT_VISIBLE
from bot.evidence.picture.views import LINKEDIN_WALL, NO_ADDRESS, X_TERMS, View, views

TEXT = "This is complete bullshit, Dana. Nobody picks up the phone."
PAGE = f"<!doctype html><meta charset=utf-8><article><b>Mallory</b><p>{TEXT}</p></article>"


@pytest.mark.parametrize(
    ("platform", "permalink", "embed"),
    [
        ("threads", "https://www.threads.com/@ann.roe/post/DAb1", "https://www.threads.com/@ann.roe/post/DAb1/embed"),
        (
            "bluesky",
            "https://bsky.app/profile/did:plc:z72i7/post/3k2a",
            "https://embed.bsky.app/embed/did:plc:z72i7/app.bsky.feed.post/3k2a",
        ),
        ("mastodon", "https://social.example/@ann/1122", "https://social.example/@ann/1122/embed"),
        (
            "reddit",
            "https://www.reddit.com/r/town/comments/p1/snow/abc1/",
            "https://embed.reddit.com/r/town/comments/p1/snow/abc1/?embed=true",
        ),
        ("bluesky", "http://127.0.0.1:8080/profile/did:plc:a/post/b", "http://127.0.0.1:8080/embed/did:plc:a/app.bsky.feed.post/b"),
    ],
)  # fmt: skip
def test_an_embed_comes_before_the_permalink(platform: str, permalink: str, embed: str) -> None:
    """Where a platform offers one comment by itself; at the permalink's own host, or the one it keeps for embeds."""
    assert views(platform, permalink) == (View("embed", embed), View("permalink", permalink))


def test_an_embed_that_is_no_product_any_more_comes_last() -> None:
    """Facebook's embed of a comment is mostly blank since it was retired; a city on a sandbox is asked there."""
    permalink = "http://127.0.0.1:8080/town/posts/777?comment_id=1"
    embed = (
        "http://127.0.0.1:8080/plugins/comment_embed.php"
        "?href=http%3A%2F%2F127.0.0.1%3A8080%2Ftown%2Fposts%2F777%3Fcomment_id%3D1&include_parent=true&width=560"
    )
    assert views("facebook", permalink) == (View("permalink", permalink), View("embed", embed))


@pytest.mark.parametrize(
    ("platform", "permalink"),
    [
        ("instagram", "https://www.instagram.com/p/C9/c/17889/"),
        ("youtube", "https://www.youtube.com/watch?v=abc&lc=Ugx"),
        ("wordpress", "https://town.example/2026/11/snow/#comment-123"),
        ("discourse", "https://forum.example/t/snow/12/3"),
        ("tiktok", "https://www.tiktok.com/@town/video/1"),
        ("bluesky", "https://bsky.app/profile/ann.example/post/3k2a"),
        ("facebook", "https://www.facebook.com/town/posts/777"),
        ("facebook", "https://[::1/"),
        ("some-other", "https://other.example/1"),
        (None, "https://other.example/1"),
    ],
)
def test_a_platform_without_an_embed_of_comments_has_its_permalink(platform: str | None, permalink: str) -> None:
    """Embeds that show the post alone, handles that may have passed on, platforms we don't know."""
    assert views(platform, permalink) == (View("permalink", permalink),)


def test_what_terms_forbid_is_not_pictured() -> None:
    """X and LinkedIn: no address for a picture, and the sentence why; for X, where its own text for embedding is."""
    (x,) = views("x", "https://x.com/i/status/1")
    (linkedin,) = views("linkedin", "https://www.linkedin.com/feed/update/urn:li:activity:1")

    assert (x.kind, x.why) == ("oembed", X_TERMS)
    assert x.url == "https://publish.x.com/oembed?url=https%3A%2F%2Fx.com%2Fi%2Fstatus%2F1&omit_script=1&dnt=true"
    assert (linkedin.kind, linkedin.url, linkedin.why) == ("none", None, LINKEDIN_WALL)
    assert views("facebook", None) == (View("none", None, NO_ADDRESS),)


def test_no_browser_is_started_for_what_is_not_pictured() -> None:
    """The capture says why, like any other that has no picture."""
    capturer = BrowserCapturer(["x.com", "publish.x.com"], browser=Path("/nonexistent"))

    found = capturer.capture("https://x.com/i/status/1", TEXT, platform="x")

    assert (found.status, found.reason, found.viewport_png) == ("refused", X_TERMS, None)


def test_the_embed_is_enough_when_it_shows_the_words(capturer: BrowserCapturer, site: Any) -> None:
    """The permalink isn't even asked for."""
    site.show("/@ann/1/embed", PAGE)
    site.show("/@ann/1", PAGE)

    found = capturer.capture(f"http://{site.host}/@ann/1", TEXT, platform="mastodon")

    assert found.comment_text_visible
    assert (found.url_asked, found.url_final) == (f"http://{site.host}/@ann/1", f"http://{site.host}/@ann/1/embed")
    assert site.asked == ["/@ann/1/embed"]


@pytest.mark.parametrize(
    "embed", [None, "<!doctype html>", "<p>This post is not available", "<script>while(1);</script>"]
)
def test_the_permalink_is_tried_when_the_embed_shows_nothing(site: Any, browser: Path, embed: str | None) -> None:
    """Missing, blank, without the words, or busy for ever: within the one deadline the second view is looked at."""
    if embed is not None:
        site.show("/@ann/1/embed", embed)
    site.show("/@ann/1", PAGE)
    capturer = BrowserCapturer([site.host], browser=browser)
    try:
        found = capturer.capture(f"http://{site.host}/@ann/1", TEXT, platform="mastodon")
    finally:
        capturer.close()

    assert (found.comment_text_visible, found.url_final) == (True, f"http://{site.host}/@ann/1")
    assert [view["kind"] for view in _views(found)] == ["embed", "permalink"]


def test_the_better_view_is_kept_and_called_no_proof(capturer: BrowserCapturer, site: Any) -> None:
    """Neither shows the words: the picture of the page is kept, not the blank embed, and both are on record."""
    site.show("/@ann/1/embed", "<!doctype html>")
    site.show("/@ann/1", "<!doctype html><h1>Millbrook</h1><p>Snow routes are out.</p>")

    found = capturer.capture(f"http://{site.host}/@ann/1", TEXT, platform="mastodon")

    assert (found.status, found.comment_text_visible, found.reason) == ("captured", False, NOT_VISIBLE)
    assert [(view["kind"], view["status"]) for view in _views(found)] == [
        ("embed", "blocked"),
        ("permalink", "captured"),
    ]


def test_a_view_on_a_host_that_is_not_listed_is_left_out(capturer: BrowserCapturer, site: Any) -> None:
    """An embed on a host of its own needs that host in the configuration; without it the permalink is looked at."""
    site.show("/r/town/1/", PAGE)

    found = capturer.capture(f"http://{site.host}/r/town/1/", TEXT, platform="reddit")
    nowhere = capturer.capture("https://www.reddit.com/r/town/1/", TEXT, platform="reddit")

    assert found.comment_text_visible
    assert nowhere.status == "refused"


def _views(found: Any) -> list[dict[str, str]]:
    return list(found.facts["views"])
