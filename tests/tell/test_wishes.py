"""Quiet hours by the city's own clock, over midnight and over both changes of the clocks, and whom mail goes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.people import People, Person, Role
from bot.tell.wishes import Wishes
from tests.office import person

NEW_YORK = ZoneInfo("America/New_York")
NIGHT = (time(21, 0), time(7, 0))


def at(written: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    """A moment by a city's clock."""
    return datetime.fromisoformat(written).replace(tzinfo=zone)


@pytest.mark.parametrize(
    ("moment", "quiet"),
    [
        ("2026-11-21T20:59", False),
        ("2026-11-21T21:00", True),
        ("2026-11-22T00:00", True),
        ("2026-11-22T06:59:59", True),
        ("2026-11-22T07:00", False),
    ],
)
def test_quiet_hours_go_over_midnight(moment: str, quiet: bool) -> None:
    """From the first minute to the last before the end, by the city's clock."""
    wishes = Wishes(timezone=NEW_YORK, quiet_hours=NIGHT)

    assert wishes.is_quiet(at(moment)) is quiet
    assert wishes.is_quiet(at(moment).astimezone(UTC)) is quiet


def test_quiet_hours_of_one_day_are_understood_too() -> None:
    """A siesta does not become a night."""
    wishes = Wishes(timezone=NEW_YORK, quiet_hours=(time(12, 0), time(14, 0)))

    assert [wishes.is_quiet(at(f"2026-11-21T{hour}:30")) for hour in ("11", "12", "13", "14", "23")] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_without_quiet_hours_it_is_never_quiet() -> None:
    """And the morning is now."""
    now = at("2026-11-22T03:00")

    assert not Wishes(timezone=NEW_YORK).is_quiet(now)
    assert Wishes(timezone=NEW_YORK).morning(now) == now


@pytest.mark.parametrize(
    ("night", "zone", "hours"),
    [
        ("2026-11-21T22:00", "America/New_York", 9.0),
        ("2026-03-07T22:00", "America/New_York", 8.0),
        ("2026-10-31T22:00", "America/New_York", 10.0),
        ("2026-10-03T22:00", "Australia/Lord_Howe", 8.5),
        ("2026-04-04T22:00", "Australia/Lord_Howe", 9.5),
        ("2026-11-21T22:00", "Asia/Kathmandu", 9.0),
    ],
)
def test_the_morning_comes_when_the_citys_clock_says_so(night: str, zone: str, hours: float) -> None:
    """Nine hours after ten in the evening, an hour less or more when clocks are changed, half an hour elsewhere."""
    wishes, now = Wishes(timezone=ZoneInfo(zone), quiet_hours=NIGHT), at(night, ZoneInfo(zone))

    morning = wishes.morning(now)

    assert morning - now.astimezone(UTC) == timedelta(hours=hours)
    assert morning.astimezone(ZoneInfo(zone)).time() == time(7, 0)


def test_a_morning_that_does_not_exist_begins_with_the_next_minute_that_does() -> None:
    """Quiet until half past two, in the night in which two o'clock is three."""
    wishes = Wishes(timezone=NEW_YORK, quiet_hours=(time(22, 0), time(2, 30)))

    morning = wishes.morning(at("2026-03-08T01:00"))

    assert morning.astimezone(NEW_YORK).time() == time(3, 0)


def test_mail_goes_to_who_looks_after_the_page_and_urgent_mail_to_who_is_on_call_too() -> None:
    """Others' pages are not theirs; where nobody has the office, whoever may decide is told."""
    noor, gene = person("noor", Role.SMA), person("gene", Role.CHIEF_OF_STAFF)
    parks = person("pat", Role.SMA, pages=frozenset({"parks"}))
    lee = _on_call(person("lee", Role.SUPERVISOR))

    wishes = Wishes(people=People((noor, gene, parks, lee)))
    alone = Wishes(people=People((gene, parks)))

    assert wishes.told_by_mail("main", urgent=False) == ("noor@millbrook.example",)
    assert wishes.told_by_mail("main", urgent=True) == ("noor@millbrook.example", "lee@millbrook.example")
    assert alone.told_by_mail("main", urgent=False) == ("gene@millbrook.example",)


def _on_call(who: Person) -> Person:
    return replace(who, on_call=True)
