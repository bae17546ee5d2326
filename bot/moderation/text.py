"""Folding: any spelling of a letter to the plain letter, with an exact way back to the original characters.

Compatibility forms (full-width, mathematical, circled), look-alikes of other scripts, accents, invisible characters
and case disappear; ``ñ`` stays, because it is a letter of its own (``año`` is not ``ano``). Linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bot.moderation.verdict import Span

_PLAIN = re.compile(r"[\t\n\r\x20-\x7e]*")
_LETTER_NAME = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER (?:TURNED |REVERSED |SCRIPT )?([A-Z])(?: WITH .*)?$")
_SMALL_CAPITAL = re.compile(r"(?:MODIFIER LETTER|LATIN LETTER) SMALL CAPITAL ([A-Z])$")
_SQUARED = re.compile(r"NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])$")
_TILDE = "\N{COMBINING TILDE}"
_PUNCTUATION = {"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "∗": "*", "✱": "*"}
# What a reader takes for a Latin letter although UTS 39 does not list the pair.
_ALSO_ALIKE = dict(zip("ткпвмнгκτμηωχишʞɔɟʇıʎ", "tknbmhrktunwxuwkcftiy", strict=True))
_INVISIBLE = frozenset("\N{COMBINING GRAPHEME JOINER}\u115f\u1160\u3164\uffa0\u17b4\u17b5")
_REGIONAL_A = 0x1F1E6


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
    letters: list[str] = []
    origin: list[int] = []
    flag = False
    for index, character in enumerate(text):
        if (0 <= ord(character) - _REGIONAL_A < 26) is not flag:
            flag = not flag
            letters.append(" ")  # a flag's two letters are no part of the word beside it
            origin.append(index)
        if character == _TILDE and letters and letters[-1] == "n":
            letters[-1] = "ñ"
        folded = fold_character(character)
        letters.extend(folded)
        origin.extend([index] * len(folded))
    return Folded("".join(letters), origin, len(text))


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
    return "".join(_latin(c) for c in plain if not unicodedata.combining(c))


def _latin(character: str) -> str:
    if character.isascii():
        return character.lower()
    if 0 <= ord(character) - _REGIONAL_A < 26:
        return chr(ord("a") + ord(character) - _REGIONAL_A)
    known = _PUNCTUATION.get(character) or _look_alikes().get(character) or _named(character)
    return known or character.casefold()


def _named(character: str) -> str:
    name = unicodedata.name(character, "")
    for pattern in (_SMALL_CAPITAL, _SQUARED, _LETTER_NAME):
        if found := pattern.match(name):
            return found[1].lower()
    return ""


@cache
def _look_alikes() -> Mapping[str, str]:
    """Letters of other scripts that look like one Latin letter, after the Unicode confusables data (UTS 39)."""
    from confusable_homoglyphs.confusables import confusables_data

    table = dict(_ALSO_ALIKE)
    for character, twins in confusables_data.items():
        if len(character) == 1 and not character.isascii() and character.isalpha():
            latin = [twin["c"].lower() for twin in twins if len(twin["c"]) == 1 and _is_latin(twin["c"])]
            if latin:
                table.setdefault(character, latin[0])
    return table


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
