"""The folders of capture processes, and what becomes of those whose daemon was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import IO

_PREFIX = "beadle-capture-"
_LOCK = "owner"
_NEW_S = 60.0


def scratch(folder: Path) -> tuple[Path, IO[bytes]]:
    """A new folder below this one, and its lock: while that stays open, the folder has an owner.

    Folders that have none any more are removed. A lock ends with whoever holds it, however that came about; the number
    of a process would lie after a restart, or in another container with the same folder.
    """
    _sweep(folder)
    made = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=folder))
    lock = (made / _LOCK).open("wb")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return made, lock


def remove(folder: Path, lock: IO[bytes]) -> None:
    """The end of a folder, and of its lock."""
    shutil.rmtree(folder, ignore_errors=True)
    lock.close()


def _sweep(folder: Path) -> None:
    for left in folder.glob(f"{_PREFIX}*"):
        with suppress(OSError):
            found = left.lstat()
            if found.st_uid == os.geteuid() and time.time() - found.st_mtime > _NEW_S and not _has_owner(left):
                shutil.rmtree(left)


def _has_owner(left: Path) -> bool:
    if not (left / _LOCK).exists():
        return False
    with (left / _LOCK).open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
