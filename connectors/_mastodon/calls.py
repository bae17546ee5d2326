"""The calls to a Mastodon server: Mastodon.py writes them, the transport sends them, the answers are read here.

Mastodon.py turns every trouble of the way into one error with the words of the cause, and casts answers into types: for
a long thread that takes seconds, for a strange one it fails. So it is given an empty object to read.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from typing import Any

import mastodon

from connectors._answers import Throttled, decoded, the_list, the_object
from connectors._api import Answer, Api
from connectors._budget import Budget
from connectors._credentials import Credentials
from connectors._mastodon.objects import ID, PLATFORM
from connectors._requests import through
from connectors._setup import Setup
from connectors._values import an_id, perhaps_id
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

SIGN_IN_AGAIN = (
    "The server does not accept the token; sign in as the city's account, make an application under Preferences, "
    "Development, and store its new access token."
)
MAY_NOT = (
    "The server refuses this to the token or its account; give the application the scopes read:notifications, "
    "read:statuses, read:accounts, read:blocks, read:mutes, write:blocks, write:mutes, write:reports and look whether "
    "the account is limited."
)
NOT_THERE = "The server has no such status or account, or does not show it to the city's account."
TOO_MANY = "The server asks us to call less often."
DOWN = "The server is down or overloaded; the call is tried again."
WONT = "The server refuses it for this object; look at it in the web interface and decide there."
NOT_EXPECTED = "The server answered in a way that Mastodon does not document; the answer is kept, tell the maintainers."
ELSEWHERE = "The comment {ref} belongs to another page than this connection's; nothing was sent."

# What Mastodon.py raises when it can't read an answer that is read here.
_QUIET = (mastodon.MastodonError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError)
_NEXT = re.compile(r'<([^>]{1,2000})>\s*;\s*rel="?next"?')
_MAX_ID = re.compile(r"[?&]max_id=([0-9A-Za-z]{1,40})(?:&|$)")

Page = tuple[list[Any], str | None, Exchange]


class Server:
    """One account's calls. Errors: the contract's."""

    def __init__(self, setup: Setup, credentials: Credentials) -> None:
        token = credentials["access_token"]
        self.page_id = setup.page_id
        # The threads of mentions that had to be asked for, by status.
        self.roots: dict[str, str] = {}
        self.transport = setup.transport(PLATFORM, None, secrets=(token,))
        budget = Budget(PLATFORM, clock=setup.clock, spending=setup.spending)
        self.api = Api(self.transport, read=read_answer, budget=budget, clock=setup.clock, quiet=_QUIET)
        self.sdk = _sdk(setup, self.transport.base_url, self)
        self._filtered = _sdk(setup, self.transport.base_url, self)
        # Mentions that the account's own filter set aside are comments too; Mastodon.py does not know the parameter.
        self._filtered.session.params = {"include_filtered": "true"}
        self._anonymous = _sdk(setup, self.transport.base_url, self)
        for each in (self.sdk, self._filtered):
            # Set afterwards: the constructor would take a token for the name of a file.
            each.access_token = token

    def ask(self, send: Callable[[], object], *, poll: bool = False) -> Answer:
        """Read by a call of Mastodon.py."""
        return self.api.ask(lambda: _sent(send), poll=poll)

    def tell(self, send: Callable[[], object]) -> None:
        """Write by a call of Mastodon.py, once."""
        self.api.tell(lambda: _sent(send))

    def me(self) -> tuple[Mapping[str, Any], Exchange]:
        """The account behind the token."""
        return self._object(self.ask(self.sdk.account_verify_credentials))

    def status(self, status_id: str) -> Mapping[str, Any]:
        """One status. ``Gone`` when the city's account does not see it."""
        return self._object(self.ask(lambda: self.sdk.status(status_id)))[0]

    def status_or_none(self, status_id: str) -> Mapping[str, Any] | None:
        """One status; ``None`` when it is gone. One whose author blocks the city is public all the same."""
        try:
            return self.status(status_id)
        except Gone:
            try:
                return self._object(self.ask(lambda: self._anonymous.status(status_id)))[0]
            except (Gone, AuthFailed, PermissionLost):
                # Some servers answer nobody without a token; then at least ours has to be alive.
                self.me()
                return None

    def context(self, status_id: str, *, poll: bool = False) -> tuple[list[Any], list[Any]]:
        """The statuses above and below one, public ones and those that the account sees."""
        told, exchange = self._object(self.ask(lambda: self.sdk.status_context(status_id), poll=poll))
        above, below = (the_list(told.get(name), exchange, PLATFORM) for name in ("ancestors", "descendants"))
        return above, below

    def mentions(self, mark: str | None, size: int) -> Page:
        """A page of mentions of the account, newest first."""
        return self._page(
            lambda: self._filtered.notifications(types=["mention"], max_id=mark, limit=size), size, poll=True
        )

    def own_statuses(self, mark: str | None, size: int) -> Page:
        """A page of the city's own statuses, newest first, without what it boosted."""
        return self._page(
            lambda: self.sdk.account_statuses(self.page_id, exclude_reblogs=True, max_id=mark, limit=size),
            size,
            poll=True,
        )

    def kept_away(self, way: str, mark: str | None) -> Page:
        """A page of the accounts that are blocked or muted."""
        ask = self.sdk.blocks if way == "block" else self.sdk.mutes
        return self._page(lambda: ask(max_id=mark, limit=80), 80, poll=False)

    def relationship(self, account_id: str) -> Mapping[str, Any]:
        """How the city's account stands to another."""
        answer = self.ask(lambda: self.sdk.account_relationships([account_id]))
        rows = the_list(answer.data, answer.exchange, PLATFORM)
        return the_object(rows[0], answer.exchange, PLATFORM) if rows else {}

    def policy(self) -> Mapping[str, Any]:
        """What the account's own filter does with mentions (Mastodon 4.3 and later)."""
        return self._object(self.ask(self.sdk.notifications_policy))[0]

    def checked(self, ref: CommentRef) -> str:
        """The status's id. ``Unsupported`` for another page's, ``Malformed`` for what is no id."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(ELSEWHERE.format(ref=ref))
        return an_id(ref.comment_id, PLATFORM, ID)

    def _page(self, send: Callable[[], object], size: int, *, poll: bool) -> Page:
        answer = self.ask(send, poll=poll)
        rows = the_list(answer.data, answer.exchange, PLATFORM)
        return rows, _mark(answer.exchange, rows, size), answer.exchange

    def _object(self, answer: Answer) -> tuple[dict[str, Any], Exchange]:
        return the_object(answer.data, answer.exchange, PLATFORM), answer.exchange


def _sdk(setup: Setup, base_url: str, server: Server) -> mastodon.Mastodon:
    session = through(server.transport, base_url)
    session.hooks["response"].append(_emptied)
    return mastodon.Mastodon(
        api_base_url=base_url,
        session=session,
        ratelimit_method="throw",
        version_check_mode="none",
        request_timeout=setup.timeout,
    )


def _emptied(response: Any, *_: object, **__: object) -> None:
    response.raw = io.BytesIO(b"{}")


def _sent(send: Callable[[], object]) -> None:
    try:
        send()
    except mastodon.MastodonNetworkError as error:
        # The transport's own error says what happened, and says it without the token.
        if isinstance(error.__context__, ConnectorError):
            raise error.__context__ from None
        raise


def _mark(exchange: Exchange, rows: list[Any], size: int) -> str | None:
    """Where the next page begins: the ``Link`` header says it, else a full page's last id."""
    link = exchange.header("link")
    if link is not None:
        found = _NEXT.search(link)
        mark = _MAX_ID.search(found.group(1)) if found else None
        return mark.group(1) if mark else "" if found else None
    last = rows[-1].get("id") if len(rows) >= size and isinstance(rows[-1], dict) else None
    return perhaps_id(last, PLATFORM, ID)


def read_answer(exchange: Exchange) -> Any:
    """The JSON of an answer, or the error that it is."""
    if exchange.status == 429:
        raise Throttled(TOO_MANY, exchange=exchange)
    told = decoded(exchange, PLATFORM)
    if exchange.status >= 400:
        raise _error(exchange, told if isinstance(told, dict) else {})
    if isinstance(told, dict) and "error" in told:
        raise Malformed(NOT_EXPECTED, exchange=exchange, status=exchange.status)
    return told


def _error(exchange: Exchange, told: Mapping[str, Any]) -> ConnectorError:
    facts: dict[str, object] = {"status": exchange.status}
    nobody = exchange.status == 422 and "authenticated user" in str(told.get("error"))
    if exchange.status == 401 or nobody:
        return AuthFailed(SIGN_IN_AGAIN, exchange=exchange, **facts)
    if exchange.status == 403:
        return PermissionLost(MAY_NOT, exchange=exchange, **facts)
    if exchange.status in (404, 410):
        return Gone(NOT_THERE, exchange=exchange, **facts)
    if exchange.status >= 500:
        return Unavailable(DOWN, exchange=exchange, **facts)
    if exchange.status == 422:
        return Unsupported(WONT, exchange=exchange, **facts)
    return Malformed(NOT_EXPECTED, exchange=exchange, **facts)
