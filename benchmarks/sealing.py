"""How fast evidence is sealed and verified: one after the other, sustained, and for as long as is asked for."""

from __future__ import annotations

import random
import statistics
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import specimen

from bot.evidence.capture import Capture, Capturer, NoCapturer
from bot.evidence.card.printer import CardPrinter
from bot.evidence.chain.keys import wacz_key
from bot.evidence.picture.browser import BrowserCapturer
from bot.evidence.store import Archive

Tick = Callable[[int, int], None]
_WARM = 8
_RECYCLED_AT = 160


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds, from the order to capture to the verified seal. ``visible``: pictures that are a proof."""

    sealed: int
    visible: int
    p50_s: float
    p95_s: float
    worst_s: float
    per_minute: float
    cpu_s_each: float


@dataclass(frozen=True, slots=True)
class Soak:
    """Sizes in bytes (proportional, of this process and all below it). ``growth`` of the last tenth over the second."""

    captures: int
    sealed: int
    visible: int
    growth: float
    largest: int
    left_over: int
    minutes: float


@dataclass(frozen=True, slots=True)
class Faults:
    """What became of the captures while browsers and drivers were killed at random."""

    captures: int
    kills: int
    sealed: int
    visible: int
    p95_s: float
    worst_s: float


class Bench:
    """An archive and a browser over the made-up pages. Each case is new."""

    def __init__(self, folder: Path, host: str | None, at_once: int = 1) -> None:
        self.printer = CardPrinter()
        signer = wacz_key(str(folder / "keys" / "evidence.pem")).sign_wacz
        self.archive = Archive(folder / "archive", self.printer, signer=signer)
        self.capturer: Capturer = NoCapturer() if host is None else BrowserCapturer([host], at_once=at_once)
        self._numbers = iter(range(1, 10**9))
        self._mutex = threading.Lock()

    def seal(self, host: str | None, kind: str) -> tuple[float, Capture]:
        """Capture and seal one; returns how long it took."""
        with self._mutex:
            number = next(self._numbers)
        case = specimen.dossier(number, self.capturer)
        since = time.perf_counter()
        url = None if host is None else f"http://{host}/{kind}/{number}"
        capture = self.capturer.capture(url, case.comment.text, case.comment.ref.comment_id)
        self.archive.seal(case, capture)
        return time.perf_counter() - since, capture

    def close(self) -> None:
        """End the browsers."""
        self.capturer.close()
        self.printer.close()


def pace(folder: Path, host: str | None, kind: str, count: int, tick: Tick, at_once: int = 1) -> Pace:
    """Seal ``count`` cases, ``at_once`` at a time, after some to warm up. Without a ``host``: cards only."""
    bench = Bench(folder, host, at_once)
    try:
        with ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda _: bench.seal(host, kind), range(_WARM * at_once)))
            before, since = _cpu(), time.perf_counter()
            done = []
            for made in pool.map(lambda _: bench.seal(host, kind), range(count)):
                done.append(made)
                tick(len(done), count)
        took, cpu = time.perf_counter() - since, _cpu() - before
    finally:
        bench.close()
    times = sorted(seconds for seconds, _ in done)
    return Pace(
        sealed=len(done),
        visible=sum(capture.comment_text_visible for _, capture in done),
        p50_s=statistics.median(times),
        p95_s=times[int(len(times) * 0.95)],
        worst_s=times[-1],
        per_minute=len(done) / took * 60,
        cpu_s_each=cpu / len(done),
    )


def faults(folder: Path, host: str, count: int, seed: int, tick: Tick) -> Faults:
    """Seal while, at random moments, the browser or the driver is killed: about one in eight captures meets a kill."""
    chance, bench, kills = random.Random(seed), Bench(folder, host, 1), 0  # noqa: S311
    times: list[float] = []
    visible = 0
    stop = threading.Event()

    def kill() -> None:
        nonlocal kills
        while not stop.wait(chance.uniform(1.0, 5.0)):
            below = [each for each in psutil.Process().children(recursive=True) if _is_killable(each)]
            if below:
                chance.choice(below).kill()
                kills += 1

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        for done in range(1, count + 1):
            seconds, capture = bench.seal(host, chance.choice(("embed", "permalink")))
            times.append(seconds)
            visible += capture.comment_text_visible
            tick(done, count)
    finally:
        stop.set()
        killer.join()
        bench.close()
    times.sort()
    return Faults(count, kills, len(times), visible, times[int(len(times) * 0.95)], times[-1])


def soak(folder: Path, host: str, count: int, tick: Tick) -> Soak:
    """Seal ``count`` cases without a pause, and look at the memory after each fifty."""
    bench, sizes, since, visible = Bench(folder, host, 1), [], time.perf_counter(), 0
    try:
        for done in range(1, count + 1):
            visible += bench.seal(host, "embed" if done % 2 else "permalink")[1].comment_text_visible
            # Just before the browser is made new it is at its largest: the same point of each of its lives.
            if done % _RECYCLED_AT in (0, 40, 80, 120):
                sizes.append(_size())
            tick(done, count)
            if done % 500 == 0:
                print(
                    f"{done:,} captures: {sizes[-1] / 1e6:.0f} MB now, {max(sizes) / 1e6:.0f} MB at most",
                    file=sys.stderr,
                )
    finally:
        bench.close()
    time.sleep(1)
    tenth = max(len(sizes) // 10, 1)
    early, late = statistics.mean(sizes[tenth : 3 * tenth]), statistics.mean(sizes[-2 * tenth :])
    left = [each for each in psutil.Process().children(recursive=True) if each.is_running() and _is_killable(each)]
    return Soak(count, count, visible, late / early - 1, max(sizes), len(left), (time.perf_counter() - since) / 60)


def _is_killable(process: psutil.Process) -> bool:
    try:
        line = " ".join(process.cmdline())
    except psutil.Error:
        return False
    return "headless" in line or "chrom" in line or "playwright" in line or "capture_process" in line


def _family() -> list[psutil.Process]:
    me = psutil.Process()
    return [me, *(each for each in me.children(recursive=True) if _is_killable(each))]


def _size() -> int:
    total = 0
    for process in _family():
        try:
            total += process.memory_full_info().pss
        except psutil.Error:  # it ended while we looked
            continue
    return total


def _cpu() -> float:
    """CPU seconds of this process and those below it, so far; of ended ones, too."""
    total = 0.0
    for process in _family():
        try:
            times = process.cpu_times()
        except psutil.Error:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total
