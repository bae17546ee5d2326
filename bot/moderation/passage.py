"""A comment as the judge reads it: its words in a row, and for any stretch of them the original characters."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from functools import cached_property

from bot.moderation.language import Language, language_of
from bot.moderation.links import Link, links_in
from bot.moderation.spelling import Decoded, decodings, plainer
from bot.moderation.text import Folded, fold
from bot.moderation.verdict import Item, Span

_WORD = re.compile(r"\d+(?:[.,]\d+)+(?![^\W_])|[^\W_]+(?:'[^\W_]+)*|[.!?;|…]+(?=\s|$)|\n+")


@dataclass(frozen=True)
class Words:
    """The words of a text, each after one blank, apostrophes dropped: ``" you cant do this . ever"``.

    A full stop, line end and their like become the word ``.``, so that no phrase reaches across sentences.
    ``starts[i]`` is where word ``i`` (its blank) begins in ``row``; ``edges[i]`` its first and last place in the
    folded text.
    """

    row: str
    starts: tuple[int, ...]
    edges: tuple[tuple[int, int], ...]
    folded: Folded

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Each different word once."""
        return frozenset(self.row.split(" "))

    def span(self, start: int, end: int) -> Span:
        """The original characters behind the whole words that ``row[start:end]`` touches."""
        first = bisect_right(self.starts, start) - 1
        last = bisect_left(self.starts, end) - 1
        return self.folded.span(self.edges[max(first, 0)][0], self.edges[max(last, first, 0)][1])


def words_of(folded: Folded) -> Words:
    """Put the words of a folded text in a row."""
    row: list[str] = []
    starts: list[int] = []
    edges: list[tuple[int, int]] = []
    at = 0
    for found in _WORD.finditer(folded.text):
        word = found[0].replace("'", "") if found[0][0].isalnum() else "."
        row.append(" " + word)
        starts.append(at)
        edges.append(found.span())
        at += len(word) + 1
    return Words("".join(row), tuple(starts), tuple(edges), folded)


@dataclass(frozen=True)
class Passage:
    """One item with everything that more than one detector wants to know about it, found once and only if asked."""

    item: Item
    folded: Folded = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", fold(self.item.text))

    @cached_property
    def words(self) -> Words:
        return words_of(self.folded)

    @cached_property
    def rows(self) -> tuple[Words, ...]:
        """The words as they stand and, where digits stand for letters, as meant: ``90% 0ff`` is ``90% off``."""
        plain = plainer(self.folded.text)
        if plain == self.folded.text:
            return (self.words,)
        return (self.words, words_of(Folded(plain, self.folded.origin, self.folded.length)))

    @cached_property
    def links(self) -> tuple[Link, ...]:
        return links_in(self.folded)

    @cached_property
    def decoded(self) -> tuple[Decoded, ...]:
        """What the obfuscated words may say; nothing inside a link is taken for a word."""
        return tuple(decodings(self.folded.text, self.links))

    @cached_property
    def language(self) -> Language:
        return language_of(self.item.text, self.words.vocabulary, self.words.row, self.item.lang)
