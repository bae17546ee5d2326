"""How much memory a process and everything that it started take, as Linux counts it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

_EVERY_S = 1.0


@dataclass
class Watch:
    """Looks at a process once a second. Sizes are in bytes.

    ``own`` is the highest resident size of the process itself (``VmHWM``); ``below`` is the highest sum of the
    proportional sizes (PSS, proc_pid_smaps(5)) of all its descendants: here the capture process and the browser.
    """

    pid: int
    own: int = 0
    below: int = 0
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _thread: threading.Thread | None = field(default=None, repr=False)

    def look(self) -> None:
        """Take one measure."""
        self.own = max(self.own, _kilobytes(Path(f"/proc/{self.pid}/status"), "VmHWM:") * 1024)
        rolls = [Path(f"/proc/{pid}/smaps_rollup") for pid in _descendants(self.pid)]
        self.below = max(self.below, sum(_kilobytes(roll, "Pss:") for roll in rolls) * 1024)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._run, name="memory", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            self.look()


def _kilobytes(path: Path, label: str) -> int:
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError:  # it ended while we looked
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(label)), 0)


def _descendants(ancestor: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            children.setdefault(_parent(entry), []).append(int(entry.name))
    found, unseen = [], [ancestor]
    while unseen:
        below = children.get(unseen.pop(), [])
        found += below
        unseen += below
    return found


def _parent(entry: Path) -> int:
    try:
        # The name in brackets may hold spaces and brackets of its own: the fields begin after the last one.
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0
