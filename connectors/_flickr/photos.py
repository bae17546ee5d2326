"""Makes the contract's values of what Flickr delivers: photos, comments, and the list of recent activity."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

from connectors._flickr.api import NAME, PLATFORM
from connectors._values import DIGITS, a_count, a_link, a_time, an_id, perhaps_id, perhaps_time, text_of, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post

NO_AUTHOR = "Flickr named no account with this comment."
DELETED_AUTHOR = "Flickr says that the account was deleted."
NOT_A_ROW = "What Flickr listed is no object."

ACCOUNT = re.compile(r"[0-9]{1,20}@N[0-9]{2}")
_OWN_ID = re.compile(r"[0-9]{1,20}(-[0-9]{1,24}){1,3}")
_SITE = "https://www.flickr.com"


@dataclass(frozen=True, slots=True)
class Active:
    """What the list of recent activity tells of one photo or album."""

    item_id: str
    is_album: bool
    count: int | None
    last: datetime


def photo_of(comment_id: str) -> tuple[str, str]:
    """A comment's photo, and its id at Flickr, out of ours. ``Malformed`` for anything else.

    Ours is ``{photo}_{comment}``: Flickr reads comments by photo only, and the middle of its own id looks like the
    photo's but is nowhere said to be.
    """
    photo, _, own = comment_id.partition("_")
    return an_id(photo, PLATFORM, DIGITS), an_id(own, PLATFORM, _OWN_ID)


def comment_from(row: object, photo_id: str, page_id: str) -> Comment:
    """One comment of ``flickr.photos.comments.getList``. ``Malformed`` where id or time can't be read."""
    data = _object(row)
    own = an_id(data.get("id"), PLATFORM, _OWN_ID)
    author = _author(data)
    html = words(data.get("_content")) or ""
    return Comment(
        ref=CommentRef(PLATFORM, page_id, f"{photo_id}_{own}"),
        post_id=photo_id,
        author=author,
        # Flickr lets some HTML stand in comments: what counts is what a reader sees.
        text=text_of(html),
        posted_at=a_time(data.get("datecreate")),
        permalink=a_link(data.get("permalink")),
        attachments=_attachments(html),
        by_page=author.author_id == page_id,
        raw=data,
    )


def post_from(row: object, page_id: str, count: int | None = None) -> Post:
    """One photo of ``flickr.people.getPhotos`` or ``flickr.photos.getInfo``."""
    data = _object(row)
    photo_id = an_id(data.get("id"), PLATFORM, DIGITS)
    told = a_count(_content(data.get("comments")))
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=photo_id,
        text="\n".join(filter(None, (_content(data.get("title")), text_of(_content(data.get("description")) or "")))),
        posted_at=a_time(data.get("dateupload", data.get("dateuploaded"))),
        permalink=f"{_SITE}/photos/{page_id}/{photo_id}/",
        comment_count=count if count is not None else told,
        kind=Kind.VIDEO if data.get("media") == "video" else Kind.PHOTO,
        raw=data,
    )


def active_from(row: object) -> Active:
    """One item of ``flickr.activity.userPhotos``."""
    data = _object(row)
    events = [event for event in rows_of(data.get("activity"), "event") if isinstance(event, Mapping)]
    times = [perhaps_time(event.get("dateadded")) for event in events if event.get("type") == "comment"]
    return Active(
        item_id=an_id(data.get("id"), PLATFORM, DIGITS),
        is_album=data.get("type") == "photoset",
        count=a_count(data.get("comments")),
        last=max(filter(None, times), default=datetime.fromtimestamp(0, UTC)),
    )


def rows_of(holder: object, name: str) -> list[Any]:
    """The rows of a list, which Flickr leaves out when it is empty and may write as one object when it has one."""
    value = holder.get(name) if isinstance(holder, Mapping) else None
    return value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []


def _author(data: Mapping[str, Any]) -> Author:
    nsid = perhaps_id(data.get("author"), PLATFORM, ACCOUNT)
    name = words(data.get("realname")) or words(data.get("authorname")) or None
    if nsid is None:
        return Author(display_name=name, unavailable_reason=NO_AUTHOR)
    return Author(
        author_id=nsid,
        display_name=name,
        handle=words(data.get("authorname")),
        unavailable_reason=DELETED_AUTHOR if str(data.get("author_is_deleted")) == "1" else None,
        profile_url=f"{_SITE}/people/{nsid}/",
    )


def _attachments(html: str) -> tuple[Attachment, ...]:
    found = _Media()
    # Python's parser stumbles over a "<![x[" that anybody may write.
    found.feed(html.replace("<![", "&lt;!["))
    return tuple(found.media)


class _Media(HTMLParser):
    """Pictures and links, in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.media: list[Attachment] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "img":
            self.media.append(Attachment("photo", a_link(told.get("src"))))
        elif tag == "a":
            self.media.append(Attachment("link", a_link(told.get("href"))))


def _content(value: object) -> str | None:
    """Text that Flickr writes plainly in lists and wraps as ``{"_content": ...}`` elsewhere."""
    inner = value.get("_content") if isinstance(value, Mapping) else value
    return str(inner) if isinstance(inner, str | int) and not isinstance(inner, bool) else None


def _object(row: object) -> Mapping[str, Any]:
    if not isinstance(row, Mapping):
        raise Malformed(f"{NAME}: {NOT_A_ROW}")
    return row
