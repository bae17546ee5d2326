"""`beadle digest` and `beadle mail`, by hand: nothing twice that was not asked for, and a queue that can be read."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlmodel import Session

from bot.demo.home import Home
from bot.demo.mail import MailFault
from bot.demo.town import Town
from bot.ledger import database
from bot.ledger.tables import PageRow
from tests.cli.conftest import Beadle
from tests.office import SLUG, Office


@pytest.fixture
def watched(office: Office, home: Home) -> Office:
    """An office whose page has been watched for a long time, whatever day it is today."""
    with Session(office.route.writing) as session, session.begin():
        row = session.get_one(PageRow, SLUG)
        row.enrolled_at = row.enrolled_at.replace(year=2020)
    return office


def test_a_day_is_sent_once_and_again_only_when_asked(watched: Office, town: Town, beadle: Beadle) -> None:
    """The second time it refuses and says how; the repeat has the same Message-ID and the same words."""
    before = len(town.mail.messages)
    first, refused = beadle("digest", "--send"), beadle("digest", "--send")
    once = len(town.mail.messages) - before
    again = beadle("digest", "--send", "--again")
    sent = town.mail.messages[before:]

    assert first.out.startswith("Sent to gene.kowalczyk@")
    assert refused.code == 1
    assert "was sent on" in refused.err
    assert "`--send --again`" in refused.err
    assert (once, again.code, len(sent)) == (1, 0, 2)
    assert len({(message["Message-ID"], message["Subject"]) for message in sent}) == 1


def test_today_goes_out_as_so_far_and_leaves_tomorrows_mail_to_tomorrow(
    watched: Office, town: Town, beadle: Beadle
) -> None:
    """A day that is not over is no record: its digest comes by itself when it is."""
    said = beadle("digest", "--date", "today", "--send")
    subject = town.mail.messages[-1]["Subject"]
    yesterday = beadle("digest", "--send")

    assert said.code == yesterday.code == 0
    assert " so far: " in subject
    assert " so far: " not in town.mail.messages[-1]["Subject"]


def test_what_was_written_is_shown_as_it_was_written(watched: Office, beadle: Beadle, tmp_path: Path) -> None:
    """A digest of last week does not change when somebody looks at it."""
    beadle("digest", "--send")
    first = beadle("digest").out
    watched.settled_case()
    page = tmp_path / "digest.html"
    said = beadle("digest", "--to", str(page))

    assert beadle("digest").out == first
    assert said.out == f"Written to {page}.\n"
    assert page.read_text("utf-8").lower().startswith("<!doctype html")


def test_a_mail_that_is_not_taken_is_listed_and_sent_by_hand(watched: Office, town: Town, beadle: Beadle) -> None:
    """What waits, why, and the command that tries again; afterwards nothing waits."""
    town.mail.next(MailFault.LATER)
    said, listed = beadle("digest", "--send"), beadle("mail")
    key = next(word for word in listed.out.split() if word.startswith("digest:"))
    retried, again, empty = beadle("mail", "retry", key), beadle("mail", "retry", key), beadle("mail")
    everything = beadle("mail", "--all")

    assert said.code == 1
    assert "asks to try again later (451). The letter waits and is tried again" in said.err
    assert "waits" in listed.out
    assert "(451)" in listed.out
    assert retried.out.startswith("Sent to gene.kowalczyk@")
    assert (again.code, "nothing needs to be done" in again.err) == (1, True)
    assert empty.out == "No mail waits to be sent.\n"
    assert key in everything.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("digest", "--again"), "beadle: --again goes with --send.\n"),
        (("digest", "--send", "--date", "2999-01-01"), "beadle: 2999-01-01 has not begun; there is nothing to tell"),
        (("digest", "--send", "--date", "1999-01-01"), "beadle: No page was watched on 1999-01-01; there is nothing"),
        (("mail", "retry", "nothing\x1b[31m"), 'beadle: there is no letter "nothing[U+001B][31m"; `beadle mail` lists'),
        (("digest", "--weekly", "nobody"), 'beadle: nobody in people.yaml with the id "nobody" gets the weekly;'),
    ],
)
def test_what_can_not_be_done_is_said_in_a_sentence(
    watched: Office, beadle: Beadle, words: tuple[str, ...], sentence: str
) -> None:
    """On standard error, with exit status 1."""
    said = beadle(*words)

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith(sentence)


def test_the_queue_of_an_empty_house_is_empty(home: Home, beadle: Beadle) -> None:
    """And says so."""
    assert database.is_ready(database.normalise(home.database_url))
    assert beadle("mail").out == "No mail waits to be sent.\n"
