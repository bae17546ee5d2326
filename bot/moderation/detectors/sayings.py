"""Listed phrases: the detector ``phrases``."""

from __future__ import annotations

from collections.abc import Iterator

from bot.moderation.detectors.clearing import Clearing, ClearingParameters, describe_sets
from bot.moderation.detectors.detector import Kind, Match, Texts, once
from bot.moderation.needs import Needs
from bot.moderation.passage import Passage
from bot.moderation.phrases import Phrasebook, Sets
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists


class PhraseParameters(ClearingParameters):
    """``phrases`` in the grammar of ``bot.moderation.phrases``, and what clears them."""

    phrases: Texts


class ListedPhrases:
    """Finds phrases that nothing clears."""

    enumerable = True

    def __init__(self, parameters: PhraseParameters) -> None:
        sets = Sets(parameters.sets)
        self._given = parameters
        self._phrases = Phrasebook(parameters.phrases, sets)
        self._clearing = Clearing(parameters, sets)

    def needs(self) -> Needs:
        return self._phrases.needs()

    def find(self, passage: Passage) -> Iterator[Match]:
        yield from once(Match((span,)) for span in self.standing(passage))

    def standing(self, passage: Passage) -> list[Span]:
        """Where the phrases stand that nothing clears."""
        found = (words.span(hit.start, hit.end) for words in passage.rows for hit in self._phrases.found(words))
        return self._clearing.standing(list(dict.fromkeys(found)), passage)

    def describe(self) -> Iterator[str]:
        yield from describe_phrases(self._given)


def describe_phrases(given: PhraseParameters) -> Iterator[str]:
    """Every phrase, set and exception, a line each."""
    yield "Phrases: (a|b) one of these, [a] may be missing, <set> one of that set, ..3 up to three words between:"
    yield from (f"  {phrase}" for phrase in given.phrases)
    yield from describe_sets(given.sets)
    yield from Clearing(given, Sets(given.sets)).describe()


def _build(parameters: PhraseParameters, _lists: WordLists) -> ListedPhrases:
    return ListedPhrases(parameters)


PHRASES = Kind(PhraseParameters, _build)
