"""The checkpoints of an archive, as they lie on the disk::

log/checkpoints/000000000008.note            the checkpoint of the first 8 lines
log/checkpoints/000000000008.1.tsq, .1.tsr   what the first time stamp authority was asked, and its whole answer
log/keys/3f2a91bc.pub.pem                    every key that ever signed
log/tsa-roots.pem                            the certificates that time stamps must lead to
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bot.evidence.chain.checkpoint import LARGEST_NOTE, CheckpointError, Note, read_note
from bot.evidence.chain.keys import KnownKey
from bot.evidence.chain.stamps import LARGEST_REPLY
from bot.evidence.storage import durable

_NOTE = re.compile(r"([0-9]{12})\.note")
_REPLY = re.compile(r"([0-9]{12})\.([1-9][0-9]?)\.tsr")


@dataclass(frozen=True, slots=True)
class Reply:
    """One time stamp on the disk: of the checkpoint of ``size`` lines, by the authority at ``place`` (from 1)."""

    size: int
    place: int


@dataclass(frozen=True, slots=True)
class CheckpointFolder:
    """``log/`` of the archive under ``root``. Nothing in it is ever replaced but the copy of the roots, which grows."""

    root: Path

    @property
    def directory(self) -> Path:
        """Where the checkpoints lie."""
        return self.root / "log" / "checkpoints"

    @property
    def roots(self) -> Path:
        """The copy of the certificates."""
        return self.root / "log" / "tsa-roots.pem"

    def sizes(self) -> list[int]:
        """The sizes of all checkpoints, smallest first."""
        return sorted(int(found[1]) for name in self._names() if (found := _NOTE.fullmatch(name)))

    def replies(self) -> list[Reply]:
        """All time stamps, in order of size and authority."""
        found = (_REPLY.fullmatch(name) for name in self._names())
        return sorted((Reply(int(f[1]), int(f[2])) for f in found if f), key=lambda reply: (reply.size, reply.place))

    def key(self, key_id: str) -> Path:
        """Where the public half of a key lies."""
        return self.root / "log" / "keys" / f"{key_id}.pub.pem"

    def note(self, size: int) -> Path:
        """Where the checkpoint of so many lines lies."""
        return self.directory / f"{size:012}.note"

    def query(self, size: int, place: int) -> Path:
        """Where the question to an authority lies."""
        return self.directory / f"{size:012}.{place}.tsq"

    def reply(self, size: int, place: int) -> Path:
        """Where the answer of an authority lies."""
        return self.directory / f"{size:012}.{place}.tsr"

    def read(self, size: int) -> Note:
        """A checkpoint, read strictly. Raises ``CheckpointError``, also when the name says another size."""
        path = self.note(size)
        try:
            with path.open("rb") as file:
                note = read_note(file.read(LARGEST_NOTE + 1))
        except OSError as error:
            raise CheckpointError(f"{path.name} can't be read ({error.strerror}); run `beadle verify`.") from error
        if note.checkpoint.size != size:
            raise CheckpointError(f"{path.name} is the checkpoint of another size; run `beadle verify`.")
        return note

    def read_query(self, size: int, place: int) -> bytes | None:
        """What an authority was asked; ``None`` when that isn't kept. Raises ``EvidenceError``."""
        with durable.disk():
            try:
                with self.query(size, place).open("rb") as file:
                    return file.read(LARGEST_NOTE)
            except FileNotFoundError:
                return None

    def read_reply(self, size: int, place: int) -> bytes:
        """What an authority answered. Raises ``EvidenceError``."""
        with durable.disk(), self.reply(size, place).open("rb") as file:
            return file.read(LARGEST_REPLY + 1)

    def newest(self) -> Note | None:
        """The checkpoint of the most lines; ``None`` before the first."""
        last = max((name for name in self._names() if _NOTE.fullmatch(name)), default=None)
        return None if last is None else self.read(int(last.removesuffix(".note")))

    def put(self, note: Note) -> None:
        """Keep a checkpoint, whole or not at all. To be called under the lock of the log."""
        self.keep(self.note(note.checkpoint.size), note.data)

    def put_keys(self, keys: Iterable[KnownKey]) -> None:
        """Keep each public key that isn't kept yet. To be called under the lock of the log."""
        for key in keys:
            path = self.key(key.key_id)
            if not path.exists():
                self.keep(path, key.pem.encode())

    def keep(self, path: Path, data: bytes) -> None:
        """Write a file under its name, whole or not at all. Raises ``EvidenceError``; never replaces another."""
        with durable.disk():
            durable.make_directory(path.parent)
            temp = path.with_name(f".{path.name}.part")
            temp.unlink(missing_ok=True)  # left by a crash
            durable.write_new(temp, data)
            durable.move(temp, path)

    def _names(self) -> list[str]:
        with durable.disk(), suppress(FileNotFoundError):
            return os.listdir(self.directory)
        return []
