"""The processes below one of ours, as ``/proc`` shows them. Linux only, like the sandbox that they run in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def below(parent: int) -> Iterator[int]:
    """The children of a process, and theirs, at this moment; the farthest first, so that they can be ended in order."""
    for entry in Path(f"/proc/{parent}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, entry.read_text().split()):
                yield from below(child)
                yield child


def resident(pid: int) -> int:
    """How much memory a process holds, in bytes; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def kind(pid: int) -> str:
    """What Chromium uses this process for (``renderer``, ``gpu-process`` ...); empty for any other."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").split()
    except OSError:
        return ""
    return next((word[7:].decode(errors="replace") for word in words if word.startswith(b"--type=")), "")


def kill(pid: int) -> None:
    """End a process, if it is still there and ours."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)
