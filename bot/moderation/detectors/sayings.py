"""Listed phrases: the detector ``phrases``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.moderation.detectors.detector import Kind, Match, Parameters, Texts, once
from bot.moderation.passage import Passage, Words
from bot.moderation.phrases import Phrasebook
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists


class PhraseParameters(Parameters):
    """``phrases`` in the grammar of ``bot.moderation.phrases``; ``sets`` are the named sets that they use.

    ``unless``: phrases that clear what they overlap; ``unless_anywhere``: phrases that clear the whole comment.
    """

    phrases: Texts
    sets: Mapping[str, Texts] = {}
    unless: tuple[str, ...] = ()
    unless_anywhere: tuple[str, ...] = ()


class ListedPhrases:
    """Finds phrases that are not cleared by an ``unless``."""

    enumerable = True

    def __init__(self, parameters: PhraseParameters) -> None:
        self._given = parameters
        self._phrases = Phrasebook(parameters.phrases, parameters.sets)
        self._unless = Phrasebook(parameters.unless, parameters.sets)
        self._anywhere = Phrasebook(parameters.unless_anywhere, parameters.sets)

    def find(self, passage: Passage) -> Iterator[Match]:
        yield from once(Match((span,)) for span in self.standing(passage))

    def standing(self, passage: Passage) -> list[Span]:
        """Where the phrases stand that nothing clears."""
        spans = {span: None for words in passage.rows for span in self._standing_in(words)}
        return list(spans)

    def _standing_in(self, words: Words) -> Iterator[Span]:
        hits = list(self._phrases.found(words))
        if hits and not any(True for _ in self._anywhere.found(words)):
            cleared = list(self._unless.found(words))
            for hit in hits:
                if not any(c.start < hit.end and hit.start < c.end for c in cleared):
                    yield words.span(hit.start, hit.end)

    def describe(self) -> Iterator[str]:
        yield from describe_phrases(self._given)


def describe_phrases(given: PhraseParameters) -> Iterator[str]:
    """Every phrase, set and exception, a line each."""
    yield "Phrases: (a|b) one of these, [a] may be missing, <set> one of that set, ..3 up to three words between:"
    yield from (f"  {phrase}" for phrase in given.phrases)
    for name, members in given.sets.items():
        yield f"  where <{name}> is one of: {', '.join(members)}"
    yield from (f"  but not: {phrase}" for phrase in given.unless)
    yield from (f"  not in a comment that says: {phrase}" for phrase in given.unless_anywhere)


def _build(parameters: PhraseParameters, _lists: WordLists) -> ListedPhrases:
    return ListedPhrases(parameters)


PHRASES = Kind(PhraseParameters, _build)
