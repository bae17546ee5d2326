"""Meta's usage headers, and stopping before the limit."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors._graph.usage import Throttle, Usage, read_usage
from connectors.contract import Exchange, RateLimited

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def exchange(**headers: str) -> Exchange:
    """An answer with these headers."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Exchange("GET", "https://graph.facebook.com/", (), 200, named, b"{}", NOW, 1.0)


def business_usage(**quota: Any) -> str:
    """The header of a page token."""
    return json.dumps({"1012": [{"type": "pages", "call_count": 1, "total_cputime": 1, "total_time": 1, **quota}]})


def test_the_fullest_quota_of_all_headers_counts() -> None:
    """Any one of them can end the day."""
    answer = exchange(
        x_app_usage='{"call_count": 28, "total_time": 25, "total_cputime": 61.5}',
        x_business_use_case_usage=business_usage(call_count=40),
    )

    assert read_usage(answer) == Usage(61.5)


def test_the_time_to_regain_access_is_in_minutes() -> None:
    """As the platform gives it."""
    answer = exchange(x_business_use_case_usage=business_usage(call_count=100, estimated_time_to_regain_access=17))

    assert read_usage(answer) == Usage(100, timedelta(minutes=17))


@pytest.mark.parametrize(
    "header",
    ["", "{", "[]", "null", "7", '{"1012": 3}', '{"1012": [null]}', '{"call_count": "many"}', "[" * 100_000],
)
def test_a_header_that_can_not_be_read_stops_nothing(header: str) -> None:
    """No usage, or none worth stopping for; never an error."""
    usage = read_usage(exchange(x_app_usage=header))

    assert usage is None or usage.percent == 0


def test_an_absurd_wait_is_shortened_to_a_day() -> None:
    """A page is never silent for a year because of a header."""
    answer = exchange(x_business_use_case_usage=business_usage(estimated_time_to_regain_access=10**12))

    assert read_usage(answer) == Usage(1, timedelta(hours=24))


def test_reading_stops_at_ninety_percent_and_acting_goes_on() -> None:
    """The last tenth is kept for hiding what was already found."""
    throttle = Throttle()
    throttle.note(Usage(93, timedelta(minutes=4)), NOW)

    with pytest.raises(RateLimited) as caught:
        throttle.admit(NOW, ceiling=90)
    throttle.admit(NOW, ceiling=100)

    assert caught.value.until == NOW + timedelta(minutes=4)


def test_after_a_refusal_nothing_is_sent() -> None:
    """Whatever the percentage said."""
    throttle = Throttle()
    until = throttle.refuse(Usage(10), NOW)

    with pytest.raises(RateLimited):
        throttle.admit(NOW, ceiling=100)
    throttle.admit(until, ceiling=100)


def test_the_wait_grows_while_it_is_not_long_enough() -> None:
    """One, two, four minutes and so on, to an hour; a quiet answer begins anew."""
    throttle, now, waits = Throttle(), NOW, []
    for _ in range(8):
        until = throttle.refuse(None, now)
        waits.append((until - now) // timedelta(minutes=1))
        now = until
    throttle.note(Usage(5), now)

    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]
    assert throttle.refuse(None, now) == now + timedelta(minutes=1)


def test_several_refusals_inside_one_wait_are_one_strike() -> None:
    """Three calls under way at once are not three times guilty."""
    throttle = Throttle()

    assert {throttle.refuse(None, NOW) for _ in range(3)} == {NOW + timedelta(minutes=1)}
