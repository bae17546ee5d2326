"""Facebook's comments, posts, photos and videos as Graph delivers them, made into the contract's values. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors._facebook.attachments import attached_to_comment, attached_to_post, web_address
from connectors._graph.api import checked_id, graph_time
from connectors._values import a_count, a_flag, a_link, words
from connectors.contract import Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "facebook"

# developers.facebook.com/docs/graph-api/reference: comment, page-post, photo, video, page
COMMENT_FIELDS = (
    "id,created_time,message,from{id,name},parent{id},permalink_url,"
    "is_hidden,can_hide,can_remove,comment_count,attachment"
)
# The platform's own number of comments with replies, whatever part of them is listed beside it.
COUNTED = "comments.filter(stream).summary(true).limit(0).as(counted)"
ATTACHED = "attachments{type,url,title,media,target{id},subattachments.limit(100){type,url,title,media,target{id}}}"
POST_FIELDS = f"id,created_time,updated_time,permalink_url,message,from{{id,name}},status_type,{ATTACHED},{COUNTED}"
# Whether the city took a visitor's post off its page.
VISITOR_FIELDS = f"{POST_FIELDS},is_hidden"
PHOTO_FIELDS = f"id,created_time,updated_time,link,name,from{{id,name}},{COUNTED}"
VIDEO_FIELDS = f"id,created_time,updated_time,permalink_url,title,description,post_id,from{{id,name}},{COUNTED}"
ABOUT = ("about", "description", "bio", "general_info", "mission", "company_overview", "impressum")
PAGE_FIELDS = f"id,name,link,username,website,{','.join(ABOUT)}"

NO_AUTHOR = "Facebook delivered no author for this comment (it leaves the name out for some accounts and permissions)."
NO_COMMENT = "Facebook delivered something else than a comment."
NO_POST = "Facebook delivered something else than a post."

_KINDS = {"added_photos": Kind.PHOTO, "added_video": Kind.VIDEO, "wall_post": Kind.VISITOR}
_OUR_OWN_KEYS = frozenset({"comments", "counted"})


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
        text=words(data.get("message")) or "",
        posted_at=graph_time(data.get("created_time")),
        parent_id=_usable_id(data.get("parent")),
        permalink=a_link(data.get("permalink_url")),
        attachments=attached_to_comment(data.get("attachment")),
        visibility=_visibility(data),
        can_hide=a_flag(data.get("can_hide")),
        by_page=author.author_id == page_id,
        reply_count=a_count(data.get("comment_count")),
        raw=data,
    )


def words_of_visitor(data: Mapping[str, Any], *, page_id: str) -> Comment:
    """A visitor's post as what it also is: public words on the city's page, judged like a comment.

    Its id is the post's. ``can_hide`` is false: Graph documents a hide for comments, and for posts no flag that says
    whether this page may hide this one. ``Malformed`` as for a comment.
    """
    post = post_from(data, page_id=page_id)
    author = _author(data.get("from"))
    return Comment(
        ref=CommentRef(PLATFORM, page_id, post.post_id),
        post_id=post.post_id,
        author=author,
        text=post.text,
        posted_at=post.posted_at,
        permalink=post.permalink,
        attachments=post.attachments,
        visibility=_visibility(data),
        can_hide=False,
        by_page=author.author_id == page_id,
        reply_count=post.comment_count,
        raw=post.raw,
    )


def post_from(data: object, *, page_id: str, kind: Kind | None = None) -> Post:
    """A post, photo or video. ``Malformed`` when it has no usable id or posting time.

    ``kind``: the list that it came from, where that says it; else what Graph tells of it.
    """
    if not isinstance(data, Mapping):
        raise Malformed(NO_POST)
    author_id = _author(data.get("from")).author_id
    told = kind or kind_of(data)
    if told is Kind.VISITOR and author_id == page_id:
        told = Kind.POST
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=checked_id(data.get("id")),
        text=_post_words(data),
        posted_at=graph_time(data.get("created_time")),
        permalink=web_address(data.get("permalink_url") or data.get("link")),
        comment_count=count_of(data),
        # A visitor's name may be withheld, the page's own never is.
        by_page=told is not Kind.VISITOR and author_id in (None, page_id),
        attachments=attached_to_post(data.get("attachments")),
        kind=told,
        raw={key: value for key, value in data.items() if key not in _OUR_OWN_KEYS},
    )


def page_from(data: Mapping[str, Any], *, page_id: str, seen_at: datetime) -> Post:
    """What the page says about itself. It has no time of its own: ``seen_at`` stands in."""
    told = [words(data.get(name)) for name in ("name", *ABOUT, "website")]
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=page_id,
        text="\n\n".join(part.strip() for part in told if part and part.strip()),
        posted_at=seen_at,
        permalink=a_link(data.get("link")),
        kind=Kind.PAGE,
        raw=data,
    )


def kind_of(data: Mapping[str, Any]) -> Kind:
    """What kind of thing a post is, from what Graph tells of it."""
    if "/reel/" in (words(data.get("permalink_url")) or ""):
        return Kind.REEL
    return _KINDS.get(str(data.get("status_type")), Kind.POST)


def count_of(data: Mapping[str, Any]) -> int | None:
    """The platform's own number of comments with their replies; ``None`` where it tells none."""
    counted = data.get("counted")
    summary = counted.get("summary") if isinstance(counted, Mapping) else None
    return a_count(summary.get("total_count")) if isinstance(summary, Mapping) else None


def photos_of(data: Mapping[str, Any]) -> Iterator[str]:
    """The ids of the photos of a post that has several: each of those has comments of its own."""
    attachments = data.get("attachments")
    for album in _rows(attachments):
        photos = [each for each in _rows(album.get("subattachments")) if str(each.get("type")).startswith("photo")]
        found = [photo_id for photo_id in (_usable_id(each.get("target")) for each in photos) if photo_id]
        yield from found if len(found) > 1 else ()


def post_id_of(data: Mapping[str, Any], *, page_id: str) -> str:
    """The post, photo or video of a comment read alone; the same as where it is listed.

    A comment's id is ``{post}_{comment}`` and its post's ``{page}_{post}``; on a photo or video of its own it is
    ``{photo}_{comment}``, and the photo's id stands alone.
    """
    named = data.get("object")
    object_id = str(named.get("id") or "") if isinstance(named, Mapping) else ""
    if "_" in object_id:
        return checked_id(object_id)
    first, separator, _ = str(data.get("id")).partition("_")
    if object_id and object_id == first:
        return checked_id(object_id)
    return checked_id(f"{page_id}_{first}" if separator else object_id)


def _visibility(data: Mapping[str, Any]) -> Visibility:
    return Visibility.HIDDEN_BY_CITY if data.get("is_hidden") is True else Visibility.VISIBLE


def _post_words(data: Mapping[str, Any]) -> str:
    told = [words(data.get(name)) for name in ("message", "title", "description", "name")]
    return "\n\n".join(part for part in told if part)


def _author(data: object) -> Author:
    author_id = _usable_id(data)
    name = words(data.get("name")) if isinstance(data, Mapping) else None
    return Author(author_id=author_id, display_name=name, unavailable_reason=None if author_id else NO_AUTHOR)


def _usable_id(data: object) -> str | None:
    try:
        return checked_id(data.get("id")) if isinstance(data, Mapping) else None
    except Malformed:
        return None


def _rows(edge: object) -> list[Mapping[str, Any]]:
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
