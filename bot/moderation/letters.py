"""What one character looks like to a reader: the plain letter behind fonts, other scripts and turned letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

_LETTER_NAME = re.compile(r"LATIN (?:SMALL|CAPITAL) LETTER (?:TURNED |REVERSED |SCRIPT )?([A-Z])(?: WITH .*| BAR)?$")
_SMALL_CAPITAL = re.compile(r"(?:MODIFIER LETTER|LATIN LETTER) SMALL CAPITAL ([A-Z])$")
_SQUARED = re.compile(r"NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER ([A-Z])$")
_PUNCTUATION = {"’": "'", "‘": "'", "`": "'", "´": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "∗": "*", "✱": "*"}
_REGIONAL_A = 0x1F1E6

# What a reader takes for a Latin letter although UTS 39 does not list the pair, or lists another: the letter first.
_ALSO_ALIKE_TEXT = """
aαɑɐᗩ₳ bвႦცᗷ฿ cсςɔƈᑕ₵ dԃɖᗪ eєҽɛɘ fɟϝʄᖴ₣ gɠƃɡ₲ hнԋɧһҺ iιıᎥᏆᴉ jʝנ kкκҡƙҝ₭ lʟӏʅɩƖℓᒪ mмɱ₥ᗰ nпηɳŋиᑎ₦ oσօơΘϴθ pρ℘ᑭ₱ qϙǫզԛᑫ
rгяɾཞᖇ sʂƨᔕ₴ tтτʇƚɬͳ₮ uμυʉųᑌ vνʋᐯ wωɯшщῳᗯ₩ xχҳӿ᙭ yуʎყγᎽ zʑȥᘔ
"""
# The signs of currencies stand before amounts: only ``spelling`` reads them as letters, inside words.
_ALSO_ALIKE = {
    key: group[0]
    for group in _ALSO_ALIKE_TEXT.split()
    for twin in group[1:]
    if unicodedata.category(twin) != "Sc"
    for key in (twin, twin.casefold())
}
MIRROR = "\N{RIGHT-TO-LEFT OVERRIDE}"
"""What follows is shown from right to left, up to the next sign of direction or the end of the line."""

TURNED = frozenset("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ" + MIRROR)
"""Letters that stand on their heads and are seldom met otherwise, and the sign that turns round what follows."""

PICTURES = frozenset("🖕🐒🐵🙈🙉🙊🦍🦧🍌🐀🐁🪳🐖🐷🐽🐍🐕🐂🐮🐴🐎💩🔫🔪💣🍆🍑💦")
"""Pictures that can say something in the place of a word; lists and phrases may name them."""

_JOINED_LETTERS = {"🆎": "ab", "🆑": "cl", "🆒": "cool", "🆔": "id", "🆕": "new", "🆖": "ng", "🆗": "ok", "🆙": "up"}


def latin(character: str) -> str:
    """The plain form of one character that NFKD can't take further apart. Itself, in lower case, if it has none."""
    if character.isascii():
        return character.lower()
    if is_regional(character):
        return chr(ord("a") + ord(character) - _REGIONAL_A)
    alike = _look_alikes()
    known = _PUNCTUATION.get(character) or alike.get(character) or alike.get(character.casefold())
    return known or _JOINED_LETTERS.get(character) or _named(character) or character.casefold()


def is_regional(character: str) -> bool:
    """Is it one of the letters that flags are written with?"""
    return 0 <= ord(character) - _REGIONAL_A < 26


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
            plain = [twin["c"].lower() for twin in twins if len(twin["c"]) == 1 and _is_latin(twin["c"])]
            if plain:
                table.setdefault(character, plain[0])
    return table


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()
