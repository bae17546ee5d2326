"""The log as a check reads it: where its chain breaks, what it says was sealed, which keys it names, and its tree."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from bot.evidence.canonical import canonical
from bot.evidence.chain.log import BEGINNING, Head, Line, read_lines
from bot.evidence.chain.merkle import Tree
from bot.evidence.proof.report import NOTHING, Flaw, Kind

PACKAGES = frozenset({"package", "package-recovered"})
SUPPLEMENT = "supplement"
_TEXTS = ("id", "path", "sha256")


@dataclass(frozen=True, slots=True)
class Sealed:
    """What one line says of the package or supplement it sealed. ``number`` counts lines from 0."""

    number: int
    kind: str
    package_id: str
    path: str
    sha256: str
    size: int
    manifest_sha256: str
    case_id: str
    parent: str | None

    @property
    def is_supplement(self) -> bool:
        return self.kind == SUPPLEMENT


class LogReading:
    """A log, read whole. After a break in the chain it goes on from what is there."""

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.tree = Tree()
        self.sealed: dict[str, Sealed] = {}
        self.keys: list[tuple[int, dict[str, Any]]] = []
        self.restricted: set[str] = set()
        self.exports: list[dict[str, Any]] = []
        self.times: list[str] = []
        self.flaws: list[Flaw] = []

    @property
    def head(self) -> Head:
        """Where the log ends."""
        return Head(len(self.digests), self.digests[-1]) if self.digests else NOTHING

    def supplements_of(self, package_id: str) -> list[Sealed]:
        """The supplements that cite a package, in the order in which they were sealed."""
        return [each for each in self.sealed.values() if each.parent == package_id and each.is_supplement]

    def take(self, line: Line) -> None:
        """Check one line against the one before, and note what it says."""
        if not line.data.endswith(b"\n"):
            self._note("incomplete", line, "was torn by a crash; the next sealing keeps it aside and goes on.")
            return
        data = line.data[:-1]
        whole = Line(line.number, line.offset, data)
        before = self.digests[-1] if self.digests else BEGINNING
        self.digests.append(whole.sha256)
        self.tree.append(data)
        facts = _facts(data)
        self.times.append(str((facts or {}).get("time", "")))
        if facts is None:
            self._note("altered", line, "can't be read.")
        elif facts.get("prev") != before or facts.get("seq") != line.number:
            self._note(
                "altered", line, "doesn't follow from the line before it: a line was changed, moved or taken out."
            )
        if facts is not None:
            self._understand(line, facts)

    def _understand(self, line: Line, facts: Mapping[str, Any]) -> None:
        kind = facts.get("type")
        if kind in PACKAGES or kind == SUPPLEMENT:
            self._seal(line, facts)
        elif kind == "key":
            self.keys.append((line.number, dict(facts)))
        elif kind == "restricted":
            self.restricted |= {str(facts.get("package")), str(facts.get("case_id"))}
        elif kind == "export":
            self.exports.append(dict(facts))

    def _seal(self, line: Line, facts: Mapping[str, Any]) -> None:
        size = facts.get("size", 0)
        if not all(isinstance(facts.get(name), str) for name in _TEXTS) or not isinstance(size, int):
            self._note("altered", line, "names a package without its path, digest and size.")
            return
        sealed = Sealed(
            line.number,
            facts["type"],
            facts["id"],
            facts["path"],
            facts["sha256"],
            size,
            str(facts.get("manifest_sha256", "")),
            str(facts.get("case_id", "")),
            facts.get("parent"),
        )
        if sealed.package_id in self.sealed:
            self._note("altered", line, "seals a package that an earlier line sealed.")
        else:
            self.sealed[sealed.package_id] = sealed

    def _note(self, kind: Kind, line: Line, what: str) -> None:
        self.flaws.append(Flaw(kind, f"log line {line.number + 1}", f"Line {line.number + 1} of the log {what}"))


def read_log(path: Path) -> LogReading:
    """Read a log file from its first line. A log that isn't there is an empty one. Raises ``OSError``."""
    found = LogReading()
    for line in read_lines(path):
        found.take(line)
    return found


def _facts(data: bytes) -> dict[str, Any] | None:
    """The fields of a line; ``None`` for what isn't one, or isn't written the one way in which we write it."""
    try:
        found = orjson.loads(data)
        if isinstance(found, dict) and orjson.dumps(found, option=orjson.OPT_SORT_KEYS) == data:
            return found
        slower = json.loads(data)  # numbers and half characters that the quick reader writes otherwise
        return slower if isinstance(slower, dict) and canonical(slower) == data else None
    except (ValueError, RecursionError):
        return None
