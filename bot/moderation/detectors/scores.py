"""The model's scores: the detector ``scores``. What it looks for can't be printed as a list, so a person looks.

The figures behind 0.5 and 0.9 (how often civic speech is wrongly found) are in the model card, docs/model-card.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.moderation.detectors.clearing import Clearing, ClearingParameters, describe_sets
from bot.moderation.detectors.detector import Kind, Match
from bot.moderation.needs import Needs, Scores, one_of
from bot.moderation.passage import Passage
from bot.moderation.phrases import Sets
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists

Category = Literal["profanity", "hate", "sexual", "threat", "spam", "political", "illegal", "pii", "attack"]


CLEARED = 0.49
"""The label of what would be found, had the comment not said that the words are somebody else's."""


class ScoresParameters(ClearingParameters):
    """``review_at`` and ``hide_at``: the calibrated scores from which a person looks, and a hide may be earned; and
    what clears the sentence whose words weighed most."""

    category: Category = Field(description="the label whose score is read", examples=["threat"])
    review_at: float = Field(0.5, ge=0.5, le=1, description="a score from 0.5 to 1", examples=["0.5"])
    hide_at: float = Field(
        0.9, ge=0.9, le=1, validate_default=True, description="a score from 0.9 to 1", examples=["0.9"]
    )

    @field_validator("hide_at")
    @classmethod
    def _not_below_review(cls, value: float, info: ValidationInfo) -> float:
        if value < info.data.get("review_at", 0):
            raise ValueError("is below review_at; write a score that is not.")
        return value


class Scored:
    """Matches where the model's score for a category is high enough; the words are those that weighed most."""

    enumerable = False

    def __init__(self, parameters: ScoresParameters) -> None:
        self._given = parameters
        self._clearing = Clearing(parameters, Sets(parameters.sets))

    @property
    def category(self) -> str:
        """The label whose score is read."""
        return self._given.category

    def needs(self) -> Needs:
        return (one_of(Scores(self._given.category, self._given.review_at)),)

    def find(self, passage: Passage) -> Iterator[Match]:
        score = float(passage.scores.get(self._given.category, 0.0))
        if score >= self._given.review_at and not self.is_cleared(passage):
            note = f" (score {score:.2f}); no listed phrase."
            yield Match(self._words(passage), score, note=note, sure=score >= self._given.hide_at)

    def is_cleared(self, passage: Passage) -> bool:
        """Whether what weighed most is said of somebody else's saying. A model reads words, not who says them."""
        return self._clearing.clears_sentence(self._words(passage), passage)

    def _words(self, passage: Passage) -> tuple[Span, ...]:
        found = passage.why(self._given.category) if passage.why else ()
        # A finding must show its words: where no single one weighed, it is the whole comment.
        return found or ((Span(0, len(passage.item.text)),) if passage.item.text else ())

    def describe(self) -> Iterator[str]:
        yield (
            f'The score that the model gives for "{self._given.category}", 0 to 1. Its criteria are weights learned'
            " from examples and can't be printed as a list."
        )
        yield f"  a person looks from {self._given.review_at:g}; it is sure from {self._given.hide_at:g}"
        yield from describe_sets(self._given.sets)
        yield from self._clearing.describe()


def _build(parameters: ScoresParameters, _lists: WordLists) -> Scored:
    return Scored(parameters)


SCORES = Kind(ScoresParameters, _build)
