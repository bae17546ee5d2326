"""Does this disk keep two writers apart? A lock that everybody gets is none."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

NO_LOCKS = (
    "{root} lies on a file system that knows no locks ({why}): two processes could write the evidence log at once. Move"
    " the archive to a local disk; mount NFS without nolock or local_lock, SMB without nobrl."
)
_LOCAL_ONLY = {"nolock", "local_lock=all", "local_lock=flock", "nobrl"}
_MOUNTS = Path("/proc/self/mounts")


def lock_problem(root: Path, mounts: Path = _MOUNTS) -> str | None:
    """Why the archive's lock can't be relied on, as a sentence, or ``None``. Raises ``OSError`` when ``root`` can't be
    written at all."""
    options = _options(root, mounts) & _LOCAL_ONLY
    if options:
        return NO_LOCKS.format(root=root, why=f"mounted with {sorted(options)[0]}")
    with NamedTemporaryFile(dir=root, prefix=".doctor-") as file:
        second = os.open(file.name, os.O_RDWR | os.O_CLOEXEC)
        try:
            why = _why_not(file.fileno(), second)
        finally:
            os.close(second)
    return NO_LOCKS.format(root=root, why=why) if why else None


def _why_not(first: int, second: int) -> str | None:
    try:
        fcntl.flock(first, fcntl.LOCK_EX)
    except OSError as error:
        return error.strerror or "flock fails"
    try:
        fcntl.flock(second, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    except OSError as error:
        return error.strerror or "flock fails"
    return "two holders got the same lock"


def _options(root: Path, mounts: Path) -> set[str]:
    """The options of the mount that ``root`` lies on: the longest mount point above it."""
    found: tuple[int, set[str]] = (-1, set())
    with suppress(OSError):
        for line in mounts.read_text(errors="replace").splitlines():
            fields = line.split(" ")
            if len(fields) > 3 and root.resolve().is_relative_to(_unescaped(fields[1])):
                found = max(found, (len(fields[1]), set(fields[3].split(","))), key=lambda each: each[0])
    return found[1]


def _unescaped(path: str) -> str:
    return path.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
