"""Calls to Bluesky over XRPC: sessions, errors, limits (docs.bsky.app, "API Hosts and Auth" and "Rate Limits")."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from connectors._answers import Throttled, decoded, the_list, the_object
from connectors._api import Answer, Api, Rest
from connectors._bluesky.objects import PLATFORM
from connectors._budget import Allowance, Budget
from connectors._credentials import read_credentials
from connectors._paging import walk
from connectors._setup import Setup
from connectors.contract import (
    AuthFailed,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
)

SERVER_URL = "https://bsky.social"
# What an account may write: points an hour and a day (create 3, update 2, delete 1).
POINTS = "points for writing"
POINTS_PER_HOUR, POINTS_PER_DAY = 5_000, 35_000
CREATE, UPDATE, DELETE = 3, 2, 1
MOST_PAGES = 200

NO_ENTRY = "Bluesky refuses the app password; make a new one in the account's settings and store it again."
SECOND_FACTOR = "Bluesky asks for a code sent by mail; store an app password, which needs none."
CLOSED = "Bluesky has taken down, suspended or deactivated the account; log in at bsky.app and look what it says."
WRONG_ACCOUNT = "The app password belongs to another account than the page; store that of the city's account."
TOO_MANY = "Bluesky asks to wait."
NOT_ALLOWED = "Bluesky doesn't allow this call; make a new app password in the account's settings and store it again."
NOT_THERE = "Bluesky has no such post, record or account any more."
SEVERED = "One of the two accounts blocks the other on Bluesky; look at it at bsky.app without logging in."
NOT_OFFERED = "This server does not offer the call; give the account's own server as base_url."
CHANGED_MEANWHILE = "Somebody changed the same record of the account at the same moment; the act is tried again."
REFUSED = "Bluesky found the call wrong; the answer is kept, tell the maintainers."
DOWN = "Bluesky or the account's server has trouble of its own; the call is tried again."

_TOKEN_ENDED = ("ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired", "InvalidJwt", "BadJwt")
_CLOSED = ("AccountTakedown", "AccountSuspended", "AccountDeactivated", "RepoTakendown", "RepoSuspended")
_NOT_THERE = ("NotFound", "RecordNotFound", "RepoNotFound", "AccountNotFound")
_NOT_THERE_WORDS = ("could not locate record", "post not found", "profile not found", "could not find repo")
_SEVERED = ("BlockedActor", "BlockedByActor")
_NOT_OFFERED = ("MethodNotImplemented", "XRPCNotSupported")
_NOT_ALLOWED = ("Forbidden", "InsufficientScope", "ScopeMissingError", "InvalidScope")


class InvalidSwap(Unavailable):
    """The record is not the one that was read: somebody wrote in between."""


class Xrpc:
    """The calls of one account on its server. Opens a session when one is needed, and keeps it."""

    def __init__(self, setup: Setup, did: str) -> None:
        self.did = did
        self._setup = setup
        self._keys = read_credentials(
            setup.token, PLATFORM, needed=("app_password",), optional=("access_jwt", "refresh_jwt")
        )
        self.transport = setup.transport(PLATFORM, SERVER_URL, secrets=self._keys.secrets)
        self.budget = Budget(
            "Bluesky",
            clock=setup.clock,
            allowances=(
                Allowance(POINTS_PER_HOUR, "hour", what=POINTS),
                Allowance(POINTS_PER_DAY, "day", what=f"{POINTS} a day"),
            ),
            spending=setup.spending,
            key=did,
        )
        self._door = Api(self.transport, read=read, budget=self.budget, clock=setup.clock)
        self._rest = Rest(
            self.transport,
            headers=lambda *_: _bearer(self._keys["access_jwt"]),
            read=read,
            budget=self.budget,
            clock=setup.clock,
            renew=self._renew,
        )
        self._lock = RLock()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._rest.now()

    def get(self, nsid: str, *params: tuple[str, Any], poll: bool = False) -> Answer:
        """A query."""
        self._open()
        return self._rest.get(f"/xrpc/{nsid}", params, poll=poll, weight=0.0)

    def post(self, nsid: str, body: Mapping[str, Any], *, points: int) -> Answer:
        """A procedure that writes, once."""
        self._open()
        return self._rest.write("POST", f"/xrpc/{nsid}", json=dict(body), weight=points, bucket="write")

    def pages(self, nsid: str, name: str, *params: tuple[str, Any], poll: bool = False) -> Iterator[list[Any]]:
        """The rows called ``name`` of each page of a list. ``PagingBroken`` where it has no end."""

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            answer = self.get(nsid, *params, *([("cursor", mark)] if mark else []), poll=poll)
            following = answer.data.get("cursor")
            rows = the_list(answer.data.get(name), answer.exchange, PLATFORM)
            return rows, following if isinstance(following, str) and following else None

        for rows, _ in walk(fetch, most=MOST_PAGES):
            yield rows

    def _open(self) -> None:
        with self._lock:
            if "access_jwt" not in self._keys:
                self._create()

    def _renew(self) -> bool:
        """A new access token by the refresh token, else by the app password; ``False`` where both are refused."""
        with self._lock:
            try:
                self._refresh()
            except (AuthFailed, PermissionLost, Gone, Malformed):
                return self._could_create()
            return True

    def _could_create(self) -> bool:
        try:
            self._create()
        except AuthFailed:
            return False
        return True

    def _create(self) -> None:
        body = {"identifier": self.did, "password": self._keys["app_password"]}
        headers = {"content-type": "application/json"}
        self._enter("com.atproto.server.createSession", headers, json.dumps(body).encode())

    def _refresh(self) -> None:
        if "refresh_jwt" not in self._keys:
            raise AuthFailed(NO_ENTRY)
        self._enter("com.atproto.server.refreshSession", _bearer(self._keys["refresh_jwt"]), None)

    def _enter(self, nsid: str, headers: Mapping[str, str], content: bytes | None) -> None:
        tokens: dict[str, str] = {}
        address = f"{self.transport.base_url}/xrpc/{nsid}"

        def send() -> None:
            names = ("accessJwt", "refreshJwt")
            _, found = self.transport.fetch_secrets("POST", address, names, headers=headers, content=content)
            tokens.update(found)

        answer = self._door.ask(send, weight=0.0, bucket="session")
        if answer.data.get("did") != self.did:
            raise AuthFailed(WRONG_ACCOUNT, exchange=answer.exchange)
        if len(tokens) < 2:
            raise Malformed(REFUSED, exchange=answer.exchange)
        self._keys = self._keys.with_parts(access_jwt=tokens["accessJwt"], refresh_jwt=tokens["refreshJwt"])
        # Sessions are counted (300 a day): the next start of the program goes on with this one.
        if self._setup.on_renewed:
            self._setup.on_renewed(self._keys.as_json())


def read(exchange: Exchange) -> dict[str, Any]:
    """The object of an answer, or the error that says what to do next."""
    if exchange.status >= 400:
        raise _refusal(exchange)
    return the_object(decoded(exchange, PLATFORM), exchange, PLATFORM)


def _refusal(exchange: Exchange) -> ConnectorError:
    name, message = _told(exchange)
    facts: dict[str, Any] = {"status": exchange.status, "error": name}
    if exchange.status == 429 or name == "RateLimitExceeded":
        return Throttled(TOO_MANY, exchange=exchange, **facts)
    kind, sentence = _named(name, message) or _by_status(exchange.status)
    return kind(sentence, exchange=exchange, **facts)


def _told(exchange: Exchange) -> tuple[str, str]:
    try:
        told = decoded(exchange, PLATFORM)
    except (Unavailable, Malformed):
        return "", ""
    pair = told if isinstance(told, dict) else {}
    return str(pair.get("error") or "")[:100], str(pair.get("message") or "").lower()


def _named(name: str, message: str) -> tuple[type[ConnectorError], str] | None:
    known: tuple[tuple[tuple[str, ...], type[ConnectorError], str], ...] = (
        (_CLOSED, AuthFailed, CLOSED),
        (("AuthFactorTokenRequired",), AuthFailed, SECOND_FACTOR),
        (_NOT_ALLOWED, PermissionLost, NOT_ALLOWED),
        (_NOT_THERE, Gone, NOT_THERE),
        (_SEVERED, Unsupported, SEVERED),
        (_NOT_OFFERED, Unsupported, NOT_OFFERED),
        (("InvalidSwap",), InvalidSwap, CHANGED_MEANWHILE),
    )
    if "bad token scope" in message:
        return PermissionLost, NOT_ALLOWED
    if name in _TOKEN_ENDED:
        return AuthFailed, NO_ENTRY
    if any(words in message for words in _NOT_THERE_WORDS):
        return Gone, NOT_THERE
    return next(((kind, sentence) for names, kind, sentence in known if name in names), None)


def _by_status(status: int) -> tuple[type[ConnectorError], str]:
    if status in (401, 403):
        return (AuthFailed, NO_ENTRY) if status == 401 else (PermissionLost, NOT_ALLOWED)
    if status in (404, 410):
        return Gone, NOT_THERE
    if status in (405, 501):
        return Unsupported, NOT_OFFERED
    return (Unavailable, DOWN) if status >= 500 or status in (408, 425) else (Malformed, REFUSED)


def _bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
