"""X's API v2 through tweepy: who signs, what is paid, how an error reads (docs.x.com, "Response codes and errors").

tweepy signs and words the requests; its answers are read here, from what was recorded, because it loses headers, has
no time limit and can't read half an answer.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlencode

import tweepy

from connectors._answers import Throttled, decoded, the_object
from connectors._api import Answer, Api
from connectors._budget import Allowance, Budget
from connectors._credentials import Credentials, read_credentials
from connectors._paging import walk
from connectors._requests import through
from connectors._setup import Setup
from connectors._x.objects import PLATFORM, row_id
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
from connectors.transport import Transport

API_URL = "https://api.x.com"
# What tweepy writes in front of every route.
SDK_URL = "https://api.twitter.com"
USER_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
OAUTH2 = ("client_id", "access_token", "refresh_token")

DOLLARS = "dollars"
USD_PER_MONTH = 50.0
POST_READ_USD, OWNED_READ_USD, USER_READ_USD, ACCOUNT_READ_USD = 0.005, 0.001, 0.010, 0.001
# A spent plan is asked again so often: credits are topped up by people, not by the calendar.
SPENT_FOR = timedelta(hours=6)
MOST_PAGES = 200

KEYS_DEAD = "X refuses the city's keys; make new ones in X's developer console and store them again."
LOCKED = "X has locked or suspended the city's account or app; log in at x.com and follow what it asks."
NO_CREDITS = "X's credits are spent; top them up in the developer console, or wait for the next billing period."
TOO_MANY = "X asks to wait."
NOT_ALLOWED = (
    "X doesn't allow the city's app this call; look at the app's permissions (Read and write, tweet.moderate.write) "
    "and at the plan in the developer console."
)
SUSPECTED = "X took a call for spam or forbidden automation; stop, log in at x.com and look what it asks."
NOT_THERE = "X has no such post or account any more."
REFUSED = "X found the call wrong; the answer is kept, tell the maintainers."
NO_SUCH_CALL = "X does not offer this call; do it at x.com by hand."
DOWN = "X has trouble of its own; the call is tried again."

_FIELDS = "attachments,author_id,conversation_id,created_at,entities,in_reply_to_user_id,public_metrics"
# The API is being renamed from tweets to posts; which names it takes is found out by the first answer.
FIELDS = {
    "tweet": f"{_FIELDS},edit_history_tweet_ids,note_tweet,referenced_tweets",
    "post": f"{_FIELDS},edit_history_post_ids,note_post,referenced_posts",
}
_POSTS = ("tweet", "post")
_SPAM = ("automated", "spam", "duplicate")
_LOCKED = ("suspended", "locked")
# What tweepy raises at answers that are read here instead: its own errors, and what its reading of errors stumbles at.
_QUIET = (tweepy.TweepyException, ValueError, TypeError, AttributeError, KeyError, RecursionError)


class XApi:
    """The calls of one account. Every delivered post is charged once a UTC day, as X bills it."""

    def __init__(self, setup: Setup, page_id: str) -> None:
        self.page_id = page_id
        self._setup = setup
        self._keys = x_credentials(setup.token)
        self.is_oauth1 = "consumer_key" in self._keys
        self.transport = setup.transport(PLATFORM, API_URL, secrets=self._keys.secrets)
        self.monthly = _dollars(setup.options.get("usd_per_month"))
        self.budget = Budget(
            "X",
            clock=setup.clock,
            allowances=(Allowance(self.monthly, "month", what=DOLLARS),),
            spending=setup.spending,
            key=page_id,
        )
        self._post_usd = OWNED_READ_USD if setup.options.get("owned") == "yes" else POST_READ_USD
        self._api = Api(
            self.transport,
            read=self._read,
            budget=self.budget,
            clock=setup.clock,
            renew=None if self.is_oauth1 else self._renew,
            quiet=_QUIET,
        )
        self._client = _client(self.transport, self._keys)
        self._spelling = "tweet"
        self._charged: tuple[date | None, set[str]] = (None, set())
        self._lock = Lock()
        self.scopes: frozenset[str] = frozenset()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._api.now()

    def posts(
        self, route: str, params: Mapping[str, str], *, bucket: str, own: bool = False, poll: bool = False
    ) -> Answer:
        """Read posts, with the fields that a record needs and no accounts, which are billed apart.

        ``own``: a list that X bills less when the account owns the app (its posts, its mentions).
        """
        try:
            return self._posts(route, params, bucket, own, poll)
        except Malformed as error:
            if self._spelling == "post" or "tweet.fields" not in str(error.facts.get("parameters")):
                raise
        self._spelling = "post"
        return self._posts(route, params, bucket, own, poll)

    def pages(
        self, route: str, params: Mapping[str, str], *, bucket: str, mark: str = "pagination_token", own: bool = False
    ) -> Iterator[tuple[list[Any], Answer]]:
        """The rows of each page of a list of posts. ``PagingBroken`` where it has no end."""
        answers: list[Answer] = []

        def fetch(at: str | None) -> tuple[list[Any], str | None]:
            marked = {**params, mark: at} if at else params
            answers.append(self.posts(route, marked, bucket=bucket, own=own, poll=True))
            return rows_of(answers[-1]), next_mark(answers[-1])

        for rows, _ in walk(fetch, most=MOST_PAGES):
            yield rows, answers.pop()

    def accounts(self, route: str, *, bucket: str) -> Iterator[list[Any]]:
        """The rows of each page of a list of accounts."""

        def fetch(at: str | None) -> tuple[list[Any], str | None]:
            params = {"max_results": "1000", **({"pagination_token": at} if at else {})}
            answer = self.ask(route, params, bucket=bucket)
            self._charge(len(rows_of(answer)) * ACCOUNT_READ_USD)
            return rows_of(answer), next_mark(answer)

        for rows, _ in walk(fetch, most=MOST_PAGES):
            yield rows

    def ask(self, route: str, params: Mapping[str, str], *, bucket: str, poll: bool = False) -> Answer:
        """Read anything. An answer without data that only lists problems is the first problem, as an error."""
        return self._api.ask(lambda: self._send("GET", route, params, None), poll=poll, weight=0.0, bucket=bucket)

    def tell(self, method: str, route: str, body: Mapping[str, Any] | None, *, usd: float, bucket: str) -> Answer:
        """Write, once."""
        answer = self._api.tell(lambda: self._send(method, route, {}, body), weight=usd, bucket=bucket)
        self.transport.calls.charge(usd)
        return answer

    def me(self) -> Answer:
        """The account that the keys belong to."""
        answer = self.ask("/2/users/me", {}, bucket="me")
        self._charge(USER_READ_USD)
        return answer

    def _posts(self, route: str, params: Mapping[str, str], bucket: str, own: bool, poll: bool) -> Answer:
        fields = {f"{self._spelling}.fields": FIELDS[self._spelling]}
        answer = self.ask(route, {**params, **fields}, bucket=bucket, poll=poll)
        self._charge_posts(rows_of(answer), self._post_usd if own else POST_READ_USD)
        return answer

    def _send(self, method: str, route: str, params: Mapping[str, str], body: Mapping[str, Any] | None) -> None:
        self._client.request(method, route, params=dict(params), json=body, user_auth=self.is_oauth1)

    def _charge_posts(self, rows: Iterable[Any], each_usd: float) -> None:
        today = self.now().date()
        with self._lock:
            day, charged = self._charged
            known = charged if day == today else set()
            fresh = {str(row_id(row)) for row in rows} - known
            self._charged = (today, known | fresh)
        self._charge(len(fresh) * each_usd)

    def _charge(self, usd: float) -> None:
        self.budget.charge(usd, DOLLARS)
        self.transport.calls.charge(usd)

    def _renew(self) -> bool:
        """Exchange the refresh token. ``False`` where X refuses it: then the first refusal stands."""
        with self._lock:
            body = {"grant_type": "refresh_token", "refresh_token": self._keys["refresh_token"]}
            exchange, tokens = self.transport.fetch_secrets(
                "POST",
                f"{self.transport.base_url}/2/oauth2/token",
                ("access_token", "refresh_token"),
                headers={"content-type": "application/x-www-form-urlencoded", **self._basic()},
                content=urlencode({**body, "client_id": self._keys["client_id"]}).encode(),
            )
            if exchange.status >= 500:
                raise Unavailable(DOWN, exchange=exchange, status=exchange.status)
            if exchange.status != 200 or "access_token" not in tokens:
                return False
            self._take(tokens, exchange)
            return True

    def _basic(self) -> dict[str, str]:
        # A confidential client names itself in the header, a public one in the body alone.
        if "client_secret" not in self._keys:
            return {}
        pair = b64encode(f"{self._keys['client_id']}:{self._keys['client_secret']}".encode()).decode()
        self.transport.hide(pair)
        return {"authorization": f"Basic {pair}"}

    def _take(self, tokens: Mapping[str, str], exchange: Exchange) -> None:
        self._keys = self._keys.with_parts(**tokens)
        self._client.bearer_token = self._keys["access_token"]
        told = decoded(exchange, PLATFORM)
        self.scopes = frozenset(str(told.get("scope") or "").split())
        # The old refresh token is dead from here on: the new one is stored before anything else is asked.
        if self._setup.on_renewed:
            self._setup.on_renewed(self._keys.as_json())

    def _read(self, exchange: Exchange) -> dict[str, Any]:
        if exchange.status >= 400:
            raise self._refusal(_problem(exchange), exchange)
        answer = the_object(decoded(exchange, PLATFORM), exchange, PLATFORM)
        errors = answer.get("errors")
        if errors and isinstance(errors, list) and not {"data", "meta"} & set(answer):
            # Looking posts up by id, what is missing is the answer itself; the caller reads it.
            if all(isinstance(each, dict) and each.get("resource_type") in _POSTS for each in errors):
                return answer
            raise self._refusal(errors[0] if isinstance(errors[0], dict) else {}, exchange)
        if not {"data", "meta", "errors"} & set(answer):
            raise Malformed(REFUSED, exchange=exchange)
        return answer

    def _refusal(self, problem: Mapping[str, Any], exchange: Exchange) -> ConnectorError:
        kind, status = kind_of(problem), exchange.status if exchange.status >= 400 else _status(problem)
        facts: dict[str, Any] = {"status": status, "kind": kind, "parameters": _parameters(problem)}
        words = " ".join(str(problem.get(name)) for name in ("title", "detail", "reason", "message")).lower()
        if status == 402 or kind in ("usage-capped", "credits"):
            until = self.now() + SPENT_FOR
            return Throttled(NO_CREDITS, exchange=exchange, until=until, spent=True, remedy=NO_CREDITS, **facts)
        if status == 429:
            return Throttled(TOO_MANY, exchange=exchange, **facts)
        kinds = _by_status(status, kind, words)
        return kinds[0](kinds[1], exchange=exchange, **facts)


def x_credentials(stored: str) -> Credentials:
    """OAuth 1.0a user keys (four parts) or OAuth 2.0 (three, and the secret of a confidential client)."""
    if '"consumer_key"' in stored:
        return read_credentials(stored, PLATFORM, needed=USER_KEYS)
    return read_credentials(stored, PLATFORM, needed=OAUTH2, optional=("client_secret",))


def rows_of(answer: Answer) -> list[Any]:
    """The rows of an answer; one object counts as one row."""
    data = answer.data.get("data")
    if isinstance(data, dict):
        return [data]
    return data if isinstance(data, list) else []


def next_mark(answer: Answer) -> str | None:
    """The mark of the next page; ``None`` at the end."""
    meta = answer.data.get("meta")
    mark = meta.get("next_token") if isinstance(meta, dict) else None
    return mark if isinstance(mark, str) and mark else None


def problems_of(answer: Answer) -> list[Mapping[str, Any]]:
    """What an answer with status 200 could not deliver."""
    errors = answer.data.get("errors")
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []


def kind_of(problem: Mapping[str, Any]) -> str:
    """The last word of a problem's ``type``: ``resource-not-found``."""
    return str(problem.get("type") or "").rstrip("/").rpartition("/")[2].lower()


def _client(transport: Transport, keys: Credentials) -> Any:
    # wait_on_rate_limit would sleep in place, and without an end where the header is missing.
    if "consumer_key" in keys:
        client = tweepy.Client(**keys, wait_on_rate_limit=False)
    else:
        client = tweepy.Client(bearer_token=keys["access_token"], wait_on_rate_limit=False)
    client.session = _AtBase(through(transport, transport.base_url).request, transport.base_url)
    return client


class _AtBase:
    """Renames tweepy's host before the request is signed: an OAuth 1.0a signature covers the host."""

    def __init__(self, request: Callable[..., Any], base_url: str) -> None:
        self._request, self._base_url = request, base_url

    def request(self, method: str, url: str, **more: Any) -> Any:
        """As that of a ``requests`` session."""
        return self._request(method, self._base_url + url.removeprefix(SDK_URL), **more)


def _problem(exchange: Exchange) -> Mapping[str, Any]:
    try:
        told = decoded(exchange, PLATFORM)
    except (Unavailable, Malformed):
        return {}
    if not isinstance(told, dict):
        return {}
    errors = told.get("errors")
    inner = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    return {**inner, **told}


def _by_status(status: int, kind: str, words: str) -> tuple[type[ConnectorError], str]:
    if status == 401 or kind == "unsupported-authentication":
        return AuthFailed, KEYS_DEAD
    if status == 403 and any(word in words for word in _LOCKED):
        return AuthFailed, LOCKED
    if status == 403 and any(word in words for word in _SPAM):
        return Blocked, SUSPECTED
    if status == 403:
        return PermissionLost, NOT_ALLOWED
    if status in (404, 410):
        return Gone, NOT_THERE
    if status in (405, 501):
        return Unsupported, NO_SUCH_CALL
    return (Unavailable, DOWN) if status >= 500 or status in (408, 425) else (Malformed, REFUSED)


def _status(problem: Mapping[str, Any]) -> int:
    told = problem.get("status")
    by_kind = {
        "resource-not-found": 404,
        "not-authorized-for-resource": 403,
        "not-authorized-for-field": 403,
        "client-forbidden": 403,
        "disallowed-resource": 403,
        "rate-limit-exceeded": 429,
    }
    return told if isinstance(told, int) and not isinstance(told, bool) else by_kind.get(kind_of(problem), 400)


def _parameters(problem: Mapping[str, Any]) -> str:
    told = problem.get("parameters")
    return " ".join(map(str, told))[:200] if isinstance(told, dict) else ""


def _dollars(told: str | None) -> float:
    try:
        dollars = USD_PER_MONTH if told is None else float(told)
    except ValueError:
        dollars = -1.0
    if not 0 < dollars < 1e9:
        raise ValueError(
            f"usd_per_month is {json.dumps(told)}; give the dollars that X may cost in a month, such as 50."
        )
    return dollars
