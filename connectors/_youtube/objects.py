"""Makes the contract's values from YouTube's: comments, threads, videos, the channel's own page.

developers.google.com/youtube/v3/docs/comments, /commentThreads, /videos, /channels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors._values import a_count, a_flag, a_link, a_time, an_id, perhaps_id, perhaps_time, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "youtube"

NO_AUTHOR = "YouTube delivered the comment without the account's channel: it may be closed."
NO_SNIPPET = "YouTube delivered an object without its content."

PUBLISHED, HELD, SPAM, REJECTED = "published", "heldForReview", "likelySpam", "rejected"
VISIBILITY = {
    PUBLISHED: Visibility.VISIBLE,
    HELD: Visibility.HIDDEN_BY_CITY,
    SPAM: Visibility.HIDDEN_BY_PLATFORM_FILTER,
    REJECTED: Visibility.DELETED_BY_CITY,
}

# A reply is named by its thread, a dot and a part of its own.
COMMENT_ID = re.compile(r"[A-Za-z0-9_-]{1,100}(\.[A-Za-z0-9_-]{1,100})?")
CHANNEL_ID = re.compile(r"UC[A-Za-z0-9_-]{1,60}")
PLAIN = re.compile(r"[A-Za-z0-9_-]{1,100}")


@dataclass(frozen=True, slots=True)
class Thread:
    """A top-level comment and what was told of its replies. ``is_public`` is ``None`` where it wasn't told."""

    thread_id: str
    post_id: str
    is_public: bool | None
    reply_count: int
    top: Mapping[str, Any]
    replies: tuple[Mapping[str, Any], ...]


def snippet_of(row: object) -> Mapping[str, Any]:
    """The content part of a resource. ``Malformed`` without one."""
    found = row.get("snippet") if isinstance(row, Mapping) else None
    if not isinstance(found, Mapping):
        raise Malformed(NO_SNIPPET)
    return found


def thread_of(row: Any, channel_id: str) -> Thread:
    """A thread. ``Malformed`` for what can't be named."""
    snippet = snippet_of(row)
    top, told = snippet.get("topLevelComment"), row.get("replies")
    rows = told.get("comments") if isinstance(told, Mapping) else None
    return Thread(
        thread_id=an_id(row.get("id"), PLATFORM, PLAIN),
        # What is said of the channel itself, or of a community post, names no video.
        post_id=perhaps_id(snippet.get("videoId"), PLATFORM, PLAIN) or channel_id,
        is_public=a_flag(snippet.get("isPublic")),
        reply_count=a_count(snippet.get("totalReplyCount")) or 0,
        top=top if isinstance(top, Mapping) else {},
        replies=tuple(each for each in rows if isinstance(each, Mapping)) if isinstance(rows, list) else (),
    )


def comment_of(row: Mapping[str, Any], channel_id: str, post_id: str, status: str) -> Comment:
    """A comment or reply. ``status``: YouTube's moderation status. ``Malformed`` for what can't be read."""
    snippet = snippet_of(row)
    comment_id = an_id(row.get("id"), PLATFORM, COMMENT_ID)
    author = _author(snippet)
    posted_at = a_time(snippet.get("publishedAt"))
    updated_at = perhaps_time(snippet.get("updatedAt"))
    return Comment(
        ref=CommentRef(PLATFORM, channel_id, comment_id),
        post_id=post_id,
        author=author,
        text=_text(snippet),
        posted_at=posted_at,
        parent_id=perhaps_id(snippet.get("parentId"), PLATFORM, PLAIN),
        edited_at=updated_at if updated_at and updated_at > posted_at else None,
        permalink=_permalink(post_id, channel_id, comment_id),
        attachments=_attachments(snippet),
        visibility=VISIBILITY.get(status, Visibility.VISIBLE),
        by_page=author.author_id == channel_id,
        reaction_count=a_count(snippet.get("likeCount")),
        raw=row,
    )


def status_of(row: Mapping[str, Any], otherwise: str) -> str:
    """The moderation status that a comment carries. It is told to the owner, but not for comments asked for by id."""
    told = words(snippet_of(row).get("moderationStatus"))
    return told if told in VISIBILITY else otherwise


def video_of(row: Any, channel_id: str) -> Post:
    """A video of the channel as a post; words are its title and description."""
    snippet = snippet_of(row)
    video_id = an_id(row.get("id"), PLATFORM, PLAIN)
    statistics = row.get("statistics")
    return Post(
        platform=PLATFORM,
        page_id=channel_id,
        post_id=video_id,
        text=_title_and(snippet),
        posted_at=a_time(snippet.get("publishedAt")),
        permalink=f"https://www.youtube.com/watch?v={video_id}",
        comment_count=a_count(statistics.get("commentCount")) if isinstance(statistics, Mapping) else None,
        by_page=snippet.get("channelId") == channel_id,
        kind=Kind.VIDEO,
        raw=row,
    )


def page_of(row: Any, channel_id: str) -> Post:
    """The channel itself: where comments stand that name no video."""
    snippet = snippet_of(row)
    return Post(
        platform=PLATFORM,
        page_id=channel_id,
        post_id=channel_id,
        text=_title_and(snippet),
        posted_at=a_time(snippet.get("publishedAt")),
        permalink=f"https://www.youtube.com/channel/{channel_id}",
        kind=Kind.PAGE,
        raw=row,
    )


def _author(snippet: Mapping[str, Any]) -> Author:
    told = snippet.get("authorChannelId")
    author_id = perhaps_id(told.get("value"), PLATFORM, CHANNEL_ID) if isinstance(told, Mapping) else None
    name = words(snippet.get("authorDisplayName")) or None
    return Author(
        author_id=author_id,
        display_name=name,
        handle=name if name and name.startswith("@") else None,
        unavailable_reason=None if author_id else NO_AUTHOR,
        profile_url=a_link(snippet.get("authorChannelUrl")),
    )


def _text(snippet: Mapping[str, Any]) -> str:
    # The original words are delivered to their author only: they would make another revision of the city's comments.
    shown = words(snippet.get("textDisplay"))
    return shown if shown is not None else words(snippet.get("textOriginal")) or ""


def _attachments(snippet: Mapping[str, Any]) -> tuple[Attachment, ...]:
    picture = a_link(snippet.get("imageUrl"))
    return (Attachment("photo", picture),) if picture else ()


def _permalink(post_id: str, channel_id: str, comment_id: str) -> str | None:
    return None if post_id == channel_id else f"https://www.youtube.com/watch?v={post_id}&lc={comment_id}"


def _title_and(snippet: Mapping[str, Any]) -> str:
    parts = (words(snippet.get("title")), words(snippet.get("description")))
    return "\n\n".join(part for part in parts if part)
