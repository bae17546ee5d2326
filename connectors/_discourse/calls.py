"""The calls to a Discourse forum, and what its errors mean (docs.discourse.org; lib/json_error.rb, rate_limiter.rb)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from connectors._answers import Throttled, decoded, the_list, the_object
from connectors._api import Answer, Rest
from connectors._budget import Budget, read_retry
from connectors._credentials import Credentials
from connectors._discourse.objects import PLATFORM, Forum
from connectors._setup import Setup
from connectors._values import DIGITS, an_id, perhaps_id
from connectors.contract import (
    AuthFailed,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    Unavailable,
    Unsupported,
)
from connectors.transport import Transport

DEAD_KEY = (
    "The forum does not accept the API key with this user name; an administrator makes a new one under "
    "Admin, API keys, for the city's moderator account."
)
MAY_NOT = (
    "The forum refuses this to the API key's account; give the account the moderator role and the key the scope "
    "for it (Admin, API keys)."
)
NOT_THERE = "The forum has no such post, topic or account, or does not show it to this account."
NO_CATEGORY = "The forum shows this account no category {page}; check the page id and the category's permissions."
TOO_MANY = "The forum asks us to call less often."
READ_ONLY = "The forum is in read-only mode (a backup or an upgrade is running); the call is tried again."
DOWN = "The forum is down or restarting; the call is tried again."
WONT = "The forum refuses it for this object ({why}); look at it in the forum and decide there."
NOT_EXPECTED = "The forum answered in a way that it does not document; the answer is kept, tell the maintainers."
ELSEWHERE = "The comment {ref} belongs to another page than this connection's; nothing was sent."
MAY_BE_BLIND = (
    "The forum says that the post is not there, but its account {name!r} is no moderator any more and could not see "
    "it if it was hidden; give it the moderator role again."
)

CATEGORY_KEPT = timedelta(hours=1)
# Kept apart from other refusals by its name alone: forums answer in their own language.
_ABOUT_THE_KEY = re.compile(r"\bAPI\b", re.IGNORECASE)


class Board:
    """A forum's calls, each as one method. Errors: the contract's."""

    def __init__(self, setup: Setup, credentials: Credentials, forum_page: str, own: frozenset[str]) -> None:
        self.username = credentials["api_username"]
        headers = {"Api-Key": credentials["api_key"], "Api-Username": self.username}
        # The name of the account stands in its own posts: it is no secret.
        self.transport: Transport = setup.transport(PLATFORM, None, secrets=(credentials["api_key"],))
        self.forum = Forum(self.transport.base_url, forum_page, own)
        budget = Budget(PLATFORM, clock=setup.clock, spending=setup.spending)
        self._category: tuple[datetime, tuple[str, frozenset[int]]] | None = None
        self.rest = Rest(self.transport, headers=lambda *_: headers, read=read_answer, budget=budget, clock=setup.clock)

    def row(self, ref: CommentRef) -> Mapping[str, Any]:
        """One post as the forum has it now, deleted or not. ``Gone`` when it isn't there."""
        return self._object(self.rest.get(f"/posts/{self.checked(ref)}.json"))

    def row_or_none(self, ref: CommentRef) -> Mapping[str, Any] | None:
        """One post; ``None`` when it is certain that it's gone: a moderator sees deleted posts too."""
        try:
            return self.row(ref)
        except Gone as gone:
            account = self.account(self.username)
            if account.get("moderator") is True or account.get("admin") is True:
                return None
            raise PermissionLost(MAY_BE_BLIND.format(name=self.username), exchange=gone.exchange) from gone

    def latest(self, before: str | None) -> tuple[list[Any], Exchange]:
        """A page of the newest posts of the whole forum, newest first."""
        answer = self.rest.get("/posts.json", {"before": before}, poll=True)
        rows = self._object(answer).get("latest_posts")
        return the_list(rows, answer.exchange, PLATFORM), answer.exchange

    def topics(self, page: int, slug: str) -> tuple[list[Any], bool]:
        """A page of topics, the one with the newest post first, and whether more follow."""
        watched = self.forum.page_id
        path = "/latest.json" if watched == "all" else f"/c/{slug}/{watched}.json"
        answer = self.rest.get(path, {"page": page, "no_definitions": True}, poll=True)
        told = the_object(self._object(answer).get("topic_list"), answer.exchange, PLATFORM)
        return the_list(told.get("topics"), answer.exchange, PLATFORM), bool(told.get("more_topics_url"))

    def topic(self, topic_id: str, *, poll: bool = False) -> Mapping[str, Any]:
        """A topic with its first posts."""
        return self._object(self.rest.get(f"/t/{topic_id}.json", poll=poll))

    def by_number(self, topic_id: str, number: int) -> Mapping[str, Any]:
        """The post that has this number in its topic."""
        return self._object(self.rest.get(f"/posts/by_number/{topic_id}/{number}.json", poll=True))

    def category(self) -> tuple[str, frozenset[int]]:
        """The slug of the watched category, and its number with those below it; asked for once an hour."""
        now = self.rest.now()
        if self._category is None or now - self._category[0] >= CATEGORY_KEPT:
            self._category = (now, _with_those_below(self._categories(), self.forum.page_id))
        return self._category[1]

    def _categories(self) -> list[Any]:
        answer = self.rest.get("/categories.json", {"include_subcategories": True}, poll=True)
        told = the_object(self._object(answer).get("category_list"), answer.exchange, PLATFORM)
        return the_list(told.get("categories"), answer.exchange, PLATFORM)

    def account(self, username: str) -> Mapping[str, Any]:
        """The public profile of an account, with its role."""
        answer = self.rest.get(f"/u/{quote(username, safe='')}.json")
        return the_object(self._object(answer).get("user"), answer.exchange, PLATFORM)

    def checked(self, ref: CommentRef) -> str:
        """The post's number. ``Unsupported`` for another page's comment, ``Malformed`` for what is no number."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.forum.page_id):
            raise Unsupported(ELSEWHERE.format(ref=ref))
        return an_id(ref.comment_id, PLATFORM, DIGITS)

    def _object(self, answer: Answer) -> dict[str, Any]:
        return the_object(answer.data, answer.exchange, PLATFORM)


def _with_those_below(rows: list[Any], page_id: str) -> tuple[str, frozenset[int]]:
    wanted, slug, numbers = int(page_id), None, set[int]()
    # Each waits with whether it stands below the wanted one.
    waiting = [(row, False) for row in rows]
    while waiting:
        row, below = waiting.pop()
        if not isinstance(row, dict):
            continue
        below = below or row.get("id") == wanted
        slug = (perhaps_id(row.get("slug"), PLATFORM) or "-") if row.get("id") == wanted else slug
        ids, children = row.get("subcategory_ids"), row.get("subcategory_list")
        if below:
            numbers.update(each for each in (row.get("id"), *(ids or ())) if isinstance(each, int))
        waiting += [(child, below) for child in children or ()]
    if slug is None:
        raise PermissionLost(NO_CATEGORY.format(page=page_id))
    return slug, frozenset(numbers)


def read_answer(exchange: Exchange) -> Any:
    """The JSON of an answer, or the error that it is. An act answers with nothing."""
    if exchange.status < 300 and exchange.method in ("PUT", "DELETE") and not exchange.body.strip():
        return {}
    if exchange.status == 429:
        raise _throttled(exchange)
    told = decoded(exchange, PLATFORM)
    if exchange.status >= 400:
        raise _error(exchange, told if isinstance(told, dict) else {})
    # Some refusals come with a 200: the list of errors is what counts.
    if isinstance(told, dict) and told.get("errors"):
        raise _error(exchange, told)
    return told


def _error(exchange: Exchange, told: Mapping[str, Any]) -> ConnectorError:
    kind = str(told.get("error_type") or "")
    facts: dict[str, object] = {"status": exchange.status, "error_type": kind[:40]}
    refused = exchange.status == 403 or kind in ("invalid_access", "not_logged_in")
    if exchange.status == 401 or kind == "not_logged_in" or (refused and _ABOUT_THE_KEY.search(_why(told))):
        return AuthFailed(DEAD_KEY, exchange=exchange, **facts)
    if refused:
        return PermissionLost(MAY_NOT, exchange=exchange, **facts)
    if exchange.status in (404, 410) or kind == "not_found":
        return Gone(NOT_THERE, exchange=exchange, **facts)
    if kind == "read_only":
        return Unavailable(READ_ONLY, exchange=exchange, **facts)
    if exchange.status >= 500:
        return Unavailable(DOWN, exchange=exchange, **facts)
    if exchange.status in (409, 422):
        return Unsupported(WONT.format(why=kind or f"HTTP {exchange.status}"), exchange=exchange, **facts)
    return Malformed(NOT_EXPECTED, exchange=exchange, **facts)


def _why(told: Mapping[str, Any]) -> str:
    errors = told.get("errors")
    return " ".join(str(each) for each in errors) if isinstance(errors, list) else str(errors or "")


def _throttled(exchange: Exchange) -> Throttled:
    # The outer limit (by address) answers in plain text with Retry-After, the inner one in JSON with the seconds.
    if (until := read_retry(exchange, exchange.started_at)) is not None:
        return Throttled(TOO_MANY, exchange=exchange, until=until)
    try:
        told = decoded(exchange, PLATFORM)
        seconds = float(told["extras"]["wait_seconds"])
        return Throttled(TOO_MANY, exchange=exchange, until=exchange.started_at + timedelta(seconds=seconds + 1))
    except (ConnectorError, KeyError, TypeError, ValueError, OverflowError):
        return Throttled(TOO_MANY, exchange=exchange)
