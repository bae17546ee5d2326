"""`beadle run`: rounds, workflows and daily duties in one process, until it is asked to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot import log as logging
from bot import worker
from bot.app import Beadle, open_beadle
from bot.daily import Daily
from bot.errors import ConfigError
from bot.ledger import database
from bot.rounds import Round, Rounds, failures
from bot.settings import Settings
from bot.worker import Worker

log = structlog.get_logger(__name__)

_SWEEP_EVERY = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `beadle run --once` came to. ``failed`` are the rounds that did not come to their end."""

    rounds: tuple[Round, ...]
    failed: tuple[Round, ...]
    refused: tuple[str, ...]
    later: int


@dataclass(frozen=True, slots=True)
class _Running:
    beadle: Beadle
    worker: Worker
    rounds: Rounds
    daily: Daily


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; the step in hand is finished first. Raises ``ConfigError`` when it can't start."""
    stop = threading.Event()
    with _running(settings) as running, _signals(stop):
        log.info("on duty", pages=sorted(running.beadle.route.desks), version=worker.VERSION)
        swept = running.beadle.route.clock()

        def tick(now: datetime) -> None:
            nonlocal swept
            running.beadle.fitness.check_due(now)
            running.daily.see_to(now)
            if now - swept >= _SWEEP_EVERY:
                swept = now
                running.worker.sweep(now)

        running.rounds.run(stop, tick)
        log.info("going off duty")


def run_once(settings: Settings, each: Callable[[str, int], None] = lambda *_: None) -> Outcome:
    """Poll every page once and drive all started work to its end; leave what waits for people waiting.

    ``each`` is told what is being done and how much is left, for a display.
    """
    stop = threading.Event()
    with _running(settings) as running, _signals(stop):
        done = running.rounds.once(lambda found: each(f"polled {found.page}", 0))
        running.worker.drain(lambda left: each("working", left), stop.is_set)
        refused = tuple(error.sentence for error in running.beadle.configuration.refused)
        return Outcome(tuple(done), tuple(failures(done)), refused, running.beadle.outbox.delayed())


@contextmanager
def _running(settings: Settings) -> Iterator[_Running]:
    url = database.normalise(settings.database_url.get_secret_value())
    with database.one_daemon(url):
        worker.migrate(url)
        with open_beadle(settings, acts=True) as beadle:
            refused = beadle.configuration.refused
            if not beadle.route.desks:
                raise refused[0] if refused else ConfigError("pages.yaml has no page; `beadle init` writes one.")
            for error in refused:
                log.error("a part of the configuration is refused; the rest goes on", because=error.sentence)
            logging.configure(level=settings.log_level, form=settings.log_format, secrets=beadle.secrets())
            rounds = Rounds(beadle.route, beadle.tell)
            beadle.fitness.check_all()
            with Worker(url, beadle.route, beadle.review, beadle.outbox, captures=settings.captures) as running:
                yield _Running(beadle, running, rounds, Daily(beadle))


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    def asked(_number: int, _frame: object) -> None:
        stop.set()

    before = {each: signal.signal(each, asked) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
