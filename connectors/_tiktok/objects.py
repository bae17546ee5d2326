"""Makes the contract's values of what TikTok delivers: videos, comments and replies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from connectors._tiktok.api import NAME, PLATFORM
from connectors._values import DIGITS, a_count, a_link, a_time, an_id, perhaps_id, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

NO_AUTHOR = "TikTok named no account with this comment."
NOT_A_ROW = "What TikTok listed is no object."

HANDLE = re.compile(r"[A-Za-z0-9_.]{1,30}")
# What the documentation shows are ids like "u1"; the real ones are longer and may hold these signs.
ACCOUNT = re.compile(r"[A-Za-z0-9_.:=+-]{1,200}")

# /business/comment/list/: "status" is PUBLIC or HIDDEN; any other is no choice that the API offers to the city.
_VISIBILITY = {"PUBLIC": Visibility.VISIBLE, "HIDDEN": Visibility.HIDDEN_BY_CITY}


def parts_of(comment_id: str) -> tuple[str, str]:
    """A comment's video, and its id at TikTok, out of ours. ``Malformed`` for anything else.

    Ours is ``{video}_{comment}``: every call about a comment needs the video too, and a reference has to be enough.
    """
    video, _, own = comment_id.partition("_")
    return an_id(video, PLATFORM, DIGITS), an_id(own, PLATFORM, DIGITS)


def post_from(row: object, page_id: str) -> Post:
    """One video or photo post of ``/business/video/list/``."""
    data = _object(row)
    link = a_link(data.get("share_url"))
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=an_id(data.get("item_id"), PLATFORM, DIGITS),
        text=words(data.get("caption")) or "",
        posted_at=a_time(data.get("create_time")),
        permalink=link,
        comment_count=a_count(data.get("comments")),
        kind=Kind.PHOTO if link and "/photo/" in link else Kind.VIDEO,
        raw=data,
    )


def comment_from(row: object, post: Post) -> Comment:
    """One comment or reply. ``Malformed`` where id or time can't be read."""
    data = _object(row)
    own = an_id(data.get("comment_id"), PLATFORM, DIGITS)
    parent = perhaps_id(data.get("parent_comment_id"), PLATFORM, DIGITS)
    picture = a_link(data.get("image_url"))
    return Comment(
        ref=CommentRef(PLATFORM, post.page_id, f"{post.post_id}_{own}"),
        post_id=post.post_id,
        author=_author(data),
        text=words(data.get("text")) or "",
        posted_at=a_time(data.get("create_time")),
        parent_id=f"{post.post_id}_{parent}" if parent else None,
        # TikTok gives comments no address of their own.
        permalink=post.permalink,
        attachments=(Attachment("photo", picture),) if picture else (),
        visibility=_VISIBILITY.get(str(data.get("status")), Visibility.HIDDEN_BY_PLATFORM_FILTER),
        by_page=data.get("owner") is True,
        reply_count=a_count(data.get("replies")),
        reaction_count=a_count(data.get("likes")),
        raw={name: value for name, value in data.items() if name != "reply_list"},
    )


def with_replies(row: object) -> Iterator[object]:
    """A comment and the replies that stand inside it."""
    yield row
    yield from replies_in(row)


def replies_in(row: object) -> list[Any]:
    """The replies inside a comment: a few of them, never surely all."""
    inner = row.get("reply_list") if isinstance(row, Mapping) else None
    return inner if isinstance(inner, list) else []


def _author(data: Mapping[str, Any]) -> Author:
    handle = words(data.get("username"))
    account = perhaps_id(data.get("unique_identifier"), PLATFORM, ACCOUNT)
    return Author(
        author_id=account,
        display_name=words(data.get("display_name")),
        handle=handle,
        unavailable_reason=None if account else NO_AUTHOR,
        profile_url=f"https://www.tiktok.com/@{handle}" if handle and HANDLE.fullmatch(handle) else None,
    )


def _object(row: object) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise Malformed(f"{NAME}: {NOT_A_ROW}")
    return row
