"""Hartford Police's General Order 3-01a as shipped: visitors' obscenities, and the Department's own posts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import PolicyError
from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyPack, PolicyShelf
from bot.moderation.verdict import Item, Measure, Outcome

SLUG = "hartford-police-3-01a"
HERE = Path(__file__).parent
CRITICISM = (HERE / "criticism.txt").read_text(encoding="utf-8").splitlines()
TWINS = [line.split(" | ") for line in (HERE / "twins.txt").read_text(encoding="utf-8").splitlines()[1:]]

# The order's numbers: the last of each part, and how many bullets or named things a number has.
PARTS = {"A": 20, "B": 8, "C": 3, "D": 2}
BULLETS = {"A.4": 2, "A.6": 3, "A.9": 4, "A.19": 4, "A.20": 5, "B.2": 5, "B.5": 3}

# Words at which a police page once filtered and lost (Tanner): they are views.
ANTI_POLICE = (
    "pig",
    "Pigs! Copper! Jerk!",
    "This guy sucks",
    "Corrupt cops, liars and cowards, every one of you",
    "Defund and abolish this department",
    "The chief is a racist and a bully and should resign",
    "Puercos, corruptos y cobardes",
    "Que se vaya el jefe de la policía",
)
GUILT = (
    "The killer John Doe was arrested on Park Street last night",
    "He did it, and he confessed to our detectives",
    "The suspect is innocent, we had the wrong man",
    "Detuvimos al asesino de la calle Park",
)
LAWFUL_NEWS = (
    "John Doe, 34, was charged with murder and is held on bond",
    "The defendant pleaded guilty in Superior Court on Monday",
    "All suspects are presumed innocent until proven guilty",
    "El detenido se declaró inocente",
    "Route 44 is closed; a child is missing, call 860-555-0100 with information",
)


@pytest.fixture(scope="module")
def order(shelf: PolicyShelf) -> PolicyPack:
    """The order as shipped."""
    return shelf.version(SLUG, "2014-02")


@pytest.fixture(scope="module")
def bench(shelf: PolicyShelf, order: PolicyPack) -> Judge:
    """Its judge."""
    return shelf.judge(order)


def test_every_clause_of_the_text_is_there_under_its_own_number(order: PolicyPack) -> None:
    """Parts I to III, every number and bullet of part IV, and the closing paragraph, in the order of the text."""
    assert [clause.id for clause in order.clauses] == ["I", "II", "III", *_numbers(), "closing"]


def test_what_members_do_in_their_own_name_has_no_rule(order: PolicyPack) -> None:
    """Beadle reads no personal account: nothing serves part A, and no part of it is left to rules."""
    personal = [clause for clause in order.clauses if clause.id.startswith("IV.A.")]
    assert {clause.judged_by for clause in personal} == {"people", "records"}
    assert not [rule.id for rule in order.rules if rule.clause.startswith("IV.A.")]


@pytest.mark.parametrize("clause", ["IV.B.5.b", "IV.B.5.c", "IV.B.2.e", "IV.A.15", "I"])
def test_topic_attacks_copyright_and_reputation_are_for_people(order: PolicyPack, clause: str) -> None:
    """Off-topic comments, personal attacks, copyright and reputation stand there with the reason why no rule judges."""
    assert order.clause(clause).judged_by == "people"
    assert order.clause(clause).why
    assert not [rule.id for rule in order.rules if rule.clause == clause]


def test_only_listed_obscenities_of_visitors_may_be_hidden(order: PolicyPack) -> None:
    """One printed list may hide; every other rule asks or tells a person."""
    assert [rule.id for rule in order.rules if rule.measure is Measure.HIDE] == ["obscene-words"]
    assert (order.rule("obscene-words").clause, order.rule("obscene-words").applies_to) == ("IV.B.5.a", "public")


@pytest.mark.parametrize("text", ANTI_POLICE)
def test_words_against_the_police_are_never_flagged(bench: Judge, text: str) -> None:
    """Contempt for the Department is a view, and no personal attack that a rule could find."""
    assert bench.judge(Item(text)).findings == ()


@pytest.mark.parametrize("text", CRITICISM)
def test_criticism_is_never_flagged(bench: Judge, text: str) -> None:
    """However furious, it stays up and alerts nobody."""
    assert bench.judge(Item(text)).findings == ()


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[0][:40])
@pytest.mark.parametrize("by_page", [False, True], ids=["resident", "department"])
def test_both_sides_get_the_same_verdict(bench: Judge, pair: list[str], by_page: bool) -> None:
    """Praise and blame in one form are judged by the same rules alike, whoever writes."""
    one, other = (bench.judge(Item(text, by_page=by_page)) for text in pair)
    assert [(f.rule_id, f.measure) for f in one.findings] == [(f.rule_id, f.measure) for f in other.findings]


@pytest.mark.parametrize("text", ["Fuck the police", "I love our fucking police", "Pinche policía de mierda"])
def test_a_listed_obscenity_is_hidden_for_friend_and_foe(bench: Judge, text: str) -> None:
    """The word counts and not whom it praises; the act cites IV.B.5.a."""
    verdict = bench.judge(Item(text))
    assert (verdict.outcome, verdict.measure, verdict.clause) == (Outcome.ACT, Measure.HIDE, "IV.B.5.a")


def test_the_department_is_alerted_to_its_own_obscenity_and_nothing_is_hidden(bench: Judge) -> None:
    """The same word in the Department's own post breaks decorum (IV.B.2.a): people are told."""
    verdict = bench.judge(Item("Slow down in the fucking school zone", by_page=True))
    assert (verdict.outcome, verdict.measure, verdict.clauses) == (Outcome.REVIEW, Measure.ALERT, ("IV.B.2.a",))


def test_a_rule_for_the_departments_own_posts_never_touches_a_resident(bench: Judge, order: PolicyPack) -> None:
    """Every example that such a rule finds in the Department's post is no finding of it in a resident's comment."""
    for rule in (rule for rule in order.rules if rule.applies_to == "staff"):
        for item in rule.violates:
            assert rule.id in _found(bench, Item(item.text, lang=item.lang, by_page=True))
            assert not [each for each in _found(bench, item) if order.rule(each).applies_to == "staff"]


@pytest.mark.parametrize("text", GUILT)
def test_the_department_may_not_say_who_is_guilty_and_a_resident_may(bench: Judge, text: str) -> None:
    """Guilt or innocence in the Department's own post goes to a person at once (IV.B.2.c); a resident's is a view."""
    official = next(f for f in bench.judge(Item(text, by_page=True)).findings if f.rule_id == "guilt-statements")
    assert (official.clause, official.measure, official.urgent) == ("IV.B.2.c", Measure.REVIEW, True)
    assert bench.judge(Item(text)).findings == ()


@pytest.mark.parametrize("text", LAWFUL_NEWS)
def test_lawful_news_of_a_case_is_not_flagged(bench: Judge, text: str) -> None:
    """Charges, pleas, the presumption of innocence and urgent notices are what the Department's page is for."""
    assert bench.judge(Item(text, by_page=True)).findings == ()


def test_what_the_chief_permitted_in_writing_is_not_flagged(bench: Judge) -> None:
    """The order lets confidential matter through with express written permission, and a post can say that it has it."""
    told = "The witness is named Maria Lopez"
    assert _found(bench, Item(told, by_page=True)) == {"investigation-records"}
    assert not _found(bench, Item(f"{told}. Posted with written permission of the Chief", by_page=True))


@pytest.mark.parametrize("side", ["Democrat", "Republican", "Libertarian"])
def test_the_department_takes_no_side_and_a_resident_may(bench: Judge, side: str) -> None:
    """An endorsement in the Department's own post is flagged for every party alike, a resident's for none."""
    text = f"Vote {side} this November"
    assert _found(bench, Item(text, by_page=True)) == {"staff-endorsements"}
    assert not _found(bench, Item(text))


@pytest.mark.parametrize(
    ("text", "clause"), [("Vote yes on Question 2", "IV.B.2.d"), ("Vote no on Question 2", "IV.B.2.d")]
)
def test_both_answers_to_a_ballot_question_are_a_side(bench: Judge, text: str, clause: str) -> None:
    """Yes and no are judged alike."""
    assert bench.judge(Item(text, by_page=True)).clauses == (clause,)


def test_a_tip_goes_to_a_person_at_once_and_is_nobodys_violation(bench: Judge) -> None:
    """The Department asks for tips (IV.C.2): one is put before a person, urgently, with no label and no strike."""
    verdict = bench.judge(Item("I saw the robbery, it was a blue Honda"))
    assert [(f.rule_id, f.clause, f.urgent) for f in verdict.findings] == [("possible-tip", "IV.C.2", True)]
    assert set(verdict.labels.values()) == {0.0}
    assert bench.pack.rule("possible-tip").strikes == 0


def test_where_an_officer_lives_asks_a_person_to_look(bench: Judge) -> None:
    """Publishing a home address endangers people: a flag under II, shown with the address itself."""
    text = "Enough. That officer lives at 40 Maple Avenue"
    finding = next(f for f in bench.judge(Item(text)).findings if f.rule_id == "safety-of-people")
    assert (finding.clause, finding.category, finding.urgent) == ("II", "safety", True)
    assert any("40 Maple Avenue" in text[span.start : span.end] for span in finding.spans)


def test_the_order_is_in_force_from_its_own_date(shelf: PolicyShelf, order: PolicyPack) -> None:
    """From February 28, 2014, Hartford's midnight; what was posted before can't be judged by it."""
    assert shelf.in_force(SLUG, datetime(2014, 2, 28, 5, 0, tzinfo=UTC)) is order
    with pytest.raises(PolicyError, match="not in force"):
        shelf.in_force(SLUG, datetime(2014, 2, 28, 4, 59, tzinfo=UTC))


def _numbers() -> Iterator[str]:
    for part, last in PARTS.items():
        for number in range(1, last + 1):
            yield f"IV.{part}.{number}"
            bullets = BULLETS.get(f"{part}.{number}", 0)
            yield from (f"IV.{part}.{number}.{letter}" for letter in "abcde"[:bullets])


def _found(bench: Judge, item: Item) -> set[str]:
    return {finding.rule_id for finding in bench.judge(item).findings}
