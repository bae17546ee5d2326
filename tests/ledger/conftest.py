"""A ledger to write into, on both databases, and comments to write."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bot.ledger import database, watch

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE = "main"


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The ledger's engine, with one page enrolled."""
    engine = database.ledger_engine(database_url)
    with Session(engine) as session, session.begin():
        watch.enrol(session, PAGE, "facebook", "1012", NOW)
    yield engine
    engine.dispose()
