"""An office in which cases pile up: people to tell, a mail server's address, and shorthands for the passing of time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, col, select

from bot.ledger import cases
from bot.ledger.tables import AlertRow, CaseStatus, Gathering, Letter, Untold
from bot.notify.summaries import Summary
from bot.people import People, Person, Role
from bot.tell.wishes import Wishes
from bot.telling import Alerts
from tests.office import Office, open_office, person, shelf

SENDER = "beadle@millbrook.example"


@dataclass(slots=True)
class Desk:
    """An office, and what was told there."""

    office: Office

    def wish(self, **wishes: Any) -> None:
        """How the city wants to be told."""
        made = Wishes(city="Millbrook", people=People((noor(),)), sender=SENDER)
        made = replace(made, **wishes)
        restricted = self.office.route.archive.restricted
        alert = Alerts("Millbrook", shelf().version, restricted, made.timezone, made.people, {}, made.answers)
        self.office.route = replace(self.office.route, wishes=made, alert=alert)

    def say(
        self,
        count: int,
        text: str = "This is bullshit, Dana, number {n}.",
        *,
        whole: bool = False,
        keep_said: bool = False,
        **more: Any,
    ) -> list[str]:
        """So many comments of different accounts, polled, judged and told of; the ids of their cases.

        Their evidence is sealed and they are hidden where it is ``whole``. Else they wait for a person at once.
        ``keep_said``: what was said before, and not yet polled, comes with them.
        """
        before = set(self.office.all_cases())
        if not keep_said:
            self.office.platform.comments.clear()
        for n in range(count):
            self.office.platform.say(text.format(n=f"{len(before)}-{n}"), **more)
        self.office.poll()
        opened = [case_id for case_id in self.office.all_cases() if case_id not in before]
        if not whole:
            self.office.pad.open = [each for each in self.office.pad.open if each.workflow != "preserve"]
            self._leave_waiting(opened)
        self.office.work()
        return opened

    def _leave_waiting(self, opened: list[str]) -> None:
        route = self.office.route
        with Session(route.writing) as session, session.begin():
            for case_id in opened:
                cases.move(session, case_id, CaseStatus.WAITING, "A person decides.", route.clock())
                route.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    def pass_(self, seconds: float) -> None:
        """Let time go by, and what was ordered for later come."""
        self.office.clock.pass_(seconds)
        self.office.work_later()

    @property
    def alone(self) -> set[str]:
        """The cases with a message of their own."""
        return set(self.office.channel.messages)

    @property
    def summaries(self) -> list[Summary]:
        """What each gathering says now."""
        return [said[-1] for said in self.office.channel.gatherings.values()]

    def rows(self, table: type[Any]) -> list[Any]:
        """Every row of a table."""
        with Session(self.office.route.reading) as session:
            return list(session.exec(select(table)).all())

    def gathered(self) -> set[str]:
        """The cases that a gathering tells of, by the ledger."""
        return {row.case_id for row in self.rows(AlertRow) if row.gathering is not None}

    def gatherings(self) -> list[Gathering]:
        """The gatherings, by the ledger."""
        return sorted(self.rows(Gathering), key=lambda row: row.id)

    def untold(self) -> set[str]:
        """What Slack was not told of yet."""
        return {row.case_id for row in self.rows(Untold)}

    def letters(self) -> list[EmailMessage]:
        """The letters that were written, oldest first."""
        with Session(self.office.route.reading) as session:
            rows = session.exec(select(Letter).order_by(col(Letter.made_at), col(Letter.key))).all()
        return [message_from_bytes(row.mime, _class=EmailMessage, policy=default) for row in rows]


def noor() -> Person:
    """Who looks after the page, and is on call."""
    return replace(person("noor", Role.SMA), on_call=True, slack_id="U0NOOR")


def text_of(letter: EmailMessage) -> str:
    """The plain form of a letter."""
    body = letter.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


@pytest.fixture
def open_desk(tmp_path: Path) -> Iterator[Callable[[str], Desk]]:
    """Opens a desk on a database."""
    with ExitStack() as stack:

        def make(url: str) -> Desk:
            made = Desk(stack.enter_context(open_office(url, tmp_path)))
            made.wish()
            return made

        yield make


@pytest.fixture
def desk(open_desk: Callable[[str], Desk], sqlite_url: str) -> Desk:
    """A desk on SQLite."""
    return open_desk(sqlite_url)
