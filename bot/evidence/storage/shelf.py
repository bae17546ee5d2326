"""The shelf of sealed packages: temp file, fsync, rename, fsync of the directory. Nothing is ever replaced."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.errors import EvidenceError
from bot.evidence.packing import package as bag
from bot.evidence.packing.package import Package
from bot.evidence.storage import durable


def new_package_id(at: datetime) -> str:
    """``ev-`` + the UTC second + 64 random bits: sorts by time, says nothing of anybody."""
    random = base64.b32encode(secrets.token_bytes(8)).decode().rstrip("=").lower()
    return f"ev-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{random}"


def path_of(package_id: str) -> str:
    """Where a package lies, relative to the archive: by the day in its id."""
    day = package_id[3:11]
    return f"packages/{day[:4]}/{day[4:6]}/{day[6:8]}/{package_id}.zip"


@dataclass(frozen=True, slots=True)
class Shelf:
    """The ``packages`` directory under ``root``. ``reserve`` is the share of the disk (0..1) that stays free."""

    root: Path
    reserve: float
    disk_usage: Callable[[Path], Any]

    def put(self, package_id: str, data: bytes) -> str:
        """Write a package through to the disk; returns its path, relative to the archive.

        To be called by whoever holds the lock of the log. Raises ``EvidenceError`` and ``OSError``.
        """
        path = path_of(package_id)
        temp = self.root / "incoming" / f"{package_id}.part"
        durable.make_directory(temp.parent)
        self._require_room(len(data))
        durable.make_directory((self.root / path).parent)
        try:
            durable.write_new(temp, data)
            durable.move(temp, self.root / path)
        except OSError:
            temp.unlink(missing_ok=True)
            raise
        return path

    def check(self, path: str, digest: str) -> None:
        """Read a package again from disk. Raises ``EvidenceError`` unless every byte is what was sealed."""
        try:
            found = bag.digest_of(self.root / path)
        except OSError as error:
            raise EvidenceError(f"{path} can't be read ({error.strerror}); run `beadle verify`.", path=path) from error
        if found != digest:
            raise EvidenceError(f"{path} is not what was sealed; run `beadle verify`.", path=path, found=found)

    def sweep(self) -> None:
        """Remove what a killed process left half-written. Only under the lock: another's work would go with it."""
        for leftover in self._files("incoming", "*.part"):
            leftover.unlink()

    def packages(self) -> Iterator[Path]:
        """Every ZIP on the shelf, in order of time."""
        yield from self._files("packages", "*/*/*/*.zip")

    def whole(self, path: Path) -> Package | None:
        """The package at ``path`` if it is complete, sound and where it should be, else ``None``."""
        try:
            package = bag.read(path)
        except EvidenceError:
            return None
        if self.root / path_of(package.package_id) != path or package.faults():
            return None
        # Whoever renamed it may have been killed before the name was on the disk; its line must not get there first.
        durable.settle(path)
        return package

    def put_aside(self, path: Path) -> str:
        """Move what isn't a package of ours out of the way; returns where it lies. Nothing is thrown away."""
        aside = self.root / "aside"
        durable.make_directory(aside)
        target = aside / f"{secrets.token_hex(4)}-{path.name}"
        durable.move(path, target)
        return str(target.relative_to(self.root))

    def _files(self, directory: str, pattern: str) -> list[Path]:
        return sorted((self.root / directory).glob(pattern))

    def _require_room(self, size: int) -> None:
        usage = self.disk_usage(self.root)
        if usage.free - size < usage.total * self.reserve:
            raise EvidenceError(
                f"The disk of the archive is nearly full (less than {self.reserve:.0%} would stay free); make room,"
                " and sealing goes on by itself.",
                free=usage.free,
                total=usage.total,
            )
