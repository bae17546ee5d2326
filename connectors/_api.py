"""Calls to one platform's API: within the budget, with passing trouble tried again, each answer read once.

``Api`` runs calls that a client library builds, ``Rest`` builds them itself. Reads are tried again briefly; writes are
sent once, because after a lost answer only a read can tell whether they were carried out.
"""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import stamina

from connectors._answers import Throttled
from connectors._budget import Budget
from connectors._errors import AuthFailed, RateLimited, Unavailable
from connectors._exchange import Exchange
from connectors.transport import Transport

ATTEMPTS = 3
# A read may wait this long in place for a limit to end; anything longer is the scheduler's to wait for.
PATIENCE = timedelta(seconds=5)

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """The value of an answer, and the exchange that it came in."""

    data: Any
    exchange: Exchange


class Api:
    """One account's calls.

    ``read`` makes the value of an exchange or raises one of the contract's errors, ``Throttled`` where the platform
    asks to wait. ``renew`` gets a new access token after ``AuthFailed`` and says whether it did; the call is then sent
    once more. ``quiet``: what a client library raises when it can't read an answer that we read ourselves.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        read: Callable[[Exchange], Any],
        budget: Budget,
        clock: Callable[[], datetime],
        renew: Callable[[], bool] | None = None,
        quiet: tuple[type[Exception], ...] = (),
        attempts: int = ATTEMPTS,
    ) -> None:
        self.transport, self.budget = transport, budget
        self._read, self._clock, self._renew, self._quiet, self._attempts = read, clock, renew, quiet, attempts

    def now(self) -> datetime:
        """The clock that this connector was given."""
        return self._clock()

    def ask(self, send: Callable[[], object], *, poll: bool = False, weight: float = 1.0, bucket: str = "") -> Answer:
        """Read. ``poll`` for what can wait: it leaves the reserve alone. ``send`` makes exactly one exchange."""
        for attempt in stamina.retry_context(
            on=self._pause, attempts=self._attempts, timeout=45, wait_initial=0.2, wait_max=2, wait_jitter=0.3
        ):
            with attempt:
                return self._renewed(lambda: self._once(send, not poll, weight, bucket))
        raise AssertionError("stamina returns or raises")

    def tell(self, send: Callable[[], object], *, weight: float = 1.0, bucket: str = "") -> Answer:
        """Write, once. An answer that the token has run out was no write: then it is sent with the new token."""
        return self._renewed(lambda: self._once(send, True, weight, bucket))

    def _once(self, send: Callable[[], object], act: bool, weight: float, bucket: str) -> Answer:
        self.budget.admit(act=act, weight=weight, bucket=bucket)
        exchange = self._heard(send)
        self.budget.note(exchange, bucket)
        try:
            return Answer(self._read(exchange), exchange)
        except Throttled as error:
            limited = self.budget.refuse(exchange, bucket, until=error.until, spent=error.spent)
            limited.facts.update(error.facts)
            raise limited from error

    def _heard(self, send: Callable[[], object]) -> Exchange:
        with self.transport.recording() as exchanges:
            try:
                send()
            except self._quiet:
                if not exchanges:
                    raise
        return exchanges[-1]

    def _renewed(self, call: Callable[[], Answer]) -> Answer:
        try:
            return call()
        except AuthFailed:
            if self._renew is None or not self._renew():
                raise
            return call()

    def _pause(self, error: Exception) -> bool | float:
        if isinstance(error, RateLimited):
            left = error.until - self.now()
            return left.total_seconds() if timedelta(0) <= left <= PATIENCE else False
        return isinstance(error, Unavailable)


class Rest(Api):
    """An API of plain HTTP. ``headers`` are asked for at each call, with method, address and body: tokens change."""

    def __init__(
        self,
        transport: Transport,
        *,
        headers: Callable[[str, str, bytes | None], Mapping[str, str]],
        read: Callable[[Exchange], Any],
        budget: Budget,
        clock: Callable[[], datetime],
        renew: Callable[[], bool] | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        super().__init__(transport, read=read, budget=budget, clock=clock, renew=renew, attempts=attempts)
        self._headers = headers

    def get(
        self, path: str, params: Params = (), *, poll: bool = False, weight: float = 1.0, bucket: str = ""
    ) -> Answer:
        """Read an object or a list. ``path`` begins with ``/``, or is a whole address of a known host."""
        return self.ask(lambda: self._send("GET", path, params, None, None), poll=poll, weight=weight, bucket=bucket)

    def write(
        self,
        method: str,
        path: str,
        params: Params = (),
        *,
        json: Any = None,
        form: Params | None = None,
        weight: float = 1.0,
        bucket: str = "",
    ) -> Answer:
        """Write, once, with a JSON or a form body or none."""
        return self.tell(lambda: self._send(method, path, params, json, form), weight=weight, bucket=bucket)

    def _send(self, method: str, path: str, params: Params, json: Any, form: Params | None) -> Exchange:
        address = path if path.startswith(("https://", "http://")) else self.transport.base_url + path
        query = urlencode(_pairs(params), quote_via=quote)
        if query:
            address += ("&" if "?" in address else "?") + query
        content, kind = _content(json, form)
        headers = {"accept": "application/json", **kind, **self._headers(method, address, content)}
        return self.transport.send(method, address, headers=headers, content=content)


def _content(json: Any, form: Params | None) -> tuple[bytes | None, dict[str, str]]:
    if json is not None:
        return jsonlib.dumps(json).encode(), {"content-type": "application/json"}
    if form is not None:
        return urlencode(_pairs(form)).encode(), {"content-type": "application/x-www-form-urlencoded"}
    return None, {}


def _pairs(params: Params) -> list[tuple[str, str]]:
    pairs = params.items() if isinstance(params, Mapping) else params
    return [(key, _word(value)) for key, value in pairs if value is not None]


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
