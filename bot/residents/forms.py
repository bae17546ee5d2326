"""Appeals from a form on the city's website: a file that the form's provider exports, CSV or JSON.

The shape (docs/appeals.md): one row for each appeal with the columns ``id``, ``received``, ``contact``, ``text`` and,
where the form asks for them, ``case`` and ``subject``. Pure, but for reading the file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.errors import NotAllowed
from bot.notify.quoted import one_line
from bot.residents.received import MOST_SUBJECT, Received, clean, is_address

NEEDED = ("received", "text")
KNOWN = ("id", "received", "contact", "case", "subject", "text")
MOST_FILE = 20_000_000
MOST_ROWS = 5_000
MOST_CONTACT = 300

NOT_THERE = "{path} can't be read: {why}."
TOO_LARGE = "{path} has {size} bytes, which is more than an export of appeals has; split it."
NOT_READABLE = "{path} is neither CSV with a line of column names nor a JSON list of objects: {why}."
NO_COLUMN = "{path} lacks the column {name}; it needs: {needed}, and knows: {known}."
BAD_ROW = "row {row}: {why}"
NO_TIME = '"received" is "{value}", which is no time such as 2026-11-21T09:30'
NO_TEXT = '"text" is empty'
IN_FUTURE = '"received" is "{value}", which is still to come'


@dataclass(frozen=True, slots=True)
class Form:
    """What a file holds: appeals, and for each row that is none a sentence."""

    appeals: tuple[Received, ...]
    refused: tuple[str, ...]


def read_file(path: Path, zone: ZoneInfo, now: datetime) -> Form:
    """Read an export. Raises ``NotAllowed`` for a file that can't be one; a bad row is told and leaves the others."""
    rows = _rows(path)
    found: list[Received] = []
    refused: list[str] = []
    for number, row in enumerate(rows, start=1):
        try:
            found.append(_appeal(row, zone, now))
        except ValueError as error:
            refused.append(BAD_ROW.format(row=number, why=error))
    return Form(tuple(found), tuple(refused))


def as_time(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """A day or time as a clerk or a form writes it, the city's own where it names no zone. Raises ``ValueError``."""
    shown = one_line(text, limit=40)
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise ValueError(NO_TIME.format(value=shown)) from error
    aware = found.replace(tzinfo=zone) if found.tzinfo is None else found
    if aware > now:
        raise ValueError(IN_FUTURE.format(value=shown))
    return aware.astimezone(UTC)


def by_clerk(case_id: str | None, contact: str, received_at: datetime, words: str) -> Received:
    """What somebody at the counter took in: on paper, by telephone, by a forwarded letter."""
    told = clean(words)
    mark = hashlib.sha256(f"{case_id}\n{contact}\n{received_at.isoformat()}\n{told}".encode()).hexdigest()
    return Received(f"clerk:{mark}", "clerk", received_at, _contact(contact), "", told, case_id=case_id)


def _rows(path: Path) -> list[Mapping[str, str]]:
    shown = one_line(str(path))
    try:
        size = path.stat().st_size
        if size > MOST_FILE:
            raise NotAllowed(TOO_LARGE.format(path=shown, size=size))
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise NotAllowed(NOT_THERE.format(path=shown, why=error.strerror or type(error).__name__)) from error
    except UnicodeDecodeError as error:
        raise NotAllowed(NOT_READABLE.format(path=shown, why="it is not in UTF-8")) from error
    rows = _json(text, shown) if text.lstrip()[:1] in ("[", "{") else _csv(text, shown)
    if len(rows) > MOST_ROWS:
        raise NotAllowed(NOT_READABLE.format(path=shown, why=f"it has over {MOST_ROWS:,} rows"))
    missing = next((name for name in NEEDED if rows and name not in rows[0]), None)
    if missing is not None:
        needed, known = ", ".join(NEEDED), ", ".join(KNOWN)
        raise NotAllowed(NO_COLUMN.format(path=shown, name=missing, needed=needed, known=known))
    return rows


def _csv(text: str, shown: str) -> list[Mapping[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="", restval="")
        return [{(name or "").strip().lower(): str(value) for name, value in row.items()} for row in reader]
    except csv.Error as error:
        raise NotAllowed(NOT_READABLE.format(path=shown, why=one_line(str(error)))) from error


def _json(text: str, shown: str) -> list[Mapping[str, str]]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise NotAllowed(NOT_READABLE.format(path=shown, why="it is no JSON")) from error
    if not isinstance(told, list) or not all(isinstance(row, dict) for row in told):
        raise NotAllowed(NOT_READABLE.format(path=shown, why="it is no list of objects"))
    return [{str(name).strip().lower(): "" if v is None else str(v) for name, v in row.items()} for row in told]


def _appeal(row: Mapping[str, str], zone: ZoneInfo, now: datetime) -> Received:
    received_at = as_time(row.get("received", ""), zone, now)
    words = clean(row.get("text", ""))
    if not words:
        raise ValueError(NO_TEXT)
    contact = _contact(row.get("contact", ""))
    identity = row.get("id", "").strip() or f"{received_at.isoformat()}\n{contact}\n{words}"
    return Received(
        source=f"web:{hashlib.sha256(identity.encode()).hexdigest()}",
        door="web",
        received_at=received_at,
        contact=contact,
        subject=one_line(row.get("subject", ""), limit=MOST_SUBJECT),
        words=words,
        case_id=row.get("case", "").strip().lower() or None,
    )


def _contact(text: str) -> str:
    told = text.strip()
    return told.lower() if is_address(told) else one_line(told, limit=MOST_CONTACT)
