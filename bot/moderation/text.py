"""Folding: any spelling of a letter to the plain letter, with an exact way back to the original characters.

Compatibility forms (full-width, mathematical, circled), look-alikes of other scripts, accents, invisible characters
and case disappear; ``ñ`` stays, because it is a letter of its own (``año`` is not ``ano``). Linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bot.moderation.letters import MIRROR, is_regional, latin
from bot.moderation.verdict import Span

_PLAIN = re.compile(r"[\t\n\r\x20-\x7e]*")
_MIRRORED = re.compile(f"{MIRROR}([^{MIRROR}\n\N{POP DIRECTIONAL FORMATTING}\N{LEFT-TO-RIGHT OVERRIDE}]+)")
_TILDE = "\N{COMBINING TILDE}"
_INVISIBLE = frozenset("\N{COMBINING GRAPHEME JOINER}\u115f\u1160\u3164\uffa0\u17b4\u17b5🏻🏼🏽🏾🏿")


@dataclass(frozen=True, slots=True)
class Folded:
    """Plain text and, for each of its characters, the index of the original character it came from (never falling)."""

    text: str
    origin: Sequence[int]
    length: int

    def span(self, start: int, end: int) -> Span:
        """The original characters behind the folded ones ``[start, end)``, invisible followers included."""
        after = self.origin[end] if end < len(self.origin) else self.length
        return Span(self.origin[start], max(self.origin[end - 1] + 1, after))


def fold(text: str) -> Folded:
    """Fold ``text``. Any string is fine: null bytes and lone surrogates too."""
    if _PLAIN.fullmatch(text):
        return Folded(text.lower(), range(len(text)), len(text))
    even = text.translate(_EVEN)
    if _UNEVEN not in even:
        return Folded(even, range(len(text)), len(text))
    return _fold_with_care(text, even)


def _fold_with_care(text: str, even: str) -> Folded:
    """``even`` is ``text`` with what folds to one each folded. Between the other characters it is taken as it is."""
    pieces: list[str] = []
    origin: list[int] = []
    at, flag = 0, False
    while at < len(text):
        end = even.find(_UNEVEN, at)
        end = len(text) if end < 0 else end
        stop = max(end, at + 1)
        if is_regional(text[at]) is not flag:
            flag = not flag
            pieces.append(" ")  # a flag's two letters are no part of the word beside it
            origin.append(at)
        if text[at] == _TILDE and pieces and pieces[-1].endswith("n"):
            pieces[-1] = pieces[-1][:-1] + "ñ"
        folded = even[at:end] or fold_character(text[at])
        if folded:
            pieces.append(folded)
        origin.extend(range(at, end) if end > at else [at] * len(folded))
        at = stop
    return Folded("".join(pieces), origin, len(text))


class _Even(dict[int, str]):
    """What characters fold to that fold to one each, whatever stands beside them; ``_UNEVEN`` for all others."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        folded = "" if character == _TILDE or is_regional(character) else fold_character(character)
        return self.setdefault(code, folded if len(folded) == 1 else _UNEVEN)


_UNEVEN = "\U0010fffe"  # no character, and so in no text; one that holds it is folded the long way
_EVEN = _Even()


def mirrored(text: str, folded: Folded) -> list[tuple[int, int]]:
    """The stretches of ``folded`` that a reader sees from right to left, because ``text`` overrides the direction."""
    if MIRROR not in text:
        return []
    stretches = (found.span(1) for found in _MIRRORED.finditer(text))
    return [(bisect_left(folded.origin, start), bisect_left(folded.origin, end)) for start, end in stretches]


@cache
def fold_character(character: str) -> str:
    """The plain form of one character: none, one or several characters."""
    if character in "ñÑ":
        return "ñ"
    if character in "\t\n\r":
        return character
    if unicodedata.category(character) in {"Cc", "Cf", "Mn", "Me"} or character in _INVISIBLE:
        return ""
    if unicodedata.category(character) == "Cs":
        return "\N{REPLACEMENT CHARACTER}"
    plain = unicodedata.normalize("NFKD", character)
    return "".join(latin(c) for c in plain if not unicodedata.combining(c))
