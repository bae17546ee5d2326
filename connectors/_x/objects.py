"""Posts of X as comments and posts of the contract (docs.x.com, "Data dictionary").

X is renaming its fields from tweets to posts; both spellings are read. Every edit is a post with a new id: the id of
the first version stands for the comment, that of the last for what is shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._values import a_count, a_link, a_time, an_id, perhaps_id, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Malformed, Post

PLATFORM = "x"
# Ids are 64-bit numbers that carry the time of their making.
SNOWFLAKE = re.compile(r"[1-9][0-9]{0,19}")
EPOCH_MS = 1_288_834_974_657

NO_AUTHOR = "X delivered no account with this post."
NO_TEXT = "A post without words came."
NO_POST = "What came is no post."

_MEDIA = {"3": "photo", "7": "video", "13": "video", "16": "animation"}


def comment_of(row: Any, page_id: str) -> Comment:
    """A reply or mention. ``Malformed`` for what has no readable id, time or text."""
    versions = versions_of(row)
    told = a_time(row.get("created_at"))
    edited = len(versions) > 1
    conversation = an_id(row.get("conversation_id"), PLATFORM, SNOWFLAKE)
    parent = perhaps_id(_replied_to(row), PLATFORM, SNOWFLAKE)
    author_id = perhaps_id(row.get("author_id"), PLATFORM, SNOWFLAKE)
    return Comment(
        CommentRef(PLATFORM, page_id, versions[0]),
        conversation,
        _author(author_id),
        _text(row),
        made_at(versions[0]) if edited else told,
        parent_id=None if parent == conversation else parent,
        edited_at=told if edited else None,
        permalink=_permalink(versions[-1]),
        attachments=_attachments(row),
        by_page=author_id == page_id,
        reply_count=_metric(row, "reply_count"),
        reaction_count=_metric(row, "like_count"),
        raw=row,
    )


def post_of(row: Any, page_id: str) -> Post:
    """The post that begins a conversation: the city's own, or that of somebody who named the city."""
    versions = versions_of(row)
    return Post(
        PLATFORM,
        page_id,
        versions[0],
        _text(row),
        made_at(versions[0]) if len(versions) > 1 else a_time(row.get("created_at")),
        permalink=_permalink(versions[-1]),
        comment_count=_metric(row, "reply_count"),
        by_page=row.get("author_id") == page_id,
        attachments=_attachments(row),
        raw=row,
    )


def versions_of(row: Any) -> list[str]:
    """The ids of all versions of a post, the first first; its own id alone where X tells of no edits."""
    if not isinstance(row, dict):
        raise Malformed(NO_POST)
    own = an_id(row.get("id"), PLATFORM, SNOWFLAKE)
    told = row.get("edit_history_post_ids") or row.get("edit_history_tweet_ids")
    ids = [perhaps_id(each, PLATFORM, SNOWFLAKE) for each in told] if isinstance(told, list) else []
    known = [each for each in ids if each is not None]
    return known if own in known else [own]


def row_id(row: Any) -> str | None:
    """The id by which a row is known, where it can be read."""
    try:
        return versions_of(row)[0]
    except Malformed:
        return None


def conversation_of(row: Any) -> str | None:
    """The conversation of a row, where it can be read."""
    return perhaps_id(row.get("conversation_id"), PLATFORM, SNOWFLAKE) if isinstance(row, dict) else None


def is_root(row: Any) -> bool:
    """Whether a row begins its conversation."""
    return _replied_to(row) is None and conversation_of(row) in versions_of(row)


def made_at(post_id: str) -> datetime:
    """The time that is part of an id."""
    try:
        return datetime.fromtimestamp(((int(post_id) >> 22) + EPOCH_MS) / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(NO_POST) from error


def _author(author_id: str | None) -> Author:
    if author_id is None:
        return Author(unavailable_reason=NO_AUTHOR)
    return Author(author_id, profile_url=f"https://x.com/i/user/{author_id}")


def _text(row: Mapping[str, Any]) -> str:
    """The words, whole also where they are longer than 280 characters. X escapes three characters, as in HTML."""
    note = row.get("note_post") or row.get("note_tweet")
    text = words(note.get("text")) if isinstance(note, dict) else None
    text = text if text is not None else words(row.get("text"))
    if text is None:
        raise Malformed(NO_TEXT)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _replied_to(row: Mapping[str, Any]) -> object:
    told = row.get("referenced_posts") or row.get("referenced_tweets")
    rows = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    return next((each.get("id") for each in rows if each.get("type") == "replied_to"), None)


def _attachments(row: Mapping[str, Any]) -> tuple[Attachment, ...]:
    attached = row.get("attachments")
    keys = attached.get("media_keys") if isinstance(attached, dict) else None
    media = [Attachment(_MEDIA.get(str(key).partition("_")[0], "other")) for key in keys or () if isinstance(key, str)]
    return (*media, *_links(row))


def _links(row: Mapping[str, Any]) -> tuple[Attachment, ...]:
    entities = row.get("entities")
    told = entities.get("urls") if isinstance(entities, dict) else None
    rows = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    links = [a_link(each.get("expanded_url")) for each in rows if not each.get("media_key")]
    return tuple(Attachment("link", link) for link in links if link)


def _metric(row: Mapping[str, Any], name: str) -> int | None:
    metrics = row.get("public_metrics")
    return a_count(metrics.get(name)) if isinstance(metrics, dict) else None


def _permalink(post_id: str) -> str:
    return f"https://x.com/i/status/{post_id}"
