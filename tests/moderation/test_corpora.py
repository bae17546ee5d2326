"""What must stay up: fury at officials, innocent words, and the same verdict for both sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.moderation.judge import Judge
from bot.moderation.verdict import Item, Outcome

HERE = Path(__file__).parent
CRITICISM = (HERE / "criticism.txt").read_text(encoding="utf-8").splitlines()
INNOCENTS = (HERE / "innocents.txt").read_text(encoding="utf-8").splitlines()
TWINS = [line.split(" | ") for line in (HERE / "twins.txt").read_text(encoding="utf-8").splitlines()[1:]]


@pytest.mark.parametrize("text", CRITICISM)
def test_criticism_is_never_flagged(judge: Judge, text: str) -> None:
    """However furious, a comment about officials and their work stays up and alerts nobody (FA-06, FA-07)."""
    assert judge.judge(Item(text)).findings == ()


@pytest.mark.parametrize("text", CRITICISM[:40])
def test_criticism_in_capitals_is_never_flagged(judge: Judge, text: str) -> None:
    """Shouting is no violation."""
    assert judge.judge(Item(text.upper() + "!!!")).findings == ()


def test_all_criticism_in_one_comment_is_never_flagged(judge: Judge) -> None:
    """Length adds nothing: a hundred furious sentences are as lawful as one."""
    assert judge.judge(Item("\n".join(CRITICISM))).outcome is Outcome.CLEAR


@pytest.mark.parametrize("text", INNOCENTS)
def test_innocent_words_that_hold_or_resemble_listed_ones_are_not_flagged(judge: Judge, text: str) -> None:
    """Place names, surnames, birds, idioms, sponsors, public numbers: nothing is found."""
    assert judge.judge(Item(text)).findings == ()


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[0][:40])
def test_both_sides_get_the_same_verdict(judge: Judge, pair: list[str]) -> None:
    """The same sentence for and against, or about one group and another, is judged by the same rules alike (FA-07)."""
    one, other = (judge.judge(Item(text)) for text in pair)
    assert [(f.rule_id, f.measure) for f in one.findings] == [(f.rule_id, f.measure) for f in other.findings]
    assert one.outcome is other.outcome


def test_a_listed_word_is_found_in_the_middle_of_much_lawful_text(judge: Judge) -> None:
    """Lawful sentences around a violation do not dilute it."""
    text = "\n".join([*CRITICISM[:60], "fuck off", *CRITICISM[60:]])
    verdict = judge.judge(Item(text))
    assert [text[s.start : s.end] for s in verdict.findings[0].spans] == ["fuck"]
