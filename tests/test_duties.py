"""The duties of the daemon besides polling: each in its own time, none in another's way."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from bot import daemon
from bot.daemon import _Duties

NOW = datetime(2026, 11, 20, 11, 2, 14, tzinfo=UTC)
SOON = 10.0


class Office:
    """Counts what is asked of it. ``held`` keeps the store from answering until it is set."""

    def __init__(self) -> None:
        self.asked: dict[str, int] = {}
        self.happened = threading.Condition()
        self.held = threading.Event()
        copying = SimpleNamespace(tick=self._copy)
        keeping = SimpleNamespace(copying=copying, fixity=SimpleNamespace(see_to=lambda *_: self.note("fixity")))
        beadle = SimpleNamespace(
            route=SimpleNamespace(clock=lambda: NOW),
            keeping=keeping,
            fitness=SimpleNamespace(check_due=lambda _: self.note("fitness")),
            notary=SimpleNamespace(tick=lambda _: self.note("checkpoints")),
            reconciling=SimpleNamespace(see_to=lambda _: self.note("blocked accounts")),
            offenders=SimpleNamespace(see_to=lambda _: self.note("offenders")),
            trust=SimpleNamespace(count_due=lambda: self.note("trust")),
            lapse=SimpleNamespace(order_due=lambda: self.note("lapse")),
            undoing=SimpleNamespace(finish_due=lambda _: self.note("undoing")),
            proclaiming=SimpleNamespace(see_to=lambda: self.note("proclaiming")),
            settings=SimpleNamespace(imap_url=None, public_page=None),
            configuration=SimpleNamespace(pages=SimpleNamespace(city=SimpleNamespace(timezone=UTC))),
            counter=SimpleNamespace(duty=lambda *_: SimpleNamespace(see_to=lambda _: self.note("appeals"))),
            tell_all=lambda *_: None,
            mail_room=None,
        )
        weekly = SimpleNamespace(see_to=lambda _: self.note("weekly"))
        daily = SimpleNamespace(see_to=lambda _: self.note("digest"))
        self.running: Any = SimpleNamespace(
            beadle=beadle, daily=daily, weekly=weekly, worker=SimpleNamespace(sweep=lambda _: None)
        )

    def note(self, what: str) -> None:
        with self.happened:
            self.asked[what] = self.asked.get(what, 0) + 1
            self.happened.notify_all()

    def until(self, what: str, times: int) -> bool:
        with self.happened:
            return self.happened.wait_for(lambda: self.asked.get(what, 0) >= times, SOON)

    def _copy(self, _now: datetime) -> None:
        self.note("copies")
        self.held.wait(SOON)


@pytest.fixture
def office() -> Any:
    """An office whose store hangs, until the test is over."""
    made = Office()
    yield made
    made.held.set()


def test_a_store_that_hangs_holds_up_neither_the_digest_nor_the_reading_of_the_archive(office: Office) -> None:
    """Copying began and does not end; everything else is seen to again and again, and copying is not begun twice."""
    duties = _Duties(office.running, threading.Event())

    for round_ in range(1, 4):
        duties.see_to(NOW)
        assert office.until("digest", round_)
        assert office.until("fixity", round_)
        _let_end("duties", "fixity")

    assert office.asked["copies"] == 1


def test_a_duty_that_breaks_is_said_and_tried_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault of one duty ends neither itself nor another."""
    monkeypatch.setattr(daemon, "_AFTER_A_FAULT_S", 0.0)

    def broken(*_: object) -> None:
        office.note("broken")
        raise RuntimeError("a fault of ours")

    office.running.beadle.keeping.fixity.see_to = broken
    duties = _Duties(office.running, threading.Event())

    for round_ in (1, 2):
        duties.see_to(NOW)
        assert office.until("broken", round_)
        assert office.until("digest", round_)
        _let_end("duties", "fixity")


def _let_end(*names: str) -> None:
    for thread in threading.enumerate():
        if thread.name in names:
            thread.join(SOON)
