"""What a judgement is, and how it is made from findings. Pure: the same findings give the same verdict, always."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.moderation.pack import PolicyPack

CATEGORIES = ("profanity", "hate", "sexual", "threat", "spam", "political", "illegal", "pii", "attack")
"""What a rule may be about, and the labels of a verdict."""

SIGNABLE = frozenset({"profanity", "pii", "spam", "sexual", "threat"})
"""The categories that a city may sign for hiding by itself. All others are a person's call, whatever is signed."""

EARNABLE = frozenset({"spam", "sexual", "threat"})
"""Of these, the categories in which a score may earn it on people's own decisions."""


class Outcome(StrEnum):
    """``ACT`` means: a page in ``enforce`` whose city signed the category hides by itself. All else is a person's."""

    CLEAR = "clear"
    REVIEW = "review"
    ACT = "act"


class Measure(StrEnum):
    """What a rule asks for, from the least to the most. ``REMOVE`` never happens by a rule alone."""

    NONE = "none"
    ALERT = "alert"
    REVIEW = "review"
    HIDE = "hide"
    REMOVE = "remove"


_RANK = {measure: rank for rank, measure in enumerate(Measure)}


@dataclass(frozen=True, slots=True)
class Span:
    """Characters ``[start, end)`` of the comment's original text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Item:
    """What the judge is given of one comment.

    ``copies`` counts earlier comments with the same folded text by the same account inside the pack's window;
    ``has_media`` says that something hangs on the comment that the judge can't read.
    """

    text: str
    lang: str | None = None
    post: str | None = None
    copies: int = 0
    has_media: bool = False
    by_page: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that matched, where, and why. ``enumerable``: the rule's whole content can be printed (FA-02)."""

    rule_id: str
    clause: str
    category: str
    detector: str
    spans: tuple[Span, ...]
    score: float
    reason: str
    measure: Measure
    enumerable: bool
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """Which text of which policy: ``digest`` is the SHA-256 of the pack file, in hexadecimal."""

    slug: str
    version: str
    digest: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one revision. ``labels`` are scores 0..1 by category."""

    outcome: Outcome
    measure: Measure
    findings: tuple[Finding, ...]
    policy: PolicyRef
    lang: str
    labels: Mapping[str, float] = field(default_factory=dict)

    @property
    def clause(self) -> str:
        """The clause that an act cites: that of the finding which asks for the most; empty without a finding."""
        asks = sorted(self.findings, key=lambda finding: _RANK[finding.measure], reverse=True)
        return asks[0].clause if asks else ""

    @property
    def clauses(self) -> tuple[str, ...]:
        """The clauses that the findings cite, each once, in the order found."""
        return tuple(dict.fromkeys(f.clause for f in self.findings))


_ACTING = frozenset({Measure.HIDE, Measure.REMOVE})
_NO_SCORES: Mapping[str, float] = {}


def decide(
    findings: Sequence[Finding],
    pack: PolicyPack,
    lang: str,
    *,
    scores: Mapping[str, float] = _NO_SCORES,
    earned: frozenset[str] = frozenset(),
) -> Verdict:
    """The verdict that the findings support under the pack. Pure.

    ``ACT`` takes one finding that asks for hiding, in a category that a city may sign, by a rule that can be printed in
    full (FA-02) or that has ``earned`` it (ids of rules); anything else found is a person's to judge. ``scores`` are
    the model's for the whole comment, by category: labels, and nothing else.
    """
    findings = _without_echoes([_tempered(finding, earned) for finding in findings])
    outcome = _outcome(findings)
    measure = max((f.measure for f in findings), key=_RANK.__getitem__, default=Measure.NONE)
    if outcome is not Outcome.ACT and measure in _ACTING:
        measure = Measure.REVIEW
    return Verdict(outcome, measure, findings, pack.ref, lang, _labels(findings, scores))


def _tempered(finding: Finding, earned: frozenset[str]) -> Finding:
    """A score asks for no more than a person until it has earned more, and outside ``EARNABLE`` it never can."""
    if finding.enumerable or finding.measure not in _ACTING:
        return finding
    if finding.rule_id in earned and finding.category in EARNABLE and finding.measure is Measure.HIDE:
        return finding
    return replace(finding, measure=Measure.REVIEW)


def _labels(findings: Sequence[Finding], scores: Mapping[str, float]) -> dict[str, float]:
    """Every category with the highest score that a finding or the model gave it; 0 where neither did."""
    labels = {category: float(scores.get(category, 0.0)) for category in CATEGORIES}
    for finding in findings:
        if finding.category in labels:
            labels[finding.category] = max(labels[finding.category], finding.score)
    return labels


def _without_echoes(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Leave out the weaker rule of a clause that saw nothing but what a stronger one saw: "without saying where" beside
    "says where" would read as a contradiction. A score that asks for no more than a printed rule beside it says less.
    """
    return tuple(each for each in findings if not any(_echoes(each, other) for other in findings))


def _echoes(weak: Finding, strong: Finding) -> bool:
    if (weak.clause, weak.category) != (strong.clause, strong.category):
        return False
    if strong.enumerable and not weak.enumerable:
        return _RANK[weak.measure] <= _RANK[strong.measure] and weak.urgent <= strong.urgent
    weaker = _RANK[weak.measure] < _RANK[strong.measure] and weak.urgent == strong.urgent
    return weaker and bool(weak.spans) and set(weak.spans) <= set(strong.spans)


def _outcome(findings: Sequence[Finding]) -> Outcome:
    if any(f.measure in _ACTING and f.category in SIGNABLE for f in findings):
        return Outcome.ACT
    return Outcome.REVIEW if any(f.measure is not Measure.NONE for f in findings) else Outcome.CLEAR
