"""The line interface of ``beadle judge``: one JSON object a line in, one answer a line out, in the same order.

In: ``{"text": str, "lang"?: str, "post"?: str}``. Out: ``outcome``, ``action``, ``clauses``, ``lang``, ``labels`` and
``findings`` (``rule``, ``clause``, ``category``, ``spans`` as ``[start, end)`` in characters of ``text``, ``reason``),
or ``{"error": str}`` in the place of a line that can't be judged. A bad line never ends the stream.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from io import BufferedReader
from typing import Any

import orjson

from bot.moderation.judge import Judge
from bot.moderation.verdict import Finding, Item, Verdict

LARGEST_TEXT = 1_000_000
"""Bytes of UTF-8. The longest comment of any platform is a tenth of it."""

NOT_JSON = "This line is not a JSON object in UTF-8; write one object a line."
NO_TEXT = 'This line has no "text"; give the comment as a string under "text".'
TOO_LARGE = f"The text of this line is over {LARGEST_TEXT:,} bytes; no platform's comment is, judge it in parts."
NOT_TEXT = 'The "{key}" of this line is not a string; leave it out or give a string.'


_BLOCK = 1 << 18
_LONGEST_LINE = 8 * LARGEST_TEXT  # JSON may need six bytes for one


class _Unreadable(Exception):
    """Why a line can't be judged."""


def judge_stream(source: BufferedReader, judge: Judge) -> Iterator[tuple[bytes, bool]]:
    """Answer a stream as it comes: after each piece of it the answers, ready to be written, and whether all are good.

    A slow pipe is answered line by line, a fast one thousands of lines at once.
    """
    for lines in _blocks(source):
        answers = judge_lines(lines, judge)
        yield b"".join(map(_written, answers)), not any("error" in each for each in answers)


def judge_lines(input_lines: Iterable[bytes], judge: Judge) -> list[dict[str, Any]]:
    """Answer every line. An empty line is a line too."""
    read = [_read(line) for line in input_lines]
    verdicts = iter(judge.judge_all([item for item in read if isinstance(item, Item)]))
    return [answer(next(verdicts)) if isinstance(item, Item) else item for item in read]


def answer(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain values."""
    return {
        "outcome": verdict.outcome.value,
        "action": verdict.measure.value,
        "clauses": list(verdict.clauses),
        "lang": verdict.lang,
        "labels": dict(verdict.labels),
        "findings": [_finding(finding) for finding in verdict.findings],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule_id,
        "clause": finding.clause,
        "category": finding.category,
        "spans": [[span.start, span.end] for span in finding.spans],
        "reason": finding.reason,
    }


def _written(answer: dict[str, Any]) -> bytes:
    return orjson.dumps(answer, option=orjson.OPT_APPEND_NEWLINE)


def _blocks(source: BufferedReader) -> Iterator[list[bytes]]:
    """Whole lines, as many as are there. A line that is longer than any may be is cut: it is refused anyway."""
    _widen(source)
    rest = b""
    while piece := source.read1(_BLOCK):
        *lines, last = piece.split(b"\n")
        if lines:
            lines[0] = rest + lines[0]
            rest = b""
            yield lines
        rest = (rest + last)[: _LONGEST_LINE + 1]
    if rest:
        yield [rest]


def _widen(source: BufferedReader) -> None:
    """Let a pipe hold as much as is read at once: the more lines come together, the faster each is judged."""
    with suppress(OSError, ValueError, AttributeError):  # no pipe, no file, or no Linux
        fcntl.fcntl(source.fileno(), fcntl.F_SETPIPE_SZ, _BLOCK)


def _read(line: bytes) -> Item | dict[str, Any]:
    try:
        return _item(line)
    except _Unreadable as error:
        return {"error": str(error)}


def _item(line: bytes) -> Item:
    if len(line) > _LONGEST_LINE:
        raise _Unreadable(TOO_LARGE)
    given = _object(line)
    text = given.get("text")
    if not isinstance(text, str):
        raise _Unreadable(NO_TEXT)
    if len(text) > LARGEST_TEXT // 4 and len(text.encode("utf-8", "surrogatepass")) > LARGEST_TEXT:
        raise _Unreadable(TOO_LARGE)
    lang, post = given.get("lang"), given.get("post")
    for key, value in (("lang", lang), ("post", post)):
        if value is not None and not isinstance(value, str):
            raise _Unreadable(NOT_TEXT.format(key=key))
    return Item(text, lang=lang, post=post)


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError:
        given = _tolerantly(line)
    if not isinstance(given, dict):
        raise _Unreadable(NOT_JSON)
    return given


def _tolerantly(line: bytes) -> Any:
    """What the strict reader refuses and an older one writes: half a character, a byte order mark, NaN."""
    try:
        return json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _Unreadable(NOT_JSON) from error
