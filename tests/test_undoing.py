"""All that a rule did by itself since a time is taken back, with read-back; what people decided is left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session, select

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import switches, undos
from bot.ledger.tables import CaseStatus, Decision, StrikeStatus, UndoRun
from bot.people import People, Person, Role
from bot.undoing import Undoing
from connectors.contract import Visibility
from tests.office import NOW, SLUG, Office, open_office, person, voice

RULE = "obscene-words"
BEFORE = NOW - timedelta(hours=1)
AVA = person("ava", Role.SUPERVISOR)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def either(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The same, once on each database."""
    with open_office(database_url, tmp_path) as opened:
        yield opened


def _hidden(office: Office, how_many: int) -> list[str]:
    for number in range(how_many):
        office.platform.say(f"This is bullshit, Dana, number {number}.")
    office.poll()
    office.work()
    office.clock.pass_(60)
    return sorted(office.all_cases())


def _undoing(office: Office, *people: Person) -> Undoing:
    return Undoing(office.review, People(people or (AVA,)))


def _undo(office: Office, since: datetime = BEFORE) -> int:
    return _undoing(office).undo(RULE, SLUG, since, voice(AVA), "The list was wrong.")


def test_everything_the_rule_hid_is_shown_again_and_read_back(office: Office) -> None:
    """A decision on each, under the code undo, carried out by the same workflow; strikes are void."""
    hidden = _hidden(office, 3)
    assert sorted(_undoing(office).preview(RULE, SLUG, BEFORE)) == hidden
    assert _undo(office) == 3
    office.work()

    files = [office.file(case_id) for case_id in hidden]
    assert {file.case.status for file in files} == {CaseStatus.RESTORED}
    assert {file.comment.visibility for file in files} == {Visibility.VISIBLE}
    assert {(file.settling[-1].verb, file.settling[-1].code, file.settling[-1].person) for file in files} == {
        ("restore", "undo", "ava")
    }
    assert {file.strike.status for file in files if file.strike} == {StrikeStatus.VOID}


def test_a_preview_changes_nothing(office: Office) -> None:
    """Looking is free."""
    _hidden(office, 2)
    _undoing(office).preview(RULE, None, BEFORE)
    with Session(office.route.reading) as session:
        assert session.exec(select(Decision)).all() == []
        assert session.exec(select(UndoRun)).all() == []


def test_what_a_person_decided_is_left_and_named(office: Office) -> None:
    """Confirmed by noor: it stays hidden."""
    hidden = _hidden(office, 2)
    office.review.decide(hidden[0], Verb.APPROVE, voice(), "Right.")
    office.work()
    assert _undo(office) == 1
    office.work()
    assert office.case(hidden[0]).status == CaseStatus.HIDDEN
    left = [each for each in _undoing(office).traces(RULE, SLUG, BEFORE) if each.case_id == hidden[0]]
    assert [(each.decided, each.can_be_undone) for each in left] == [(True, False)]


def test_only_this_rule_and_only_since_then(office: Office) -> None:
    """Another rule's hide, and an older one of this rule, stay."""
    older = office.settled_case()
    office.clock.pass_(3600)
    since = office.clock()
    number = office.settled_case("his ssn 219-09-9999")
    newer = office.settled_case("What bullshit is this?")
    office.clock.pass_(60)
    assert _undo(office, since) == 1
    office.work()
    assert [office.case(each).status for each in (older, number, newer)] == ["hidden", "hidden", "restored"]


def test_run_twice_it_decides_once(office: Office) -> None:
    """The second run finds nothing left to decide, before and after the first was carried out."""
    _hidden(office, 3)
    assert [_undo(office), _undo(office)] == [3, 0]
    office.work()
    assert _undo(office) == 0
    assert office.writes().count("unhide") == 3


def test_a_kill_in_the_middle_is_finished_by_the_daemon(either: Office) -> None:
    """Two of five were decided when the process died; the journal knows the rest, and whose word it was."""
    office, hidden = either, _hidden(either, 5)

    class Killed(BaseException):
        """The process ends here."""

    def die(done: int, _: int) -> None:
        if done == 2:
            raise Killed

    with pytest.raises(Killed):
        _undoing(office).undo(RULE, SLUG, BEFORE, voice(AVA), "The list was wrong.", die)
    assert _undoing(office).finish_due(office.clock()) == 0, "the command itself may still be at it"
    office.clock.pass_(600)
    assert _undoing(office).finish_due(office.clock()) == 3
    assert _undoing(office).finish_due(office.clock()) == 0
    office.work()

    assert {office.case(each).status for each in hidden} == {CaseStatus.RESTORED}
    with Session(office.route.reading) as session:
        assert {row.person for row in session.exec(select(Decision)).all()} == {"ava"}
        (run,) = session.exec(select(UndoRun)).all()
        assert (run.cases, run.done_at is not None) == (5, True)


def test_what_began_after_the_undo_was_said_is_not_taken_back_by_finishing_it(office: Office) -> None:
    """A person's word is about what they saw."""
    _hidden(office, 1)
    with Session(office.route.writing) as session, session.begin():
        undos.begin(session, RULE, SLUG, BEFORE, voice(AVA), "Wrong.", office.clock())
    office.clock.pass_(600)
    later = office.settled_case("What bullshit is this?")
    assert _undoing(office).finish_due(office.clock()) == 1
    office.work()
    assert office.case(later).status == CaseStatus.HIDDEN


def test_a_person_who_left_finishes_nothing(office: Office) -> None:
    """Nobody's word is carried on who is not in people.yaml any more."""
    _hidden(office, 1)
    with Session(office.route.writing) as session, session.begin():
        undos.begin(session, RULE, SLUG, BEFORE, voice(AVA), "Wrong.", office.clock())
    office.clock.pass_(600)
    assert _undoing(office, person("ben", Role.SUPERVISOR)).finish_due(office.clock()) == 0


def test_a_comment_that_is_gone_is_said_to_be_gone(office: Office) -> None:
    """Nothing to show again; the others are."""
    hidden = _hidden(office, 2)
    office.platform.vanish(office.file(hidden[0]).ref)
    _undo(office)
    office.work()
    assert {office.case(each).status for each in hidden} == {CaseStatus.GONE, CaseStatus.RESTORED}


def test_a_stop_of_everything_holds_back_hides_and_no_undo(office: Office) -> None:
    """Paused with no page, seen by the next act; an undo goes on, and a person's hide waits."""
    hidden = _hidden(office, 2)
    waiting = office.settled_case("what a bitch")
    assert office.review.pause(switches.ALL, voice(), "Something is wrong.")
    office.review.decide(waiting, Verb.HIDE, voice(), "Breaks the clause.")
    held = office.open_case("More bullshit, Dana.")
    office.clock.pass_(60)
    assert _undo(office) == 2
    office.work()

    assert {office.case(each).status for each in hidden} == {CaseStatus.RESTORED}
    assert office.case(held).status == CaseStatus.PAUSED
    assert office.writes() == ["hide", "hide", "unhide", "unhide"]
    assert office.review.resume(switches.ALL, voice()) == 1
    office.work()
    office.work_later()
    assert office.writes().count("hide") == 4


@pytest.mark.parametrize(
    ("who", "page", "since", "reason", "because"),
    [
        (person("noor"), SLUG, BEFORE, "Wrong.", "no role that may"),
        (person("ava", Role.SUPERVISOR, pages=frozenset({"other"})), SLUG, BEFORE, "Wrong.", "does not look after"),
        (person("ava", Role.SUPERVISOR, pages=frozenset({"other"})), None, BEFORE, "Wrong.", "does not look after"),
        (AVA, "nowhere", BEFORE, "Wrong.", 'no page "nowhere"'),
        (AVA, SLUG, NOW + timedelta(days=1), "Wrong.", "must be in the past"),
        (AVA, SLUG, BEFORE, " ", "say why"),
    ],
    ids=["an SMA", "another's page", "every page", "no such page", "the future", "no reason"],
)
def test_an_undo_that_may_not_be_is_refused_and_nothing_is_recorded(
    office: Office, who: Person, page: str | None, since: datetime, reason: str, because: str
) -> None:
    """With a sentence; no journal, no decision."""
    _hidden(office, 1)
    with pytest.raises(NotAllowed, match=because):
        _undoing(office).undo(RULE, page, since, voice(who), reason)
    with Session(office.route.reading) as session:
        assert session.exec(select(UndoRun)).all() == []
        assert session.exec(select(Decision)).all() == []
