"""Folding of many texts at once, with the same tokens as ``fold(text).text`` for each.

Plain texts are left as they are, but for their capitals: who lays them out does that in one step for all. In the
others each character is looked up in a table of all code points, filled as they are met. A character whose folding
depends on its neighbours sends its text the slow way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.moderation.language import MARKS, has_telling_letter, is_foreign
from bot.moderation.letters import MIRROR, TURNED
from bot.moderation.text import fold, fold_character

SPANISH = 1
"""Flag: the text holds a sign that only Spanish has."""

PORTUGUESE = 2
"""Flag: the text holds a sign that only Portuguese has."""

TURNED_ROUND = 4
"""Flag: the text holds letters that stand on their heads or run from right to left."""

_NEEDS_CONTEXT, _FOREIGN, _TELLING = 8, 16, 32
_UNMET, _NONE, _SEVERAL = 0, 0xFFFF_FFFF, 0xFFFF_FFFE
_PLAIN = re.compile(r"[\t\n\r\x20-\x7e]*")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BLANK = re.compile(r"[^\S\n]")
# Between two texts. It is no character, so that no text should hold it; one that does is folded alone.
_BETWEEN = 0x10FFFF

Codes = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Signs:
    """What the original characters of each text tell: flags, letters of other scripts, and Latin letters that none of
    the read languages has."""

    flags: NDArray[np.uint8]
    foreign: NDArray[np.intp]
    telling: NDArray[np.intp]

    @classmethod
    def none(cls, count: int) -> Signs:
        """Of texts that tell nothing."""
        return cls(np.zeros(count, np.uint8), np.zeros(count, np.intp), np.zeros(count, np.intp))


def fold_all(texts: Sequence[str]) -> tuple[list[str], Signs]:
    """The texts folded, but for the case of plain ones, and what their characters tell."""
    folded = list(texts)
    signs = Signs.none(len(texts))
    odd = [i for i, text in enumerate(texts) if not text.isascii()]
    if _CONTROL.search("".join(texts) if len(odd) < len(texts) else ""):
        odd = [i for i, text in enumerate(texts) if not _PLAIN.fullmatch(text)]
    if odd:
        found, told = _TABLE.fold([texts[i] for i in odd])
        signs.flags[odd], signs.foreign[odd], signs.telling[odd] = told.flags, told.foreign, told.telling
        for i, text in zip(odd, found, strict=True):
            folded[i] = text
    return folded, signs


class _Table:
    """What each code point folds to, and its flags. Zeroed pages that nobody touches cost no memory."""

    def __init__(self) -> None:
        self._plain = np.zeros(0x110000, np.uint32)
        self._flags = np.zeros(0x110000, np.uint8)
        self._several: dict[int, str] = {}
        self._plain[_BETWEEN] = _BETWEEN

    def fold(self, texts: Sequence[str]) -> tuple[list[str], Signs]:
        """Each text folded, and what its characters tell."""
        codes = np.frombuffer(chr(_BETWEEN).join((*texts, "")).encode("utf-32-le", "surrogatepass"), np.uint32)
        plain = self._plain[codes]
        if not plain.all():
            self._meet(np.unique(codes[plain == _UNMET]))
            plain = self._plain[codes]
        ends = np.flatnonzero(codes == _BETWEEN)
        if len(ends) != len(texts):
            return self._one_by_one(texts)
        signs = _signs(self._flags[codes], np.concatenate(([0], ends[:-1])))
        folded = self._expanded(plain, codes).tobytes().decode("utf-32-le").split(chr(_BETWEEN))[:-1]
        for i in np.flatnonzero(signs.flags & _NEEDS_CONTEXT).tolist():
            folded[i] = _exactly(texts[i])
        return folded, signs

    def _expanded(self, plain: Codes, codes: Codes) -> Codes:
        """Without what folds to nothing, and with every letter of what folds to several."""
        unlike = plain >= _SEVERAL
        if not unlike.any():
            return plain
        lengths = np.ones(len(plain), np.intp)
        lengths[plain == _NONE] = 0
        several = np.flatnonzero(plain == _SEVERAL)
        said = [self._several[code] for code in codes[several].tolist()]
        lengths[several] = [len(word) for word in said]
        places = np.cumsum(lengths)[several] - lengths[several]
        expanded = np.repeat(plain, lengths)
        for at, word in zip(places.tolist(), said, strict=True):
            expanded[at : at + len(word)] = [ord(letter) for letter in word]
        return expanded

    def _meet(self, codes: Codes) -> None:
        for code in codes.tolist():
            self._plain[code], self._flags[code] = self._learnt(code)

    def _learnt(self, code: int) -> tuple[int, int]:
        character = chr(code)
        folded = fold_character(character)
        flags = _flags_of(character) | _NEEDS_CONTEXT * _depends_on_neighbours(character, folded)
        if folded.isspace():
            return ord("\n" if folded == "\n" else " "), flags
        if len(folded) == 1:
            return ord(folded), flags
        self._several[code] = folded
        return (_SEVERAL if folded else _NONE), flags

    def _one_by_one(self, texts: Sequence[str]) -> tuple[list[str], Signs]:
        """One of the texts holds the very character that joins them."""
        flags = [_signs(np.array([0, *map(_flags_of, text)], np.uint8), np.zeros(1, np.intp)) for text in texts]
        parts = zip(*((each.flags, each.foreign, each.telling) for each in flags), strict=True)
        return [_exactly(text) for text in texts], Signs(*map(np.concatenate, parts))


def _signs(flags: NDArray[np.uint8], starts: NDArray[np.intp]) -> Signs:
    if not flags.any():
        return Signs.none(len(starts))
    foreign, telling = (flags & _FOREIGN) != 0, (flags & _TELLING) != 0
    return Signs(
        np.bitwise_or.reduceat(flags, starts),
        np.add.reduceat(foreign, starts, dtype=np.intp),
        np.add.reduceat(telling, starts, dtype=np.intp),
    )


def _exactly(text: str) -> str:
    return _BLANK.sub(" ", fold(text).text)


def _flags_of(character: str) -> int:
    return (
        SPANISH * (character in MARKS["es"])
        | PORTUGUESE * (character in MARKS["pt"])
        | TURNED_ROUND * (character in TURNED or character == MIRROR)
        | _FOREIGN * is_foreign(character)
        | _TELLING * has_telling_letter(character)
    )


def _depends_on_neighbours(character: str, folded: str) -> bool:
    """Put it between letters that any rule on neighbours would touch, and see whether it is the sum of its parts."""
    return any(
        fold(before + character + after).text != before + folded + after
        for before, after in (("n", "n"), ("ab ", "cd"), ("ba", " dc"), ("x1", "2y"))
    )


_TABLE = _Table()
