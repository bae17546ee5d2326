"""A rule's exceptions: what a detector found and the policy itself leaves alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from bot.moderation.detectors.detector import Detector, Match
from bot.moderation.needs import Needs, needs_of
from bot.moderation.pack import Exemption
from bot.moderation.passage import Passage
from bot.moderation.phrases import Phrasebook
from bot.moderation.verdict import Span


class Excepted:
    """Another detector, its matches cleared by exceptions. What ``inner`` does not find, this does not find."""

    def __init__(self, inner: Detector, exceptions: Sequence[Exemption], sets: Mapping[str, Sequence[str]]) -> None:
        self.inner = inner
        self.enumerable = inner.enumerable
        self._unless = Phrasebook((phrase for each in exceptions for phrase in each.unless), sets)
        self._anywhere = Phrasebook((phrase for each in exceptions for phrase in each.unless_anywhere), sets)
        self._given = tuple(exceptions)

    def needs(self) -> Needs:
        return needs_of(self.inner)

    def find(self, passage: Passage) -> Iterator[Match]:
        matches = list(self.inner.find(passage))
        if matches and not any(True for words in passage.rows for _ in self._anywhere.found(words)):
            cleared = [words.span(hit.start, hit.end) for words in passage.rows for hit in self._unless.found(words)]
            for match in matches:
                yield from _standing(match, cleared)

    def describe(self) -> Iterator[str]:
        yield from self.inner.describe()
        for each in self._given:
            yield f"  excepted: {each.says}"
            yield from (f"    but not: {phrase}" for phrase in each.unless)
            yield from (f"    not in a comment that says: {phrase}" for phrase in each.unless_anywhere)


def _standing(match: Match, cleared: Sequence[Span]) -> Iterator[Match]:
    spans = tuple(span for span in match.spans if not any(_overlap(span, other) for other in cleared))
    if spans or not match.spans:
        yield replace(match, spans=spans)


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end
