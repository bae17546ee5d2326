"""Stale, repeated and simultaneous presses: one decision is taken, and whoever came too late is told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger.tables import CaseStatus
from bot.review import Answer
from bot.voice import Voice
from tests.deciding import decide, open_plain_office
from tests.office import COARSE, Office, person, voice

DIGEST = "d" * 64


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_plain_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def waiting(office: Office) -> str:
    """A case that waits for a person."""
    return office.settled_case(COARSE)


@pytest.fixture
def on_each(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The same on each kind of database."""
    with open_plain_office(database_url, tmp_path) as opened:
        yield opened


def pressed(office: Office, case_id: str, by: str = "noor", press: str = "", stand: str = "") -> Voice:
    """A press in Slack, on the message as it stands unless another stand is given."""
    seen = stand or office.file(case_id).stand
    return Voice(person(by), f"slack:{by}", "slack", DIGEST, seen, press)


def test_a_press_on_a_message_of_yesterday_is_refused_and_says_who_spoke(office: Office, waiting: str) -> None:
    """The case moved on since; the sentence says how it stands and by whom, and nothing is recorded."""
    stale = pressed(office, waiting)
    decide(office, waiting, "keep", "gene")

    with pytest.raises(NotAllowed, match="since you saw it: gene said keep, and it is kept now; look again"):
        office.review.decide(waiting, Verb.HIDE, stale, "why")
    assert [each.person for each in office.file(waiting).decisions] == ["gene"]


def test_what_a_rule_did_since_makes_a_message_stale_too(office: Office) -> None:
    """The message said that it waits; by now it is hidden."""
    case_id = office.preserved_case()
    stale = pressed(office, case_id)
    office.work()

    with pytest.raises(NotAllowed, match="has changed since you saw it: it is hidden now"):
        office.review.decide(case_id, Verb.ESCALATE, stale, "why")


def test_a_stand_that_nobody_compares_is_no_obstacle(office: Office, waiting: str) -> None:
    """At a terminal the person has just read the case."""
    assert office.review.decide(waiting, Verb.KEEP, voice(), "why").decision


def test_the_same_press_again_gives_the_same_answer_and_one_decision(office: Office, waiting: str) -> None:
    """Slack delivers an envelope twice; the second finds the first one's work, although the case has moved."""
    twice = pressed(office, waiting, press="envelope-1")
    first = office.review.decide(waiting, Verb.HIDE, twice, "why")
    office.work()
    again = office.review.decide(waiting, Verb.HIDE, twice, "why")

    assert again == replace(first, again=True)
    assert len(office.file(waiting).decisions) == 1
    assert office.writes() == ["hide"]


def test_what_was_seen_and_by_which_door_stands_in_the_record(office: Office, waiting: str) -> None:
    """Who, in which office, from which account, by which door, before which message."""
    office.review.decide(waiting, Verb.KEEP, pressed(office, waiting, press="envelope-1"), "why")
    row = office.file(waiting).decisions[0]

    assert (row.person, row.account, row.roles) == ("noor", "slack:noor", "sma")
    assert (row.door, row.saw, row.press) == ("slack", DIGEST, "envelope-1")


def test_a_double_click_in_two_threads_is_one_decision_and_both_are_answered(on_each: Office) -> None:
    """Both ask at the same moment; one records, the other finds it."""
    waiting = on_each.settled_case(COARSE)
    twice = pressed(on_each, waiting, press="envelope-1")
    answers = at_once(*[lambda: on_each.review.decide(waiting, Verb.HIDE, twice, "why")] * 4)
    on_each.work()

    assert sorted(each.again for each in answers if isinstance(each, Answer)) == [False, True, True, True]
    assert len({each.decision for each in answers if isinstance(each, Answer)}) == 1
    assert (len(on_each.file(waiting).decisions), on_each.writes()) == (1, ["hide"])


def test_of_two_people_who_press_at_once_one_decides_and_the_other_is_told(on_each: Office) -> None:
    """Both saw the same message. Exactly one decision is taken, whichever database is under it."""
    waiting = on_each.settled_case(COARSE)
    noor, gene = pressed(on_each, waiting, press="n1"), pressed(on_each, waiting, "gene", press="g1")
    found = at_once(
        lambda: on_each.review.decide(waiting, Verb.HIDE, noor, "why"),
        lambda: on_each.review.decide(waiting, Verb.KEEP, gene, "why"),
    )
    on_each.work()
    (taken,) = [each for each in found if isinstance(each, Answer)]
    (told,) = [each for each in found if isinstance(each, NotAllowed)]
    (row,) = on_each.file(waiting).decisions

    assert row.id == taken.decision
    assert f"{row.person} said {row.verb}" in told.sentence
    expected = CaseStatus.HIDDEN if row.verb == "hide" else CaseStatus.KEPT
    assert on_each.case(waiting).status == expected


def test_of_two_second_people_who_approve_at_once_one_is_taken(on_each: Office) -> None:
    """A removal is approved once and done once."""
    waiting = on_each.settled_case(COARSE)
    decide(on_each, waiting, "remove")
    gene, ada = pressed(on_each, waiting, "gene", press="g1"), pressed(on_each, waiting, "ada", press="a1")
    found = at_once(
        lambda: on_each.review.decide(waiting, Verb.APPROVE, gene, "why"),
        lambda: on_each.review.decide(waiting, Verb.APPROVE, ada, "why"),
    )
    on_each.work()

    assert sorted(type(each).__name__ for each in found) == ["Answer", "NotAllowed"]
    assert ([each.verb for each in on_each.file(waiting).decisions], on_each.writes()) == (
        ["remove", "approve"],
        ["remove"],
    )


def at_once(*calls: Callable[[], Answer]) -> list[object]:
    """Make all the calls at the same moment; what each gave or raised."""
    ready = threading.Barrier(len(calls))

    def call(each: Callable[[], Answer]) -> object:
        ready.wait(10)
        try:
            return each()
        except NotAllowed as refused:
            return refused

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(call, calls))
