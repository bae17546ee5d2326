"""What may still be asked: windows that the platform tells, allowances that we count, and the reserve for acts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import pytest

from connectors._budget import Allowance, Budget, Rate, SpendingInMemory, read_rate, read_retry
from connectors.contract import Exchange, QuotaSpent, RateLimited
from tests.connectors.conftest import StandingClock
from tests.connectors.wire import NOW

IN_FIVE_MINUTES = NOW + timedelta(minutes=5)


def exchange(status: int = 200, **headers: str) -> Exchange:
    """An answer with these headers."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("GET", "https://x.example/", (), status, named, b"", NOW, 1.0)


@pytest.mark.parametrize(
    ("headers", "told"),
    [
        ({"x_rate_limit_limit": "50", "x_rate_limit_remaining": "3", "x_rate_limit_reset": "1795176300"}, (50, 3)),
        ({"X_RateLimit_Remaining": "3", "X_RateLimit_Reset": "2026-11-20T12:05:00.000Z"}, (None, 3)),
        ({"ratelimit_limit": "50", "ratelimit_remaining": "3", "ratelimit_reset": "1795176300000"}, (50, 3)),
        ({"x_ratelimit_remaining": "3.0", "x_ratelimit_reset": "300"}, (None, 3)),
    ],
)
def test_every_spelling_of_a_window_is_read(headers: dict[str, str], told: tuple[float | None, float]) -> None:
    """Seconds from now, seconds and milliseconds since 1970, and ISO times; the limit may be missing."""
    found = read_rate(exchange(200, **headers), NOW)

    assert found is not None
    assert (found.limit, found.remaining) == told
    assert abs(found.resets_at - IN_FIVE_MINUTES) < timedelta(days=400)


@pytest.mark.parametrize("reset", ["", "soon", "nan", "-5", "9" * 400, "inf", "2026-99-99"])
def test_what_is_no_window_is_none(reset: str) -> None:
    """Headers are input too."""
    assert read_rate(exchange(ratelimit_remaining="3", ratelimit_reset=reset), NOW) is None


@pytest.mark.parametrize("told", ["300", format_datetime(IN_FIVE_MINUTES, usegmt=True)])
def test_retry_after_is_seconds_or_a_date(told: str) -> None:
    """RFC 9110, section 10.2.3."""
    assert read_retry(exchange(429, retry_after=told), NOW) == IN_FIVE_MINUTES


def test_polls_stop_before_the_window_is_used_up_and_acts_go_on() -> None:
    """A tenth is left for hiding what was already found; when nothing is left, acts wait too."""
    budget = Budget("x", clock=StandingClock())
    budget.note(exchange(ratelimit_limit="100", ratelimit_remaining="10", ratelimit_reset="300"))

    with pytest.raises(RateLimited) as caught:
        budget.admit(act=False)
    budget.admit(act=True)
    budget.note(exchange(ratelimit_limit="100", ratelimit_remaining="0", ratelimit_reset="300"))

    assert caught.value.until == IN_FIVE_MINUTES
    with pytest.raises(RateLimited):
        budget.admit(act=True)


def test_a_window_opens_again() -> None:
    """After its end nothing is remembered."""
    clock = StandingClock()
    budget = Budget("x", clock=clock)
    budget.note(exchange(ratelimit_limit="100", ratelimit_remaining="0", ratelimit_reset="300"))
    clock.forward(timedelta(minutes=5))

    budget.admit(act=False)

    assert Rate(0, IN_FIVE_MINUTES, 100).is_low(0.1)


def test_one_bucket_that_is_empty_stops_no_other() -> None:
    """Hides have a limit of their own."""
    budget = Budget("x", clock=StandingClock())
    budget.refuse(exchange(429, retry_after="900"), "hide")

    budget.admit(act=False, bucket="mentions")

    with pytest.raises(RateLimited):
        budget.admit(act=True, bucket="hide")


def test_without_a_told_time_the_wait_grows() -> None:
    """One minute, two, four: only when the last wait was not long enough."""
    clock = StandingClock()
    budget = Budget("x", clock=clock)
    waits = []
    for _ in range(4):
        until = budget.refuse(exchange(429)).until
        waits.append(round((until - clock.now).total_seconds()))
        clock.now = until

    assert waits == [60, 120, 240, 480]


def test_a_platform_that_asks_for_a_month_is_asked_again_tomorrow() -> None:
    """A broken header must not silence a page for ever."""
    until = Budget("x", clock=StandingClock()).refuse(exchange(429, retry_after="2592000")).until

    assert until == NOW + timedelta(hours=24)


def test_an_allowance_keeps_its_reserve_for_acts() -> None:
    """Ten thousand units, three tenths of them for writes of fifty."""
    budget = Budget("youtube", clock=StandingClock(), allowances=(Allowance(100, "day", reserve=0.3, what="units"),))
    for _ in range(70):
        budget.admit(act=False)

    with pytest.raises(QuotaSpent) as caught:
        budget.admit(act=False)
    budget.admit(act=True, weight=30)

    assert budget.spent("units") == 100
    assert caught.value.until == datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(QuotaSpent):
        budget.admit(act=True)


def test_the_allowance_is_renewed_at_the_platforms_midnight() -> None:
    """YouTube's day ends in California."""
    pacific = ZoneInfo("America/Los_Angeles")
    allowance = Allowance(10, "day", zone=pacific)

    assert allowance.ends_after(NOW) == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert allowance.name_at(datetime(2026, 11, 21, 7, 59, tzinfo=UTC)) == "2026-11-20"
    assert Allowance(10, "month").ends_after(datetime(2026, 12, 31, 5, tzinfo=UTC)) == datetime(2027, 1, 1, tzinfo=UTC)
    assert Allowance(10, "hour").ends_after(NOW) == NOW + timedelta(hours=1)


def test_what_was_spent_is_remembered_by_whoever_keeps_it() -> None:
    """A restart must not make the quota whole again."""
    spending = SpendingInMemory()
    allowance = (Allowance(10, "day", reserve=0, what="units"),)
    Budget("x", clock=StandingClock(), allowances=allowance, spending=spending, key="app").admit(act=False, weight=10)

    reborn = Budget("x", clock=StandingClock(), allowances=allowance, spending=spending, key="app")

    with pytest.raises(QuotaSpent):
        reborn.admit(act=False)
    Budget("x", clock=StandingClock(), allowances=allowance, spending=spending, key="other").admit(act=False)


def test_what_only_the_answer_tells_is_charged_afterwards() -> None:
    """Posts that were delivered are billed, calls are not."""
    dollars = Allowance(1.0, "month", reserve=0.0, what="dollars")
    budget = Budget("x", clock=StandingClock(), allowances=(dollars,))

    budget.charge(0.6, "dollars")

    assert budget.spent("dollars") == 0.6
