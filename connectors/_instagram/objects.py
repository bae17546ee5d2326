"""Instagram's comments and media as Graph delivers them, made into the contract's values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._graph.errors import Wording
from connectors._values import DIGITS, a_count, a_flag, a_link, a_time, an_id, perhaps_id, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "instagram"

# developers.facebook.com/documentation/instagram-platform/instagram-graph-api/reference/ig-comment and .../ig-media
COMMENT_FIELDS = "id,text,timestamp,username,from,user,hidden,parent_id,like_count"
POST_FIELDS = (
    "id,caption,timestamp,permalink,comments_count,media_type,media_product_type,media_url,thumbnail_url,username"
)
# A comment alone names its post only when asked to.
ALONE_FIELDS = f"{COMMENT_FIELDS},media{{id,permalink,username}}"

WORDING = Wording(
    "Instagram",
    site="instagram.com",
    credential="access token",
    rights="give the app the permissions that `check` names and the account behind the token its role on the account",
    inbox="the account's status in the Instagram app",
)

NO_AUTHOR = "Instagram delivered no account for this comment (it leaves it out where the token may not see accounts)."
NAME_ONLY = "Instagram delivered only the account's name for this comment, not its id."
NO_COMMENT = "Instagram delivered something else than a comment."
NO_POST = "Instagram delivered something else than a post."

PRODUCTS = {"REELS": Kind.REEL, "AD": Kind.AD}
KINDS = {"IMAGE": Kind.PHOTO, "VIDEO": Kind.VIDEO}


def comment_from(
    data: object, *, page_id: str, post_id: str, parent_id: str | None = None, media: Mapping[str, Any]
) -> Comment:
    """A comment of ``post_id``. ``Malformed`` when it has no usable id or posting time; all else may be missing.

    ``parent_id``: the comment in whose replies it was found. ``media``: the post as delivered, which names the city's
    own account. ``hidden`` is reported as ``HIDDEN_BY_CITY``: Graph doesn't tell people from the account's filters.
    """
    if not isinstance(data, Mapping):
        raise Malformed(NO_COMMENT)
    return Comment(
        ref=CommentRef(PLATFORM, page_id, an_id(data.get("id"), PLATFORM, DIGITS)),
        post_id=post_id,
        author=_author(data),
        text=words(data.get("text")) or "",
        posted_at=a_time(data.get("timestamp")),
        parent_id=perhaps_id(data.get("parent_id"), PLATFORM, DIGITS) or parent_id,
        # A comment has no address of its own in the answers; a person finds it under its post.
        permalink=a_link(media.get("permalink")),
        visibility=Visibility.HIDDEN_BY_CITY if data.get("hidden") is True else Visibility.VISIBLE,
        by_page=_is_own(data, page_id, words(media.get("username"))),
        reaction_count=a_count(data.get("like_count")),
        raw={key: value for key, value in data.items() if key != "replies"},
    )


def post_from(data: object, *, page_id: str) -> Post:
    """One of the account's posts. ``Malformed`` when it has no usable id or posting time."""
    if not isinstance(data, Mapping):
        raise Malformed(NO_POST)
    kind = PRODUCTS.get(str(data.get("media_product_type"))) or KINDS.get(str(data.get("media_type")), Kind.POST)
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=an_id(data.get("id"), PLATFORM, DIGITS),
        text=words(data.get("caption")) or "",
        posted_at=a_time(data.get("timestamp")),
        permalink=a_link(data.get("permalink")),
        comment_count=a_count(data.get("comments_count")),
        attachments=_attachments(data),
        kind=kind,
        raw={key: value for key, value in data.items() if key != "comments"},
    )


def hidden_state(comment: Comment) -> bool | None:
    """Whether the answer itself says that the comment is hidden; ``None`` where it says nothing."""
    return a_flag(comment.raw.get("hidden"))


def id_of(row: object) -> str | None:
    """The id of a row, readable or not."""
    return perhaps_id(row.get("id"), PLATFORM, DIGITS) if isinstance(row, Mapping) else None


def _author(data: Mapping[str, Any]) -> Author:
    named = data.get("from")
    account: Mapping[str, Any] = named if isinstance(named, Mapping) else {}
    author_id = perhaps_id(account.get("id"), PLATFORM, DIGITS)
    name = words(data.get("username")) or words(account.get("username")) or None
    reason = None if author_id else (NAME_ONLY if name else NO_AUTHOR)
    return Author(author_id=author_id, display_name=name, handle=name, unavailable_reason=reason)


def _is_own(data: Mapping[str, Any], page_id: str, own_name: str | None) -> bool:
    author, user = _author(data), data.get("user")
    # "user" is delivered only for what the token's own account wrote.
    by_token = isinstance(user, Mapping) and bool(user.get("id"))
    return by_token or author.author_id == page_id or (own_name is not None and author.handle == own_name)


def _attachments(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    picture = a_link(data.get("thumbnail_url")) or a_link(data.get("media_url"))
    if picture is None:
        return ()
    kind = "video" if data.get("media_type") == "VIDEO" else "photo"
    # Addresses of media change their host and signature from answer to answer: the post's own address stays.
    return (Attachment(kind=kind, url=a_link(data.get("permalink")), preview=picture),)
