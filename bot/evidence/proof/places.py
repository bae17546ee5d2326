"""What lies at a path: an archive, a package or supplement, an unpacked one, or an export that was handed out."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

What = Literal["archive", "bag", "export", "zip", "unknown"]

LOG = Path("log") / "entries.jsonl"
_DEEPEST = 5  # packages/YYYY/MM/DD/ev-….zip


def what_is(path: Path) -> What:
    """Decides by what is there, never by the name alone."""
    if path.is_file():
        return "export" if _is_zipped_export(path) else "zip"
    if (path / "bagit.txt").is_file():
        return "export" if (path / "data" / "packages").is_dir() else "bag"
    if (path / LOG).is_file() or (path / "packages").is_dir():
        return "archive"
    return "unknown"


def archive_around(path: Path) -> Path | None:
    """The archive in which a package lies, if it lies in one that has a log."""
    for parent in list(path.absolute().parents)[:_DEEPEST]:
        if parent.name == "packages":
            return parent.parent if (parent.parent / LOG).is_file() else None
    return None


def _is_zipped_export(path: Path) -> bool:
    """An export that somebody zipped for the mail, in whatever way their system does it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return False
    return any("data/packages/" in name for name in names)
