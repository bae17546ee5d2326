"""What a detector is: parameters in, matches out, and a complete description of what it looks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import Field

from bot.mistakes import Shape
from bot.moderation.passage import Passage
from bot.moderation.verdict import Span
from bot.moderation.wordlists import WordLists


@dataclass(frozen=True, slots=True)
class Match:
    """Where a rule matched, and how surely (0..1). No span: what matched is not in the text (a picture, a count).

    ``note`` follows the rule's reason; where ``sure`` is false the rule asks for a person and no more.
    """

    spans: tuple[Span, ...]
    score: float = 1.0
    note: str = ""
    sure: bool = True


class Detector(Protocol):
    """``describe`` yields the detector's whole content in lines that a resident can read (FA-02)."""

    enumerable: bool

    def find(self, passage: Passage) -> Iterator[Match]: ...

    def describe(self) -> Iterator[str]: ...


class Parameters(Shape):
    """Base of every detector's parameters: an unknown key is refused."""

    noun = "the parameters"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of detector: the shape of its parameters, and how one is built."""

    parameters: type[Parameters]
    build: Callable[[Any, WordLists], Detector]


Texts = Annotated[tuple[str, ...], Field(min_length=1)]
"""A list of texts with at least one in it: a rule that enumerates nothing is refused."""


def once(matches: Iterable[Match]) -> Iterator[Match]:
    """The matches with the same spans once, in the order of their places."""
    seen = {match.spans: match for match in matches}
    yield from sorted(seen.values(), key=lambda match: [(s.start, s.end) for s in match.spans])
