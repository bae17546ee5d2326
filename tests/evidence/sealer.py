"""Seals case after case in a child that it kills -9 at a random moment, again and again. Run by ``test_crash.py``.

A process of its own, because forking a test runner with its threads is asking for trouble. Prints what the children
reported as sealed: a JSON object of case ids and package ids.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import structlog

from bot.evidence.store import Archive
from tests.evidence.conftest import PlainPrinter, dossier

LONGEST_S = 0.06


def main(root: Path, kills: int) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    chance = random.Random(20261120)
    reported: dict[str, str] = {}
    for _ in range(kills):
        reported |= seal_until_killed(root, chance.uniform(0.0, LONGEST_S), len(reported))
    print(json.dumps(reported))


def seal_until_killed(root: Path, seconds: float, first: int) -> dict[str, str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        seal_for_ever(root, first, writing)
    os.close(writing)
    with open(reading) as said:
        begun = said.readline()
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        lines = [begun, *said]
    return dict(line.split() for line in lines if line.endswith("\n"))


def seal_for_ever(root: Path, first: int, writing: int) -> None:
    archive = Archive(root, PlainPrinter(), reserve=0.0)
    for number in count(first):
        ref = archive.seal(dossier(f"case-{number}"), None)
        os.write(writing, f"{ref.case_id} {ref.package_id}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
