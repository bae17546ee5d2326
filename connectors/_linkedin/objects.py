"""Makes the contract's values from LinkedIn's: comments and posts of an organization's page.

learn.microsoft.com/linkedin/marketing/community-management/shares/comments-api and /posts-api. A comment is asked for
under its post, a reply under the comment that it answers. So that a reference alone is enough, our id has all parts:
``share:9:activity:7:71`` is comment 71 of thread ``activity:7`` on post ``share:9``, and ``share:9:activity:7:71:72``
is reply 72 to it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connectors._values import DIGITS, a_count, a_link, a_time, an_id, perhaps_time, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Malformed, Post

PLATFORM = "linkedin"

NO_ACTOR = "LinkedIn delivered the comment without the account that wrote it."
NO_THREAD = "LinkedIn delivered a comment that names no thread."
NO_POST = "LinkedIn delivered a post without its name."

COMMENT_ID = re.compile(r"(?:share|ugcPost):[0-9]{1,25}:(?:activity|share|ugcPost):[0-9]{1,25}(?::[0-9]{1,25}){1,2}")
POST_ID = re.compile(r"(?:share|ugcPost):[0-9]{1,25}")
_POST_URN = re.compile(r"urn:li:((?:share|ugcPost):[0-9]{1,25})")
_THREAD_URN = re.compile(r"urn:li:((?:activity|share|ugcPost):[0-9]{1,25})")
_COMMENT_URN = re.compile(r"urn:li:comment:\((?:urn:li:)?((?:activity|share|ugcPost):[0-9]{1,25}),([0-9]{1,25})\)")
_ACTOR_URN = re.compile(r"urn:li:[A-Za-z]{1,40}:[A-Za-z0-9_-]{1,80}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a comment stands: the parts of its id. ``parent`` is ``None`` for what answers the post itself."""

    post_id: str
    thread: str
    parent: str | None
    number: str

    @classmethod
    def of(cls, comment_id: object) -> Place:
        """From an id. ``Malformed`` for what is none."""
        parts = an_id(comment_id, PLATFORM, COMMENT_ID).split(":")
        parent = parts[4] if len(parts) == 6 else None
        return cls(":".join(parts[:2]), ":".join(parts[2:4]), parent, parts[-1])

    @property
    def comment_id(self) -> str:
        """As ``of`` reads it."""
        return ":".join(each for each in (self.post_id, self.thread, self.parent, self.number) if each)

    @property
    def target(self) -> str:
        """The URN that this comment hangs on: its post, or the comment that it answers."""
        return (
            f"urn:li:{self.post_id}" if self.parent is None else f"urn:li:comment:(urn:li:{self.thread},{self.parent})"
        )

    @property
    def urn(self) -> str:
        """LinkedIn's own name for the comment."""
        return f"urn:li:comment:(urn:li:{self.thread},{self.number})"


def comment_of(row: object, post_id: str, organization: str) -> Comment:
    """A comment or reply under a post. ``Malformed`` for what can't be read."""
    told: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    place = place_of(told, post_id)
    created, modified = _moment(told.get("created")), _moment(told.get("lastModified"))
    posted_at = a_time(created)
    edited_at = perhaps_time(modified)
    author = _author(told.get("actor"))
    parent = Place(post_id, place.thread, None, place.parent).comment_id if place.parent else None
    return Comment(
        ref=CommentRef(PLATFORM, organization, place.comment_id),
        post_id=post_id,
        author=author,
        text=_inner(told.get("message"), "text"),
        posted_at=posted_at,
        parent_id=parent,
        edited_at=edited_at if edited_at and edited_at > posted_at else None,
        permalink=f"https://www.linkedin.com/feed/update/urn:li:{place.thread}?commentUrn={quote(place.urn, safe='')}",
        attachments=_attachments(told.get("content")),
        by_page=author.author_id == f"urn:li:organization:{organization}",
        reply_count=reply_count(told),
        reaction_count=_number(told.get("likesSummary"), "totalLikes"),
        raw=told,
    )


def place_of(row: Mapping[str, Any], post_id: str) -> Place:
    """Where a comment stands. ``Malformed`` where that isn't told."""
    number = an_id(row.get("id"), PLATFORM, DIGITS)
    parent = _COMMENT_URN.fullmatch(words(row.get("parentComment")) or "")
    own = _COMMENT_URN.fullmatch(words(row.get("commentUrn")) or words(row.get("$URN")) or "")
    thread = own[1] if own else _thread(row.get("object"))
    return Place(post_id, thread, parent[2] if parent else None, number)


def reply_count(row: Mapping[str, Any]) -> int | None:
    """How many replies LinkedIn tells of."""
    return _number(row.get("commentsSummary"), "totalFirstLevelComments")


def post_of(row: object, organization: str, comment_count: int | None = None) -> Post:
    """A post. ``Malformed`` for what can't be read."""
    told: Mapping[str, Any] = row if isinstance(row, Mapping) else {}
    post_id = post_id_of(told.get("id"))
    if post_id is None:
        raise Malformed(NO_POST)
    return Post(
        platform=PLATFORM,
        page_id=organization,
        post_id=post_id,
        text=words(told.get("commentary")) or "",
        posted_at=a_time(told.get("publishedAt") or told.get("createdAt")),
        permalink=f"https://www.linkedin.com/feed/update/urn:li:{post_id}",
        comment_count=comment_count,
        by_page=told.get("author") == f"urn:li:organization:{organization}",
        raw=told,
    )


def post_id_of(urn: object) -> str | None:
    """The post in a URN; ``None`` where it names none."""
    found = _POST_URN.fullmatch(words(urn) or "")
    return found[1] if found else None


def _thread(urn: object) -> str:
    found = _THREAD_URN.fullmatch(words(urn) or "")
    if found is None:
        raise Malformed(NO_THREAD)
    return found[1]


def _author(actor: object) -> Author:
    urn = words(actor) or ""
    known = _ACTOR_URN.fullmatch(urn) is not None
    return Author(author_id=urn if known else None, unavailable_reason=None if known else NO_ACTOR)


def _moment(stamp: object) -> object:
    return stamp.get("time") if isinstance(stamp, Mapping) else None


def _inner(value: object, name: str) -> str:
    return (words(value.get(name)) if isinstance(value, Mapping) else None) or ""


def _number(value: object, name: str) -> int | None:
    return a_count(value.get(name)) if isinstance(value, Mapping) else None


def _attachments(content: object) -> tuple[Attachment, ...]:
    rows = [row for row in content if isinstance(row, Mapping)] if isinstance(content, list) else []
    kinds = {"IMAGE": "photo", "VIDEO": "video"}
    return tuple(
        Attachment(kinds.get(words(row.get("type")) or "", "other"), a_link(row.get("url")), words(row.get("title")))
        for row in rows
    )
