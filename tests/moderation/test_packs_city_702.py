"""Policy 702: every clause is there; its rules read the city's own posts, and no comment is judged by what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyPack, PolicyShelf
from bot.moderation.verdict import Item, Measure, Outcome

HERE = Path(__file__).parent
CRITICISM = (HERE / "criticism.txt").read_text(encoding="utf-8").splitlines()
TWINS = [line.split(" | ") for line in (HERE / "twins.txt").read_text(encoding="utf-8").splitlines()[1:]]
NUMBERED = [
    *("702.1", "702.1.1", "702.2", "702.3", "702.4", "702.4.1", "702.5", "702.5.1", "702.6", "702.7", "702.8"),
    *(f"702.4({letter})" for letter in "abcdefgh"),
    *(f"702.5({letter})" for letter in "abcdefg"),
]
BARRED = [
    ("This council is a fucking joke", "702.5(a)"),
    ("Los inmigrantes son ratas", "702.5(a)"),
    ("Nice tits on the lady who complained", "702.5(a)"),
    ("More pictures at fansly.com/abc", "702.5(a)"),
    ("Your application is on file under SSN 219-09-9999", "702.5(b)"),
    ("La testigo se llama María López", "702.5(c)"),
    ("The juvenile suspect, named Sam Ortiz, is in custody", "702.5(b)"),
    ("The portal's password is: Welcome2024!", "702.5(e)"),
    ("The alarm code for the side door of the school is 1906", "702.5(e)"),
    ("Check out my wife's new bakery on Main", "702.5(f)"),
    ("Vote Republican in November", "702.5(f)"),
    ("Vote Democrat in November", "702.5(f)"),
    ("Free iPhone for residents, claim your prize now www.prize-winner.com", "702.5(g)"),
]


@pytest.fixture(scope="module")
def city(shelf: PolicyShelf) -> PolicyPack:
    """The policy."""
    return shelf.version("city-702", "2024-01")


@pytest.fixture(scope="module")
def judging(shelf: PolicyShelf, city: PolicyPack) -> Judge:
    """Its judge."""
    return shelf.judge(city)


def test_every_clause_of_the_text_is_there_once(city: PolicyPack) -> None:
    """Every numbered paragraph, and every lettered item of 702.4 and 702.5."""
    assert sorted(clause.id for clause in city.clauses) == sorted(NUMBERED)


def test_reputation_and_mission_are_for_people(city: PolicyPack) -> None:
    """702.4 and 702.5(d) say why, and no rule cites them."""
    people = [clause for clause in city.clauses if clause.judged_by == "people"]
    assert [clause.id for clause in people] == ["702.4", "702.5(d)"]
    assert all(clause.why for clause in people)
    assert not {"702.4", "702.5(d)"} & {rule.clause for rule in city.rules}


def test_no_rule_binds_the_public(city: PolicyPack) -> None:
    """A closed forum is closed to all alike; one flag alone looks at what a comment says, for its writer's sake."""
    assert [rule.id for rule in city.rules if rule.applies_to != "staff"] == ["self-harm"]
    assert city.rule("self-harm").is_flag


def test_no_rule_hides_and_none_counts_strikes(city: PolicyPack) -> None:
    """The city's own posts are its own; a person takes them down."""
    assert {rule.measure for rule in city.rules} == {Measure.ALERT, Measure.REVIEW}
    assert all(rule.strikes == 0 for rule in city.rules)


@pytest.mark.parametrize(("text", "clause"), BARRED)
def test_the_clause_that_a_post_breaks_is_cited(judging: Judge, text: str, clause: str) -> None:
    """Each item that a rule serves is found in the city's own post, and a person is asked."""
    verdict = judging.judge(Item(text, by_page=True))
    assert (set(verdict.clauses), verdict.outcome) == ({clause}, Outcome.REVIEW)


@pytest.mark.parametrize(("text", "_clause"), BARRED)
def test_the_same_words_of_a_resident_are_not_judged(judging: Judge, text: str, _clause: str) -> None:
    """702.5.1: a comment is a breach because it is there, not for what it says."""
    assert judging.judge(Item(text)).outcome is Outcome.CLEAR


@pytest.mark.parametrize("text", CRITICISM)
def test_criticism_is_left_alone_whoever_says_it(judging: Judge, text: str) -> None:
    """Damage to reputation (702.5(d)) is no rule: a post that quotes a critic, and a critic, pass alike."""
    assert judging.judge(Item(text)).findings == ()


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[0][:40])
def test_both_sides_are_judged_alike(judging: Judge, pair: list[str]) -> None:
    """For and against, this group and that: the same rules find the same in the city's posts (FA-07)."""
    one, other = (judging.judge(Item(text, by_page=True)) for text in pair)
    assert [(f.rule_id, f.measure) for f in one.findings] == [(f.rule_id, f.measure) for f in other.findings]


def test_a_warning_of_a_crime_under_way_is_excepted(judging: Judge) -> None:
    """702.4(e) allows at the moment itself what would otherwise give an operation away."""
    told = "The SWAT team is on Elm Street right now"
    assert set(judging.judge(Item(told, by_page=True)).clauses) == {"702.5(e)"}
    assert judging.judge(Item(f"{told}: avoid the area", by_page=True)).findings == ()


def test_somebody_in_danger_is_reported_even_on_a_closed_page(judging: Judge) -> None:
    """A flag alleges nothing; people are told at once."""
    verdict = judging.judge(Item("I want to kill myself"))
    assert [(f.rule_id, f.measure, f.urgent) for f in verdict.findings] == [("self-harm", Measure.ALERT, True)]
