"""What is written down of presses, and what a search finds: on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import search
from bot.ledger.presses import FAILED, REFUSED, TAKEN
from bot.ledger.tables import Press
from bot.slack.members import Member
from bot.slack.presses import OUR_FAULT, Heard, Journal, Pressed
from tests.office import COARSE, Office, open_office, person

PRESS = Pressed("T0:U0NOOR:1.2:case_approve", "case_approve", about="fa-x", saw="ab" * 32)
NOOR = Member("U0NOOR", person())


def test_a_press_is_written_down_with_who_what_and_what_they_saw(database_url: str, tmp_path: Path) -> None:
    """Taken or refused, the row says all of it."""
    with open_office(database_url, tmp_path) as office:
        journal = Journal(office.route)

        assert journal.hear(PRESS, NOOR, lambda: Heard(TAKEN, "Approved."))

        row = _row(office)
        assert (row.member, row.person, row.roles, row.action, row.about) == (
            "U0NOOR",
            "noor",
            "sma",
            "case_approve",
            "fa-x",
        )
        assert (row.saw, row.outcome, row.because, row.at) == ("ab" * 32, "taken", "Approved.", office.clock())


def test_the_same_press_at_once_and_again_is_heard_once(database_url: str, tmp_path: Path) -> None:
    """Ten deliveries side by side, and one later: the deed is done once."""
    with open_office(database_url, tmp_path) as office:
        journal, done, gate = Journal(office.route), [], threading.Barrier(10)

        def deed() -> Heard:
            done.append("done")
            return Heard(TAKEN, "")

        def deliver(_: int) -> Heard | None:
            gate.wait()
            return journal.hear(PRESS, NOOR, deed)

        with ThreadPoolExecutor(10) as hands:
            heard = list(hands.map(deliver, range(10)))

        assert done == ["done"]
        assert len([each for each in heard if each is not None]) == 1
        assert Journal(office.route).hear(PRESS, NOOR, deed) is None
        assert done == ["done"]


def test_a_press_that_was_cut_off_is_taken_up_again(database_url: str, tmp_path: Path) -> None:
    """A crash between the acknowledgement and the decision leaves a row that says so, and no closed door."""
    with open_office(database_url, tmp_path) as office:
        with Session(office.route.writing) as session, session.begin():
            session.add(Journal(office.route)._row(PRESS, NOOR))

        assert Journal(office.route).hear(PRESS, NOOR, lambda: Heard(TAKEN, "Approved."))

        assert _row(office).outcome == TAKEN


def test_whatever_goes_wrong_is_an_answer_and_no_silence(database_url: str, tmp_path: Path) -> None:
    """A refusal keeps its sentence; a fault of ours is said as one, and may be tried again."""
    with open_office(database_url, tmp_path) as office:
        journal = Journal(office.route)

        def fault() -> Heard:
            raise KeyError("zanzibar")

        def refusal() -> Heard:
            raise NotAllowed("noor has no role.")

        assert journal.hear(PRESS, NOOR, fault) == Heard(FAILED, OUR_FAULT)
        assert _row(office).outcome == FAILED
        assert journal.hear(PRESS, NOOR, refusal) == Heard(REFUSED, "noor has no role.")
        assert (_row(office).outcome, _row(office).because) == (REFUSED, "noor has no role.")


def test_a_search_keeps_to_the_pages_the_words_and_the_newest(database_url: str, tmp_path: Path) -> None:
    """Newest first, page by page, nothing of other pages, and no wildcard in what is typed."""
    with open_office(database_url, tmp_path) as office:
        for number in range(3):
            office.open_case(f"{COARSE} 10{number}% of the time")
            office.clock.pass_(60)
        with Session(office.route.reading) as session:
            found = search.find(session, "BITCH", {"main"}, limit=2)
            rest = search.find(session, "bitch", None, limit=2, offset=2)

            assert [each.text[-16:] for each in (*found, *rest)] == [f"10{n}% of the time" for n in (2, 1, 0)]
            assert search.find(session, "bitch", {"parks"}, limit=9) == []
            assert search.find(session, "bitch", set(), limit=9) == []
            assert len(search.find(session, "102%", {"main"}, limit=9)) == 1
            assert search.find(session, "10_%", {"main"}, limit=9) == []
            assert search.find(session, "1\\02", {"main"}, limit=9) == []


def test_a_search_says_what_may_not_be_quoted(database_url: str, tmp_path: Path) -> None:
    """Private data and restricted cases are found and not quoted."""
    with open_office(database_url, tmp_path) as office:
        private = office.open_case("Call her at home, 860-555-0143.")
        closed = office.open_case(f"{COARSE} at home")
        with Session(office.route.reading) as session:
            found = search.find(session, "at home", None, limit=9, closed=lambda case_id: case_id == closed)

    assert {each.case_id: each.may_be_quoted for each in found} == {private: False, closed: False}


def _row(office: Office) -> Press:
    with Session(office.route.reading) as session:
        return session.get_one(Press, PRESS.key)
