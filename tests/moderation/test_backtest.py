"""What a policy would have said of comments that were judged before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from bot.moderation.backtest import Judged, Report, backtest
from bot.moderation.judge import Judge, fingerprint
from bot.moderation.verdict import Finding, Item, Measure, Outcome, PolicyRef, Span, Verdict

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
REF = PolicyRef("clinton-city", "before", "")
CLEAR = Verdict(Outcome.CLEAR, Measure.NONE, (), REF, "en")


def _found(outcome: Outcome, clause: str = "1.a") -> Verdict:
    finding = Finding("old-rule", clause, "profanity", "word_list", (Span(0, 4),), 1.0, "", Measure.HIDE, True)
    return Verdict(outcome, Measure.HIDE, (finding,), REF, "en")


def _judged(text: str, before: Verdict = CLEAR, status: str | None = None, minutes: int = 0) -> Judged:
    return Judged(Item(text), "anna", fingerprint(text), NOW + timedelta(minutes=minutes), before, status)


def _whole(judge: Judge, *comments: Judged, each: int = 5) -> Report:
    return list(backtest(judge, comments, each))[-1]


def test_every_turn_is_counted(judge: Judge) -> None:
    """Each comment stands in one cell: outcome of then, outcome of now."""
    report = _whole(
        judge,
        _judged("Thanks for the plowing."),
        _judged("What a load of bullshit."),
        _judged("Thanks again.", _found(Outcome.ACT)),
    )
    assert report.turns == {
        (Outcome.CLEAR, Outcome.CLEAR): 1,
        (Outcome.CLEAR, Outcome.ACT): 1,
        (Outcome.ACT, Outcome.CLEAR): 1,
    }
    assert (report.comments, report.changed) == (3, 2)
    assert report.rules_before == {"old-rule": 1}
    assert report.rules_after["obscene-words"] == 1


@pytest.mark.parametrize(
    ("text", "before", "status", "against"),
    [
        ("What a load of bullshit.", CLEAR, "kept", 1),
        ("What a load of bullshit.", CLEAR, "restored", 1),
        ("What a load of bullshit.", CLEAR, None, 0),
        ("Thanks.", _found(Outcome.ACT), "hidden", 1),
        ("Thanks.", _found(Outcome.ACT), "restored", 0),
        ("What a load of bullshit.", _found(Outcome.ACT), "kept", 0),
    ],
)
def test_changes_against_peoples_decisions_are_counted(
    judge: Judge, text: str, before: Verdict, status: str | None, against: int
) -> None:
    """A new pack that would act on what people kept, or clear what they took down, is told so."""
    assert _whole(judge, _judged(text, before, status)).contradicted == against


def test_the_same_outcome_under_another_clause_is_moved_not_changed(judge: Judge) -> None:
    """The city sees that another clause would have been cited."""
    report = _whole(judge, _judged("What a load of bullshit.", _found(Outcome.ACT, "9.z")))
    assert (report.changed, report.moved) == (0, 1)


def test_a_few_examples_of_each_turn_are_kept(judge: Judge) -> None:
    """Not all: the report of a million comments stays small."""
    report = _whole(judge, *(_judged(f"What bullshit number {n}.") for n in range(9)), each=3)
    assert [len(changes) for changes in report.examples.values()] == [3]
    assert report.turns[Outcome.CLEAR, Outcome.ACT] == 9


def test_repetition_is_counted_as_the_poll_counted_it(judge: Judge) -> None:
    """Four of the same within a day are a repetition; the fourth a day later is not."""
    text = "Win big at https://lucky.example.com/now friends"
    soon = _whole(judge, *(_judged(text, minutes=n) for n in range(6)))
    late = _whole(judge, *(_judged(text, minutes=n * 25 * 60) for n in range(6)))
    assert soon.rules_after["repeated-links"] > 0
    assert late.rules_after["repeated-links"] == 0


def test_a_long_history_is_reported_as_it_goes(judge: Judge) -> None:
    """A report after each batch, growing; comments are asked for as they are needed."""
    asked = []

    def comments() -> Iterator[Judged]:
        for n in range(5_000):
            asked.append(n)
            yield _judged(f"Thanks, number {n}.")

    reports = backtest(judge, comments())
    first = next(reports).comments
    assert 0 < first == len(asked) < 5_000
    assert list(reports)[-1].comments == 5_000


def test_nothing_kept_is_nothing_reported(judge: Judge) -> None:
    """No comments, no report."""
    assert list(backtest(judge, [])) == []
