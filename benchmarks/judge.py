"""Measures the judge: comments a second many at once and one by one, start-up and memory, beside other tools.

.venv/bin/python benchmarks/judge.py                  print the table (about two minutes)
.venv/bin/python benchmarks/judge.py --write          and write docs/benchmarks-judge.md and its picture
.venv/bin/python benchmarks/judge.py --data FILE      with the "text" of each line of a JSONL file

The other tools are in the dependency group ``bench``. All read the same texts in the same run, on one core.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import ahocorasick
import numpy as np
from memory import Watch
from route import BUSY, _machine
from town_talk import comments

from bot import __version__
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Item, Outcome

ROOT = Path(__file__).resolve().parent.parent
CONFIG, DOCS = ROOT / "config", ROOT / "docs"
SLUG = "clinton-city"
ENOUGH_S = 1.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Comments a second on one core; ``texts`` is how many were read."""

    name: str
    per_s: float
    texts: int


@dataclass(frozen=True, slots=True)
class Program:
    """``beadle judge`` as a program: seconds to its first answers, highest memory, comments a second in and out."""

    start_s: float
    memory: int
    per_s: float


def main() -> int:
    """Measure, print, and write where asked to."""
    asked = _arguments()
    ordinary = _texts(asked.data, asked.comments, 0.03)
    angry = ordinary if asked.data else _texts(None, asked.comments, 0.30)
    judge = _judge()
    share = _flagged(judge, ordinary[:5_000])
    speeds = [*_of_judge(judge, ordinary, "beadle"), *_of_others(ordinary)]
    angrier = list(_of_judge(_judge(), angry, "beadle, 30 % breaches")) if not asked.data else []
    program = _program(ordinary)
    page = "\n".join(_page(speeds, angrier, program, ordinary, share))
    print(page)
    if asked.write:
        _write(page, speeds)
    return 0


def _of_judge(judge: Judge, texts: Sequence[str], name: str) -> Iterator[Speed]:
    """First sight: texts that were never seen, after as many others. Again: the very same texts once more."""
    half = len(texts) // 2
    first, second = ([Item(text) for text in part] for part in (texts[:half], texts[half:]))
    yield Speed(f"{name}, first texts after the start", half / _timed(lambda: judge.judge_all(first)), half)
    yield Speed(f"{name}, batched", len(second) / _timed(lambda: judge.judge_all(second)), len(second))
    again = min(_timed(lambda: judge.judge_all(second)) for _ in range(3))
    yield Speed(f"{name}, batched, texts seen before", len(second) / again, len(second))
    some = second[:3_000]
    yield Speed(f"{name}, one by one", len(some) / _timed(lambda: [judge.judge(item) for item in some]), len(some))


def _of_others(texts: Sequence[str]) -> Iterator[Speed]:
    words = _listed_words()
    naive = re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b", re.IGNORECASE)
    yield _speed("compiled regex of our lists (LDNOOBW style)", texts, lambda part: [naive.search(t) for t in part])
    automaton = ahocorasick.Automaton()
    for word in words:
        automaton.add_word(word, word)
    automaton.make_automaton()
    scan: Callable[[Sequence[str]], object] = lambda part: [list(automaton.iter(t.lower())) for t in part]  # noqa: E731
    yield _speed("the limit: raw pyahocorasick scan", texts, scan)
    yield from _of_packages(texts)


def _of_packages(texts: Sequence[str]) -> Iterator[Speed]:
    from better_profanity import profanity
    from profanity_check import predict

    profanity.load_censor_words()
    yield _speed("better-profanity", texts, lambda part: [profanity.contains_profanity(t) for t in part], 20)
    yield _speed("alt-profanity-check, batched", texts, lambda part: predict(list(part)), 2_000)
    yield _speed("alt-profanity-check, one by one", texts, lambda part: [predict([t]) for t in part], 200)


def _speed(name: str, texts: Sequence[str], read: Callable[[Sequence[str]], object], step: int = 1_000) -> Speed:
    """As many texts as take a second, the best of three."""
    count = step
    while (taken := _timed(read, texts[:count])) < ENOUGH_S and count < len(texts):
        count = min(count * 2, len(texts))
    best = min(taken, *(_timed(read, texts[:count]) for _ in range(2)))
    return Speed(name, count / best, count)


def _timed(read: Callable[..., object], *texts: Sequence[str]) -> float:
    """Seconds of processor time: others on the machine count less than by the clock."""
    before = time.process_time()
    read(*texts)
    return time.process_time() - before


def _program(texts: Sequence[str]) -> Program:
    starts = [_run(texts[:2]) for _ in range(5)]
    whole, memory = _run(texts)
    start = min(seconds for seconds, _ in starts)
    return Program(start, memory, len(texts) / (whole - start))


def _run(texts: Sequence[str]) -> tuple[float, int]:
    """Seconds by the clock until everything is answered, and the highest resident size in bytes."""
    lines = "".join(json.dumps({"text": text}) + "\n" for text in texts).encode()
    command = [sys.executable, "-m", "bot", "judge", "--policy", SLUG]
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "BEADLE_CONFIG": str(CONFIG), "OMP_NUM_THREADS": "1"},
    ) as child:
        feeder = threading.Thread(target=_feed, args=(child, lines))
        feeder.start()
        answers = sum(1 for _ in islice(child.stdout or (), len(texts)))
        seconds = time.perf_counter() - begun
        watch = Watch(child.pid)
        watch.look()
        feeder.join()
        if child.stdin:
            child.stdin.close()
    if answers < len(texts) or child.returncode:
        raise SystemExit(f"benchmark: beadle judge answered {answers} of {len(texts)} lines.")
    return seconds, watch.own


def _feed(child: subprocess.Popen[bytes], lines: bytes) -> None:
    if child.stdin:
        child.stdin.write(lines)
        child.stdin.flush()  # and stays open: the program waits for more while it is looked at


def _page(
    speeds: Sequence[Speed], angrier: Sequence[Speed], program: Program, texts: Sequence[str], share: float
) -> Iterator[str]:
    machine = _machine()
    length = float(np.mean([len(text) for text in texts]))
    own = next(speed.per_s for speed in speeds if speed.name == "beadle, batched")
    yield "# How fast the judge is\n"
    yield "Written by `benchmarks/judge.py --write`. One core; processor time, except for the program as a whole.\n"
    yield (
        f"Beadle {__version__}, policy {SLUG}, {datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine.cores} processors"
        f" ({machine.processor}), {machine.memory_gb:.0f} GB, {machine.system}, Python {machine.python}."
    )
    if machine.load > machine.cores / 2:
        yield BUSY.format(load=machine.load, cores=machine.cores)
    yield (
        f"\n{len(texts):,} comments of {length:.0f} characters, made up by `benchmarks/town_talk.py` unless `--data`"
        f" is given; the judge does not clear {share:.1%} of them. LDNOOBW's own list is not in the project: the regex"
        " holds the words of our lists, as such a filter does.\n"
    )
    yield "| what | comments a second | Beadle, batched, is faster by |\n|---|---|---|"
    for speed in (*speeds, *angrier):
        yield f"| {speed.name} | {speed.per_s:,.0f} | {own / speed.per_s:,.1f} × |"
    yield f"| `beadle judge`, JSON in and out, by the clock | {program.per_s:,.0f} | {own / program.per_s:,.1f} × |"
    yield (
        f"\n`beadle judge` answers its first two lines {program.start_s:.2f} s after it is called and takes"
        f" {program.memory / 1e6:.0f} MB at most."
    )
    yield "\n![Comments a second, on a logarithmic scale](pictures/judge-speed.png)"


def _write(page: str, speeds: Sequence[Speed]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    ordered = sorted(speeds, key=lambda speed: speed.per_s)
    figure, axes = pyplot.subplots(figsize=(9, 4.2), layout="constrained")
    colours = ["#1f5f8b" if speed.name.startswith("beadle") else "#b8b8b8" for speed in ordered]
    bars = axes.barh([speed.name for speed in ordered], [speed.per_s for speed in ordered], color=colours)
    axes.bar_label(bars, [f"{speed.per_s:,.0f}" for speed in ordered], padding=4)
    axes.set_xscale("log")
    axes.set_xlim(right=max(speed.per_s for speed in ordered) * 6)
    axes.set_xlabel("comments a second, one core")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(DOCS / "pictures" / "judge-speed.png", dpi=110)
    (DOCS / "benchmarks-judge.md").write_text(page + "\n", "utf-8")


def _judge() -> Judge:
    shelf = PolicyShelf.load(CONFIG / "policies", only=SLUG, examples=False)
    return shelf.judge(shelf.in_force(SLUG, datetime.now(UTC)))


def _flagged(judge: Judge, texts: Sequence[str]) -> float:
    verdicts = judge.judge_all([Item(text) for text in texts])
    return sum(verdict.outcome is not Outcome.CLEAR for verdict in verdicts) / len(verdicts)


def _listed_words() -> list[str]:
    shelf = PolicyShelf.load(CONFIG / "policies", only=SLUG, examples=False)
    pinned = shelf.in_force(SLUG, datetime.now(UTC)).wordlists
    lists = [shelf.wordlists.by_name[name] for name in pinned]
    return sorted({entry.stem for listed in lists for entry in listed.entries}, key=len, reverse=True)


def _texts(data: Path | None, count: int, breaches: float) -> list[str]:
    if data is None:
        return list(comments(count, breaches))
    with data.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines][:count]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measures how fast the judge is; takes about two minutes.")
    parser.add_argument("--comments", type=int, default=80_000, help="how many are judged (80000)")
    parser.add_argument("--data", type=Path, metavar="FILE", help='a JSONL file with a "text" in each line')
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks-judge.md and its picture")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
