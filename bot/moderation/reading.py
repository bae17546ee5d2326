"""What a disguised comment says when it is read as it is meant: ``I w1ll k i l l uoy`` as ``i will kill you``.

``spelling`` looks for listed words behind a disguise; this reads the whole comment, so that phrases and the model can
be asked about it, too. A word is read otherwise only if what comes out is a word of our own text (``words.txt``),
except that letters standing apart are put together whatever they say. It is a guess: what is found through it is for
people.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from bot.moderation.links import links_in, touches
from bot.moderation.ordinary import ordinary_words
from bot.moderation.text import Folded, fold
from bot.moderation.verdict import Span

_APART = re.compile(r"(?<![^\W_])[a-zñ]( {1,3}|[\n.\-_*|·~])[a-zñ](?:\1[a-zñ])+(?![^\W_])")
_TOKEN = re.compile(r"\S+")
_EDGES = ".,;:?!\"'()[]{}<>…-_~=¡¿«»“”/\\"
_NAME = re.compile(r"[@#]|\S+@\S")
_STRETCHED = re.compile(r"(.)\1{2,}")
_LETTERS_FOR = {
    "0": "o", "1": "il", "2": "z", "3": "e", "4": "a", "5": "s", "6": "g", "7": "t", "8": "b", "9": "g",
    "@": "a", "$": "s", "!": "i", "|": "il", "+": "t", "€": "e", "(": "c",
}  # fmt: skip
_MASKS = "*#%×•·✻¤"
_SOUNDS = (
    *(("ph", "f"), ("ck", "k"), ("qu", "k"), ("kw", "k"), ("x", "ks"), ("cc", "k"), ("kk", "k")),
    *(("c(?=[eihí])", "s"), ("sh", "s"), ("c", "k"), ("q", "k"), ("z", "s"), ("v", "b"), ("ee|ea|ie", "i")),
    *(("ll|y", "i"), ("oo|ou", "u"), ("h", "")),
)
_SOUND = tuple((re.compile(pattern), sound) for pattern, sound in _SOUNDS)
_DOUBLED = re.compile(r"(.)\1+")
_WORD = re.compile(r"[^\W\d_]{2,}")
_FOREIGN = re.compile(r"[\u0370-\u052f\u13a0-\u13ff\u1c80-\u1c8f\ua640-\ua69f]")
_FLUENT = 0.6
_LONGEST, _LONGEST_TEXT = 24, 20_000
_LEAST_BACKWARDS, _LEAST_SOUNDED = 3, 4
_MOST_WAYS = 8
_FEWEST_GUESSES = 2
_RARE = 40.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A comment as it is meant. ``changed`` are the stretches of ``text`` that are written otherwise in the original;
    ``ends[i]`` and ``starts[i]`` say where the character ``i`` stands in the folded original."""

    text: str
    folded: Folded
    starts: tuple[int, ...]
    ends: tuple[int, ...]
    changed: tuple[Span, ...]

    @property
    def is_fluent(self) -> bool:
        """Are most of its words words of ours? Then what a machine makes of the disguised ones is mere noise."""
        words = _WORD.findall(self.text)
        return sum(word in _ranks() for word in words) >= _FLUENT * max(len(words), 1)

    def original(self, span: Span) -> Span:
        """The original characters behind a stretch of the reading."""
        last = min(max(span.end, span.start + 1), len(self.ends)) - 1
        return self.folded.span(self.starts[min(span.start, last)], self.ends[last])

    def was_disguised(self, span: Span) -> bool:
        """Does the stretch touch a word that was written otherwise?"""
        return any(span.start < each.end and each.start < span.end for each in self.changed)


def reading_of(text: str) -> Reading | None:
    """The comment as meant, or ``None`` where it is written as meant. Linear in the text; of a very long one, none."""
    if len(text) > _LONGEST_TEXT:
        return None
    folded = fold(text)
    links = links_in(folded)
    changes = [
        change
        for change in _changes(folded.text)
        if change.word != folded.text[change.start : change.end] and not touches(links, change.start, change.end)
    ]
    if sum(1.0 if change.sure else 1 / _FEWEST_GUESSES for change in changes) >= 1:
        return _put_together(folded, changes)
    return _in_other_letters(text, folded)


def _in_other_letters(text: str, folded: Folded) -> Reading | None:
    """Words in look-alikes of another script fold to plain ones by themselves; what is left to tell is that they do."""
    if text.isascii() or not _FOREIGN.search(text):
        return None
    changes = [
        _Change(found.start(), found.end(), found[0])
        for found in _WORD.finditer(folded.text)
        if found[0] in _ranks() and _FOREIGN.search(text, *_ends(folded, found))
    ]
    reading = _put_together(folded, changes) if changes else None
    return reading if reading is not None and reading.is_fluent else None


def _ends(folded: Folded, found: re.Match[str]) -> tuple[int, int]:
    span = folded.span(*found.span())
    return span.start, span.end


@dataclass(frozen=True, slots=True)
class _Change:
    """Folded characters ``[start, end)`` meant as ``word``. ``places``: where each of its letters stands, if known.
    ``sure``: a disguise by its look; else it may as well be a slip of the pen."""

    start: int
    end: int
    word: str
    places: tuple[int, ...] = ()
    sure: bool = True
    is_column: bool = False


def _changes(text: str) -> Iterator[_Change]:
    at = 0
    for apart in _APART.finditer(text):
        yield from _of_tokens(text, at, apart.start())
        yield from _together(text, apart)
        at = apart.end()
    yield from _of_tokens(text, at, len(text))


def _together(text: str, apart: re.Match[str]) -> Iterator[_Change]:
    step = 1 + len(apart[1])
    letters, done = apart[0][::step], 0
    for word in _divided(letters):
        first = apart.start() + step * done
        places = tuple(range(first, first + step * len(word), step))
        # The sign after the word's last letter goes, too, or a blank would be a stop.
        yield _Change(first, min(first + step * len(word), apart.end()), word, places, is_column=apart[1] == "\n")
        done += len(word)


def _divided(letters: str) -> list[str]:
    """Letters that stand apart as words: one, where it is known or nothing better is, else as few as it takes."""
    if letters in _ranks() or len(letters) > 4 * _LONGEST:
        return [letters]
    best: list[tuple[float, int]] = [(0.0, 0)] + [(float("inf"), 0)] * len(letters)
    for end in range(1, len(letters) + 1):
        for begin in range(max(end - _LONGEST, 0), end):
            cost = best[begin][0] + _cost(letters[begin:end])
            if cost < best[end][0]:
                best[end] = (cost, begin)
    words, end = [], len(letters)
    while end:
        begin = best[end][1]
        words.append(letters[begin:end])
        end = begin
    return words[::-1] if all(word in _ranks() for word in words) else [letters]


def _cost(word: str) -> float:
    """Rare words, and many, cost more; one letter by itself is hardly ever meant, apart from ``a``, ``i``, ``y``."""
    rank = _ranks().get(word)
    if rank is None:
        return 2.0 if word in "aiyoeu" and len(word) == 1 else _RARE * len(word)
    return 1.0 + rank / 4_000 + (1.0 if len(word) < 3 else 0.0)


def _of_tokens(text: str, start: int, end: int) -> Iterator[_Change]:
    for found in _TOKEN.finditer(text, start, end):
        token = found[0]
        core = token.strip(_EDGES)
        if 2 <= len(core) <= _LONGEST and not _is_known(core) and not _NAME.match(token):
            word, sure = _meant(core)
            if word:
                at = found.start() + token.index(core)
                yield _Change(at, at + len(core), word, sure=sure)
            elif token[-1:] == "!" and (word := _meant(token.lstrip(_EDGES).rstrip(_EDGES.replace("!", "")))[0]):
                yield _Change(found.start() + len(token) - len(token.lstrip(_EDGES)), found.end(), word)


def _is_known(word: str) -> bool:
    return word in _ranks() or word in ordinary_words()


@lru_cache(maxsize=20_000)
def _meant(token: str) -> tuple[str, bool]:
    """The word that a token is meant as, empty if it is none of ours; and whether it looks like a disguise."""
    ranks = _ranks()
    if not token.isalpha():
        return _behind_signs(token), True
    if _STRETCHED.search(token):
        return _best(_drawn_in(token)) or _STRETCHED.sub(r"\1", token), True
    if len(token) >= _LEAST_BACKWARDS and (turned := token[::-1]) in ranks and _is_telling(turned):
        return turned, False
    if len(token) >= _LEAST_SOUNDED:
        return _by_sound().get(_sound(token), ""), False
    return "", False


def _behind_signs(token: str) -> str:
    if sum(map(str.isalpha, token)) < 2 - (len(token) > 2):
        return ""
    masked = [i for i, sign in enumerate(token) if sign in _MASKS]
    if len(masked) == 1 and token.replace(token[masked[0]], "").isalpha():
        return _behind_mask(token[: masked[0]], token[masked[0] + 1 :])
    ways = [""]
    for sign in token:
        letters = sign if sign.isalpha() else _LETTERS_FOR.get(sign, "")
        ways = [way + letter for way in ways for letter in letters][:_MOST_WAYS]
    return _best(form for way in ways for form in (way, *_drawn_in(way)))


def _behind_mask(before: str, after: str) -> str:
    if not before or len(before) + len(after) < 2:
        return ""
    size = len(before) + 1 + len(after)
    fits = (word for word in _by_length().get(size, ()) if word.startswith(before) and word.endswith(after))
    return next(fits, "")


def _drawn_in(token: str) -> tuple[str, ...]:
    return (_STRETCHED.sub(r"\1", token), _STRETCHED.sub(r"\1\1", token))


def _best(words: Iterator[str] | tuple[str, ...]) -> str:
    ranks = _ranks()
    return min((word for word in words if word in ranks), key=ranks.__getitem__, default="")


def _is_telling(word: str) -> bool:
    """A common word, or a long one: short rare ones are too often read into names and abbreviations."""
    return len(word) > _LEAST_BACKWARDS or _ranks()[word] < 400


def _sound(word: str) -> str:
    for pattern, sound in _SOUND:
        word = pattern.sub(sound, word)
    return _DOUBLED.sub(r"\1", word)


def _put_together(folded: Folded, changes: list[_Change]) -> Reading:
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    changed: list[Span] = []
    at, after_column = 0, False
    for change in (*changes, _Change(len(folded.text), len(folded.text), "")):
        pieces.append(_joined_on(folded.text[at : change.start], after_column, change.is_column))
        starts.extend(range(at, change.start))
        ends.extend(range(at + 1, change.start + 1))
        if change.word:
            changed.append(Span(len(starts), len(starts) + len(change.word)))
            pieces.append(f"{change.word} " if change.places else change.word)
            starts += change.places or [change.start] * len(change.word)
            ends += [place + 1 for place in change.places] or [change.end] * len(change.word)
            if change.places:
                starts.append(change.end - 1)
                ends.append(change.end)
        at, after_column = change.end, change.is_column
    return Reading("".join(pieces), folded, tuple(starts), tuple(ends), tuple(changed))


def _joined_on(between: str, after_column: bool, before_column: bool) -> str:
    """What stands between two changes. A column of letters is no paragraph: the lines around it go on."""
    if after_column and between.startswith("\n"):
        between = f" {between[1:]}"
    return f"{between[:-1]} " if before_column and between.endswith("\n") else between


@cache
def _ranks() -> dict[str, int]:
    """Each word of ours with its place among them, the commonest first."""
    text = files("bot.moderation").joinpath("words.txt").read_text(encoding="utf-8")
    words = (word for line in text.splitlines() if not line.startswith("#") for word in line.split())
    return {word: rank for rank, word in enumerate(words)}


@cache
def _by_length() -> dict[int, list[str]]:
    table: dict[int, list[str]] = {}
    for word in _ranks():
        table.setdefault(len(word), []).append(word)
    return table


@cache
def _by_sound() -> dict[str, str]:
    table: dict[str, str] = {}
    for word in _ranks():
        if len(word) >= _LEAST_SOUNDED:
            table.setdefault(_sound(word), word)
    return table
