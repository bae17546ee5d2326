"""Measures the route of a comment, with the real judge, ledger, daemon and browser, in a made-up town on loopback.

.venv/bin/python benchmarks/route.py                            print the table
.venv/bin/python benchmarks/route.py --write docs/benchmarks.md   and put it between that file's marks
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import acting
import keeping
from acting import BenchmarkError, Hiding
from keeping import Keeping
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bot import __version__
from bot.demo.home import SHIPPED
from bot.demo.play import DAY
from bot.demo.script import Script
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Item, Outcome

Tick = Callable[[int, int], None]
BEGIN, END = "<!-- figures: written by benchmarks/route.py -->", "<!-- end of figures -->"
BUSY = (
    "The machine was busy with other work when this was measured (load {load:.1f} on {cores} processors before it "
    "began): a quiet machine does better."
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What it was measured on. ``load`` is the load average of the minute before."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    python: str
    load: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it. ``raid``: violators all at once; ``steady``: one after the other; ``cards``: a raid, no browser."""

    measured_at: datetime
    version: str
    machine: Machine
    keeping: Keeping
    raid: Hiding
    steady: Hiding
    cards: Hiding


def main() -> int:
    """Measure, print, and write where asked to. Exit status 1 when a violator was not hidden after its evidence."""
    asked = _arguments()
    try:
        figures = measure(asked.comments, asked.violators, asked.steady)
        table = render(figures)
        print(json.dumps(asdict(figures), indent=2, default=str) if asked.json else table)
        if asked.write:
            asked.write.write_text(_between_marks(asked.write.read_text("utf-8"), table), "utf-8")
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    return 0 if all(map(_holds, (figures.raid, figures.steady, figures.cards))) else 1


def measure(comments: int, violators: int, steady: int) -> Figures:
    """Take every figure. Works in a temporary folder and leaves nothing."""
    now, machine = datetime.now(UTC), _machine()
    clear, violating = _texts()
    with tempfile.TemporaryDirectory(prefix="beadle-benchmark-") as made:
        folder = Path(made).resolve()
        with _shown("judging and keeping") as tick:
            kept = keeping.measure(clear, violating, comments, folder / "keeping", tick)
        with _shown("a raid") as tick:
            raid = acting.measure(violating, violators, folder / "raid", tick)
        with _shown("one after the other") as tick:
            one_by_one = acting.measure(violating, steady, folder / "steady", tick, pause_s=2.0)
        with _shown("a raid, cards only") as tick:
            cards = acting.measure(violating, violators, folder / "cards", tick, BEADLE_BROWSER="/nowhere/browser")
    return Figures(now, __version__, machine, kept, raid, one_by_one, cards)


def render(figures: Figures) -> str:
    """The figures as a Markdown table."""
    machine, raid = figures.machine, figures.raid
    lines = [
        f"Beadle {figures.version}, {figures.measured_at:%Y-%m-%d %H:%M} UTC, {machine.cores} processors "
        f"({machine.processor}), {machine.memory_gb:.0f} GB, {machine.system}, Python {machine.python}.",
    ]
    if machine.load > machine.cores / 2:
        lines.append(BUSY.format(load=machine.load, cores=machine.cores))
    lines += ["", "| what | figure |", "|---|---|"]
    lines += [f"| {what} | {figure} |" for what, figure in (*_kept_rows(figures.keeping), *_hidden_rows(figures))]
    return "\n".join([*lines, *_memory_rows(raid)])


def _kept_rows(kept: Keeping) -> Iterator[tuple[str, str]]:
    share = f"{kept.comments:,} comments, {kept.cases:,} of them cases"
    yield "judged, the judge alone", f"{kept.judged_per_s:,.0f} comments a second"
    yield f"judged and kept ({share})", f"{kept.kept_per_s:,.0f} comments a second"
    yield "the limit: SQLite alone takes the same rows", f"{kept.raw_per_s:,.0f} comments a second"
    yield "judged and kept, of that limit", f"{kept.ratio:.0%}"


def _hidden_rows(figures: Figures) -> Iterator[tuple[str, str]]:
    raid, cards, steady = figures.raid, figures.cards, figures.steady
    yield (
        f"{raid.violators} violators at once: preserved, verified and hidden",
        f"{raid.per_minute:,.0f} a minute, {raid.pictures} with a picture that shows the comment",
    )
    yield "the same without a browser, cards only", f"{cards.per_minute:,.0f} a minute"
    yield "with pictures, of the pace of cards only", f"{raid.per_minute / cards.per_minute:.0%}"
    yield (
        f"from the platform's answer to the hide, {steady.violators} violators 2 s apart",
        f"median {steady.median_s:.1f} s, 95 in 100 within {steady.p95_s:.1f} s",
    )
    yield (
        f"the same when {raid.violators} come at once",
        f"median {raid.median_s:.1f} s, 95 in 100 within {raid.p95_s:.1f} s",
    )
    done = [raid, steady, cards]
    yield (
        "evidence sealed and verified before the hide",
        f"{sum(each.proven_before for each in done)} of {sum(each.hidden for each in done)}",
    )


def _memory_rows(raid: Hiding) -> Iterator[str]:
    yield f"| the daemon's memory at its highest | {raid.daemon_memory / 2**20:.0f} MiB |"
    yield f"| that of its capture processes and browsers together | {raid.browser_memory / 2**20:.0f} MiB |"


def _holds(hiding: Hiding) -> bool:
    return hiding.violators == hiding.hidden == hiding.proven_before and hiding.archive_as_sealed


def _texts() -> tuple[list[str], list[str]]:
    """The demo's day, sorted by the judge that will judge it: what is clear, and what a signed list would hide."""
    shelf = PolicyShelf.load(SHIPPED / "policies", SHIPPED / "wordlists")
    judge = Judge(shelf.in_force("clinton-city", datetime.now(UTC)), shelf.wordlists)
    by_outcome: dict[Outcome, list[str]] = {outcome: [] for outcome in Outcome}
    for comment in Script.load(DAY).comments:
        if 0 < len(comment.text) < 1000:
            by_outcome[judge.judge(Item(comment.text)).outcome].append(comment.text)
    return by_outcome[Outcome.CLEAR], by_outcome[Outcome.ACT]


def _machine() -> Machine:
    names = [line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")]
    return Machine(
        processor=names[0] if names else platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        memory_gb=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30,
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        python=platform.python_version(),
        load=os.getloadavg()[0],
    )


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(errors="replace").splitlines()
    except OSError:
        return []


def _between_marks(page: str, table: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise BenchmarkError(f"there is no place for figures in that file; put in the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


@contextmanager
def _shown(what: str) -> Iterator[Tick]:
    columns = (TextColumn("{task.description:<22}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures the route of a comment; takes about four minutes.")
    parser.add_argument("--comments", type=int, default=20_000, help="how many are judged and kept (20000)")
    parser.add_argument("--violators", type=int, default=60, help="how many come at once (60)")
    parser.add_argument("--steady", type=int, default=20, help="how many come one after the other (20)")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between the marks of this file too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
