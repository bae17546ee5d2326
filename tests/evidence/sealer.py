"""Seals case after case in a child that is killed -9, and says what came of it.

Run by ``test_crash.py`` and ``benchmarks/kills.py``. A process of its own, because forking a test runner with its
threads is asking for trouble.

    sealer.py FOLDER --kills N --seed S     kill at N random moments; prints what was reported as sealed
    sealer.py FOLDER --boundaries           kill before, in the middle of and after each call that writes, every one
    sealer.py FOLDER --power                the power goes before each of them, and what was not synced is lost
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import IO, Any, cast

sys.path.insert(0, str(Path(__file__).parents[2]))

import structlog

from bot.evidence.proof.verify import verify_archive
from bot.evidence.store import Archive
from tests.evidence.conftest import PlainPrinter, dossier
from tests.evidence.powercut import Lost, PowerCut

LONGEST_S = 0.06
SEED = 20261120
KILLS = ("before", "half", "after")
CUTS = ("data", "names")
WRITING = (
    "open",
    "write",
    "pwrite",
    "fsync",
    "fdatasync",
    "rename",
    "mkdir",
    "unlink",
    "ftruncate",
    "truncate",
    "fchmod",
)
"""Every call by which a seal changes the disk. ``open`` counts where it may write."""
_REAL = {name: getattr(os, name) for name in WRITING}


def main() -> None:
    asked = _asked()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    if asked.boundaries or asked.power:
        for found in boundaries(asked.folder, KILLS if asked.boundaries else CUTS):
            print(json.dumps(found), flush=True)
        return
    for reported in random_kills(asked.folder, asked.kills, asked.seed):
        print(json.dumps(reported), flush=True)


def random_kills(root: Path, kills: int, seed: int) -> Iterator[dict[str, str]]:
    """One line for each kill: the cases, with their packages, that the killed child had reported as sealed."""
    chance = random.Random(seed)
    first = 0
    for _ in range(kills):
        reported = seal_until_killed(root, chance.uniform(0.0, LONGEST_S), first)
        yield reported
        first += len(reported)


def seal_until_killed(root: Path, seconds: float, first: int) -> dict[str, str]:
    """Cases are reported as ``case package`` once sealed. A case that was begun and not reported is sealed again."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _seal_for_ever(root, first, writing)
    os.close(writing)
    with open(reading) as said:
        begun = said.readline()
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = [begun, *said]
    return dict(line.split() for line in lines if line.endswith("\n"))


def boundaries(folder: Path, moments: Sequence[str]) -> Iterator[dict[str, Any]]:
    """End a child at each call that writes, seal the case again, and look at what is there."""
    start = folder / "start"
    Archive(start, PlainPrinter(), reserve=0.0).seal(dossier("case-0"), None)
    shutil.copytree(start, folder / "counted")
    steps = json.loads(_in_a_child(partial(_counted, folder / "counted")))
    for number, step in enumerate(steps):
        for moment in moments:
            if moment == "half" and step not in ("write", "pwrite"):
                continue
            yield _killed_at(start, folder / f"{number}-{moment}", number, step, moment)


def _killed_at(start: Path, root: Path, number: int, step: str, moment: str) -> dict[str, Any]:
    shutil.copytree(start, root)
    said = _in_a_child(partial(_seal_and_die, root, number, moment))
    again = Archive(root, PlainPrinter(), reserve=0.0)
    _seal_twice(again)
    report = verify_archive(root)
    cases = [facts["case_id"] for facts in _lines(root) if facts["type"].startswith("package")]
    found = {
        "step": f"{number}:{step}",
        "moment": moment,
        "died": not said.endswith("not killed"),
        "reported": said.split()[:1],
        "sealed": again.seal(dossier("case-1"), None).package_id,
        "flaws": [flaw.sentence for flaw in report.flaws],
        "cases": cases,
        "supplements": report.supplements,
        "left": sorted(path.name for path in (root / "incoming").iterdir()),
        "types": [facts["type"] for facts in _lines(root)],
    }
    shutil.rmtree(root)
    return found


def _seal_twice(archive: Archive, report: Callable[[str], object] = lambda _: None) -> None:
    """A package and a supplement to it: both ways of sealing. ``report`` is told of the package between them."""
    ref = archive.seal(dossier("case-1"), None)
    archive.prove(ref)
    report(f"{ref.package_id}\n")
    archive.supplement(ref.package_id, "1", "action", {"asked": "hide"})


def _seal_and_die(root: Path, number: int, moment: str, said: IO[str]) -> None:
    archive = Archive(root, PlainPrinter(), reserve=0.0)
    die = _end(PowerCut(), moment) if moment in CUTS else _killed
    counter = count()
    for name in WRITING:
        setattr(os, name, _deadly(name, getattr(os, name), counter, number, moment, die))
    _seal_twice(archive, said.write)
    said.write("not killed")


def _end(power: PowerCut, lost: str) -> Callable[[], None]:
    def cut() -> None:
        for name, real in _REAL.items():
            setattr(os, name, real)
        power.forget(cast(Lost, lost))
        _killed()

    return cut


def _killed() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _counted(root: Path, said: IO[str]) -> None:
    archive = Archive(root, PlainPrinter(), reserve=0.0)
    steps: list[str] = []
    for name in WRITING:
        setattr(os, name, _noting(name, getattr(os, name), steps))
    _seal_twice(archive)
    said.write(json.dumps(steps))


def _noting(name: str, real: Callable[..., Any], steps: list[str]) -> Callable[..., Any]:
    def step(*arguments: Any, **named: Any) -> Any:
        if _writes(name, arguments):
            steps.append(name)
        return real(*arguments, **named)

    return step


def _deadly(
    name: str, real: Callable[..., Any], counter: Iterator[int], last: int, moment: str, die: Callable[[], None]
) -> Callable[..., Any]:
    def step(*arguments: Any, **named: Any) -> Any:
        if not _writes(name, arguments) or next(counter) != last:
            return real(*arguments, **named)
        if moment == "half":
            real(arguments[0], arguments[1][: len(arguments[1]) // 2], *arguments[2:])
        elif moment == "after":
            real(*arguments, **named)
        die()

    return step


def _writes(name: str, arguments: tuple[Any, ...]) -> bool:
    return name != "open" or bool(arguments[1] & (os.O_WRONLY | os.O_RDWR))


def _in_a_child(work: Callable[[IO[str]], None]) -> str:
    """What a forked child said until its end."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with open(writing, "w", buffering=1) as out:
            work(out)
        os._exit(0)
    os.close(writing)
    with open(reading) as heard:
        found = heard.read()
    os.waitpid(child, 0)
    return found


def _seal_for_ever(root: Path, first: int, writing: int) -> None:
    archive = Archive(root, PlainPrinter(), reserve=0.0)
    for number in count(first):
        ref = archive.seal(dossier(f"case-{number}"), None)
        os.write(writing, f"{ref.case_id} {ref.package_id}\n".encode())
        archive.supplement(ref.package_id, "1", "action", {"asked": "hide"})


def _lines(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "log" / "entries.jsonl").read_bytes().splitlines()]


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--boundaries", action="store_true")
    parser.add_argument("--power", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
