"""Words of strangers, made fit to be quoted to an officer: nothing in them can speak, hide or overflow.

A quotation is for reading. The words as they were delivered are in the sealed case, unchanged.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from bot.moderation.verdict import Span

MASK = "••••"
LEFT_OUT = "[… {count:,} characters left out …]"
MORE = "… {count:,} more characters, whole text in the case"

Kind = Literal["plain", "matched", "private", "note"]

_KINDS: tuple[Kind, ...] = ("plain", "matched", "private")
_MATCHED, _PRIVATE = 1, 2
_MOST_MARKS = 40
_MOST_ACCENTS = 4
_SHORTEST_SECRET = 4
# Joiners belong to emoji and to Persian and Indic spelling; every other invisible character is shown by its number.
_KEPT_INVISIBLE = frozenset("\n\t\u200c\u200d")
_LINE_ENDS = re.compile(r"\r\n?|[\u0085\u2028\u2029\v\f]")
_MANY_LINES = re.compile(r"\n{3,}")
_ACCENTS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{2,}")
_CONTROL_WORDS = re.compile(r"<(?=[!@#])|@(?=channel\b|here\b|everyone\b)", re.IGNORECASE)
_JOINER = "\u2060"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a quotation. ``note`` is our own remark, not the stranger's words."""

    text: str
    kind: Kind = "plain"


def quote(
    text: str,
    matched: Iterable[Span] = (),
    private: Iterable[Span] = (),
    *,
    limit: int = 2000,
    most_marks: int = _MOST_MARKS,
) -> tuple[Piece, ...]:
    """Cut a text into pieces to show: matched words apart, private data masked, at most about ``limit`` characters.
    The first ``most_marks`` matches are marked.

    A match beyond the limit is shown with its surroundings, so that the reader sees what the rule saw. Spans may
    overlap, be out of order or out of range. Private words are masked wherever they recur.
    """
    marks = _marks(text, matched, private)
    pieces: list[Piece] = []
    end = 0
    for start, stop in _windows(marks, limit):
        if start > end:
            pieces.append(Piece(LEFT_OUT.format(count=start - end), "note"))
        pieces.extend(_run(text, marks, start, stop))
        end = stop
    if end < len(text):
        pieces.append(Piece(MORE.format(count=len(text) - end), "note"))
    return tuple(_joined(_few_marks(pieces, most_marks)))


def excerpt(text: str, private: Iterable[Span] = (), *, limit: int = 90) -> str:
    """One short line of a text, private data masked, for a list."""
    marks = _marks(text, (), private)
    shown = "".join(piece.text for piece in _run(text, marks, 0, min(len(text), limit)))
    # Made visible already, so it is only put on one line: the second time our own marks would be shown by number.
    return " ".join(shown.split()) + ("…" if len(text) > limit else "")


def without(text: str, secrets: Sequence[str]) -> str:
    """A text of our own in which no private word is repeated."""
    for secret in sorted((each for each in secrets if len(each) >= _SHORTEST_SECRET), key=len, reverse=True):
        text = text.replace(secret, MASK)
    return text


def secrets_in(text: str, private: Iterable[Span]) -> tuple[str, ...]:
    """The private words themselves, to be masked elsewhere. Never for showing."""
    return tuple(dict.fromkeys(text[span.start : span.end] for span in _inside(text, private)))


def one_line(text: str, *, limit: int = 200) -> str:
    """A name or title on one line, nothing invisible in it, cut to ``limit`` characters."""
    line = " ".join(visible(text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def visible(text: str) -> str:
    """The text with control, direction and other invisible characters shown by number, such as ``[U+202E]``."""
    lines = _MANY_LINES.sub("\n\n", _LINE_ENDS.sub("\n", text))
    calm = _ACCENTS.sub(lambda match: match.group()[:_MOST_ACCENTS], lines)
    shown = calm if calm.isprintable() else "".join(_shown(calm))
    return _CONTROL_WORDS.sub(lambda match: match.group() + _JOINER, shown)


def _shown(text: str) -> Iterator[str]:
    for character, run in groupby(text):
        count = sum(1 for _ in run)
        if not _is_invisible(character):
            yield character * count
        elif count == 1:
            yield f"[U+{ord(character):04X}]"
        else:
            yield f"[U+{ord(character):04X} ×{count}]"


def _is_invisible(character: str) -> bool:
    return character not in _KEPT_INVISIBLE and unicodedata.category(character) in {"Cc", "Cf", "Cs", "Cn", "Co"}


def _inside(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    for span in spans:
        start, end = max(span.start, 0), min(span.end, len(text))
        if start < end:
            yield Span(start, end)


def _marks(text: str, matched: Iterable[Span], private: Iterable[Span]) -> bytearray:
    """One number for each character: 0 plain, 1 matched, 2 private. Private wins."""
    marks = bytearray(len(text))
    hidden = tuple(_inside(text, private))
    for span in _inside(text, matched):
        marks[span.start : span.end] = bytes([_MATCHED]) * (span.end - span.start)
    for span in hidden:
        marks[span.start : span.end] = bytes([_PRIVATE]) * (span.end - span.start)
    for secret in secrets_in(text, hidden):
        if len(secret) >= _SHORTEST_SECRET:
            for found in re.finditer(re.escape(secret), text):
                marks[found.start() : found.end()] = bytes([_PRIVATE]) * len(secret)
    return marks


def _windows(marks: bytearray, limit: int) -> list[tuple[int, int]]:
    """Which characters to show: the head, and where the first mark lies beyond it, its surroundings."""
    if len(marks) <= limit:
        return [(0, len(marks))]
    first = min((at for at in (marks.find(_MATCHED), marks.find(_PRIVATE)) if at >= 0), default=0)
    if first < limit * 3 // 4:
        return [(0, limit)]
    start = first - limit // 6
    return [(0, limit // 3), (start, min(start + limit * 2 // 3, len(marks)))]


def _run(text: str, marks: bytearray, start: int, stop: int) -> Iterator[Piece]:
    at = start
    for mark, run in groupby(marks[start:stop]):
        length = sum(1 for _ in run)
        kind = _KINDS[mark]
        yield Piece(MASK if kind == "private" else visible(text[at : at + length]), kind)
        at += length


def _few_marks(pieces: Sequence[Piece], most: int) -> Iterator[Piece]:
    """The first matches keep their mark; a thousand marks would burst the message and show nothing more."""
    seen = 0
    for piece in pieces:
        seen += piece.kind == "matched"
        yield Piece(piece.text) if piece.kind == "matched" and seen > most else piece


def _joined(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbours without a mark as one; masks and matches stay apart, so that each can be counted."""
    for kind, run in groupby(pieces, key=lambda piece: piece.kind):
        if kind == "plain":
            yield Piece("".join(piece.text for piece in run))
        else:
            yield from run
