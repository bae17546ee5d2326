"""Keeps the member's tokens: 60 days for access, 365 for renewing it without a person.

learn.microsoft.com/linkedin/shared/authentication/programmatic-refresh-tokens and /token-introspection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from connectors._answers import decoded
from connectors._credentials import Credentials
from connectors._values import perhaps_time, words
from connectors.contract import AuthFailed, Exchange, Unavailable
from connectors.transport import Transport

AUTH_URL = "https://www.linkedin.com/oauth/v2/accessToken"
FOR_RENEWAL = ("client_id", "client_secret", "refresh_token")

NO_GRANT = (
    "LinkedIn no longer renews the access token ({error}); let an administrator of the page authorise the app again "
    "and store the new tokens."
)
NONE_GIVEN = "LinkedIn's answer has no access token (HTTP {status}); the call is tried again."
NOT_TOLD = "LinkedIn did not tell about the token (HTTP {status}); the call is tried again."


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What LinkedIn tells of a token."""

    is_active: bool
    expires_at: datetime | None
    scopes: frozenset[str]


class Tokens:
    """The access token now. ``on_renewed`` gets the credentials to be stored, as JSON. Safe to use from threads."""

    def __init__(
        self,
        transport: Transport,
        credentials: Credentials,
        auth_url: str,
        on_renewed: Callable[[str], None] | None,
    ) -> None:
        self._transport, self._credentials = transport, credentials
        self._auth_url, self._on_renewed = auth_url, on_renewed
        self._lock = Lock()

    @property
    def access(self) -> str:
        """The access token."""
        return self._credentials["access_token"]

    @property
    def can_renew(self) -> bool:
        """Whether all that renewing needs is stored."""
        return all(self._credentials.get(name) for name in FOR_RENEWAL)

    def renew(self) -> bool:
        """Get a new access token; ``False`` where a person has to. Errors: ``AuthFailed``, ``Unavailable``."""
        if not self.can_renew:
            return False
        with self._lock:
            parts = {name: self._credentials[name] for name in FOR_RENEWAL}
            exchange, found = self._transport.fetch_secrets(
                "POST",
                self._auth_url,
                ("access_token", "refresh_token"),
                headers=_FORM,
                content=urlencode({"grant_type": "refresh_token", **parts}).encode(),
            )
            _judge(exchange)
            if "access_token" not in found:
                raise Unavailable(NONE_GIVEN.format(status=exchange.status), exchange=exchange)
            self._credentials = self._credentials.with_parts(**found)
        if self._on_renewed:
            self._on_renewed(self._credentials.as_json())
        return True

    def facts(self, name: str) -> TokenFacts | None:
        """What LinkedIn tells of the token ``access_token`` or ``refresh_token``; ``None`` where it can't be asked."""
        if not (self.can_renew and self._credentials.get(name)):
            return None
        client = {each: self._credentials[each] for each in ("client_id", "client_secret")}
        address = self._auth_url.rpartition("/")[0] + "/introspectToken"
        content = urlencode({**client, "token": self._credentials[name]}).encode()
        exchange = self._transport.send("POST", address, headers=_FORM, content=content)
        told = decoded(exchange, "LinkedIn")
        if exchange.status >= 400 or not isinstance(told, Mapping):
            raise Unavailable(NOT_TOLD.format(status=exchange.status), exchange=exchange)
        scopes = frozenset((words(told.get("scope")) or "").replace(",", " ").split())
        return TokenFacts(told.get("active") is True, perhaps_time(told.get("expires_at")), scopes)

    def __repr__(self) -> str:
        return "Tokens(...)"


_FORM = {"content-type": "application/x-www-form-urlencoded", "accept": "application/json"}


def _judge(exchange: Exchange) -> None:
    if exchange.status < 400:
        return
    if exchange.status == 429 or exchange.status >= 500:
        raise Unavailable(NONE_GIVEN.format(status=exchange.status), exchange=exchange)
    told: Any = decoded(exchange, "LinkedIn")
    error = (words(told.get("error")) if isinstance(told, Mapping) else None) or f"HTTP {exchange.status}"
    raise AuthFailed(NO_GRANT.format(error=error[:60]), exchange=exchange, status=exchange.status)
