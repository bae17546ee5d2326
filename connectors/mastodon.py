"""Mastodon and its relatives (GoToSocial and others): mentions of the city and replies to it (docs.joinmastodon.org).

Nobody but its author and the author's server can take a reply away. The city can only keep an account from itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from connectors._credentials import read_credentials
from connectors._findings import Findings
from connectors._hands import SafeBlocker
from connectors._mastodon.calls import Server
from connectors._mastodon.objects import ID, PLATFORM, Profile, author_of, is_public
from connectors._mastodon.sweep import Poll
from connectors._paging import walk
from connectors._setup import Setup
from connectors._sweep import Sweep
from connectors._values import a_flag, an_id, words
from connectors.connection import Connection
from connectors.contract import (
    ArchivePolicy,
    Author,
    Batch,
    Capabilities,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Health,
    PermissionLost,
    Reading,
    Unproven,
    Unsupported,
    Way,
)

MOST_PAGES = 200

CAPABILITIES = Capabilities(
    hide="none",
    hide_scope="none",
    delete="none",
    block="api",
    unblock=True,
    identity="account id on the city's server, handle and display name",
    embed="comment",
    effect="Nothing can be hidden: a reply stays wherever servers and readers have it.",
    by_hand="open the status on the city's server and report it, or mute or block the account there.",
    archive=ArchivePolicy(
        "whole",
        "The terms of the city's own server; ActivityPub (6.4) asks servers to delete what authors delete.",
    ),
    reads=("public mentions", "public replies in the city's threads"),
    hidden_state="none",
    block_ways=(
        Way("mute", "The city no longer sees the account's statuses; everybody else does.", reversible=True),
        Way(
            "block",
            "The account can no longer follow the city or answer it from its server; what it wrote stays public.",
            reversible=True,
        ),
        Way(
            "report",
            "The administrators of the city's server are told and decide by their own rules; it can't be taken back.",
            reversible=False,
        ),
    ),
    needs_base_url=True,
    notice_why="Nothing can be hidden on Mastodon, so there is nothing to give notice of.",
    unproven=(
        Unproven("Is a mention by another account found, with its account?", "author"),
        Unproven("Is a reply without a mention found in its thread?", "delivered"),
        Unproven("Does the city's server know all replies, or only those that were sent to it?"),
    ),
)

BAD_PAGE = "The page id is the id of the city's account on its own server, letters and digits only."
NOT_PUBLIC = "This status is no public comment; Beadle reads, keeps and counts public ones only."
NEEDS_STATUS = "A report names the status that it is about; start it from a comment."
REPORT = "This account's reply breaks the city's comment policy; the city asks to look at it under the server's rules."
WRONG_ACCOUNT = "The token is that of account {found}, the page is {wanted}; set the page id or store another token."
CAN_NOT_LIST = "The token can't read which accounts are blocked or muted; add the scopes read:blocks and read:mutes."
DROPPED = (
    "The account drops mentions by some accounts ({which}), so that nobody can ever see them; set them to filter or "
    "accept under Preferences, Notifications."
)


def connect(setup: Setup) -> Connection:
    """Everything the token may do for the account; nothing is sent yet. ``token``: the account's access token."""
    credentials = read_credentials(setup.token, PLATFORM, needed=("access_token",))
    if not ID.fullmatch(setup.page_id):
        raise ValueError(BAD_PAGE)
    server = Server(setup, credentials)
    return Connection(
        connector=Mastodon(server, setup),
        hider=None,
        remover=None,
        blocker=SafeBlocker(_BlockHand(server), CAPABILITIES.block_ways, CAPABILITIES.by_hand),
        calls=server.transport.calls,
        close=server.transport.close,
    )


class Mastodon:
    """Reads one account."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, server: Server, setup: Setup) -> None:
        self._server, self._profile = server, Profile(setup.page_id)
        self._lookback, self._posts_back, self._size = setup.lookback, setup.post_lookback, setup.page_size

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every public mention and reply since the cursor less the depth that is due; private ones are not taken."""
        sweep = Sweep(cursor, now=self._server.api.now(), first_visit=self._lookback)
        return Poll(self._server, self._profile, sweep, self._size, self._posts_back).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The status and the one that it is filed under, now."""
        status_id = self._server.checked(ref)
        with self._server.transport.recording() as exchanges:
            row = self._server.status_or_none(status_id)
            if row is None:
                return Reading(None, None, tuple(exchanges))
            if not is_public(row):
                raise Unsupported(NOT_PUBLIC)
            above = self._server.context(status_id)[0] if row.get("in_reply_to_id") is not None else []
            post = self._profile.post(self._profile.root(row, above))
            return Reading(self._profile.comment(row, post.post_id), post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the token, the account, its own filters, the delivered fields and the clock."""
        found = Findings(PLATFORM, self._server.api.now())
        try:
            self._look_around(found)
        except ConnectorError as error:
            found.fatal.append(error.sentence)
        return found.health()

    def _look_around(self, found: Findings) -> None:
        me, exchange = self._server.me()
        found.clock(exchange)
        found.page_name = words(me.get("display_name")) or words(me.get("acct"))
        if me.get("id") != self._server.page_id:
            found.fatal.append(WRONG_ACCOUNT.format(found=me.get("id"), wanted=self._server.page_id))
            return
        self._server.mentions(None, 5)
        self._server.own_statuses(None, 5)
        try:
            self._server.kept_away("block", None)
            self._server.kept_away("mute", None)
        except PermissionLost:
            found.told.append(CAN_NOT_LIST)
        self._look_at_filters(found)

    def _look_at_filters(self, found: Findings) -> None:
        try:
            policy = self._server.policy()
        except (Gone, PermissionLost):
            # Older servers and other families have no such filters.
            return
        dropped = [name for name, value in policy.items() if value == "drop" and name != "for_private_mentions"]
        if dropped:
            found.told.append(DROPPED.format(which=", ".join(sorted(dropped))))

    def __repr__(self) -> str:
        return f"Mastodon({self._server.page_id!r})"


class _BlockHand:
    """Mutes, blocks and reports (``POST /api/v1/accounts/{id}/block``), reads back by ``/accounts/relationships``."""

    platform = PLATFORM

    def __init__(self, server: Server) -> None:
        self._server = server

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._server.transport.recording()

    def now(self) -> datetime:
        return self._server.api.now()

    def kept_away(self, author_id: str, way: str) -> bool | None:
        account = an_id(author_id, PLATFORM, ID)
        if way == "report":
            return None
        return a_flag(self._server.relationship(account).get({"block": "blocking", "mute": "muting"}[way]))

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        account, sdk = an_id(author_id, PLATFORM, ID), self._server.sdk
        if way == "report":
            if over is None:
                raise Unsupported(NEEDS_STATUS)
            status_id = self._server.checked(over)
            self._server.tell(lambda: sdk.report(account, status_ids=[status_id], comment=REPORT))
            return
        # A mute that silences the notifications too would make us blind for the account's mentions.
        acts: dict[str, Any] = {"block": sdk.account_block, "mute": lambda each: sdk.account_mute(each, False)}
        self._server.tell(lambda: acts[way](account))

    def let_back(self, author_id: str, way: str) -> None:
        account, sdk = an_id(author_id, PLATFORM, ID), self._server.sdk
        act = sdk.account_unblock if way == "block" else sdk.account_unmute
        self._server.tell(lambda: act(account))

    def list_kept_away(self) -> Iterator[Author]:
        seen = set[str]()
        for way in ("block", "mute"):
            for account in self._listed(way):
                author = author_of(account)
                if author.author_id and author.author_id not in seen:
                    seen.add(author.author_id)
                    yield author

    def _listed(self, way: str) -> Iterator[Any]:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            rows, following, _ = self._server.kept_away(way, mark)
            return rows, following

        for rows, _ in walk(fetch, most=MOST_PAGES):
            yield from rows
