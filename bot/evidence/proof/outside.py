"""What was kept outside of the archive: nothing else shows a log rewritten by somebody who may write all of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from bot.evidence.chain.checkpoint import CheckpointError, Note, read_note
from bot.evidence.chain.keys import public_from_pem
from bot.evidence.chain.log import Head

_LARGEST = 1 << 20
_IN_TEXT = re.compile(
    r"^beadle/[0-9a-f]{16}\n\d{1,19}\n[A-Za-z0-9+/=]{44}\n\n(?:\u2014 [!-~]{1,200} [A-Za-z0-9+/=]{8,400}\n){1,9}", re.M
)


class NotReadable(Exception):
    """A file that was named can't be used. The message is a sentence for whoever named it."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Evidence about the evidence.

    ``notes``: checkpoints, each with where it was kept. ``heads``: digests of last lines that were published, likewise.
    ``head``: one with its number of lines. ``key``: a public key kept by the clerk. ``roots``: certificates (PEM) that
    time stamps must lead to; without them those in the archive count. ``mailed``: checkpoints that digests carried.
    """

    notes: tuple[tuple[str, Note], ...] = ()
    mailed: tuple[tuple[str, Note], ...] = ()
    heads: tuple[tuple[str, str], ...] = ()
    head: Head | None = None
    key: Ed25519PublicKey | None = None
    roots: bytes | None = None


def note_in(text: str) -> Note | None:
    """The checkpoint that a mail carries among its words; ``None`` for one that carries none."""
    found = _IN_TEXT.search(text)
    try:
        return None if found is None else read_note(found[0].encode())
    except CheckpointError:
        return None


def outside(checkpoint: Path | None = None, key: Path | None = None, roots: Path | None = None) -> Outside:
    """Read the files that somebody kept. Raises ``NotReadable``."""
    return Outside(
        notes=() if checkpoint is None else ((checkpoint.name, _note(checkpoint)),),
        key=None if key is None else _key(key),
        roots=None if roots is None else _read(roots),
    )


def _note(path: Path) -> Note:
    try:
        return read_note(_read(path))
    except CheckpointError as error:
        raise NotReadable(f"{path}: {error.sentence}") from error


def _key(path: Path) -> Ed25519PublicKey:
    try:
        return public_from_pem(_read(path).decode("ascii"))
    except (ValueError, TypeError) as error:
        raise NotReadable(f"{path} is not a public Ed25519 key in PEM; name the file that the clerk keeps.") from error


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise NotReadable(f"{path} can't be read ({error.strerror}).") from error
    if len(data) > _LARGEST:
        raise NotReadable(f"{path} is far too long for what it should be.")
    return data
