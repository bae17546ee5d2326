"""`beadle run`: rounds, workflows and daily duties in one process, until it is asked to stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import stamina.instrumentation
import structlog

from bot import log as logging
from bot import worker
from bot.answering import answering
from bot.app import Beadle, open_beadle
from bot.daily import Daily
from bot.errors import ConfigError
from bot.ledger import database
from bot.looking import Looking
from bot.publishing import Publishing
from bot.rounds import POLLS, Round, Rounds, failures
from bot.settings import Settings
from bot.tokens import parts_by_name
from bot.webhooks import NO_SECRET, Doorkeeper, Receiver
from bot.weekly import Weekly
from bot.worker import Worker
from connectors.webhooks import Secrets

log = structlog.get_logger(__name__)

_DUTIES = "duties"
_AFTER_A_FAULT_S = 60.0
_SWEEP_EVERY = timedelta(hours=6)
_LAPSES_EVERY = timedelta(minutes=1)
_WEIGHED_EVERY = timedelta(minutes=1)


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
    weekly: Weekly


def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; the step in hand is finished first. Raises ``ConfigError`` when it can't start."""
    stop = threading.Event()
    with _running(settings) as running, _webhooks(running), answering(running.beadle), _signals(stop):
        log.info("on duty", pages=sorted(running.beadle.route.desks), version=worker.VERSION)
        running.rounds.run(stop, _Duties(running, stop).see_to)
        log.info("going off duty")
    _leave_nobody_waiting()


def run_once(settings: Settings, each: Callable[[str, int], None] = lambda *_: None) -> Outcome:
    """Poll every page once and drive all started work to its end; leave what waits for people waiting.

    ``each`` is told what is being done and how much is left, for a display.
    """
    stop = threading.Event()
    with _running(settings) as running, _signals(stop):
        done = running.rounds.once(lambda found: each(f"polled {found.page}", 0))
        running.worker.drain(lambda left: each("working", left), stop.is_set)
        running.beadle.offenders.see_to(running.beadle.route.clock())
        running.beadle.proclaiming.see_to()
        refused = tuple(error.sentence for error in running.beadle.configuration.refused)
        return Outcome(tuple(done), tuple(failures(done)), refused, running.beadle.outbox.delayed())


class _Duties:
    """What is due besides polling."""

    def __init__(self, running: _Running, stop: threading.Event) -> None:
        self._running = running
        self._swept = self._lapsed = self._weighed = running.beadle.route.clock()
        keeping = running.beadle.keeping
        self._apart = [_Apart(_DUTIES, self._do), _Apart("fixity", lambda now: keeping.fixity.see_to(now, stop))]
        self._apart += [_Apart("digest", running.daily.see_to), _Apart("weekly", running.weekly.see_to)]
        if running.beadle.mail_room is not None:
            room = running.beadle.mail_room
            self._apart.append(_Apart("mail", lambda _now: room.see_to(stop)))
        self._apart.append(_Apart("checkpoints", running.beadle.notary.tick))
        self._apart.append(_Apart("appeals", _counter_duty(running.beadle)))
        self._apart.append(_Apart("blocked accounts", running.beadle.reconciling.see_to))
        self._apart.append(_Apart("public page", Publishing(running.beadle).see_to))
        if keeping.copying is not None:
            self._apart.append(_Apart("copies", keeping.copying.tick))

    def see_to(self, now: datetime) -> None:
        """Begin each, unless its last time is not over yet."""
        for each in self._apart:
            each.see_to(now)

    def _do(self, now: datetime) -> None:
        self._running.beadle.fitness.check_due(now)
        self._running.beadle.trust.count_due()
        if now - self._lapsed >= _LAPSES_EVERY:
            self._lapsed = now
            self._running.beadle.lapse.order_due()
            self._running.beadle.undoing.finish_due(now)
            self._running.beadle.proclaiming.see_to()
        if now - self._weighed >= _WEIGHED_EVERY:
            self._weighed = now
            self._running.beadle.offenders.see_to(now)
        if now - self._swept >= _SWEEP_EVERY:
            self._swept = now
            self._running.worker.sweep(now)


class _Apart:
    """A duty in a thread of its own: a check, store or disk that hangs holds up neither the rounds nor the others."""

    def __init__(self, name: str, do: Callable[[datetime], object]) -> None:
        self._name, self._do = name, do
        self._thread: threading.Thread | None = None

    def see_to(self, now: datetime) -> None:
        """Begin, unless the last time is not over yet."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, args=(now,), name=self._name, daemon=True)
            self._thread.start()

    def _run(self, now: datetime) -> None:
        try:
            self._do(now)
        except Exception:
            # A fault of ours in one duty must end neither the others nor the rounds; it is tried again in a minute.
            log.exception("a duty failed in a way that it should not", duty=self._name)
            time.sleep(_AFTER_A_FAULT_S)


def _counter_duty(beadle: Beadle) -> Callable[[datetime], object]:
    """The appeals' mailbox and what follows from decisions on appeals."""
    url = beadle.settings.imap_url
    return beadle.counter.duty(None if url is None else url.get_secret_value(), beadle.tell_all).see_to


def _leave_nobody_waiting() -> None:
    """The interpreter would wait for a poll that hangs. All else is put away, and a poll may be cut off anywhere."""
    if any(thread.name.startswith(POLLS) for thread in threading.enumerate()):
        log.warning("left a poll that hung")
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


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
            stamina.instrumentation.set_on_retry_hooks([])  # an outage is two lines, not two for each poll
            rounds = Rounds(beadle.route, beadle.tell)
            beadle.fitness.check_all()
            beadle.trust.count_due()
            with (
                beadle.notary.on_duty(),
                Worker(
                    url,
                    beadle.route,
                    beadle.carrying_out,
                    beadle.lapse,
                    Looking(beadle.route),
                    beadle.outbox,
                    stages=beadle.stages,
                    captures=settings.captures,
                ) as running,
            ):
                yield _Running(beadle, running, rounds, Daily(beadle), Weekly(beadle))


@contextmanager
def _webhooks(running: _Running) -> Iterator[None]:
    """Receive webhooks while on duty, where the city wants it."""
    settings, route = running.beadle.settings, running.beadle.route
    if settings.webhook_listen is None:
        yield
        return
    pages = tuple(desk.page for desk in route.desks.values())
    receiver = Receiver(
        settings.webhook_listen, Doorkeeper(pages, _webhook_secrets(settings), running.rounds.wake, route.clock)
    )
    receiver.start()
    try:
        yield
    finally:
        receiver.stop()


def _webhook_secrets(settings: Settings) -> Mapping[str, Secrets]:
    """By platform; ``""`` for every other."""
    if settings.webhook_secret is None:
        raise ConfigError(NO_SECRET)
    verify = settings.webhook_verify_token.get_secret_value() if settings.webhook_verify_token else ""
    known = parts_by_name(settings.webhook_secret.get_secret_value())
    return {platform: Secrets(secret, verify) for platform, secret in known.items()}


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
