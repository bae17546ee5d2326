"""What Reddit delivers, as the contract's values (reddit.com/dev/api; kinds t1 comment, t3 submission).

In a city's own subreddit a resident can begin a thread: the submission is a post of the contract, and its words are a
comment too. So a comment's id is Reddit's full name: ``t1_...`` or ``t3_...``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors._values import a_count, a_link, a_time, an_id, perhaps_time, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "reddit"
WEB = "https://www.reddit.com"
SUBREDDIT = re.compile(r"[A-Za-z0-9_]{2,24}")
FULL_NAME = re.compile(r"t[13]_[a-z0-9]{1,13}")
ACCOUNT = re.compile(r"t2_[a-z0-9]{1,13}")
USER_NAME = re.compile(r"[A-Za-z0-9_-]{1,40}")

DELETED = "[deleted]"
REMOVED = "[removed]"
BY_REDDIT = "[ Removed by Reddit ]"
# Reddit's own robot accounts in moderators' places.
ROBOTS = frozenset({"automoderator"})
ADMINS = frozenset({"anti-evil operations", "reddit legal", "reddit"})

ACCOUNT_GONE = "The account was deleted; Reddit shows the comment without it."
NO_ACCOUNT = "Reddit delivered this comment without its account."
NO_WORDS = "A comment came without its words."
NOT_A_COMMENT = "Something that is neither a comment nor a submission stood in the list."
WORDS_WITHHELD = (
    "Reddit withholds the words of a removed comment: the account behind the token is no moderator of the subreddit."
)


class Subreddit:
    """The subreddit that is watched, and the names that speak for the city in it."""

    def __init__(self, name: str, own: frozenset[str]) -> None:
        self.name, self.own = name, own

    def comment(self, thing: object) -> Comment:
        """A comment, or a submission read as one. ``Malformed`` for what is neither or can't be read."""
        data = data_of(thing)
        full_name = an_id(data.get("name"), PLATFORM, FULL_NAME)
        author = author_of(data)
        return Comment(
            ref=CommentRef(PLATFORM, self.name, full_name),
            post_id=an_id(data.get("link_id", full_name), PLATFORM, FULL_NAME),
            author=author,
            text=_text(data),
            posted_at=a_time(data.get("created_utc")),
            parent_id=_parent(data),
            edited_at=perhaps_time(data.get("edited")),
            permalink=_permalink(data),
            attachments=_attachments(data),
            visibility=visibility_of(data),
            by_page=self.is_own(data),
            raw=data,
        )

    def post(self, thing: object) -> Post:
        """A submission. A resident's counts itself among its comments."""
        data = data_of(thing)
        by_page, count = self.is_own(data), a_count(data.get("num_comments"))
        return Post(
            platform=PLATFORM,
            page_id=self.name,
            post_id=an_id(data.get("name"), PLATFORM, FULL_NAME),
            text=_text(data),
            posted_at=a_time(data.get("created_utc")),
            permalink=_permalink(data),
            comment_count=count if count is None or by_page else count + 1,
            by_page=by_page,
            attachments=_attachments(data),
            kind=Kind.POST if by_page else Kind.VISITOR,
            raw=data,
        )

    def is_own(self, data: Mapping[str, Any]) -> bool:
        """Whether the city speaks: by its account, or by a moderator who marks the words as a moderator's."""
        author = str(data.get("author")).casefold()
        return author in self.own or author in ROBOTS or data.get("distinguished") == "moderator"

    def holds(self, data: Mapping[str, Any]) -> bool:
        """Whether something stands in this subreddit."""
        return str(data.get("subreddit", self.name)).casefold() == self.name.casefold()


def data_of(thing: object) -> dict[str, Any]:
    """The data of a thing. ``Malformed`` for what is no comment and no submission."""
    data = thing.get("data") if isinstance(thing, dict) and thing.get("kind") in ("t1", "t3") else None
    if not isinstance(data, dict):
        raise Malformed(NOT_A_COMMENT)
    return data


def author_of(data: Mapping[str, Any]) -> Author:
    """The account by its lasting id, or why there is none."""
    name, author_id = words(data.get("author")), words(data.get("author_fullname"))
    if name in (None, DELETED):
        return Author(unavailable_reason=ACCOUNT_GONE if name else NO_ACCOUNT)
    if author_id is None or not ACCOUNT.fullmatch(author_id):
        return Author(display_name=name, handle=name, unavailable_reason=NO_ACCOUNT)
    profile = f"{WEB}/user/{name}" if name and USER_NAME.fullmatch(name) else None
    return Author(author_id, name, name, profile_url=profile)


def visibility_of(data: Mapping[str, Any]) -> Visibility:
    """What the public sees. ``banned_by`` names the moderator who removed it; ``true`` stands for Reddit's filter."""
    by = data.get("banned_by")
    if BY_REDDIT in (data.get("body"), data.get("selftext")) or str(by).casefold() in ADMINS:
        return Visibility.REMOVED_BY_PLATFORM
    if by is True or str(by).casefold() in ROBOTS:
        return Visibility.HIDDEN_BY_PLATFORM_FILTER
    if by or data.get("removed") is True:
        return Visibility.HIDDEN_BY_CITY
    return Visibility.HIDDEN_BY_PLATFORM_FILTER if data.get("spam") is True else Visibility.VISIBLE


def is_deleted(data: Mapping[str, Any]) -> bool:
    """Whether the author deleted it: Reddit keeps the place and takes words and name away."""
    return data.get("author") == DELETED and DELETED in (data.get("body"), data.get("selftext"))


def _text(data: Mapping[str, Any]) -> str:
    body = words(data.get("body")) if "body" in data else words(data.get("selftext"))
    if body is None:
        raise Malformed(NO_WORDS)
    if body == REMOVED and "banned_by" not in data:
        raise Malformed(WORDS_WITHHELD)
    title = words(data.get("title"))
    return f"{title}\n\n{body}".strip() if title is not None else body


def _parent(data: Mapping[str, Any]) -> str | None:
    parent = words(data.get("parent_id"))
    return parent if parent and FULL_NAME.fullmatch(parent) and parent.startswith("t1_") else None


def _permalink(data: Mapping[str, Any]) -> str | None:
    path = words(data.get("permalink"))
    return WEB + path if path and re.fullmatch(r"/(r|u|user)/[^\s\\]{1,400}", path) else None


def _attachments(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    found = []
    media = data.get("media_metadata")
    for item in media.values() if isinstance(media, dict) else ():
        source = item.get("s") if isinstance(item, dict) else None
        link = a_link(source.get("u") or source.get("gif")) if isinstance(source, dict) else None
        if link:
            found.append(Attachment("animation" if item.get("e") == "AnimatedImage" else "photo", link))
    if (target := a_link(data.get("url_overridden_by_dest"))) is not None:
        found.append(Attachment("photo" if data.get("post_hint") == "image" else "link", target))
    return tuple(found)
