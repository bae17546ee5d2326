"""Reads what WordPress answers: comments, posts, and errors named for what to do next.

Shapes: https://developer.wordpress.org/rest-api/reference/comments/ and ``class-wp-rest-comments-controller.php``.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._answers import Throttled, decoded, looks_like_json
from connectors._values import a_guest, a_link, a_time, an_id, text_of, words
from connectors.contract import (
    AuthFailed,
    Author,
    Blocked,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Kind,
    Malformed,
    PermissionLost,
    Post,
    Unavailable,
    Unsupported,
    Visibility,
)

PLATFORM = "wordpress"
NUMBER = re.compile(r"[1-9][0-9]{0,18}")
EMAIL = re.compile(r"[^\s@<>\"']{1,64}@[^\s@<>\"']{1,255}")
# The collection that a comment's post is in, and its number: posts, pages, media or a kind of the city's own.
UP = re.compile(r"/wp/v2/([a-z0-9_-]{1,40})/([1-9][0-9]{0,18})/?$")

REFUSED = (
    "The site does not accept the user and application password ({code}); make a new application password under "
    "Users > Profile, and make sure that the web server hands the Authorization header on to PHP."
)
NOT_ALLOWED = "The site refuses this to the account ({code}); give it the role Editor, which may moderate comments."
FIREWALL = "A firewall in front of the site refused the call; ask whoever runs the site to let this machine through."
DOOR = "A password is asked for before WordPress is reached; ask whoever runs the site to exempt /wp-json/ from it."
NO_API = (
    "The site has no REST API at this address; check base_url, set the option rest_route to yes where permalinks are "
    "plain, and look for a plugin that turns the API off."
)
NO_ROUTE = "The site knows no such call ({code}); a plugin may have turned it off, or its WordPress is older than 4.7."
NO_TRASH = "The site keeps no trash (EMPTY_TRASH_DAYS is 0), so a removal would be for good; remove it in wp-admin."
NOT_THERE = "The site has no such comment or post any more ({code})."
NOT_UNDERSTOOD = "The site did not understand the call ({code}); the answer is kept, tell the maintainers."
TROUBLE = "The site failed inside ({code}); the call is tried again."
TOO_FAST = "The site, or what stands before it, asks us to wait."
NOT_AN_OBJECT = "What stands in the list is no comment."

NAME_ONLY = "The comment was left under a name without an e-mail address, which identifies no account."
NOBODY = "The comment was left without a name or an e-mail address."

_SEEN = {
    "approved": Visibility.VISIBLE,
    "approve": Visibility.VISIBLE,
    "1": Visibility.VISIBLE,
    # Held is held: WordPress does not tell whether the city, a filter or the rule "approve first" did it.
    "hold": Visibility.HIDDEN_BY_CITY,
    "0": Visibility.HIDDEN_BY_CITY,
    "spam": Visibility.HIDDEN_BY_PLATFORM_FILTER,
    "trash": Visibility.DELETED_BY_CITY,
    "post-trashed": Visibility.DELETED_BY_CITY,
}
_BY_STATUS: dict[int, tuple[type[ConnectorError], str]] = {
    401: (AuthFailed, REFUSED),
    403: (PermissionLost, NOT_ALLOWED),
    404: (Gone, NOT_THERE),
    410: (Gone, NOT_THERE),
    501: (Unsupported, NO_TRASH),
}
_BY_CODE: dict[str, tuple[type[ConnectorError], str]] = {
    "rest_no_route": (Unsupported, NO_ROUTE),
    "rest_trash_not_supported": (Unsupported, NO_TRASH),
    "rest_comment_invalid_id": (Gone, NOT_THERE),
    "rest_post_invalid_id": (Gone, NOT_THERE),
    "rest_already_trashed": (Gone, NOT_THERE),
    # A post was deleted while somebody paged through the posts: there is no such page any more.
    "rest_post_invalid_page_number": (Gone, NOT_THERE),
    "incorrect_password": (AuthFailed, REFUSED),
    "invalid_username": (AuthFailed, REFUSED),
    "invalid_email": (AuthFailed, REFUSED),
    "rest_not_logged_in": (AuthFailed, REFUSED),
    "application_passwords_disabled": (AuthFailed, REFUSED),
}


def read_answer(exchange: Exchange) -> Any:
    """The JSON value of an answer. Errors: the contract's, also for an error that comes with status 200."""
    if exchange.status == 429:
        raise Throttled(TOO_FAST, exchange=exchange)
    if not looks_like_json(exchange.body) and exchange.body.strip():
        _refuse_page(exchange)
    answer = decoded(exchange, PLATFORM)
    status, code = _told(answer, exchange.status)
    if status < 400:
        return answer
    default = (Unavailable, TROUBLE) if status >= 500 else (Malformed, NOT_UNDERSTOOD)
    kind, sentence = _BY_CODE.get(code) or _BY_STATUS.get(status, default)
    raise kind(sentence.format(code=code), exchange=exchange, status=status, code=code)


def _refuse_page(exchange: Exchange) -> None:
    """The page of a firewall or web server instead of an answer of WordPress."""
    pages: dict[int, tuple[type[ConnectorError], str]] = {
        401: (AuthFailed, DOOR),
        403: (Blocked, FIREWALL),
        406: (Blocked, FIREWALL),
        404: (Unsupported, NO_API),
    }
    if exchange.status in pages:
        kind, sentence = pages[exchange.status]
        raise kind(sentence, exchange=exchange, status=exchange.status)


def _told(answer: Any, status: int) -> tuple[int, str]:
    """The status that counts, and WordPress's own word for the error."""
    if not isinstance(answer, Mapping) or not isinstance(answer.get("code"), str) or "message" not in answer:
        return status, f"HTTP {status}"
    data = answer.get("data")
    inner = data.get("status") if isinstance(data, Mapping) else None
    # Plugins that wrap answers keep the true status inside.
    told = inner if isinstance(inner, int) and inner >= 400 else max(status, 400)
    return told, re.sub(r"[^\w.-]", "", answer["code"])[:60]


def read_comment(row: object, page_id: str, staff: frozenset[str]) -> Comment:
    """A comment in ``context=edit``. ``staff``: the user numbers of the city's own people. ``Malformed``."""
    if not isinstance(row, dict):
        raise Malformed(NOT_AN_OBJECT)
    comment_id = an_id(row.get("id"), PLATFORM, NUMBER)
    parent = row.get("parent")
    return Comment(
        ref=CommentRef(PLATFORM, page_id, comment_id),
        post_id=an_id(row.get("post"), PLATFORM, NUMBER),
        author=_author(row),
        text=_text(row.get("content")),
        posted_at=a_time(row.get("date_gmt"), zone=UTC),
        parent_id=an_id(parent, PLATFORM, NUMBER) if parent not in (0, None) else None,
        permalink=a_link(row.get("link")),
        visibility=_SEEN.get(str(row.get("status")), Visibility.HIDDEN_BY_PLATFORM_FILTER),
        by_page=str(row.get("author")) in staff,
        raw=row,
    )


def status_of(comment: Comment) -> str | None:
    """WordPress's own word: approved, hold, spam, trash, or one of a plugin's."""
    return words(comment.raw.get("status"))


def where_is(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The collection and number of a comment's post, from its link ``up``; ``None`` where there is none."""
    links = row.get("_links")
    ups = links.get("up") if isinstance(links, Mapping) else None
    first = ups[0] if isinstance(ups, list) and ups else None
    found = UP.search(str(first.get("href"))) if isinstance(first, Mapping) else None
    return (found[1], found[2]) if found else None


def read_post(row: object, page_id: str, comment_count: int | None = None) -> Post:
    """A post or page in ``context=view``. ``Malformed``."""
    if not isinstance(row, dict):
        raise Malformed(NOT_AN_OBJECT)
    parts = [_text(row.get("title")), _text(row.get("content"))]
    return Post(
        platform=PLATFORM,
        page_id=page_id,
        post_id=an_id(row.get("id"), PLATFORM, NUMBER),
        text="\n\n".join(part for part in parts if part),
        posted_at=a_time(row.get("date_gmt"), zone=UTC),
        permalink=a_link(row.get("link")),
        comment_count=comment_count,
        kind=Kind.PAGE if row.get("type") == "page" else Kind.POST,
        raw=row,
    )


def perhaps_posted_at(row: object) -> datetime | None:
    """When a row of a list was posted, if that can be read."""
    try:
        return a_time(row.get("date_gmt"), zone=UTC) if isinstance(row, dict) else None
    except Malformed:
        return None


def _text(content: object) -> str:
    """What a reader sees. The raw words are HTML as well: a ``&`` is stored as ``&amp;``."""
    told = content if isinstance(content, Mapping) else {}
    raw = words(told.get("raw"))
    return text_of(raw if raw is not None else words(told.get("rendered")) or "")


def _author(row: Mapping[str, Any]) -> Author:
    name = html.unescape(words(row.get("author_name")) or "") or None
    user, email = row.get("author"), (words(row.get("author_email")) or "").strip()
    if isinstance(user, int) and not isinstance(user, bool) and user > 0:
        return Author(f"user-{user}", name)
    if EMAIL.fullmatch(email):
        # WordPress itself knows a guest by the address: case does not matter to it.
        return Author(a_guest(email), name)
    return Author(None, name, unavailable_reason=NAME_ONLY if name else NOBODY)
