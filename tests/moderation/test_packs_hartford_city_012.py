"""Hartford's Policy 012 as shipped: every clause is there, and what it doesn't list is left alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import PolicyError
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyPack, PolicyShelf
from bot.moderation.render import render
from bot.moderation.verdict import Item, Measure, Outcome

SLUG = "hartford-city-012"
HERE = Path(__file__).parent
CRITICISM = (HERE / "criticism.txt").read_text(encoding="utf-8").splitlines()
TWINS = [line.split(" | ") for line in (HERE / "twins.txt").read_text(encoding="utf-8").splitlines()[1:]]

# The numbers of the policy's own text, in its order.
NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii", "xiii", "xiv")
UNLISTED = (
    "This is fucking ridiculous",
    "Esto es una mierda",
    "Immigrants are vermin",
    "Roof repair, free estimates, call today 860-555-0133",
    "Vote for Dana Ruiz in November",
    "What has the price of eggs got to do with this post?",
)


@pytest.fixture(scope="module")
def hartford(shelf: PolicyShelf) -> PolicyPack:
    """The policy as shipped."""
    return shelf.version(SLUG, "2018-02")


@pytest.fixture(scope="module")
def bench(shelf: PolicyShelf, hartford: PolicyPack) -> Judge:
    """Its judge."""
    return shelf.judge(hartford)


def test_every_clause_of_the_text_is_there_under_its_own_number(hartford: PolicyPack) -> None:
    """Two parts and fourteen provisions, in the order of the text, and none besides."""
    assert [clause.id for clause in hartford.clauses] == ["I", "II", *(f"III.{numeral}" for numeral in NUMERALS)]


def test_the_clause_that_lists_no_forms_of_content_is_for_people(shelf: PolicyShelf, hartford: PolicyPack) -> None:
    """III.xi bars what it does not name: no rule serves it, and the printed policy says why."""
    clause = hartford.clause("III.xi")
    assert clause.judged_by == "people"
    assert "lists no forms of content" in clause.why
    assert "lists no forms of content" in " ".join(render(hartford, shelf.wordlists).split())
    assert not [rule.id for rule in hartford.rules if rule.clause == "III.xi"]


def test_only_two_clauses_have_rules(hartford: PolicyPack) -> None:
    """What a law bars by name (III.v) and the city's own posts (III.xiii); all else is flags."""
    served = {(rule.clause, rule.applies_to == "staff") for rule in hartford.rules if not rule.is_flag}
    assert served == {("III.v", False), ("III.xiii", True)}


def test_nothing_is_hidden_by_itself(hartford: PolicyPack) -> None:
    """A policy that lists nothing gives no machine leave to hide anything."""
    assert {rule.measure for rule in hartford.rules} == {Measure.ALERT, Measure.REVIEW}


@pytest.mark.parametrize("text", UNLISTED)
def test_what_no_clause_names_stays_up(bench: Judge, text: str) -> None:
    """No clause, no act: neither coarse nor hateful nor selling nor off the topic, while the city lists none of it."""
    assert bench.judge(Item(text)).findings == ()


@pytest.mark.parametrize("text", CRITICISM)
def test_criticism_is_never_flagged(bench: Judge, text: str) -> None:
    """However furious, it stays up and alerts nobody."""
    assert bench.judge(Item(text)).findings == ()


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[0][:40])
@pytest.mark.parametrize("by_page", [False, True], ids=["resident", "city"])
def test_both_sides_get_the_same_verdict(bench: Judge, pair: list[str], by_page: bool) -> None:
    """Praise and blame in one form are judged by the same rules alike, whoever writes."""
    one, other = (bench.judge(Item(text, by_page=by_page)) for text in pair)
    assert [(f.rule_id, f.measure) for f in one.findings] == [(f.rule_id, f.measure) for f in other.findings]


def test_a_rule_for_the_citys_own_posts_never_touches_a_resident(bench: Judge, hartford: PolicyPack) -> None:
    """Every example that such a rule finds in the city's post is no finding of it in a resident's comment."""
    for rule in (rule for rule in hartford.rules if rule.applies_to == "staff"):
        for item in rule.violates:
            assert rule.id in _found(bench, Item(item.text, lang=item.lang, by_page=True))
            assert not [each for each in _found(bench, item) if hartford.rule(each).applies_to == "staff"]


def test_a_rule_for_residents_is_silent_on_the_citys_own_posts(bench: Judge) -> None:
    """The city's own Social Security number slip is its own matter, under III.xiii and not III.v."""
    assert bench.judge(Item("her SSN is 219-09-9999")).clauses == ("III.v",)
    assert bench.judge(Item("her SSN is 219-09-9999", by_page=True)).clauses == ("III.xiii",)


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        ("Enough. I will kill you, clerk", "threats", "I will kill you"),
        ("Basta. Te voy a matar, concejal", "threats", "Te voy a matar"),
        ("Come on, let's burn down city hall tonight", "crime", "let's burn down city hall tonight"),
        ("Look: 219-09-9999 is her social", "social-security-numbers", "219-09-9999"),
    ],
)
def test_what_a_law_bars_goes_to_a_person_with_its_words(bench: Judge, text: str, rule: str, words: str) -> None:
    """A person is shown III.v and the very words that matched; nothing happens without that person."""
    verdict = bench.judge(Item(text))
    finding = next(f for f in verdict.findings if f.rule_id == rule)
    assert (verdict.outcome, verdict.measure, finding.clause) == (Outcome.REVIEW, Measure.REVIEW, "III.v")
    assert any(text[span.start : span.end] == words for span in finding.spans)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("That inspector lives at 40 Maple Avenue", "safety-of-people"),
        ("La alcaldesa vive en la calle Olmo 12", "safety-of-people"),
        ("I want to kill myself", "self-harm"),
        ("I know who did it", "possible-tip"),
    ],
)
def test_a_danger_asks_a_person_to_look_and_alleges_nothing(bench: Judge, text: str, flag: str) -> None:
    """A flag cites the duty to watch the pages (III.iv), carries no label of a violation, and counts no strike."""
    verdict = bench.judge(Item(text))
    assert (flag, "III.iv") in [(f.rule_id, f.clause) for f in verdict.findings]
    assert verdict.labels["pii"] == 0
    assert bench.pack.rule(flag).strikes == 0


def test_the_policy_is_in_force_from_its_own_date(shelf: PolicyShelf, hartford: PolicyPack) -> None:
    """From February 1, 2018, Hartford's midnight; what was posted before can't be judged by it."""
    assert shelf.in_force(SLUG, datetime(2018, 2, 1, 5, 0, tzinfo=UTC)) is hartford
    with pytest.raises(PolicyError, match="not in force"):
        shelf.in_force(SLUG, datetime(2018, 2, 1, 4, 59, tzinfo=UTC))


def _found(bench: Judge, item: Item) -> set[str]:
    return {finding.rule_id for finding in bench.judge(item).findings}
