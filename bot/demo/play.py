"""`beadle demo`: a day in Millbrook, played with the real daemon, browser, engine and mail, in under two minutes."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.demo.home import Home, furnish
from bot.demo.script import Script
from bot.demo.town import WHOLE_DAY, Town
from bot.demo.witness import Prover, Witness
from bot.errors import BeadleError
from bot.ledger import cases, database, days, fates, watch
from bot.ledger.days import Figures
from bot.ledger.fates import Fate
from bot.notify.alerts import URGENT
from bot.worker import Outbox

DAY = Path(__file__).parent / "day"
_DAWN = 6 * 60 + 25
_PLAY_SECONDS = 50.0
_STARTS_WITHIN_S = 90.0
_TICK_S = 0.25
_WINDOW_WITHIN_S = 5.0
NOOR = "U0NOOR"
_DAYS_START = datetime(2000, 1, 1, tzinfo=UTC)
_DAYS_END = datetime(2100, 1, 1, tzinfo=UTC)


class DemoError(BeadleError):
    """The demo could not be played to its end. The daemon's log says more."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of the play, for a display. ``minute`` is the town's time of day."""

    minute: int
    phase: str
    posted: int
    of: int
    figures: Figures
    left: int


@dataclass(frozen=True, slots=True)
class Played:
    """A day that was played to its end, with the town still standing."""

    script: Script
    town: Town
    home: Home
    witness: Witness
    fates: tuple[Fate, ...]
    figures: Figures
    polls: int
    seconds: float
    stop_seconds: float
    daemon_status: int
    shown: int


class Stage:
    """The town, the Beadle that watches it, and what an onlooker reads from its ledger."""

    def __init__(self, town: Town, home: Home, archive: Prover) -> None:
        self.town, self.home = town, home
        self.url = database.normalise(home.database_url)
        self.reading: sa.Engine = database.reading_engine(self.url)
        self.witness = Witness(self.reading, archive)
        self.log = home.folder / "daemon.log"
        self._daemon: subprocess.Popen[bytes] | None = None
        self._outbox: Outbox | None = None

    def start(self) -> None:
        """Start the real daemon and wait for its first look at the page."""
        self.town.wall.before_write = self.witness
        self._daemon = self.home.beadle("run", log=self.log)
        until = time.monotonic() + _STARTS_WITHIN_S
        while self.polls() == 0:
            if self._daemon.poll() is not None or time.monotonic() > until:
                raise DemoError(f"Beadle did not start; the end of {self.log} says: {_last_line(self.log)}")
            time.sleep(_TICK_S)
        self._outbox = Outbox(self.url)

    def polls(self) -> int:
        """How many times the page has been looked at."""
        if not database.is_ready(self.url):
            return 0
        try:
            with Session(self.reading) as session:
                return sum(row.polls for row in watch.pages(session))
        except sa.exc.OperationalError:
            return 0  # the daemon is just making its tables

    def figures(self) -> Figures:
        """All that happened so far."""
        with Session(self.reading) as session:
            return days.figures(session, _DAYS_START, _DAYS_END)

    def fates(self) -> tuple[Fate, ...]:
        """What became of every comment."""
        with Session(self.reading) as session:
            return tuple(fates.of_all(session))

    def shown(self) -> int:
        """How many cases can be opened whole, as `beadle show` opens them."""
        with Session(self.reading) as session:
            ids = [fate.case_id for fate in fates.of_all(session) if fate.case_id is not None]
            return sum(cases.open_file(session, each).evidence is not None for each in ids)

    def left(self) -> int:
        """How many orders are not carried out yet."""
        return self._outbox.under_way() if self._outbox else 0

    def messages(self) -> dict[str, str]:
        """Where the message of each case stands in Slack, of those that have one of their own and are not urgent."""
        calm = (each for each in self._channel() if not str(each.get("text", "")).startswith(URGENT))
        marks = ((each["ts"], (each.get("metadata") or {}).get("event_payload") or {}) for each in calm)
        return {mark["case_id"]: ts for ts, mark in marks if "case_id" in mark}

    def press(self, ts: str, verb: str, reason: str = "") -> None:
        """Noor presses a button under an alert, and fills in the window where one opens."""
        slack = self.town.slack
        slack.press(NOOR, self.town.slack_channel, ts, f"case_{verb}")
        until = time.monotonic() + _WINDOW_WITHIN_S
        while reason and not slack.views(NOOR) and time.monotonic() < until:
            time.sleep(_TICK_S)
        for view in slack.views(NOOR):
            slack.submit(NOOR, view["id"], {"reason": reason})

    def _channel(self) -> list[dict[str, Any]]:
        return self.town.slack.messages(self.town.slack_channel)

    def is_running(self) -> bool:
        """Whether the daemon lives."""
        return self._daemon is not None and self._daemon.poll() is None

    def stop(self) -> tuple[int, float]:
        """Ask the daemon to stop, as an operator would; its exit status and how many seconds it took."""
        if self._daemon is None:
            return 0, 0.0
        began = time.monotonic()
        self._daemon.send_signal(signal.SIGTERM)
        try:
            status = self._daemon.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            status = self._daemon.wait()
        return status, time.monotonic() - began

    def close(self) -> None:
        """Let go of everything."""
        if self.is_running():
            self.stop()
        if self._outbox is not None:
            self._outbox.close()
        self.reading.dispose()


@contextmanager
def play(
    script: Script,
    folder: Path,
    show: Callable[[Moment], None],
    archive: Callable[[Home], Prover],
    *,
    people_decide: bool = True,
    seconds: float = _PLAY_SECONDS,
) -> Iterator[Played]:
    """Play a script to its end. The town stands until the context is left. Raises ``DemoError``."""
    began = time.monotonic()
    with Town(script, folder / "town") as town:
        home = furnish(town, folder)
        stage = Stage(town, home, archive(home))
        try:
            stage.start()
            posted = _through_the_day(stage, show, seconds)
            _until_done(stage, show, posted)
            if people_decide:
                _people_answer(stage)
                _until_done(stage, show, posted)
            home.ask("digest", "--date", "today", "--send")
            polls = stage.polls()
            status, stop_seconds = stage.stop()
            yield Played(
                script=script,
                town=town,
                home=home,
                witness=stage.witness,
                fates=stage.fates(),
                figures=stage.figures(),
                polls=polls,
                seconds=time.monotonic() - began,
                stop_seconds=stop_seconds,
                daemon_status=status,
                shown=stage.shown(),
            )
        finally:
            stage.close()


def _through_the_day(stage: Stage, show: Callable[[Moment], None], seconds: float) -> int:
    """Let the day happen, as fast as asked for. Returns how many comments were posted."""
    posted, total = 0, len(stage.town.script.comments)
    began = time.monotonic()
    last = max((each.minute for each in stage.town.script.comments), default=WHOLE_DAY) + 5
    while True:
        passed = min((time.monotonic() - began) / seconds, 1.0) if seconds > 0 else 1.0
        minute = round(_DAWN + (WHOLE_DAY - 1 - _DAWN if passed >= 1.0 else (last - _DAWN) * passed))
        posted += sum(each.what == "commented" for each in stage.town.release(minute))
        show(Moment(min(minute, last), "the day goes by", posted, total, stage.figures(), stage.left()))
        _refuse_dead(stage)
        if passed >= 1.0:
            return posted
        time.sleep(_TICK_S)


def _until_done(stage: Stage, show: Callable[[Moment], None], posted: int) -> None:
    """Wait until the page has been read once more from the start and every order is carried out."""
    seen = stage.polls()
    while stage.polls() < seen + 2 or stage.left():
        show(Moment(22 * 60, "finishing", posted, posted, stage.figures(), stage.left()))
        _refuse_dead(stage)
        time.sleep(_TICK_S)
    show(Moment(22 * 60, "done", posted, posted, stage.figures(), 0))


def _people_answer(stage: Stage) -> None:
    """Noor, the town's social media administrator, answers some cases in the evening: in Slack, as she would on her
    telephone, and with the real command."""
    found = [each for each in stage.fates() if each.case_id]
    told = stage.messages()
    hidden = [each.case_id for each in found if each.status == "hidden" and each.case_id in told]
    waiting = [each.case_id for each in found if each.status == "waiting" and each.case_id in told]
    for case_id in hidden[:2]:
        stage.press(told[case_id], "approve")
    for case_id in hidden[2:3]:
        stage.home.ask("approve", case_id, "--as", "noor", "--reason", "Listed word; the rule is right.")
    for case_id in waiting[:1]:
        stage.press(told[case_id], "keep", reason="Harsh, but it breaks no clause.")
    for case_id in waiting[1:2]:
        stage.home.ask("hide", case_id, "--as", "noor", "--reason", "Breaks the clause; the evidence shows it.")


def _refuse_dead(stage: Stage) -> None:
    if not stage.is_running():
        raise DemoError(f"Beadle stopped in the middle; the end of {stage.log} says: {_last_line(stage.log)}")


def _last_line(path: Path) -> str:
    try:
        lines = path.read_text("utf-8", "replace").strip().splitlines()
    except OSError:
        return "(nothing)"
    return lines[-1][:400] if lines else "(nothing)"
