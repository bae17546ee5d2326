"""X: replies and mentions through its API v2, hiding replies, muting accounts (docs.x.com).

Off until the operator attests the plan: X asks government users for its Enterprise plan (PPU agreement XIV.C).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from connectors._findings import Findings
from connectors._hands import SafeBlocker, SafeHider
from connectors._paging import PagingBroken
from connectors._setup import Setup
from connectors._values import an_id, words
from connectors._x.api import DOLLARS, NO_CREDITS, XApi, rows_of
from connectors._x.objects import PLATFORM, SNOWFLAKE, versions_of
from connectors._x.posts import Posts
from connectors._x.sweep import XSweep
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Author,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Health,
    PermissionLost,
    QuotaSpent,
    Reading,
    Unavailable,
    Unproven,
    Unsupported,
    Way,
)

BY_HAND = "log in at x.com as the city, open the reply and choose Hide reply, Mute or Block there."
MUTE = Way(
    "mute",
    "The city's account no longer sees this account's posts; everybody else still does, and nobody is told.",
    reversible=True,
)
BLOCK = Way(
    "block",
    "The account can no longer follow or reply to the city and sees that it is blocked; it can still read the posts.",
    reversible=True,
)

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="own_threads",
    delete="own",
    block="enterprise",
    unblock=True,
    identity="account id; name and handle are billed apart and not asked for",
    embed="comment",
    effect=(
        "The reply moves behind an extra click ('View hidden replies'); everybody can still read it there, and its "
        "author is not told."
    ),
    by_hand=BY_HAND,
    archive=ArchivePolicy(
        "whole",
        "X Developer Agreement III (PPU agreement XIV.C): on X's written request deleted within 24 hours, unless law "
        "forbids it and X agrees in writing; store the citation of the city's records law.",
    ),
    reads=("mentions", "replies in the city's conversations of the last seven days", "own posts"),
    cost="post read $0.005 ($0.001 if the account owns the app), hide $0.005, mute $0.015; Enterprise by contract",
    cost_per_read_usd=0.005,
    hidden_state="answered",
    block_ways=(MUTE, BLOCK),
    poll_every=timedelta(minutes=5),
    least_poll=timedelta(minutes=1),
    attestation=(
        "The city has X's Enterprise plan, or X's written word that this use needs none: X's PPU agreement (XIV.C) "
        "makes posts available to government entities only under an Enterprise plan that names each of them."
    ),
    public_hosts=("publish.x.com",),
    pictures=False,
    notice_why="X bills direct messages and takes them to accounts that allow it only; a person writes by hand.",
    unproven=(
        Unproven("Does a conversation search find replies whose author took the city's name out?", "delivered"),
        Unproven("Does the account's id arrive with every reply without asking for accounts?", "author"),
        Unproven("Is a hidden reply still found by mentions and search?", "listed"),
        Unproven("Can the four OAuth 1.0a keys hide a reply, or only OAuth 2.0?", "hide"),
        Unproven("Which spelling do answers have since the fields were renamed from tweets to posts?"),
        Unproven("Does the count of replies hold replies to replies?"),
        Unproven("Does a city that moderates its own account through its own app need the Enterprise plan?"),
    ),
)

NOT_ATTESTED = (
    "X is not used until the operator attests the plan. {attestation} Write who attests it and when as `attested`."
)
OWN_COMMENT = "This is the city's own post; edit or delete it at x.com."
NOT_OUR_THREAD = (
    "X lets the city hide replies only in conversations that it began; mute the account, or report the post at x.com."
)
SAID_NO = "X answered that it did not do it; look at the permissions of the app and at the plan."
WRONG_ACCOUNT = "The keys belong to account {found} and not to {page}; store those of the city's account."
READ_ONLY = "The app may only read; set it to Read and write in X's developer console, then make new keys."
NO_SCOPE = "The authorisation lacks {missing}; let the city's account authorise the app again with them."
NO_AUTHORS = "X delivers recent mentions without their accounts; look at the app's access in the developer console."
MONEY_ENDS = "X has cost {spent:.2f} of {monthly:.2f} dollars this month; raise usd_per_month or poll less often."
MUTED_UNREADABLE = "X's list of accounts can't be read to its end: {why}"
SCOPES = frozenset({"tweet.read", "users.read", "tweet.moderate.write", "offline.access"})


def connect(setup: Setup) -> Connection:
    """Everything that the keys may do for the account ``page_id`` (its number); nothing is sent yet.

    Options: ``attested`` (who attested the plan, and when), ``plan`` (``enterprise`` or another), ``usd_per_month``,
    ``owned`` (``yes`` where the account owns the app). ``ValueError`` without the attestation.
    """
    if not setup.options.get("attested", "").strip():
        raise ValueError(NOT_ATTESTED.format(attestation=CAPABILITIES.attestation))
    ways = (MUTE, BLOCK) if setup.options.get("plan") == "enterprise" else (MUTE,)
    api = XApi(setup, an_id(setup.page_id, PLATFORM, SNOWFLAKE))
    page = X(api, setup, replace(CAPABILITIES, block_ways=ways))
    return Connection(
        connector=page,
        hider=SafeHider(_Hand(api)),
        remover=None,
        blocker=SafeBlocker(_BlockHand(api), ways, BY_HAND),
        calls=api.transport.calls,
        close=api.transport.close,
    )


class X:
    """Reads one account's replies and mentions."""

    platform = PLATFORM

    def __init__(self, api: XApi, setup: Setup, capabilities: Capabilities) -> None:
        self._api, self._setup, self.capabilities = api, setup, capabilities
        self._posts = Posts(api)

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Everything new since the cursor, less the look-back that is due (``_x_sweep.SCHEDULE``)."""
        return XSweep(self._api, self._setup, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment in its latest version and the post that began its conversation."""
        self._posts.checked(ref)
        with self._api.transport.recording() as exchanges:
            comment = self._posts.comment(ref)
            post = None if comment is None else self._posts.root(comment.post_id)
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """The keys, whose they are, what they may do, what is left of the money, whether accounts arrive."""
        findings = Findings(PLATFORM, self._api.now())
        try:
            self._check_account(findings)
            self._check_mentions(findings)
        except QuotaSpent:
            findings.fatal.append(NO_CREDITS)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        self._check_money(findings)
        return findings.health()

    def _check_account(self, findings: Findings) -> None:
        answer = self._api.me()
        findings.clock(answer.exchange)
        account: dict[str, Any] = next((row for row in rows_of(answer) if isinstance(row, dict)), {})
        findings.page_name = words(account.get("name"))
        if account.get("id") != self._api.page_id:
            findings.fatal.append(WRONG_ACCOUNT.format(found=account.get("id"), page=self._api.page_id))
        if answer.exchange.header("x-access-level") == "read":
            findings.fatal.append(READ_ONLY)
        findings.scopes = self._api.scopes
        missing = SCOPES - self._api.scopes if self._api.scopes else ()
        if missing:
            findings.fatal.append(NO_SCOPE.format(missing=", ".join(sorted(missing))))

    def _check_mentions(self, findings: Findings) -> None:
        route = f"/2/users/{self._api.page_id}/mentions"
        rows = rows_of(self._api.posts(route, {"max_results": "5"}, bucket="mentions", own=True))
        if rows and not any(isinstance(row, dict) and row.get("author_id") for row in rows):
            findings.fatal.append(NO_AUTHORS)

    def _check_money(self, findings: Findings) -> None:
        spent = self._api.budget.spent(DOLLARS)
        if spent > 0.75 * self._api.monthly:
            findings.told.append(MONEY_ENDS.format(spent=spent, monthly=self._api.monthly))

    def __repr__(self) -> str:
        return f"X({self._api.page_id!r})"


class _Hand:
    """Hides and shows replies (``PUT /2/tweets/{id}/hidden``). X tells nobody which replies are hidden."""

    platform = PLATFORM

    def __init__(self, api: XApi) -> None:
        self._api, self._posts = api, Posts(api)

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._api.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._api.now()

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now."""
        self._posts.checked(ref)
        return self._posts.comment(ref)

    def hidden(self, comment: Comment) -> bool | None:
        """No field says it."""
        return None

    def removed(self, comment: Comment | None, way: str) -> bool:
        """X removes nobody else's posts."""
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        """The city's own posts, and replies in conversations that others began."""
        if comment.by_page:
            raise Unsupported(OWN_COMMENT)
        root = self._posts.root(comment.post_id)
        if root is None or not root.by_page or comment.post_id == comment.ref.comment_id:
            raise Unsupported(NOT_OUR_THREAD)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        """One write; X's own word that it was done is all that can be had."""
        wanted = action is Action.HIDE
        latest = versions_of(comment.raw)[-1]
        answer = self._api.tell("PUT", f"/2/tweets/{latest}/hidden", {"hidden": wanted}, usd=0.005, bucket="hidden")
        if _said(answer.data, "hidden") is not wanted:
            raise PermissionLost(SAID_NO, exchange=answer.exchange)


class _BlockHand:
    """Mutes and blocks accounts; blocking is part of the Enterprise plan."""

    platform = PLATFORM

    def __init__(self, api: XApi) -> None:
        self._api = api

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._api.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._api.now()

    def kept_away(self, author_id: str, way: str) -> bool:
        """Whether the account stands in the city's list."""
        an_id(author_id, PLATFORM, SNOWFLAKE)
        return any(author.author_id == author_id for author in self._listed(way))

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        """One write."""
        self._tell("POST", self._route(way), {"target_user_id": author_id}, way, wanted=True)

    def let_back(self, author_id: str, way: str) -> None:
        """One write."""
        self._tell("DELETE", f"{self._route(way)}/{author_id}", None, way, wanted=False)

    def list_kept_away(self) -> Iterator[Author]:
        """The muted accounts, then the blocked ones; X lists both on every plan."""
        yield from self._listed(MUTE.name)
        yield from self._listed(BLOCK.name)

    def _listed(self, way: str) -> Iterator[Author]:
        try:
            for rows in self._api.accounts(self._route(way), bucket=_EDGES[way]):
                for row in rows:
                    yield _account(row)
        except PagingBroken as error:
            raise Unavailable(MUTED_UNREADABLE.format(why=error)) from error

    def _tell(self, method: str, route: str, body: dict[str, str] | None, way: str, *, wanted: bool) -> None:
        answer = self._api.tell(method, route, body, usd=0.015, bucket=f"{method} {_EDGES[way]}")
        if _said(answer.data, _EDGES[way]) is not wanted:
            raise PermissionLost(SAID_NO, exchange=answer.exchange)

    def _route(self, way: str) -> str:
        return f"/2/users/{self._api.page_id}/{_EDGES[way]}"


_EDGES = {MUTE.name: "muting", BLOCK.name: "blocking"}


def _account(row: Any) -> Author:
    told = row if isinstance(row, dict) else {}
    account_id = an_id(told.get("id"), PLATFORM, SNOWFLAKE)
    link = f"https://x.com/i/user/{account_id}"
    return Author(account_id, words(told.get("name")), words(told.get("username")), profile_url=link)


def _said(answer: Any, name: str) -> object:
    data = answer.get("data")
    return data.get(name) if isinstance(data, dict) else None
