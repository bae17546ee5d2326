"""Threads: reading replies and mentions, hiding replies and showing them again.

developers.facebook.com/documentation/threads, version 1.0 of the API, one account's long-lived token.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from connectors._api import Rest
from connectors._credentials import read_credentials
from connectors._findings import Findings
from connectors._graph.paging import rows_of
from connectors._hands import SafeHider
from connectors._meta_tokens import NEEDED, OPTIONAL, REMEDY, WHAT, Renewal
from connectors._setup import Setup
from connectors._threads.account import VERSION, Account, UsageBudget, read_threads
from connectors._threads.objects import (
    PLATFORM,
    hidden_state,
    id_of,
    is_kept_by_account,
    is_pending,
)
from connectors._threads.sweep import Reach, ThreadsSweep
from connectors._values import DIGITS, an_id, words
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Health,
    PermissionLost,
    Reading,
    Unproven,
    Unsupported,
)

THREADS_URL = "https://graph.threads.net"
PAGE_SIZE = 50

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="top_level",
    delete="none",
    block="manual",
    unblock=False,
    identity="the account's name, which its owner can change; Threads delivers no id of accounts",
    embed="post",
    takes_replies=True,
    effect="The reply and all replies under it are hidden from the conversation; those under it can't be hidden alone.",
    by_hand="open the reply in the Threads app and choose Hide for everyone there, or Restrict or Block its account.",
    archive=ArchivePolicy(
        "whole", "Meta Platform Terms 3.d.i: kept as the law requires; store the citation of that law."
    ),
    reads=("own posts", "replies of all depths", "mentions", "replies that wait for approval (if asked for)"),
    push="replies",
    poll_every=timedelta(minutes=2),
    least_poll=timedelta(seconds=30),
    public_hosts=("www.threads.com", "static.cdninstagram.com"),
    notice_why="The interface of Threads has no private messages.",
    unproven=(
        Unproven("Does a reply that was just posted come with the next poll?", "delivered"),
        Unproven("Does a reply come with its account's name?", "author"),
        Unproven("Does a hide show when the reply is read again?", "hide"),
        Unproven("Does a hidden reply stay in the conversation's list?", "listed"),
        Unproven("Does showing a reply again restore the replies under it?", "unhide"),
        Unproven("Can a reply by somebody else be read by its id, with its hide_status?"),
        Unproven("Which errors does Threads send for a missing permission, and where does it send an empty list?"),
        Unproven("Does Threads accept the token in the header of every call, also when it is renewed?"),
    ),
)

NESTED = (
    "Threads hides only direct replies to the city's own post; hide the reply above it, which hides all under it, or "
    "{by_hand}"
)
OWN_REPLY = "This is the city's own reply; delete it in the Threads app."
NOT_OURS = "This stands under somebody else's post, where the city can hide nothing; report it to Threads instead."
WAITING = "This reply waits for the city's approval and is not public; approve or ignore it in the Threads app."
KEPT_AWAY = "The city's account blocked or restricted its author; lift that in the Threads app to show the reply again."
REFUSED = "Threads answered that it did not do it; give the app threads_manage_replies."
OTHER_OWNER = "The token belongs to {name} (id {owner}), not to account {page_id}; store the token of that account."
NO_REPLIES = "Threads says that a post has replies but delivers none; give the app threads_read_replies."
NO_AUTHORS = "Threads delivers replies without their accounts; give the app threads_read_replies with Advanced Access."
NO_HIDDEN_STATE = (
    "Threads does not deliver hide_status, so a hide can't be read back; give the app threads_read_replies."
)
NO_MENTIONS = (
    "The token may not read mentions ({why}) Give the app threads_manage_mentions, or set the page's option mentions "
    "to no."
)


def connect(setup: Setup) -> Connection:
    """Everything the token may do on the account; nothing is sent yet.

    ``token``: the long-lived token, alone or with ``expires_at`` as JSON. ``options``: ``mentions`` (``no``: posts
    that name the account are not read), ``approvals`` (``yes``: replies that wait for approval are read too).
    """
    credentials = read_credentials(setup.token, PLATFORM, NEEDED, OPTIONAL)
    holder = {"token": credentials["access_token"]}
    transport = setup.transport(PLATFORM, THREADS_URL, secrets=(holder["token"],))
    api = Rest(
        transport,
        headers=lambda method, address, body: {"authorization": f"Bearer {holder['token']}"},
        read=read_threads,
        budget=UsageBudget(PLATFORM.capitalize(), clock=setup.clock, spending=setup.spending, key=setup.page_id),
        clock=setup.clock,
    )
    renewal = Renewal(
        credentials,
        transport,
        grant="th_refresh_token",
        on_renewed=setup.on_renewed,
        clock=setup.clock,
        use=lambda token: holder.update(token=token),
    )
    account = Account(
        an_id(setup.page_id, PLATFORM, DIGITS),
        api,
        renewal,
        mentions=setup.options.get("mentions") != "no",
        approvals=setup.options.get("approvals") == "yes",
    )
    return Connection(
        connector=Threads(account, Reach(setup.lookback, setup.post_lookback, min(setup.page_size, PAGE_SIZE))),
        hider=SafeHider(_Hand(account)),
        remover=None,
        blocker=None,
        calls=transport.calls,
        close=transport.close,
    )


class Threads:
    """Reads one account."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, account: Account, reach: Reach) -> None:
        self._account, self._reach = account, reach

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every reply posted since the cursor less the look-back, in conversations that are due.

        Raises in the middle when the platform does: what was brought stands, and the cursor has not moved.
        """
        self._account.renewal.renew_if_due()
        return ThreadsSweep(self._account, self._reach, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The reply and its post, now. ``PermissionLost`` rather than "gone" when the token may be blind."""
        with self._account.api.transport.recording() as exchanges:
            comment = self._account.comment(ref)
            post = self._account.post(comment.post_id) if comment else None
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """Whose token it is, when it ends, and whether replies, accounts and hidden state really arrive.

        Never raises a ``ConnectorError``. Whether the app may hide can't be tried without hiding.
        """
        findings = Findings(PLATFORM, self._account.api.now())
        try:
            _judge_owner(self._account, findings)
            findings.expires_at = self._account.renewal.expires_at
            findings.ends(findings.expires_at, WHAT, REMEDY)
            if not findings.fatal:
                _judge_replies(self._account, findings)
                _judge_mentions(self._account, findings)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    def __repr__(self) -> str:
        return f"Threads({self._account.page_id!r})"


class _Hand:
    """``POST /{reply}/manage_reply``, for direct replies to the account's own posts."""

    platform = PLATFORM

    def __init__(self, account: Account) -> None:
        self._account = account

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._account.api.transport.recording()

    def now(self) -> datetime:
        return self._account.api.now()

    def look(self, ref: CommentRef) -> Comment | None:
        return self._account.comment(ref)

    def hidden(self, comment: Comment) -> bool | None:
        return hidden_state(comment)

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        if comment.by_page:
            raise Unsupported(OWN_REPLY)
        if is_pending(comment):
            raise Unsupported(WAITING)
        if action is Action.UNHIDE and is_kept_by_account(comment):
            raise Unsupported(KEPT_AWAY)
        post = self._account.post(comment.post_id) if comment.post_id != comment.ref.comment_id else None
        if post is None or not post.by_page:
            raise Unsupported(NOT_OURS)
        if comment.can_hide is False:
            raise Unsupported(NESTED.format(by_hand=CAPABILITIES.by_hand))

    def send(self, comment: Comment, action: Action, way: str) -> None:
        path = f"{VERSION}/{self._account.path(comment.ref)}/manage_reply"
        answer = self._account.api.write("POST", path, form={"hide": action is Action.HIDE})
        if answer.data.get("success") is False:
            raise PermissionLost(REFUSED, exchange=answer.exchange)


def _judge_owner(account: Account, findings: Findings) -> None:
    answer = account.get("me", {"fields": "id,username"})
    findings.clock(answer.exchange)
    findings.page_name, owner = words(answer.data.get("username")), str(answer.data.get("id"))
    if owner != account.page_id:
        name = findings.page_name or "somebody"
        findings.fatal.append(OTHER_OWNER.format(name=name, owner=owner, page_id=account.page_id))


def _judge_replies(account: Account, findings: Findings) -> None:
    posts = _rows(account.get(f"{account.page_id}/threads", {"fields": "id,has_replies", "limit": "25"}).data)
    answered = next((id_of(post) for post in posts if post.get("has_replies") is True), None)
    if answered is None:
        return
    fields = "id,username,hide_status"
    replies = _rows(account.get(f"{answered}/conversation", {"fields": fields, "limit": "10"}).data)
    if not replies:
        findings.told.append(NO_REPLIES)
    # The account's own replies always come with its name: only strangers' prove the permission.
    names = [words(reply.get("username")) for reply in replies]
    if None in names and not set(names) - {None, findings.page_name}:
        findings.told.append(NO_AUTHORS)
    if replies and not any(words(reply.get("hide_status")) for reply in replies):
        findings.told.append(NO_HIDDEN_STATE)


def _judge_mentions(account: Account, findings: Findings) -> None:
    if not account.reads_mentions:
        return
    try:
        account.get(f"{account.page_id}/mentions", {"fields": "id", "limit": "1"})
    except PermissionLost as error:
        findings.told.append(NO_MENTIONS.format(why=error.sentence))


def _rows(edge: object) -> list[Mapping[str, Any]]:
    return [row for row in rows_of(edge) if isinstance(row, Mapping)]
