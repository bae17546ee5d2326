"""What law leaves to scores: they ask a person, and hide only where they may earn it and have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import PolicyError
from bot.moderation.detectors.scores import Category
from bot.moderation.judge import Judge
from bot.moderation.library import RuleLibrary
from bot.moderation.models import Models
from bot.moderation.pack import CATEGORIES, PolicyPack
from bot.moderation.policy import read_pack, render
from bot.moderation.stock import Stock
from bot.moderation.verdict import SIGNABLE, Item, Measure, Outcome, Span
from bot.moderation.wordlists import WordLists
from bot.pages_shape import SignatureShape

WEIGHTS = b"weights"
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()

PACK = f"""\
slug: hamlet
title: Hamlet's Policy
version: "1"
adopted_on: 2024-01-08
effective_at: "2024-01-08T12:00:00Z"
published: at the clerk's
forum_purpose: To inform.
model:
  name: small@1
  digest: {DIGEST}
clauses:
  - id: "1.K"
    summary: Threats.
rules:
  - id: reads-as-threat
    clause: "1.K"
    category: threat
    detector: scores
    parameters: {{category: threat}}
    measure: hide
    floor: 0.97
    reason: Reads like a threat to the model.
    violates: [you will regret it badly]
    allowed: [you will regret this vote]
  - id: listed
    clause: "1.K"
    category: threat
    detector: phrases
    parameters: {{phrases: [i will hurt you]}}
    measure: review
    reason: Says so.
    violates: [I will hurt you]
    allowed: [it hurts]
"""


@dataclass(frozen=True)
class Small:
    """A model of three words: the score of a text is that of its worst word, for every category."""

    digest: str = DIGEST

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = [max((s for word, s in WEIGHT.items() if word in text), default=0.0) for text in texts]
        return np.repeat(np.array(found, np.float32)[:, None], len(CATEGORIES), axis=1)

    def why(self, text: str, category: str) -> tuple[Span, ...]:
        assert category in CATEGORIES
        return tuple(Span(text.index(word), text.index(word) + len(word)) for word in WEIGHT if word in text)


WEIGHT = {"badly": 0.95, "sorry": 0.6, "hurt": 0.93}
Reader = Callable[[str], PolicyPack]


@pytest.fixture
def stock(tmp_path: Path) -> Stock:
    """No list, no library, one model."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "small@1.npz").write_bytes(WEIGHTS)
    models = Models(tmp_path / "models", lambda _path: Small())
    return Stock(WordLists({}), RuleLibrary(tmp_path / "rules"), models)


@pytest.fixture
def read(tmp_path: Path, stock: Stock) -> Reader:
    """Writes a pack and reads it."""
    path = tmp_path / "policies" / "hamlet.yaml"
    path.parent.mkdir()

    def _read(text: str) -> PolicyPack:
        path.write_text(text, "utf-8")
        return read_pack(path, stock)

    return _read


@pytest.mark.parametrize(
    ("text", "earned", "outcome", "measure"),
    [
        ("you will regret it badly", frozenset({"reads-as-threat"}), Outcome.ACT, Measure.HIDE),
        ("you will regret it badly", frozenset(), Outcome.REVIEW, Measure.REVIEW),
        ("you will be sorry", frozenset({"reads-as-threat"}), Outcome.REVIEW, Measure.REVIEW),
        ("you will regret this vote", frozenset({"reads-as-threat"}), Outcome.CLEAR, Measure.NONE),
    ],
    ids=["sure and earned", "sure, not earned", "earned, not sure", "below the threshold"],
)
def test_a_score_hides_only_when_sure_and_earned(
    read: Reader, stock: Stock, text: str, earned: frozenset[str], outcome: Outcome, measure: Measure
) -> None:
    """Until people's decisions have earned it, and below its upper threshold, a score asks a person."""
    pack = read(PACK)
    judge = Judge(pack, stock.wordlists, stock.scorer(pack), earned)
    verdict = judge.judge(Item(text))
    assert (verdict.outcome, verdict.measure) == (outcome, measure)
    assert judge.judge_all([Item(text)]) == [verdict]


def test_a_score_names_its_words_its_figure_and_that_no_phrase_is_listed(read: Reader, stock: Stock) -> None:
    """A person reads why, and sees the words that weighed most."""
    pack = read(PACK)
    text = "you will regret it badly"
    (finding,) = Judge(pack, stock.wordlists, stock.scorer(pack)).judge(Item(text)).findings
    assert finding.reason == "Reads like a threat to the model (score 0.95); no listed phrase."
    assert [text[span.start : span.end] for span in finding.spans] == ["badly"]
    assert not finding.enumerable


def test_a_printed_rule_speaks_before_a_score(read: Reader, stock: Stock) -> None:
    """Where a listed phrase says it, a score that asks for no more is left out; one that may hide is not."""
    pack = read(PACK)
    item = Item("I will hurt you")
    asks = Judge(pack, stock.wordlists, stock.scorer(pack)).judge(item)
    hides = Judge(pack, stock.wordlists, stock.scorer(pack), frozenset({"reads-as-threat"})).judge(item)
    assert [finding.rule_id for finding in asks.findings] == ["listed"]
    assert [finding.rule_id for finding in hides.findings] == ["reads-as-threat", "listed"]
    assert (asks.labels["threat"], hides.outcome) == (1.0, Outcome.ACT)


def test_a_rule_for_staff_never_touches_a_residents_comment(read: Reader, stock: Stock) -> None:
    """Not by a listed phrase, not by a score, and not by one that has earned a hide."""
    pack = read(PACK.replace("    category: threat\n", "    category: threat\n    applies_to: staff\n"))
    judge = Judge(pack, stock.wordlists, stock.scorer(pack), frozenset({"reads-as-threat"}))
    text = "I will hurt you badly"
    assert judge.judge(Item(text)).findings == ()
    assert judge.judge_all([Item(text)])[0].outcome is Outcome.CLEAR
    assert judge.judge(Item(text, by_page=True)).outcome is Outcome.ACT


def test_the_policy_prints_the_model_the_thresholds_and_the_floor(read: Reader, stock: Stock) -> None:
    """A score's words can't be printed; what it may do can."""
    printed = " ".join(render(read(PACK), stock.wordlists).split())
    assert f"small@1 (sha256 {DIGEST})" in printed
    assert "a person looks from 0.5; it is sure from 0.9" in printed
    assert "once people agreed with it in 97.0% of its cases" in printed


MISTAKES = [
    (
        "floor: 0.97",
        "floor: 0.9",
        'hamlet.yaml:21: the floor of rule "reads-as-threat" is 0.9, and a score may hide from 0.95 to 1; write 0.95 or'
        " more.",
    ),
    (
        "floor: 0.97",
        "floor: .nan",
        'hamlet.yaml:21: the floor of rule "reads-as-threat" is nan, and a score may hide from 0.95 to 1; write 0.95 or'
        " more.",
    ),
    (
        "    category: threat\n    detector: scores\n    parameters: {category: threat}",
        "    category: profanity\n    detector: scores\n    parameters: {category: profanity}",
        'hamlet.yaml:20: rule "reads-as-threat" asks to hide for "profanity" by a score, which can be earned'
        " for sexual,"
        " spam or threat alone; use alert or review.",
    ),
    *(
        (
            "    category: threat\n    detector: scores\n    parameters: {category: threat}",
            f"    category: {category}\n    detector: scores\n    parameters: {{category: {category}}}",
            f'hamlet.yaml:20: rule "reads-as-threat" asks to hide for "{category}", which takes a person\'s'
            f" judgement; use"
            " alert or review.",
        )
        for category in ("hate", "political", "illegal", "attack")
    ),
    (
        "{category: threat}",
        "{category: hate}",
        'hamlet.yaml:19: rule "reads-as-threat" is about "threat" and reads the score of another category; name'
        " the same"
        " one.",
    ),
    (
        "{category: threat}",
        "{category: threat, review_at: 0.2}",
        'hamlet.yaml:19: rule "reads-as-threat": "review_at" of the parameters is 0.2; write a score from 0.5 to 1, for'
        " example review_at: 0.5.",
    ),
    (
        "{category: threat}",
        "{category: threat, review_at: 0.97}",
        'hamlet.yaml:19: rule "reads-as-threat": "hide_at" of the parameters is below review_at; write a score that is'
        " not.",
    ),
    (
        f"model:\n  name: small@1\n  digest: {DIGEST}\n",
        "",
        'hamlet.yaml:12: rule "reads-as-threat" reads scores, and the policy names no model; add "model" with name and'
        " digest (`beadle policy pin` writes both).",
    ),
    (
        DIGEST,
        "00ff",
        f'hamlet.yaml:9: model "small@1" is not the one that this version names: its SHA-256 is {DIGEST}; put the file'
        " back, or publish the change in a new version of the policy.",
    ),
    (
        "you will regret it badly",
        "you will regret it",
        'hamlet.yaml:23: rule "reads-as-threat" does not find its example "you will regret it" under "violates"; extend'
        " the rule or take it out.",
    ),
]


@pytest.mark.parametrize(("right", "wrong", "sentence"), MISTAKES, ids=[m[2][:70] for m in MISTAKES])
def test_a_pack_that_gives_a_score_too_much_is_refused(read: Reader, right: str, wrong: str, sentence: str) -> None:
    """With file and line, and what to write instead."""
    assert right in PACK
    with pytest.raises(PolicyError) as refused:
        read(PACK.replace(right, wrong, 1))
    assert refused.value.sentence.partition("policies/")[2] == sentence


def test_a_score_that_may_hide_has_the_usual_floor_if_none_is_written(read: Reader) -> None:
    """No pack can leave the proof out."""
    assert read(PACK.replace("    floor: 0.97\n", "")).rule("reads-as-threat").floor == 0.97
    assert read(PACK).rule("listed").floor is None


def test_what_may_be_signed_is_the_same_on_a_page_and_in_a_verdict() -> None:
    """pages.yaml is read below the judge and names the categories itself."""
    signable = get_args(get_args(get_args(SignatureShape.model_fields["categories"].annotation)[0])[0])
    assert set(signable) == SIGNABLE
    assert get_args(Category) == CATEGORIES
