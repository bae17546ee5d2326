"""Which cases were in hand when a process died, and what they are charged with."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlmodel import Session

from bot.ledger import hands, switches, watch
from bot.ledger.hands import Charged
from tests.ledger.conftest import NOW, PAGE


def test_what_was_put_down_is_charged_with_nothing(engine: sa.Engine) -> None:
    """Work that ended, well or with an error, did not end the process."""
    with Session(engine) as session, session.begin():
        hands.take(session, "act:c1:1", "c1", NOW)
    with Session(engine) as session, session.begin():
        hands.put_down(session, "act:c1:1")
        hands.put_down(session, "never taken")
    assert _charge(engine) == []


def test_a_crash_is_charged_once_and_adds_up_over_crashes(engine: sa.Engine) -> None:
    """A start that follows a start charges nothing anew; the next crash does."""
    _take(engine)
    first, second = _charge(engine), _charge(engine)
    _take(engine)

    assert (first, second) == ([Charged("act:c1:1", "c1", 1)], [])
    assert _charge(engine) == [Charged("act:c1:1", "c1", 2)]


def test_a_release_charges_nobody_and_forgets_no_earlier_crash(engine: sa.Engine) -> None:
    """An orderly stop is no crash, and no pardon for those before."""
    _take(engine)
    _charge(engine)
    _take(engine)
    with Session(engine) as session, session.begin():
        hands.release(session)
    assert _charge(engine) == []
    _take(engine)

    assert _charge(engine) == [Charged("act:c1:1", "c1", 2)]


def test_a_suspect_comes_before_quarantine() -> None:
    """An innocent neighbour must have a chance to be done alone before it is put aside."""
    assert 1 < hands.SUSPECT < hands.QUARANTINE


def test_switches_stand_side_by_side_and_are_lifted_one_by_one(engine: sa.Engine) -> None:
    """A page's own stop outlives the stop of all."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        thrown = [switches.throw(session, scope, "noor", "why", NOW) for scope in (PAGE, switches.ALL, PAGE)]
        lifted = [switches.lift(session, switches.ALL, "noor", NOW) for _ in range(2)]
        session.flush()
        still = switches.thrown(session, PAGE)
        other = switches.thrown(session, "other")
        standing = [switch.scope for switch in switches.standing(session)]

    assert (thrown, lifted) == ([True, True, False], [True, False])
    assert still is not None
    assert (still.scope, other, standing) == (PAGE, None, [PAGE])


def test_an_outage_is_news_once_when_it_begins_and_once_when_it_ends(engine: sa.Engine) -> None:
    """Its blind time is written down as a gap from the last good look to the next."""
    minutes = [NOW + timedelta(minutes=number) for number in range(4)]
    with Session(engine, expire_on_commit=False) as session, session.begin():
        turns = [
            watch.seen(session, PAGE, minutes[0]),
            watch.failed(session, PAGE, "No answer.", minutes[1]),
            watch.failed(session, PAGE, "Still no answer.", minutes[2]),
            watch.seen(session, PAGE, minutes[3]),
        ]
        session.flush()
        (gap,) = watch.gaps(session, NOW, NOW + timedelta(hours=1))
        polls = watch.polls(session, NOW, NOW + timedelta(hours=1))
        (row,) = watch.pages(session)

    assert [(turn.broke, turn.mended) for turn in turns] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
    ]
    assert (gap.since, gap.until, gap.reason) == (minutes[0], minutes[3], "Still no answer.")
    assert (turns[3].blind_seconds, row.blind_seconds, polls, row.failure) == (180.0, 180.0, 4, None)


def test_a_page_that_moves_to_another_id_is_read_from_its_beginning(engine: sa.Engine) -> None:
    """A cursor means nothing on another page."""
    with Session(engine) as session, session.begin():
        row = watch.pages(session)[0]
        row.cursor = "far on"
        watch.enrol(session, PAGE, "facebook", "1012", NOW)
        same = watch.cursor(session, PAGE)
        watch.enrol(session, PAGE, "facebook", "2024", NOW)
        session.flush()

        assert (same, watch.cursor(session, PAGE)) == ("far on", None)


def _take(engine: sa.Engine) -> None:
    with Session(engine) as session, session.begin():
        hands.take(session, "act:c1:1", "c1", NOW)


def _charge(engine: sa.Engine) -> list[Charged]:
    with Session(engine) as session, session.begin():
        return hands.charge(session)
