"""Glastonbury's Policy No. 6: every clause is there, the public and the town are bound by what each clause says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.moderation.judge import Judge
from bot.moderation.policy import PolicyPack, PolicyShelf
from bot.moderation.verdict import EARNABLE, Item, Measure, Outcome, Verdict

HERE = Path(__file__).parent
CRITICISM = (HERE / "criticism.txt").read_text(encoding="utf-8").splitlines()
TWINS = [line.split(" | ") for line in (HERE / "twins.txt").read_text(encoding="utf-8").splitlines()[1:]]

# As the text numbers them; what has no number of its own is named in brackets or by its heading.
NUMBERED = [
    *(f"Definition {number}" for number in range(1, 5)),
    *("1", *(f"1.{letter}" for letter in "abcdef")),
    *("2 (purpose)", "2 (safety)", "2 (operations)", "2 (reputation)"),
    *(f"2.{letter}" for letter in "abcde"),
    *("2.e.a", "2.e.b", "2.e.c", "2.e.a (second)"),
]
HEADINGS = ["Purpose", "Policy", "Moderation", "No Retaliation", "Discipline"]
FOR_PEOPLE = ["2 (operations)", "2 (reputation)", "2.e", "2.e.a", "2.e.c", "2.e.a (second)"]


@pytest.fixture(scope="module")
def town(shelf: PolicyShelf) -> PolicyPack:
    """The town's policy."""
    return shelf.version("glastonbury-6", "2022-12")


@pytest.fixture(scope="module")
def judging(shelf: PolicyShelf, town: PolicyPack) -> Judge:
    """Its judge."""
    return shelf.judge(town)


def _clauses(verdict: Verdict) -> set[str]:
    return set(verdict.clauses)


def test_every_clause_of_the_text_is_there_once(town: PolicyPack) -> None:
    """Definitions, roles, restrictions with their items, and the paragraphs that follow."""
    assert sorted(clause.id for clause in town.clauses) == sorted(NUMBERED + HEADINGS)


def test_what_no_list_of_words_can_tell_is_for_people(town: PolicyPack) -> None:
    """Reputation, operations, ownership, license, other policies: each says why, and no rule cites it."""
    people = [clause for clause in town.clauses if clause.judged_by == "people"]
    assert [clause.id for clause in people] == FOR_PEOPLE
    assert all(clause.why for clause in people)
    assert not {clause.id for clause in people} & {rule.clause for rule in town.rules}


def test_it_takes_effect_on_the_date_of_its_text(shelf: PolicyShelf, town: PolicyPack) -> None:
    """A comment of 9 December 2022 is the first that it judges."""
    assert town.effective_at.isoformat() == "2022-12-09T05:00:00+00:00"
    assert shelf.in_force("glastonbury-6", town.effective_at) is town


@pytest.mark.parametrize("text", CRITICISM)
def test_criticism_of_the_town_is_left_alone(judging: Judge, text: str) -> None:
    """The clauses on reputation and derogatory content reach no resident (FA-06, FA-07)."""
    assert judging.judge(Item(text)).findings == ()


@pytest.mark.parametrize("pair", TWINS, ids=lambda pair: pair[0][:40])
@pytest.mark.parametrize("by_page", [False, True])
def test_both_sides_are_judged_alike(judging: Judge, pair: list[str], by_page: bool) -> None:
    """For and against, this group and that: the same rules find the same (FA-07)."""
    one, other = (judging.judge(Item(text, by_page=by_page)) for text in pair)
    assert [(f.rule_id, f.measure) for f in one.findings] == [(f.rule_id, f.measure) for f in other.findings]


@pytest.mark.parametrize(
    ("text", "clause", "outcome"),
    [
        ("This town is a fucking joke", "2.a", Outcome.ACT),
        ("Qué mierda de servicio", "2.a", Outcome.ACT),
        ("I will kill you", "2.a", Outcome.REVIEW),
        ("Immigrants are vermin", "2.a", Outcome.REVIEW),
        ("Earn $5000 weekly from home! WhatsApp +1 860 555 0142", "2.c", Outcome.ACT),
        ("Roof repair, free estimates, call today 860-555-0133", "2.c", Outcome.REVIEW),
        ("her SSN is 219-09-9999", "2.d", Outcome.ACT),
        ("her home address is 40 Maple Ave, go tell her", "2.d", Outcome.REVIEW),
        ("Got percs, dm me, cheap, hmu", "2.e.b", Outcome.REVIEW),
        ("The door code at the water plant is 4471", "2 (safety)", Outcome.REVIEW),
    ],
)
def test_the_clause_that_a_comment_breaks_is_cited(judging: Judge, text: str, clause: str, outcome: Outcome) -> None:
    """Each letter that a rule serves is found in a resident's comment, and alone by the rules that can be printed."""
    verdict = judging.judge(Item(text))
    printed = {finding.clause for finding in verdict.findings if finding.enumerable}
    assert (printed, verdict.outcome) == ({clause}, outcome)


@pytest.mark.parametrize("text", ["Vote Republican in November", "Vote Democrat in November", "Re-elect our mayor!"])
def test_politics_are_barred_for_the_town_and_free_for_residents(judging: Judge, text: str) -> None:
    """2.b binds the town's own posts, whichever side they take, and no resident."""
    assert _clauses(judging.judge(Item(text, by_page=True))) == {"2.b"}
    assert judging.judge(Item(text)).findings == ()


def test_the_towns_own_recommendation_is_excepted(judging: Judge) -> None:
    """ "Other than the Town agency": what a board recommended may be reported; what the writer wishes may not."""
    report = "The Board of Finance recommended that residents vote yes on Question 1"
    assert judging.judge(Item(report, by_page=True)).findings == ()
    assert _clauses(judging.judge(Item("Vote yes on Question 1", by_page=True))) == {"2.b"}


def test_news_of_an_election_is_no_politics(judging: Judge) -> None:
    """How many are elected is a fact; whom to elect is a view."""
    news, view = "Voters will elect nine members to the Town Council", "Voters, let us re-elect Mayor Ruiz"
    assert judging.judge(Item(news, by_page=True)).findings == ()
    assert _clauses(judging.judge(Item(view, by_page=True))) == {"2.b"}


def test_what_was_released_under_foi_is_excepted(judging: Judge) -> None:
    """2.d bars what is not public; a memo that was released is public."""
    memo = 'The memo marked "internal use only" was released under FOI'
    assert judging.judge(Item(memo, by_page=True)).findings == ()
    assert _clauses(judging.judge(Item("Internal use only: the plan", by_page=True))) == {"2.d"}


@pytest.mark.parametrize(
    "text", ["What the fuck", "219-09-9999 is her SSN", "look https://best-casino-bonus.top/join", "I will kill you"]
)
def test_the_towns_own_posts_are_never_hidden(judging: Judge, text: str) -> None:
    """What would hide a comment tells a person of a post."""
    assert judging.judge(Item(text, by_page=True)).outcome is Outcome.REVIEW


def test_only_rules_for_the_public_may_hide(town: PolicyPack) -> None:
    """And none of them by a score that can't earn it."""
    hiding = [rule for rule in town.rules if rule.measure is Measure.HIDE]
    assert hiding
    assert all(rule.applies_to == "public" for rule in hiding)
    assert all(rule.category in EARNABLE for rule in hiding if rule.reads_scores)


def test_rules_for_the_town_alone_count_no_strikes(town: PolicyPack) -> None:
    """Employees are for personnel ("Discipline"), not for the ledger of strikes."""
    assert all(rule.strikes == 0 for rule in town.rules if rule.applies_to == "staff")


@pytest.mark.parametrize("host", ["socialist.org", "libertarian.org", "heart-specialists.com", "stoppaydayloans.org"])
def test_a_link_is_not_hidden_for_letters_inside_its_name(judging: Judge, host: str) -> None:
    """A list of shops' names must not reach a party whose name holds one of them (so-cialis-t)."""
    assert judging.judge(Item(f"Join our meeting: https://www.{host}/join")).findings == ()


def test_praise_of_a_business_is_no_selling(judging: Judge) -> None:
    """2.c bars soliciting; that the bakery is open is news."""
    assert judging.judge(Item("The bakery on Main is open again, best bread in town")).findings == ()
