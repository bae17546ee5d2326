"""Facebook's comments and posts as Graph delivers them, made into the contract's values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._graph import checked_id, graph_time
from connectors.contract import Attachment, Author, Comment, CommentRef, Malformed, Post, Visibility

PLATFORM = "facebook"

# developers.facebook.com/docs/graph-api/reference/comment and .../page-post
COMMENT_FIELDS = (
    "id,created_time,message,from{id,name},parent{id},permalink_url,"
    "is_hidden,can_hide,can_remove,comment_count,attachment"
)
POST_FIELDS = "id,created_time,updated_time,permalink_url,message,from{id,name}"

NO_AUTHOR = "Facebook delivered no author for this comment (it leaves the name out for some accounts and permissions)."
NO_COMMENT = "Facebook delivered something else than a comment."
NO_POST = "Facebook delivered something else than a post."

ATTACHMENT_KINDS = {
    "photo": "photo",
    "video": "video",
    "sticker": "sticker",
    "animated": "animation",
    "share": "link",
    "link": "link",
}


def comment_from(data: object, *, page_id: str, post_id: str) -> Comment:
    """A comment of ``post_id``. ``Malformed`` when it has no usable id or posting time; all else may be missing.

    ``is_hidden`` is reported as ``HIDDEN_BY_CITY``: Graph does not tell the page's staff from the page's own filters.
    """
    if not isinstance(data, Mapping):
        raise Malformed(NO_COMMENT)
    author = _author(data.get("from"))
    return Comment(
        ref=CommentRef(PLATFORM, page_id, checked_id(data.get("id"))),
        post_id=post_id,
        author=author,
        text=_words(data.get("message")) or "",
        posted_at=graph_time(data.get("created_time")),
        parent_id=_usable_id(data.get("parent")),
        permalink=_link(data.get("permalink_url")),
        attachments=_attachments(data.get("attachment")),
        visibility=Visibility.HIDDEN_BY_CITY if data.get("is_hidden") is True else Visibility.VISIBLE,
        can_hide=_flag(data.get("can_hide")),
        by_page=author.author_id == page_id,
        reply_count=_count(data.get("comment_count")),
        raw=data,
    )


def post_from(data: object, *, page_id: str) -> Post:
    """One of the page's posts. ``Malformed`` when it has no usable id or posting time."""
    if not isinstance(data, Mapping):
        raise Malformed(NO_POST)
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=checked_id(data.get("id")),
        text=_words(data.get("message")) or "",
        posted_at=graph_time(data.get("created_time")),
        permalink=_link(data.get("permalink_url")),
        by_page=_author(data.get("from")).author_id in (None, page_id),
        raw={key: value for key, value in data.items() if key != "comments"},
    )


def post_id_of(data: Mapping[str, Any], *, page_id: str) -> str:
    """The post of a comment read alone. A page post's comment is ``{post}_{comment}``, the post ``{page}_{post}``."""
    named = data.get("object")
    object_id = str(named.get("id") or "") if isinstance(named, Mapping) else ""
    if "_" in object_id:
        return checked_id(object_id)
    post, separator, _ = str(data.get("id")).partition("_")
    return checked_id(f"{page_id}_{post}" if separator else object_id)


def _author(data: object) -> Author:
    author_id = _usable_id(data)
    reason = None if author_id else NO_AUTHOR
    return Author(author_id=author_id, display_name=_name(data), unavailable_reason=reason)


def _name(data: object) -> str | None:
    return _words(data.get("name")) if isinstance(data, Mapping) else None


def _usable_id(data: object) -> str | None:
    try:
        return checked_id(data.get("id")) if isinstance(data, Mapping) else None
    except Malformed:
        return None


def _attachments(data: object) -> tuple[Attachment, ...]:
    if not isinstance(data, Mapping):
        return ()
    preview = _link(_picture(data)) if _kind(data) == "link" else None
    return (Attachment(kind=_kind(data), url=_address(data), title=_words(data.get("title")), preview=preview),)


def _kind(data: Mapping[str, Any]) -> str:
    told = str(data.get("type") or "")
    return next((kind for start, kind in ATTACHMENT_KINDS.items() if told.startswith(start)), "other")


def _address(data: Mapping[str, Any]) -> str | None:
    source = _picture(data)
    # A link card is where it leads; a picture is its own address.
    return _link(data.get("url") or source) if _kind(data) == "link" else _link(source or data.get("url"))


def _picture(data: Mapping[str, Any]) -> object:
    media = data.get("media")
    image = media.get("image") if isinstance(media, Mapping) else None
    return image.get("src") if isinstance(image, Mapping) else None


def _link(value: object) -> str | None:
    """A web address; a script or a file path in its place is not passed on."""
    words = _words(value)
    return words if words and words.lower().startswith(("https://", "http://")) else None


def _words(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None
