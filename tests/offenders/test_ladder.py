"""The way to a block: warnings, counsel, an end, the whole account seen, and two people. Each step can be missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from bot.errors import NotAllowed
from bot.offenders.grounds import Terms
from bot.pages import Mode
from bot.people import Role
from bot.voice import Voice
from tests.offenders.hall import BAN, DAY, MALLORY, Hall, chief, counsel, supervisor
from tests.office import KIND, SLUG, person, voice

SAM = Voice(supervisor(), "sam")
THIRTY = Terms("ban", 30)


def _ask(hall: Hall, terms: Terms = THIRTY, who: Voice = SAM, page: str = SLUG, reason: str = "three strikes") -> str:
    seen = Voice(who.person, who.account, saw=hall.sheet().mark)
    return hall.ladder.ask_block(hall.account(), page, terms, reason, seen)


def test_warnings_are_records_of_who_when_and_how_and_one_a_day_counts(struck: Hall) -> None:
    """Three on three days; a second one on the same day is kept and does not count."""
    struck.see_to()
    said = [struck.warn(days_ago) for days_ago in (3, 3, 2, 1)]

    assert said[0] == "Recorded as warning 1 of 3."
    assert said[1].startswith("Recorded. It is the second one on")
    assert "so 1 of 3 count" in said[1]
    assert said[3] == "Recorded as warning 3 of 3."
    day = (struck.office.clock().date() - timedelta(days=3)).isoformat()
    first = struck.words()[0]
    assert (first.verb, first.person, first.how, first.given_on, first.reason) == (
        "warn", "noor", "direct message", day, "told them of 3.4.3.A",
    )  # fmt: skip


def test_a_warning_needs_a_violation_a_way_a_day_that_was_and_a_reason(struck: Hall) -> None:
    """Nobody is warned of nothing, of the future, or without saying how and why."""
    today = struck.office.clock().date()
    account, ladder = struck.account(), struck.ladder
    refusals: list[tuple[str, Callable[[], str]]] = [
        ("to come", lambda: ladder.warn(account, SLUG, "mail", today + timedelta(days=1), "x", voice())),
        ("outside the 365 days", lambda: ladder.warn(account, SLUG, "mail", today - timedelta(days=366), "x", voice())),
        ("how the warning", lambda: ladder.warn(account, SLUG, " ", today, "x", voice())),
        ("say why", lambda: ladder.warn(account, SLUG, "mail", today, "", voice())),
        ('page "else" is not', lambda: ladder.warn(account, "else", "mail", today, "x", voice())),
        ("no role", lambda: ladder.warn(account, SLUG, "mail", today, "x", voice(person("k", Role.CITY_CLERK)))),
    ]
    for says, attempt in refusals:
        with pytest.raises(NotAllowed, match=says):
            attempt()
    struck.office.platform.say(KIND, author=type(MALLORY)("m9", "Mallory Reyes"))
    struck.office.poll()
    with pytest.raises(NotAllowed, match="no confirmed strike that counts"):
        ladder.warn(struck.account("m9"), SLUG, "mail", today, "x", voice())
    with pytest.raises(NotAllowed, match="no comment of account"):
        ladder.warn(struck.account("nobody"), SLUG, "mail", today, "x", voice())

    assert struck.words() == []


def test_a_block_is_asked_for_step_by_step_and_each_missing_step_is_named(struck: Hall) -> None:
    """No proposal, no warnings, no counsel, no end, no way, nothing seen: the sentence says which."""
    with pytest.raises(NotAllowed, match="no open proposal"):
        _ask(struck)
    struck.see_to()
    with pytest.raises(NotAllowed, match="0 of 3 warnings"):
        _ask(struck)
    struck.warn(3)
    struck.warn(2)
    with pytest.raises(NotAllowed, match="2 of 3 warnings"):
        _ask(struck)
    struck.warn(1)
    with pytest.raises(NotAllowed, match="counsel has not written"):
        _ask(struck)
    with pytest.raises(NotAllowed, match="no role"):
        struck.ladder.opine(struck.account(), SLUG, "fine", SAM)
    struck.ladder.opine(struck.account(), SLUG, "Proportionate.", voice(counsel()))

    for terms, says in (
        (Terms("ban", 0), "1 to 365 days"),
        (Terms("ban", 366), "1 to 365 days"),
        (Terms("banish", 30), "no way to keep an account away"),
        (Terms("report", 30), "--one-way"),
        (Terms("by-hand", 30), "no way to keep an account away"),
    ):
        with pytest.raises(NotAllowed, match=says):
            _ask(struck, terms)
    with pytest.raises(NotAllowed, match="look at the whole account first"):
        struck.ladder.ask_block(struck.account(), SLUG, THIRTY, "x", SAM)
    with pytest.raises(NotAllowed, match="no role"):
        _ask(struck, who=voice())

    assert "Request R-1" in _ask(struck)
    assert BAN.effect in _ask(struck)
    assert (struck.blocks(), struck.doorman.asked) == ([], [])


def test_the_sheet_shows_everything_and_its_mark_changes_with_anything_that_comes(ready: Hall) -> None:
    """A lawful comment since: whoever looked before has not seen all of the account (FA-21)."""
    old = ready.sheet()
    ready.office.platform.say(KIND, author=MALLORY)
    ready.office.poll()

    assert [said.case_id is None for said in ready.sheet().comments] == [False, False, False, True]
    assert ready.sheet().comments[-1].text == KIND
    with pytest.raises(NotAllowed, match="another one now if anything came since"):
        ready.ladder.ask_block(ready.account(), SLUG, THIRTY, "x", Voice(supervisor(), "sam", saw=old.mark))


def test_two_people_decide_and_neither_account_twice(ready: Hall) -> None:
    """The same person, the same account, and whoever is not in the policy's circle are refused."""
    number = ready.ask()
    for who, says in (
        (Voice(supervisor(), "elsewhere"), "another person must approve"),
        (Voice(chief(), "sam"), "never comes from the account that asked"),
        (voice(person("k", Role.CITY_CLERK)), "may"),
    ):
        with pytest.raises(NotAllowed, match=says):
            ready.requests.approve(number, who, "agreed")
    assert ready.blocks() == []

    assert "will be kept away" in ready.approve(number)
    assert [(each.status, each.person, each.second, each.days) for each in ready.blocks()] == [
        ("ordered", "sam", "cleo", 30)
    ]
    assert ready.proposals()[0].status == "blocked"


def test_what_changed_between_asking_and_approving_is_asked_again(ready: Hall) -> None:
    """An appeal came in, the page went to observe, the proposal ran out, the account became the city's own."""
    number = ready.ask()

    ready.appealed.add(ready.cases[0])
    with pytest.raises(NotAllowed, match="an appeal is open"):
        ready.approve(number)
    ready.appealed.clear()
    ready.office.rearrange(mode=Mode.OBSERVE)
    with pytest.raises(NotAllowed, match="is in observe"):
        ready.approve(number)
    ready.office.rearrange(mode=Mode.ENFORCE, staff=frozenset({"m1"}))
    with pytest.raises(NotAllowed, match="never blocked"):
        ready.approve(number)
    ready.office.rearrange(staff=frozenset())
    ready.office.clock.pass_(31 * DAY)
    with pytest.raises(NotAllowed, match="was to be answered by"):
        ready.approve(number)

    assert (ready.blocks(), ready.proposals()[0].status) == ([], "open")


def test_the_same_press_is_recorded_once(struck: Hall) -> None:
    """Two presses of one button: one warning, one word of counsel, one request."""
    struck.see_to()
    today, account = struck.office.clock().date(), struck.account()
    press = Voice(person(), "noor", "slack", press="p1")
    for _ in range(2):
        struck.ladder.warn(account, SLUG, "mail", today, "x", press)
    word = Voice(counsel(), "cora", "slack", press="p2")
    said = [struck.ladder.opine(account, SLUG, "Fine.", word) for _ in range(2)]

    assert [each.verb for each in struck.words()] == ["warn", "opine"]
    assert said[1] == "Recorded before, by the same press."


def test_an_account_that_is_kept_away_is_not_asked_about_again(ready: Hall) -> None:
    """A further strike asks people anew; another block on top of the first is refused."""
    ready.block()
    ready.violate(3)
    ready.see_to()
    assert ready.proposals()[-1].status == "open"
    ready.ladder.opine(ready.account(), SLUG, "Again.", voice(counsel()))

    with pytest.raises(NotAllowed, match="is kept away from page main already"):
        _ask(ready)
