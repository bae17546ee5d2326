"""Phrases: a small grammar that a city's attorney can read, turned into a bounded search.

::

    kill (you|him|her)      one of several, each may be several words
    [really] sorry          may be missing
    <group> are vermin      one of a named set, whose members may use the sets written before it
    we ..3 you              up to three words between, never across a sentence
    threat*                 any word that begins so
    #                       a number, with or without a currency sign

Words are compared folded, without apostrophes (``I'll`` is ``ill``). What can be said in this grammar can be printed
in full, which is the point.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby, product, takewhile
from math import prod
from sys import intern
from typing import Any, TypeAlias

from bot.moderation.language import commonness
from bot.moderation.needs import Needs, words_needed
from bot.moderation.passage import Words
from bot.moderation.text import fold

Groups: TypeAlias = tuple[frozenset[str], ...]

_NAMED = re.compile(r"<([\w-]+)>")
_TOKEN = re.compile(r"\.\.\d|<[\w-]+>|[()\[\]|]|[^\s()\[\]<>|]+")
_ENDS = frozenset(")]|")
_SHORT = 1_500
_REACH = 160
_WIDEST_GAP = 5
_MOST_PAIRS = 800
_MOST_NEEDS = 5
_FEWEST_FACTORED = 12
_SPECIAL = re.compile(r"[^\w ]")


class PhraseError(ValueError):
    """A phrase that can't be read; the message says what to write instead."""


@dataclass(frozen=True)
class Phrase:
    """One phrase: as written, as a search, and what must be there for it to match at all.

    Of every group one word must be among the text's ``marks``. Of the strongest group, ``cues``, windows are made.
    ``needs`` say more: there a group may hold two words that stand beside each other.
    """

    written: str
    source: str
    groups: Groups
    needs: Groups

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The search. Made when it is first needed: most phrases of a policy are never met."""
        return re.compile(self.source)

    @property
    def cues(self) -> frozenset[str]:
        return self.groups[0]


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase found in ``words.row[start:end]``."""

    phrase: Phrase
    start: int
    end: int


class Phrasebook:
    """Many phrases as one search. Only phrases of which every needed word is in the text are tried at all."""

    def __init__(self, phrases: Iterable[str], sets: Sets | Mapping[str, Sequence[str]] | None = None) -> None:
        self._by_cue: dict[str, list[Phrase]] = defaultdict(list)
        named = sets if isinstance(sets, Sets) else Sets(sets or {})
        self.phrases = tuple(compile_phrase(phrase, named) for phrase in phrases)
        for phrase in self.phrases:
            for cue in phrase.cues:
                self._by_cue[cue].append(phrase)
        self._cues = frozenset(self._by_cue)
        listed = (word for phrase in self.phrases for group in phrase.groups for word in group)
        self._beginnings = tuple(sorted({word[:-1] for word in listed if word[-1] == "*"}))

    def needs(self) -> Needs:
        """The words that must be there for anything to be found."""
        return words_needed(phrase.needs for phrase in self.phrases)

    def could_be_in(self, vocabulary: frozenset[str]) -> bool:
        """Are all the words of any phrase there? If not, nothing can be found."""
        return bool(self._possible(self._marks(vocabulary)))

    def found(self, words: Words) -> Iterator[Found]:
        """Every phrase in ``words``, in the order of their places."""
        if not self.phrases:
            return
        marks = self._marks(words.vocabulary)
        hits = [hit for phrase in self._possible(marks) for hit in _search(phrase, words.row, marks)]
        yield from sorted(hits, key=lambda hit: (hit.start, hit.end))

    def _possible(self, marks: frozenset[str]) -> list[Phrase]:
        wanted = {phrase.written: phrase for cue in self._cues & marks for phrase in self._by_cue[cue]}
        return [each for each in wanted.values() if not any(map(marks.isdisjoint, each.groups))]

    def _marks(self, vocabulary: frozenset[str]) -> frozenset[str]:
        if not self._beginnings:
            return vocabulary
        words = [word for word in vocabulary if word.startswith(self._beginnings)]
        return vocabulary | {f"{start}*" for start in self._beginnings if any(word.startswith(start) for word in words)}


def _search(phrase: Phrase, row: str, marks: frozenset[str]) -> Iterator[Found]:
    windows = [(0, len(row))] if len(row) <= _SHORT else _windows(row, phrase.cues & marks)
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


class Sets:
    """Named sets of phrases. Each is read when a phrase first uses it, and once: a set of groups has hundreds."""

    def __init__(self, members: Mapping[str, Sequence[str]]) -> None:
        self._members = {name: tuple(each) for name, each in members.items()}
        self._order = {name: place for place, name in enumerate(self._members)}
        self._read: dict[str, _Part] = {}
        self._inner: dict[str, list[str]] = {}

    def used_by(self, written: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The sets that a phrase names, and those that these name, with their members, in the order they are written.

        A name that stands for nothing is left out: reading the phrase says so.
        """
        found: set[str] = set()
        asked = _NAMED.findall(written)
        while asked:
            name = asked.pop()
            if name in self._members and name not in found:
                found.add(name)
                asked += self._names_in(name)
        return tuple((name, self._members[name]) for name in sorted(found, key=self._order.__getitem__))

    def _names_in(self, name: str) -> list[str]:
        if name not in self._inner:
            self._inner[name] = [inner for each in self._members[name] if "<" in each for inner in _NAMED.findall(each)]
        return self._inner[name]

    def part(self, name: str, written: str, before: int | None = None) -> _Part:
        """One of the set's members. ``before``: only sets written before this place. Raises ``PhraseError``."""
        place = self._order.get(name)
        if place is None:
            raise PhraseError(f'"{written}" uses the set "{name}", which the rule does not have; add it under sets')
        if before is not None and place >= before:
            raise PhraseError(f'"{written}" uses the set "{name}", which is written after it; write that one first')
        if name not in self._read:
            # A member may use earlier sets alone, so that no set can hold itself.
            self._read[name] = _any_of([_Reader(each, self, place).phrase() for each in self._members[name]])
        return self._read[name]


_COMPILED: dict[tuple[str, tuple[tuple[str, tuple[str, ...]], ...]], Phrase] = {}
_MOST_COMPILED = 20_000


def compile_phrase(written: str, sets: Sets | Mapping[str, Sequence[str]]) -> Phrase:
    """Turn one phrase into a search. Raises ``PhraseError``."""
    named = sets if isinstance(sets, Sets) else Sets(sets)
    # Several rules draw on the same parts of the library: a phrase with the same sets is the same phrase.
    key = (written, named.used_by(written))
    known = _COMPILED.get(key)
    if known is None:
        known = _COMPILED[key] = _compiled(written, named)
        if len(_COMPILED) > _MOST_COMPILED:
            del _COMPILED[next(iter(_COMPILED))]
    return known


def _compiled(written: str, sets: Sets) -> Phrase:
    part = _Reader(written, sets).phrase()
    if not part.groups or min(map(len, part.groups[0])) < 2:
        raise PhraseError(f'"{written}" enumerates nothing: give it at least one whole word that must be there')
    return Phrase(written, part.pattern + r"(?= |$)", part.groups, part.needs)


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of a phrase: its pattern, and groups of words, the strongest first. Of each group one word must be there
    (no group: it may match without any). ``needs`` as in ``Phrase``.

    ``firsts`` are the words that it can begin with, ``lasts`` those that it can end with; empty if they aren't known.
    ``optional``: it may be missing.
    """

    pattern: str
    groups: Groups = ()
    needs: Groups = ()
    firsts: frozenset[str] = frozenset()
    lasts: frozenset[str] = frozenset()
    optional: bool = False


class _Reader:
    """Reads a phrase from left to right: a row of elements, each perhaps a choice of rows."""

    def __init__(self, written: str, sets: Sets, before: int | None = None) -> None:
        self._written = written
        self._sets = sets
        self._before = before
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
        if len(parts) == 1 and not parts[0].optional:
            return parts[0]
        groups = [group for part in parts for group in part.groups]
        needs = [group for part in parts for group in part.needs]
        return _Part(
            "".join(part.pattern for part in parts),
            _ordered(groups, _strength),
            _ordered((*needs, *_pairs(parts)), _rarity)[:_MOST_NEEDS],
            parts[0].firsts if not parts[0].optional else frozenset(),
            parts[-1].lasts if not parts[-1].optional else frozenset(),
        )

    def _element(self, mark: str) -> _Part:
        if mark == "(":
            return self._choice(")")
        if mark == "[":
            choice = self._choice("]")
            return _Part(f"{choice.pattern}?", firsts=choice.firsts, lasts=choice.lasts, optional=True)
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
        return _Part(rf"(?: (?!\.)[^ ]+){{0,{gap[2:]}}}")

    def _set(self, name: str) -> _Part:
        return self._sets.part(name, self._written, self._before)

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1] if self._at <= len(self._tokens) else ""


def _any_of(rows: Sequence[_Part]) -> _Part:
    """A choice. Whichever row it is, one word of its first group is there, and one of its second, if all have one."""
    return _Part(
        _branches([row.pattern for row in rows]),
        _side_by_side(row.groups for row in rows),
        _side_by_side(row.needs for row in rows),
        _all_or_none(row.firsts for row in rows),
        _all_or_none(row.lasts for row in rows),
    )


def _branches(patterns: Sequence[str]) -> str:
    """A choice as a pattern. What begins alike stands together, so that a place in a text is not asked of each one."""
    literal = [pattern for pattern in patterns if not _SPECIAL.search(pattern)]
    others = [pattern for pattern in patterns if _SPECIAL.search(pattern)]
    if len(literal) < _FEWEST_FACTORED:
        return f"(?:{'|'.join(dict.fromkeys(patterns))})"
    return f"(?:{'|'.join(dict.fromkeys((_factored(sorted(set(literal))), *others)))})"


def _factored(sorted_words: Sequence[str]) -> str:
    """One pattern for words in order: ``ab(?:c|de)?``. The longest is tried first."""
    if len(sorted_words) == 1:
        return sorted_words[0]
    ends = zip(sorted_words[0], sorted_words[-1], strict=False)
    alike = "".join(first for first, _ in takewhile(lambda pair: pair[0] == pair[1], ends))
    rests = [word[len(alike) :] for word in sorted_words]
    branches = [_factored(list(same)) for _, same in groupby(filter(None, rests), key=lambda rest: rest[0])]
    return f"{alike}(?:{'|'.join(branches)}){'' if rests[0] else '?'}"


@lru_cache(maxsize=20_000)
def _word(word: str) -> _Part:
    if word == "#":
        return _Part(r" [^ ]*\d[^ ]*")
    only = frozenset({word})
    if word.endswith("*"):
        groups = (only,) if len(word) > 2 else ()
        return _Part(f" {re.escape(word[:-1])}[^ ]*", groups, groups)
    return _Part(f" {re.escape(word)}", (only,), (only,), only, only)


def _side_by_side(rows: Iterable[Groups]) -> Groups:
    return tuple(frozenset[str]().union(*same) for same in zip(*rows, strict=False))


def _all_or_none(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    every = tuple(sets)
    return frozenset[str]().union(*every) if all(every) else frozenset()


def _pairs(parts: Sequence[_Part]) -> Iterator[frozenset[str]]:
    """Where one part must follow another: the two words that then stand beside each other."""
    for place, part in enumerate(parts):
        nexts = _firsts_after(parts[place + 1 :])
        if part.lasts and not part.optional and 0 < len(part.lasts) * len(nexts) <= _MOST_PAIRS:
            yield _side_by_side_words(part.lasts, nexts)


@lru_cache(maxsize=2_000)
def _side_by_side_words(lasts: frozenset[str], nexts: frozenset[str]) -> frozenset[str]:
    # Interned: the same pair stands in dozens of phrases.
    return frozenset(intern(f"{last} {following}") for last, following in product(lasts, nexts))


def _firsts_after(parts: Sequence[_Part]) -> frozenset[str]:
    """The words that can stand first in a row of parts; empty if they aren't known or there may be none."""
    firsts: set[str] = set()
    for part in parts:
        if not part.firsts:
            return frozenset()
        firsts |= part.firsts
        if not part.optional:
            return frozenset(firsts)
    return frozenset()


def _ordered(groups: Iterable[frozenset[str]], key: Callable[[frozenset[str]], Any]) -> Groups:
    return tuple(sorted(dict.fromkeys(groups), key=key, reverse=True))


@lru_cache(maxsize=20_000)
def _rarity(group: frozenset[str]) -> float:
    """How seldom any of the words or pairs is met, about; negative, the more the commoner."""
    return -sum(map(_share, group))


@lru_cache(maxsize=50_000)
def _share(fact: str) -> float:
    return prod(map(commonness, fact.split(" ")))


def _strength(group: frozenset[str]) -> tuple[int, int, int]:
    """Rare words first: long ones, and few of them."""
    shortest = min(len(word) for word in group)
    return min(shortest, 4), -len(group), shortest
