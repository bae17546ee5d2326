"""Which cleared comments are in doubt, and how one of them is put before a person. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.verdict import Finding, Measure, Outcome, Span, Verdict

DETECTOR = "second_opinion"
"""Names the finding's detector and stands in place of a rule's id. A rule's id has no underscore, so no score rule can
be credited with what people decide of a second opinion (``bot.trust``)."""

_REVIEW_AT = 0.5


@dataclass(frozen=True, slots=True)
class Doubt:
    """A category in which our own ``score`` is neither low nor enough, and the pack's rule that it falls under."""

    category: str
    score: float
    rule: Rule


def doubts(
    verdict: Verdict, pack: PolicyPack, *, by_page: bool, ask_from: float, askable: Collection[str]
) -> tuple[Doubt, ...]:
    """The categories in doubt, the likeliest first; none for a verdict that is not clear.

    A category counts from ``ask_from`` up to where its rule would send the comment to a person by itself, and only
    where the pack has a rule of it that speaks to such a writer: no clause, no question.
    """
    if verdict.outcome is not Outcome.CLEAR or verdict.findings:
        return ()
    found = []
    for category in askable:
        score = verdict.labels.get(category, 0.0)
        if score >= ask_from and (rule := _rule(pack, category, by_page)) and score < _review_at(rule):
            found.append(Doubt(category, score, rule))
    return tuple(sorted(found, key=lambda doubt: doubt.score, reverse=True))


def raised(verdict: Verdict, text: str, doubt: Doubt, score: float, reason: str) -> Verdict:
    """The verdict with one finding more, by which a person looks. ``score`` 0..1; the labels stay those of our own."""
    finding = Finding(
        rule_id=DETECTOR,
        clause=doubt.rule.clause,
        category=doubt.category,
        detector=DETECTOR,
        spans=(Span(0, len(text)),) if text else (),
        score=score,
        reason=reason,
        measure=Measure.REVIEW,
        enumerable=False,
    )
    return replace(verdict, outcome=Outcome.REVIEW, measure=Measure.REVIEW, findings=(finding,))


def own(verdict: Verdict) -> Verdict:
    """The verdict as our own judge gave it: what ``raised`` added is taken out again."""
    if not any(finding.detector == DETECTOR for finding in verdict.findings):
        return verdict
    return replace(verdict, outcome=Outcome.CLEAR, measure=Measure.NONE, findings=())


def _rule(pack: PolicyPack, category: str, by_page: bool) -> Rule | None:
    """The rule by scores if there is one, else the first."""
    rules = [rule for rule in pack.rules if rule.category == category and rule.binds(by_page)]
    return next((rule for rule in rules if rule.reads_scores), rules[0] if rules else None)


def _review_at(rule: Rule) -> float:
    given = rule.parameters.get("review_at") if rule.reads_scores else None
    return float(given) if isinstance(given, int | float) else _REVIEW_AT
