"""Whatever takes a decision back takes the strike with it, at once, and everything that rested on it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.ledger import acts, asks
from bot.ledger.tables import Ask, BlockStatus, ProposalStatus, StrikeStatus
from bot.voice import Voice
from connectors.contract import Unavailable, Visibility
from tests.offenders.hall import DAY, Hall, code_of, supervisor
from tests.office import KIND, voice


def _say(hall: Hall, case_id: str, verb: Verb) -> None:
    """A person's word, before anything is carried out."""
    hall.office.review.decide(case_id, verb, voice(), "it is criticism", code_of(hall.office, case_id, verb))


def _restored_while_the_platform_is_down(hall: Hall, case_id: str) -> None:
    hall.office.platform.fail("unhide", Unavailable("no answer"))
    _say(hall, case_id, Verb.RESTORE)
    hall.office.work()


def _restored_when_the_comment_is_gone(hall: Hall, case_id: str) -> None:
    hall.office.platform.vanish(hall.office.file(case_id).ref)
    _say(hall, case_id, Verb.RESTORE)
    hall.office.work()


def _shown_again_on_the_platform(hall: Hall, case_id: str) -> None:
    ref = hall.office.file(case_id).ref
    hall.office.platform.unhide(ref)
    hall.office.poll()


def _voided_by_an_appeal(hall: Hall, case_id: str) -> None:
    with Session(hall.office.route.writing) as session, session.begin():
        acts.void(session, case_id, hall.office.clock())


REVERSALS: dict[str, Callable[[Hall, str], None]] = {
    "a person's word alone": lambda hall, case_id: _say(hall, case_id, Verb.RESTORE),
    "restored": lambda hall, case_id: hall.decide(case_id, Verb.RESTORE),
    "restored while the platform is down": _restored_while_the_platform_is_down,
    "restored when the comment is gone": _restored_when_the_comment_is_gone,
    "shown again on the platform itself": _shown_again_on_the_platform,
    "voided by an appeal": _voided_by_an_appeal,
}


@pytest.mark.parametrize("way", REVERSALS)
def test_every_reversal_voids_strike_proposal_and_request_in_the_same_moment(ready: Hall, way: str) -> None:
    """Nobody looks in between: no round, no stage. The request of a block can't be approved any more."""
    number = ready.ask()

    REVERSALS[way](ready, ready.cases[0])

    strike = ready.office.strike(ready.cases[0])
    assert strike is not None
    assert strike.status == StrikeStatus.VOID
    assert ready.standing().total == 2
    assert ready.proposals()[0].status == ProposalStatus.VOID
    assert ready.proposals()[0].because == "A reversal left 2 of the 3 strikes that it takes."
    with Session(ready.office.route.reading) as session:
        assert session.get_one(Ask, number).status == "closed"
        assert asks.waiting(session) == []


def test_a_reversal_overtakes_a_block_that_was_approved_and_not_done(ready: Hall) -> None:
    """The order is in the queue already; the platform is never asked."""
    ready.approve(ready.ask())

    _say(ready, ready.cases[1], Verb.RESTORE)
    assert ready.blocks()[0].status == BlockStatus.OVERTAKEN
    ready.bar()
    ready.see_to()

    assert ready.doorman.asked == []
    assert ready.blocks()[0].status == BlockStatus.OVERTAKEN
    assert any("is not done" in sentence for sentence in ready.sentences())


def test_a_block_that_was_done_at_the_moment_of_a_reversal_is_lifted_again(ready: Hall) -> None:
    """Between the asking and the record a person took a strike back: their word is final, the block goes."""
    ready.approve(ready.ask())
    key = next(each.key for each in ready.office.pad.open if each.workflow == "bar")
    done = ready.barring.bar(key)

    _say(ready, ready.cases[1], Verb.RESTORE)
    ready.office.record(ready.barring.record, key, done)
    assert ready.blocks()[0].status == BlockStatus.LIFTING
    ready.office.pad.open = [each for each in ready.office.pad.open if each.key != key]
    ready.bar()

    assert (ready.doorman.asked, ready.doorman.away) == (["block m1 ban", "unblock m1 ban"], {})
    assert (ready.blocks()[0].status, ready.blocks()[0].lifted_by) == ("lifted", "beadle")


def test_a_standing_block_that_lost_its_ground_is_told_once_and_left_to_people(ready: Hall) -> None:
    """Two people decided it, so nothing lifts it by itself; people hear that it rests on too little."""
    ready.block()
    ready.see_to()
    told = len(ready.told)

    ready.decide(ready.cases[0], Verb.RESTORE)
    ready.see_to()
    ready.see_to()

    assert [sentence for sentence in ready.sentences()[told:] if "no longer rests on" in sentence]
    assert len(ready.told) == told + 1
    assert (ready.blocks()[0].status, ready.doorman.away) == ("standing", {"m1": "ban"})


def test_what_a_person_hides_again_after_restoring_it_asks_people_again(struck: Hall) -> None:
    """The void proposal stays as it is; a new one opens when the third strike is back."""
    struck.see_to()
    struck.decide(struck.cases[2], Verb.RESTORE)
    struck.see_to()
    struck.decide(struck.cases[2], Verb.HIDE)
    struck.see_to()

    assert [(each.number, each.status) for each in struck.proposals()] == [(1, "void"), (2, "open")]


def test_a_reversal_that_leaves_enough_strikes_leaves_the_proposal_open(struck: Hall) -> None:
    """Four less one are three."""
    struck.violate(3)
    struck.see_to()
    struck.decide(struck.cases[0], Verb.RESTORE)
    struck.see_to()

    assert (struck.proposals()[0].status, struck.proposals()[0].total) == ("open", 3)


def test_a_keep_voids_the_strike_that_an_act_on_its_way_is_about_to_put(hall: Hall) -> None:
    """A person keeps the comment while the rule's hide is at the platform: no strike, not even for a moment."""
    case_id = hall.office.preserved_case()
    outcome = hall.office.route.act(case_id)
    _say(hall, case_id, Verb.KEEP)

    hall.office.record(hall.office.route.record_act, case_id, dict(outcome))

    strike = hall.office.strike(case_id)
    assert strike is not None
    assert strike.status == StrikeStatus.VOID


def test_a_late_record_of_a_hide_does_not_bring_back_what_a_person_took_back(struck: Hall) -> None:
    """The stage of the hide ends after the restore was said: the strike stays void."""
    case_id = struck.cases[0]
    struck.decide(case_id, Verb.RESTORE)
    answer = struck.office.review.decide(
        case_id, Verb.HIDE, voice(), "again", code_of(struck.office, case_id, Verb.HIDE)
    )
    done = struck.office.carrying_out.carry_out(str(answer.decision))
    struck.office.record(struck.office.carrying_out.record_carried_out, str(answer.decision), done)
    _say(struck, case_id, Verb.RESTORE)

    struck.office.record(struck.office.carrying_out.record_carried_out, str(answer.decision), done)

    assert struck.standing().total == 2


def test_a_hide_by_a_score_that_lapses_leaves_no_strike(hall: Hall) -> None:
    """Nobody confirmed it within the day, so it counts against nobody, not even provisionally."""
    case_id = hall.violate(confirmed=False)
    hall.office.clock.pass_(DAY + 1)
    done = {"status": "done", "because": "Shown again.", "visibility": Visibility.VISIBLE, "already_done": False}

    hall.office.record(hall.office.lapse.record, case_id, done)

    strike = hall.office.strike(case_id)
    assert strike is not None
    assert (strike.status, hall.standing().provisional) == (StrikeStatus.VOID, 0)


def test_what_nobody_confirmed_or_no_rule_found_never_counts(hall: Hall) -> None:
    """A rule's hide alone is provisional; a kind comment is nothing at all."""
    hall.violate(confirmed=False)
    hall.office.platform.say(KIND, author=hall.office.platform.comments["5501_1"].author)
    hall.office.poll()
    hall.office.work()

    assert (hall.standing().total, hall.standing().provisional, len(hall.standing().events)) == (0, 1, 1)


def test_whoever_asked_is_told_that_the_ground_is_gone(ready: Hall) -> None:
    """The second person approves a request that a reversal closed: they are told so, and nothing happens."""
    number = ready.ask()
    _say(ready, ready.cases[0], Verb.RESTORE)

    with pytest.raises(Exception, match="closed already"):
        ready.requests.approve(number, Voice(supervisor(), "cleo"), "agreed")
    assert (ready.blocks(), ready.doorman.asked) == ([], [])
