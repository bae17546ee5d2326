"""Does the archive still hold? Everything is read again and compared; nothing is mended and nothing written.

Exit codes (EV-12): 0 it holds, 2 something was altered, 3 something is missing or unfinished, 64 asked wrongly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bot.errors import EvidenceError
from bot.evidence.chain.log import BEGINNING, Head, Line, read_lines
from bot.evidence.packing import package as bag

Kind = Literal["altered", "incomplete", "usage"]
Progress = Callable[[int, int], None]

NOTHING = Head(0, BEGINNING)
_EXIT: Mapping[Kind, int] = {"altered": 2, "incomplete": 3, "usage": 64}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that isn't as it should be. ``subject``: a path or a line of the log; ``sentence`` is for people."""

    kind: Kind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what was found. ``recovered``: packages that got their line only after a crash."""

    packages: int = 0
    supplements: int = 0
    recovered: int = 0
    lines: int = 0
    size: int = 0
    head: Head = NOTHING
    flaws: tuple[Flaw, ...] = ()

    @property
    def exit_code(self) -> int:
        """The worst of the flaws: asked wrongly, then altered, then incomplete; 0 without any."""
        kinds = {flaw.kind for flaw in self.flaws}
        worst: Kind | None = next((kind for kind in ("usage", "altered", "incomplete") if kind in kinds), None)
        return 0 if worst is None else _EXIT[worst]


def verify_package(path: Path) -> Report:
    """Check one package by itself: the bag against its manifests. Whether it is the one that was sealed, only the log
    can tell: that is ``verify_archive``."""
    if not path.is_file():
        return Report(flaws=(Flaw("usage", str(path), f"{path} is not a file; name a package, ev-….zip."),))
    try:
        package = bag.read(path)
    except EvidenceError as error:
        return Report(packages=1, size=path.stat().st_size, flaws=(Flaw("altered", path.name, error.sentence),))
    faults = tuple(Flaw("altered", path.name, fault) for fault in _faults(package, path.stem))
    return Report(packages=1, size=path.stat().st_size, flaws=faults)


def verify_archive(root: Path, head: Head | None = None, progress: Progress | None = None) -> Report:
    """Check the log, every package against its line and its manifests, and that neither lacks the other.

    ``head`` is one that was published earlier (in a digest): with it, cut or rewritten lines are found, too.
    ``progress`` is told how many packages of how many were read.
    """
    log = root / "log" / "entries.jsonl"
    if not log.is_file() and not (root / "packages").is_dir():
        return Report(flaws=(Flaw("usage", str(root), f"{root} is not an archive: it has no log and no packages."),))
    chain = _Chain()
    for line in read_lines(log):
        chain.take(line)
    published = chain.against(head)
    shelf = list(_shelf(root, chain.sealed, progress))
    return Report(
        packages=sum(1 for facts in chain.sealed.values() if facts["type"] != "supplement"),
        supplements=sum(1 for facts in chain.sealed.values() if facts["type"] == "supplement"),
        recovered=sum(1 for facts in chain.sealed.values() if facts["type"] == "package-recovered"),
        lines=len(chain.digests),
        size=sum(int(facts.get("size", 0)) for facts in chain.sealed.values()),
        head=chain.head,
        flaws=(*chain.flaws, *published, *shelf),
    )


class _Chain:
    """Reads the log from its first line, noting where the chain breaks. After a break it goes on from what is there."""

    def __init__(self) -> None:
        self.digests: list[str] = []
        self.sealed: dict[str, dict[str, Any]] = {}
        self.flaws: list[Flaw] = []

    def take(self, line: Line) -> None:
        """Check one line against the one before."""
        if not line.data.endswith(b"\n"):
            self._note("incomplete", line, "was torn by a crash; the next sealing keeps it aside and goes on.")
            return
        whole = Line(line.number, line.offset, line.data[:-1])
        before = self.digests[-1] if self.digests else BEGINNING
        self.digests.append(whole.sha256)
        try:
            facts = whole.facts
        except ValueError:
            self._note("altered", line, "can't be read.")
            return
        if facts.get("prev") != before or facts.get("seq") != line.number:
            self._note(
                "altered", line, "doesn't follow from the line before it: a line was changed, moved or taken out."
            )
        if "id" in facts:
            self._seal(line, facts)

    @property
    def head(self) -> Head:
        """Where the log ends."""
        return Head(len(self.digests), self.digests[-1]) if self.digests else NOTHING

    def against(self, head: Head | None) -> list[Flaw]:
        """What a head published earlier says of the log."""
        if head is None or head.lines == 0:
            return []
        if head.lines > len(self.digests):
            gone = head.lines - len(self.digests)
            return [Flaw("altered", "log", f"The last {gone} lines that were published are gone from the log.")]
        if self.digests[head.lines - 1] != head.sha256:
            return [Flaw("altered", "log", f"The log was rewritten: line {head.lines} isn't the one published.")]
        return []

    def _seal(self, line: Line, facts: dict[str, Any]) -> None:
        if not all(isinstance(facts.get(name), str) for name in ("id", "path", "sha256", "type")):
            self._note("altered", line, "names a package without its path and digest.")
        elif facts["id"] in self.sealed:
            self._note("altered", line, "seals a package that an earlier line sealed.")
        else:
            self.sealed[facts["id"]] = facts

    def _note(self, kind: Kind, line: Line, what: str) -> None:
        self.flaws.append(Flaw(kind, f"log line {line.number + 1}", f"Line {line.number + 1} of the log {what}"))


def _shelf(root: Path, sealed: Mapping[str, dict[str, Any]], progress: Progress | None) -> Iterator[Flaw]:
    for done, facts in enumerate(sealed.values(), start=1):
        yield from _sealed_package(root, facts)
        if progress is not None:
            progress(done, len(sealed))
    logged = {os.path.normpath(facts["path"]) for facts in sealed.values()}
    for path in sorted((root / "packages").rglob("*")):
        relative = str(path.relative_to(root))
        if not path.is_dir() and relative not in logged:
            yield Flaw("incomplete", relative, f"{relative} has no line in the log: sealing was broken off, lines were"
                       " cut off, or it was put there.")  # fmt: skip


def _sealed_package(root: Path, facts: Mapping[str, Any]) -> Iterator[Flaw]:
    relative = facts["path"]
    path = root / relative
    if ".." in Path(relative).parts or Path(relative).is_absolute():
        yield Flaw("altered", relative, f"The log places {facts['id']} outside the archive.")
        return
    try:
        digest = bag.digest_of(path)
    except FileNotFoundError:
        yield Flaw("incomplete", relative, f"{relative} is in the log and not in the archive.")
        return
    except OSError as error:
        yield Flaw("incomplete", relative, f"{relative} can't be read ({error.strerror}).")
        return
    if digest != facts["sha256"]:
        yield Flaw("altered", relative, f"{relative} is not what was sealed.")
    yield from verify_package(path).flaws


def _faults(package: bag.Package, name: str) -> Iterator[str]:
    if package.package_id != name:
        yield f"The bag inside is {package.package_id}."
    yield from package.faults()
    try:
        if package.record.get("package_id") != package.package_id:
            yield "data/record.json is that of another package."
    except EvidenceError as error:
        yield error.sentence
