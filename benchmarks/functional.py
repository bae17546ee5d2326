"""Judges the functional tests for hate: which forms of it are found, and whether every group is protected alike.

.venv/bin/python benchmarks/functional.py                        Clinton City's policy
.venv/bin/python benchmarks/functional.py --policy hartford-city-012 --json

What the figures mean stands in benchmarks/functional/README.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(Path(__file__).resolve().parent / "functional"))

from frames import LANGUAGES, cases
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.errors import BeadleError
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Item, Verdict

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "benchmarks" / "functional"
CATEGORY = "hate"
REVIEW_AT = 0.5
ALL = "all"
_AT_ONCE = 512

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the files. ``group`` is whom it speaks of, or ``object``, ``individual``, ``nobody``."""

    text: str
    lang: str
    functionality: str
    group: str
    hateful: int


@dataclass(frozen=True, slots=True)
class Count:
    """``part`` of ``whole``."""

    part: int
    whole: int

    @property
    def share(self) -> float:
        """0..1; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0

    def __str__(self) -> str:
        return f"{self.share:.1%} ({self.part}/{self.whole})" if self.whole else "-"


@dataclass(frozen=True, slots=True)
class Right:
    """Of the rows of a language: rightly judged, among all, the hateful and the others."""

    total: Count
    hateful: Count
    harmless: Count


@dataclass(frozen=True, slots=True)
class Spread:
    """What is found of each group in the frames that are filled with every group of the language, in points of
    percentage between the most and the least; ``most`` and ``least`` name the groups at either end."""

    groups: dict[str, Count]
    points: float
    most: tuple[str, ...]
    least: tuple[str, ...]


@dataclass
class Figures:
    """Everything measured. Outer keys: a language, and of the first two ``all`` as well."""

    policy: str
    version: str
    rows: int
    right: dict[str, Right] = field(default_factory=dict)
    functionalities: dict[str, dict[str, Count]] = field(default_factory=dict)
    hateful: dict[str, int] = field(default_factory=dict)
    recall: dict[str, Spread] = field(default_factory=dict)
    wrongly: dict[str, Spread] = field(default_factory=dict)


Judged = tuple[Row, bool]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the rows were judged, whatever came out; 1 when they can't be."""
    wanted = _arguments(arguments)
    try:
        figures = _measure(wanted)
    except BeadleError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    if wanted.json:
        print(json.dumps(asdict(figures), indent=2, ensure_ascii=False))
    else:
        _print(figures, Console())
    return 0


def read_rows(folder: Path = FILES) -> list[Row]:
    """Every row, file by file."""
    lines = [line for path in sorted(folder.glob("hate.*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [Row(**json.loads(line)) for line in lines]


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--policy", default="clinton-city", metavar="SLUG")
    parser.add_argument("--config", type=Path, default=ROOT / "config", metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


def _measure(wanted: argparse.Namespace) -> Figures:
    shelf = PolicyShelf.load(wanted.config / "policies", only=wanted.policy, examples=False)
    judge = shelf.judge(shelf.in_force(wanted.policy, datetime.now(UTC)))
    rows = read_rows()
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging", total=len(rows))
        return measure(judge, rows, lambda count: progress.advance(task, count))


def measure(judge: Judge, rows: Sequence[Row], tick: Tick = lambda count: None) -> Figures:
    """Judge ``rows`` and count. ``tick`` is told how many were judged since."""
    verdicts = _verdicts(judge, [row.text for row in rows], tick)
    judged = [(row, _found(verdict)) for row, verdict in zip(rows, verdicts, strict=True)]
    return counted(judge.pack.slug, judge.pack.version, judged)


def counted(policy: str, version: str, judged: Sequence[Judged]) -> Figures:
    """The figures of rows, each with whether hate was found in it."""
    figures = Figures(policy, version, len(judged))
    figures.hateful = {row.functionality: row.hateful for row, _ in judged}
    for lang in (*LANGUAGES, ALL):
        of_lang = [each for each in judged if lang in (each[0].lang, ALL)]
        figures.right[lang] = _right(of_lang)
        figures.functionalities[lang] = _functionalities(of_lang)
    for lang in LANGUAGES:
        figures.recall[lang] = _spread(judged, lang, hateful=1)
        figures.wrongly[lang] = _spread(judged, lang, hateful=0)
    return figures


def _verdicts(judge: Judge, texts: Sequence[str], tick: Tick) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for start in range(0, len(texts), _AT_ONCE):
        batch = judge.judge_all([Item(text) for text in texts[start : start + _AT_ONCE]])
        verdicts += batch
        tick(len(batch))
    return verdicts


def _found(verdict: Verdict) -> bool:
    labelled = verdict.labels.get(CATEGORY, 0.0) >= REVIEW_AT
    return labelled or any(finding.category == CATEGORY for finding in verdict.findings)


def _count(truths: Iterable[bool]) -> Count:
    listed = list(truths)
    return Count(sum(listed), len(listed))


def _right(judged: Sequence[Judged]) -> Right:
    right = [(row.hateful, found == bool(row.hateful)) for row, found in judged]
    return Right(
        _count(each for _, each in right),
        _count(each for hateful, each in right if hateful),
        _count(each for hateful, each in right if not hateful),
    )


def _functionalities(judged: Sequence[Judged]) -> dict[str, Count]:
    right: dict[str, list[bool]] = defaultdict(list)
    for row, found in judged:
        right[row.functionality].append(found == bool(row.hateful))
    return {functionality: _count(truths) for functionality, truths in right.items()}


def _spread(judged: Sequence[Judged], lang: str, *, hateful: int) -> Spread:
    twins = {case.text for case in cases(lang) if case.twin}
    found: dict[str, list[bool]] = defaultdict(list)
    for row, each in judged:
        if row.lang == lang and row.hateful == hateful and row.text in twins:
            found[row.group].append(each)
    return _between({group: _count(truths) for group, truths in found.items()})


def _between(groups: Mapping[str, Count]) -> Spread:
    if not groups:
        return Spread({}, 0.0, (), ())
    ordered = dict(sorted(groups.items(), key=lambda each: -each[1].share))
    shares = [count.share for count in ordered.values()]
    most, least = (tuple(group for group in ordered if ordered[group].share == end) for end in (shares[0], shares[-1]))
    return Spread(ordered, round(100 * (shares[0] - shares[-1]), 1), most, least)


def _print(figures: Figures, out: Console) -> None:
    out.print(f"{figures.rows:,} rows, policy {figures.policy} {figures.version}\n")
    out.print(_functionality_table(figures))
    for lang in LANGUAGES:
        out.print(_group_table(figures, lang))
        recall, wrongly = figures.recall[lang], figures.wrongly[lang]
        out.print(f"{lang}: between groups, {_said(recall)} of hate found; {_said(wrongly)} wrongly flagged\n")


def _said(spread: Spread) -> str:
    if not spread.points:
        return "0.0 points"
    return f"{spread.points} points (most: {', '.join(spread.most)}; least: {', '.join(spread.least)})"


def _functionality_table(figures: Figures) -> Table:
    table = _table("Rightly judged", ("functionality", *LANGUAGES, ALL))
    for hateful, title in ((1, "hateful: found"), (0, "not hateful: not found")):
        table.add_row(f"[bold]{title}")
        for functionality in (name for name, kind in figures.hateful.items() if kind == hateful):
            by_lang = (figures.functionalities[lang].get(functionality, Count(0, 0)) for lang in (*LANGUAGES, ALL))
            table.add_row(f"  {functionality}", *map(str, by_lang))
        table.add_section()
    for name in ("hateful", "harmless", "total"):
        table.add_row(f"all {name}", *(str(getattr(figures.right[lang], name)) for lang in (*LANGUAGES, ALL)))
    return table


def _group_table(figures: Figures, lang: str) -> Table:
    table = _table(f"{lang}: the same frames, group by group", ("group", "hate found", "wrongly flagged"))
    wrongly = figures.wrongly[lang].groups
    for group, found in figures.recall[lang].groups.items():
        table.add_row(group, str(found), str(wrongly.get(group, Count(0, 0))))
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place else "left")
    return table


if __name__ == "__main__":
    sys.exit(main())
