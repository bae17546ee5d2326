"""The day's ceiling. What a call may cost is taken before it is made, so that calls at the same time can't pass it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Decimal

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from bot.ledger import opinions
from bot.opinion.terms import NotHad, Terms

log = structlog.get_logger(__name__)

BYTES_A_TOKEN = 3
"""Where a server doesn't say what it counted. English has about four, so the estimate is rather too high."""

REACHED = "the day's ceiling of cost or calls is reached"


@dataclass(frozen=True, slots=True)
class Taken:
    """Money taken for one call: ``tokens`` at most, on a day (``YYYY-MM-DD``, UTC)."""

    day: str
    tokens: int


class Purse:
    """Takes from the day's money and calls. They stand in the ledger: a restart gives nothing back."""

    def __init__(self, terms: Terms, writing: sa.Engine, clock: Callable[[], datetime]) -> None:
        self._terms, self._writing, self._clock = terms, writing, clock
        self._reached_on = ""

    def take(self, sent: bytes, answer_tokens: int) -> Taken:
        """Take what a call with this body may cost. Raises ``NotHad`` above a ceiling, and for the rest of that day."""
        taken = Taken(f"{self._clock().astimezone(UTC):%Y-%m-%d}", tokens_of(sent) + answer_tokens)
        if taken.day == self._reached_on or not self._reserve(taken):
            self._say_once(taken.day)
            raise NotHad(REACHED)
        return taken

    def settle(self, taken: Taken, tokens: int) -> None:
        """Correct by what the call took. A call that failed is not settled: it may have been charged."""
        difference = self._price(tokens) - self._price(taken.tokens)
        if difference:
            with Session(self._writing) as session, session.begin():
                opinions.correct(session, taken.day, difference)

    def _reserve(self, taken: Taken) -> bool:
        ceiling = opinions.Ceiling(self._terms.calls_a_day, _micro(self._terms.dollars_a_day))
        with Session(self._writing) as session, session.begin():
            return opinions.reserve(session, taken.day, self._price(taken.tokens), ceiling)

    def _price(self, tokens: int) -> int:
        """Millionths of a dollar: dollars for a million tokens are just that for each."""
        return int((tokens * self._terms.dollars_per_million).to_integral_value(ROUND_CEILING))

    def _say_once(self, day: str) -> None:
        if day != self._reached_on:
            self._reached_on = day
            log.warning("no more second opinions today", because=REACHED, day=day)


def tokens_of(content: bytes) -> int:
    """An estimate, rather too high."""
    return -(-len(content) // BYTES_A_TOKEN)


def _micro(dollars: Decimal) -> int:
    return int(dollars * 1_000_000)
