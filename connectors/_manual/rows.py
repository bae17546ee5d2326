"""Makes comments of imported rows: strictly, because nobody can ask the platform again what was meant."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from connectors._answers import storable
from connectors._manual.files import Refusal, Table
from connectors._values import PLAIN_ID, a_link, a_time
from connectors.contract import Author, Comment, CommentRef, Malformed

PLATFORM = "manual"
NEEDED = ("text", "posted_at")
OPTIONAL = (
    "comment_id",
    "author",
    "author_id",
    "post",
    "permalink",
    "platform",
    "reply_to",
    "by_city",
)
LONGEST = {"text": 100_000}
LONGEST_OTHER = 2000
YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")

COLUMN_MISSING = "the column {column!r} is missing; the first line must name at least text and posted_at."
COLUMN_UNKNOWN = "the column {column!r} is unknown; known are {known}. Rename it or take it out."
COLUMN_TWICE = "the column {column!r} stands twice; take one out."
WRONG_LENGTH = "the row has {found} fields, the first line {wanted}; quote texts that hold the separator."
NOT_AN_OBJECT = 'the entry is no object; each comment is one, such as {{"text": "...", "posted_at": "..."}}.'
NOTHING_HERE = "the file holds no comments that Beadle can find; each is an object with text and posted_at."
NO_TEXT = "the text is missing; a comment without words can't be judged, look at it on the platform."
NO_TIME = (
    "posted_at is missing or can't be read ({value!r}); write it with its zone, such as 2026-11-20T09:00:00-05:00, or "
    "name the zone of all files in the page's option timezone."
)
BAD_ID = "{column} {value!r} has signs that no id has; letters, digits, dot, colon, hyphen and underscore are right."
BAD_LINK = "permalink {value!r} is no web address; write one that begins with https://, or leave it out."
BAD_FLAG = "by_city {value!r} is neither yes nor no."
TOO_LONG = "{column} has more than {most} signs; shorten it."
NOT_TEXT = "{column} is no text; put it in quotes."
NO_ACCOUNT = "The imported row names no account."

# What the platforms call the files in which their exports keep comments of the account itself.
_EXPORTED = "comment"


def comments_in(table: Table, page_id: str, zone: ZoneInfo | None) -> Iterator[Comment | Refusal]:
    """The comments of a table, a refusal for each row that is none."""
    problem = _columns(table.columns)
    if problem:
        yield Refusal(table.name, 1, problem)
        return
    same: Counter[str] = Counter()
    for line, row in _objects(table):
        if isinstance(row, Refusal):
            yield row
            continue
        try:
            yield _comment(row, page_id, zone, same, {"file": table.name, "line": line})
        except Malformed as error:
            yield Refusal(table.name, line, error.sentence)


def _columns(columns: tuple[str, ...] | None) -> str | None:
    if columns is None:
        return None
    known = (*NEEDED, *OPTIONAL)
    for column in columns:
        if column not in known:
            return COLUMN_UNKNOWN.format(column=column[:60], known=", ".join(known))
        if columns.count(column) > 1:
            return COLUMN_TWICE.format(column=column)
    lacking = [column for column in NEEDED if column not in columns]
    return COLUMN_MISSING.format(column=lacking[0]) if lacking else None


def _objects(table: Table) -> Iterator[tuple[int, Any]]:
    if table.columns is not None:
        for line, row in table.rows:
            short = WRONG_LENGTH.format(found=len(row), wanted=len(table.columns))
            whole = len(row) == len(table.columns)
            yield line, dict(zip(table.columns, row, strict=True)) if whole else Refusal(table.name, line, short)
        return
    exported = list(_exports([row for _, row in table.rows]))
    if exported:
        yield from enumerate(exported, 1)
        return
    for line, row in table.rows:
        plain = isinstance(row, Mapping) and ("text" in row or "posted_at" in row)
        if plain:
            unknown = next((str(name) for name in row if name not in (*NEEDED, *OPTIONAL)), None)
            words = COLUMN_UNKNOWN.format(column=(unknown or "")[:60], known=", ".join((*NEEDED, *OPTIONAL)))
            yield line, Refusal(table.name, line, words) if unknown else row
        elif len(table.rows) == 1:
            yield line, Refusal(table.name, None, NOTHING_HERE)
        else:
            yield line, Refusal(table.name, line, NOT_AN_OBJECT.format())


def _exports(told: list[Any]) -> Iterator[dict[str, str]]:
    """Comments in Facebook's "Download your information": ``{"comment": {"timestamp", "comment", "author"}}``."""
    waiting: list[Any] = list(reversed(told))
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            inner = each.get(_EXPORTED)
            if isinstance(inner, Mapping) and isinstance(inner.get(_EXPORTED), str) and "timestamp" in inner:
                yield _exported(inner)
                continue
            waiting += reversed(list(each.values()))
        elif isinstance(each, list):
            waiting += reversed(each)


def _exported(inner: Mapping[str, Any]) -> dict[str, str]:
    return {
        "text": _mended(str(inner[_EXPORTED])),
        "posted_at": str(inner["timestamp"]),
        "author": _mended(str(inner.get("author") or "")),
        "post": _mended(str(inner.get("group") or "")),
        "platform": "facebook",
    }


def _mended(words: str) -> str:
    """Facebook's exports write each byte of UTF-8 as a sign of its own."""
    try:
        return words.encode("latin-1").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return words


def _comment(
    row: Mapping[str, Any], page_id: str, zone: ZoneInfo | None, same: Counter[str], place: dict[str, Any]
) -> Comment:
    told = {column: _cell(row, column) for column in (*NEEDED, *OPTIONAL)}
    if not told["text"].strip():
        raise Malformed(NO_TEXT)
    platform = _an_id("platform", told["platform"].lower())
    name = told["author"] or None
    account = _an_id("author_id", told["author_id"])
    parent = _an_id("reply_to", told["reply_to"])
    posted_at = _time(told["posted_at"], zone)
    own = _an_id("comment_id", told["comment_id"]) or _digest(told, posted_at, same)
    return Comment(
        ref=CommentRef(PLATFORM, page_id, f"{platform}:{own}" if platform else own),
        post_id=_post_id(told["post"]),
        author=Author(account or None, name, unavailable_reason=None if account else NO_ACCOUNT),
        text=told["text"],
        posted_at=posted_at,
        parent_id=(f"{platform}:{parent}" if platform else parent) if parent else None,
        permalink=_link(told["permalink"]),
        by_page=_flag(told["by_city"]),
        raw={**place, **{column: value for column, value in told.items() if value}},
    )


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    if isinstance(value, bool | int | float):
        value = str(value).lower()
    if value is not None and not isinstance(value, str):
        raise Malformed(NOT_TEXT.format(column=column))
    text: str = storable(value or "")
    most = LONGEST.get(column, LONGEST_OTHER)
    if len(text) > most:
        raise Malformed(TOO_LONG.format(column=column, most=most))
    return text if column in ("text", "author") else text.strip()


def _an_id(column: str, value: str) -> str:
    if value and (not PLAIN_ID.fullmatch(value) or not value.strip(".") or len(value) > 120):
        raise Malformed(BAD_ID.format(column=column, value=value[:40]))
    return value


def _time(value: str, zone: ZoneInfo | None) -> datetime:
    try:
        return a_time(value)
    except Malformed:
        pass
    try:
        naive = datetime.fromisoformat(value)
    except ValueError:
        naive = None
    if naive is None or naive.tzinfo or zone is None:
        raise Malformed(NO_TIME.format(value=value[:40]))
    return naive.replace(tzinfo=zone).astimezone(UTC)


def _link(value: str) -> str | None:
    if value and a_link(value) is None:
        raise Malformed(BAD_LINK.format(value=value[:60]))
    return value or None


def _flag(value: str) -> bool:
    if value.lower() not in (*YES, *NO):
        raise Malformed(BAD_FLAG.format(value=value[:20]))
    return value.lower() in YES


def _digest(told: Mapping[str, str], posted_at: datetime, same: Counter[str]) -> str:
    """A row without an id is named by what it says. Of rows that say the same, each is a comment of its own."""
    said = [
        told["platform"].lower(),
        told["author"],
        told["author_id"],
        told["post"],
        told["text"],
        posted_at.isoformat(),
    ]
    made = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:24]
    same[made] += 1
    return f"row-{made}" if same[made] == 1 else f"row-{made}-{same[made]}"


def _post_id(value: str) -> str:
    if value and PLAIN_ID.fullmatch(value) and value.strip("."):
        return value
    return f"post-{hashlib.sha256(value.encode()).hexdigest()[:24]}" if value else "no-post"
