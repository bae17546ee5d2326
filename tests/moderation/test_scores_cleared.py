"""What the model finds in another's words: reported, condemned and quoted speech is not said by the comment."""

from __future__ import annotations

import pytest

from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyPack, PolicyShelf
from bot.moderation.verdict import Item, Outcome

SAID = "These Mexicans breed like rabbits and ruin our schools"


@pytest.fixture(scope="module")
def judge(shelf: PolicyShelf, pack: PolicyPack) -> Judge:
    """The judge with the model that its policy pins."""
    return shelf.judge(pack)


def _hate(judge: Judge, text: str) -> float:
    return judge.judge(Item(text)).labels["hate"]


def test_what_is_said_outright_goes_to_a_person(judge: Judge) -> None:
    """The words that the other tests report, quote and condemn."""
    verdict = judge.judge(Item(SAID))
    assert verdict.outcome is Outcome.REVIEW
    assert [finding.rule_id for finding in verdict.findings] == ["reads-like-hate"]


@pytest.mark.parametrize(
    "text",
    [
        f"He said that {SAID.lower()}, right in front of the children.",
        f"Whoever writes that {SAID.lower()} has no place on our school board.",
        f'A poster said "{SAID}". Who took it down?',
    ],
    ids=["reported", "condemned", "quoted"],
)
def test_anothers_words_stay_under_one_half_and_are_clear(judge: Judge, text: str) -> None:
    """Label and outcome agree: nothing for a person to look at."""
    assert _hate(judge, text) < 0.5
    assert judge.judge(Item(text)).outcome is Outcome.CLEAR


def test_agreeing_with_anothers_words_is_saying_them(judge: Judge) -> None:
    """Who quotes and agrees, says it."""
    assert _hate(judge, f"He said that {SAID.lower()}, and he is right.") >= 0.5


def test_another_sentence_does_not_clear_this_one(judge: Judge) -> None:
    """Reporting one thing does not excuse the next."""
    assert _hate(judge, f"He said that he was late. {SAID}.") >= 0.5


@pytest.mark.parametrize("land", ["Palestine", "Israel", "Ukraine", "Taiwan"])
def test_the_freedom_of_a_country_is_no_hate_whichever_it_is(judge: Judge, land: str) -> None:
    """A side in a war is a view."""
    assert judge.judge(Item(f"{land} will be free.")).outcome is Outcome.CLEAR


@pytest.mark.parametrize("text", [SAID, f"He said that {SAID.lower()}, in church.", "Palestine will be free."])
def test_the_fast_way_clears_what_the_full_way_clears(judge: Judge, text: str) -> None:
    """Asked of some rules or of all, the verdict is one."""
    assert judge.judge(Item(text)) == judge.judge_fully(Item(text))
