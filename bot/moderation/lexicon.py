"""Finding listed words in a passage: as they stand, stretched, and in every decoded reading."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

import ahocorasick

from bot.moderation.passage import Passage
from bot.moderation.spelling import Decoded, Manner
from bot.moderation.verdict import Span
from bot.moderation.wordlists import Entry, WordList

_DOUBLED = re.compile(r"([a-zñ])\1")
_SHORTEST_DECODED = 4
_LEAST_KNOWN = 2


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed entry, where it stands, and which list it is on."""

    entry: Entry
    span: Span


class Lexicon:
    """Several lists as one search. Built once; a search is linear in the text."""

    def __init__(self, lists: Iterable[WordList]) -> None:
        lists = tuple(lists)
        self._lang = {entry: listed.lang for listed in lists for entry in listed.entries}
        self._listed = _Search(self._lang)
        self._excepted = _Search(entry for listed in lists for entry in listed.exceptions)
        self._stretched = _Stretched(e for e in self._lang if _decodable(e))
        self._masked = _by_length(e for e in self._lang if " " not in e.stem)

    def hits(self, passage: Passage) -> Iterator[Hit]:
        """Every listed word of the passage. An entry marked ``~`` counts only in a text of its list's language."""
        for hit in (*self._written(passage), *self._stretched_words(passage), *self._decoded(passage)):
            if not hit.entry.own_language_only or self._lang[hit.entry] == passage.language.code:
                yield hit

    def _written(self, passage: Passage) -> Iterator[Hit]:
        words = passage.words
        found = list(self._listed.places(words.row))
        spared = list(self._excepted.places(words.row)) if found else []
        for entry, start, end in found:
            if not any(a <= start and end <= b for _, a, b in spared):
                yield Hit(entry, words.span(start, end))

    def _stretched_words(self, passage: Passage) -> Iterator[Hit]:
        words = passage.words
        for word in words.vocabulary:
            entry = self._stretched.entry(word) if _DOUBLED.search(word) and not self._is_spared(word) else None
            if entry and not self._is_listed(word):
                for start in _places_of(word, words.row):
                    yield Hit(entry, words.span(start + 1, start + 1 + len(word)))

    def _decoded(self, passage: Passage) -> Iterator[Hit]:
        for reading in passage.decoded:
            if reading.manner is Manner.SPACED:
                yield from self._spelled_out(reading, passage)
            elif entry := self._says(reading):
                yield Hit(entry, passage.folded.span(reading.start, reading.end))

    def _says(self, reading: Decoded) -> Entry | None:
        if reading.manner is Manner.MASK:
            return next((e for e in self._masked.get(len(reading.word), ()) if _unmasks(reading.word, e.stem)), None)
        if self._is_spared(reading.word):
            return None
        entries = (e for e, _, _ in self._listed.places(f" {reading.word}") if _decodable(e))
        return next(entries, None) or self._stretched.entry(reading.word)

    def _spelled_out(self, reading: Decoded, passage: Passage) -> Iterator[Hit]:
        for entry, start, end in self._listed.anywhere(reading.word):
            if _decodable(entry):
                yield Hit(entry, passage.folded.span(reading.places[start], reading.places[end - 1] + 1))

    def _is_listed(self, word: str) -> bool:
        return any(True for _ in self._listed.places(f" {word}"))

    def _is_spared(self, word: str) -> bool:
        return any(end - start == len(word) for _, start, end in self._excepted.places(f" {word}"))


class _Search:
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


class _Stretched:
    """Entries found in words whose letters were drawn out: ``fuuuck``, never ``ashole`` for ``asshole``."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = {entry: _runs(entry.stem) for entry in entries}
        self._by_letters: dict[str, list[Entry]] = defaultdict(list)
        for entry, (letters, _) in self._entries.items():
            self._by_letters[letters].append(entry)
        self._search = _Search(Entry(letters, True, True) for letters in self._by_letters)

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


def _runs(word: str) -> tuple[str, list[int]]:
    runs = [(letter, sum(1 for _ in run)) for letter, run in groupby(word)]
    return "".join(letter for letter, _ in runs), [count for _, count in runs]


def _decodable(entry: Entry) -> bool:
    """Short words and phrases are listed as they are written: decoded, they would meet too many innocents."""
    return " " not in entry.stem and len(entry.stem) >= _SHORTEST_DECODED and not entry.own_language_only


def _by_length(entries: Iterable[Entry]) -> Mapping[int, list[Entry]]:
    table: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if len(entry.stem) >= _SHORTEST_DECODED:
            table[len(entry.stem)].append(entry)
    return table


def _unmasks(masked: str, stem: str) -> bool:
    if masked == stem:
        return True
    known = sum(letter != "?" for letter in masked)
    enough = known >= max(_LEAST_KNOWN, 0.28 * len(stem)) and (masked[-1] != "?" or masked[1] != "?")
    return enough and all(have in {"?", want} for have, want in zip(masked, stem, strict=True))


def _places_of(word: str, row: str) -> Iterator[int]:
    at = row.find(f" {word}")
    while at >= 0:
        if at + 1 + len(word) == len(row) or row[at + 1 + len(word)] == " ":
            yield at
        at = row.find(f" {word}", at + 1)


def _word_end(row: str, at: int) -> int:
    end = row.find(" ", at)
    return len(row) if end < 0 else end
