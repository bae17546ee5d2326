"""The checkpoints of an archive: are they about this log, and are they signed with the keys that the log names?

A checkpoint says "so many lines, this root". The root is computed again from the lines that are there; so if every
checkpoint fits, each is also consistent with every other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import EvidenceError
from bot.evidence.chain.checkpoint import LARGEST_NOTE, CheckpointError, Note, read_note
from bot.evidence.chain.keys import KeyHistory, KnownKey, public_from_pem
from bot.evidence.proof.lines import LogReading
from bot.evidence.proof.outside import Outside
from bot.evidence.proof.report import Flaw, Signed

_NOTE_NAME = re.compile(r"(\d{12})\.note")
_BESIDE = re.compile(r"(\d{12})\.\d+\.ts[qr]")
_KEY_NAME = re.compile(r"([0-9a-f]{8})\.pub\.pem")
_LARGEST_KEY = 16 * 1024


@dataclass(frozen=True, slots=True)
class Seals:
    """The checkpoints that hold, oldest first; the keys in their order of succession; and what is wrong."""

    notes: tuple[Note, ...] = ()
    keys: tuple[KnownKey, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def newest(self) -> Signed | None:
        """The newest checkpoint that holds."""
        if not self.notes:
            return None
        found = self.notes[-1].checkpoint
        signer = next((key for key in reversed(self.keys) if key.line < found.size), None)
        return Signed(found.size, found.root.hex(), signer.key_id if signer else "")


def check_seals(log: Path, reading: LogReading, kept: Outside) -> Seals:
    """Check the ``log`` folder's checkpoints and keys against its lines, and both against what was kept outside."""
    history, broken = _history(reading)
    notes: list[Note] = []
    flaws = [*broken, *_key_files(log / "keys", history)]
    for path in sorted((log / "checkpoints").glob("*.note")):
        note, found = _checked(path, reading, history)
        flaws += found
        if note is not None:
            notes.append(note)
    flaws += _orphans(log / "checkpoints")
    flaws += _against_outside(reading, history, kept, notes)
    return Seals(tuple(notes), tuple(history.keys), tuple(flaws), tuple(_remarks(reading, notes, history, kept)))


def _history(reading: LogReading) -> tuple[KeyHistory, list[Flaw]]:
    history, flaws = KeyHistory(), []
    for number, facts in reading.keys:
        try:
            history.take(facts, number)
        except EvidenceError as error:
            flaws.append(Flaw("unknown_key", f"log line {number + 1}", error.sentence))
    return history, flaws


def _key_files(folder: Path, history: KeyHistory) -> Iterator[Flaw]:
    """The files of public keys are there for people with ``openssl``: they must be the keys of the log."""
    named = {key.key_id: key for key in history.keys}
    for path in sorted(folder.glob("*.pem")):
        name = _KEY_NAME.fullmatch(path.name)
        if name is None or name[1] not in named:
            yield Flaw("unknown_key", f"log/keys/{path.name}", f"log/keys/{path.name} is no key that the log names.")
            continue
        if not _is_key(path, named[name[1]]):
            yield Flaw("altered", f"log/keys/{path.name}", f"log/keys/{path.name} is not the key that the log names.")


def _is_key(path: Path, known: KnownKey) -> bool:
    try:
        pem = _bytes(path, _LARGEST_KEY).decode("ascii")
        return public_from_pem(pem).public_bytes_raw() == known.public.public_bytes_raw()
    except (OSError, ValueError, TypeError):
        return False


def _checked(path: Path, reading: LogReading, history: KeyHistory) -> tuple[Note | None, list[Flaw]]:
    subject = f"log/checkpoints/{path.name}"
    name = _NOTE_NAME.fullmatch(path.name)
    try:
        note = read_note(_bytes(path, LARGEST_NOTE))
    except OSError as error:
        return None, [Flaw("incomplete", subject, f"{subject} can't be read ({error.strerror}).")]
    except CheckpointError as error:
        return None, [Flaw("altered", subject, f"{subject}: {error.sentence}")]
    if name is None or int(name[1]) != note.checkpoint.size:
        said = f"{subject} speaks of {note.checkpoint.size} lines: it was put in the place of another checkpoint."
        return None, [Flaw("altered", subject, said)]
    flaws = [*_fits(subject, note, reading), *_is_signed(subject, note, history)]
    return (None if flaws else note), flaws


def _fits(subject: str, note: Note, reading: LogReading) -> Iterator[Flaw]:
    found, there = note.checkpoint, len(reading.digests)
    if found.size > there:
        gone = found.size - there
        yield Flaw(
            "altered", subject, f"{subject} covers {found.size} lines: the last {gone} of them are gone from the log."
        )
    elif reading.tree.root(found.size) != found.root:
        yield Flaw(
            "altered", subject, f"{subject} doesn't fit the log: some of its first {found.size} lines were rewritten."
        )


def _is_signed(subject: str, note: Note, history: KeyHistory) -> Iterator[Flaw]:
    size = note.checkpoint.size
    if not history.keys:
        yield Flaw("unknown_key", subject, f"{subject} is signed with a key that no line of the log names.")
        return
    if note.checkpoint.origin != history.origin:
        yield Flaw("unknown_key", subject, f"{subject} is of another log: it doesn't begin with this log's first key.")
        return
    due = history.at(size)
    if due is not None and note.signed_by(due.public):
        return
    ids = {each.key_id.hex() for each in note.signatures}
    if due is not None and due.key_id in ids:
        yield Flaw("altered", subject, f"{subject} bears a false signature: it isn't what key {due.key_id} signed.")
    elif any(note.signed_by(key.public) for key in history.keys):
        yield Flaw("unknown_key", subject, f"{subject} is signed with a key of the city's that wasn't in force then.")
    else:
        yield Flaw("unknown_key", subject, f"{subject} is signed with a key that no line of the log names.")


def _orphans(folder: Path) -> Iterator[Flaw]:
    """A time stamp whose checkpoint is gone: somebody took checkpoints out."""
    if not folder.is_dir():
        return
    for size in sorted({match[1] for path in folder.iterdir() if (match := _BESIDE.fullmatch(path.name))}):
        if not (folder / f"{size}.note").is_file():
            subject = f"log/checkpoints/{size}.note"
            yield Flaw("incomplete", subject, f"{subject} is gone; its time stamp is still there.")


def _against_outside(reading: LogReading, history: KeyHistory, kept: Outside, notes: list[Note]) -> Iterator[Flaw]:
    yield from _published(reading, kept)
    for where, note in (*kept.notes, *kept.mailed):
        subject = f"the checkpoint kept outside ({where})"
        yield from _fits(subject, note, reading)
        yield from _is_signed(subject, note, history)
    if kept.key is not None:
        yield from _pinned(history, kept, notes)


def _published(reading: LogReading, kept: Outside) -> Iterator[Flaw]:
    head, digests = kept.head, reading.digests
    if head is not None and head.lines > len(digests):
        gone = head.lines - len(digests)
        yield Flaw("altered", "log", f"The last {gone} lines that were published are gone from the log.")
    elif head is not None and head.lines and digests[head.lines - 1] != head.sha256:
        yield Flaw("altered", "log", f"The log was rewritten: line {head.lines} isn't the one published.")
    there = set(digests) if kept.heads else set()
    for where, digest in kept.heads:
        if digest not in there:
            said = f"The log was cut or rewritten: no line of it is {digest[:16]}…, which {where} published."
            yield Flaw("altered", "log", said)


def _pinned(history: KeyHistory, kept: Outside, notes: list[Note]) -> Iterator[Flaw]:
    assert kept.key is not None
    raw = kept.key.public_bytes_raw()
    own = next((key for key in history.keys if key.public.public_bytes_raw() == raw), None)
    if own is None:
        said = "The log doesn't know the key that was kept outside: its checkpoints were signed by somebody else."
        yield Flaw("unknown_key", "log", said)
    elif not any(note.checkpoint.size > own.line for note in notes):
        said = "No checkpoint that holds is signed with the key that was kept outside, or with one that followed it."
        yield Flaw("unknown_key", "log", said)


def _remarks(reading: LogReading, notes: list[Note], history: KeyHistory, kept: Outside) -> Iterator[str]:
    lines = len(reading.digests)
    covered = notes[-1].checkpoint.size if notes else 0
    if lines and not notes:
        yield "No checkpoint covers the log: whether all of it was rewritten, this check can't tell."
    elif covered < lines:
        yield f"{lines - covered} of {lines} lines of the log came after the newest checkpoint."
    if notes and kept.key is None and not kept.notes:
        yield (
            f"The checkpoints are signed with key {history.keys[-1].key_id}. That it is the city's, only a copy kept"
            " outside can show: --key or --checkpoint."
        )


def _bytes(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        return file.read(most + 1)
