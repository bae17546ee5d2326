"""The day's ceiling, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from sqlmodel import Session

from bot.ledger import database, opinions, watch
from bot.opinion.purse import Purse
from bot.opinion.terms import NotHad
from tests.fakes import NOW, Clock
from tests.opinion.conftest import terms

DAY = "2026-11-21"


def purse(engine: sa.Engine, clock: Clock, **given: object) -> Purse:
    """A purse on these terms."""
    return Purse(terms("http://127.0.0.1:1/v1", **given), engine, clock)


def spent(engine: sa.Engine, day: str = DAY) -> tuple[int, int]:
    """Calls and millionths of a dollar of a day."""
    with Session(engine) as session:
        found = opinions.spent(session, day)
        return found.calls, found.microdollars


def test_what_a_call_may_cost_is_taken_before_and_corrected_after(engine: sa.Engine, clock: Clock) -> None:
    """300 bytes are 100 tokens, 200 more for the answer; at 0.60 dollars a million that is 180 millionths."""
    held = purse(engine, clock, dollars_per_million=Decimal("0.60"))
    taken = held.take(b"x" * 300, 200)
    before = spent(engine)
    held.settle(taken, 150)

    assert (before, spent(engine)) == ((1, 180), (1, 90))


def test_a_call_that_took_more_than_was_thought_counts_in_full(engine: sa.Engine, clock: Clock) -> None:
    """The server's own count is what the city pays."""
    held = purse(engine, clock, dollars_per_million=Decimal(2))
    held.settle(held.take(b"x" * 3, 0), 1_000)

    assert spent(engine) == (1, 2_000)


def test_a_call_that_would_pass_the_days_money_is_not_made(engine: sa.Engine, clock: Clock) -> None:
    """Nor one after it that day, and a restart changes nothing; the next day begins anew."""
    given = {"dollars_a_day": Decimal("0.0001"), "dollars_per_million": Decimal(1)}
    held = purse(engine, clock, **given)
    held.take(b"x" * 180, 0)
    for again in (held, held, purse(engine, clock, **given)):
        with pytest.raises(NotHad, match="ceiling"):
            again.take(b"x" * 180, 0)
    clock.pass_(86_400)
    held.take(b"x" * 180, 0)

    assert (spent(engine), spent(engine, "2026-11-22")) == ((1, 60), (1, 60))


def test_free_calls_are_counted_too(engine: sa.Engine, clock: Clock) -> None:
    """Where nothing is charged, the number of calls is the ceiling."""
    held = purse(engine, clock, calls_a_day=2, dollars_a_day=Decimal(0))
    held.take(b"x", 0)
    held.take(b"x", 0)

    with pytest.raises(NotHad, match="ceiling"):
        held.take(b"x", 0)
    assert spent(engine) == (2, 0)


def test_calls_at_the_same_time_do_not_pass_the_ceiling(engine: sa.Engine, clock: Clock) -> None:
    """Forty ask for the first ten places of a day that has no row yet."""

    def take(_: int) -> bool:
        try:
            purse(engine, clock, calls_a_day=10).take(b"x", 0)
        except NotHad:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(take, range(40)))

    assert (given.count(True), spent(engine)) == (10, (10, 0))


def test_a_ledger_of_the_first_version_gets_its_table(tmp_path: Path) -> None:
    """A city that upgrades has a database already, and its facts stay."""
    url = f"sqlite:///{tmp_path}/old.db"
    engine = database.ledger_engine(url)
    with engine.connect() as connection:
        command.upgrade(database._alembic(connection), "0001")
        connection.commit()
    before = sa.inspect(engine).has_table("opinion_day")
    with Session(engine) as session, session.begin():
        watch.enrol(session, "main", "facebook", "1012", NOW)
    database.migrate(url)

    assert (before, spent(engine)) == (False, (0, 0))
    with Session(engine) as session:
        assert [page.slug for page in watch.pages(session)] == ["main"]
    engine.dispose()
