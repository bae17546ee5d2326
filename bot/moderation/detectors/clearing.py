"""What clears a match: the same words said of somebody else's saying, denied, quoted or asked in disbelief.

Hate and threats are reported, quoted and opposed in the very words in which they are made. Which words show that is a
list like any other: it stands in the rule, or in a part of the library that several rules draw on, and is printed.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from bot.moderation.detectors.detector import Parameters, Texts
from bot.moderation.passage import Passage
from bot.moderation.phrases import Phrasebook, Sets
from bot.moderation.verdict import Span

_STOP = re.compile(r"[.!?…]+(?=\s)|\n")
_QUOTED = re.compile(r"""["„‟«»][^"„‟«»\n]{1,300}["„‟«»]|(?<!\w)'(?=[\w¡¿])(?:[^'"\n]|(?<=\w)'(?=\w)){1,300}'(?!\w)""")


class ClearingParameters(Parameters):
    """Lists of phrases, all in the grammar of ``bot.moderation.phrases``; ``sets`` are the named sets that they use.

    ``unless`` clears what it overlaps; ``unless_before`` also what begins with the word after it, ``unless_after`` what
    ends with the word before it, in one sentence (``says ..2``: up to two words between); ``unless_quoted`` what stands
    in quotation marks in a comment that says so anywhere; ``unless_anywhere`` the whole comment. ``still``: in a
    comment that says this, quoting and reporting (``before``, ``after``, ``quoted``) clear nothing.
    """

    sets: Mapping[str, Texts] = {}
    unless: tuple[str, ...] = ()
    unless_before: tuple[str, ...] = ()
    unless_after: tuple[str, ...] = ()
    unless_quoted: tuple[str, ...] = ()
    unless_anywhere: tuple[str, ...] = ()
    still: tuple[str, ...] = ()


class Clearing:
    """Says which stretches of a passage a rule leaves alone."""

    def __init__(self, given: ClearingParameters, sets: Sets) -> None:
        self._given = given
        self._unless = Phrasebook(given.unless, sets)
        self._before = Phrasebook(given.unless_before, sets)
        self._after = Phrasebook(given.unless_after, sets)
        self._quoted = Phrasebook(given.unless_quoted, sets)
        self._anywhere = Phrasebook(given.unless_anywhere, sets)
        self._still = Phrasebook(given.still, sets)

    def standing(self, spans: Sequence[Span], passage: Passage) -> list[Span]:
        """The spans that nothing clears, in their order."""
        if not spans or _in_any(self._anywhere, passage):
            return []
        cleared = _Stretches(w.span(hit.start, hit.end) for w in passage.rows for hit in self._unless.found(w))
        spans = [span for span in spans if not cleared.overlap(span)]
        return self._own(spans, passage) if spans and not _in_any(self._still, passage) else spans

    def clears_sentence(self, spans: Sequence[Span], passage: Passage) -> bool:
        """Are these words reported or condemned in their sentence, in quotation marks, or is the whole comment cleared?

        For words that make no phrase together, so that no exception can stand right beside them: what comes before
        counts before half of them, what comes after counts after most. ``spans`` in their order.
        """
        if not spans:
            return False
        if _in_any(self._anywhere, passage):
            return True
        if _in_any(self._still, passage):
            return False
        start, end = _sentence(passage.item.text, spans[0])
        mine = [span for span in spans if span.start < end]
        for place in _places(self._before, passage):
            if start <= place.start and 2 * sum(place.end <= span.start for span in mine) >= len(mine):
                return True
        for place in _places(self._after, passage):
            if place.end <= end and 2 * sum(span.end <= place.start for span in mine) > len(mine):
                return True
        quoted = _Stretches(_quotations(passage) if _in_any(self._quoted, passage) else ())
        return 2 * sum(quoted.cover(span) for span in mine) >= len(mine)

    def _own(self, spans: Sequence[Span], passage: Passage) -> list[Span]:
        """Without what is only reported, denied or quoted. Words inside a match are its own: "they do not deserve to
        live" is not denied by its "not"."""
        rows = passage.rows
        before = _Stretches(w.span(hit.start, _forward(w.row, hit.end)) for w in rows for hit in self._before.found(w))
        after = _Stretches(w.span(_backward(w.row, hit.start), hit.end) for w in rows for hit in self._after.found(w))
        quoted = _Stretches(_quotations(passage) if _in_any(self._quoted, passage) else ())
        return [s for s in spans if not (before.hold(s.start) or after.hold(s.end) or quoted.cover(s))]

    def describe(self) -> Iterator[str]:
        """Every exception, a line each."""
        given = self._given
        yield from (f"  but not: {phrase}" for phrase in given.unless)
        yield from (f"  but not after: {phrase}" for phrase in given.unless_before)
        yield from (f"  but not before: {phrase}" for phrase in given.unless_after)
        yield from (f"  but not in quotation marks beside: {phrase}" for phrase in given.unless_quoted)
        yield from (f"  not in a comment that says: {phrase}" for phrase in given.unless_anywhere)
        yield from (f"  though not cleared by what is before, after or quoted beside: {p}" for p in given.still)


class _Stretches:
    """Stretches of a text, those that overlap joined. Asking is a search by halves: a text may have thousands."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for span in sorted(spans, key=lambda span: (span.start, span.end)):
            if self._ends and span.start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], span.end)
            else:
                self._starts.append(span.start)
                self._ends.append(span.end)

    def hold(self, place: int) -> bool:
        """Is the place inside one, not at its edge?"""
        at = bisect_left(self._starts, place) - 1
        return at >= 0 and place < self._ends[at]

    def overlap(self, span: Span) -> bool:
        """Has one a character of the span?"""
        at = bisect_left(self._starts, span.end) - 1
        return at >= 0 and span.start < self._ends[at]

    def cover(self, span: Span) -> bool:
        """Has one every character of the span?"""
        at = bisect_right(self._starts, span.start) - 1
        return at >= 0 and span.end <= self._ends[at]


def describe_sets(sets: Mapping[str, Texts]) -> Iterator[str]:
    """Every named set, a line each."""
    yield from (f"  where <{name}> is one of: {', '.join(members)}" for name, members in sets.items())


def _sentence(text: str, span: Span) -> tuple[int, int]:
    """From the end of the sentence before to the end of this one."""
    before = max((found.end() for found in _STOP.finditer(text, 0, span.start)), default=0)
    after = _STOP.search(text, span.end)
    return before, after.start() if after else len(text)


def _places(phrases: Phrasebook, passage: Passage) -> Iterator[Span]:
    return (words.span(hit.start, hit.end) for words in passage.rows for hit in phrases.found(words))


def _in_any(phrases: Phrasebook, passage: Passage) -> bool:
    return any(True for _ in chain.from_iterable(phrases.found(words) for words in passage.rows))


def _quotations(passage: Passage) -> list[Span]:
    return [passage.folded.span(*found.span()) for found in _QUOTED.finditer(passage.folded.text)]


def _forward(row: str, at: int) -> int:
    """Where the word that follows ends; ``at`` itself at the end of a sentence."""
    if at >= len(row) or row.startswith(" .", at):
        return at
    following = row.find(" ", at + 1)
    return following if following >= 0 else len(row)


def _backward(row: str, at: int) -> int:
    """Where the word that precedes begins; ``at`` itself at the beginning of a sentence."""
    earlier = row.rfind(" ", 0, at)
    return at if earlier < 0 or row.startswith(" . ", earlier) else earlier
