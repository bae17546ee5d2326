"""Calls to TikTok's Accounts API: paced, with the one-day token renewed, errors read from the body's own code.

Source: business-api.tiktok.com/portal/docs (Accounts API v1.3; Authentication, Rate limits, Return codes).
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from connectors._answers import NOT_EXPECTED, Throttled, decoded, the_object
from connectors._api import Answer, Rest
from connectors._budget import Budget
from connectors._credentials import Credentials, read_credentials
from connectors._exchange import Exchange
from connectors._setup import Setup
from connectors.contract import (
    AuthFailed,
    ConnectorError,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Unavailable,
)
from connectors.transport import Transport

PLATFORM = "tiktok"
NAME = "TikTok"
BASE = "/open_api/v1.3"
# "Rate limits": 40 queries a minute for each account and endpoint. Polls leave a tenth to acts.
CALLS_A_MINUTE = 40
POLLS_A_MINUTE = 36
A_MINUTE = timedelta(minutes=1)

SIGN_IN_AGAIN = (
    "TikTok accepts neither the access token nor the refresh token; the account's owner has to authorise the "
    "application again (My Apps, TikTok account holder authorization URL), and the new tokens are to be stored."
)
OTHER_ACCOUNT = "The renewed token belongs to another TikTok account; authorise as the account of this page."
NO_RIGHT = "TikTok does not let this token do that; the application needs the scopes {scopes}, and the owner's consent."
NOT_THERE = "TikTok has no such video or comment."
TOO_OFTEN = "TikTok asks us to slow down."
OWN_PACE = "TikTok allows 40 calls a minute; reading goes on at {until:%H:%M:%S} UTC."
DOWN = "TikTok is out of order for the moment; the call is tried again."
NOT_UNDERSTOOD = "TikTok did not understand the call (code {code}); the answer is kept, tell the maintainers."

SEEING = ("video.list", "comment.list")
ACTING = ("comment.list.manage",)

_LIMITS = frozenset({40016, 40100, 40133, 51021})
_GONE_WORDS = ("not exist", "not found", "has been deleted", "been removed")


class OwnPace(RateLimited):
    """Our own pace: TikTok has refused nothing."""


class PacedBudget(Budget):
    """TikTok tells no limits in headers, so calls of the last minute are counted, for each endpoint."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        super().__init__(NAME, clock=clock)
        self._now = clock
        self._sent: defaultdict[str, deque[datetime]] = defaultdict(deque)
        self._pace_lock = Lock()

    def admit(self, *, act: bool, weight: float = 1.0, bucket: str = "") -> None:
        """As ``Budget.admit``; raises ``OwnPace`` where the minute's calls of the endpoint are used up."""
        super().admit(act=act, weight=weight, bucket=bucket)
        now = self._now()
        with self._pace_lock:
            sent = self._sent[bucket]
            while sent and now - sent[0] >= A_MINUTE:
                sent.popleft()
            if len(sent) >= (CALLS_A_MINUTE if act else POLLS_A_MINUTE):
                until = sent[0] + A_MINUTE
                raise OwnPace(OWN_PACE.format(until=until), until=until)
            sent.append(now)


class TikTok:
    """One account's calls. ``business_id`` is added to each."""

    def __init__(self, setup: Setup, base_url: str) -> None:
        self._tokens = _Tokens(setup)
        self.transport = setup.transport(PLATFORM, base_url, secrets=self._tokens.credentials.secrets)
        self._tokens.transport = self.transport
        self._account = setup.page_id
        self._rest = Rest(
            self.transport,
            headers=self._tokens.headers,
            read=read_answer,
            budget=PacedBudget(setup.clock),
            clock=setup.clock,
            renew=self._tokens.renew,
        )

    def now(self) -> datetime:
        """The connector's clock."""
        return self._rest.now()

    def get(self, path: str, *, poll: bool = False, **params: Any) -> Answer:
        """Read; lists and objects among ``params`` are written as JSON."""
        asked = {"business_id": self._account, **{name: _packed(value) for name, value in params.items()}}
        return self._rest.get(f"{BASE}{path}", asked, poll=poll, bucket=path)

    def write(self, path: str, **body: Any) -> Answer:
        """Write, once."""
        return self._rest.write("POST", f"{BASE}{path}", json={"business_id": self._account, **body}, bucket=path)

    def token_info(self) -> Answer:
        """The scopes that the account's owner granted. The token stands in the body here, by TikTok's design."""
        held = self._tokens.credentials
        body = {"app_id": held["app_id"], "access_token": held["access_token"]}
        return self._rest.write("POST", f"{BASE}/tt_user/token_info/get/", json=body, bucket="token_info")

    def refresh_ends_at(self) -> str | None:
        """When the refresh token ends, where a renewal told it: an ISO time."""
        return self._tokens.credentials.get("refresh_token_expires_at")


def read_answer(exchange: Exchange) -> dict[str, Any]:
    """The ``data`` of an answer. TikTok answers HTTP 200 to failures too and says so in ``code``."""
    if exchange.status == 429:
        raise Throttled(TOO_OFTEN, exchange=exchange, status=429)
    if exchange.status >= 500:
        raise Unavailable(DOWN, exchange=exchange, status=exchange.status)
    answer = the_object(decoded(exchange, NAME), exchange, NAME)
    code = answer.get("code", exchange.status if exchange.status >= 400 else None)
    if not isinstance(code, int) or isinstance(code, bool):
        raise Malformed(NOT_EXPECTED.format(platform=NAME), exchange=exchange, status=exchange.status)
    if code == 0 and exchange.status < 400:
        return the_object(answer.get("data"), exchange, NAME)
    raise _failure(code or exchange.status, str(answer.get("message") or "").lower(), exchange)


def _failure(code: int, message: str, exchange: Exchange) -> ConnectorError:
    facts = {"code": code, "status": exchange.status}
    if code in _LIMITS:
        return Throttled(TOO_OFTEN, exchange=exchange, code=code, status=exchange.status)
    if 40100 < code < 40200 or code == 401:
        return AuthFailed(SIGN_IN_AGAIN, exchange=exchange, **facts)
    if code in (40001, 403) or 40300 <= code < 40400:
        sentence = NO_RIGHT.format(scopes=", ".join((*SEEING, *ACTING)))
        return PermissionLost(sentence, exchange=exchange, **facts)
    if code == 404 or any(words in message for words in _GONE_WORDS):
        return Gone(NOT_THERE, exchange=exchange, **facts)
    if 50000 <= code < 70000:
        return Unavailable(DOWN, exchange=exchange, **facts)
    return Malformed(NOT_UNDERSTOOD.format(code=code), exchange=exchange, **facts)


class _Tokens:
    """The access token of a day, and its renewal with the refresh token of a year."""

    transport: Transport

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self._lock = Lock()
        self.credentials: Credentials = read_credentials(
            setup.token,
            PLATFORM,
            needed=("app_id", "secret", "access_token", "refresh_token"),
            optional=("refresh_token_expires_at",),
        )

    def headers(self, method: str, address: str, content: bytes | None) -> Mapping[str, str]:
        """TikTok's own header; the word Bearer in it would be refused."""
        return {"Access-Token": self.credentials["access_token"]}

    def renew(self) -> bool:
        """Exchange the refresh token. ``False`` where TikTok refuses; ``Unavailable`` where it doesn't answer."""
        with self._lock:
            told = self._exchange()
            if told is None:
                return False
            self.credentials = told
        if self._setup.on_renewed:
            self._setup.on_renewed(self.credentials.as_json())
        return True

    def _exchange(self) -> Credentials | None:
        held = self.credentials
        body = {
            "client_id": held["app_id"],
            "client_secret": held["secret"],
            "grant_type": "refresh_token",
            "refresh_token": held["refresh_token"],
        }
        exchange, tokens = self.transport.fetch_secrets(
            "POST",
            f"{self.transport.base_url}{BASE}/tt_user/oauth2/refresh_token/",
            ("access_token", "refresh_token"),
            headers={"content-type": "application/json"},
            content=json.dumps(body).encode(),
        )
        try:
            data = read_answer(exchange)
        except Unavailable:
            raise
        except ConnectorError:
            # Refused: whoever asked says that the token is dead.
            return None
        return self._credentials(data, tokens) if "access_token" in tokens else None

    def _credentials(self, data: Mapping[str, Any], tokens: Mapping[str, str]) -> Credentials:
        if data.get("open_id", self._setup.page_id) != self._setup.page_id:
            raise AuthFailed(OTHER_ACCOUNT)
        left = data.get("refresh_token_expires_in")
        known = isinstance(left, int) and 0 < left < 1 << 31
        ends = {"refresh_token_expires_at": self._ends(left)} if known else {}
        return self.credentials.with_parts(**tokens, **ends)

    def _ends(self, seconds: Any) -> str:
        return (self._setup.clock() + timedelta(seconds=seconds)).isoformat(timespec="seconds")


def _packed(value: Any) -> Any:
    return json.dumps(value, separators=(",", ":")) if isinstance(value, list | dict) else value
