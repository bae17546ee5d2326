"""What strikes come to: events, weights, windows, appeals, and the milder of two policies. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.ledger.tables import StrikeStatus
from bot.ledger.tally import REPORTED, Standing, Struck, events, weight
from bot.moderation.pack import Strikes
from bot.moderation.verdict import Finding, Measure, Outcome, PolicyRef, Verdict
from tests.office import shelf

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
USUAL = Strikes(threshold=3, window_days=365, merge_minutes=60)
CONFIRMED = StrikeStatus.CONFIRMED
BASE = Struck("fa-1", "main", "3.4.3.A", CONFIRMED, 1, "mark", NOW - timedelta(days=1), "ev-1", "clinton 1", 1, USUAL)


def strike(number: int, minutes_ago: float = 1440.0, **more: Any) -> Struck:
    """A confirmed strike on a comment of its own, with words of its own."""
    said_at = NOW - timedelta(minutes=minutes_ago)
    made = replace(BASE, case_id=f"fa-{number}", comment=number, mark=f"mark {number}", said_at=said_at)
    return replace(made, **more)


def standing(*strikes: Struck, now: datetime = NOW, exempt: bool = False) -> Standing:
    return Standing("facebook", "m1", events(strikes), now, exempt)


@pytest.mark.parametrize(("apart", "counted"), [(0, 1), (59.9, 1), (60, 1), (60.1, 2), (600, 2)])
def test_copies_of_one_text_are_one_event_within_the_hour(apart: float, counted: int) -> None:
    """Sixty minutes to the second; a copy after that is something new."""
    found = standing(strike(1, 1000, mark="same"), strike(2, 1000 - apart, mark="same"))

    assert found.total == counted


def test_the_hour_is_counted_from_the_first_copy_so_that_a_day_of_copies_is_not_one_event() -> None:
    """Five copies, half an hour apart: 0, 30 and 60 are the first event, 90 and 120 the second."""
    found = standing(*(strike(number, 1000 - 30 * number, mark="same") for number in range(5)))

    assert [len(event.strikes) for event in found.events] == [3, 2]


def test_edits_of_one_comment_are_one_event_whatever_they_say() -> None:
    """Two revisions of one comment within the hour."""
    found = standing(strike(1, 100, comment=7), strike(2, 50, comment=7))

    assert found.total == 1


def test_two_texts_in_one_minute_are_two_events_and_no_mark_is_no_copy() -> None:
    """Different words at the same time are two; words without a mark are nobody's copy."""
    assert standing(strike(1, 10), strike(2, 10)).total == 2
    assert standing(strike(1, 10, mark=""), strike(2, 10, mark="")).total == 2


def test_an_event_weighs_as_its_heaviest_confirmed_strike_and_not_their_sum() -> None:
    """Two copies under two rules; the heavier that nobody confirmed does not count."""
    light, heavy = strike(1, 100, mark="same", weight=1), strike(2, 90, mark="same", weight=3, clause="3.4.3.K")

    assert standing(light, heavy).total == 3
    assert standing(light, heavy).by_clause == {"3.4.3.K": 3}
    assert standing(light, replace(heavy, status=StrikeStatus.PROVISIONAL)).total == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"status": StrikeStatus.PROVISIONAL}, "provisional"),
        ({"status": StrikeStatus.VOID}, "void"),
        ({"contested": True}, "under appeal"),
        ({"own": True}, "an account of the city"),
        ({"weight": 0}, "the rule gives no strike"),
        ({"terms": None, "weight": 0}, "not in config/policies any more"),
        ({"said_at": NOW - timedelta(days=365)}, "outside the window"),
    ],
)
def test_what_does_not_count_says_why(change: dict[str, Any], says: str) -> None:
    """Each exclusion by itself, beside one that counts (FA-22)."""
    found = standing(strike(1, **change), strike(2, 10))

    assert found.total == 1
    assert any(says in event.says(NOW) for event in found.events)


def test_a_strike_counts_to_the_last_second_of_its_window_and_no_longer() -> None:
    """365 days after it was said, not after it was decided."""
    said_at = NOW - timedelta(days=365)

    assert standing(strike(1, said_at=said_at + timedelta(seconds=1))).total == 1
    assert standing(strike(1, said_at=said_at)).total == 0


def test_where_two_policies_speak_the_milder_holds() -> None:
    """The higher threshold, the more warnings, the shorter block and window."""
    other = Strikes(threshold=5, window_days=180, merge_minutes=60, warnings=1, block_days=90)
    found = standing(strike(1, 100), strike(2, 90, terms=other), strike(3, 80))

    assert (found.threshold, found.warnings, found.block_days, found.window_days) == (5, 3, 90, 180)
    assert not found.reached


def test_an_exempt_account_counts_nothing_and_shows_everything() -> None:
    """Recorded, never counted."""
    found = standing(strike(1), strike(2, 10), exempt=True)

    assert (found.total, found.with_appeals, found.reached, len(found.events)) == (0, 0, False, 2)


def test_a_void_strike_anchors_no_event_and_lends_nothing_to_another() -> None:
    """The first of two copies was taken back: the second stands alone, with its own time."""
    found = standing(strike(1, 100, mark="same", status=StrikeStatus.VOID, weight=3), strike(2, 50, mark="same"))

    assert found.total == 1
    assert found.counted[0].first.case_id == "fa-2"


STATUS = st.sampled_from([StrikeStatus.CONFIRMED, StrikeStatus.VOID, StrikeStatus.PROVISIONAL])
STRIKES = st.lists(
    st.builds(
        lambda number, minutes, status, mark, weighs: strike(
            number, minutes, status=status, mark=mark, weight=weighs
        ),
        st.integers(1, 10_000), st.floats(0, 600_000), STATUS, st.sampled_from(["a", "b", ""]), st.integers(0, 3),
    ),
    max_size=12,
    unique_by=lambda each: each.case_id,
)  # fmt: skip


@given(STRIKES)
def test_no_strike_is_lost_none_counts_twice_and_void_ones_count_nothing(strikes: list[Struck]) -> None:
    """Each strike is in one event; a standing is never more than the confirmed strikes together weigh."""
    before = standing(*strikes)
    after = standing(*(replace(each, status=StrikeStatus.VOID) for each in strikes))

    assert after.total == 0
    assert before.total <= sum(each.weight for each in strikes if each.status == CONFIRMED)
    assert before.total == sum(before.by_clause.values())
    assert sorted(each.case_id for event in before.events for each in event.strikes) == sorted(
        each.case_id for each in strikes
    )


def _finding(rule: str, clause: str = "3.4.3.A") -> Finding:
    return Finding(rule, clause, "profanity", "word_list", (), 1.0, "because", Measure.HIDE, True)


def _verdict(*rules: str) -> Verdict:
    found = tuple(_finding(rule) for rule in rules)
    return Verdict(Outcome.ACT, Measure.HIDE, found, PolicyRef("clinton-city", "1", ""), "en")


def test_a_violation_weighs_what_the_heaviest_of_its_rules_says_in_the_pack() -> None:
    """A rule without a strike, one with, an unknown one, and what a person reported."""
    pack = next(each for each in shelf().packs if each.slug == "clinton-city")

    assert weight(_verdict("coarse-words"), pack) == 0
    assert weight(_verdict("coarse-words", "slurs"), pack) == 1
    assert weight(_verdict("no-such-rule"), pack) == 0
    assert weight(_verdict(REPORTED), pack) == 1
    assert weight(_verdict(), pack) == 0
