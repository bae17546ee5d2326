"""kill -9 at every step between the digest and the mail server: never zero mails, and two only where the server had the
first and nobody could write that down. Real processes, a real server, both databases."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from bot import daily
from bot.app import Beadle
from bot.demo.mail import PostOffice
from bot.ledger import database, days, letters
from bot.notify.email import Mailer
from bot.posting import LEASE
from tests.office import open_office
from tests.test_daily import TODAY
from tests.townhall import local, open_post_office, put_together

HOUR = local("2026-11-22T07:30:00")
KEY = "digest:2026-11-21"


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[PostOffice]:
    """A server that counts; it lives on while its clients die."""
    with open_post_office(tmp_path / "mail") as opened:
        yield opened


Work = Callable[[Beadle], object]


class Hall:
    """Daemons as processes of their own, one after the other or at once, on one database."""

    def __init__(self, url: str, smtp: str, folder: Path) -> None:
        self.url, self.smtp, self.folder = url, smtp, folder
        with open_office(url, folder):
            pass  # the page is enrolled

    def start(self, late: timedelta = timedelta(), dies: Work = lambda _: None) -> int:
        """A daemon comes up, writes what is due and sends what is due. ``dies`` prepares its end."""
        process = os.fork()
        if process:
            return process
        status = 1
        try:
            with open_office(self.url, self.folder) as office:
                office.clock.now = HOUR + late
                with put_together(office, self.url, self.smtp, self.folder) as beadle:
                    dies(beadle)
                    daily.write(beadle, TODAY, HOUR + late)
                    assert beadle.mail_room is not None
                    beadle.mail_room.see_to()
            status = 0
        finally:
            os._exit(status)

    def run(self, late: timedelta = timedelta(), dies: Work = lambda _: None) -> int:
        """The same, to its end: 0, or minus the signal that it died of."""
        return ended(self.start(late, dies))

    def stands(self) -> tuple[bool, bool, bool]:
        """Whether record, letter and the word that it was sent are there."""
        engine = database.reading_engine(self.url)
        with Session(engine) as session:
            row, letter = days.digest(session, TODAY.isoformat()), letters.find(session, KEY)
            found = (row is not None, letter is not None, letter is not None and letter.sent_at is not None)
        engine.dispose()
        return found


@pytest.fixture
def hall(database_url: str, post_office: PostOffice, tmp_path: Path) -> Hall:
    """A hall whose daemons all work on this database."""
    return Hall(database_url, post_office.url, tmp_path)


def ended(process: int) -> int:
    """How a process ended."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _die(*_: object, **__: object) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def _before_the_commit(_: Beadle) -> None:
    put = letters.put

    def put_and_die(*given: Any) -> bool:
        put(*given)
        return bool(_die())

    letters.put = put_and_die  # type: ignore[assignment]


def _after_the_commit(beadle: Beadle) -> None:
    daily.write(beadle, TODAY, HOUR)
    _die()


def _with_the_letter_in_hand(_: Beadle) -> None:
    Mailer.deliver = _die  # type: ignore[method-assign]


def _after_the_server_took_it(_: Beadle) -> None:
    letters.sent = _die


@pytest.mark.parametrize(
    ("dies", "left", "mails"),
    [
        (_before_the_commit, (False, False, False), 1),
        (_after_the_commit, (True, True, False), 1),
        (_with_the_letter_in_hand, (True, True, False), 1),
        (_after_the_server_took_it, (True, True, False), 2),
    ],
)
def test_a_daemon_that_is_killed_leaves_neither_none_nor_two(
    hall: Hall, post_office: PostOffice, dies: Work, left: tuple[bool, bool, bool], mails: int
) -> None:
    """The next one finds all of it or nothing; it waits for a lease that is left, and sends what was not sent."""
    killed = hall.run(dies=dies)
    stood = hall.stands()
    soon = hall.run(timedelta(seconds=2))
    early = len(post_office.messages)
    later = hall.run(LEASE + timedelta(seconds=3))

    assert (killed, stood) == (-signal.SIGKILL, left)
    assert (soon, later) == (0, 0)
    assert early <= 1
    assert len(post_office.messages) == mails
    assert len({message["Message-ID"] for message in post_office.messages}) == 1
    assert hall.stands() == (True, True, True)


def test_three_crashes_in_a_row_end_in_one_mail(hall: Hall, post_office: PostOffice) -> None:
    """Killed while writing, killed after the commit, killed with the letter in hand; then one that lives."""
    crashes = (_before_the_commit, _after_the_commit, _with_the_letter_in_hand)
    ends = [hall.run(timedelta(minutes=each), dies=dies) for each, dies in enumerate(crashes)]
    alive = hall.run(timedelta(minutes=2) + LEASE + timedelta(seconds=1))

    assert (ends, alive) == ([-signal.SIGKILL] * 3, 0)
    assert len(post_office.messages) == 1


def test_daemons_at_once_write_one_digest_and_send_one_mail(hall: Hall, post_office: PostOffice) -> None:
    """Three processes that begin together, as on two machines whose clocks agree."""
    processes = [hall.start() for _ in range(3)]
    ends = [ended(process) for process in processes]

    assert ends == [0] * 3
    assert len(post_office.messages) == 1
    assert hall.stands() == (True, True, True)


def test_a_process_that_is_killed_in_the_middle_of_the_talk_leaves_its_lease(
    hall: Hall, post_office: PostOffice, tmp_path: Path
) -> None:
    """Killed from outside while the server takes its time: nobody else touches the letter until the lease ran out."""
    ready = tmp_path / "talking"

    def talks(_: Beadle) -> None:
        def slow(*_: object) -> Any:
            ready.touch()
            time.sleep(60)

        Mailer.deliver = slow  # type: ignore[method-assign, assignment]

    process = hall.start(dies=talks)
    while not ready.exists():
        time.sleep(0.02)
    other = hall.run(timedelta(seconds=1))
    early = len(post_office.messages)
    os.kill(process, signal.SIGKILL)
    ended(process)
    hall.run(LEASE + timedelta(seconds=1))

    assert (other, early, len(post_office.messages)) == (0, 0, 1)
