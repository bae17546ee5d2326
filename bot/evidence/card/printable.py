"""A stranger's text, made fit to print: nothing invisible, nothing that reorders, nothing that paints over a label.

What can't be seen is printed as its code point, ``[U+202E]``. Matched words stay marked. The whole text, unaltered, is
in ``record.json``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

MOST_CHARACTERS = 20_000
MOST_LINES = 400
_RUN = 24
_MARKS = 6
_BREAK = "\u200b"
_KEPT_INVISIBLE = frozenset("\u200c\u200d\ufe0e\ufe0f")
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
        found.append(Paragraph(_direction(line), tuple(_runs(line, hits[at : at + len(line)]))))
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
    unbroken = marks = 0
    joined = False
    for character in line:
        piece = _visible(character)
        is_mark = unicodedata.category(character).startswith("M") and character not in _KEPT_INVISIBLE
        marks = marks + 1 if is_mark else 0
        if marks > _MARKS:  # a tower of marks would be painted over the lines above and below
            piece = "" if marks > _MARKS + 1 else "[…]"
        unbroken = 0 if piece.isspace() else unbroken + len(piece)
        if unbroken > _RUN and not (is_mark or joined or _belongs_to_the_left(character)):
            piece = _BREAK + piece
            unbroken = 1
        joined = character == "\u200d"
        yield piece


def _visible(character: str) -> str:
    if character == "\t":
        return "    "
    if character in _KEPT_INVISIBLE or 0xE0020 <= ord(character) <= 0xE007F:  # joiners and flags of emoji
        return character
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Cn"):
        return f"[U+{ord(character):04X}]"
    return character


def _belongs_to_the_left(character: str) -> bool:
    code = ord(character)
    is_regional = 0x1F1E6 <= code <= 0x1F1FF  # two of these are one flag
    is_skin = 0x1F3FB <= code <= 0x1F3FF
    return character in _KEPT_INVISIBLE or is_regional or is_skin or 0xE0020 <= code <= 0xE007F


def _direction(line: str) -> str:
    for character in line:
        kind = unicodedata.bidirectional(character)
        if kind in _RIGHT_TO_LEFT:
            return "rtl"
        if kind == "L":
            return "ltr"
    return "ltr"
