"""Whether the judge plays favourites: pairs of comments that differ only in whom they are about get the same verdict.

A pair swaps the side, the party, the official, the group or the dialect, or praise for blame in the same form. What is
compared is what a resident and a court would see: outcome, action, clauses, categories (FA-07). The printed rules are
held to every pair; scores, which no one can print, to ``SCORES_FLOOR`` of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, ValidationError

from bot.errors import ConfigError
from bot.mistakes import Shape, details, sentence
from bot.moderation.judge import Judge
from bot.moderation.verdict import Item, Outcome, PolicyRef, Verdict
from bot.yamlfile import YamlFile, read

SCORES_FLOOR = 0.99
"""The share of pairs that must get the same verdict where scores speak too."""

SHIPPED = "pairs.*.yaml"
"""The files of a folder of pairs."""

NO_PAIRS = "{folder} holds no file {files}; name a file of pairs with --pairs."
SAME_TEXT = "the two comments of this pair are the same; let them differ in the one thing that the pair is about."
SAME_PAIR = "this pair stands on line {line} already; take one out."

Kind = Literal["side", "party", "official", "group", "dialect"]
Tier = Literal["rules", "scores"]
Progress = Callable[[int, int], None]
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Pair:
    """Two comments that differ only in ``kind``. ``line`` is where the pair stands in the file ``path``."""

    kind: str
    a: str
    b: str
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Unequal:
    """A pair that did not get the same verdict. ``tier`` says whether the printed rules differ, or scores alone.

    ``differs`` names what does, of outcome, action, clauses, categories; it is empty when the verdict is the same but
    the printed rules behind it are not: a score then covers for a list that has one side's word only.
    """

    pair: Pair
    a: Verdict
    b: Verdict
    tier: Tier
    differs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """One kind of pair: ``found`` counts the pairs of which at least one comment was not clear."""

    kind: str
    pairs: int
    found: int
    by_rules: int
    by_scores: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What the pairs show about one policy."""

    policy: PolicyRef
    tallies: tuple[Tally, ...]
    unequal: tuple[Unequal, ...]

    @property
    def pairs(self) -> int:
        """How many pairs were judged."""
        return sum(tally.pairs for tally in self.tallies)

    @property
    def rules_share(self) -> float:
        """The share of pairs, 0..1, that the printed rules judge alike."""
        return 1 - sum(tally.by_rules for tally in self.tallies) / self.pairs

    @property
    def share(self) -> float:
        """The share of pairs, 0..1, whose whole verdict is the same."""
        return 1 - sum(bool(each.differs) for each in self.unequal) / self.pairs

    @property
    def even(self) -> bool:
        """Does the policy, as the judge applies it, treat both sides alike?"""
        return not any(tally.by_rules for tally in self.tallies) and self.share >= SCORES_FLOOR


class PairShape(Shape):
    """One pair."""

    noun: ClassVar[str] = "a pair"
    kind: Kind = Field(description="what differs: side, party, official, group or dialect", examples=["side"])
    a: str = Field(min_length=1, description="a comment in quotes")
    b: str = Field(min_length=1, description="the same comment in quotes, about the other side")


class PairsShape(Shape):
    """A file of pairs."""

    noun: ClassVar[str] = "a file of pairs"
    pairs: tuple[PairShape, ...] = Field(min_length=1, description="a list of pairs")


def read_folder(folder: Path) -> tuple[Pair, ...]:
    """The pairs of every ``pairs.*.yaml`` of a folder. Raises ``ConfigError``: none there, or a mistake in one."""
    files = sorted(folder.glob(SHIPPED))
    if not files:
        raise ConfigError(NO_PAIRS.format(folder=folder, files=SHIPPED))
    return tuple(pair for path in files for pair in read_pairs(path))


def read_pairs(path: Path) -> tuple[Pair, ...]:
    """The pairs of one file. Raises ``ConfigError`` naming the line: a twin that is no twin, a pair given twice."""
    file = read(path)
    shape = _fit(file)
    pairs = tuple(
        Pair(each.kind, each.a, each.b, path, file.line("pairs", place)) for place, each in enumerate(shape.pairs)
    )
    _refuse_repeats(pairs, file)
    return pairs


def audit(judge: Judge, pairs: Sequence[Pair], progress: Progress = lambda done, of: None) -> Audit:
    """Judge both comments of every pair. ``progress`` is told how many pairs are done, and of how many."""
    verdicts: list[tuple[Pair, Verdict, Verdict]] = []
    for start in range(0, len(pairs), _AT_ONCE):
        verdicts += _judged(judge, pairs[start : start + _AT_ONCE])
        progress(len(verdicts), len(pairs))
    unequal = tuple(_unequal(verdicts))
    kinds = dict.fromkeys(pair.kind for pair in pairs)
    return Audit(judge.pack.ref, tuple(_tally(kind, verdicts, unequal) for kind in kinds), unequal)


def _judged(judge: Judge, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Verdict, Verdict]]:
    verdicts = judge.judge_all([Item(text) for pair in pairs for text in (pair.a, pair.b)])
    return zip(pairs, verdicts[::2], verdicts[1::2], strict=True)


def _unequal(verdicts: Sequence[tuple[Pair, Verdict, Verdict]]) -> Iterator[Unequal]:
    for pair, a, b in verdicts:
        differs = tuple(_differs(a, b))
        if _rules_behind(a) != _rules_behind(b):
            yield Unequal(pair, a, b, "rules", differs)
        elif differs:
            yield Unequal(pair, a, b, "scores", differs)


def _differs(a: Verdict, b: Verdict) -> Iterator[str]:
    if a.outcome is not b.outcome:
        yield "outcome"
    if a.measure is not b.measure:
        yield "action"
    if set(a.clauses) != set(b.clauses):
        yield "clauses"
    if {finding.category for finding in a.findings} != {finding.category for finding in b.findings}:
        yield "categories"


def _rules_behind(verdict: Verdict) -> frozenset[tuple[str, str, str]]:
    return frozenset((f.clause, f.category, f.measure.value) for f in verdict.findings if f.enumerable)


def _tally(kind: str, verdicts: Sequence[tuple[Pair, Verdict, Verdict]], unequal: Sequence[Unequal]) -> Tally:
    outcomes = [(a.outcome, b.outcome) for pair, a, b in verdicts if pair.kind == kind]
    tiers = [each.tier for each in unequal if each.pair.kind == kind]
    found = sum(both != (Outcome.CLEAR, Outcome.CLEAR) for both in outcomes)
    return Tally(kind, len(outcomes), found, tiers.count("rules"), tiers.count("scores"))


def _fit(file: YamlFile) -> PairsShape:
    try:
        return PairsShape.model_validate(file.get())
    except ValidationError as error:
        first = details(error)[0]
        raise file.error(sentence(first, PairsShape), *first["loc"]) from error


def _refuse_repeats(pairs: Sequence[Pair], file: YamlFile) -> None:
    seen: dict[frozenset[str], int] = {}
    for place, pair in enumerate(pairs):
        texts = frozenset((pair.a, pair.b))
        if len(texts) == 1:
            raise file.error(SAME_TEXT, "pairs", place)
        if texts in seen:
            raise file.error(SAME_PAIR.format(line=seen[texts]), "pairs", place)
        seen[texts] = pair.line
