"""Reads what Disqus answers: posts (the comments), threads (what they hang on), and errors.

Shapes: https://disqus.com/api/docs/posts/details/ and https://disqus.com/api/docs/errors/.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from typing import Any

from connectors._answers import Throttled, decoded, the_object
from connectors._values import DIGITS, a_count, a_flag, a_guest, a_link, a_time, an_id, text_of, words
from connectors.contract import (
    Attachment,
    AuthFailed,
    Author,
    Blocked,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Post,
    Unavailable,
    Unsupported,
    Visibility,
)

PLATFORM = "disqus"
EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}")

BAD_KEY = "Disqus does not accept the keys (error {code}); copy api_key, api_secret and access_token anew from the app."
NOT_ALLOWED = "Disqus refuses this to the account (error {code}); make it a moderator of the forum."
KEY_TOO_WEAK = "Disqus wants the secret key for this (error {code}); store api_secret beside the access token."
NOT_THERE = "Disqus has no such comment or thread any more (error {code})."
NO_SUCH_ACT = "Disqus does not support this here (error {code}); do it in the forum's moderation panel."
CAPTCHA = "Disqus asks for a captcha (error {code}): it takes us for a robot; log in by hand and look at the account."
NOT_UNDERSTOOD = "Disqus did not understand the call (error {code}); the answer is kept, tell the maintainers."
TROUBLE = "Disqus had trouble inside (error {code}); the call is tried again."
TOO_MANY = "Disqus counts too many calls (error {code}); basic accounts have 1,000 an hour."
NOT_AN_OBJECT = "What stands in the list is no comment."

GUEST_WITHOUT_ADDRESS = "The comment was left by a guest, and Disqus shows no address of theirs to this account."
NOT_DELIVERED = "Disqus delivered no account with this comment."

_ERRORS: dict[int, tuple[type[ConnectorError], str]] = {
    4: (AuthFailed, BAD_KEY),
    5: (AuthFailed, BAD_KEY),
    8: (Gone, NOT_THERE),
    9: (PermissionLost, KEY_TOO_WEAK),
    10: (Unsupported, NO_SUCH_ACT),
    11: (AuthFailed, KEY_TOO_WEAK),
    12: (PermissionLost, NOT_ALLOWED),
    13: (Throttled, TOO_MANY),
    14: (Throttled, TOO_MANY),
    15: (Unavailable, TROUBLE),
    16: (Unavailable, TROUBLE),
    17: (PermissionLost, NOT_ALLOWED),
    18: (AuthFailed, BAD_KEY),
    19: (Blocked, CAPTCHA),
    20: (Unavailable, TROUBLE),
    21: (Unavailable, TROUBLE),
    22: (PermissionLost, NOT_ALLOWED),
    23: (PermissionLost, NOT_ALLOWED),
    24: (Throttled, TOO_MANY),
}
_BY_STATUS: dict[int, tuple[type[ConnectorError], str]] = {
    401: (AuthFailed, BAD_KEY),
    403: (PermissionLost, NOT_ALLOWED),
    404: (Gone, NOT_THERE),
    429: (Throttled, TOO_MANY),
}
_KINDS = {"1": "photo", "2": "photo", "3": "video", "4": "link"}


def read_answer(exchange: Exchange) -> dict[str, Any]:
    """The whole object: ``response`` and, with lists, ``cursor``. Errors: the contract's."""
    if exchange.status == 429:
        raise Throttled(TOO_MANY.format(code="HTTP 429"), exchange=exchange)
    answer = decoded(exchange, PLATFORM)
    code = answer.get("code") if isinstance(answer, dict) else None
    if exchange.status < 400 and code == 0:
        return the_object(answer, exchange, PLATFORM)
    kind, sentence = _named(code, answer, exchange.status)
    told = code if isinstance(code, int) else f"HTTP {exchange.status}"
    raise kind(sentence.format(code=told), exchange=exchange, status=exchange.status, code=told)


def _named(code: object, answer: object, status: int) -> tuple[type[ConnectorError], str]:
    said = str(answer.get("response")) if isinstance(answer, dict) else ""
    if code == 2 and "unable to find" in said.lower():
        # An id that Disqus does not find is a bad argument to it.
        return Gone, NOT_THERE
    if isinstance(code, int) and code in _ERRORS:
        return _ERRORS[code]
    default = (Unavailable, TROUBLE) if status >= 500 else (Malformed, NOT_UNDERSTOOD)
    return default if isinstance(code, int) else _BY_STATUS.get(status, default)


def read_comment(row: object, forum: str, staff: frozenset[str]) -> Comment:
    """One of Disqus's posts. ``staff``: ids of the forum's own accounts. ``Malformed``."""
    if not isinstance(row, dict):
        raise Malformed(NOT_AN_OBJECT)
    comment_id = an_id(row.get("id"), PLATFORM, DIGITS)
    parent, author, thread = row.get("parent"), row.get("author"), row.get("thread")
    return Comment(
        ref=CommentRef(PLATFORM, forum, comment_id),
        post_id=an_id(thread.get("id") if isinstance(thread, dict) else thread, PLATFORM, DIGITS),
        author=_author(author),
        text=_text(row),
        posted_at=a_time(row.get("createdAt"), zone=UTC),
        parent_id=None if parent is None else an_id(parent, PLATFORM, DIGITS),
        permalink=a_link(row.get("url")) or _permalink(thread, comment_id),
        attachments=_attachments(row.get("media")),
        visibility=_visibility(row),
        by_page=isinstance(author, Mapping) and str(author.get("id")) in staff,
        reaction_count=a_count(row.get("likes")),
        raw=row,
    )


def is_hidden(row: Mapping[str, Any]) -> bool | None:
    """Whether the public does not see it; ``None`` when Disqus leaves the flags out."""
    flags = [a_flag(row.get(name)) for name in ("isDeleted", "isSpam", "isApproved")]
    if None in flags:
        return None
    return bool(flags[0] or flags[1] or not flags[2])


def read_thread(row: object, forum: str) -> Post:
    """What comments hang on: one page of the city's. ``Malformed``."""
    if not isinstance(row, dict):
        raise Malformed(NOT_AN_OBJECT)
    title = words(row.get("clean_title")) or text_of(words(row.get("title")) or "")
    return Post(
        platform=PLATFORM,
        page_id=forum,
        post_id=an_id(row.get("id"), PLATFORM, DIGITS),
        text=title,
        posted_at=a_time(row.get("createdAt"), zone=UTC),
        permalink=a_link(row.get("link")),
        comment_count=a_count(row.get("posts")),
        raw=row,
    )


def _visibility(row: Mapping[str, Any]) -> Visibility:
    if row.get("isDeleted") is True:
        own = row.get("isDeletedByAuthor") is True
        return Visibility.DELETED_BY_AUTHOR if own else Visibility.HIDDEN_BY_CITY
    waits = row.get("isApproved") is False or row.get("isSpam") is True
    return Visibility.HIDDEN_BY_PLATFORM_FILTER if waits else Visibility.VISIBLE


def _text(row: Mapping[str, Any]) -> str:
    raw = words(row.get("raw_message"))
    return raw if raw is not None else text_of(words(row.get("message")) or "")


def _permalink(thread: object, comment_id: str) -> str | None:
    link = a_link(thread.get("link")) if isinstance(thread, dict) else None
    return f"{link.partition('#')[0]}#comment-{comment_id}" if link else None


def _author(told: object) -> Author:
    if not isinstance(told, Mapping):
        return Author(unavailable_reason=NOT_DELIVERED)
    name, handle, email = words(told.get("name")), words(told.get("username")), words(told.get("email"))
    number = str(told.get("id"))
    if DIGITS.fullmatch(number):
        return Author(number, name, handle, profile_url=a_link(told.get("profileUrl")))
    if email and EMAIL.fullmatch(email.strip()):
        return Author(a_guest(email), name, handle)
    return Author(None, name, handle, unavailable_reason=GUEST_WITHOUT_ADDRESS)


def _attachments(media: object) -> tuple[Attachment, ...]:
    rows = [each for each in media if isinstance(each, Mapping)] if isinstance(media, list) else []
    return tuple(
        Attachment(
            _KINDS.get(str(each.get("mediaType")), "other"),
            a_link(each.get("resolvedUrl")) or a_link(each.get("url")),
            words(each.get("title")),
            a_link(each.get("thumbnailUrl")),
        )
        for each in rows
    )
