"""An account that reaches the threshold is put before people: once, told once, and answered by them alone."""

from __future__ import annotations

import pytest

from bot.authority import Verb
from bot.errors import NotAllowed
from bot.ledger.tables import ProposalStatus
from bot.people import Role
from bot.voice import Voice
from tests.offenders.hall import DAY, MALLORY, Hall, supervisor
from tests.office import SLUG, person, voice


def test_the_third_confirmed_event_opens_one_proposal_and_tells_people_once(hall_on_each: Hall) -> None:
    """However often it is looked at: one proposal, one sentence, and nothing asked of the platform."""
    hall = hall_on_each
    hall.violate(0)
    hall.violate(1)
    hall.see_to()
    assert hall.proposals() == []

    hall.violate(2)
    hides = hall.office.writes()
    for _ in range(3):
        hall.see_to()

    (proposal,) = hall.proposals()
    assert (proposal.status, proposal.total, proposal.threshold, proposal.warnings) == ("open", 3, 3, 3)
    assert [sentence for sentence in hall.sentences() if "3 confirmed strikes" in sentence] == hall.sentences()
    assert len(hall.told) == 1
    assert "facebook:m1" in hall.sentences()[0]
    assert "Mallory" not in hall.sentences()[0]
    assert (hall.office.writes(), hall.doorman.asked) == (hides, [])


def test_a_proposal_names_the_events_with_their_evidence_and_expiry(struck: Hall) -> None:
    """What counted is on record with the package of each, the clause, the policy version and when it stops counting."""
    hall, cases = struck, struck.cases
    hall.see_to()

    events = hall.proposals()[0].events
    packages = [hall.office.file(case_id).evidence for case_id in cases]
    assert [event["cases"] for event in events] == [[case_id] for case_id in cases]
    assert [event["packages"] for event in events] == [[each.package_id] for each in packages if each]
    assert {(event["clause"], event["weight"]) for event in events} == {("3.4.3.A", 1)}
    assert all(event["policy"].startswith("clinton-city ") and event["expires_at"] for event in events)


def test_a_further_strike_brings_the_open_proposal_up_to_date(struck: Hall) -> None:
    """No second proposal: the first one has four strikes now, waits anew, and people hear of it."""
    hall = struck
    hall.see_to()
    first = hall.proposals()[0]

    hall.violate(3)
    hall.see_to()
    hall.see_to()

    (proposal,) = hall.proposals()
    assert (proposal.id, proposal.total) == (first.id, 4)
    assert proposal.expires_at > first.expires_at
    assert len(hall.told) == 2
    assert "4 now" in hall.sentences()[1]
    assert len({key for _, key in hall.told}) == 2


def test_a_proposal_that_nobody_answers_lapses_and_a_further_strike_opens_the_next(struck: Hall) -> None:
    """Thirty days; then it asks nobody any more until something new happens."""
    hall = struck
    hall.see_to()
    hall.office.clock.pass_(31 * DAY)
    hall.see_to()
    hall.see_to()
    assert [each.status for each in hall.proposals()] == [ProposalStatus.LAPSED]

    hall.violate(3)
    hall.see_to()

    assert [(each.number, each.status) for each in hall.proposals()] == [(1, "lapsed"), (2, "open")]


def test_strikes_that_age_out_of_the_window_take_the_proposal_with_them(struck: Hall) -> None:
    """A year after the first of three there are two: no proposal stands on two."""
    hall = struck
    hall.see_to()
    hall.office.clock.pass_(364 * DAY)
    hall.see_to()

    assert hall.standing().total < 3
    assert hall.proposals()[0].status == ProposalStatus.LAPSED
    assert hall.proposals()[0].because.startswith("Strikes have aged out:")


def test_no_action_closes_the_proposal_with_a_reason_and_only_something_new_asks_again(struck: Hall) -> None:
    """A leader declines; the same three strikes never ask again, a fourth does."""
    hall = struck
    hall.see_to()
    said = hall.ladder.decline(hall.account(), SLUG, "criticism in coarse words", Voice(supervisor(), "sam"))
    hall.see_to()

    assert said.startswith("Recorded: no action.")
    assert [each.status for each in hall.proposals()] == [ProposalStatus.DECLINED]
    assert [(each.verb, each.person, each.reason) for each in hall.words()] == [
        ("decline", "sam", "criticism in coarse words")
    ]

    hall.violate(3)
    hall.see_to()
    assert [each.status for each in hall.proposals()] == ["declined", "open"]


@pytest.mark.parametrize("roles", [(Role.SMA,), (Role.COUNSEL,), (Role.CITY_CLERK,)])
def test_only_leaders_decline_and_they_say_why(struck: Hall, roles: tuple[Role, ...]) -> None:
    """Whoever may not, and whoever gives no reason, changes nothing."""
    hall = struck
    hall.see_to()

    with pytest.raises(NotAllowed, match="no role"):
        hall.ladder.decline(hall.account(), SLUG, "why not", voice(person("rae", *roles)))
    with pytest.raises(NotAllowed, match="say why"):
        hall.ladder.decline(hall.account(), SLUG, "  ", Voice(supervisor(), "sam"))
    assert hall.proposals()[0].status == ProposalStatus.OPEN


def test_a_strike_under_an_open_appeal_is_not_final(struck: Hall) -> None:
    """It does not open a proposal; an open one stays, unanswerable, until the appeal is decided."""
    hall, cases = struck, struck.cases
    hall.appealed.add(cases[1])
    hall.see_to()
    assert (hall.proposals(), hall.standing().total, hall.standing().with_appeals) == ([], 2, 3)

    hall.appealed.clear()
    hall.see_to()
    hall.appealed.add(cases[1])
    hall.see_to()
    assert hall.proposals()[0].status == ProposalStatus.OPEN


def test_an_account_of_the_city_is_recorded_and_never_put_before_people(hall: Hall) -> None:
    """Staff: nothing is hidden by rule, a person's hides are on record, and no proposal opens."""
    hall.office.rearrange(staff=frozenset({"m1"}))
    for number in range(3):
        case_id = hall.violate(number, confirmed=False)
        assert hall.office.case(case_id).status == "waiting"
        assert hall.office.case(case_id).because == "The account is the city's own or its staff's: a person decides."
        hall.decide(case_id, Verb.HIDE)
    hall.see_to()

    standing = hall.standing()
    assert (standing.exempt, standing.total, len(standing.events)) == (True, 0, 3)
    assert [each.status for event in standing.events for each in event.strikes] == ["confirmed"] * 3
    assert (hall.proposals(), hall.told) == ([], [])


def test_the_same_name_on_another_account_counts_for_neither(hall: Hall) -> None:
    """Three accounts displayed alike, one strike each: nobody has three (FA-24)."""
    for number, author_id in enumerate(("m1", "m2", "m3")):
        hall.violate(number, type(MALLORY)(author_id, "Mallory Reyes"))
    hall.see_to()

    assert [hall.standing(each).total for each in ("m1", "m2", "m3")] == [1, 1, 1]
    assert hall.proposals() == []
