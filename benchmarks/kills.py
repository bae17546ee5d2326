"""Kill -9 while sealing, hundreds of times, and look whether anything was lost.

    python benchmarks/kills.py [--kills 500] [--seed N] [--no-boundaries] [--json FILE]

A child seals case after case, each with a supplement, and is killed at a random moment; the next child takes over what
it left. Then, without any chance: a kill before, in the middle of and after each call that writes, and a power cut
before each of them, after which what was not synced is gone. Exit status 1 if anything was lost.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import structlog
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bot.evidence.card.printer import CardPrinter
from bot.evidence.proof.verify import verify_archive
from bot.evidence.store import Archive

SEALER = Path(__file__).resolve().parents[1] / "tests" / "evidence" / "sealer.py"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``reported``: seals that a child said were done, on whose strength it could have acted. ``lost``: of these, not
    there or not whole. ``unlogged``: packages without a line. ``twice``: cases sealed twice. ``made_good``: lines by
    kind that recovery wrote. ``flaws``: what ``verify`` says at the end."""

    seed: int
    kills: int
    seconds: float
    reported: int
    packages: int
    supplements: int
    lost: int
    unlogged: int
    twice: int
    left_over: int
    made_good: dict[str, int]
    flaws: list[str]
    boundaries: int
    boundaries_failed: list[str]
    power_cuts: int
    power_cuts_failed: list[str]

    @property
    def passed(self) -> bool:
        """Nothing lost, unlogged, doubled or left, and nothing wrong in the end."""
        wrong = (self.lost, self.unlogged, self.twice, self.left_over)
        return not any(wrong) and not self.flaws and not self.boundaries_failed and not self.power_cuts_failed

    @property
    def sentence(self) -> str:
        """All of it on one line, for whoever runs this among others."""
        failed = len(self.boundaries_failed) + len(self.power_cuts_failed)
        return (
            f"{'PASSED' if self.passed else 'FAILED'}: {self.kills} kills (seed {self.seed}), {self.reported} seals"
            f" reported: {self.lost} lost, {self.unlogged} unlogged, {self.twice} sealed twice; a kill or power cut at"
            f" each call that writes: {self.boundaries + self.power_cuts}, {failed} failed; {len(self.flaws)} flaws"
        )


def main() -> None:
    asked = _asked()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    with tempfile.TemporaryDirectory(prefix="beadle-kills-") as folder:
        found = measure(Path(folder), asked.kills, asked.seed, asked.boundaries)
    _print(found)
    if asked.json is not None:
        asked.json.write_text(json.dumps({**asdict(found), "passed": found.passed}, indent=2) + "\n")
    raise SystemExit(0 if found.passed else 1)


def measure(folder: Path, kills: int, seed: int, boundaries: bool = True) -> Outcome:
    """Kill at random, then at every boundary, and count what came of it."""
    begun = time.monotonic()
    with Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        console=Console(stderr=True), transient=True,
    ) as progress:  # fmt: skip
        reported: dict[str, str] = {}
        task = progress.add_task("kills at random", total=kills)
        for line in _sealer(folder / "archive", "--kills", str(kills), "--seed", str(seed)):
            reported |= line
            progress.advance(task)
        found = _look(folder / "archive", reported)
        exact = _exact(folder, progress) if boundaries else {}
    seconds = round(time.monotonic() - begun, 1)
    return Outcome(seed=seed, kills=kills, seconds=seconds, reported=len(reported), **found, **_ends(exact))


def _look(root: Path, reported: dict[str, str]) -> dict[str, Any]:
    """The archive as the next process finds it, after that process has made good what the last kill left."""
    archive = Archive(root, CardPrinter(), reserve=0.0)
    archive.note("checked", {})
    report = verify_archive(root)
    lines = [json.loads(line) for line in (root / "log" / "entries.jsonl").read_bytes().splitlines()]
    cases = Counter(facts["case_id"] for facts in lines if facts["type"].startswith("package"))
    logged = {facts["path"] for facts in lines if "path" in facts}
    on_disk = {str(path.relative_to(root)) for path in (root / "packages").rglob("*.zip")}
    made_good = Counter(
        facts["type"] for facts in lines if facts["type"] in ("package-recovered", "torn-line", "set-aside")
    )
    return {
        "packages": report.packages,
        "supplements": report.supplements,
        "lost": sum(not _is_there(archive, case_id, package_id) for case_id, package_id in reported.items()),
        "unlogged": len(on_disk - logged),
        "twice": sum(count > 1 for count in cases.values()),
        "left_over": len(list((root / "incoming").iterdir())),
        "made_good": dict(made_good),
        "flaws": [flaw.sentence for flaw in report.flaws],
    }


def _is_there(archive: Archive, case_id: str, package_id: str) -> bool:
    ref = archive.sealed(case_id)
    return ref is not None and ref.package_id == package_id


def _exact(folder: Path, progress: Progress) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for how in ("boundaries", "power"):
        task = progress.add_task(f"every call: {how}", total=None)
        found[how] = []
        for row in _sealer(folder / how, f"--{how}"):
            found[how].append(row)
            progress.advance(task)
    return found


def _ends(exact: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    kills, cuts = exact.get("boundaries", []), exact.get("power", [])
    return {
        "boundaries": len(kills),
        "boundaries_failed": [f"{row['step']} {row['moment']}" for row in kills if _is_bad(row)],
        "power_cuts": len(cuts),
        "power_cuts_failed": [f"{row['step']} {row['moment']}" for row in cuts if _is_bad(row)],
    }


def _is_bad(row: dict[str, Any]) -> bool:
    """One case and its supplement, once each, whatever happened; what was reported is what is there."""
    lost = row["reported"] and row["reported"] != [row["sealed"]]
    whole = row["cases"] == ["case-0", "case-1"] and row["supplements"] == 1
    return bool(not row["died"] or row["flaws"] or row["left"] or lost or not whole)


def _sealer(folder: Path, *words: str) -> Iterator[dict[str, Any]]:
    folder.mkdir(parents=True)
    command = [sys.executable, str(SEALER), str(folder), *words]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, **pipes) as child:  # noqa: S603
        assert child.stdout is not None
        for line in child.stdout:
            yield json.loads(line)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with status {child.returncode}")


def _print(found: Outcome) -> None:
    table = Table(title=f"kill -9 while sealing (seed {found.seed}, {found.seconds:.0f} s)", title_justify="left")
    table.add_column("what")
    table.add_column("found", justify="right")
    made_good = ", ".join(f"{count} {kind}" for kind, count in sorted(found.made_good.items())) or "nothing"
    for what, figure in {
        "kills at random moments": found.kills,
        "seals reported before a kill": found.reported,
        "packages, supplements in the end": f"{found.packages:,}, {found.supplements:,}",
        "lost": found.lost,
        "unlogged": found.unlogged,
        "sealed twice": found.twice,
        "left half-written": found.left_over,
        "made good by the next process": made_good,
        "kills at each call that writes (failed)": f"{found.boundaries} ({len(found.boundaries_failed)})",
        "power cuts at each such call (failed)": f"{found.power_cuts} ({len(found.power_cuts_failed)})",
        "flaws that verify finds": len(found.flaws),
    }.items():
        table.add_row(what, str(figure))
    out = Console()
    out.print(table)
    for what in (*found.flaws, *found.boundaries_failed, *found.power_cuts_failed):
        out.print(what, style="bold red")
    out.print(found.sentence, style="bold green" if found.passed else "bold red", soft_wrap=True)


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--no-boundaries", dest="boundaries", action="store_false")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there, too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
