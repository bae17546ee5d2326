"""A stranger's text for a page: its matched words marked, and nothing in it invisible or out of its place.

What can't be seen is shown as its code point, and only the look changes: the text as it was is in ``record.json``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

_NEWLINES = frozenset("\n\x0b\x0c\x85\u2028\u2029")
_KEPT = frozenset("\u200c\u200d\ufe0e\ufe0f")
_TAGS = range(0xE0020, 0xE0080)  # flags of England, Scotland and Wales are spelt with these
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_MARKS = 6


@dataclass(frozen=True, slots=True)
class Run:
    """Characters that are all matched or all not. ``code``: they stand for one that can't be seen."""

    text: str
    hit: bool = False
    code: bool = False


def marked(text: str, spans: Iterable[Sequence[int]] = ()) -> list[list[Run]]:
    """The lines of a text, each in runs. ``spans`` are ``[start, end)`` of the text as it is."""
    hits = bytearray(len(text))
    for start, end in spans:
        start, end = max(start, 0), min(end, len(text))
        hits[start:end] = b"\1" * max(end - start, 0)
    return [list(_runs(line)) for line in _lines(text, hits)]


def shown(text: str, most: int) -> str:
    """A short text (a name, an id, an address) on one line, cut after ``most`` characters."""
    cut = " ".join(text[: most + 1].split())
    line = "".join(run.text for runs in marked(cut[:most]) for run in runs)
    return f"{line}…" if len(text) > most else line


def _lines(text: str, hits: Sequence[int]) -> Iterator[list[tuple[str, int]]]:
    line: list[tuple[str, int]] = []
    before = ""
    for character, hit in zip(text, hits, strict=True):
        if character in _NEWLINES:
            if before == "\r":
                line.pop()
            yield line
            line = []
        else:
            line.append((character, hit))
        before = character
    yield line


def _runs(line: Sequence[tuple[str, int]]) -> Iterator[Run]:
    pieces = _pieces(line)
    for (hit, code), group in groupby(pieces, key=lambda run: (run.hit, run.code)):
        texts = [run.text for run in group]
        if code:
            yield from (Run(text, hit, True) for text in texts)
        else:
            yield Run("".join(texts), hit)


def _pieces(line: Sequence[tuple[str, int]]) -> Iterator[Run]:
    marks = 0
    for character, hit in line:
        kind = unicodedata.category(character)
        marks = marks + 1 if kind.startswith("M") and character not in _KEPT else 0
        if marks > _MARKS:  # a tower of marks would be painted over the lines above and below
            if marks == _MARKS + 1:
                yield Run("[…]", bool(hit), True)
        elif kind in _HIDDEN and character != "\t" and character not in _KEPT and ord(character) not in _TAGS:
            yield Run(f"[U+{ord(character):04X}]", bool(hit), True)
        else:
            yield Run(character, bool(hit))
