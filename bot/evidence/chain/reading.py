"""What the log says to whoever signs it: the tree over its lines and the keys that it names, kept up line by line."""

from __future__ import annotations

from pathlib import Path

from bot.errors import EvidenceError
from bot.evidence.chain.keys import KEY_LINE, KeyHistory
from bot.evidence.chain.log import Line, read_lines
from bot.evidence.chain.merkle import Tree
from bot.evidence.storage import durable

# Canonical JSON writes it in this one way; that a line is of this type is then read from the line itself.
_NAMES_A_KEY = f'"type":"{KEY_LINE}"'.encode()


class Reading:
    """Tree and keys over the whole lines of a log file. Made anew, it reads everything from the disk again."""

    def __init__(self, path: Path) -> None:
        self.tree = Tree()
        self.history = KeyHistory()
        self._path = path
        self._end = 0

    def catch_up(self) -> None:
        """Take in the lines that are new. Raises ``EvidenceError`` when the file is shorter than it was."""
        with durable.disk():
            if self._end and self._path.stat().st_size < self._end:
                raise EvidenceError("The evidence log is shorter than it was; run `beadle verify --all`.")
            for line in read_lines(self._path, self._end):
                if not line.data.endswith(b"\n"):
                    break
                self._take(line.data[:-1])

    def _take(self, data: bytes) -> None:
        number = self.tree.size
        if _NAMES_A_KEY in data:
            try:
                facts = Line(number, self._end, data).facts
            except ValueError as error:
                what = f"The evidence log is broken at line {number + 1}; run `beadle verify --all`."
                raise EvidenceError(what, line=number + 1) from error
            self.history.take(facts, number)
        self.tree.append(data)
        self._end += len(data) + 1
