"""Column types that keep what they are given, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, Text, TypeDecorator
from sqlmodel import Field

_ESCAPE = "\U0010ffff"
_UNSTORABLE = re.compile("[\x00\ud800-\udfff\U0010ffff]")
_ESCAPED = re.compile("\U0010ffff([0-9a-f]{1,6});")


class ExactText(TypeDecorator[str]):
    """Text of any characters. PostgreSQL refuses U+0000 and no database takes lone surrogates, but residents send both:
    they are stored escaped and come back as they were."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        return _UNSTORABLE.sub(lambda match: f"{_ESCAPE}{ord(match[0]):x};", value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        if value is None or _ESCAPE not in value:
            return value
        return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), value)


class Instant(TypeDecorator[datetime]):
    """An aware time. SQLite forgets zones, so it is stored in UTC and comes back aware; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone can't be kept: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        found: datetime = value
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def instant(*, nullable: bool = False, index: bool = False) -> Any:
    """A column for an aware time."""
    return Field(default=None, sa_column=Column(Instant, nullable=nullable, index=index))


def exact(*, nullable: bool = False) -> Any:
    """A column for text of any characters."""
    return Field(default=None, sa_column=Column(ExactText, nullable=nullable))


def json_value() -> Any:
    """A column for a JSON value, or nothing."""
    return Field(default=None, sa_column=Column(JSON, nullable=True))
