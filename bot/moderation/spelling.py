"""What an obfuscated word may say: ``sh1t``, ``f*ck``, ``f.u.c.k``, ``f u c k``, ``ʞɔnɟ``. Stretched letters are the
lexicon's; misspellings are ``guesses``'s; spacing in groups (``fu ck``) is ``split``'s.

Each rough token that could hide a word is offered in one or more readings; the lexicon says whether one is listed.
Every step is linear, and only tokens with something odd in them are looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise, product

from bot.moderation.links import Link, touches
from bot.moderation.ordinary import ordinary_words

_WORD = re.compile(r"[^\W_]+")
_ROUGH = re.compile(r"\S+")
_ODD = re.compile(r"[^a-zñ',.?!:;\"()-]|[a-zñ][^a-zñ\s']{1,4}[a-zñ]|[$@!|(<+][a-zñ]|\d")
_SPACED = re.compile(r"(?<![\w$@])[^\W_$@](?:(?:[^\w$@]{1,3}|_)(?:[^\W_]|[$@])(?![\w$@])){3,}+")
_SPACED_SIGN = re.compile(r"(?<![\w$@])[$@](?:(?:[^\w$@]{1,3}|_)(?:[^\W_]|[$@])(?![\w$@])){3,}+")
_EDGES = ".,;:?\"'()[]{}<>…-_~*+=!¡¿«»„“”&%#^/\\|"
_PROSE_EDGES = ".,;:?\"'[]{}>…-_~*=¡¿«»„“”&%#^/"
_LETTER_FOR = str.maketrans({
    "0": "o", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g", "$": "s", "@": "a",
    "€": "e", "¢": "c", "(": "c", "<": "c", "+": "t", "!": "i", "¡": "i", "£": "l", "©": "c", "®": "r", "¥": "y",
    "§": "s", "₳": "a", "฿": "b", "₿": "b", "₵": "c", "₣": "f", "₲": "g", "₭": "k", "₥": "m", "₦": "n", "₱": "p",
    "₴": "s", "₮": "t", "₩": "w", "₽": "p", "₹": "r", "#": "h",
})  # fmt: skip
_FONT = frozenset("₳฿₵₣₲₭₥₦₱₴₮₩")  # of the font that writes i as a barred l
_SHAPES = {
    "|<": "k", "|_|": "u", "|-|": "h", "()": "o", "[]": "o", "/\\": "a", "\\/": "v", "|)": "d", "|3": "b", "|2": "r",
    "/-\\": "a", "|\\|": "n", "|{": "k", "]{": "k",
}  # fmt: skip
_SHAPE = re.compile("|".join(re.escape(shape) for shape in sorted(_SHAPES, key=len, reverse=True)))
_PIECE = re.compile(r"[^\s.,;:\"'()\[\]{}<>…\-¡¿«»“”/\\|]{4,40}")
_CENSOR = "*#@%$&!?+^~×•·✻_¤§="
_MASKED = re.compile(rf"[a-zñ][a-zñ{re.escape(_CENSOR)}]*")
_PICTURED = re.compile(r"\*?[a-zñ](?:[a-zñ]|[^\w\s])*")
_DASHED = re.compile(r"(?<![^\s,;:\"'()!?])[a-zñ]{1,20}(?:[-–—.]{1,2}[a-zñ]{1,20}){1,4}+(?![^\s.,;:\"'()!?])")
_STARRED_FIRST = re.compile(r"(?<![\w*])\*[a-zñ]{3,20}(?![\w*])")
_MIXED = re.compile(r"(?<![\w$@])[a-z0-9$@!|€+]{3,40}(?![\w$@.])")
_MAY_MASK = re.compile(r"\w+(?:[*#%×•·✻]+|[^\w\s\x00-\u2fff]+|[\u2190-\u2fff]+)\w+")  # pu**to is puto, or punto
_STRANGE = re.compile(r"[^\W\d_]+(?:[~|_+=^•·][^\W\d_]+)+")
_STRAY = re.compile(r"[.\-_~*·]")
_BETWEEN = re.compile(r"[^\w\s,/&'$@]|_")
_TURNED_FOLDS = (str.maketrans("unbqdpwm", "nuqbpdwm"), str.maketrans("unbqdpwm", "nuqbpdmw"))
_LINE = r"[^\w\n]*[^\W_]{1,3}[^\w\n]*(?![^\n])"
_STACKED = re.compile(rf"(?<![^\n]){_LINE}(?:\n{_LINE})++")
_LONGEST = 40
_LONGEST_PIECE = 2
_LEAST_LETTERS = 2
_MOST_DOUBTS = 3


class Manner(Enum):
    """How a reading was come by, which bounds what it may be compared with."""

    LEET = "digits or signs for letters"
    MASK = "letters masked"
    JOINED = "signs between letters"
    SPACED = "blanks between letters"
    TURNED = "letters on their heads"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A reading of folded characters ``[start, end)``. ``certain``: the same letters, written otherwise; else a guess.

    In a ``MASK`` reading ``?`` stands for one unknown letter, ``*`` for some. A ``SPACED`` reading has blanks where the
    gaps are wider, and ``places[i]`` is where in the folded text its character ``i`` stands; empty for the others.
    """

    word: str
    start: int
    end: int
    manner: Manner
    places: tuple[int, ...] = ()
    certain: bool = True


def decodings(
    folded: str, links: Sequence[Link] = (), *, turned: bool = False, mirrored: Sequence[tuple[int, int]] = ()
) -> Iterator[Decoded]:
    """Every reading of every odd token of a folded text; nothing in a link is taken for a word.

    ``turned``: the original has letters that stand on their heads. ``mirrored``: what is shown from right to left.
    """
    for start, end in mirrored:
        for found in _WORD.finditer(folded, start, end):
            yield Decoded(found[0][::-1], *found.span(), Manner.TURNED)
    for found in _ROUGH.finditer(folded):
        odd = _ODD.search(found[0])
        if (odd or turned) and not touches(links, *found.span()):
            yield from _of_token(found[0], found.start()) if odd else ()
            yield from _turned(found[0], found.start()) if turned else ()
    yield from (reading for reading in _spaced(folded) if not touches(links, reading.start, reading.end))


def plainer(folded: str) -> str:
    """The text with digits and signs that stand for letters as letters, place by place; numbers stay numbers."""
    return _MIXED.sub(_as_letters, folded)


def flattened(folded: str) -> str:
    """The text with columns of short lines laid flat, place by place: ``sh`` over ``it`` is ``sh it``."""
    return _STACKED.sub(lambda found: found[0].replace("\n", " "), folded) if "\n" in folded else folded


def _as_letters(found: re.Match[str]) -> str:
    body = found[0].rstrip("!|+€")
    if body.isalpha() or sum(c.isalpha() for c in body) < _LEAST_LETTERS:
        return found[0]
    return body.translate(_LETTER_FOR).replace("1", "i").replace("|", "l") + found[0][len(body) :]


def _of_token(token: str, at: int) -> Iterator[Decoded]:
    core = token.strip(_EDGES)
    start = at + token.find(core) if core else at
    if 3 <= len(core) <= _LONGEST:
        yield from _leet(core, start)
        yield from _joined(core, start)
    yield from _leet_to_the_edge(token, core, at)
    yield from _strung(token, at)
    yield from _shapes(token, at)
    for piece in _PIECE.finditer(token):
        yield from _masked(piece[0], at + piece.start())
    for manner in (_DASHED, _STARRED_FIRST):
        for part in manner.finditer(token):
            yield _guess("".join(c if c.isalpha() else "?" for c in part[0]), at + part.start(), Manner.MASK)


def _guess(word: str, at: int, manner: Manner) -> Decoded:
    return Decoded(word, at, at + len(word), manner, certain=False)


def _leet(core: str, at: int, *, certain: bool = True) -> Iterator[Decoded]:
    if core.isalpha() or not any(c.isalpha() for c in core):
        return
    plain = core.translate(_LETTER_FOR)
    font = not _FONT.isdisjoint(core)
    doubtful = [("i", "l") if c in "1|" or (font and c == "l") else (c,) for c in plain]
    if sum(len(choice) > 1 for choice in doubtful) > _MOST_DOUBTS:
        ways: Iterable[Sequence[str]] = ([choice[0] for choice in doubtful], [choice[-1] for choice in doubtful])
    else:
        ways = product(*doubtful)
    for letters in ways:
        word = "".join(letters)
        if word.isalpha() and word != core:
            yield Decoded(word, at, at + len(core), Manner.LEET, certain=certain)


def _leet_to_the_edge(token: str, core: str, at: int) -> Iterator[Decoded]:
    """``(unt`` and ``shi+``: the sign at the edge may be a letter or a bracket."""
    wide = token.strip(_PROSE_EDGES).rstrip("!|)(<").lstrip("+)")
    if wide != core and 3 <= len(wide) <= _LONGEST:
        yield from _leet(wide, at + token.find(wide), certain=False)
    whole = _STRAY.sub("", wide)
    if whole != wide and 4 <= len(whole) <= _LONGEST:
        start = at + token.find(wide)
        for reading in _leet(whole, start, certain=False):
            yield Decoded(reading.word, start, start + len(wide), Manner.JOINED, certain=False)


def _shapes(token: str, at: int) -> Iterator[Decoded]:
    """``fuc|<`` and ``|)ick``: letters drawn with several signs."""
    core = token.strip(_PROSE_EDGES)
    if len(core) <= 2 * _LONGEST and _SHAPE.search(core):
        start = at + token.find(core)
        drawn = _SHAPE.sub(lambda found: _SHAPES[found[0]], core)
        for word in (drawn, *(reading.word for reading in _leet(drawn, start))):
            if word.isalpha():
                yield Decoded(word, start, start + len(core), Manner.LEET, certain=False)


def _joined(core: str, at: int) -> Iterator[Decoded]:
    word = _BETWEEN.sub("", core).translate(_LETTER_FOR).replace("1", "i")
    if 4 <= len(word) < len(core) and word.isalpha() and ((chopped := _is_chopped(core)) or _STRANGE.fullmatch(core)):
        yield Decoded(word, at, at + len(core), Manner.JOINED, certain=chopped and not _MAY_MASK.fullmatch(core))


def _strung(token: str, at: int) -> Iterator[Decoded]:
    """``5.h.1.+``: one sign between all characters, so that even brackets and plus signs are letters."""
    signs = token[1::2]
    if 7 <= len(token) <= 2 * _LONGEST and len(token) % 2 and signs == signs[0] * len(signs) and not signs[0].isalnum():
        for reading in _leet(token[::2], at):
            yield Decoded(reading.word, at, at + len(token), Manner.JOINED)


def _is_chopped(core: str) -> bool:
    """``sh.it`` is chopped up; ``put.a`` is two words without a blank. Pieces of one or two letters tell them apart."""
    pieces = [piece for piece in _BETWEEN.split(core) if piece]
    return len(pieces) > 1 and max(map(len, pieces)) <= _LONGEST_PIECE


def _masked(piece: str, at: int) -> Iterator[Decoded]:
    piece = piece.rstrip("?!")
    if piece.isalpha() or not (_MASKED.fullmatch(piece) or _PICTURED.fullmatch(piece)):
        return
    plain = piece.translate(_LETTER_FOR)
    if plain in ordinary_words() and piece[-1] == "+":
        return  # wan+ is "want"
    certain = _MASKED.fullmatch(piece) is not None and plain not in ordinary_words()
    yield Decoded(_unknown(piece, "?"), at, at + len(piece), Manner.MASK, certain=certain)
    some = re.sub(r"\?+", "*", _unknown(piece, "?"))
    if some.count("*") == 1 and not some.endswith("*") and ("*" in piece or len(some) < len(piece)):
        yield Decoded(some, at, at + len(piece), Manner.MASK, certain=False)


def _unknown(piece: str, sign: str) -> str:
    return "".join(c if c.isalpha() else sign for c in piece)


def _turned(token: str, at: int) -> Iterator[Decoded]:
    """A word that stands on its head, read from either end."""
    core = token.strip(_EDGES)
    if 3 <= len(core) <= _LONGEST and core.isalpha():
        start = at + token.find(core)
        for word in turned_readings(core):
            yield Decoded(word, start, start + len(core), Manner.TURNED, certain=False)


def turned_readings(word: str) -> tuple[str, ...]:
    """What a folded word says if its letters were turned by half a circle: ``kcnf`` is ``fuck``."""
    ways = dict.fromkeys(word.translate(table) for table in _TURNED_FOLDS)
    return (*ways, *(way[::-1] for way in (word, *ways)))


def _spaced(folded: str) -> Iterator[Decoded]:
    for search in (_SPACED, _SPACED_SIGN):
        for found in search.finditer(folded):
            yield _spelled(folded, *found.span())


def _spelled(folded: str, start: int, end: int) -> Decoded:
    """The letters of a run, with a blank wherever the gap is wider than is usual in it."""
    letters = [i for i in range(start, end) if folded[i].isalnum() or folded[i] in "$@"]
    gaps = Counter(after - before for before, after in pairwise(letters))
    narrow = min(gaps, key=lambda gap: (-gaps[gap], gap))
    word: list[str] = []
    places: list[int] = []
    for i, at in enumerate(letters):
        if i and at - letters[i - 1] > narrow:
            word.append(" ")
            places.append(at)
        word.append(folded[at])
        places.append(at)
    said = "".join(word).translate(_LETTER_FOR).replace("1", "i")
    return Decoded(said, start, end, Manner.SPACED, tuple(places))
