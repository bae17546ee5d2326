"""An outage is told once when it begins and once when it ends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.outage import Broken, Mended, Outage

NIGHT = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)


def test_a_night_of_failures_is_two_lines() -> None:
    """Five hundred failures in between are counted, not told."""
    said: list[object] = []
    outage = Outage()

    for minute in range(500):
        outage, broken = outage.broke(NIGHT + timedelta(minutes=minute), "no answer")
        said.append(broken)
    outage, mended = outage.mended(NIGHT + timedelta(minutes=500))
    said.append(mended)

    assert [each for each in said if each] == [
        Broken(NIGHT, "no answer"),
        Mended(NIGHT, timedelta(minutes=500), 500, "no answer"),
    ]


def test_another_reason_is_told_as_the_same_outage() -> None:
    """It is news why something is broken, but it has been broken since the first failure."""
    outage, _ = Outage().broke(NIGHT, "no answer")

    _, said = outage.broke(NIGHT + timedelta(minutes=1), "the token is dead")

    assert said == Broken(NIGHT, "the token is dead")


def test_what_was_never_broken_does_not_mend() -> None:
    """A good night says nothing."""
    assert Outage().mended(NIGHT) == (Outage(), None)


def test_a_second_outage_is_told_again() -> None:
    """Mending forgets the first."""
    outage, _ = Outage().broke(NIGHT, "no answer")
    outage, _ = outage.mended(NIGHT)

    later = NIGHT + timedelta(hours=1)
    assert outage.broke(later, "no answer") == (Outage(later, 1, "no answer"), Broken(later, "no answer"))
