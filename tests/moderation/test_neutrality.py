"""The judge plays no favourites, and what measures it would see it if it did."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bot.errors import ConfigError
from bot.moderation.judge import Judge
from bot.moderation.neutrality import SCORES_FLOOR, Audit, Pair, audit, read_folder, read_pairs
from bot.moderation.pack import CATEGORIES, PolicyPack, Rule
from bot.moderation.policy import PolicyShelf, read_pack, stock_beside
from bot.moderation.verdict import Measure, Outcome, Span

CONFIG = Path(__file__).parents[2] / "config"
SHIPPED = read_folder(CONFIG / "neutrality")
SLUGS = sorted({path.stem.split("@")[0] for path in (CONFIG / "policies").glob("*.yaml")})

PACK = """\
slug: hamlet
title: Hamlet's Policy
version: "1"
adopted_on: 2024-01-08
effective_at: "2024-01-08T12:00:00Z"
published: at the clerk's
forum_purpose: To inform.
wordlists:
  bad.en@1: {digest}
clauses:
  - id: "1.A"
    summary: Profanity.
  - id: "1.C"
    summary: Discrimination.
    judged_by: people
    why: Takes judgement.
rules:
  - id: words
    clause: "1.A"
    category: profanity
    applies_to: public
    detector: word_list
    parameters:
      lists: [bad.en@1]
    measure: hide
    strikes: 1
    reason: A listed word.
    violates: [that dratted dog]
    allowed: [that lovely dog]
"""


class Partial:
    """A model that finds hatred wherever one side is named."""

    digest = "0" * 64

    def __init__(self, side: str) -> None:
        self._side = side

    def scores(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """0.8 for hate where the side is named, 0 everywhere else."""
        found = np.zeros((len(texts), len(CATEGORIES)), np.float32)
        found[:, CATEGORIES.index("hate")] = [0.8 if self._side in text else 0.0 for text in texts]
        return found

    def why(self, text: str, category: str) -> tuple[Span, ...]:
        """The name of the side."""
        return (Span(text.index(self._side), text.index(self._side) + len(self._side)),)


def _pack(folder: Path, *words: str) -> tuple[PolicyPack, PolicyShelf]:
    """A pack whose one list holds ``words`` beside "dratted"."""
    listed = "\n".join(("dratted", *words)) + "\n"
    for room in ("wordlists", "policies"):
        (folder / room).mkdir()
    (folder / "wordlists" / "bad.en@1.txt").write_text(listed, "utf-8")
    path = folder / "policies" / "hamlet.yaml"
    path.write_text(PACK.format(digest=hashlib.sha256(listed.encode()).hexdigest()), "utf-8")
    stock = stock_beside(folder / "policies")
    pack = read_pack(path, stock)
    return pack, PolicyShelf((pack,), stock)


def _with_scores(pack: PolicyPack) -> PolicyPack:
    rule = Rule(
        id="hate-score",
        clause="1.C",
        category="hate",
        applies_to="public",
        detector="scores",
        parameters={"category": "hate"},
        measure=Measure.REVIEW,
        strikes=0,
        urgent=False,
        reason="Reads like hatred",
        violates=(),
        allowed=(),
        line=0,
    )
    return replace(pack, rules=(*pack.rules, rule))


def _pair(a: str, b: str, kind: str = "party") -> Pair:
    return Pair(kind, a, b, Path("pairs.yaml"), 1)


def _named(report: Audit, tier: str) -> list[str]:
    return [
        f"{each.pair.path.name}:{each.pair.line} {each.pair.a} | {each.pair.b}"
        for each in report.unequal
        if each.tier == tier
    ]


# ── the shipped policies ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("slug", SLUGS)
def test_every_shipped_policy_judges_the_shipped_pairs_alike(shelf: PolicyShelf, slug: str) -> None:
    """Every pair by the printed rules; of the whole verdicts, scores and all, 99 in 100 (FA-07)."""
    report = audit(shelf.judge(shelf.in_force(slug, datetime.now(UTC))), SHIPPED)

    assert _named(report, "rules") == []
    assert report.share >= SCORES_FLOOR, _named(report, "scores")
    assert report.even


def test_the_shipped_pairs_are_many_and_of_every_kind() -> None:
    """At least 300, each kind in both languages, and both comments of a pair within a few words of each other."""
    kinds = {(pair.path.name, pair.kind) for pair in SHIPPED}
    lengths = [(len(pair.a.split()), len(pair.b.split())) for pair in SHIPPED if pair.kind != "dialect"]

    assert len(SHIPPED) >= 300
    assert len(kinds) == 2 * 5
    assert max(abs(one - other) for one, other in lengths) <= 3


def test_the_shipped_pairs_are_not_all_clear(shelf: PolicyShelf) -> None:
    """A judge that finds nothing would pass: each kind holds pairs that break Clinton City's rules on both sides."""
    report = audit(shelf.judge(shelf.in_force("clinton-city", datetime.now(UTC))), SHIPPED)

    assert all(tally.found >= 2 for tally in report.tallies)


# ── an unfair judge is seen ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_that_names_one_party_is_caught(tmp_path: Path) -> None:
    """The pair is named with what differs, and no share of even pairs makes up for it."""
    pack, shelf = _pack(tmp_path, "republicans")
    fair = [_pair(f"Street {n} is dark.", f"Street {n} is bright.") for n in range(500)]
    planted = _pair("The Republicans built it.", "The Democrats built it.")
    report = audit(shelf.judge(pack), [*fair, planted])

    assert [each.pair for each in report.unequal] == [planted]
    assert report.unequal[0].tier == "rules"
    assert report.unequal[0].differs == ("outcome", "action", "clauses", "categories")
    assert (report.unequal[0].a.outcome, report.unequal[0].b.outcome) == (Outcome.ACT, Outcome.CLEAR)
    assert report.share > SCORES_FLOOR
    assert not report.even


def test_a_fair_list_passes(tmp_path: Path) -> None:
    """The same word about both sides is found on both, counted, and no difference."""
    pack, shelf = _pack(tmp_path)
    pairs = [_pair("Dratted Republicans.", "Dratted Democrats."), _pair("I like Ann.", "I like Bob.", "official")]
    report = audit(shelf.judge(pack), pairs)

    assert report.unequal == ()
    assert report.even
    assert [(tally.kind, tally.pairs, tally.found) for tally in report.tallies] == [("party", 1, 1), ("official", 1, 0)]


@pytest.mark.parametrize(("even_pairs", "even"), [(98, False), (99, True)])
def test_a_score_may_differ_in_one_pair_of_a_hundred(tmp_path: Path, even_pairs: int, even: bool) -> None:
    """Not in two of a hundred, nor in one of 99: what can't be printed is held to a share."""
    pack, shelf = _pack(tmp_path)
    judge = Judge(_with_scores(pack), shelf.wordlists, Partial("Republicans"))
    fair = [_pair(f"Street {n} is dark.", f"Street {n} is bright.") for n in range(even_pairs)]
    report = audit(judge, [*fair, _pair("The Republicans built it.", "The Democrats built it.")])

    assert [each.tier for each in report.unequal] == ["scores"]
    assert report.rules_share == 1
    assert report.even is even


def test_a_score_does_not_cover_for_a_partial_list(tmp_path: Path) -> None:
    """Where a score gives the other side the same verdict, the list that names one side is still reported."""
    pack, shelf = _pack(tmp_path, "republicans")
    to_review = replace(pack.rules[0], measure=Measure.REVIEW, clause="1.C", category="hate")
    judge = Judge(_with_scores(replace(pack, rules=(to_review,))), shelf.wordlists, Partial("Democrats"))
    report = audit(judge, [_pair("The Republicans built it.", "The Democrats built it.")])

    assert [(each.tier, each.differs) for each in report.unequal] == [("rules", ())]
    assert report.share == 1
    assert not report.even


def test_the_audit_says_how_far_it_is(tmp_path: Path) -> None:
    """A long list of pairs is judged in parts, and after each the progress is told."""
    pack, shelf = _pack(tmp_path)
    told: list[tuple[int, int]] = []
    audit(shelf.judge(pack), [_pair(f"a {n}", f"b {n}") for n in range(150)], lambda *now: told.append(now))

    assert told[-1] == (150, 150)
    assert len(told) > 1


# ── files of pairs ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('- {kind: side, a: "Yes.", b: "Yes."}', "the two comments of this pair are the same"),
        ('- {kind: side, a: "No.", b: "Yes."}', "this pair stands on line 2 already"),
        ('- {kind: sides, a: "One.", b: "Two."}', 'did you mean "side"'),
        ('- {kind: side, a: "One."}', 'a pair needs "b"'),
        ('- {kind: side, a: "", b: "Two."}', '"a" of a pair is ""'),
    ],
)
def test_a_mistake_in_a_file_of_pairs_is_refused_by_line(tmp_path: Path, line: str, sentence: str) -> None:
    """A pair that can't show anything is refused, with file and line."""
    path = tmp_path / "pairs.en.yaml"
    path.write_text(f'pairs:\n  - {{kind: side, a: "Yes.", b: "No."}}\n  {line}\n', "utf-8")

    with pytest.raises(ConfigError) as refused:
        read_pairs(path)
    assert str(refused.value.sentence).startswith(f"{path}:3: ")
    assert sentence in refused.value.sentence


def test_a_folder_without_pairs_says_what_to_do(tmp_path: Path) -> None:
    """An audit of nothing would pass; it is refused."""
    with pytest.raises(ConfigError, match="--pairs"):
        read_folder(tmp_path)
