"""Threads' posts and replies as its API delivers them, made into the contract's values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._graph.errors import Wording
from connectors._values import DIGITS, a_flag, a_link, a_time, an_id, perhaps_id, words
from connectors.contract import Attachment, Author, Comment, CommentRef, Kind, Malformed, Post, Visibility

PLATFORM = "threads"

# developers.facebook.com/documentation/threads/reference/reply-management and .../media-retrieval
POST_FIELDS = "id,text,timestamp,permalink,username,media_type,media_url,thumbnail_url,gif_url,has_replies"
REPLY_FIELDS = f"{POST_FIELDS},root_post,replied_to,is_reply_owned_by_me,hide_status"
PENDING_FIELDS = f"{REPLY_FIELDS},reply_approval_status"

WORDING = Wording(
    "Threads",
    site="threads.com",
    credential="long-lived access token",
    rights="give the app the permissions that `check` names",
    inbox="the account's status in the Threads app",
)

NO_AUTHOR = "Threads delivered no account for this reply (it names accounts with a public profile only)."
NO_REPLY = "Threads delivered something else than a reply."
NO_POST = "Threads delivered something else than a post."

# The account's own blocks and restrictions hide a reply as a hide does; a cover can be clicked away.
STATES = {
    "NOT_HUSHED": Visibility.VISIBLE,
    "UNHUSHED": Visibility.VISIBLE,
    "HIDDEN": Visibility.HIDDEN_BY_CITY,
    "BLOCKED": Visibility.HIDDEN_BY_CITY,
    "RESTRICTED": Visibility.HIDDEN_BY_CITY,
    "COVERED": Visibility.HIDDEN_BY_PLATFORM_FILTER,
}
KINDS = {"IMAGE": Kind.PHOTO, "VIDEO": Kind.VIDEO}
MEDIA = {"IMAGE": "photo", "CAROUSEL_ALBUM": "photo", "VIDEO": "video"}


def reply_from(data: object, *, page_id: str, own_name: str | None) -> Comment:
    """A reply, or a post of somebody else's that names the account.

    ``Malformed`` when it has no usable id or posting time; all else may be missing. The account's name is all that
    Threads tells of an author, so it is the id too. ``can_hide`` is false for what is no direct reply to a post.
    """
    if not isinstance(data, Mapping):
        raise Malformed(NO_REPLY)
    reply_id = an_id(data.get("id"), PLATFORM, DIGITS)
    root, above = _id_in(data.get("root_post")), _id_in(data.get("replied_to"))
    name = words(data.get("username")) or None
    return Comment(
        ref=CommentRef(PLATFORM, page_id, reply_id),
        post_id=root or above or reply_id,
        author=Author(name, name, name, None if name else NO_AUTHOR),
        text=words(data.get("text")) or "",
        posted_at=a_time(data.get("timestamp")),
        parent_id=above if above != root else None,
        permalink=a_link(data.get("permalink")),
        attachments=_attachments(data),
        visibility=_visibility(data),
        can_hide=None if root is not None and above in (root, None) else False,
        # Threads says that there are replies, not how many.
        reply_count=0 if has_replies(data) is False else None,
        by_page=is_own(data) or (own_name is not None and name == own_name),
        raw=data,
    )


def post_from(data: object, *, page_id: str, own_name: str | None = None) -> Post:
    """A post; the city's own unless ``own_name`` says that the account has another name."""
    if not isinstance(data, Mapping):
        raise Malformed(NO_POST)
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=an_id(data.get("id"), PLATFORM, DIGITS),
        text=words(data.get("text")) or "",
        posted_at=a_time(data.get("timestamp")),
        permalink=a_link(data.get("permalink")),
        by_page=own_name is None or data.get("username") == own_name,
        attachments=_attachments(data),
        kind=KINDS.get(str(data.get("media_type")), Kind.POST),
        raw=data,
    )


def is_own(data: Mapping[str, Any]) -> bool:
    """Whether the answer itself says that the token's account wrote the reply."""
    return data.get("is_reply_owned_by_me") is True


def is_repost(data: object) -> bool:
    """Somebody else's post, passed on: no post of the city's."""
    return isinstance(data, Mapping) and data.get("media_type") == "REPOST_FACADE"


def has_replies(data: Mapping[str, Any]) -> bool | None:
    """Whether the post has replies that the account can see; ``None`` where Threads doesn't say."""
    return a_flag(data.get("has_replies"))


def id_of(row: object) -> str | None:
    """The id of a row, readable or not."""
    return perhaps_id(row.get("id"), PLATFORM, DIGITS) if isinstance(row, Mapping) else None


def root_of(row: object) -> str | None:
    """The post that a row hangs under."""
    return _id_in(row.get("root_post")) if isinstance(row, Mapping) else None


def rooted(row: object, post_id: str) -> object:
    """A row of a post's own list, naming that post whatever it leaves out."""
    return {**row, "root_post": {"id": post_id}} if isinstance(row, Mapping) and not root_of(row) else row


def is_pending(comment: Comment) -> bool:
    """Whether the reply waits for the account's approval."""
    return "reply_approval_status" in comment.raw


def hidden_state(comment: Comment) -> bool | None:
    """Whether the account keeps the reply from the public; ``None`` where Threads doesn't say or the word is new."""
    stands = STATES.get(str(comment.raw.get("hide_status")))
    return None if stands is None else stands is Visibility.HIDDEN_BY_CITY


def is_kept_by_account(comment: Comment) -> bool:
    """Whether it is hidden because the account blocked or restricted its author."""
    return comment.raw.get("hide_status") in ("BLOCKED", "RESTRICTED")


def _visibility(data: Mapping[str, Any]) -> Visibility:
    if "reply_approval_status" in data:
        return Visibility.HIDDEN_BY_PLATFORM_FILTER
    return STATES.get(str(data.get("hide_status")), Visibility.VISIBLE)


def _id_in(value: object) -> str | None:
    return perhaps_id(value.get("id"), PLATFORM, DIGITS) if isinstance(value, Mapping) else None


def _attachments(data: Mapping[str, Any]) -> tuple[Attachment, ...]:
    picture = a_link(data.get("thumbnail_url")) or a_link(data.get("media_url"))
    gif = a_link(data.get("gif_url"))
    where = a_link(data.get("permalink"))
    # Addresses of media change their host and signature from answer to answer: the post's own address stays.
    shown = [Attachment(MEDIA.get(str(data.get("media_type")), "other"), where, preview=picture)] if picture else []
    return tuple(shown + ([Attachment("animation", gif)] if gif else []))
