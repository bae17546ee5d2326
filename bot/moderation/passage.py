"""A comment as the judge reads it: its words in a row, and for any stretch of them the original characters."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from bot.moderation.dictated import dictated
from bot.moderation.language import Language, language_of
from bot.moderation.letters import PICTURES, TURNED
from bot.moderation.links import Link, links_in
from bot.moderation.spelling import Decoded, decodings, flattened, plainer
from bot.moderation.text import Folded, fold, mirrored
from bot.moderation.verdict import Item, Span

_WORD_TEXT = r"\d+(?:[.,]\d+)+(?![^\W_])|[^\W_]+(?:'[^\W_]+)*|[.!?;|…]+(?=\s|$)|\n+"
_WORD = re.compile(_WORD_TEXT)
_WORD_OR_PICTURE = re.compile(rf"{_WORD_TEXT}|[{''.join(sorted(PICTURES))}]")

_READ_OTHERWISE = re.compile(r"[a-z][^a-z]*[\d$@!|€+.]|[\d$@!|€+][^a-z]*[a-z]")
INITIALS = re.compile(r"\b[a-z]\.[a-z]\.(?:[a-z]\b\.?)?")
"""``d.o.b.`` is the word ``dob``."""


@dataclass(frozen=True)
class Words:
    """The words of a text, each after one blank, apostrophes dropped: ``" you cant do this . ever"``.

    A full stop, line end and their like become the word ``.``, so that no phrase reaches across sentences.
    Where they stand is worked out only if something is found: in most texts nothing is.
    """

    row: str
    folded: Folded
    pattern: re.Pattern[str] = _WORD

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each word (its blank) begins in ``row``."""
        lengths = (len(word) + 1 for word in self.row[1:].split(" ")) if self.row else ()
        return tuple(accumulate(lengths, initial=0))[:-1]

    @cached_property
    def edges(self) -> tuple[tuple[int, int], ...]:
        """Each word's first and last place in the folded text."""
        return tuple(found.span() for found in self.pattern.finditer(self.folded.text))

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Each different word once."""
        return frozenset(self.row.split(" "))

    def span(self, start: int, end: int) -> Span:
        """The original characters behind the whole words that ``row[start:end]`` touches."""
        return self.folded.span(*self.place(start, end))

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The same in characters of the folded text."""
        first = bisect_right(self.starts, start) - 1
        last = bisect_left(self.starts, end) - 1
        return self.edges[max(first, 0)][0], self.edges[max(last, first, 0)][1]


def words_of(folded: Folded, *, pictures: bool = False) -> Words:
    """Put the words of a folded text in a row; with ``pictures``, those that can say something are words too."""
    pattern = _WORD_OR_PICTURE if pictures else _WORD
    words = [_as_word(found) for found in pattern.findall(folded.text)]
    return Words(f" {' '.join(words)}" if words else "", folded, pattern)


def _as_word(found: str) -> str:
    return found.replace("'", "") if found[0].isalnum() or found in PICTURES else "."


def rows_in(token: str) -> tuple[list[str], ...]:
    """The words of one folded token in their order, as they stand and, if that differs, with letters for digits and
    without the stops of initials."""
    if not _READ_OTHERWISE.search(token):
        return (_row_in(token),)
    ways = dict.fromkeys((token, plainer(token), INITIALS.sub(_closed_up, token)))
    return tuple(_row_in(each) for each in ways)


def _closed_up(initials: re.Match[str]) -> str:
    return initials[0].replace(".", "")


def _row_in(token: str) -> list[str]:
    return [_as_word(found) for found in _WORD.findall(token)]


@dataclass(frozen=True)
class Passage:
    """One item with everything that more than one detector wants to know about it, found once and only if asked.

    ``scores`` are the model's by category, 0..1; ``why`` gives the words that weighed most for one.
    """

    item: Item
    scores: Mapping[str, float] = field(default_factory=dict)
    why: Callable[[str], tuple[Span, ...]] | None = None
    folded: Folded = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", fold(self.item.text))

    @cached_property
    def words(self) -> Words:
        return words_of(self.folded)

    @cached_property
    def rows(self) -> tuple[Words, ...]:
        """The words as they stand; where digits stand for letters, also as meant: ``90% 0ff`` is ``90% off``; and where
        pictures can stand for words, also with them."""
        rows = [self.words]
        plain = plainer(self.folded.text)
        if plain != self.folded.text:
            rows.append(words_of(Folded(plain, self.folded.origin, self.folded.length)))
        if not PICTURES.isdisjoint(self.item.text):
            rows.append(words_of(self.folded, pictures=True))
        return tuple(rows)

    @cached_property
    def stacked(self) -> tuple[Words, ...]:
        """The words with columns of short lines laid flat, if there are any: ``sh`` over ``it`` is ``sh it``."""
        flat = flattened(self.folded.text)
        if flat == self.folded.text:
            return ()
        return (words_of(Folded(flat, self.folded.origin, self.folded.length)),)

    @cached_property
    def dictated(self) -> Folded | None:
        """The text as it would be typed where numbers or addresses are dictated, else nothing."""
        return dictated(self.folded)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return links_in(self.folded)

    @cached_property
    def decoded(self) -> tuple[Decoded, ...]:
        """What the obfuscated words may say; nothing inside a link is taken for a word."""
        turned = not TURNED.isdisjoint(self.item.text)
        return tuple(
            decodings(self.folded.text, self.links, turned=turned, mirrored=mirrored(self.item.text, self.folded))
        )

    @cached_property
    def language(self) -> Language:
        return language_of(self.item.text, self.words.vocabulary, self.words.row, self.item.lang)
