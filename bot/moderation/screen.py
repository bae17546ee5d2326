"""The screen: for each of many comments, which rules could find anything in it, and which language it is in.

An over-approximation, and sound: a rule that it leaves out would have found nothing. Nineteen comments in twenty are
clear of all rules and need no closer look. What is found out about a token is found out once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from bot.moderation.folding import TURNED_ROUND
from bot.moderation.gathering import Bits, Flags, Places, gathered, sums
from bot.moderation.hints import languages
from bot.moderation.lanes import Lanes
from bot.moderation.lexemes import SIGNS, WORD, Lexemes
from bot.moderation.needs import Digits, Fact, Needs, Scores, Whole
from bot.moderation.tokens import Batch, Column, Numbers
from bot.moderation.verdict import CATEGORIES, Item

_SPELLED_OUT = 4
_MOST_REAL_DIGITS = 6
_SPOKEN_DIGITS = 3


Scored: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Screened:
    """``possible[i, k]``: rule ``k`` could find something in comment ``i``. ``languages[i]`` is its language's code,
    empty where it takes a closer look to tell."""

    possible: Flags
    languages: list[str]

    def places(self) -> Iterator[tuple[int, list[int]]]:
        """The comments to look at, each with the rules that could find something in it."""
        unsure = np.fromiter((not code for code in self.languages), np.bool_, len(self.languages))
        for place in np.flatnonzero(self.possible.any(axis=1) | unsure).tolist():
            yield place, np.flatnonzero(self.possible[place]).tolist()


class Screen:
    """Built from what each rule needs. Its ``columns`` must be columns of the vocabulary that makes the batches."""

    def __init__(self, needs: Sequence[Needs]) -> None:
        self._lanes = Lanes(needs)
        self._lexemes = Lexemes(self._lanes)
        self._digits = [fact for fact in self._lanes.facts if isinstance(fact, Digits)]
        self._scores = [fact for fact in self._lanes.facts if isinstance(fact, Scores)]
        self.columns: tuple[Column, ...] = (self._lexemes,)

    def screen(self, batch: Batch, items: Sequence[Item], scores: Scored | None = None) -> Screened:
        """``batch`` holds the texts of ``items``; ``scores`` the model's, a row an item."""
        lexemes = self._lexemes
        found = lexemes.of[batch.ids]
        codes = languages(lexemes, found, batch, items)
        bits = gathered(lexemes.bits, lexemes.facts[found], batch.starts)
        for fact, where in self._true_of_texts(found, batch, items, codes, scores):
            if fact in self._lanes.facts and where.any():
                bits[where] |= self._lanes.of(fact)
        first, second = _neighbours(lexemes.kinds[found], batch)
        bits |= self._paired(found, first, second, batch)
        return Screened(self._lanes.possible(bits), codes)

    def _true_of_texts(
        self, found: Places, batch: Batch, items: Sequence[Item], codes: Sequence[str], scores: Scored | None
    ) -> Iterator[tuple[Fact, Flags]]:
        """Facts that are not of one token, with the texts for which they hold."""
        yield Whole.SPELLED_OUT, _spelled_out(self._lexemes, found, batch)
        yield Whole.TURNED, (batch.signs.flags & TURNED_ROUND) != 0
        yield Whole.COPIES, np.fromiter((item.copies > 0 for item in items), np.bool_, len(items))
        yield Whole.MEDIA, np.fromiter((item.has_media for item in items), np.bool_, len(items))
        yield Whole.UNREAD, np.fromiter((not code for code in codes), np.bool_, len(codes))
        yield from self._counted(found, batch)
        if scores is not None:
            for fact in self._scores:
                yield fact, scores[:, CATEGORIES.index(fact.category)] >= fact.least

    def _counted(self, found: Places, batch: Batch) -> Iterator[tuple[Fact, Flags]]:
        digits = sums(self._lexemes.digits[found], batch.starts)
        longest = _longest_runs(self._lexemes.digits[found], self._lexemes.gaps[found], batch.starts)
        spoken = sums(self._lexemes.spoken[found], batch.starts) >= _SPOKEN_DIGITS
        for fact in self._digits:  # letters may be read as digits, but six of these must be real
            yield fact, spoken | ((longest if fact.together else digits) >= min(fact.least, _MOST_REAL_DIGITS))

    def _paired(self, found: Places, first: Numbers, second: Numbers, batch: Batch) -> Bits:
        """What two words beside each other tell."""
        pairs, following = self._lexemes.pairs, self._lexemes.following
        places, rows = pairs.found(found[first], found[second])
        bits = gathered(pairs.bits, rows, np.searchsorted(first[places], batch.starts))
        followed = _somewhere(first[following.places(found[first], found[second])], batch.starts)
        if followed.any():
            bits[followed] |= self._lanes.together(self._lexemes.follows)
        return bits


def _somewhere(places: Numbers, starts: Numbers) -> Flags:
    flags = np.zeros(len(starts) - 1, np.bool_)
    if places.size:
        flags[np.searchsorted(starts, places, side="right") - 1] = True
    return flags


def _spelled_out(lexemes: Lexemes, found: Places, batch: Batch) -> Flags:
    """Texts with a run of four single letters. Signs and line ends don't break a run, words do."""
    singles = lexemes.singles[found]
    return _longest_runs(singles, (singles == 0) & (lexemes.kinds[found] < SIGNS), batch.starts) >= _SPELLED_OUT


def _longest_runs(numbers: NDArray[np.uint8], breaks: Flags | NDArray[np.uint8], starts: Numbers) -> Numbers:
    """For each text the greatest sum of ``numbers`` that stand in a row, nothing between that breaks it."""
    longest = np.zeros(len(starts) - 1, np.intp)
    counting = np.flatnonzero(numbers)
    if not counting.size:
        return longest
    # A run is told by how many breaks and borders of texts there were before it.
    borders = np.zeros(len(numbers) + 1, np.bool_)
    borders[starts] = True
    run = np.cumsum((breaks != 0) | borders[:-1])[counting]
    first = np.flatnonzero(np.diff(run, prepend=-1))
    sums_of_runs = np.add.reduceat(numbers[counting].astype(np.intp), first)
    texts = np.searchsorted(starts, counting[first], side="right") - 1
    np.maximum.at(longest, texts, sums_of_runs)
    return longest


def _neighbours(kinds: NDArray[np.uint8], batch: Batch) -> tuple[Numbers, Numbers]:
    """Places of words and of the next word of the same text, whatever signs stand between."""
    places = np.flatnonzero(kinds == WORD)
    border = np.zeros(len(kinds) + 1, np.bool_)
    border[batch.starts] = True
    texts = np.cumsum(border[:-1])[places]
    same = np.flatnonzero(texts[:-1] == texts[1:])
    return places[same], places[same + 1]
