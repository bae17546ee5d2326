"""The call: one question to one server, within its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.opinion.terms import NotHad, Terms
from bot.opinion.wire import PATHS, UNREADABLE, Opinion, answer
from connectors.contract import ConnectorError, Exchange
from connectors.transport import Transport, utc_now

LARGEST_ANSWER = 64 * 1024
LONGEST_WAIT_S = 3600.0

TOO_LATE = "no answer came within {seconds:g} seconds"
NOT_REACHED = "its server can't be reached"
REFUSED = "its server refuses our key (HTTP {status})"
BUSY = "its server asks us to wait (HTTP 429)"
FAILED = "its server answers with HTTP {status}"


class Endpoint:
    """An OpenAI-compatible server. Only https, or this machine; certificates are judged by the system's store."""

    def __init__(self, terms: Terms, clock: Callable[[], datetime] = utc_now) -> None:
        self._terms, self._clock = terms, clock
        self._url = terms.url.rstrip("/") + PATHS[terms.kind]
        self._transport = Transport(
            "second opinion",
            terms.url,
            secrets=(terms.key,),
            timeout=terms.timeout_s,
            deadline=terms.timeout_s,
            largest_answer=LARGEST_ANSWER,
        )

    def ask(self, question: bytes) -> Opinion:
        """Send the question and read the answer. Raises ``NotHad`` for all that is no opinion."""
        exchange = self._send(question)
        if exchange.status != 200:
            raise self._refusal(exchange)
        return answer(self._terms.kind, exchange.body)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _send(self, question: bytes) -> Exchange:
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self._terms.key:
            headers["authorization"] = f"Bearer {self._terms.key}"
        try:
            return self._transport.send("POST", self._url, headers=headers, content=question)
        except ConnectorError as error:
            kind = str(error.facts.get("kind", ""))
            if kind.endswith("Timeout"):
                raise NotHad(TOO_LATE.format(seconds=self._terms.timeout_s)) from None
            because = NOT_REACHED if kind else UNREADABLE
            # From None: what httpx chains may hold the request, and so the words of the comment.
            raise NotHad(because, detail=f"{because}: {error.sentence}") from None

    def _refusal(self, exchange: Exchange) -> NotHad:
        if exchange.status == 429:
            return NotHad(BUSY, wait_s=self._wait(exchange.header("retry-after")))
        sentence = REFUSED if exchange.status in (401, 403) else FAILED
        return NotHad(sentence.format(status=exchange.status))

    def _wait(self, said: str | None) -> float | None:
        """Seconds, from ``Retry-After`` (RFC 9110, 10.2.3) in either of its forms; an hour at most."""
        seconds = _seconds(said or "", self._clock())
        return None if seconds is None else min(max(seconds, 1.0), LONGEST_WAIT_S)


def _seconds(said: str, now: datetime) -> float | None:
    if said.isascii() and said.isdigit():
        return float(said[:9])
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError):
        return None
    return ((at if at.tzinfo else at.replace(tzinfo=UTC)) - now).total_seconds()
