"""Which score rules have earned hiding by themselves, counted from what people decided."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.ledger.tables import Case, CaseStatus, CommentRow, Decision, Revision
from bot.ledger.verdicts import as_json
from bot.moderation.pack import ModelRef, PolicyPack, Rule
from bot.moderation.verdict import Finding, Measure, Outcome, Span, Verdict
from bot.trust import COUNT_EVERY, COUNTED_BACK, Trust
from tests.fakes import Clock
from tests.office import NOW, SLUG, Office, open_office, shelf

RULE = "reads-like-spam"


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office with its ledger."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


def _pack(version: str = "1", *, model: str = "a", measure: Measure = Measure.HIDE, floor: float = 0.95) -> PolicyPack:
    shipped = shelf().in_force("clinton-city", NOW)
    rule = replace(
        shipped.rules[0],
        id=RULE,
        category="spam",
        detector="scores",
        parameters={"category": "spam", "hide_at": 0.9},
        measure=measure,
        floor=floor,
    )
    return replace(
        shipped, version=version, rules=(rule,), model=ModelRef(model, model), source=f"{version}{model}".encode()
    )


def _decide(
    office: Office,
    pack: PolicyPack,
    how_many: int,
    *,
    agreed: bool = True,
    score: float = 0.95,
    text: str = "",
    at: datetime = NOW,
    spoken: bool = True,
) -> None:
    finding = Finding(RULE, "3.4.3.D", "spam", "scores", (Span(0, 1),), score, "", Measure.REVIEW, False)
    verdict = as_json(Verdict(Outcome.REVIEW, Measure.REVIEW, (finding,), pack.ref, "en"))
    with Session(office.route.writing) as session, session.begin():
        for _ in range(how_many):
            row = _comment(session, at)
            revision = Revision(
                comment=row, digest=str(row), text="?", seen_at=at, fingerprint=text, outcome="review", verdict=verdict
            )
            session.add(revision)
            session.flush()
            status = CaseStatus.HIDDEN if agreed else CaseStatus.KEPT
            case = Case(
                case_id=f"case{row}",
                page=SLUG,
                revision=revision.id or 0,
                status=status,
                outcome="review",
                opened_at=at,
            )
            session.add(case)
            session.flush()
            if spoken:
                verb = "hide" if agreed else "keep"
                decision = Decision(
                    case_id=case.case_id, verb=verb, person="noor", account="1", roles="sma", reason="", at=at
                )
                session.add(decision)


def _comment(session: Session, at: datetime) -> int:
    row = CommentRow(
        page=SLUG, platform="facebook", page_id="1", comment_id="", post_id="1", posted_at=at, first_seen_at=at
    )
    session.add(row)
    session.flush()
    row.comment_id = str(row.id)
    session.add(row)
    session.flush()
    return row.id or 0


def _trust(office: Office, *packs: PolicyPack) -> Trust:
    trust = Trust(packs, office.route.reading, office.clock)
    trust.count_due()
    return trust


def test_nothing_is_earned_on_the_first_day(office: Office) -> None:
    """No decisions, no trust."""
    pack = _pack()
    assert _trust(office, pack).earned(pack.digest) == frozenset()


@pytest.mark.parametrize(("decisions", "earned"), [(58, False), (59, True)])
def test_people_must_have_agreed_often_enough(office: Office, decisions: int, earned: bool) -> None:
    """59 of 59 bring the lower bound over 0.95, 58 do not."""
    pack = _pack()
    _decide(office, pack, decisions)
    assert (RULE in _trust(office, pack).earned(pack.digest)) is earned


def test_one_disagreement_takes_it_back(office: Office) -> None:
    """59 agreements and one kept comment are not enough any more; it is counted again after a while, not at once."""
    pack = _pack()
    _decide(office, pack, 59)
    trust = _trust(office, pack)
    _decide(office, pack, 1, agreed=False)
    trust.count_due()
    assert RULE in trust.earned(pack.digest)
    _pass(office.clock, COUNT_EVERY)
    trust.count_due()
    assert RULE not in trust.earned(pack.digest)


def test_copies_of_one_text_are_one_decision(office: Office) -> None:
    """A raid of a hundred copies earns no more than one comment, and a split decision over them is none."""
    pack = _pack()
    _decide(office, pack, 100, text="the same")
    assert _trust(office, pack).tallies(pack)[RULE].decided == 1
    _decide(office, pack, 1, text="the same", agreed=False)
    tally = _trust(office, pack).tallies(pack)[RULE]
    assert (tally.agreed, tally.decided) == (0, 1)


def test_silence_is_not_consent(office: Office) -> None:
    """Hidden cases of which nobody said anything count for nothing."""
    pack = _pack()
    _decide(office, pack, 100, spoken=False)
    assert _trust(office, pack).tallies(pack)[RULE].decided == 0


def test_only_what_the_score_was_sure_of_counts(office: Office) -> None:
    """Agreement on doubtful cases says nothing about those that would be hidden."""
    pack = _pack()
    _decide(office, pack, 100, score=0.89)
    assert _trust(office, pack).tallies(pack)[RULE].decided == 0


def test_what_is_older_than_a_year_is_forgotten(office: Office) -> None:
    """Language and people change."""
    pack = _pack()
    _decide(office, pack, 100, at=NOW - COUNTED_BACK - timedelta(days=1))
    assert _trust(office, pack).tallies(pack)[RULE].decided == 0


def test_another_model_begins_at_nothing_and_a_new_version_does_not(office: Office) -> None:
    """Trust belongs to rule and model: a version that changes neither keeps it."""
    old, same, other = _pack("1"), _pack("2"), _pack("2", model="b")
    _decide(office, old, 100)
    assert RULE in _trust(office, old, same).earned(same.digest)
    assert RULE not in _trust(office, old, other).earned(other.digest)


def test_a_rule_that_only_asks_earns_nothing(office: Office) -> None:
    """However often people agree: the pack asks for no hide."""
    pack = _pack(measure=Measure.REVIEW)
    _decide(office, pack, 100)
    assert _trust(office, pack).earned(pack.digest) == frozenset()


@pytest.mark.parametrize("category", ["hate", "political", "illegal", "attack", "profanity", "pii"])
def test_other_categories_earn_nothing_whatever_the_pack_says(office: Office, category: str) -> None:
    """The law's limit stands in the code, not in the pack."""
    pack = _pack()
    rule: Rule = replace(pack.rules[0], category=category)
    pack = replace(pack, rules=(rule,))
    _decide(office, pack, 200)
    assert _trust(office, pack).earned(pack.digest) == frozenset()


def _pass(clock: Clock, time: timedelta) -> None:
    clock.pass_(time.total_seconds())
