"""How fast a whole archive is verified: its log alone, and every byte of its packages."""

from __future__ import annotations

import hashlib
import os
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import specimen

from bot.evidence.capture import Capture, NoCapturer
from bot.evidence.proof.lines import read_log
from bot.evidence.proof.places import LOG
from bot.evidence.proof.verify import verify_archive
from bot.evidence.store import Archive

Tick = Callable[[int, int], None]
_PICTURE = 90_000
_PAGE = 160_000


@dataclass(frozen=True, slots=True)
class Shelf:
    """Seconds and bytes; ``hashing`` is what one thread hashes in memory, bytes a second: the limit."""

    packages: int
    size: int
    log_s: float
    full_s: float
    per_second: float
    hashing: float
    sound: bool


class _Pages:
    """A card of the usual size, in no time."""

    def __init__(self) -> None:
        self._bytes = random.Random(1).randbytes(60_000)  # noqa: S311 - so that nothing compresses it

    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes:
        return b"%PDF-" + str(record["package_id"]).encode() + self._bytes


def measure(folder: Path, packages: int, tick: Tick) -> Shelf:
    """Seal ``packages`` of the usual size, then read the log alone, then everything."""
    chance = random.Random(2)  # noqa: S311
    archive, capturer = Archive(folder / "archive", _Pages()), NoCapturer()
    for number in range(1, packages + 1):
        capture = Capture(
            "captured",
            viewport_png=b"\x89PNG\r\n\x1a\n" + chance.randbytes(_PAGE),
            comment_png=b"\x89PNG\r\n\x1a\n" + chance.randbytes(_PICTURE),
        )
        archive.seal(specimen.dossier(number, capturer), capture)
        tick(number, packages)
    root = folder / "archive"
    since = time.perf_counter()
    read_log(root / LOG)
    log_s, since = time.perf_counter() - since, time.perf_counter()
    report = verify_archive(root)
    full_s = time.perf_counter() - since
    size = sum(path.stat().st_size for path in root.glob("packages/*/*/*/*.zip"))
    return Shelf(packages, size, log_s, full_s, size / full_s, _hashing(), report.exit_code == 0)


def _hashing() -> float:
    block = os.urandom(1 << 24)
    since = time.perf_counter()
    for _ in range(16):
        hashlib.sha256(block).digest()
    return 16 * len(block) / (time.perf_counter() - since)
