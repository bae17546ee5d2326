"""Phrases: a small grammar that a city's attorney can read, turned into a bounded search.

::

    kill (you|him|her)      one of several, each may be several words
    [really] sorry          may be missing
    <group> are vermin      one of a named set
    we ..3 you              up to three words between, never across a sentence
    threat*                 any word that begins so
    #                       a number, with or without a currency sign

Words are compared folded, without apostrophes (``I'll`` is ``ill``). What can be said in this grammar can be printed
in full, which is the point.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bot.moderation.passage import Words
from bot.moderation.text import fold

_TOKEN = re.compile(r"\.\.\d|<[\w-]+>|[()\[\]|]|[^\s()\[\]<>|]+")
_ENDS = frozenset(")]|")
_SHORT = 1_500
_REACH = 160
_WIDEST_GAP = 5


class PhraseError(ValueError):
    """A phrase that can't be read; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: as written, as a search, and the words of which one must be there for it to match at all."""

    written: str
    pattern: re.Pattern[str]
    cues: frozenset[str]


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase found in ``words.row[start:end]``."""

    phrase: Phrase
    start: int
    end: int


class Phrasebook:
    """Many phrases as one search. Only phrases whose cue word is in the text are tried at all."""

    def __init__(self, phrases: Iterable[str], sets: Mapping[str, Sequence[str]] | None = None) -> None:
        self._by_cue: dict[str, list[Phrase]] = defaultdict(list)
        self.phrases = tuple(compile_phrase(phrase, sets or {}) for phrase in phrases)
        for phrase in self.phrases:
            for cue in phrase.cues:
                self._by_cue[cue].append(phrase)
        self._cues = frozenset(cue for cue in self._by_cue if cue[-1] != "*")
        self._beginnings = tuple(cue[:-1] for cue in self._by_cue if cue[-1] == "*")

    def could_be_in(self, vocabulary: frozenset[str]) -> bool:
        """Is any cue there? If not, nothing can be found."""
        return bool(self._cues_in(vocabulary))

    def found(self, words: Words) -> Iterator[Found]:
        """Every phrase in ``words``, in the order of their places."""
        cues = self._cues_in(words.vocabulary)
        if cues:
            wanted = {phrase.written: phrase for cue in cues for phrase in self._by_cue[cue]}
            hits = [hit for phrase in wanted.values() for hit in _search(phrase, words.row, cues)]
            yield from sorted(hits, key=lambda hit: (hit.start, hit.end))

    def _cues_in(self, vocabulary: frozenset[str]) -> frozenset[str]:
        whole = self._cues & vocabulary
        if not self._beginnings:
            return whole
        words = [word for word in vocabulary if word.startswith(self._beginnings)]
        return whole | {f"{start}*" for start in self._beginnings if any(word.startswith(start) for word in words)}


def _search(phrase: Phrase, row: str, cues: frozenset[str]) -> Iterator[Found]:
    windows = [(0, len(row))] if len(row) <= _SHORT else _windows(row, phrase.cues & cues)
    for start, end in windows:
        for found in phrase.pattern.finditer(row, start, end):
            yield Found(phrase, *found.span())


def _windows(row: str, cues: frozenset[str]) -> list[tuple[int, int]]:
    """The neighbourhoods of the cues, those that touch joined. They begin at a blank, as phrases do."""
    places = sorted(at for cue in cues for at in _places(f" {cue.rstrip('*')}", row))
    merged: list[tuple[int, int]] = []
    for at in places:
        start, end = max(row.rfind(" ", 0, max(at - _REACH, 1)), 0), at + _REACH
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def _places(needle: str, row: str) -> Iterator[int]:
    at = row.find(needle)
    while at >= 0:
        yield at
        at = row.find(needle, at + 1)


def compile_phrase(written: str, sets: Mapping[str, Sequence[str]]) -> Phrase:
    """Turn one phrase into a search. Raises ``PhraseError``."""
    part = _Reader(written, sets).phrase()
    if not part.cues:
        raise PhraseError(f'"{written}" enumerates nothing: give it at least one whole word that must be there')
    return Phrase(written, re.compile(part.pattern + r"(?= |$)"), part.cues)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a phrase: its pattern, and the words of which one must be there (none: it may match without any)."""

    pattern: str
    cues: frozenset[str]


class _Reader:
    """Reads a phrase from left to right: a row of elements, each perhaps a choice of rows."""

    def __init__(self, written: str, sets: Mapping[str, Sequence[str]]) -> None:
        self._written = written
        self._sets = sets
        self._tokens = _TOKEN.findall(fold(written.replace("'", "")).text)
        self._at = 0

    def phrase(self) -> _Part:
        part = self._row()
        if self._at < len(self._tokens):
            raise PhraseError(f'"{self._tokens[self._at]}" in "{self._written}" opens or closes nothing; take it out')
        return part

    def _row(self) -> _Part:
        parts = []
        while self._at < len(self._tokens) and self._tokens[self._at] not in _ENDS:
            parts.append(self._element(self._next()))
        if not parts:
            raise PhraseError(f'"{self._written}" has an empty choice; write a word there or use [word]')
        cued = [part.cues for part in parts if part.cues]
        return _Part("".join(part.pattern for part in parts), max(cued, key=_strength, default=frozenset()))

    def _element(self, mark: str) -> _Part:
        if mark == "(":
            return self._choice(")")
        if mark == "[":
            return _Part(f"{self._choice(']').pattern}?", frozenset())
        if mark.startswith(".."):
            return self._gap(mark)
        if mark.startswith("<"):
            return self._set(mark[1:-1])
        return _word(mark)

    def _choice(self, end: str) -> _Part:
        rows = [self._row()]
        while (mark := self._next()) == "|":
            rows.append(self._row())
        if mark != end:
            raise PhraseError(f'a bracket of "{self._written}" is not closed; close it')
        return _any_of(rows)

    def _gap(self, gap: str) -> _Part:
        if int(gap[2:]) > _WIDEST_GAP:
            raise PhraseError(f'the gap {gap} in "{self._written}" is too wide; use at most ..{_WIDEST_GAP}')
        return _Part(rf"(?: (?!\.)[^ ]+){{0,{gap[2:]}}}", frozenset())

    def _set(self, name: str) -> _Part:
        if name not in self._sets:
            raise PhraseError(
                f'"{self._written}" uses the set "{name}", which the rule does not have; add it under sets'
            )
        return _any_of([_Reader(member, {}).phrase() for member in self._sets[name]])

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""


def _any_of(rows: Sequence[_Part]) -> _Part:
    cues = frozenset[str]().union(*(row.cues for row in rows)) if all(row.cues for row in rows) else frozenset[str]()
    return _Part(f"(?:{'|'.join(dict.fromkeys(row.pattern for row in rows))})", cues)


def _word(word: str) -> _Part:
    if word == "#":
        return _Part(r" [^ ]*\d[^ ]*", frozenset())
    if word.endswith("*"):
        return _Part(f" {re.escape(word[:-1])}[^ ]*", frozenset({word}) if len(word) > 2 else frozenset())
    return _Part(f" {re.escape(word)}", frozenset({word}) if len(word) > 1 else frozenset())


def _strength(cues: frozenset[str]) -> tuple[bool, int, int]:
    """Rare words first: long ones, and few of them."""
    shortest = min(len(cue) for cue in cues)
    return shortest > 3, -len(cues), shortest
