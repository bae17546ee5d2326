"""Twelve ways in which people hide words from a machine. Written for the challenge set alone, never for training.

A disguise changes one word; ``disguised`` applies it to a share of the words of a text. The same seed gives the same
text. Words under three letters stay as they are: nobody hides "of".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

Disguise = Callable[[str, Random], str]

_WORD = re.compile(r"[^\W\d_]{3,}")
_VOWELS = "aeiouáéíóúâêôãõàü"
_LOOKALIKES = dict(zip("aceopxyisjhklmntuvwgdq", "асеорхуіѕјһκӏмпτυνѡɡԁԛ", strict=True))
_DIGITS = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7+", "b": "8", "g": "9", "z": "2"}
_INVISIBLE = "\u200b\u200c\u200d\u2060\u00ad"
_SOUNDS = (
    ("ph", "f"),
    ("f", "ph"),
    ("ck", "kk"),
    ("qu", "kw"),
    ("x", "ks"),
    ("c(?![ehiíé])", "k"),
    ("s$", "z"),
    ("v", "b"),
    ("ee", "ea"),
    ("ll", "y"),
    ("i", "y"),
    ("u", "oo"),
)
_REGIONAL_A, _SQUARED_A = 0x1F1E6, 0x1F170


def disguised(text: str, disguise: Disguise, share: float, seed: str) -> str:
    """The text with about ``share`` (0..1) of its words disguised, at least one. The same arguments, the same text."""
    rng = Random(seed)  # noqa: S311 - for a measurement, not a secret
    words = list(_WORD.finditer(text))
    chosen = {word.start() for word in words if rng.random() < share} or {rng.choice(words).start()} if words else set()
    return _WORD.sub(lambda word: disguise(word[0], rng) if word.start() in chosen else word[0], text)


def homoglyph(word: str, rng: Random) -> str:
    """Cyrillic and Greek letters that look Latin."""
    return _some(word, _LOOKALIKES, rng, 0.6)


def zero_width(word: str, rng: Random) -> str:
    """Characters that take no room, between letters."""
    at = set(rng.sample(range(1, len(word)), k=min(2, len(word) - 1)))
    return "".join((rng.choice(_INVISIBLE) if i in at else "") + letter for i, letter in enumerate(word))


def leet(word: str, rng: Random) -> str:
    """Digits and signs for letters."""
    return _some(word, {letter: rng.choice(signs) for letter, signs in _DIGITS.items()}, rng, 0.7)


def star(word: str, rng: Random) -> str:
    """A star for one letter inside, a vowel if there is one."""
    inside = range(1, len(word) - 1)
    at = rng.choice([i for i in inside if word[i].lower() in _VOWELS] or list(inside))
    return f"{word[:at]}*{word[at + 1 :]}"


def spacing(word: str, rng: Random) -> str:
    """A blank between letters, two between words."""
    return f" {' '.join(word)} "


def dots(word: str, rng: Random) -> str:
    """A point, hyphen or underline between letters."""
    return rng.choice(".-_").join(word)


def stretch(word: str, rng: Random) -> str:
    """One letter drawn out."""
    at = rng.choice([i for i, letter in enumerate(word) if letter.lower() in _VOWELS] or [len(word) - 1])
    return word[:at] + word[at] * rng.randint(3, 6) + word[at + 1 :]


def fullwidth(word: str, rng: Random) -> str:
    """The wide letters of East Asian typesetting."""
    return "".join(chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter for letter in word)


def backwards(word: str, rng: Random) -> str:
    """From the last letter to the first."""
    return word[::-1]


def vertical(word: str, rng: Random) -> str:
    """One letter a line."""
    return "\n" + "\n".join(word) + "\n"


def phonetic(word: str, rng: Random) -> str:
    """As it sounds: one or two letters swapped for others that are read alike."""
    swaps = [swap for swap in _SOUNDS if re.search(swap[0], word.lower())]
    for pattern, sound in rng.sample(swaps, k=min(len(swaps), rng.randint(1, 2))):
        word = re.sub(pattern, sound, word, count=1, flags=re.I)
    return word


def emoji_letters(word: str, rng: Random) -> str:
    """Letters of flags, or white on coloured squares."""
    if rng.random() < 0.5:
        return " ".join(_emoji(letter, _REGIONAL_A) for letter in word)
    return "".join(_emoji(letter, _SQUARED_A) for letter in word)


DISGUISES: dict[str, Disguise] = {
    "homoglyph": homoglyph,
    "zero-width": zero_width,
    "leet": leet,
    "star": star,
    "spacing": spacing,
    "dots": dots,
    "stretch": stretch,
    "fullwidth": fullwidth,
    "backwards": backwards,
    "vertical": vertical,
    "phonetic": phonetic,
    "emoji letters": emoji_letters,
}


def _some(word: str, table: dict[str, str], rng: Random, chance: float) -> str:
    """Swap each letter of the table with a chance, one at least."""
    can = [i for i, letter in enumerate(word) if letter.lower() in table]
    chosen = {i for i in can if rng.random() < chance} or set(can[:1])
    return "".join(table[letter.lower()] if i in chosen else letter for i, letter in enumerate(word))


def _emoji(letter: str, first: int) -> str:
    return chr(first + ord(letter.lower()) - ord("a")) if letter.isascii() else letter
