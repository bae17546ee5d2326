"""Which of the lists' languages a text is in, or that it is in none of them. Light on purpose: short texts are open.

A text in another script is told by its letters, one in Latin letters by its function words and by letters that the
read languages don't have. Half a text in another language is enough: a person reads it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from bot.moderation.function_words import READ as READ
from bot.moderation.function_words import function_words as function_words
from bot.moderation.function_words import telling_words as telling_words
from bot.moderation.text import fold

UNKNOWN = "und"

MARKS: Mapping[str, str] = {"es": "ñÑ¿¡", "pt": "ãõÃÕ"}
"""Signs that only the one of the languages has that are read."""

_FEW_WORDS = 7
_NO_HINT_AT_ALL = 12
_SAMPLE = 10_000
_LETTERS = frozenset("áéíóúüñàâãêôõç")
_FULL_HALF = 0.4
_FEWEST_LETTERS = 6
_WIDE_FROM = 0x2E80  # Chinese, Japanese, Korean: a sign says as much as two letters
_BLOCK, _STEP = 8, 4
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_NO_WORD = re.compile(r"[/@#\\_]|\w\.\w")


@dataclass(frozen=True, slots=True)
class Language:
    """``code`` is ``en``, ``es``, ``pt`` or ``und``; ``readable`` is false only for a text that is none of them."""

    code: str
    readable: bool


def language_of(text: str, vocabulary: frozenset[str], row: str, told: str | None) -> Language:
    """Judge by script, then by function words; what a platform told is believed where the text doesn't decide."""
    if _is_foreign_script(text) or (_is_suspect(text, vocabulary) and _is_foreign(text)):
        return Language(UNKNOWN, readable=False)
    counts = {code: len(vocabulary & function_words()[code]) for code in READ}
    for code, marks in MARKS.items():
        counts[code] += 2 * (not text.isascii() and any(mark in text for mark in marks))
    best = max(READ, key=lambda code: (counts[code], code == told))
    told = (told or "").split("-")[0].lower() or None
    if counts[best] >= 2 or (counts[best] == 1 and row.count(" ") <= 4):
        return Language(best, readable=True)
    if told in READ:
        return Language(told, readable=True)
    return Language(UNKNOWN, readable=told is None or len(vocabulary) < _FEW_WORDS)


def is_foreign(character: str) -> bool:
    """Is it a letter of a script other than Latin?"""
    return character.isalpha() and not _is_latin(character)


def has_telling_letter(text: str) -> bool:
    """Does it hold a Latin letter that none of the read languages has, as in ``łódź``?"""
    return not text.isascii() and any(map(_is_telling, text))


def _is_suspect(text: str, vocabulary: frozenset[str]) -> bool:
    """Is there any reason to look closer? Cheap, and true wherever ``_is_foreign`` is."""
    if len(vocabulary) < _FEW_WORDS:
        return False
    return (
        not vocabulary.isdisjoint(_telling())
        or has_telling_letter(text)
        or (len(vocabulary) >= _NO_HINT_AT_ALL and vocabulary.isdisjoint(read_words()))
    )


def _is_foreign(text: str) -> bool:
    """The close look: addresses, names of accounts and tags apart, is the whole or half in another language?"""
    said = [word for word in text.split() if not _NO_WORD.search(word)]
    words = list(words_in(said))
    odd = frozenset(word for each in said if has_telling_letter(each) for word in words_in([each]))
    return _is_other(words, odd) or _holds_other(words, odd) or (_gives_no_hint(words) and not _is_of_names(said))


def words_in(chunks: Sequence[str]) -> Iterator[str]:
    """The words of letters alone, folded, as the close look at a language counts them."""
    for found in _WORD.finditer(fold(" ".join(chunks)).text):
        yield found[0].replace("'", "")


def _is_other(words: Collection[str], odd: frozenset[str]) -> bool:
    """Do more words speak for another language than for one that is read?"""
    seen = frozenset(words)
    if len(seen) < _FEW_WORDS:
        return False
    other, telling = _strongest(seen, odd)
    read = max(len((seen & function_words()[code]) - function_words()[other]) for code in READ)
    if telling >= 2 and telling > read:
        return True
    most = max(len(seen & function_words()[code]) for code in READ)
    return bool(telling) and not read and len(seen & function_words()[other]) >= max(2, most)


def _gives_no_hint(words: Collection[str]) -> bool:
    """So many words without one of any language that is read: whatever it is, it is none of these."""
    seen = frozenset(words)
    return len(seen) >= _NO_HINT_AT_ALL and seen.isdisjoint(read_words())


def _is_of_names(chunks: Sequence[str]) -> bool:
    return 2 * sum(chunk[0].isupper() and not chunk.isupper() for chunk in chunks) > len(chunks)


def _holds_other(words: Sequence[str], odd: frozenset[str]) -> bool:
    """Is a good part of the words, a third or two lines of them, in another language?"""
    seen = frozenset(words)
    other, telling = _strongest(seen, odd)
    if telling < 3 or len(words) < _BLOCK + _STEP:
        return False
    foreign: set[int] = set()
    for start in range(0, len(words) - _STEP, _STEP):
        block = frozenset(words[start : start + _BLOCK])
        hints = len(block & telling_words()[other]) + len((block & odd) - read_words())
        if hints >= 2 and hints > len(block & (read_words() - function_words()[other])):
            foreign.update(range(start, min(start + _BLOCK, len(words))))
    return len(foreign) >= min(2 * _BLOCK, max(_BLOCK, len(words) / 3))


def _strongest(seen: frozenset[str], odd: frozenset[str]) -> tuple[str, int]:
    """The likeliest of the other languages, and how many words speak for it."""
    tables = telling_words()
    own = (seen & odd) - read_words()
    other = max(tables, key=lambda code: (len(seen & tables[code]), len(seen & function_words()[code])))
    return other, len((seen & tables[other]) | own)


@cache
def read_words() -> frozenset[str]:
    """The function words of all languages that are read."""
    return frozenset[str]().union(*(function_words()[code] for code in READ))


def commonness(word: str) -> float:
    """How often a word is met, very roughly: a share of all words."""
    return 0.1 if word in read_words() else 0.003 if len(word) > 3 else 0.006


@cache
def _telling() -> frozenset[str]:
    return frozenset[str]().union(*telling_words().values())


def _is_foreign_script(text: str) -> bool:
    if text.isascii():
        return False
    letters = [c for c in text[:_SAMPLE] if c.isalpha()]
    foreign = sum(map(is_foreign, letters))
    if foreign >= 2 and 2 * foreign > len(letters):
        return True
    # Letters of two scripts in one word are a disguise, which the lists see through; whole words are a language.
    whole = sum(map(_foreign_weight, text[:_SAMPLE].split())) if foreign else 0
    return whole >= _FEWEST_LETTERS and whole >= _FULL_HALF * (len(letters) - foreign + whole)


def _foreign_weight(word: str) -> int:
    letters = [c for c in word if c.isalpha()]
    if len(letters) < 2 or not all(map(is_foreign, letters)):
        return 0
    return sum(2 if ord(c) >= _WIDE_FROM else 1 for c in letters)


@cache
def _is_latin(character: str) -> bool:
    name = unicodedata.name(unicodedata.normalize("NFKD", character)[0], "")
    return "LATIN" in name or character.isascii()


@cache
def _is_telling(character: str) -> bool:
    # The accented letters alone: full-width, mathematical and small capitals are fashions, not languages.
    accented = 0xC0 <= ord(character) < 0x250 or 0x1EA0 <= ord(character) <= 0x1EF9
    return accented and character.isalpha() and character.lower()[0] not in _LETTERS
