"""Finding listed words in a passage: as they stand, stretched, in every decoded reading, in pieces, misspelt.

What has the same letters as the entry is *certain*; what only reads like it is a guess and says so. Matches of one
token: written, stretched, decoded, misspelt. Matches of several: entries of several words, letters with blanks between
(``SPACED``: four or more tokens in a row with one letter each), and pieces (one of which ``Pieces`` knows).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bot.moderation.chunk import Chunk
from bot.moderation.guesses import SHORTEST, Misspelt
from bot.moderation.links import touches
from bot.moderation.masks import Masks, sifted
from bot.moderation.needs import Asked, Needs, Whole, one_of
from bot.moderation.passage import Passage, Words
from bot.moderation.search import Search, Stretched, phrase_needs, places_of
from bot.moderation.spelling import Decoded, Manner
from bot.moderation.split import Pieces
from bot.moderation.verdict import Span
from bot.moderation.wordlists import Entry, WordList

_DOUBLED = re.compile(r"([a-zñ])\1")
_SHORTEST_OWN = 5
_SHORTEST_IN_RUN = 6
_ONE_LETTER_WORDS = "aeiouy"


@dataclass(frozen=True, slots=True)
class Hit:
    """A listed entry, where it stands, and whether the letters are the entry's or only look or sound like it."""

    entry: Entry
    span: Span
    certain: bool = True


class Lexicon:
    """Several lists as one search. Built once; a search is linear in the text."""

    def __init__(self, lists: Iterable[WordList]) -> None:
        lists = tuple(lists)
        self._lang = {entry: listed.lang for listed in lists for entry in listed.entries}
        decodable = [entry for entry in self._lang if _decodable(entry)]
        self._listed = Search(self._lang)
        self._excepted = Search(entry for listed in lists for entry in listed.exceptions)
        self._stretched = Stretched(decodable)
        self._masks = Masks((entry for entry in self._lang if " " not in entry.stem), SHORTEST)
        self._pieces = Pieces(decodable)
        self._misspelt = Misspelt(decodable, (entry for entry in self._lang if " " in entry.stem))

    def hits(self, passage: Passage) -> Iterator[Hit]:
        """Every listed word of the passage. An entry marked ``~`` counts only in a text of its list's language."""
        for hit in (*self._standing(passage), *self._guessed(passage)):
            if not hit.entry.own_language_only or self._lang[hit.entry] == passage.language.code:
                yield hit

    def needs(self, name: str) -> Needs:
        """What a hit needs: a token that holds one by itself, the words of a phrase, or pieces."""
        alone = Asked(f"{name}: a word", self._alone_among, self._could_be_read)
        phrases = [entry for entry in (*self._lang, *self._misspelt.phrases) if " " in entry.stem]
        return (one_of(alone, Whole.SPELLED_OUT, Whole.TURNED), *self._pieces.needs(name), *phrase_needs(phrases))

    def _could_be_read(self, chunk: Chunk) -> bool:
        return any(True for reading in chunk.readings for _ in self._read(reading))

    def _alone_among(self, words: Sequence[str]) -> list[str]:
        """The words that could be listed; nearly all are ruled out together."""
        likely = self._listed.among(words) | self._misspelt.among(words) | self._stretched.among(words)
        return [word for word in words if word in likely and self._could_be_single(word)]

    def _could_be_single(self, word: str) -> bool:
        return (
            self._misspelt.entry(word) is not None
            or self._is_listed(word)
            or (_DOUBLED.search(word) is not None and self._stretched.entry(word) is not None)
        )

    def _standing(self, passage: Passage) -> Iterator[Hit]:
        for number, words in enumerate(passage.rows):
            for hit in self._written(words):
                # Single words with digits in them are ``_decoded``'s, which knows which of them are too short to tell.
                if number == 0 or not hit.entry.stem.isalnum():
                    yield hit
        yield from self._stretched_words(passage.words)
        yield from self._decoded(passage)

    def _written(self, words: Words) -> Iterator[Hit]:
        found = list(self._listed.places(words.row))
        spared = list(self._excepted.places(words.row)) if found else []
        for entry, start, end in found:
            if not any(a <= start and end <= b for _, a, b in spared):
                yield Hit(entry, words.span(start, end))

    def _stretched_words(self, words: Words) -> Iterator[Hit]:
        for word in words.vocabulary:
            entry = self._stretched.entry(word) if _DOUBLED.search(word) and not self._is_spared(word) else None
            if entry and not self._is_listed(word):
                for start in places_of(word, words.row):
                    yield Hit(entry, words.span(start + 1, start + 1 + len(word)))

    def _decoded(self, passage: Passage) -> Iterator[Hit]:
        masked: list[tuple[Decoded, Entry | None]] = []
        for reading in passage.decoded:
            if reading.manner is Manner.MASK:
                masked.append((reading, self._masks.entry(reading.word)))
                continue
            for entry, start, end, certain in self._read(reading):
                yield Hit(entry, passage.folded.span(start, end), certain)
        for reading, entry, certain in sifted(masked):
            yield Hit(entry, passage.folded.span(reading.start, reading.end), certain)

    def _read(self, reading: Decoded) -> Iterator[tuple[Entry, int, int, bool]]:
        """What one reading says: entry, first and last place in the folded text, and whether that is certain."""
        if reading.manner is Manner.MASK:
            if entry := self._masks.entry(reading.word):
                yield entry, reading.start, reading.end, reading.certain
        elif reading.manner is Manner.SPACED:
            yield from self._spelled_out(reading)
        elif not self._is_spared(reading.word) and (entry := self._entry_of(reading.word)):
            yield entry, reading.start, reading.end, reading.certain

    def _entry_of(self, word: str) -> Entry | None:
        entries = (entry for entry, _, _ in self._listed.places(f" {word}") if _decodable(entry))
        return next(entries, None) or self._stretched.entry(word)

    def _spelled_out(self, reading: Decoded) -> Iterator[tuple[Entry, int, int, bool]]:
        row, places = f" {reading.word}", reading.places
        for entry, start, end in self._listed.places(row):
            if (_decodable(entry) or " " in entry.stem) and not entry.open_left:
                yield entry, places[start - 1], places[end - 2] + 1, True
        if " " not in reading.word and (whole := self._entry_of(reading.word)) and not whole.open_left:
            yield whole, places[0], places[-1] + 1, True
        for entry, start, end in self._listed.anywhere(reading.word):
            alone = end == len(reading.word) and start == 1 and reading.word[0] in _ONE_LETTER_WORDS  # a s h i t
            if _decodable(entry) and (alone or _tells_in_a_run(entry)):
                yield entry, places[start], places[end - 1] + 1, entry.open_left and entry.open_right

    def _guessed(self, passage: Passage) -> Iterator[Hit]:
        for words in passage.rows:
            for entry, start, end in self._misspelt.found(words):
                # What is listed as it stands is no guess; where an exception cleared it, it stays cleared.
                word = words.row[start:end]
                if not self._is_listed(word) and not self._is_spared(word):
                    yield from self._guess(entry, *words.place(start, end), passage)
        for row in (*passage.rows, *passage.stacked):
            for entry, start, end in self._pieces.found(row):
                yield from self._guess(entry, start, end, passage)

    def _guess(self, entry: Entry, start: int, end: int, passage: Passage) -> Iterator[Hit]:
        if not touches(passage.links, start, end):
            yield Hit(entry, passage.folded.span(start, end), certain=False)

    def _is_listed(self, word: str) -> bool:
        return any(True for _ in self._listed.places(f" {word}"))

    def _is_spared(self, word: str) -> bool:
        return any(end - start == len(word) for _, start, end in self._excepted.places(f" {word}"))


def _decodable(entry: Entry) -> bool:
    """Short words and phrases are listed as they are written: decoded, they would meet too many innocents."""
    return entry.stem.isalnum() and len(entry.stem) >= (_SHORTEST_OWN if entry.own_language_only else SHORTEST)


def _tells_in_a_run(entry: Entry) -> bool:
    """Where the words of a run can't be told apart, short entries would be found across their borders."""
    return len(entry.stem) >= _SHORTEST_IN_RUN or (entry.open_left and entry.open_right)
