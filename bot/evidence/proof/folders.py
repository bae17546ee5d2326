"""Bags that lie open in a folder, and the careful unpacking of a ZIP that somebody made of one."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from bot.evidence.proof.fixity import RECORD, Fault, Reading, bag_faults, record_faults, record_in

_PIECE = 1 << 18
_MOST_KEPT = 16 << 20
_MOST_FILES = 200_000


def read_folder(path: Path) -> Reading:
    """Read a package that was unpacked into a folder. Raises ``OSError``."""
    members, kept, size, faults = read_files(path)
    # Whoever unpacks may name the folder as they like; the record says whose bag it is.
    top = str(record_in(kept.get(RECORD, b"")).get("package_id", ""))
    found = (*faults, *bag_faults(members, kept), *record_faults(top, kept))
    return Reading(top, "", size, members, kept, found)


def read_files(path: Path) -> tuple[dict[str, str], dict[str, bytes], int, list[Fault]]:
    """The digest of every file of a bag, the content of its tag files and record, the size of all, and strange things.

    A link is never followed: it could lead to any file of this machine.
    """
    members: dict[str, str] = {}
    kept: dict[str, bytes] = {}
    faults: list[Fault] = []
    size = 0
    for file in _files(path):
        name = file.relative_to(path).as_posix()
        if not stat.S_ISREG(file.lstat().st_mode):
            faults.append(Fault("altered", f"{name} is a link or no file; a bag holds files only."))
            continue
        digest, length, content = _read(file, keeps=name == RECORD or not name.startswith("data/"))
        members[name], size = digest, size + length
        if content is not None:
            kept[name] = content
    return members, kept, size, faults


@contextmanager
def unpacked(path: Path) -> Iterator[Path]:
    """The folder of the bag inside a ZIP, unpacked for as long as the block lasts.

    Raises ``ValueError`` (the end of a sentence) for a ZIP that would write elsewhere, or more than it says or fits.
    """
    with TemporaryDirectory(prefix="beadle-verify-") as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                _unpack(archive, Path(folder))
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
            raise ValueError("can't be unpacked") from error
        yield _bag_in(Path(folder))


def _unpack(archive: zipfile.ZipFile, folder: Path) -> None:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(set(names)) != len(names):
        raise ValueError("holds a file twice")
    if len(names) > _MOST_FILES or sum(entry.file_size for entry in entries) > shutil.disk_usage(folder).free // 2:
        raise ValueError("would fill the disk if it were unpacked")
    for entry in entries:
        parts = PurePosixPath(entry.filename).parts
        if not parts or ".." in parts or entry.filename.startswith("/") or set("\\:\0") & set(entry.filename):
            raise ValueError("names a file outside itself")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ValueError("holds a link")
        if not entry.is_dir():
            _write(archive, entry, folder.joinpath(*parts))


def _write(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with archive.open(entry) as source, target.open("xb") as out:
        while piece := source.read(_PIECE):
            left -= len(piece)
            if left < 0:  # it says less than it holds, so the room that was counted doesn't count
                raise ValueError("is larger than it says")
            out.write(piece)


def _bag_in(folder: Path) -> Path:
    if (folder / "bagit.txt").is_file():
        return folder
    return next((each for each in sorted(folder.iterdir()) if (each / "bagit.txt").is_file()), folder)


def _files(path: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(path):
        here = Path(folder)
        yield from (here / name for name in sorted(folders) if (here / name).is_symlink())
        yield from (here / name for name in sorted(names))


def _read(path: Path, *, keeps: bool) -> tuple[str, int, bytes | None]:
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            if keeps and size <= _MOST_KEPT:
                kept += piece
    return digest.hexdigest(), size, bytes(kept) if keeps and size <= _MOST_KEPT else None
