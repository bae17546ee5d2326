"""Keeps the sixty-day tokens of Instagram and Threads alive.

developers.facebook.com/documentation/instagram-platform/reference/refresh_access_token and
developers.facebook.com/docs/threads/get-started/long-lived-tokens: a token that is at least a day old and has not run
out is exchanged for one that lives sixty days from then on. One that has run out can't be.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from connectors._answers import decoded
from connectors._credentials import Credentials
from connectors._exchange import Exchange
from connectors._values import perhaps_time
from connectors.contract import ConnectorError
from connectors.transport import Transport

RENEW_BEFORE = timedelta(days=30)
BETWEEN_TRIES = timedelta(hours=24)
LONGEST_LIFE = timedelta(days=400)

WHAT = "The access token"
REMEDY = "make a new long-lived token and store it, or give Beadle a place where it may store renewed ones."

# What is stored beside the token.
NEEDED = ("access_token",)
OPTIONAL = ("expires_at", "renewed_at")


class Renewal:
    """Exchanges the token in time, where renewed ones can be stored (``on_renewed``).

    ``grant``: the platform's word for it. ``use`` gets the new token.
    """

    def __init__(
        self,
        credentials: Credentials,
        transport: Transport,
        *,
        grant: str,
        on_renewed: Callable[[str], None] | None,
        clock: Callable[[], datetime],
        use: Callable[[str], None],
    ) -> None:
        self._credentials, self._transport, self._grant = credentials, transport, grant
        self._on_renewed, self._clock, self._use = on_renewed, clock, use
        self._tried_at = perhaps_time(credentials.get("renewed_at"))

    @property
    def expires_at(self) -> datetime | None:
        """When the token runs out, where that is known."""
        return perhaps_time(self._credentials.get("expires_at"))

    def renew_if_due(self) -> None:
        """Exchange a token that has less than thirty days, or of which nobody knows how long it lives.

        At most once a day. That it could not be exchanged is no error yet: the old one still works, and ``check``
        tells when it ends.
        """
        if self._on_renewed is None or not self._is_due():
            return
        self._tried_at = self._clock()
        try:
            self._exchange_it(self._on_renewed)
        except ConnectorError:
            return

    def _is_due(self) -> bool:
        now, ends = self._clock(), self.expires_at
        if self._tried_at is not None and now - self._tried_at < BETWEEN_TRIES:
            return False
        return ends is None or now < ends < now + RENEW_BEFORE

    def _exchange_it(self, on_renewed: Callable[[str], None]) -> None:
        exchange, token = self._asked()
        if not token or not token.isascii() or not token.isprintable() or " " in token:
            return
        now = self._clock()
        parts = {"access_token": token, "renewed_at": now.isoformat(timespec="seconds")}
        life = _life(exchange, self._transport.platform)
        if life is not None:
            parts["expires_at"] = (now + life).isoformat(timespec="seconds")
        self._credentials = self._credentials.with_parts(**parts)
        self._use(token)
        on_renewed(self._credentials.as_json())

    def _asked(self) -> tuple[Exchange, str | None]:
        address = f"{self._transport.base_url}/refresh_access_token?grant_type={self._grant}"
        old = self._credentials["access_token"]
        exchange, found = self._fetch(address)
        if not found and 400 <= exchange.status < 500:
            # The platform documents the token as part of the address only, so that is the second try.
            exchange, found = self._fetch(f"{address}&access_token={quote(old, safe='')}")
        return exchange, found

    def _fetch(self, address: str) -> tuple[Exchange, str | None]:
        headers = {"authorization": f"Bearer {self._credentials['access_token']}", "accept": "application/json"}
        exchange, found = self._transport.fetch_secrets("GET", address, NEEDED, headers=headers)
        return exchange, found.get("access_token") if exchange.status < 400 else None


def _life(exchange: Exchange, platform: str) -> timedelta | None:
    answer = decoded(exchange, platform)
    seconds = answer.get("expires_in") if isinstance(answer, dict) else None
    if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds <= 0:
        return None
    return min(timedelta(seconds=min(seconds, 10**8)), LONGEST_LIFE)
