"""Reads what an Isso server answers: its admin page (HTML), threads (JSON), and errors.

Isso has no API for moderators: its own admin page is the only list of what waits and the only place of the keys that
act (https://isso-comments.de/docs/reference/server-api/, and the templates of Isso 0.14).
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from connectors._answers import Throttled, decoded, looks_like_json, storable
from connectors._values import Element, Markup, a_count, a_time, an_id, parsed, words
from connectors.contract import (
    AuthFailed,
    Author,
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

PLATFORM = "isso"
NUMBER = re.compile(r"[1-9][0-9]{0,18}")
# What Isso signs (itsdangerous): payload, time, HMAC-SHA1. Each page has new ones.
SIGNED = r"(?<![A-Za-z0-9_.-])\.?[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27}(?![A-Za-z0-9_-])"
PUBLISHED, WAITING, WIPED = 1, 2, 4
MODES = {"label-valid": PUBLISHED, "label-pending": WAITING, "label-staled": WIPED}

NOT_ADMITTED = "Isso does not accept the admin password; store the one of the section [admin] of its configuration."
DISABLED = "The admin page of this Isso server is switched off; set enabled = true in the section [admin]."
REFUSED = "Isso refuses the call (HTTP {status}); its session key may have changed, and Beadle logs in anew."
NOT_ALLOWED = "Isso refuses the key of this comment (HTTP {status}); look whether a proxy changes addresses or cookies."
NOT_THERE = "Isso has no such comment or address (HTTP {status})."
NOT_UNDERSTOOD = "Isso did not understand the call (HTTP {status}); the answer is kept, tell the maintainers."
NOT_A_PAGE = "The server answered with another page than Isso's; check base_url and what stands before the server."
TROUBLE = "The Isso server failed (HTTP {status}); the call is tried again."
TOO_FAST = "The server before Isso asks us to wait."
NOT_A_ROW = "A row of Isso's admin page has another shape than that of Isso 0.13 and 0.14."
NOT_AN_OBJECT = "What stands in the thread is no comment."

WAITS = "The comment waits for approval; Isso tells its account only with published ones."
NOBODY = "Isso delivered nothing that tells one account from another."

_BY_STATUS: dict[int, tuple[type[ConnectorError], str]] = {
    400: (Malformed, NOT_UNDERSTOOD),
    401: (AuthFailed, REFUSED),
    403: (PermissionLost, NOT_ALLOWED),
    404: (Gone, NOT_THERE),
    405: (Unsupported, NOT_UNDERSTOOD),
    429: (Throttled, TOO_FAST),
}


@dataclass(frozen=True, slots=True)
class Row:
    """A comment as the admin page shows it. ``said_at`` is in the server's own time, to the minute."""

    comment_id: str
    uri: str
    title: str
    mode: int
    text: str
    said_at: datetime
    author: str | None = None
    email: str | None = None
    website: str | None = None


@dataclass(frozen=True, slots=True)
class AdminPage:
    """A page of the admin's list, ``rows`` among them ``unreadable`` ones, and how many comments are in each mode."""

    rows: tuple[Row, ...]
    counts: Mapping[int, int]
    unreadable: tuple[str, ...] = ()


def read_json(exchange: Exchange) -> Any:
    """The JSON value of an answer."""
    _refuse(exchange)
    return decoded(exchange, PLATFORM)


def read_text(exchange: Exchange) -> str:
    """The sentence with which Isso answers an act."""
    _refuse(exchange)
    return exchange.body.decode(errors="replace")


def read_login(exchange: Exchange) -> None:
    """Nothing; ``AuthFailed`` for a wrong password. The way to the admin page is the sign of success."""
    if exchange.status == 302 and re.search(r"/admin/$", exchange.header("location") or ""):
        return
    if exchange.status == 302:
        raise Unavailable(NOT_A_PAGE, exchange=exchange)
    _marked(exchange)
    raise AuthFailed(NOT_ADMITTED, exchange=exchange)


def read_admin(exchange: Exchange) -> AdminPage:
    """A page of the admin's list. ``AuthFailed`` where Isso shows its login form instead."""
    soup = _marked(exchange)
    if soup.find(id="login"):
        raise AuthFailed(NOT_ADMITTED, exchange=exchange)
    rows, unreadable = [], []
    for block in soup.select("#isso-root > .isso-comment"):
        try:
            rows.append(_row(block))
        except (Malformed, ValueError, AttributeError):
            unreadable.append(str(block.get("id")))
    return AdminPage(tuple(rows), _counts(soup), tuple(unreadable))


def _marked(exchange: Exchange) -> Markup:
    _refuse(exchange)
    if looks_like_json(exchange.body):
        decoded(exchange, PLATFORM)
        raise Malformed(NOT_A_PAGE, exchange=exchange)
    soup = parsed(exchange.body.decode("utf-8", "replace"))
    if soup.find(id="disabled"):
        raise Unsupported(DISABLED, exchange=exchange)
    if not soup.find(id=["login", "isso-root"]):
        raise Unavailable(NOT_A_PAGE, exchange=exchange)
    return soup


def _refuse(exchange: Exchange) -> None:
    if exchange.status < 400:
        return
    kind, sentence = _BY_STATUS.get(exchange.status, (Unavailable, TROUBLE))
    raise kind(sentence.format(status=exchange.status), exchange=exchange, status=exchange.status)


def _row(block: Element) -> Row:
    comment_id = an_id(str(block.get("id")).removeprefix("isso-"), PLATFORM, NUMBER)
    link, label = block.select_one(".isso-comment-header a"), block.select_one(".note .label")
    told, text = block.find("time"), block.find(id=f"isso-text-{comment_id}")
    if link is None or label is None or told is None or text is None:
        raise Malformed(NOT_A_ROW)
    head = link.parent.get_text() if link.parent else ""
    return Row(
        comment_id,
        uri=storable(link.get_text()),
        title=storable(head.strip().removeprefix("Thread: ").rpartition(" (")[0]),
        mode=next(mode for name, mode in MODES.items() if name in (label.get("class") or [])),
        text=storable(text.get_text()),
        said_at=datetime.strptime(told.get_text().strip(), "%H:%M / %d-%m-%Y"),
        author=_of(block, f"isso-author-{comment_id}"),
        email=_of(block, f"isso-email-{comment_id}"),
        website=_of(block, f"isso-website-{comment_id}"),
    )


def _of(block: Element, name: str) -> str | None:
    found = block.find(id=name)
    # Isso stores names already escaped, and the page escapes them once more.
    return html.unescape(storable(found.get_text())) or None if found else None


def _counts(soup: Markup) -> dict[int, int]:
    told = {name: soup.select_one(f".filters .mode .{name}") for name in MODES}
    numbers = {name: re.search(r"\((\d{1,9})\)", label.get_text()) for name, label in told.items() if label}
    return {MODES[name]: int(found[1]) for name, found in numbers.items() if found}


def waiting_comment(row: Row, page_id: str, zone: tzinfo, origin: str | None) -> Comment:
    """A comment that nobody sees but the admin."""
    name = None if row.author == "Anonymous" else row.author
    return Comment(
        ref=CommentRef(PLATFORM, page_id, row.comment_id),
        post_id=row.uri,
        author=Author(None, name, unavailable_reason=WAITS),
        text=row.text,
        posted_at=row.said_at.replace(tzinfo=zone).astimezone(UTC),
        permalink=permalink(origin, row.uri, row.comment_id),
        visibility=Visibility.HIDDEN_BY_PLATFORM_FILTER,
        raw={"id": row.comment_id, "mode": row.mode, "author": row.author, "email": row.email, "website": row.website},
    )


def published_comment(row: object, uri: str, page_id: str, origin: str | None) -> Comment:
    """A comment of a thread, as the public gets it, with its words as they were typed (``plain=1``)."""
    if not isinstance(row, dict):
        raise Malformed(NOT_AN_OBJECT)
    comment_id = an_id(row.get("id"), PLATFORM, NUMBER)
    parent, modified = row.get("parent"), row.get("modified")
    return Comment(
        ref=CommentRef(PLATFORM, page_id, comment_id),
        post_id=uri,
        author=_author(row),
        text=words(row.get("text")) or "",
        posted_at=a_time(row.get("created")),
        parent_id=None if parent is None else an_id(parent, PLATFORM, NUMBER),
        edited_at=None if modified is None else a_time(modified),
        permalink=permalink(origin, uri, comment_id),
        reply_count=a_count(row.get("total_replies")),
        reaction_count=a_count(row.get("likes")),
        # The replies stand for themselves.
        raw={key: value for key, value in row.items() if key != "replies"},
    )


def thread(uri: str, title: str, page_id: str, origin: str | None, count: int | None, began: datetime) -> Post:
    """A page of the city's blog. Isso knows its address and title; its time is that of the first comment."""
    link = permalink(origin, uri, None)
    return Post(PLATFORM, page_id, uri, title or uri, began, permalink=link, comment_count=count, raw={"uri": uri})


def rows_of(answer: Mapping[str, Any]) -> list[Any]:
    """All comments of a thread; Isso has two levels. Wiped ones, kept for their replies, are left out."""
    top = answer.get("replies")
    found: list[Any] = []
    for row in top if isinstance(top, list) else []:
        found.append(row)
        below = row.get("replies") if isinstance(row, dict) else None
        found += below if isinstance(below, list) else []
    return [row for row in found if not isinstance(row, dict) or row.get("mode") != WIPED]


def permalink(origin: str | None, uri: str, comment_id: str | None) -> str | None:
    """The address of a comment, or of its page, on the city's site."""
    if origin is None or not uri.startswith("/"):
        return None
    return origin + uri + (f"#isso-{comment_id}" if comment_id else "")


def _author(row: Mapping[str, Any]) -> Author:
    account = words(row.get("hash"))
    name = html.unescape(words(row.get("author")) or "") or None
    if account and re.fullmatch(r"[0-9a-f]{6,128}", account):
        return Author(account, name)
    return Author(None, name, unavailable_reason=NOBODY)
