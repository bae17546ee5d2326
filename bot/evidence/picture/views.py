"""Where a visitor who isn't logged in would see a comment: for each platform the addresses to try, the best first.

An embed comes before the permalink where it shows the comment itself: it is small, made for strangers, and seldom
behind a wall. What a platform's terms forbid isn't done, and the sentence says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, quote, urlencode, urlsplit

X_TERMS = (
    "X's terms forbid pictures of its pages by a program: its own text for embedding and the record are kept instead."
)
LINKEDIN_WALL = (
    "LinkedIn shows comments to members only, and its terms forbid pictures by a program: the record is kept."
)
NO_ADDRESS = "The platform gave no address for this comment."
_DID_POST = re.compile(r"/profile/(did:[a-z]+:[A-Za-z0-9._:%-]+)/post/([A-Za-z0-9._~:-]+)/?")


X_PUBLISHES = "publish.x.com"
"""Where X answers oEmbed."""


@dataclass(frozen=True, slots=True)
class View:
    """One address to try. ``embed`` and ``permalink`` are pictured; ``oembed`` is asked for text, not pictured;
    ``none`` is not gone to at all. ``why`` is the sentence for the last two."""

    kind: Literal["embed", "permalink", "oembed", "none"]
    url: str | None
    why: str = ""


def views(platform: str | None, permalink: str | None) -> tuple[View, ...]:
    """The views of a comment, the best first; never empty. An unknown platform has its permalink.

    An embed's address is made on the permalink's own host, or the host that the platform keeps for it, so that what
    stands in for a platform in a test is asked like the platform.
    """
    if not permalink:
        return (View("none", None, NO_ADDRESS),)
    named = (platform or "").lower()
    if named in _NOT_PICTURED:
        return (_NOT_PICTURED[named](permalink),)
    try:
        embed = _EMBEDS[named](urlsplit(permalink)) if named in _EMBEDS else None
    except ValueError:  # an address that can't be read is refused by whoever goes there
        embed = None
    found = View("permalink", permalink)
    if embed is None:
        return (found,)
    return (found, View("embed", embed)) if named in _RETIRED else (View("embed", embed), found)


def _facebook(link: SplitResult) -> str | None:
    # The documented embed of a post has no comments.
    if "comment_id=" not in link.query:
        return None
    href = quote(link.geturl(), safe="")
    return f"{_base(link)}/plugins/comment_embed.php?href={href}&include_parent=true&width=560"


def _threads(link: SplitResult) -> str | None:
    return f"{_base(link)}{link.path.rstrip('/')}/embed" if "/post/" in link.path else None


def _bluesky(link: SplitResult) -> str | None:
    matched = _DID_POST.fullmatch(link.path)
    if matched is None:  # a handle may have passed to somebody else since
        return None
    return f"{_base(link, 'bsky.app', 'embed.bsky.app')}/embed/{matched[1]}/app.bsky.feed.post/{matched[2]}"


def _mastodon(link: SplitResult) -> str | None:
    return f"{_base(link)}{link.path.rstrip('/')}/embed" if link.path.strip("/") else None


def _reddit(link: SplitResult) -> str | None:
    return f"{_base(link, 'www.reddit.com', 'embed.reddit.com')}{link.path}?embed=true"


def _base(link: SplitResult, own: str = "", embeds: str = "") -> str:
    return f"{link.scheme}://{embeds if own and link.netloc.lower() == own else link.netloc}"


def _x(permalink: str) -> View:
    asked = urlencode({"url": permalink, "omit_script": "1", "dnt": "true"})
    link = urlsplit(permalink)
    base = f"https://{X_PUBLISHES}" if link.netloc.lower() in ("x.com", "twitter.com") else _base(link)
    return View("oembed", f"{base}/oembed?{asked}", X_TERMS)


def _linkedin(permalink: str) -> View:
    return View("none", None, LINKEDIN_WALL)


# Instagram's, YouTube's and TikTok's embeds show the post without its comments; the others have none.
_EMBEDS: Mapping[str, Callable[[SplitResult], str | None]] = {
    "facebook": _facebook,
    "threads": _threads,
    "bluesky": _bluesky,
    "mastodon": _mastodon,
    "reddit": _reddit,
}
_RETIRED = frozenset({"facebook"})
"""Platforms whose embed of a comment is no product any more (Facebook's since February 2026): mostly blank, and
tried last."""
_NOT_PICTURED: Mapping[str, Callable[[str], View]] = {"x": _x, "twitter": _x, "linkedin": _linkedin}
