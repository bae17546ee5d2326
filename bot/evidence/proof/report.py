"""What a check found, and the exit status it stands for (EV-12). Values only; ``docs/verify.md`` documents the JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from bot.evidence.chain.log import BEGINNING, Head

Kind = Literal["usage", "altered", "incomplete", "unknown_key", "timestamp_invalid"]
Stamped = Literal["valid", "pending", "not_checked", "invalid"]

SCHEMA = "beadle-verify/1"
NOTHING = Head(0, BEGINNING)
EXIT: Mapping[Kind, int] = {"usage": 64, "altered": 2, "incomplete": 3, "unknown_key": 5, "timestamp_invalid": 4}
"""In the order in which one of several counts."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that isn't as it should be. ``subject``: a path or a line of the log; ``sentence`` is for people."""

    kind: Kind
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """What an authority said of one checkpoint. ``time`` is the authority's, ``None`` where there is no answer yet."""

    checkpoint: int
    authority: int
    state: Stamped
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Signed:
    """The newest checkpoint: how many lines it covers, the root of their tree, and whose key signed it (its id)."""

    size: int
    root: str
    key_id: str


@dataclass(frozen=True, slots=True)
class Report:
    """What was looked at, and what was found.

    ``what``: archive, package, supplement, export or nothing. ``line``: which line of the log (from 1) a single package
    stands in, where there is a log. ``recovered``: packages that got their line only after a
    crash. ``size`` in bytes. ``keys``: the ids of the keys in their order of succession. ``notes`` are sentences that a
    reader should know and that are no flaws: a time stamp that is still to come, one that could not be checked here.
    """

    what: str = "nothing"
    path: str = ""
    line: int | None = None
    packages: int = 0
    supplements: int = 0
    recovered: int = 0
    lines: int = 0
    size: int = 0
    head: Head = NOTHING
    checkpoints: int = 0
    signed: Signed | None = None
    keys: tuple[str, ...] = ()
    stamps: tuple[Stamp, ...] = ()
    flaws: tuple[Flaw, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def exit_code(self) -> int:
        """Of several flaws the first of: wrong usage, altered, incomplete, unknown key, time stamp. 0 without any."""
        kind = self.verdict
        return 0 if kind == "sound" else EXIT[kind]

    @property
    def verdict(self) -> Kind | Literal["sound"]:
        """The exit code in a word."""
        kinds = {flaw.kind for flaw in self.flaws}
        return next((kind for kind in EXIT if kind in kinds), "sound")


def plain(report: Report) -> dict[str, Any]:
    """The report as JSON has it: ``docs/verify.md`` lists the fields."""
    stamps = [
        {**asdict(stamp), "time": None if stamp.time is None else stamp.time.isoformat()} for stamp in report.stamps
    ]
    return {
        "schema": SCHEMA,
        "verdict": report.verdict,
        "exit_code": report.exit_code,
        **asdict(report),
        "stamps": stamps,
    }


def refused(path: str, sentence: str) -> Report:
    """The report on what could not be looked at, because it isn't what was asked for."""
    return Report(path=path, flaws=(Flaw("usage", path, sentence),))


def together(sentences: Iterable[str]) -> tuple[str, ...]:
    """Each sentence once, in order."""
    return tuple(dict.fromkeys(sentences))
