"""LinkedIn pages of organizations: reading comments, and deleting them where counsel recorded why (rest.li API).

learn.microsoft.com/linkedin/marketing/community-management. LinkedIn has no hide and no block, and its terms let
members' comments be stored for 48 hours only: without a recorded legal basis only ids, times and digests are kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors._api import Rest
from connectors._budget import Allowance, Budget
from connectors._credentials import read_credentials
from connectors._hands import SafeRemover
from connectors._linkedin.errors import NAME, read
from connectors._linkedin.health import check
from connectors._linkedin.objects import PLATFORM
from connectors._linkedin.page import Page, headers_for
from connectors._linkedin.sweep import PageSweep
from connectors._linkedin.token import AUTH_URL, FOR_RENEWAL, Tokens
from connectors._setup import Setup
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    Exchange,
    Health,
    Reading,
    Unproven,
    Unsupported,
    Way,
)

API_URL = "https://api.linkedin.com/rest"
VERSION = "202609"

TERMS = (
    "LinkedIn Marketing API Program, Data Storage Requirements: social activity of members may be stored for 48 hours, "
    "profile data for 24; Restricted Uses: no export."
)
ON_LEGAL_BASIS = (
    "LinkedIn's terms allow 48 hours; kept longer on the legal basis that the city's counsel recorded: {basis}"
)

CAPABILITIES = Capabilities(
    hide="none",
    hide_scope="none",
    delete="probe",
    block="none",
    unblock=False,
    identity="the member's id for this app (a URN) only; names fall under LinkedIn's 24-hour rule, none is asked for",
    embed="post",
    effect="LinkedIn lets no page hide a comment; it can only be deleted, which can't be taken back.",
    by_hand="open the post on the page, signed in as its administrator, and choose Delete or Report at the comment.",
    archive=ArchivePolicy("digests", TERMS),
    reads=("posts of the page", "comments", "replies"),
    cost="free; calls of a day are few: 500 of the app and 100 of a member in the Development tier, more in Standard",
    hidden_state="none",
    remove_ways=(Way("delete", "The comment and the replies to it are gone for good.", reversible=False),),
    push="ORGANIZATION_SOCIAL_ACTION_NOTIFICATIONS",
    poll_every=timedelta(minutes=30),
    least_poll=timedelta(minutes=5),
    # LinkedIn's User Agreement 8.2 allows no automated access to its pages.
    pictures=False,
    notice_why="LinkedIn's interface lets no page write to a member.",
    unproven=(
        Unproven("Whether notifications name the post by its share as well as by its activity.", "delivered"),
        Unproven("Whether the accounts of members are delivered to this app.", "author"),
        Unproven("Whether an organization may delete a member's comment on its own post.", "remove"),
        Unproven("Whether posts that are not public ring at all."),
        Unproven("Which version of the API is current on the day of installation."),
    ),
)

NEEDS_BASIS = "Beadle deletes nothing on LinkedIn before the city's counsel has recorded a legal basis for this page."
OWN_COMMENT = "This is the city's own comment; edit or delete it on LinkedIn, signed in as the page's administrator."
NO_VERSION = "The option version of LinkedIn is a year and a month such as 202609."
NO_CALLS = "The option calls of LinkedIn is the number of calls that the app has in a day, such as 500."


def connect(setup: Setup) -> Connection:
    """Everything the token may do on the page; nothing is sent yet.

    ``token``: the access token alone, or a JSON object of ``access_token``, ``refresh_token``, ``client_id`` and
    ``client_secret``, with which it renews itself. ``options``: ``version`` of the API (YYYYMM); ``calls`` of the app
    in a day, so that the connector stops before LinkedIn does; ``legal_basis``, the citation that the city's counsel
    recorded: with it comments are kept whole and people may delete; ``auth_url`` for another token endpoint.
    """
    credentials = read_credentials(setup.token, PLATFORM, needed=("access_token",), optional=FOR_RENEWAL)
    auth_url = setup.options.get("auth_url", AUTH_URL)
    transport = setup.transport(PLATFORM, API_URL, secrets=credentials.secrets, also=(auth_url,))
    tokens = Tokens(transport, credentials, auth_url, setup.on_renewed)
    api = Rest(
        transport,
        headers=headers_for(tokens, _version(setup.options.get("version", VERSION))),
        read=read,
        budget=Budget(
            NAME, clock=setup.clock, allowances=_allowances(setup), spending=setup.spending, key=setup.page_id
        ),
        clock=setup.clock,
        renew=tokens.renew,
    )
    page = Page(setup.page_id, api, tokens, page_size=setup.page_size)
    basis = setup.options.get("legal_basis", "").strip()
    return Connection(
        connector=LinkedIn(page, setup.lookback, setup.post_lookback, _abilities(basis)),
        hider=None,
        remover=SafeRemover(PageHand(page), CAPABILITIES.remove_ways) if basis else None,
        blocker=None,
        calls=transport.calls,
        close=transport.close,
    )


class LinkedIn:
    """Reads one page. Its capabilities depend on whether a legal basis was recorded."""

    platform = PLATFORM

    def __init__(
        self, page: Page, lookback: timedelta, post_lookback: timedelta, capabilities: Capabilities = CAPABILITIES
    ) -> None:
        self.capabilities = capabilities
        self._page = page
        self._lookback, self._post_lookback = lookback, post_lookback

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Comments of the posts that were notified since the cursor less the look-back, each post to its end.

        One call for a quiet page; its posts are listed once an hour.
        """
        return PageSweep(self._page, cursor, lookback=self._lookback, post_lookback=self._post_lookback).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its post, now: two calls."""
        with self._page.recording() as exchanges:
            comment = self._page.find(ref)
            post = self._page.post(comment.post_id) if comment else None
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the tokens, their scopes, the role on the page, and what LinkedIn delivers."""
        return check(self._page, deletes=bool(self.capabilities.remove_ways))

    def __repr__(self) -> str:
        return f"LinkedIn({self._page.page_id!r})"


class PageHand:
    """Deletes comments as the organization (``DELETE /socialActions/{urn}/comments/{id}``). For people only."""

    platform = PLATFORM

    def __init__(self, page: Page) -> None:
        self._page = page

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._page.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._page.now()

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now."""
        return self._page.find(ref)

    def hidden(self, comment: Comment) -> bool | None:
        """LinkedIn hides nothing."""
        return None

    def removed(self, comment: Comment | None, way: str) -> bool:
        """What was deleted is not found any more."""
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        """The city's own words."""
        if comment.by_page:
            raise Unsupported(OWN_COMMENT)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        """One write."""
        self._page.delete(self._page.place(comment.ref))


def _abilities(basis: str) -> Capabilities:
    if not basis:
        return replace(CAPABILITIES, remove_ways=(), by_hand=f"{CAPABILITIES.by_hand} {NEEDS_BASIS}")
    return replace(CAPABILITIES, archive=ArchivePolicy("whole", ON_LEGAL_BASIS.format(basis=basis)))


def _allowances(setup: Setup) -> tuple[Allowance, ...]:
    told = setup.options.get("calls")
    if told is None:
        return ()
    if not told.isdecimal() or int(told) < 1:
        raise ValueError(NO_CALLS)
    return (Allowance(float(told), "day", ZoneInfo("UTC")),)


def _version(told: str) -> str:
    if len(told) != 6 or not (told.isascii() and told.isdecimal()):
        raise ValueError(NO_VERSION)
    return told
