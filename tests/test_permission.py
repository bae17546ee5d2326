"""What may be hidden without a person, decided from mode, signature and findings alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bot.moderation.verdict import CATEGORIES, EARNABLE, SIGNABLE, Finding, Measure, Outcome, PolicyRef, Span, Verdict
from bot.pages import Flag, Mode, Page, Signature, Unconfirmed
from bot.permission import may_hide, may_remove
from bot.tokens import Token

SIGNED = Signature(frozenset({"profanity"}), "C. Ounsel", date(2026, 11, 2))
PAGE = Page(
    slug="town",
    name="Millbrook",
    platform="facebook",
    page_id="1",
    policy="millbrook",
    token=Token.at("env:TOWN_TOKEN", Path()),
    mode=Mode.ENFORCE,
    auto_hide=SIGNED,
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
    assert answer.because == (
        "signed by C. Ounsel on 2026-11-02 for: profanity; unless a person confirms it within 24 hours, people are "
        "told of it once more."
    )


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
            verdict(replace(OBSCENE, rule_id="model", category="spam", enumerable=False)),
            "rule \"model\" can't be printed in full, and has not both earned a hide on people's decisions and been "
            "promoted by two people: a person decides.",
        ),
        (
            replace(PAGE, auto_hide=replace(SIGNED, categories=frozenset({"profanity", "political"}))),
            verdict(replace(OBSCENE, category="political")),
            'rule "obscenity" is of the category "political", which is never hidden without a person.',
        ),
        (
            replace(PAGE, flags=frozenset({Flag.INCIDENT})),
            verdict(OBSCENE),
            "the page is in an incident, as pages.yaml says: a person decides everything.",
        ),
        (
            replace(PAGE, flags=frozenset({Flag.CARETAKER})),
            verdict(OBSCENE),
            "the page is in caretaker, as before an election: a person decides everything, and no rule changes.",
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
        "a signature for politics",
        "incident",
        "caretaker",
        "asks to remove",
    ],
)
def test_everything_else_waits_for_a_person(page: Page, judged: Verdict, because: str) -> None:
    """The sentence says why, and is kept with the case."""
    answer = may_hide(page, judged)

    assert not answer.allowed
    assert answer.because == because


def test_a_rule_that_was_stopped_asks_and_its_own_sentence_is_kept() -> None:
    """Whatever was signed: who demoted it, or that its brake tripped."""
    assert may_hide(PAGE, verdict(OBSCENE), stopped={"obscenity": "demoted by noor"}).because == "demoted by noor"
    assert may_hide(PAGE, verdict(OBSCENE), stopped={"another": "demoted by noor"}).allowed


def test_a_score_that_earned_it_is_lent_for_a_day_and_the_sentence_says_so() -> None:
    """Shown again after a day, although the page would only tell people of a list's hide."""
    page = replace(
        PAGE, auto_hide=replace(SIGNED, categories=frozenset({"spam"})), unconfirmed=Unconfirmed(timedelta(hours=48))
    )
    model = verdict(replace(OBSCENE, rule_id="model", category="spam", enumerable=False))

    answer = may_hide(page, model, frozenset({"model"}))

    assert answer.allowed
    assert answer.because.endswith("; unless a person confirms it within 24 hours, it is shown again.")


_FINDINGS = some.builds(
    Finding,
    rule_id=some.sampled_from(["a", "b", "c"]),
    clause=some.just("1"),
    category=some.sampled_from([*CATEGORIES, "tip", "off_topic"]),
    detector=some.sampled_from(["words", "scores"]),
    spans=some.just(()),
    score=some.floats(0, 1),
    reason=some.just(""),
    measure=some.sampled_from(Measure),
    enumerable=some.booleans(),
    urgent=some.booleans(),
)
_SIGNED_FOR = some.frozensets(some.sampled_from(CATEGORIES))
_SIGNATURES = some.builds(Signature, _SIGNED_FOR, some.just("C. Ounsel"), some.just(date(2026, 11, 2)))
_PAGES = some.builds(
    replace,
    some.just(PAGE),
    mode=some.sampled_from(Mode),
    flags=some.frozensets(some.sampled_from(Flag)),
    auto_hide=some.none() | _SIGNATURES,
)
_ACTING = (Measure.HIDE, Measure.REMOVE)
_RULES = some.frozensets(some.sampled_from(["a", "b", "c"]))
_SOME = some.lists(_FINDINGS, max_size=4)


@settings(max_examples=1_500, deadline=None)
@given(page=_PAGES, findings=_SOME, outcome=some.sampled_from(Outcome), earned=_RULES, stopped=_RULES)
def test_nothing_is_hidden_alone_outside_the_signed_list_whatever_the_findings(
    page: Page, findings: list[Finding], outcome: Outcome, earned: frozenset[str], stopped: frozenset[str]
) -> None:
    """No path leads to a hide without a signature for each category, in enforce, unflagged, by rules that may act."""
    judged = replace(verdict(*findings), outcome=outcome)
    if not may_hide(page, judged, earned, dict.fromkeys(stopped, "stopped")).allowed:
        return
    acting = [each for each in findings if each.measure in _ACTING]
    assert acting
    assert page.auto_hide is not None
    assert page.mode is Mode.ENFORCE
    assert not page.flags
    for each in acting:
        assert each.measure is Measure.HIDE
        assert each.category in page.auto_hide.categories & SIGNABLE
        assert each.rule_id not in stopped
        assert each.enumerable or (each.rule_id in earned and each.category in EARNABLE)


@settings(max_examples=500, deadline=None)
@given(findings=_SOME, signed=_SIGNED_FOR)
def test_no_score_ever_removes_whatever_was_signed(findings: list[Finding], signed: frozenset[str]) -> None:
    """A removal can't be undone, so only what can be printed asks for it."""
    page = replace(PAGE, auto_remove=replace(SIGNED, categories=signed))
    if may_remove(page, verdict(*findings)).allowed:
        acting = [each for each in findings if each.measure in _ACTING]
        assert all(each.enumerable and each.category in signed & SIGNABLE for each in acting)
