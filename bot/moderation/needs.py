"""What must be in a comment before a detector can find anything in it: necessary, never sufficient.

A detector that says what it needs is asked only about comments that have it, which is what makes judging many comments
fast. One that says nothing is always asked. A need that is wrong would lose findings, so that each is tried in the
tests: with and without it, the verdicts are the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

if TYPE_CHECKING:
    from bot.moderation.chunk import Chunk


PROSE = ("\"'", "\"',.:;?!)")
"""Signs that make no word odd before and after it."""


@dataclass(frozen=True, slots=True)
class Holds:
    """A token of the folded text holds these characters, of which the first and last are no ``PROSE``."""

    characters: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A token of the folded text with one of the words that ``among`` picks out, or for which ``test`` says yes.

    Facts of one ``name`` are the same fact. ``test`` is not asked about tokens that are a word of plain letters with
    nothing but ``PROSE`` at its ends.
    """

    name: str
    among: Callable[[Sequence[str]], Collection[str]]
    test: Callable[[Chunk], bool] | None = None

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Asked) and self.name == other.name


@dataclass(frozen=True, slots=True)
class Scores:
    """The model's score for ``category`` is ``least`` or more."""

    category: str
    least: float


@dataclass(frozen=True, slots=True)
class Follows:
    """Two words, with nothing but signs between, of which the second begins as the first asks.

    ``ways[first]`` are words of one or two letters, the first three letters of longer ones (``kil``), or one or two
    letters and ``*`` for any word that begins so.
    """

    name: str
    ways: Mapping[str, Iterable[str]]

    def __hash__(self) -> int:
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Follows) and self.name == other.name


@dataclass(frozen=True, slots=True)
class Digits:
    """So many digits, or three words for digits and more: what ``dictated`` can make so many of.

    ``together``: with nothing but signs between, and letters that are read as digits (o, i, l).
    """

    least: int
    together: bool = False


class Whole(Enum):
    """What is true of the comment, not of one of its tokens."""

    SPELLED_OUT = "four single letters in a row"
    TURNED = "letters that stand on their heads"
    COPIES = "earlier copies"
    MEDIA = "a picture or video"
    UNREAD = "perhaps another language"


Fact: TypeAlias = str | Holds | Asked | Follows | Digits | Scores | Whole
"""A word (``kill``), the beginning of one (``threat*``) or two words with nothing but signs between (``kill you``), as
they stand or with digits for letters; or another fact."""

Group: TypeAlias = frozenset[Fact]
"""Facts of which one must be there."""

Needs: TypeAlias = tuple[tuple[Group, ...], ...]
"""Alternatives, of which one must hold: each of its groups. No alternative: nothing is ever found."""

ALWAYS: Needs = ((),)


@runtime_checkable
class Sparing(Protocol):
    """A detector that says what it needs."""

    def needs(self) -> Needs: ...


def needs_of(detector: object) -> Needs:
    """What a detector needs; ``ALWAYS`` if it doesn't say."""
    return detector.needs() if isinstance(detector, Sparing) else ALWAYS


def matching(name: str, pattern: re.Pattern[str]) -> Asked:
    """A token in which ``pattern`` is found."""
    return Asked(
        name,
        lambda words: [word for word in words if pattern.search(word)],
        lambda chunk: pattern.search(chunk.text) is not None,
    )


def one_of(*facts: Fact) -> tuple[Group, ...]:
    """The alternative that one of these facts is there."""
    return (frozenset(facts),)


def both(one: Needs, other: Needs) -> Needs:
    """What needs one and also the other."""
    return tuple((*first, *second) for first in one for second in other)


def words_needed(groups: Iterable[Sequence[frozenset[str]]]) -> Needs:
    """Needs from groups of words, such as phrases have."""
    return tuple(tuple(frozenset[Fact](group) for group in each) for each in groups)
