"""The line interface: one answer a line, in order, whatever the line is."""

from __future__ import annotations

import json
from io import BufferedReader
from typing import cast

from bot.moderation.judge import Judge
from bot.moderation.lines import NO_TEXT, NOT_JSON, NOT_TEXT, TOO_LARGE, judge_lines, judge_stream
from bot.moderation.pack import CATEGORIES


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
        "labels": {category: float(category == "profanity") for category in CATEGORIES},
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


class Pipe:
    """A pipe that gives what was written so far, and remembers what had been answered when it was read again."""

    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = pieces
        self.answered = 0
        self.journal: list[int] = []

    def read1(self, _size: int) -> bytes:
        self.journal.append(self.answered)
        return self._pieces.pop(0) if self._pieces else b""


def test_a_slow_pipe_is_answered_line_by_line(judge: Judge) -> None:
    """What is there is answered before more is read; a line that comes in pieces is one line; the last needs no end."""
    pipe = Pipe([b'{"text": "a"}\n', b'{"te', b'xt": "b"}\n{"text"', b': "c"}\n\n{"text": "d"}'])
    answers = []
    for written, good in judge_stream(cast(BufferedReader, pipe), judge):
        answers += written.splitlines()
        pipe.answered = len(answers)
        assert good is (b"error" not in written)
    assert [b"error" in each for each in answers] == [False, False, False, True, False]
    assert pipe.journal == [0, 1, 1, 2, 4]


def test_a_line_without_end_is_refused_and_not_kept(judge: Judge) -> None:
    """Whoever sends megabytes without a line end gets one error, and the next line its answer."""
    pipe = Pipe([b'{"text": "' + b"a" * 1_000_000] * 12 + [b'"}\n{"text": "b"}\n'])
    answers = b"".join(written for written, _ in judge_stream(cast(BufferedReader, pipe), judge)).splitlines()
    assert [json.loads(each).get("error") for each in answers] == [TOO_LARGE, None]


def test_many_lines_get_their_answers_in_their_places(judge: Judge) -> None:
    """However they are cut into batches, the five thousandth answer is to the five thousandth line."""
    lines = [json.dumps({"text": f"fuck {n}" if n % 7 == 0 else f"thanks {n}"}).encode() for n in range(5_000)]
    lines[100::1_000] = [b"{broken"] * 5
    answers = judge_lines(lines, judge)
    found = ["error" if "error" in answer else answer["outcome"] for answer in answers]
    expected = ["act" if n % 7 == 0 else "clear" for n in range(5_000)]
    expected[100::1_000] = ["error"] * 5
    assert found == expected
