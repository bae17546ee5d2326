"""The time stamps of checkpoints (RFC 3161): is there an answer, is it about this checkpoint, from somebody trusted?"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.x509 import Certificate

from bot.evidence.chain.checkpoint import Note
from bot.evidence.chain.stamps import LARGEST_REPLY, NotChecked, StampError, check, roots_in
from bot.evidence.proof.outside import Outside
from bot.evidence.proof.report import Flaw, Stamp, together

ROOTS = "tsa-roots.pem"
LATE = timedelta(days=1)
EARLY = timedelta(minutes=5)
_FILE = re.compile(r"(.{1,40})\.([1-9][0-9]?)\.ts[qr]")
_LARGEST_ROOTS = 1 << 20
_NO_ROOTS = "The time stamps were not checked: there are no certificates (tsa-roots.pem) that they must lead to."
_PENDING = "{count} time stamps were asked for and are still to come."
_UNSTAMPED = "No time stamp from outside has been asked for: the times in the log are this machine's own."


@dataclass(frozen=True, slots=True)
class Stamps:
    """The stamps in the order of their checkpoints, what is wrong with them, and what a reader should know."""

    stamps: tuple[Stamp, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Desk:
    """Where the answers lie, whom they must lead to (``None``: nobody is named), and what was found so far."""

    folder: Path
    roots: list[Certificate] | None
    stamps: list[Stamp] = field(default_factory=list)
    flaws: list[Flaw] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, *, stamp: Stamp | None = None, flaw: Flaw | None = None, remark: str | None = None) -> None:
        self.stamps += [stamp] if stamp else []
        self.flaws += [flaw] if flaw else []
        self.remarks += [remark] if remark else []


def check_stamps(log: Path, notes: Collection[Note], kept: Outside, times: Sequence[str]) -> Stamps:
    """Check every time stamp of these checkpoints. ``times``: when the lines of the log say they were written."""
    desk, trouble = _desk(log / "checkpoints", log / ROOTS, kept)
    asked = _places(desk.folder)
    for note in notes:
        size = note.checkpoint.size
        _check(desk, f"{size:012}", note, asked.get(f"{size:012}", []), _moment(times[size - 1] if size else ""))
    return _summed_up(desk, trouble, bool(notes))


def check_stamps_of(folder: Path, stem: str, note: Note, kept: Outside) -> Stamps:
    """Check the time stamps of one checkpoint, which lie in ``folder`` under ``stem``."""
    desk, trouble = _desk(folder, folder / ROOTS, kept)
    _check(desk, stem, note, _places(folder).get(stem, []), None)
    return _summed_up(desk, trouble, has_notes=True)


def _desk(folder: Path, own_roots: Path, kept: Outside) -> tuple[_Desk, list[Flaw]]:
    pem = kept.roots if kept.roots is not None else _read(own_roots, _LARGEST_ROOTS)
    if pem is None:
        return _Desk(folder, None), []
    try:
        return _Desk(folder, roots_in(pem, ROOTS)), []
    except StampError as error:
        return _Desk(folder, None), [Flaw("timestamp_invalid", ROOTS, error.sentence)]


def _places(folder: Path) -> dict[str, list[int]]:
    """Which authorities were asked, or answered, for which checkpoint."""
    found: dict[str, set[int]] = {}
    if folder.is_dir():
        for path in folder.iterdir():
            if match := _FILE.fullmatch(path.name):
                found.setdefault(match[1], set()).add(int(match[2]))
    return {stem: sorted(places) for stem, places in found.items()}


def _check(desk: _Desk, stem: str, note: Note, places: Sequence[int], written: datetime | None) -> None:
    for place in places:
        stamp = Stamp(note.checkpoint.size, place, "pending")
        reply = _read(desk.folder / f"{stem}.{place}.tsr", LARGEST_REPLY)
        if reply is None:
            desk.add(stamp=stamp)
        elif desk.roots is None:
            desk.add(stamp=replace(stamp, state="not_checked"), remark=_NO_ROOTS)
        else:
            query = _read(desk.folder / f"{stem}.{place}.tsq", LARGEST_REPLY)
            _check_reply(desk, stem, stamp, note, reply, query, written)


def _check_reply(
    desk: _Desk, stem: str, stamp: Stamp, note: Note, reply: bytes, query: bytes | None, written: datetime | None
) -> None:
    name = f"{stem}.{stamp.authority}.tsr"
    try:
        found = check(note.data, reply, desk.roots or (), query)
    except NotChecked as error:
        desk.add(stamp=replace(stamp, state="not_checked"), remark=f"{name}: {error.sentence}")
    except StampError as error:
        flaw = Flaw("timestamp_invalid", name, f"{name}: {error.sentence}")
        desk.add(stamp=replace(stamp, state="invalid"), flaw=flaw)
    else:
        desk.add(stamp=replace(stamp, state="valid", time=found.at))
        if written is not None:
            _compare(desk, name, found.at, written)


def _compare(desk: _Desk, name: str, at: datetime, written: datetime) -> None:
    """The authority's time against what the last line says of itself: later is said, earlier can't be."""
    if at < written - EARLY:
        said = f"{name} is of {at:%Y-%m-%d %H:%M:%S} UTC, before its last line was written: one of the two clocks lies."
        desk.add(flaw=Flaw("timestamp_invalid", name, said))
    elif at > written + LATE:
        desk.add(remark=f"{name} came {(at - written).days} days after its last line was written; its time is its own.")


def _summed_up(desk: _Desk, trouble: Sequence[Flaw], has_notes: bool) -> Stamps:
    remarks = together((*_remarks(desk.stamps, has_notes), *desk.remarks))
    return Stamps(tuple(desk.stamps), (*trouble, *desk.flaws), remarks)


def _remarks(stamps: Sequence[Stamp], has_notes: bool) -> Iterator[str]:
    pending = sum(1 for stamp in stamps if stamp.state == "pending")
    if pending:
        yield "A time stamp was asked for and is still to come." if pending == 1 else _PENDING.format(count=pending)
    if has_notes and not stamps:
        yield _UNSTAMPED


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _read(path: Path, most: int) -> bytes | None:
    """``None`` for a file that isn't there; an unreadable one is empty, which no check takes."""
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        return None
    except OSError:
        return b""
