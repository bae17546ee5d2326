"""custody.jsonl: what was done to the material up to its sealing, in the terms of PREMIS 3, each line tied to the last.

A tag file of the bag, as it speaks about the payload and is no part of it. ``prev`` is the SHA-256 of the line before,
without its newline; 64 zeros in the first. What comes after the sealing stands in the archive's log and supplements.
Terms: http://id.loc.gov/vocabulary/preservation/eventType (EV-13).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.evidence.canonical import canonical, sha256, utc
from bot.evidence.capture import Capture
from bot.evidence.dossier import Dossier, Medium
from bot.evidence.packing.answers import Answers, Mask, name_of
from bot.evidence.packing.record import name_of_medium

CUSTODY = "custody.jsonl"

CAPTURE = "capture"
REDACTION = "redaction"
SIGNATURE = "digital signature generation"
DIGEST = "message digest calculation"
CREATION = "information package creation"

_BEGINNING = "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """One event. ``objects`` are files of the bag, or the bag's id; ``outcome`` is a word, ``detail`` a sentence."""

    type: str
    at: datetime
    objects: tuple[str, ...]
    outcome: str
    detail: str


def custody_of(events: Iterable[Event], package_id: str, software: str, role: str) -> bytes:
    """The lines of the file. ``software`` is the agent of all of it; ``role`` is who answers for it."""
    agent = {"software": software, "on_behalf_of": role}
    lines: list[bytes] = []
    before = _BEGINNING
    for number, event in enumerate(events, start=1):
        line = canonical(_line(f"{package_id}#{number}", event, agent, before))
        before = sha256(line)
        lines.append(line + b"\n")
    return b"".join(lines)


def events_of(
    dossier: Dossier, capture: Capture | None, answers: Answers, masks: Sequence[Mask], *, signed: datetime | None
) -> Iterator[Event]:
    """What was done to the material of a case's package. ``signed``: when the record of the page's traffic was."""
    yield from answered(answers)
    yield from _media(dossier.media)
    if capture is not None:
        yield looked(capture, dossier.captured_at)
    yield from _masked((*answers.masks, *masks), dossier.captured_at)
    if signed is not None:
        yield Event(SIGNATURE, signed, ("data/capture/page.wacz",), "success", "ECDSA P-384 over its digests")


def sealing(package_id: str, manifest_sha256: str, at: datetime) -> Iterator[Event]:
    """The last two events of every package."""
    detail = f"SHA-256 of every file; of their manifest: {manifest_sha256}"
    yield Event(DIGEST, at, ("manifest-sha256.txt",), "success", detail)
    yield Event(
        CREATION, at, (package_id,), "success", "BagIt 1.0 bag in an uncompressed ZIP; nothing changes it after"
    )


def answered(answers: Answers) -> Iterator[Event]:
    """What was received of the platform's interface."""
    for number, exchange in enumerate(answers.exchanges, start=1):
        files = tuple(name_of(number, part) for part in ("request.http", "response.http", "response.body"))
        yield Event(CAPTURE, exchange.started_at, files, f"HTTP {exchange.status}", "received from the platform")


def looked(capture: Capture, at: datetime) -> Event:
    """What was seen of the public page."""
    taken = capture.facts.get("taken_at")
    moment = datetime.fromisoformat(taken) if isinstance(taken, str) else at
    words = "the words of the comment stood in it" if capture.comment_text_visible else capture.reason
    return Event(CAPTURE, moment, ("data/capture/capture.json",), capture.status, f"look at the public page: {words}")


def _media(media: Sequence[Medium]) -> Iterator[Event]:
    for number, medium in enumerate(media, start=1):
        name = name_of_medium(number, medium)
        kept = medium.error or ("its digest alone is kept" if medium.restricted else "fetched")
        objects = ("data/media.json",) if name is None else (name,)
        yield Event(CAPTURE, medium.fetched_at, objects, "success" if name else "not kept", f"attachment: {kept}")


def _masked(masks: Sequence[Mask], at: datetime) -> Iterator[Event]:
    for mask in masks:
        yield Event(REDACTION, at, (mask.member,), "success", f"secrets of the city masked in its {mask.part}")


def _line(event_id: str, event: Event, agent: dict[str, str], before: str) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "type": event.type,
        "at": utc(event.at),
        "agent": agent,
        "objects": list(event.objects),
        "outcome": event.outcome,
        "detail": event.detail,
        "prev": before,
    }
