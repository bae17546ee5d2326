"""What an obfuscated word may say: ``sh1t``, ``f*ck``, ``f.u.c.k``, ``f u c k``. Stretched letters are the lexicon's.

Each rough token that could hide a word is offered in one or more readings; the lexicon says whether one is listed.
Every step is linear, and only tokens with something odd in them are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import product

from bot.moderation.links import Link, touches

_ROUGH = re.compile(r"\S+")
_ODD = re.compile(r"[^a-zñ',.?!:;\"()]|[a-zñ][^a-zñ\s'][a-zñ]|[$@!|][a-zñ]|\d")
_SPACED = re.compile(r"(?<![\w$@])(?:[^\W_](?:[^\w$@]{1,3}|_)|[$@](?:[^\w$@]{1,3}|_)){3,40}(?:[^\W_]|[$@])(?![\w$@])")
_EDGES = ".,;:?\"'()[]{}<>…-_~*+=!¡¿«»„“”&%#^/\\|"
_LETTER_FOR = str.maketrans({
    "0": "o", "3": "e", "4": "a", "5": "s", "7": "t", "8": "b", "9": "g", "$": "s", "@": "a",
    "€": "e", "¢": "c", "(": "c", "<": "c", "+": "t", "!": "i", "¡": "i", "£": "l",
})  # fmt: skip
_MASKED = re.compile(r"[a-zñ][a-zñ*#@%$&!?+^~×•·✻_¤§=]*")
_MIXED = re.compile(r"(?<![\w$@])[a-z0-9$@]{3,40}(?![\w$@.])")
_PIECE = re.compile(r"[^\s.,;:\"'()\[\]{}<>…\-¡¿«»“”/\\|]{4,40}")
_BETWEEN = re.compile(r"[^\w\s,/&'$@]|_")
_LONGEST = 40
_LONGEST_PIECE = 2
_LEAST_LETTERS = 2


class Manner(Enum):
    """How a reading was come by, which bounds what it may be compared with."""

    LEET = "digits or signs for letters"
    MASK = "letters masked"
    JOINED = "signs between letters"
    SPACED = "blanks between letters"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A reading of folded characters ``[start, end)``; in a ``MASK`` reading ``?`` stands for one unknown letter.

    ``places[i]`` is where in the folded text letter ``i`` of a ``SPACED`` reading stands; empty for the others.
    """

    word: str
    start: int
    end: int
    manner: Manner
    places: tuple[int, ...] = ()


def decodings(folded: str, links: Sequence[Link] = ()) -> Iterator[Decoded]:
    """Every reading of every odd token of a folded text; nothing in a link is taken for a word."""
    for found in _ROUGH.finditer(folded):
        if _ODD.search(found[0]) and not touches(links, *found.span()):
            yield from _of_token(found[0], found.start())
    yield from (reading for reading in _spaced(folded) if not touches(links, reading.start, reading.end))


def plainer(folded: str) -> str:
    """The text with digits and signs that stand for letters as letters, place by place; numbers stay numbers."""
    return _MIXED.sub(_as_letters, folded)


def _as_letters(found: re.Match[str]) -> str:
    word = found[0]
    if word.isalpha() or sum(c.isalpha() for c in word) < _LEAST_LETTERS:
        return word
    return word.translate(_LETTER_FOR).replace("1", "i")


def _of_token(token: str, at: int) -> Iterator[Decoded]:
    core = token.strip(_EDGES)
    start = at + token.find(core) if core else at
    if 3 <= len(core) <= _LONGEST:
        yield from _leet(core, start)
        yield from _joined(core, start)
    for piece in _PIECE.finditer(token):
        yield from _masked(piece[0], at + piece.start())


def _leet(core: str, at: int) -> Iterator[Decoded]:
    if core.isalpha() or not any(c.isalpha() for c in core):
        return
    plain = core.translate(_LETTER_FOR)
    doubtful = [("i", "l") if c in "1|" else (c,) for c in plain]
    if sum(len(choice) > 1 for choice in doubtful) > 3:
        return
    for letters in product(*doubtful):
        word = "".join(letters)
        if word.isalpha() and word != core:
            yield Decoded(word, at, at + len(core), Manner.LEET)


def _joined(core: str, at: int) -> Iterator[Decoded]:
    word = _BETWEEN.sub("", core).translate(_LETTER_FOR).replace("1", "i")
    if len(word) < len(core) and len(word) >= 4 and word.isalpha() and _is_chopped(core):
        yield Decoded(word, at, at + len(core), Manner.JOINED)


def _is_chopped(core: str) -> bool:
    """``sh.it`` is chopped up; ``put.a`` is two words without a blank. Pieces of one or two letters tell them apart."""
    pieces = [piece for piece in _BETWEEN.split(core) if piece]
    return len(pieces) > 1 and max(map(len, pieces)) <= _LONGEST_PIECE


def _masked(core: str, at: int) -> Iterator[Decoded]:
    core = core.rstrip("?!")
    if _MASKED.fullmatch(core) and not core.isalpha():
        word = "".join(c if c.isalpha() else "?" for c in core)
        yield Decoded(word, at, at + len(core), Manner.MASK)


def _spaced(folded: str) -> Iterator[Decoded]:
    for found in _SPACED.finditer(folded):
        places = tuple(i for i in range(*found.span()) if folded[i].isalnum() or folded[i] in "$@")
        word = "".join(folded[i] for i in places).translate(_LETTER_FOR).replace("1", "i")
        yield Decoded(word, found.start(), found.end(), Manner.SPACED, places)
