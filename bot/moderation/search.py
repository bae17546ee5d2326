"""Searches for the entries of word lists: in a row of words and in words drawn out."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, groupby, pairwise
from math import prod
from typing import Generic, TypeVar

import ahocorasick

from bot.moderation.language import commonness
from bot.moderation.needs import ALWAYS, Needs
from bot.moderation.wordlists import Entry

Value = TypeVar("Value")

_DOUBLED = re.compile(r"(.)\1+")


class Search:
    """Entries as one Aho-Corasick automaton over a row of words, each after a blank."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        stems: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            stems[entry.stem].append(entry)
        self._automaton = ahocorasick.Automaton()
        for stem, same in stems.items():
            self._automaton.add_word(stem, (stem, tuple(same)))
        self._empty = not stems
        self._automaton.make_automaton()
        every = [entry for same in stems.values() for entry in same]
        self._open = Held({entry.stem: None for entry in every if entry.open_left or entry.open_right})
        self._closed = frozenset(entry.stem for entry in every)

    def among(self, words: Sequence[str]) -> set[str]:
        """Of words without a blank those that could hold an entry."""
        return {words[place] for place, _ in self._open.in_each(words)} | self._closed.intersection(words)

    def anywhere(self, row: str) -> Iterator[tuple[Entry, int, int]]:
        """Every stem in ``row``, borders of words unseen."""
        for last, (stem, entries) in () if self._empty else self._automaton.iter(row):
            for entry in entries:
                yield entry, last + 1 - len(stem), last + 1

    def places(self, row: str) -> Iterator[tuple[Entry, int, int]]:
        """Every entry in ``row`` with the whole words that hold it."""
        for entry, start, end in self.anywhere(row):
            begins = row[start - 1] == " "
            ends = end == len(row) or row[end] == " "
            if (begins or entry.open_left) and (ends or entry.open_right):
                yield entry, row.rfind(" ", 0, start) + 1, end if ends else _word_end(row, end)


class Stretched:
    """Entries found in words whose letters were drawn out: ``fuuuck``, never ``ashole`` for ``asshole``."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry: _runs(entry.stem) for entry in entries}
        self._by_letters: dict[str, list[Entry]] = defaultdict(list)
        for entry, (letters, _) in self._entries.items():
            self._by_letters[letters].append(entry)
        self._search = Search(Entry(letters, True, True) for letters in self._by_letters)
        self._letters = Search(Entry(_runs(e.stem)[0], e.open_left, e.open_right) for e in self._entries)

    def among(self, words: Sequence[str]) -> set[str]:
        """Of words without a blank those with a doubled letter that could draw an entry out."""
        drawn_in = {word: _DOUBLED.sub(r"\1", word) for word in words}
        doubled = {word: letters for word, letters in drawn_in.items() if word != letters}
        likely = self._letters.among(tuple(doubled.values()))
        return {word for word, letters in doubled.items() if letters in likely}

    def entry(self, word: str) -> Entry | None:
        """The entry that ``word`` draws out, if any."""
        letters, counts = _runs(word)
        for key, start, end in self._search.anywhere(letters):
            for entry in self._by_letters[key.stem]:
                if (start == 0 or entry.open_left) and (end == len(letters) or entry.open_right):
                    least = self._entries[entry][1]
                    if all(have >= want for have, want in zip(counts[start:end], least, strict=True)):
                        return entry
        return None


def places_of(word: str, row: str) -> Iterator[int]:
    """Where the whole word stands in a row; each is the place of the blank before it."""
    at = row.find(f" {word}")
    while at >= 0:
        if at + 1 + len(word) == len(row) or row[at + 1 + len(word)] == " ":
            yield at
        at = row.find(f" {word}", at + 1)


def _runs(word: str) -> tuple[str, list[int]]:
    runs = [(letter, sum(1 for _ in run)) for letter, run in groupby(word)]
    return "".join(letter for letter, _ in runs), [count for _, count in runs]


def _word_end(row: str, at: int) -> int:
    end = row.find(" ", at)
    return len(row) if end < 0 else end


class Held(Generic[Value]):
    """Which of some pieces of text each of many texts holds: one search for all of them together."""

    def __init__(self, pieces: Mapping[str, Value]) -> None:
        self._automaton = ahocorasick.Automaton()
        for piece, value in pieces.items():
            self._automaton.add_word(piece, value)
        self._empty = not pieces
        self._automaton.make_automaton()

    def in_each(self, texts: Sequence[str]) -> Iterator[tuple[int, Value]]:
        """The place of a text and what its piece stands for, once for every piece. No text may hold a line end."""
        if self._empty:
            return
        ends = list(accumulate(len(text) + 1 for text in texts))
        for last, value in self._automaton.iter("\n".join(texts)):
            yield bisect_right(ends, last), value


def phrase_needs(entries: Iterable[Entry]) -> Needs:
    """What entries of several words need: two words beside each other; where they aren't whole, their longest word."""
    facts: set[str] = set()
    for entry in entries:
        words = entry.stem.split(" ")
        whole = words[int(entry.open_left) : len(words) - entry.open_right]
        if not whole:
            return ALWAYS
        pairs = [" ".join(pair) for pair in pairwise(whole)]
        facts.add(min(pairs or whole, key=lambda fact: prod(map(commonness, fact.split(" ")))))
    return ((frozenset(facts),),) if facts else ()
