"""Gets access tokens of an hour from Google for the refresh token that the channel's owner consented to.

developers.google.com/identity/protocols/oauth2/web-server#offline. Google's own library for this is not used: it reads
tokens from answers that the transport has already masked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from connectors._answers import decoded
from connectors._credentials import Credentials
from connectors._values import a_count, words
from connectors.contract import AuthFailed, Exchange, Unavailable
from connectors.transport import Transport

AUTH_URL = "https://oauth2.googleapis.com/token"
# A token is renewed this long before it ends, so that none ends on its way.
EARLY = timedelta(minutes=2)
AN_HOUR = 3600

NO_GRANT = (
    "Google no longer accepts the refresh token (invalid_grant): consent was withdrawn, the password changed, or the "
    "consent screen is still in Testing, where it lasts 7 days; set it to In production, let the owner of the channel "
    "consent again and store the new refresh token."
)
NO_CLIENT = (
    "Google does not know the client_id or client_secret; compare them with the OAuth client in the city's Google "
    "Cloud project."
)
REFUSED = (
    "Google gave no access token ({error}); let an administrator of the city's Google account allow the app, then "
    "consent again."
)
NONE_GIVEN = "Google's answer has no access token (HTTP {status}); the call is tried again."


class Token:
    """The access token of one refresh token. Safe to use from several threads; errors: ``AuthFailed``, ``Unavailable``.

    ``scopes`` and ``ends_at`` (of the consent, where Google tells it) are known once a token was fetched.
    """

    def __init__(
        self, transport: Transport, credentials: Credentials, clock: Callable[[], datetime], auth_url: str
    ) -> None:
        self.scopes: frozenset[str] = frozenset()
        self.ends_at: datetime | None = None
        self._transport, self._credentials, self._clock, self._auth_url = transport, credentials, clock, auth_url
        self._value: str | None = None
        self._until: datetime | None = None
        self._lock = Lock()

    def authorization(self) -> str:
        """The value of the header; a token is fetched when there is none that lives."""
        with self._lock:
            if self._value is None or self._until is None or self._clock() >= self._until:
                self._fetch()
            return f"Bearer {self._value}"

    def renew(self) -> bool:
        """Fetch another, because this one was refused."""
        with self._lock:
            self._fetch()
        return True

    def _fetch(self) -> None:
        parts = {name: self._credentials[name] for name in ("client_id", "client_secret", "refresh_token")}
        exchange, found = self._transport.fetch_secrets(
            "POST",
            self._auth_url,
            ("access_token", "id_token"),
            headers={"content-type": "application/x-www-form-urlencoded", "accept": "application/json"},
            content=urlencode({"grant_type": "refresh_token", **parts}).encode(),
        )
        told = _told(exchange)
        if "access_token" not in found:
            raise Unavailable(NONE_GIVEN.format(status=exchange.status), exchange=exchange)
        self._value = found["access_token"]
        now = self._clock()
        self._until = now + timedelta(seconds=min(a_count(told.get("expires_in")) or AN_HOUR, AN_HOUR)) - EARLY
        self.scopes = frozenset((words(told.get("scope")) or "").split())
        rest = a_count(told.get("refresh_token_expires_in"))
        self.ends_at = now + timedelta(seconds=min(rest, 10**9)) if rest else None

    def __repr__(self) -> str:
        return "Token(...)"


def _told(exchange: Exchange) -> dict[str, Any]:
    answer = decoded(exchange, "Google")
    told: dict[str, Any] = answer if isinstance(answer, dict) else {}
    error = (words(told.get("error")) or f"HTTP {exchange.status}")[:60]
    if exchange.status < 400:
        return told
    if error == "invalid_grant":
        raise AuthFailed(NO_GRANT, exchange=exchange, status=exchange.status)
    if error in ("invalid_client", "unauthorized_client"):
        raise AuthFailed(NO_CLIENT, exchange=exchange, status=exchange.status)
    if exchange.status == 429 or exchange.status >= 500:
        raise Unavailable(NONE_GIVEN.format(status=exchange.status), exchange=exchange)
    raise AuthFailed(REFUSED.format(error=error), exchange=exchange, status=exchange.status)
