"""Posts of Bluesky as comments and posts of the contract (lexicons app.bsky.feed.defs and app.bsky.feed.post)."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors._values import a_count, a_link, a_time, an_id, perhaps_id, perhaps_time, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "bluesky"
_DID = r"did:(?:plc:[a-z2-7]{24}|web:[A-Za-z0-9.%:_-]{1,200})"
DID = re.compile(_DID)
# An address of a post: whose it is, and its key in that account.
AT_URI = re.compile(rf"at://({_DID})/app\.bsky\.feed\.post/((?!\.{{1,2}}$)[A-Za-z0-9._~:-]{{1,512}})")
# Authors write the time of a post themselves. One that is further from the server's own is not believed.
MOST_APART = timedelta(days=1)

NO_POST = "What came is no post."
NO_TEXT = "A post without words came."

# Labels of a moderation service that take a post from everybody's sight.
_TAKEN_AWAY = ("!hide", "!takedown", "!suspend")


@dataclass(frozen=True, slots=True)
class PostUri:
    """The parts of an address of a post."""

    did: str
    rkey: str

    @property
    def permalink(self) -> str:
        """Where a reader sees it; by the account's number, which stays when its name changes."""
        return f"https://bsky.app/profile/{self.did}/post/{self.rkey}"


def parts_of(uri: str) -> PostUri:
    """The account and the key of a post's address. ``Malformed`` for what is none."""
    found = AT_URI.fullmatch(an_id(uri, PLATFORM, AT_URI))
    assert found is not None
    return PostUri(found[1], found[2])


def uri_of(view: Any) -> str | None:
    """The address of a post or of a notification about it, where it can be read."""
    return perhaps_id(view.get("uri"), PLATFORM, AT_URI) if isinstance(view, dict) else None


def root_of(view: Any) -> str | None:
    """The address of the post that began the thread: its own, if it began one."""
    record = view.get("record") if isinstance(view, dict) else None
    reply = record.get("reply") if isinstance(record, dict) else None
    if not isinstance(reply, dict):
        return uri_of(view)
    root = reply.get("root")
    return perhaps_id(root.get("uri"), PLATFORM, AT_URI) if isinstance(root, dict) else None


def comment_of(view: Any, page_id: str, hidden: Collection[str]) -> Comment:
    """A reply, mention or quote. ``hidden``: what the city hid in its thread. ``Malformed`` for what can't be read."""
    record = _record(view)
    uri = an_id(view.get("uri"), PLATFORM, AT_URI)
    parts, root = parts_of(uri), root_of(view)
    if root is None:
        raise Malformed(NO_POST)
    by_page = parts.did == page_id
    parent = _parent(record)
    return Comment(
        CommentRef(PLATFORM, page_id, uri),
        root,
        _author(view, parts.did),
        _text(record),
        posted_at(view),
        parent_id=None if parent == root else parent,
        permalink=parts.permalink,
        attachments=tuple(_attachments(view.get("embed"))),
        visibility=_visibility(view, uri, parts.did, hidden),
        can_hide=parts_of(root).did == page_id and not by_page and uri != root,
        by_page=by_page,
        reply_count=a_count(view.get("replyCount")),
        reaction_count=a_count(view.get("likeCount")),
        raw=view,
    )


def post_of(view: Any, page_id: str, comment_count: int | None = None) -> Post:
    """The post that began a thread. ``comment_count``: all of its thread, where it was counted."""
    record = _record(view)
    uri = an_id(view.get("uri"), PLATFORM, AT_URI)
    parts = parts_of(uri)
    own = parts.did == page_id
    return Post(
        PLATFORM,
        page_id,
        uri,
        _text(record),
        posted_at(view),
        permalink=parts.permalink,
        comment_count=comment_count,
        by_page=own,
        attachments=tuple(_attachments(view.get("embed"))),
        kind=Kind.POST if own else Kind.VISITOR,
        raw=view,
    )


def indexed_at(view: Any) -> datetime:
    """When Bluesky itself saw the post. ``Malformed`` where it doesn't say."""
    return a_time(view.get("indexedAt") if isinstance(view, dict) else None)


def posted_at(view: Any) -> datetime:
    """The time that the author's program wrote, if Bluesky's own time bears it out; else that one.

    Whoever dates a post back by a year would otherwise slip under every look-back.
    """
    indexed = indexed_at(view)
    told = perhaps_time(_record(view).get("createdAt"))
    return told if told is not None and indexed - MOST_APART <= told <= indexed else indexed


def _record(view: Any) -> Mapping[str, Any]:
    record = view.get("record") if isinstance(view, dict) else None
    if not isinstance(record, dict):
        raise Malformed(NO_POST)
    return record


def _text(record: Mapping[str, Any]) -> str:
    text = words(record.get("text"))
    if text is None:
        raise Malformed(NO_TEXT)
    return text


def _parent(record: Mapping[str, Any]) -> str | None:
    reply = record.get("reply")
    parent = reply.get("parent") if isinstance(reply, dict) else None
    return perhaps_id(parent.get("uri"), PLATFORM, AT_URI) if isinstance(parent, dict) else None


def _author(view: Mapping[str, Any], did: str) -> Author:
    """The account is part of the post's address; its names may be missing."""
    told = view.get("author")
    names = told if isinstance(told, dict) and told.get("did") == did else {}
    profile = f"https://bsky.app/profile/{did}"
    return Author(did, words(names.get("displayName")), words(names.get("handle")), profile_url=profile)


def _visibility(view: Mapping[str, Any], uri: str, did: str, hidden: Collection[str]) -> Visibility:
    if uri in hidden:
        return Visibility.HIDDEN_BY_CITY
    told = view.get("labels")
    labels = [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []
    # An author may label a post too; that takes it from nobody's sight.
    if any(each.get("val") in _TAKEN_AWAY and each.get("src") != did for each in labels):
        return Visibility.HIDDEN_BY_PLATFORM_FILTER
    return Visibility.VISIBLE


def _attachments(embed: Any) -> Iterable[Attachment]:
    if not isinstance(embed, dict):
        return
    kind = str(embed.get("$type") or "").removeprefix("app.bsky.embed.")
    if kind == "images#view":
        yield from (_image(each) for each in _rows(embed.get("images")))
    elif kind == "video#view":
        yield Attachment(
            "video", a_link(embed.get("playlist")), words(embed.get("alt")), a_link(embed.get("thumbnail"))
        )
    elif kind == "external#view" and isinstance(embed.get("external"), dict):
        card = embed["external"]
        yield Attachment("link", a_link(card.get("uri")), words(card.get("title")), a_link(card.get("thumb")))
    elif kind == "record#view":
        yield _quoted(embed.get("record"))
    elif kind == "recordWithMedia#view":
        yield from _attachments(embed.get("media"))
        inner = embed.get("record")
        yield _quoted(inner.get("record") if isinstance(inner, dict) else None)
    else:
        yield Attachment("other")


def _image(row: Mapping[str, Any]) -> Attachment:
    return Attachment("photo", a_link(row.get("fullsize")), words(row.get("alt")), a_link(row.get("thumb")))


def _quoted(record: Any) -> Attachment:
    uri = uri_of(record)
    return Attachment("link", parts_of(uri).permalink if uri else None, "quoted post")


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
