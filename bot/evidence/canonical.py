"""Canonical JSON: the same value is always the same bytes, so that a digest of it means something."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime


def canonical(value: object) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces.

    A lone surrogate (half a character, as platforms deliver now and then) has no UTF-8 form; it stays the JSON escape
    ``\\udXXX``, so that reading gives the same text back. Raises ``ValueError`` for ``NaN``, ``TypeError`` for what
    isn't JSON.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8", "backslashreplace")


def sha256(data: bytes) -> str:
    """SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_text(text: str) -> str:
    """SHA-256 of a text's UTF-8 form; lone surrogates are counted as they are."""
    return sha256(text.encode("utf-8", "surrogatepass"))


def utc(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds. Raises ``ValueError`` for a time without a zone: it would be a guess."""
    if instant.tzinfo is None:
        raise ValueError("a time without a zone can't be evidence; pass an aware datetime")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
