"""Judges the challenge set, which nobody trains or tunes on: what is found, and what is wrongly flagged.

.venv/bin/python benchmarks/challenge.py                        Clinton City's policy
.venv/bin/python benchmarks/challenge.py --policy hartford-city-012 --json

What the figures mean stands in benchmarks/challenge/README.md.
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
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from disguises import DISGUISES, disguised
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.errors import BeadleError
from bot.moderation.judge import Judge
from bot.moderation.pack import CATEGORIES
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Item, Outcome, Verdict

ROOT = Path(__file__).resolve().parent.parent
FILES = ROOT / "benchmarks" / "challenge"
LANGUAGES = ("en", "es", "pt")
LAWFUL = ("civic", "protected")
REVIEW_AT = 0.5
AROUND = 8
"""How many civic comments a violation is buried among."""
SHARES = {"every word": 1.0, "half of the words": 0.5}
# A datum in other characters is another datum: who writes a card number with stars has not published it.
NOT_DISGUISED = {"pii"}
FEW = (
    "{total} lawful comments can't show a rate under {bound:.2%}: even with none flagged, the truth may be that high "
    "(95%)."
)
_AT_ONCE = 512

Tick = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A comment of the set. ``form`` says of protected speech which kind it is."""

    text: str
    lang: str
    kind: str
    labels: Mapping[str, int]
    form: str = ""


@dataclass(frozen=True, slots=True)
class Count:
    """``part`` of ``whole``."""

    part: int
    whole: int

    def __str__(self) -> str:
        return f"{self.part / self.whole:.1%} ({self.part}/{self.whole})" if self.whole else "-"


@dataclass(frozen=True, slots=True)
class Found:
    """Of the comments that hold a violation: ``named`` with its category (a label of 0.5 or more), sent to anybody
    or anything for whatever reason (``flagged``), sent to act."""

    named: Count
    flagged: Count
    acted: Count


@dataclass(frozen=True, slots=True)
class Flagged:
    """Of lawful comments: sent to act, and to act or review."""

    acted: Count
    flagged: Count


@dataclass
class Figures:
    """Everything measured. Keys: category or kind, then language or form, or ``all``; of ``disguises``, its name,
    then how many words."""

    policy: str
    version: str
    rows: int
    found: dict[str, dict[str, Found]] = field(default_factory=dict)
    lawful: dict[str, dict[str, Flagged]] = field(default_factory=dict)
    disguises: dict[str, dict[str, Count]] = field(default_factory=dict)
    disguised_civic: dict[str, dict[str, Flagged]] = field(default_factory=dict)
    buried: dict[str, Count] = field(default_factory=dict)
    civic_together: dict[str, Flagged] = field(default_factory=dict)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the set was judged, whatever came out; 1 when it can't be."""
    wanted = _arguments(arguments)
    try:
        figures = _measure(wanted)
    except BeadleError as error:
        print(error.sentence, file=sys.stderr)
        return 1
    if wanted.json:
        print(json.dumps(asdict(figures), indent=2))
    else:
        _print(figures, Console())
    return 0


def read_rows(folder: Path = FILES) -> list[Row]:
    """The whole set, file by file."""
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()]
    return [Row(**json.loads(line)) for line in lines]


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--policy", default="clinton-city", metavar="SLUG")
    parser.add_argument("--config", type=Path, default=ROOT / "config", metavar="DIR")
    parser.add_argument("--seed", default="1", help="another seed disguises and buries otherwise")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args(arguments)


def _measure(wanted: argparse.Namespace) -> Figures:
    shelf = PolicyShelf.load(wanted.config / "policies", only=wanted.policy, examples=False)
    judge = shelf.judge(shelf.in_force(wanted.policy, datetime.now(UTC)))
    rows = read_rows()
    columns = (TextColumn("judging"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging", total=None)
        return measure(judge, rows, wanted.seed, lambda count: progress.advance(task, count))


def measure(judge: Judge, rows: Sequence[Row], seed: str, tick: Tick = lambda count: None) -> Figures:
    """Judge the set as it is, disguised, and buried. ``tick`` is told how many comments were judged since."""
    alone = list(zip(rows, _verdicts(judge, [row.text for row in rows], tick), strict=True))
    figures = Figures(judge.pack.slug, judge.pack.version, len(rows))
    figures.found = _found(alone)
    figures.lawful = {kind: _lawful([each for each in alone if each[0].kind == kind]) for kind in LAWFUL}
    caught = [row for row, verdict in alone if row.kind in CATEGORIES and _names(verdict, row.kind)]
    civic = [row for row in rows if row.kind == "civic"]
    _disguise(judge, figures, caught, civic, seed, tick)
    _bury(judge, figures, caught, civic, seed, tick)
    return figures


def _verdicts(judge: Judge, texts: Sequence[str], tick: Tick) -> list[Verdict]:
    verdicts: list[Verdict] = []
    for start in range(0, len(texts), _AT_ONCE):
        batch = judge.judge_all([Item(text) for text in texts[start : start + _AT_ONCE]])
        verdicts += batch
        tick(len(batch))
    return verdicts


def _names(verdict: Verdict, category: str) -> bool:
    return verdict.labels.get(category, 0.0) >= REVIEW_AT


def _found(judged: Iterable[tuple[Row, Verdict]]) -> dict[str, dict[str, Found]]:
    """By category and language. A comment counts for every category that it is labelled with."""
    groups: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for row, verdict in judged:
        for category in CATEGORIES:
            if row.labels[category]:
                groups[category, row.lang].append(verdict)
                groups[category, "all"].append(verdict)
    return {
        category: {lang: _found_of(groups[category, lang], category) for lang in (*LANGUAGES, "all")}
        for category in CATEGORIES
    }


def _found_of(verdicts: Sequence[Verdict], category: str) -> Found:
    named = sum(_names(verdict, category) for verdict in verdicts)
    flagged = _flagged(verdicts)
    return Found(Count(named, len(verdicts)), flagged.flagged, flagged.acted)


def _flagged(verdicts: Sequence[Verdict]) -> Flagged:
    outcomes = [verdict.outcome for verdict in verdicts]
    acted, clear = outcomes.count(Outcome.ACT), outcomes.count(Outcome.CLEAR)
    return Flagged(Count(acted, len(verdicts)), Count(len(verdicts) - clear, len(verdicts)))


def _lawful(judged: Sequence[tuple[Row, Verdict]]) -> dict[str, Flagged]:
    groups: dict[str, list[Verdict]] = defaultdict(list)
    for row, verdict in judged:
        for group in filter(None, (row.lang, row.form, "all")):
            groups[group].append(verdict)
    return {group: _flagged(verdicts) for group, verdicts in groups.items()}


def _disguise(
    judge: Judge, figures: Figures, caught: Sequence[Row], civic: Sequence[Row], seed: str, tick: Tick
) -> None:
    rows = [row for row in caught if row.kind not in NOT_DISGUISED]
    for name, disguise in DISGUISES.items():
        for words, share in SHARES.items():
            texts = [disguised(row.text, disguise, share, f"{seed}|{name}|{row.text}") for row in (*rows, *civic)]
            verdicts = _verdicts(judge, texts, tick)
            kept = sum(_names(verdict, row.kind) for row, verdict in zip(rows, verdicts, strict=False))
            figures.disguises.setdefault(name, {})[words] = Count(kept, len(rows))
            figures.disguised_civic.setdefault(name, {})[words] = _flagged(verdicts[len(rows) :])


def _bury(judge: Judge, figures: Figures, caught: Sequence[Row], civic: Sequence[Row], seed: str, tick: Tick) -> None:
    around = [_around(row, civic, seed) for row in caught]
    buried = _verdicts(judge, [_together(row, texts, seed) for row, texts in zip(caught, around, strict=True)], tick)
    for category in (*CATEGORIES, "all"):
        kept = [_names(v, row.kind) for row, v in zip(caught, buried, strict=True) if category in (row.kind, "all")]
        figures.buried[category] = Count(sum(kept), len(kept))
    figures.civic_together["all"] = _flagged(_verdicts(judge, [" ".join(texts) for texts in around], tick))


def _around(row: Row, civic: Sequence[Row], seed: str) -> list[str]:
    rng = Random(f"{seed}|around|{row.text}")  # noqa: S311 - for a measurement, not a secret
    return rng.sample([each.text for each in civic if each.lang == row.lang], AROUND)


def _together(row: Row, around: Sequence[str], seed: str) -> str:
    at = Random(f"{seed}|at|{row.text}").randrange(1, len(around))  # noqa: S311
    return " ".join([*around[:at], row.text, *around[at:]])


def _print(figures: Figures, out: Console) -> None:
    out.print(f"{figures.rows:,} comments, policy {figures.policy} {figures.version}\n")
    for table in (
        _found_table(figures),
        _lawful_table(figures),
        _disguise_table(figures),
        _buried_table(figures),
    ):
        out.print(table)
    for kind, groups in figures.lawful.items():
        total = groups["all"].flagged.whole
        out.print(f"{kind}: {FEW.format(total=total, bound=1 - 0.05 ** (1 / total))}")


def _found_table(figures: Figures) -> Table:
    table = _table(
        "Violations found: named with their category (label of 0.5 or more)",
        ("category", *LANGUAGES, "all", "to act or review", "to act"),
    )
    for category, by_lang in figures.found.items():
        found = by_lang["all"]
        named = [str(by_lang[lang].named) for lang in (*LANGUAGES, "all")]
        table.add_row(category, *named, str(found.flagged), str(found.acted))
    return table


def _lawful_table(figures: Figures) -> Table:
    table = _table("Lawful comments wrongly sent", ("kind", "of it", "to act", "to act or review"))
    for kind, groups in figures.lawful.items():
        for group in sorted(groups, key=lambda name: (name == "all", name in LANGUAGES, name)):
            table.add_row(kind, group, str(groups[group].acted), str(groups[group].flagged))
        table.add_section()
    return table


def _disguise_table(figures: Figures) -> Table:
    columns = [column for words in SHARES for column in (f"kept, {words}", "civic to act or review")]
    table = _table("Disguised: of what is named in plain text, what still is", ("disguise", *columns))
    for name, by_words in figures.disguises.items():
        civic = figures.disguised_civic[name]
        table.add_row(name, *(str(each) for words in SHARES for each in (by_words[words], civic[words].flagged)))
    table.add_section()
    table.add_row("all", *(each for words in SHARES for each in _sums(figures, words)))
    return table


def _sums(figures: Figures, words: str) -> tuple[str, str]:
    kept = [by_words[words] for by_words in figures.disguises.values()]
    civic = [by_words[words].flagged for by_words in figures.disguised_civic.values()]
    return str(_sum(kept)), str(_sum(civic))


def _sum(counts: Sequence[Count]) -> Count:
    return Count(sum(each.part for each in counts), sum(each.whole for each in counts))


def _buried_table(figures: Figures) -> Table:
    table = _table(f"Buried among {AROUND} civic comments: of what is named alone, what still is", ("category", "kept"))
    for category, count in figures.buried.items():
        table.add_row(category, str(count))
    table.add_section()
    together = figures.civic_together["all"]
    table.add_row("the same without the violation: to act", str(together.acted))
    table.add_row("the same without the violation: to act or review", str(together.flagged))
    return table


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for place, column in enumerate(columns):
        table.add_column(column, justify="right" if place and column != "of it" else "left")
    return table


if __name__ == "__main__":
    sys.exit(main())
