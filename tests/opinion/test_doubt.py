"""Who is asked about, and how far an answer can go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.ledger.verdicts import as_json, from_json
from bot.moderation.pack import CATEGORIES
from bot.moderation.verdict import Item, Measure, Outcome, Span
from bot.opinion.doubt import DETECTOR, doubts, own, raised
from tests.opinion.conftest import judge, pack

WORDS = "You will see what comes to your door."


def found(*, by_page: bool = False, text: str = WORDS, ask_from: float = 0.2, **scores: float) -> list[tuple[str, str]]:
    """Category and rule of each doubt about a comment."""
    by = judge(**scores)
    verdict = by.judge(Item(text, by_page=by_page))
    given = doubts(verdict, by.pack, by_page=by_page, ask_from=ask_from, askable=CATEGORIES)
    return [(doubt.category, doubt.rule.id) for doubt in given]


@pytest.mark.parametrize(("score", "asked"), [(0.19, False), (0.2, True), (0.49, True), (0.5, False), (0.9, False)])
def test_only_a_score_between_the_two_thresholds_is_in_doubt(score: float, asked: bool) -> None:
    """Below it is clear enough; from review on, the pack's own rules have had their say."""
    assert found(threat=score) == ([("threat", "threats")] if asked else [])


def test_a_category_without_a_rule_is_not_asked_about() -> None:
    """No clause, no question: a city that forbids no endorsements learns nothing of them."""
    assert found(political=0.4) == []
    assert found(political=0.4, threat=0.3) == [("threat", "threats")]


def test_the_likeliest_category_comes_first() -> None:
    """It is named where no answer comes."""
    assert [category for category, _ in found(threat=0.3, hate=0.4)] == ["hate", "threat"]


def test_a_rule_for_residents_is_not_asked_about_a_comment_of_the_page() -> None:
    """And the other way round: whom a rule does not bind, it is not asked about."""
    assert found(spam=0.4) == [("spam", "lures")]
    assert found(spam=0.4, by_page=True) == []


def test_a_rule_by_scores_speaks_before_a_list_and_sets_its_own_threshold() -> None:
    """Its clause is the one that a score falls under."""
    threats = next(rule for rule in pack().rules if rule.id == "threats")
    strict = replace(threats, id="by-score", detector="scores", parameters={"category": "threat", "review_at": 0.7})
    verdict = judge(threat=0.6).judge(Item(WORDS))
    given = doubts(verdict, pack(strict), by_page=False, ask_from=0.2, askable=CATEGORIES)

    assert [doubt.rule.id for doubt in given] == ["by-score"]


def test_what_was_found_already_is_never_asked_about() -> None:
    """An answer could add nothing, and must not take away."""
    by = judge(threat=0.4)
    verdict = by.judge(Item("I will kill you"))

    assert verdict.outcome is not Outcome.CLEAR
    assert doubts(verdict, by.pack, by_page=False, ask_from=0.2, askable=CATEGORIES) == ()


def test_a_raised_verdict_asks_a_person_and_no_more() -> None:
    """Review under the clause, the whole comment as its words, the labels our own; it is stored and read back alike."""
    by = judge(threat=0.4)
    verdict = by.judge(Item(WORDS))
    (doubt,) = doubts(verdict, by.pack, by_page=False, ask_from=0.2, askable=CATEGORIES)
    after = raised(verdict, WORDS, doubt, 0.99, "because")
    (finding,) = after.findings

    assert (after.outcome, after.measure, after.clauses) == (Outcome.REVIEW, Measure.REVIEW, (doubt.rule.clause,))
    assert (finding.detector, finding.enumerable, finding.measure) == (DETECTOR, False, Measure.REVIEW)
    assert finding.spans == (Span(0, len(WORDS)),)
    assert (after.labels, after.policy, after.lang) == (verdict.labels, verdict.policy, verdict.lang)
    assert from_json(as_json(after)) == after


def test_our_own_verdict_can_be_had_back() -> None:
    """A backtest compares rules with rules: it must not lay another model's word to the old pack."""
    by = judge(threat=0.4)
    verdict, other = by.judge(Item(WORDS)), by.judge(Item("I will kill you"))
    (doubt,) = doubts(verdict, by.pack, by_page=False, ask_from=0.2, askable=CATEGORIES)

    assert own(raised(verdict, WORDS, doubt, 0.99, "because")) == verdict
    assert (own(verdict), own(other)) == (verdict, other)


def test_no_score_rule_can_be_credited_with_a_second_opinion() -> None:
    """What people decide of it must not earn a rule of ours the right to hide: no rule may have such a name."""
    assert "_" in DETECTOR
    assert not any("_" in rule.id for rule in pack().rules)
