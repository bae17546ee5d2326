"""Writing so that it is still there after the power went: new files only, never over an old one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import EvidenceError

_DIRECTORY = 0o750
_FILE = 0o444


@contextmanager
def disk() -> Iterator[None]:
    """Whatever the disk refuses is an ``EvidenceError``: what can't be kept can't be acted on."""
    try:
        yield
    except OSError as error:
        raise EvidenceError(
            f"The archive can't be used ({error.strerror or error}); mend its disk, and sealing goes on by itself.",
            path=str(error.filename),
        ) from error


def write_new(path: Path, data: bytes) -> None:
    """Write a file that isn't there yet, through to the disk. Raises ``OSError``, ``FileExistsError`` among them."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        _write_all(file.fileno(), data)
        os.fchmod(file.fileno(), _FILE)
        os.fsync(file.fileno())
        forget_pages(file.fileno())


def append(path: Path, data: bytes) -> None:
    """Add to the end of a file, through to the disk; the file is made when it isn't there. Raises ``OSError``, and
    then the file ends where it ended before. To be called by one writer at a time."""
    is_new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
    end = os.fstat(descriptor).st_size
    try:
        _write_all(descriptor, data)
        os.fdatasync(descriptor)
    except OSError:
        # What the disk refused is still in memory and would be read as written; after a power cut it would be gone.
        with suppress(OSError):
            os.ftruncate(descriptor, end)
        raise
    finally:
        os.close(descriptor)
    if is_new:
        sync_directory(path.parent)


def settle(path: Path) -> None:
    """Make a file that somebody else wrote durable, with its name, and read-only. Raises ``OSError``."""
    path.chmod(_FILE)
    with path.open("rb") as file:
        os.fsync(file.fileno())
        forget_pages(file.fileno())
    sync_directory(path.parent)


def move(source: Path, target: Path) -> None:
    """Give a written file its final name, through to the disk. Never takes the place of another file."""
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    source.rename(target)
    sync_directory(target.parent)
    sync_directory(source.parent)


def make_directory(path: Path) -> None:
    """Make a directory and those above it, each through to the disk, closed to others (0750)."""
    if path.is_dir():
        return
    make_directory(path.parent)
    try:
        path.mkdir(_DIRECTORY)
    except FileExistsError:  # another process was quicker
        return
    path.chmod(_DIRECTORY)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def forget_pages(descriptor: int) -> None:
    """Ask the system to drop its copy in memory: reading back from memory would prove nothing about the disk."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _write_all(descriptor: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]
