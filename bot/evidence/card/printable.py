"""A stranger's text, made fit to print: nothing invisible, nothing that reorders, nothing that paints over a label.

What can't be seen is printed as its code point, ``[U+202E]``. Matched words stay marked. The whole text, unaltered, is
in ``record.json``. What no font of this machine has is ``bot.evidence.card.typecase``'s business.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 20_000
MOST_LINES = 400
_RUN = 24
_MARKS = 6
_BREAK = "\u200b"
_JOINERS = frozenset("\u200c\u200d")
_STYLES = frozenset("\ufe0e\ufe0f")
# Letters and marks that are painted as nothing: fillers, joiners of graphemes, variation selectors.
_FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"
_BLANK = frozenset(_FILLERS) | frozenset(map(chr, (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))))
# Unicode calls these "format", yet they are painted: signs that stand over or around numbers in Arabic and the like.
_PAINTED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
_TAGGED_FLAG = re.compile("\U0001f3f4([\U000e0020-\U000e007e]{1,8}\U000e007f)")
_TAGGED = frozenset("".join(chr(0xE0000 + ord(letter)) for letter in name) for name in ("gbeng", "gbsct", "gbwls"))
_NEWLINES = frozenset("\n\u2028\u2029\x85\x0b\x0c")
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that are all marked as matched, or all not."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One line of the text. ``direction``: ltr or rtl, by its first strong character."""

    direction: str
    runs: tuple[Run, ...]


def paragraphs(text: str, spans: Iterable[Sequence[int]] = ()) -> tuple[tuple[Paragraph, ...], int]:
    """The printable paragraphs of a text, and how many of its characters are left out at the end.

    ``spans`` are ``[start, end)`` of the text as it is.
    """
    shown = text[:MOST_CHARACTERS]
    hits = _hits(len(shown), spans)
    found: list[Paragraph] = []
    at = 0
    for line in _lines(shown):
        if len(found) == MOST_LINES:
            break
        found.append(Paragraph(direction(line), tuple(_runs(line, hits[at : at + len(line)]))))
        at += len(line) + 1
    return tuple(found), len(text) - min(at, len(shown))


def excerpt(text: str, spans: Sequence[Sequence[int]], most: int = 800, lines: int = 10) -> tuple[int, int]:
    """``[start, end)`` of the piece of a text that shows its first match; of the whole text if it is short."""
    if len(text) <= most and text.count("\n") < lines:
        return 0, len(text)
    first = min((start for start, _ in spans), default=0)
    start = _few_lines_before(text, max(first - most // 4, 0), first, lines // 2)
    shown = text[start : start + most].splitlines(keepends=True)[:lines]
    return start, start + sum(map(len, shown))


def _few_lines_before(text: str, start: int, end: int, lines: int) -> int:
    at = end
    for _ in range(lines):
        found = text.rfind("\n", start, at)
        if found < 0:
            return start
        at = found
    return at + 1


def printable(text: str, most: int = 300) -> str:
    """A short text (a name, an id, a title) on one line, cut after ``most`` characters."""
    one_line = " ".join(_lines(text[: most + 1]))
    cut = one_line[:most] + ("…" if len(text) > most else "")
    return "".join(run.text for run in _runs(cut, bytearray(len(cut))))


def direction(line: str) -> str:
    """ltr or rtl, as the first letter that has a direction runs (Unicode's rule P2)."""
    for character in line:
        kind = unicodedata.bidirectional(character)
        if kind in _RIGHT_TO_LEFT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"


def _lines(text: str) -> list[str]:
    for newline in _NEWLINES - {"\n"}:
        text = text.replace(newline, "\n")
    return text.split("\n")


def _hits(length: int, spans: Iterable[Sequence[int]]) -> bytearray:
    hits = bytearray(length)
    for start, end in spans:
        for position in range(max(start, 0), min(end, length)):
            hits[position] = 1
    return hits


def _runs(line: str, hits: Sequence[int]) -> Iterator[Run]:
    pieces: list[str] = []
    before = None
    for piece, hit in zip(_pieces(line), hits, strict=True):
        if before is not None and hit != before and pieces:
            yield Run("".join(pieces), bool(before))
            pieces = []
        pieces.append(piece)
        before = hit
    if pieces:
        yield Run("".join(pieces), bool(before))


def _pieces(line: str) -> Iterator[str]:
    """What to print for each character: itself, its code point, or itself after a place where the line may break."""
    tags = _tags(line)
    unbroken = marks = 0
    before = ""
    for at, character in enumerate(line):
        kept = at in tags or _belongs_invisibly(before, character)
        piece = character if kept else _visible(character)
        is_mark = not kept and unicodedata.category(character).startswith("M")
        marks = marks + 1 if is_mark else 0
        if marks > _MARKS:  # a tower of marks would be painted over the lines above and below
            piece = "" if marks > _MARKS + 1 else "[…]"
        unbroken = 0 if piece.isspace() else unbroken + len(piece)
        if unbroken > _RUN and not (kept or is_mark or before == "\u200d" or _belongs_to_the_left(character)):
            piece = _BREAK + piece
            unbroken = 1
        before = character
        yield piece


def _tags(line: str) -> frozenset[int]:
    """Where the invisible letters stand that make a black flag England's, Scotland's or Wales's; others are shown."""
    flags = (each for each in _TAGGED_FLAG.finditer(line) if each[1][:-1] in _TAGGED)
    return frozenset(at for flag in flags for at in range(*flag.span(1)))


def _belongs_invisibly(before: str, character: str) -> bool:
    """Joiners and styles where a script or an emoji needs them. Between other letters they are a way to hide."""
    if not before or character not in _JOINERS | _STYLES:
        return False
    kind, code = unicodedata.category(before), ord(before)
    if character in _STYLES:
        return before in "0123456789#*" or (code > 0x7F and kind[0] in "SP")
    is_emoji = before == "\ufe0f" or (kind in ("So", "Sk", "Cn") and code > 0x2000)
    return is_emoji or (0x0590 <= code < 0x1E00 and kind[0] in "LM")


def _visible(character: str) -> str:
    if character == "\t":
        return "    "
    formless = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and character not in _PAINTED
    if formless or character in _STYLES or character in _BLANK:
        return f"[U+{ord(character):04X}]"
    return character


def _belongs_to_the_left(character: str) -> bool:
    code = ord(character)
    is_regional = 0x1F1E6 <= code <= 0x1F1FF  # two of these are one flag
    return is_regional or 0x1F3FB <= code <= 0x1F3FF  # the tone of a skin
