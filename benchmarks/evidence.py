"""Measures evidence: how fast, how surely, how lastingly it is sealed and verified. One report, one row a promise.

.venv/bin/python benchmarks/evidence.py                                    everything but the soak (some ten minutes)
.venv/bin/python benchmarks/evidence.py --soak 3000                        and the soak (some twenty more)
.venv/bin/python benchmarks/evidence.py --only paces,card                  only these
.venv/bin/python benchmarks/evidence.py --write docs/benchmarks-evidence.md  and put the table between that file's marks
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import machine
import sealing
import shelves
import specimen
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot import __version__
from bot.evidence.card.typecase import Typecase

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = REPOSITORY / "tests" / "evidence" / "card" / "scripts.txt"
Tick = Callable[[int, int], None]
BEGIN, END = "<!-- figures: written by benchmarks/evidence.py -->", "<!-- end of figures -->"
_CARDS = """
import sys, hashlib
sys.path[:0] = sys.argv[1:3]
import printed
print(printed.digest())
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One promise: ``what``, what was to be ``reach``ed, what was ``measured``. ``met`` is ``None`` where a figure only
    stands beside another."""

    what: str
    reach: str
    measured: str
    met: bool | None


def main() -> int:
    """Measure, print, and write where asked to. Exit status 1 when a promise isn't kept."""
    asked = _arguments()
    before, started = os.getloadavg()[0], datetime.now(UTC)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="beadle-benchmark-") as made, specimen.pages() as host:
        for name in asked.only or [each for each in PARTS if each != "soak" or asked.soak]:
            for row in _surely(name, PARTS[name](Path(made).resolve() / name, host, asked)):
                rows.append(row)
                print(f"{_word(row):<8} {row.what}: {row.measured}", file=sys.stderr)
    head = machine.sentence(__version__, started, before)
    _print(head, rows)
    if asked.write:
        asked.write.write_text(_between_marks(asked.write.read_text("utf-8"), _markdown(head, rows)), "utf-8")
    return 1 if any(row.met is False for row in rows) else 0


def paces(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """Warm, one at a time; then as many as the machine takes."""
    limits = {"embed": (0.3, 250), "permalink": (0.5, 180)}
    for kind, (p50, _) in limits.items():
        with _shown(f"{kind}, one at a time") as tick:
            pace = sealing.pace(folder / kind, host, kind, asked.captures, tick)
        yield Row(
            f"capture to sealed and verified, warm, {kind} ({pace.sealed})",
            f"p50 < {p50} s, p95 < 1 s",
            f"p50 {pace.p50_s:.2f} s, p95 {pace.p95_s:.2f} s, worst {pace.worst_s:.2f} s, {pace.visible} are proof",
            pace.p50_s < p50 and pace.p95_s < 1 and pace.visible == pace.sealed,
        )
    for kind, (_, a_minute) in limits.items():
        with _shown(f"{kind}, two at once") as tick:
            pace = sealing.pace(folder / f"{kind}-two", host, kind, 2 * asked.captures, tick, at_once=2)
        yield _sustained(kind, a_minute, pace)
    with _shown("cards only, two at once") as tick:
        yield _sustained(
            "card only", 1_500, sealing.pace(folder / "cards", None, "", 6 * asked.captures, tick, at_once=2)
        )


def _sustained(kind: str, a_minute: int, pace: sealing.Pace) -> Row:
    measured = f"{pace.per_minute:,.0f} a minute ({pace.cpu_s_each:.3f} CPU s each)"
    return Row(
        f"sustained, one process, {kind} ({pace.sealed})",
        f"{a_minute:,} a minute",
        measured,
        pace.per_minute >= a_minute,
    )


def faults(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """Browsers and drivers killed at random; then the hostile pages."""
    with _shown("with kills") as tick:
        found = sealing.faults(folder, host, asked.faults, asked.seed, tick)
    yield Row(
        f"sealed while browser or driver was killed {found.kills} times (seed {asked.seed})",
        "100 %, each < 8.5 s",
        f"{found.sealed} of {found.captures}, worst {found.worst_s:.2f} s, {found.visible} show the words",
        found.sealed == found.captures and found.worst_s < 8.5,
    )
    yield from _told("hostile.py", "40 hostile pages and their canaries", "0 hits, each < 8.5 s")


def soak(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """As long as is asked for."""
    with _shown("soak") as tick:
        found = sealing.soak(folder, host, asked.soak, tick)
    yield Row(
        f"soak, {found.captures:,} captures in {found.minutes:.0f} minutes",
        "growth < 5 %, < 700 MB in all, no process left",
        f"growth {found.growth:+.1%}, {found.largest / 1e6:.0f} MB at most, {found.left_over} left, "
        f"{found.visible:,} show the words",
        found.growth < 0.05 and found.largest < 700e6 and not found.left_over,
    )


def kills(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """kill -9 while sealing."""
    yield from _told("kills.py", "kill -9 while sealing, 500 times", "0 lost, 0 unlogged, 0 sealed twice")


def attacks(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """The attacks of the tests, each an altered archive or export."""
    command = [sys.executable, "-m", "pytest", "-q", "tests/evidence/proof/test_attacks.py", "-p", "no:cacheprovider"]
    done = _run(command)
    passed = int(found[1]) if (found := re.search(r"(\d+) passed", done.stdout)) else 0
    yield Row(
        "attacks on an archive, an insider with a new key among them",
        "15 or more, all found",
        f"{passed} found" if done.returncode == 0 else done.stdout.strip().splitlines()[-1],
        done.returncode == 0 and passed >= 15,
    )


def card(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """The same card in other processes, time zones and locales; and the reference validator's word."""
    digests = set()
    for zone, locale in (("UTC", "C"), ("Pacific/Kiritimati", "C.UTF-8"), ("America/New_York", "de_DE.UTF-8")):
        command = [sys.executable, "-c", _CARDS, str(REPOSITORY), str(REPOSITORY / "benchmarks")]
        done = _run(command, TZ=zone, LC_ALL=locale, PYTHONHASHSEED=str(len(digests) + 1))
        digests.add(done.stdout.strip() or done.stderr.strip()[-200:])
    yield Row(
        "card: three processes, time zones and locales",
        "the same bytes",
        f"{len(digests)} different",
        len(digests) == 1,
    )
    yield from _told("verapdf.py", "card: veraPDF, PDF/A-3a and PDF/UA-1", "valid")


def scripts(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """Every sample of a script, character by character: has a pinned font of the card it, and a font of the system?"""
    samples = dict(line.split(": ", 1) for line in SCRIPTS.read_text("utf-8").splitlines())
    printed, _ = Typecase().fit([*samples.values()])
    boxes = [name for name, line in zip(samples, printed, strict=True) if line != samples[name]]
    letters = sorted({letter for line in samples.values() for letter in line if letter.isprintable()})
    lacking = [each for each in letters if not _run(["fc-list", f":charset={ord(each):x}", "family"]).stdout.strip()]
    yield Row(
        f"{len(samples)} samples of scripts and signs in card and picture",
        "20 scripts, no empty box",
        f"card: {len(boxes)} samples with a character that no pinned font has; picture: {len(lacking)} of "
        f"{len(letters)} characters that no font of the system has",
        len(samples) >= 20 and not boxes and not lacking,
    )


def wacz(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """Replayed by ReplayWeb.page."""
    yield from _told("replay.py", "WACZ in ReplayWeb.page in Chromium", "replays, signature true, false when altered")


def verify(folder: Path, host: str, asked: argparse.Namespace) -> Iterator[Row]:
    """The whole archive."""
    with _shown("sealing packages to verify") as tick:
        found = shelves.measure(folder, asked.packages, tick)
    yield Row(
        f"verify {found.packages:,} packages ({found.size / 1e9:.1f} GB)",
        "log < 1 s, everything 250 MB/s",
        f"log {found.log_s:.2f} s, everything {found.per_second / 1e6:.0f} MB/s"
        f" ({found.per_second / found.hashing:.0%} of what one thread hashes in memory)",
        found.sound and found.log_s < 1 and found.per_second >= 250e6,
    )


PARTS: dict[str, Callable[[Path, str, argparse.Namespace], Iterator[Row]]] = {
    "paces": paces, "faults": faults, "kills": kills, "attacks": attacks, "card": card, "scripts": scripts,
    "wacz": wacz, "verify": verify, "soak": soak,
}  # fmt: skip


def _surely(name: str, rows: Iterator[Row]) -> Iterator[Row]:
    """The rows of a part. One that fails is a promise not kept, and takes no other's figures with it."""
    try:
        yield from rows
    except Exception as error:  # whatever it is
        yield Row(name, "measured at all", f"{type(error).__name__}: {error}"[:300], False)


def _told(command: str, what: str, reach: str) -> Iterator[Row]:
    """A row from a command of its own: its last line, and whether its exit status was 0."""
    with _shown(command) as tick:
        tick(0, 1)
        done = _run([sys.executable, str(REPOSITORY / "benchmarks" / command)])
        tick(1, 1)
    lines = (done.stdout.strip() or done.stderr.strip() or "it said nothing").splitlines()
    yield Row(what, reach, lines[-1][:300], done.returncode == 0)


def _run(command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603
        command, cwd=REPOSITORY, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def _print(head: str, rows: list[Row]) -> None:
    out = Console()
    out.print(head)
    table = Table("what", "to reach", "measured", "")
    for row in rows:
        table.add_row(row.what, row.reach, row.measured, _word(row))
    out.print(table)


def _markdown(head: str, rows: list[Row]) -> str:
    lines = [head, "", "| what | to reach | measured | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.reach} | {row.measured} | {_word(row)} |" for row in rows)])


def _word(row: Row) -> str:
    return "" if row.met is None else "reached" if row.met else "MISSED"


def _between_marks(page: str, table: str) -> str:
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise SystemExit(f"benchmark: there is no place for figures in that file; put in the lines {BEGIN} and {END}.")
    return f"{before}{BEGIN}\n{table}\n{END}{after}"


@contextmanager
def _shown(what: str) -> Iterator[Tick]:
    columns = (TextColumn("{task.description:<28}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures evidence: how fast, how surely, how lastingly.")
    known = ",".join(PARTS)
    parser.add_argument("--only", type=lambda given: given.split(","), help=f"some of {known}")
    parser.add_argument("--captures", type=int, default=100, help="how many for each pace (100)")
    parser.add_argument("--faults", type=int, default=300, help="how many while browsers are killed (300)")
    parser.add_argument(
        "--soak", type=int, default=0, help="how many without a pause (none; 3000 take some 20 minutes)"
    )
    parser.add_argument("--packages", type=int, default=10_000, help="how many are verified (10000)")
    parser.add_argument("--seed", type=int, default=20, help="of the random kills (20)")
    parser.add_argument("--write", type=Path, metavar="FILE", help="put the table between the marks of this file too")
    asked = parser.parse_args()
    if unknown := [each for each in asked.only or () if each not in PARTS]:
        parser.error(f"--only {unknown[0]}: there is {known}.")
    return asked


if __name__ == "__main__":
    sys.exit(main())
