"""Answering appeals (FA-16): by a person other than the first, in writing, and never by itself."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger import residents
from bot.ledger.tables import Appeal, RuleEvent
from bot.people import Role
from connectors.contract import PermissionLost, Visibility
from tests.office import NOW, SLUG, person, voice
from tests.residents.conftest import RESIDENT, House, clerk, counsel
from tests.residents.test_appeals import received


def appealed(house: House, case_id: str, source: str = "mail:<1@x>") -> str:
    """An appeal about the case; its number."""
    return house.counter.appeals.take_in(received(f"Case {case_id}", source)).number


def answer(house: House) -> str:
    """The written outcome, as it is mailed."""
    (letter,) = [each for each in house.letters() if each.key.endswith(":answer")]
    assert letter.recipients == [RESIDENT]
    found: str = message_from_bytes(letter.mime, policy=policy.default).get_content()
    return found


def row(house: House, number: str) -> Appeal:
    """The appeal as it stands."""
    with Session(house.office.route.reading) as session:
        return residents.find(session, number)


def test_a_denied_appeal_is_answered_with_its_reason_and_what_else_can_be_done(house: House) -> None:
    """Clause, reason, the office that decided, and the further way; the comment stays hidden, the hold ends."""
    case_id = house.hidden_case()
    number = appealed(house, case_id)
    house.counter.deciding.decide(number, uphold=False, voice=voice(counsel()), reason="The word is on the list.")
    house.work()
    said = answer(house)

    assert "was denied on 21 November 2026" in said
    assert f"clause {house.office.file(case_id).verdict.clause}" in said
    for part in ("by counsel of", "The word is on the list.", "clerk@millbrook.example", "ask a court"):
        assert part in said
    assert "cora" not in said
    assert house.office.case(case_id).status == "hidden"
    assert row(house, number).closed_at is not None
    assert [each["hold"] for each in house.supplements(case_id, "hold")] == ["placed", "released"]


def test_nothing_answers_an_appeal_by_itself(house: House) -> None:
    """A month goes by: it is overdue, and still open, and held."""
    case_id = house.hidden_case()
    appealed(house, case_id)
    house.office.clock.pass_(40 * 86_400)
    house.work()
    (waiting,) = house.counter.appeals.waiting()

    assert (waiting.status, waiting.overdue) == ("open", True)
    with Session(house.office.route.reading) as session:
        assert residents.held(session, case_id)
    assert house.office.platform.journal.count("unhide") == 0


def test_whoever_hid_or_confirmed_does_not_answer(house: House) -> None:
    """Neither the person, nor the account, nor whoever denied an earlier appeal of the same case."""
    lead = person("lea", Role.SUPERVISOR)
    case_id = house.hidden_case()
    house.office.review.decide(case_id, Verb.APPROVE, voice(lead), "On the list.")
    house.work()
    first, second = appealed(house, case_id), appealed(house, case_id, "mail:<2@x>")
    decide = house.counter.deciding.decide

    with pytest.raises(NotAllowed, match="taken part"):
        decide(first, uphold=False, voice=voice(lead), reason="No.")
    with pytest.raises(NotAllowed, match="taken part"):
        decide(first, uphold=False, voice=voice(counsel(), account="lea"), reason="No.")
    decide(first, uphold=False, voice=voice(counsel()), reason="No.")
    with pytest.raises(NotAllowed, match="denied A-2026-0001"):
        decide(second, uphold=True, voice=voice(counsel()), reason="Yes.")
    decide(second, uphold=True, voice=voice(person("sue", Role.CHIEF_OF_STAFF)), reason="Yes.")
    house.work()
    assert house.office.case(case_id).status == "restored"


def test_whoever_let_the_rule_act_alone_does_not_answer_for_it(house: House) -> None:
    """The promoter of the rule judged it before, and so did the second."""
    case_id = house.hidden_case()
    rule = house.office.file(case_id).verdict.findings[0].rule_id
    event = RuleEvent(page=SLUG, rule=rule, what="promoted", policy="x", person="lea", account="uid:7", second="cora")
    event.reason, event.because, event.at = "", "", NOW
    with Session(house.office.route.writing) as session, session.begin():
        session.add(event)
    number = appealed(house, case_id)

    for who in (person("lea", Role.SUPERVISOR), counsel()):
        with pytest.raises(NotAllowed, match="let the rule act alone"):
            house.counter.deciding.decide(number, uphold=True, voice=voice(who), reason="Yes.")


@pytest.mark.parametrize("role", [Role.SMA, Role.CITY_CLERK, Role.RECORDS_CUSTODIAN])
def test_an_office_without_the_right_does_not_answer(house: House, role: Role) -> None:
    """Counsel and leaders do; whoever moderates day by day, or takes in, does not."""
    number = appealed(house, house.hidden_case())

    with pytest.raises(NotAllowed, match="decide an appeal"):
        house.counter.deciding.decide(number, uphold=True, voice=voice(person("max", role)), reason="Yes.")


def test_a_decision_wants_a_reason_a_case_and_a_known_number(house: House) -> None:
    """Each refusal says what to do; nothing is recorded."""
    number, loose = appealed(house, house.hidden_case()), appealed(house, "none", "mail:<9@x>")
    decide = house.counter.deciding.decide

    with pytest.raises(NotAllowed, match="say why"):
        decide(number, uphold=True, voice=voice(counsel()), reason="  ")
    with pytest.raises(NotAllowed, match="beadle appeals match"):
        decide(loose, uphold=True, voice=voice(counsel()), reason="Yes.")
    with pytest.raises(NotAllowed, match="no appeal"):
        decide("A-2026-0999", uphold=True, voice=voice(counsel()), reason="Yes.")
    assert {each.status for each in house.counter.appeals.waiting()} == {"open", "unmatched"}


def test_the_same_decision_twice_is_one_and_another_is_refused(house: House) -> None:
    """A double click restores once; a second reviewer is told that it is answered."""
    case_id = house.hidden_case()
    number = appealed(house, case_id)
    decide = house.counter.deciding.decide
    first = decide(number, uphold=True, voice=voice(counsel()), reason="Yes.")
    second = decide(number, uphold=True, voice=voice(counsel()), reason="Yes.")
    with pytest.raises(NotAllowed, match="upheld already"):
        decide(number, uphold=False, voice=voice(person("sue", Role.CHIEF_OF_STAFF)), reason="No.")
    house.work()
    house.work()

    assert (first.again, second.again) == (False, True)
    assert house.office.platform.journal.count("unhide") == 1
    assert len(house.letters()) == 2


def test_the_strike_is_void_at_once_and_the_answer_waits_for_the_platform(house: House) -> None:
    """The platform refuses: no letter says "restored", the record stays held; a person shows it, and then it goes."""
    case_id = house.hidden_case()
    number = appealed(house, case_id)
    house.office.platform.fail("unhide", PermissionLost("Give the account the task MODERATE."))
    house.counter.deciding.decide(number, uphold=True, voice=voice(counsel()), reason="Yes.")
    assert house.office.strike(case_id).status == "void"  # type: ignore[union-attr]
    house.work()

    assert row(house, number).closed_at is None
    with Session(house.office.route.reading) as session:
        assert residents.held(session, case_id) == (number,)
    house.office.clock.pass_(60)
    house.office.review.decide(case_id, Verb.RESTORE, voice(), "The right is there now.")
    house.work()
    assert "restored on 21 November 2026, 7:01 AM" in answer(house)
    assert row(house, number).closed_at is not None


def test_what_can_not_be_shown_again_is_said_plainly(house: House) -> None:
    """It was gone by then; the strike is void all the same, and the letter promises nothing."""
    case_id = house.hidden_case()
    number = appealed(house, case_id)
    house.office.platform.vanish(house.office.file(case_id).ref)
    house.counter.deciding.decide(number, uphold=True, voice=voice(counsel()), reason="Yes.")
    house.work()
    said = answer(house)

    assert "can't be shown again" in said
    assert "not on the platform any more" in said
    assert "restored on" not in said
    assert house.office.file(case_id).comment.visibility == Visibility.MISSING_UNKNOWN
    assert house.office.strike(case_id).status == "void"  # type: ignore[union-attr]


def test_an_appeal_that_comes_after_the_comment_was_restored_voids_and_answers(house: House) -> None:
    """Nothing is asked of the platform; the answer says how it stands."""
    case_id = house.hidden_case()
    house.office.clock.pass_(60)
    house.office.review.decide(case_id, Verb.RESTORE, voice(), "An opinion.")
    house.work()
    number = appealed(house, case_id)
    house.counter.deciding.decide(number, uphold=True, voice=voice(counsel()), reason="It was an opinion.")
    house.work()

    assert house.office.platform.journal.count("unhide") == 1
    assert "not hidden by the city now" in answer(house)
    assert row(house, number).closed_at is not None


def test_two_appeals_of_one_case_hold_it_until_both_are_answered(house: House) -> None:
    """Each matter releases its own hold."""
    case_id = house.hidden_case()
    one, two = appealed(house, case_id), appealed(house, case_id, "mail:<2@x>")
    house.counter.deciding.decide(one, uphold=False, voice=voice(counsel()), reason="No.")

    with Session(house.office.route.reading) as session:
        assert residents.held(session, case_id) == (two,)


def test_hostile_reasons_and_languages_reach_the_letter_harmlessly(house: House) -> None:
    """A Spanish comment is answered in Spanish; control characters of a reason stay out."""
    case_id = house.hidden_case()
    number = appealed(house, case_id)
    file = house.office.file(case_id)
    spanish = replace(file, verdict=replace(file.verdict, lang="es"))
    house.counter.deciding.decide(number, uphold=False, voice=voice(counsel()), reason="No\x1b[2J\u202e.")
    said = house.counter.deciding.answer(row(house, number), spanish)

    assert "fue rechazada" in said
    assert "\x1b" not in said
    assert "\u202e" not in answer(house)
    assert clerk().id not in said
