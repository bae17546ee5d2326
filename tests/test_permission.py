"""What may be hidden without a person, decided from mode, signature and findings alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Span, Verdict
from bot.pages import Mode, Page, Signature
from bot.permission import may_hide
from bot.tokens import Token

PAGE = Page(
    slug="town",
    name="Millbrook",
    platform="facebook",
    page_id="1",
    policy="millbrook",
    token=Token.at("env:TOWN_TOKEN", Path()),
    mode=Mode.ENFORCE,
    auto_hide=Signature(frozenset({"profanity"}), "C. Ounsel", date(2026, 11, 2)),
)
OBSCENE = Finding(
    rule_id="obscenity",
    clause="3.4.3.A",
    category="profanity",
    detector="words",
    spans=(Span(0, 4),),
    score=1.0,
    reason="a listed word",
    measure=Measure.HIDE,
    enumerable=True,
)


def verdict(*findings: Finding, outcome: Outcome = Outcome.ACT) -> Verdict:
    return Verdict(outcome, Measure.HIDE, findings, PolicyRef("millbrook", "1", "0" * 64), "en")


def test_a_signed_category_may_be_hidden_and_the_record_says_by_whose_word() -> None:
    """Who signed, when and for what stands in the sentence."""
    answer = may_hide(PAGE, verdict(OBSCENE))

    assert answer.allowed
    assert answer.because == "signed by C. Ounsel on 2026-11-02 for: profanity."


def test_a_finding_for_people_does_not_stop_a_signed_hide() -> None:
    """A threat beside an obscenity is alerted, and the obscenity hides the comment."""
    threat = replace(OBSCENE, rule_id="threat", category="threat", measure=Measure.REVIEW, enumerable=False)

    assert may_hide(PAGE, verdict(OBSCENE, threat)).allowed


@pytest.mark.parametrize(
    ("page", "judged", "because"),
    [
        (
            replace(PAGE, mode=Mode.OBSERVE),
            verdict(OBSCENE),
            "the page is in observe: Beadle watches and tells, and hides nothing.",
        ),
        (
            replace(PAGE, mode=Mode.ASSIST),
            verdict(OBSCENE),
            "the page is in assist: a person approves each hide.",
        ),
        (
            replace(PAGE, auto_hide=None),
            verdict(OBSCENE),
            "nobody has signed auto_hide for this page: a person approves each hide.",
        ),
        (
            PAGE,
            verdict(OBSCENE, outcome=Outcome.REVIEW),
            "no rule that matched asks for a hide: a person decides.",
        ),
        (PAGE, verdict(), "no rule that matched asks for a hide: a person decides."),
        (
            PAGE,
            verdict(replace(OBSCENE, measure=Measure.REVIEW)),
            "no rule that matched asks for a hide: a person decides.",
        ),
        (
            PAGE,
            verdict(OBSCENE, replace(OBSCENE, rule_id="card", category="pii")),
            'rule "card" is of the category "pii", which C. Ounsel has not signed: a person decides.',
        ),
        (
            PAGE,
            verdict(replace(OBSCENE, rule_id="model", enumerable=False)),
            'rule "model" can\'t be printed in full and has not earned a hide: a person decides.',
        ),
        (
            PAGE,
            verdict(replace(OBSCENE, measure=Measure.REMOVE)),
            'rule "obscenity" asks to remove, which Beadle never does alone: a person decides.',
        ),
    ],
    ids=[
        "observe",
        "assist",
        "unsigned page",
        "outcome is review",
        "no finding",
        "nothing asks for a hide",
        "one of two categories unsigned",
        "not enumerable",
        "asks to remove",
    ],
)
def test_everything_else_waits_for_a_person(page: Page, judged: Verdict, because: str) -> None:
    """The sentence says why, and is kept with the case."""
    answer = may_hide(page, judged)

    assert not answer.allowed
    assert answer.because == because
