"""The digest of one card, for asking another process, in another time zone, whether it prints the same."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import specimen

from bot.evidence.capture import NoCapturer
from bot.evidence.card.printer import CardPrinter
from bot.evidence.packing.record import record_of

_AT = datetime(2026, 11, 20, 11, 2, 14, 123456, UTC)


def digest() -> str:
    """SHA-256 of the card of a fixed case."""
    case = specimen.dossier(1, NoCapturer())
    comment = replace(case.comment, posted_at=_AT - timedelta(minutes=2))
    post = None if case.post is None else replace(case.post, posted_at=_AT - timedelta(hours=4))
    exchanges = tuple(replace(each, started_at=_AT) for each in case.exchanges)
    case = replace(
        case, comment=comment, post=post, exchanges=exchanges, first_seen_at=_AT - timedelta(seconds=3),
        captured_at=_AT, host=replace(case.host, timezone="UTC"),
    )  # fmt: skip
    printer = CardPrinter()
    return hashlib.sha256(printer.pdf(record_of(case, None, "ev-20261120T110214Z-abcdefghijklm"))).hexdigest()
