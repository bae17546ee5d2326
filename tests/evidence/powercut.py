"""What a disk may have lost when the power went: everything that was not synced, as a model over the real calls.

A file keeps what it held at its last fsync. A name (made, moved or taken away) is kept from the fsync of its directory
on. ``PowerCut.forget`` brings the folder into that state. Nothing is modelled of torn sectors or of disks that lie.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

Lost = Literal["data", "names"]


class PowerCut:
    """Stands between Python and the system from when it is made, in this process for good."""

    def __init__(self) -> None:
        self._files: dict[int, Path] = {}
        self._synced: dict[Path, int] = {}
        self._names: list[tuple[Path, Callable[[], object]]] = []
        for name in ("open", "write", "fsync", "rename", "mkdir", "unlink"):
            setattr(os, name, getattr(self, f"_{name}")(getattr(os, name)))
        os.fdatasync = os.fsync

    def forget(self, lost: Lost) -> None:
        """The power goes: unsynced bytes are lost; with ``names`` unsynced names, too."""
        for path, size in self._synced.items():
            if path.exists():
                path.chmod(0o640)
                os.truncate(path, size)
        while lost == "names" and self._names:
            _directory, undo = self._names.pop()
            undo()

    def _open(self, real: Any) -> Any:
        def opened(path: Any, flags: int, *more: Any, **named: Any) -> int:
            where = Path(os.path.abspath(path))
            is_new = bool(flags & os.O_CREAT) and not where.exists()
            descriptor: int = real(path, flags, *more, **named)
            self._files[descriptor] = where
            if is_new:
                self._names.append((where.parent, lambda: _take_away(where)))
            return descriptor

        return opened

    def _write(self, real: Any) -> Any:
        def written(descriptor: int, data: Any) -> int:
            path = self._files.get(descriptor)
            if path is not None:
                self._synced.setdefault(path, os.fstat(descriptor).st_size)
            count: int = real(descriptor, data)
            return count

        return written

    def _fsync(self, real: Any) -> Any:
        def synced(descriptor: int) -> None:
            real(descriptor)
            path = self._files.get(descriptor)
            if path is not None and path.is_dir():
                self._names = [each for each in self._names if each[0] != path]
            elif path is not None:
                self._synced.pop(path, None)

        return synced

    def _rename(self, real: Any) -> Any:
        def renamed(source: Any, target: Any, **named: Any) -> None:
            real(source, target, **named)
            old, new = Path(os.path.abspath(source)), Path(os.path.abspath(target))
            if old in self._synced:
                self._synced[new] = self._synced.pop(old)
            self._names.append((new.parent, lambda: shutil.move(new, old)))

        return renamed

    def _mkdir(self, real: Any) -> Any:
        def made(path: Any, *more: Any, **named: Any) -> None:
            real(path, *more, **named)
            where = Path(os.path.abspath(path))
            self._names.append((where.parent, lambda: shutil.rmtree(where)))

        return made

    def _unlink(self, real: Any) -> Any:
        def unlinked(path: Any, **named: Any) -> None:
            where = Path(os.path.abspath(path))
            content = where.read_bytes()
            real(path, **named)
            self._names.append((where.parent, lambda: where.write_bytes(content)))

        return unlinked


def _take_away(path: Path) -> None:
    if path.exists():
        path.chmod(0o640)
        path.unlink()
