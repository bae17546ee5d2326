"""Which rules have earned hiding by themselves, page by page, counted from what people decided; and which fell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.ledger import earned, trust
from bot.ledger.tables import CaseStatus
from bot.ledger.trust import NOBODY, What
from bot.moderation.earned import Tally
from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.verdict import Measure
from bot.trust import COUNT_EVERY, COUNTED_BACK, Trust, by_rule
from tests.fakes import Clock
from tests.office import NOW, SLUG, Office, open_office
from tests.words import RULE, decide, pack_of_one


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with its ledger."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


def _trust(office: Office, *packs: PolicyPack) -> Trust:
    trust = Trust(packs, office.route.reading, office.clock, pages=[office.page], writing=office.route.writing)
    trust.count_due()
    return trust


def _tally(office: Office, pack: PolicyPack, *others: PolicyPack) -> Tally:
    with Session(office.route.reading) as session:
        words = by_rule(earned.words(session, office.clock() - COUNTED_BACK, SLUG))
    return Trust((pack, *others), office.route.reading, office.clock).tally(
        pack, pack.rules[0], words.get((SLUG, RULE), ())
    )


def _promote(office: Office, rule: str = RULE) -> None:
    with Session(office.route.writing) as session, session.begin():
        trust.note(session, SLUG, rule, What.PROMOTED, "x 1", "promoted", NOBODY, office.clock())


def _whats(office: Office) -> list[tuple[str, str]]:
    with Session(office.route.reading) as session:
        return [(event.rule, event.what) for event in trust.untold(session)]


def test_nothing_is_earned_on_the_first_day(office: Office) -> None:
    """No decisions, no trust."""
    pack = pack_of_one()
    assert _trust(office, pack).earned(SLUG, pack.digest) == frozenset()


@pytest.mark.parametrize(("decisions", "earned"), [(58, False), (59, True)])
def test_people_must_have_agreed_often_enough(office: Office, decisions: int, earned: bool) -> None:
    """59 of 59 bring the lower bound over 0.95, 58 do not."""
    pack = pack_of_one()
    decide(office, pack, decisions)
    _promote(office)
    assert (RULE in _trust(office, pack).earned(SLUG, pack.digest)) is earned


def test_what_was_earned_is_nothing_without_two_people(office: Office) -> None:
    """However often people agreed: nobody promoted it."""
    pack = pack_of_one()
    decide(office, pack, 200)
    assert _trust(office, pack).earned(SLUG, pack.digest) == frozenset()
    _promote(office)
    assert _trust(office, pack).earned(SLUG, pack.digest) == {RULE}


def test_what_was_earned_elsewhere_is_nothing_here(office: Office) -> None:
    """A page's own visitors, and what people decided of their comments."""
    pack = pack_of_one()
    decide(office, pack, 200, page="another")
    _promote(office)
    assert _trust(office, pack).earned(SLUG, pack.digest) == frozenset()


def test_one_disagreement_too_many_takes_it_back_at_once_and_says_so_once(office: Office) -> None:
    """Before the next act, before anything is written; then it is recorded, once, and two people would have to agree
    again."""
    pack = pack_of_one()
    decide(office, pack, 59)
    _promote(office)
    counting = _trust(office, pack)
    decide(office, pack, 1, agreed=False)
    assert counting.earned_now(SLUG, pack.digest) == frozenset()
    assert _whats(office) == [(RULE, "promoted")]
    for _ in range(3):
        _pass(office.clock, COUNT_EVERY)
        counting.count_due()
    assert _whats(office) == [(RULE, "promoted"), (RULE, "fell")]
    decide(office, pack, 400)
    _pass(office.clock, COUNT_EVERY)
    counting.count_due()
    assert counting.earned(SLUG, pack.digest) == frozenset()


def test_a_decision_is_counted_within_seconds_not_minutes(office: Office) -> None:
    """Somebody decided: the next look counts anew."""
    pack = pack_of_one()
    decide(office, pack, 59)
    _promote(office)
    counting = _trust(office, pack)
    decide(office, pack, 1, agreed=False)
    _pass(office.clock, timedelta(seconds=11))
    counting.count_due()
    assert _whats(office)[-1] == (RULE, "fell")


def test_a_rule_whose_model_changed_falls_and_begins_anew(office: Office) -> None:
    """Nobody promoted the new one: no rule takes effect silently."""
    old, new = pack_of_one("1"), pack_of_one("2", model="b")
    new = replace(new, effective_at=old.effective_at + timedelta(days=1))
    decide(office, old, 100)
    _promote(office)
    assert _trust(office, old, new).earned(SLUG, new.digest) == frozenset()
    assert _whats(office)[-1] == (RULE, "fell")


@pytest.mark.parametrize(("agreed", "disagreed", "falls"), [(0, 1, False), (0, 2, True), (7, 3, True), (8, 2, False)])
def test_a_printed_rule_falls_when_people_rule_out_that_it_is_good_enough(
    office: Office, agreed: int, disagreed: int, falls: bool
) -> None:
    """It begins with the city's signature, so it is not asked to prove itself; all of the interval must be below."""
    pack = _printed()
    decide(office, pack, agreed, enumerable=True)
    decide(office, pack, disagreed, agreed=False, enumerable=True)
    _trust(office, pack)
    assert (_whats(office) == [(RULE, "fell")]) is falls


def test_a_printed_rule_that_two_people_promote_again_is_counted_from_then_on(office: Office) -> None:
    """What brought it down is known to those who promoted it."""
    pack = _printed()
    decide(office, pack, 5, agreed=False, enumerable=True)
    counting = _trust(office, pack)
    _pass(office.clock, timedelta(days=1))
    _promote(office)
    counting.count()
    assert [what for _, what in _whats(office)] == ["fell", "promoted"]
    _pass(office.clock, timedelta(days=1))
    decide(office, pack, 2, agreed=False, enumerable=True, at=office.clock())
    counting.count()
    assert [what for _, what in _whats(office)] == ["fell", "promoted", "fell"]


def test_what_somebody_showed_again_on_the_platform_counts_against_the_rule(office: Office) -> None:
    """There is no decision in the ledger, but a person's all the same."""
    pack = pack_of_one()
    decide(office, pack, 3, agreed=False, spoken=False, status=CaseStatus.RESTORED)
    assert _tally(office, pack) == Tally(0, 3)


def test_copies_of_one_text_are_one_decision(office: Office) -> None:
    """A raid of a hundred copies earns no more than one comment, and a split decision over them is none."""
    pack = pack_of_one()
    decide(office, pack, 100, text="the same")
    assert _tally(office, pack).decided == 1
    decide(office, pack, 1, text="the same", agreed=False)
    tally = _tally(office, pack)
    assert (tally.agreed, tally.decided) == (0, 1)


def test_silence_is_not_consent(office: Office) -> None:
    """Hidden cases of which nobody said anything count for nothing."""
    pack = pack_of_one()
    decide(office, pack, 100, spoken=False)
    assert _tally(office, pack).decided == 0


def test_only_what_the_score_was_sure_of_counts(office: Office) -> None:
    """Agreement on doubtful cases says nothing about those that would be hidden."""
    pack = pack_of_one()
    decide(office, pack, 100, score=0.89)
    assert _tally(office, pack).decided == 0


def test_what_is_older_than_a_year_is_forgotten(office: Office) -> None:
    """Language and people change."""
    pack = pack_of_one()
    decide(office, pack, 100, at=NOW - COUNTED_BACK - timedelta(days=1))
    assert _tally(office, pack).decided == 0


def test_another_model_begins_at_nothing_and_a_new_version_does_not(office: Office) -> None:
    """Trust belongs to rule and model: a version that changes neither keeps it."""
    old, same, other = pack_of_one("1"), pack_of_one("2"), pack_of_one("2", model="b")
    decide(office, old, 100)
    _promote(office)
    assert RULE in _trust(office, old, same).earned(SLUG, same.digest)
    assert RULE not in _trust(office, old, other).earned(SLUG, other.digest)


def test_a_rule_that_only_asks_earns_nothing(office: Office) -> None:
    """However often people agree: the pack asks for no hide."""
    pack = pack_of_one(measure=Measure.REVIEW)
    decide(office, pack, 100)
    _promote(office)
    assert _trust(office, pack).earned(SLUG, pack.digest) == frozenset()


@pytest.mark.parametrize("category", ["hate", "political", "illegal", "attack", "profanity", "pii"])
def test_other_categories_earn_nothing_whatever_the_pack_says(office: Office, category: str) -> None:
    """The law's limit stands in the code, not in the pack."""
    pack = pack_of_one()
    rule: Rule = replace(pack.rules[0], category=category)
    pack = replace(pack, rules=(rule,))
    decide(office, pack, 200)
    _promote(office)
    assert _trust(office, pack).earned(SLUG, pack.digest) == frozenset()


def _printed() -> PolicyPack:
    pack = pack_of_one()
    return replace(pack, rules=(replace(pack.rules[0], detector="words"),))


def _pass(clock: Clock, time: timedelta) -> None:
    clock.pass_(time.total_seconds())
