"""The line interface: one answer a line, in order, whatever the line is."""

from __future__ import annotations

import json

from bot.moderation.judge import Judge
from bot.moderation.lines import NO_TEXT, NOT_JSON, NOT_TEXT, TOO_LARGE, judge_lines


def test_each_line_gets_its_answer_in_its_place(judge: Judge) -> None:
    """Good and bad lines keep their order; a bad one never ends the stream."""
    lines = [
        json.dumps({"text": "fuck", "lang": "en", "post": "Budget"}).encode(),
        b"{not json",
        b"[1]",
        b'{"lang": "en"}',
        b'{"text": 7}',
        b'{"text": "ok", "lang": 7}',
        b"\xff\xfe",
        b"",
        b"[" * 100_000,
        json.dumps({"text": "a" * 1_000_001}).encode(),
        json.dumps({"text": "hello, all"}).encode(),
    ]
    answers = list(judge_lines(lines, judge))
    assert [answer.get("error") for answer in answers] == [
        None, NOT_JSON, NOT_JSON, NO_TEXT, NO_TEXT,
        NOT_TEXT.format(key="lang"), NOT_JSON, NOT_JSON, NOT_JSON, TOO_LARGE,
        None,
    ]  # fmt: skip


def test_an_answer_has_exactly_these_keys(judge: Judge) -> None:
    """Outcome, action, clauses, language, labels and findings with spans in characters."""
    (answer,) = judge_lines(['{"text": "¡Qué mierda, alcalde!"}'.encode()], judge)
    assert answer == {
        "outcome": "act",
        "action": "hide",
        "clauses": ["3.4.3.A"],
        "lang": "es",
        "labels": {"profanity": 1.0},
        "findings": [
            {
                "rule": "obscene-words",
                "clause": "3.4.3.A",
                "category": "profanity",
                "spans": [[5, 11]],
                "reason": "Holds a word of the published list of obscene words.",
            }
        ],
    }


def test_a_clear_answer_asks_for_nothing(judge: Judge) -> None:
    """Nothing found is nothing to do."""
    (answer,) = judge_lines([b'{"text": "Thank you for the plowing"}'], judge)
    assert (answer["outcome"], answer["action"], answer["clauses"], answer["findings"]) == ("clear", "none", [], [])


def test_an_answer_to_a_lone_surrogate_can_be_written(judge: Judge) -> None:
    """JSON may carry half a character; the answer must still be JSON."""
    (answer,) = judge_lines([b'{"text": "\\ud800 shit"}'], judge)
    assert json.loads(json.dumps(answer))["outcome"] == "act"
