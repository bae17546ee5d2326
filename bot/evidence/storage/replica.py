"""The second copy of the archive: what any store of it must be able to do. See ``docs/second-copy.md``.

One file of the archive is one object, and its key is its path in the archive. Nothing is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from bot.errors import BeadleError

State = Literal["ok", "note", "wrong"]


class ReplicaAway(BeadleError):
    """The store did not answer, or not now. It is tried again by itself."""


class ReplicaRefused(BeadleError):
    """The store answered and refuses: a key, a right, a bucket, or the set-up is not as it must be. Ask a person."""


class ReplicaDiffers(BeadleError):
    """Another object lies under this key already. It is never overwritten; a person has to look."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object as the store tells of it. ``sha256`` (hexadecimal) is what the store itself computed when it was put,
    ``None`` where it keeps none; ``locked_until`` and ``held`` say whether it can be deleted."""

    size: int
    sha256: str | None
    locked_until: datetime | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing looked at in the store, for ``beadle doctor``."""

    state: State
    sentence: str


class Replica(Protocol):
    """A store of second copies. Every method raises ``ReplicaAway`` or ``ReplicaRefused``. Safe for many threads."""

    @property
    def target(self) -> str:
        """Its name in the log: where, and nothing secret."""

    def put_new(self, key: str, path: Path, sha256: str) -> bool:
        """Copy a file. ``True`` if it was put, ``False`` if these very bytes were there. The store itself refuses
        bytes that aren't of this SHA-256. Raises ``ReplicaDiffers`` if others are there."""

    def stat(self, key: str) -> Stored | None:
        """What lies under the key, ``None`` for nothing."""

    def open(self, key: str) -> AbstractContextManager[BinaryIO]:
        """Read an object. Raises ``KeyError`` when there is none."""

    def keys(self, prefix: str = "") -> Iterator[str]:
        """The keys that begin so, in order."""

    def hold(self, key: str) -> None:
        """Put a legal hold on an object: nobody can delete it before ``release``, whatever its lock says."""

    def release(self, key: str) -> None:
        """Take a legal hold off."""

    def examine(self, now: datetime) -> tuple[Looked, ...]:
        """Look at reachability, versions, lock and clock, for ``beadle doctor``. Writes nothing."""


Tell = Callable[[str, str], None]
"""Says a sentence where people read; the second text names what it is about."""


def say_nothing(_sentence: str, _key: str) -> None:
    """Where nobody listens."""
