"""The line interface of ``beadle judge``: one JSON object a line in, one answer a line out, in the same order.

In: ``{"text": str, "lang"?: str, "post"?: str}``. Out: ``outcome``, ``action``, ``clauses``, ``lang``, ``labels`` and
``findings`` (``rule``, ``clause``, ``category``, ``spans`` as ``[start, end)`` in characters of ``text``, ``reason``),
or ``{"error": str}`` in the place of a line that can't be judged. A bad line never ends the stream.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from bot.moderation.judge import Judge
from bot.moderation.verdict import Finding, Item, Verdict

LARGEST_TEXT = 1_000_000
"""Bytes of UTF-8. The longest comment of any platform is a tenth of it."""

NOT_JSON = "This line is not a JSON object in UTF-8; write one object a line."
NO_TEXT = 'This line has no "text"; give the comment as a string under "text".'
TOO_LARGE = f"The text of this line is over {LARGEST_TEXT:,} bytes; no platform's comment is, judge it in parts."
NOT_TEXT = 'The "{key}" of this line is not a string; leave it out or give a string.'


class _Unreadable(Exception):
    """Why a line can't be judged."""


def judge_lines(input_lines: Iterable[bytes], judge: Judge) -> Iterator[dict[str, Any]]:
    """Answer every line. An empty line is a line too."""
    for line in input_lines:
        try:
            item = _item(line)
        except _Unreadable as error:
            yield {"error": str(error)}
        else:
            yield answer(judge.judge(item))


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


def _item(line: bytes) -> Item:
    given = _object(line)
    text = given.get("text")
    if not isinstance(text, str):
        raise _Unreadable(NO_TEXT)
    if len(text) > LARGEST_TEXT or len(text.encode("utf-8", "surrogatepass")) > LARGEST_TEXT:
        raise _Unreadable(TOO_LARGE)
    for key in ("lang", "post"):
        if not isinstance(given.get(key), str | None):
            raise _Unreadable(NOT_TEXT.format(key=key))
    return Item(text, lang=given.get("lang"), post=given.get("post"))


def _object(line: bytes) -> dict[str, Any]:
    try:
        given = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _Unreadable(NOT_JSON) from error
    if not isinstance(given, dict):
        raise _Unreadable(NOT_JSON)
    return given
