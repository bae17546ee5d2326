"""Bytes back from a second copy: streamed, counted, hashed, and never more of them than were sealed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bot.evidence.storage.replica import Replica

_CHUNK = 1 << 20
MOST = 5 << 30
"""The largest object that one PUT can make (bytes): whatever is larger isn't ours."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came back. ``sha256`` is ``None`` when there is no such object; ``size`` in bytes."""

    sha256: str | None
    size: int


def fetched(replica: Replica, key: str, target: Path | None = None, most: int = MOST) -> Fetched:
    """Download an object, into a new file if ``target`` is given. One that is larger than ``most`` is cut off there,
    so its digest can't be the right one. Raises ``ReplicaAway``, ``ReplicaRefused`` and ``OSError``."""
    try:
        with replica.open(key) as body:
            if target is None:
                return _drained(body, None, most)
            with target.open("xb") as file:
                return _drained(body, file, most)
    except KeyError:
        return Fetched(None, 0)


def _drained(body: BinaryIO, file: BinaryIO | None, most: int) -> Fetched:
    digest, size = hashlib.sha256(), 0
    while size <= most and (piece := body.read(_CHUNK)):
        digest.update(piece)
        size += len(piece)
        if file is not None:
            file.write(piece)
    return Fetched(digest.hexdigest(), size)
