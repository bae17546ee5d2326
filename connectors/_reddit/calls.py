"""The calls to Reddit: praw writes them, the transport sends them, the answers are read here (reddit.com/dev/api).

praw's own session would sleep, try again and read tokens that are masked before it sees them. So its one public method
for requests is replaced, and signing in is done here.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import praw
from praw.endpoints import API_PATH

from connectors._answers import Throttled, decoded, looks_like_json, the_list, the_object
from connectors._api import Answer, Api
from connectors._budget import Budget
from connectors._credentials import Credentials
from connectors._reddit.objects import PLATFORM, is_deleted
from connectors._setup import Setup
from connectors.contract import (
    AuthFailed,
    Blocked,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
)

API_URL = "https://oauth.reddit.com"
AUTH_URL = "https://www.reddit.com"
USER_AGENT = "python:beadle:0.1 (city page moderation; r/{subreddit})"
# A token lives an hour; a call that is on its way when it ends is refused.
EARLY = timedelta(minutes=2)

NO_GRANT = "Reddit needs either a refresh_token or username and password beside client_id and client_secret."
DEAD_GRANT = (
    "Reddit does not accept the stored credentials (client, refresh token or password); a moderator authorises the "
    "app again and stores the new refresh token."
)
MAY_NOT = (
    "Reddit refuses this to the account behind the token ({why}); make it a moderator of the subreddit with the "
    "permissions for posts and comments and for users."
)
NO_SCOPE = "The token lacks a scope; authorise the app again with: identity read modposts modcontributors."
NOT_THERE = "Reddit has no such comment, account or subreddit."
TOO_MANY = "Reddit asks us to call less often."
DOWN = "Reddit is down or overloaded; the call is tried again."
TAKEN_FOR_A_ROBOT = (
    "Reddit blocks this machine or this app as a robot; a person checks the app's approval and the network with Reddit."
)
TOO_FAST = "Reddit says that the account does too much in a short time; nothing more is written, a person looks."
WONT = "Reddit refuses it for this object ({why}); look at it on Reddit and decide there."
NOT_EXPECTED = "Reddit answered in a way that it does not document; the answer is kept, tell the maintainers."

_LOST = frozenset({"USER_REQUIRED", "WRONG_PASSWORD"})
_MAY_NOT = frozenset({"SUBREDDIT_NOTALLOWED", "NOT_AUTHOR", "MOD_REQUIRED", "INVALID_PERMISSION_TYPE"})
_GONE = frozenset({"NO_THING_ID", "DELETED_COMMENT", "DELETED_THING", "DELETED_LINK", "USER_DOESNT_EXIST", "NO_USER"})


class Sdk(praw.Reddit):
    """praw without its network: what it would send is handed to ``send``, and it learns nothing of the answer."""

    def __init__(self, send: Callable[[str, str, Mapping[str, object], Mapping[str, object] | None], object]) -> None:
        # Given here so that no file praw.ini and no environment can point elsewhere. The secrets stay with us.
        super().__init__(
            client_id="-",
            client_secret=None,
            user_agent=PLATFORM + " by transport",
            oauth_url=API_URL,
            reddit_url=AUTH_URL,
            check_for_updates=False,
            check_for_async=False,
        )
        self._send = send

    def request(
        self,
        *,
        data: Any = None,
        files: Any = None,
        json: Any = None,
        method: str,
        params: Any = None,
        path: str,
    ) -> Any:
        """Hand one request on."""
        if files or json is not None:
            raise NotImplementedError("Only forms are sent to Reddit.")
        self._send(method, path, params or {}, data)


class Calls:
    """One account's calls. Errors: the contract's."""

    def __init__(self, setup: Setup, credentials: Credentials) -> None:
        if "refresh_token" not in credentials and not {"username", "password"} <= credentials.keys():
            raise AuthFailed(NO_GRANT)
        self._credentials, self._on_renewed = credentials, setup.on_renewed
        self._auth_url = setup.options.get("auth_url", AUTH_URL).rstrip("/")
        # The user name stands under the account's own comments: it is no secret.
        secrets = tuple(value for name, value in credentials.items() if name != "username")
        self.transport = setup.transport(PLATFORM, API_URL, secrets=secrets, also=(self._auth_url,))
        self._agent = USER_AGENT.format(subreddit=setup.page_id)
        self._access: tuple[str, datetime] | None = None
        self.scopes: frozenset[str] = frozenset()
        self._me: str | None = credentials.get("username")
        self.sdk = Sdk(self._send)
        budget = Budget(PLATFORM, clock=setup.clock, spending=setup.spending)
        self.api = Api(self.transport, read=read_answer, budget=budget, clock=setup.clock, renew=self._renew)

    def get(self, name: str, params: Mapping[str, object] | None = None, *, poll: bool = False, **of: str) -> Answer:
        """Read from one of praw's named paths, or from a path as it stands."""
        path = API_PATH.get(name, name).format(**of)
        return self.api.ask(lambda: self.sdk.request(method="GET", path=path, params=params), poll=poll)

    def listing(
        self, name: str, params: Mapping[str, object], *, poll: bool = False, **of: str
    ) -> tuple[list[Any], str | None, Exchange]:
        """The things of one page of a listing, and the mark of the next."""
        answer = self.get(name, params, poll=poll, **of)
        data = the_object(self.an_object(answer).get("data"), answer.exchange, PLATFORM)
        after = data.get("after")
        return the_list(data.get("children"), answer.exchange, PLATFORM), after or None, answer.exchange

    def things(self, full_names: Sequence[str], *, poll: bool = False) -> list[Any]:
        """Up to 100 comments or submissions by their full names; those that are gone are left out."""
        rows, _, _ = self.listing("info", {"id": ",".join(full_names)}, poll=poll)
        return [row for row in rows if not (isinstance(row, dict) and is_deleted(row.get("data") or {}))]

    def about(self, subreddit: str) -> tuple[Mapping[str, Any], Exchange]:
        """The subreddit as this account sees it."""
        answer = self.get("subreddit_about", subreddit=subreddit)
        return the_object(self.an_object(answer).get("data"), answer.exchange, PLATFORM), answer.exchange

    def me(self) -> str:
        """The name of the account behind the token; asked for once."""
        if self._me is None:
            answer = self.get("me")
            name = self.an_object(answer).get("name")
            if not isinstance(name, str):
                raise Malformed(NOT_EXPECTED, exchange=answer.exchange)
            self._me = name
        return self._me

    def an_object(self, answer: Answer) -> dict[str, Any]:
        """The answer as an object."""
        return the_object(answer.data, answer.exchange, PLATFORM)

    def _send(
        self, method: str, path: str, params: Mapping[str, object], form: Mapping[str, object] | None
    ) -> Exchange:
        token = self._token()
        query = urlencode({**{key: str(value) for key, value in params.items()}, "raw_json": "1"})
        address = f"{self.transport.base_url}/{path.strip('/')}?{query}"
        headers = {"authorization": f"bearer {token}", "user-agent": self._agent}
        if form is None:
            return self.transport.send(method, address, headers=headers)
        headers["content-type"] = "application/x-www-form-urlencoded"
        body = urlencode({**{key: str(value) for key, value in form.items()}, "api_type": "json"}).encode()
        return self.transport.send(method, address, headers=headers, content=body)

    def _token(self) -> str:
        if self._access is None or self.api.now() >= self._access[1] - EARLY:
            self._sign_in()
        assert self._access is not None
        return self._access[0]

    def _renew(self) -> bool:
        if self._access is None:
            return False
        self._access = None
        return True

    def _sign_in(self) -> None:
        self._access = None
        exchange, found = self.transport.fetch_secrets(
            "POST",
            f"{self._auth_url}/api/v1/access_token",
            ("access_token", "refresh_token"),
            headers={
                "authorization": f"Basic {self._basic()}",
                "user-agent": self._agent,
                "content-type": "application/x-www-form-urlencoded",
            },
            content=urlencode(self._grant()).encode(),
        )
        try:
            told = read_token(exchange)
        except Throttled as error:
            raise self.api.budget.refuse(exchange, until=error.until) from error
        if "access_token" not in found:
            raise Malformed(NOT_EXPECTED, exchange=exchange)
        lives = told.get("expires_in")
        seconds = lives if isinstance(lives, int) and not isinstance(lives, bool) and 0 < lives < 10**7 else 3600
        self._access = found["access_token"], self.api.now() + timedelta(seconds=seconds)
        self.scopes = frozenset(str(told.get("scope") or "").replace(",", " ").split())
        self._keep(found.get("refresh_token"))

    def _basic(self) -> str:
        pair = f"{self._credentials['client_id']}:{self._credentials['client_secret']}"
        basic = base64.b64encode(pair.encode()).decode()
        self.transport.hide(basic)
        return basic

    def _grant(self) -> dict[str, str]:
        if "refresh_token" in self._credentials:
            return {"grant_type": "refresh_token", "refresh_token": self._credentials["refresh_token"]}
        return {"grant_type": "password", **{name: self._credentials[name] for name in ("username", "password")}}

    def _keep(self, refresh_token: str | None) -> None:
        if refresh_token and refresh_token != self._credentials.get("refresh_token"):
            self._credentials = self._credentials.with_parts(refresh_token=refresh_token)
            if self._on_renewed:
                self._on_renewed(self._credentials.as_json())


def read_token(exchange: Exchange) -> dict[str, Any]:
    """The answer of the token endpoint. A refusal comes as 400 or 401, or as ``error`` in a 200."""
    if exchange.status in (400, 401):
        raise AuthFailed(DEAD_GRANT, exchange=exchange, status=exchange.status)
    told = the_object(read_answer(exchange), exchange, PLATFORM)
    if "error" in told:
        raise AuthFailed(DEAD_GRANT, exchange=exchange, status=exchange.status)
    return told


def read_answer(exchange: Exchange) -> Any:
    """The JSON of an answer, or the error that it is. ``json.errors`` in a 200 is an error too."""
    if exchange.status == 429:
        raise Throttled(TOO_MANY, exchange=exchange)
    if exchange.status == 403 and not looks_like_json(exchange.body):
        raise Blocked(TAKEN_FOR_A_ROBOT, exchange=exchange, status=403)
    told = decoded(exchange, PLATFORM)
    if exchange.status >= 400:
        raise _error(exchange, told if isinstance(told, dict) else {})
    if isinstance(told, dict) and (code := _refusal(told)):
        raise _refused(exchange, code)
    return told


def _error(exchange: Exchange, told: Mapping[str, Any]) -> ConnectorError:
    reason = str(told.get("reason") or "")[:40]
    facts: dict[str, object] = {"status": exchange.status, "reason": reason}
    if exchange.status == 401:
        return AuthFailed(DEAD_GRANT, exchange=exchange, **facts)
    if exchange.status == 403 and "insufficient_scope" in (exchange.header("www-authenticate") or ""):
        return PermissionLost(NO_SCOPE, exchange=exchange, **facts)
    if exchange.status == 403 or reason == "banned":
        return PermissionLost(MAY_NOT.format(why=reason or "forbidden"), exchange=exchange, **facts)
    if exchange.status in (404, 410):
        return Gone(NOT_THERE, exchange=exchange, **facts)
    if exchange.status >= 500:
        return Unavailable(DOWN, exchange=exchange, **facts)
    return Malformed(NOT_EXPECTED, exchange=exchange, **facts)


def _refusal(told: Mapping[str, Any]) -> str | None:
    inner = told.get("json")
    errors = inner.get("errors") if isinstance(inner, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else None
    return str(first[0] if isinstance(first, list) and first else first) if first else None


def _refused(exchange: Exchange, code: str) -> ConnectorError:
    if code == "RATELIMIT":
        return Blocked(TOO_FAST, exchange=exchange, code=code)
    if code in _LOST:
        return AuthFailed(DEAD_GRANT, exchange=exchange, code=code)
    if code in _MAY_NOT:
        return PermissionLost(MAY_NOT.format(why=code), exchange=exchange, code=code)
    if code in _GONE:
        return Gone(NOT_THERE, exchange=exchange, code=code)
    return Unsupported(WONT.format(why=code[:40]), exchange=exchange, code=code[:40])
