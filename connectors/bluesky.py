"""Bluesky: replies, mentions and quotes, hiding replies in the city's own threads, a public block list (docs.bsky.app).

XRPC without the atproto SDK: that can't say "only if there is no such record yet" (it leaves ``null`` out), renews
sessions inside of other calls, and takes fifty megabytes for models of all that the network knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from connectors._bluesky.list import ListHand
from connectors._bluesky.objects import AT_URI, DID, PLATFORM, comment_of, parts_of, post_of, uri_of
from connectors._bluesky.sweep import REASONS, BlueskySweep
from connectors._bluesky.thread import Threads
from connectors._bluesky.xrpc import Xrpc
from connectors._findings import Findings
from connectors._hands import SafeBlocker, SafeHider
from connectors._setup import Setup
from connectors._values import an_id, words
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
    Post,
    Reading,
    Unproven,
    Unsupported,
    Visibility,
    Way,
)

BY_HAND = (
    "log in at bsky.app as the city, open the reply and choose Hide reply for everyone, or report the post to "
    "Bluesky's moderation."
)
CAPABILITIES = Capabilities(
    hide="gate",
    hide_scope="own_threads",
    delete="none",
    block="api",
    unblock=True,
    identity="account number (DID), handle and display name",
    embed="comment",
    effect=(
        "The reply moves behind 'Hidden replies' at the end of the thread, where everybody can still open it; that the "
        "city hid it is public, and other programs may show it as before."
    ),
    by_hand=BY_HAND,
    archive=ArchivePolicy(
        "whole",
        "Bluesky Developer Guidelines 3 (a way to delete what a user asks to be deleted); what the city keeps as the "
        "law requires rests on that law: store its citation.",
    ),
    reads=("replies to the city's posts", "mentions", "quotes", "own posts"),
    block_ways=(
        Way(
            "list",
            "The account is put on the city's public block list, which everybody can read: it and the city no longer "
            "see or answer each other, and its replies vanish from the city's threads for everybody.",
            reversible=True,
        ),
    ),
    public_hosts=("embed.bsky.app", "bsky.app", "public.api.bsky.app", "cdn.bsky.app", "video.bsky.app"),
    notice_why="Bluesky's chat needs an access of its own and reaches only who allows it; a person writes by hand.",
    unproven=(
        Unproven("Does a reply reach the city's notifications within a minute?", "delivered"),
        Unproven("Is the account's name delivered with every reply?", "author"),
        Unproven("Does the app show a reply as hidden within seconds of the change of the record?", "hide"),
        Unproven("Is a hidden reply still part of the thread as delivered to the city's account?", "listed"),
        Unproven("Does the count of replies hold those of deactivated accounts?"),
        Unproven("Does bsky.social pass all calls on for accounts whose data lies on another of its servers?"),
    ),
)

ANOTHER_PAGE = "This connection speaks for one account on Bluesky; the comment belongs to another page."
OWN_COMMENT = "This is the city's own post; delete it at bsky.app."
NOT_OUR_THREAD = (
    "Bluesky lets the city hide replies only in threads that it began; at bsky.app a quote of the city's post can be "
    "detached, and any post can be reported to Bluesky's moderation."
)
NOT_SHOWN = "Bluesky keeps this post from the city's account (one of the two blocks the other); look at it at bsky.app."
INACTIVE = "Bluesky has set the account to {status}; log in at bsky.app and look what it says."
NO_AUTHORS = "Bluesky delivers notifications without the accounts' names; tell the maintainers."


def connect(setup: Setup) -> Connection:
    """Everything that the app password may do for the account ``page_id`` (its DID); nothing is sent yet.

    ``base_url``: the account's own server, where it isn't bsky.social.
    """
    xrpc = Xrpc(setup, an_id(setup.page_id, PLATFORM, DID))
    page = Bluesky(xrpc, setup)
    return Connection(
        connector=page,
        hider=SafeHider(_Hand(xrpc)),
        remover=None,
        blocker=SafeBlocker(ListHand(xrpc), CAPABILITIES.block_ways, BY_HAND),
        calls=xrpc.transport.calls,
        close=xrpc.transport.close,
    )


class _Posts:
    """Reads single comments and the posts that began their threads."""

    def __init__(self, xrpc: Xrpc) -> None:
        self.xrpc, self.threads = xrpc, Threads(xrpc)

    def checked(self, ref: CommentRef) -> None:
        """Raise for another page's comments (``Unsupported``) and for what is no address (``Malformed``)."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.xrpc.did):
            raise Unsupported(ANOTHER_PAGE)
        an_id(ref.comment_id, PLATFORM, AT_URI)

    def comment(self, ref: CommentRef) -> Comment | None:
        """The comment now, with what the city's own record says of it; ``None`` when it is gone."""
        view = self._view(ref.comment_id)
        if view is None:
            if self.threads.is_blocked(ref.comment_id):
                raise Unsupported(NOT_SHOWN)
            return None
        found = comment_of(view, self.xrpc.did, ())
        if parts_of(found.post_id).did != self.xrpc.did:
            return found
        return comment_of(view, self.xrpc.did, self.threads.gate(found.post_id).hidden)

    def root(self, comment: Comment) -> Post | None:
        """The post that began the thread; ``None`` where it isn't shown any more."""
        is_root = comment.post_id == comment.ref.comment_id
        view = comment.raw if is_root else self._view(comment.post_id)
        return None if view is None else post_of(view, self.xrpc.did)

    def _view(self, uri: str) -> Any:
        return next((view for view in self.threads.views([uri]) if uri_of(view) == uri), None)


class Bluesky:
    """Reads one account's replies, mentions and quotes."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, xrpc: Xrpc, setup: Setup) -> None:
        self._xrpc, self._setup = xrpc, setup
        self._posts = _Posts(xrpc)

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Everything new since the cursor, less the look-back that is due; quiet threads cost no call."""
        return BlueskySweep(self._xrpc, self._setup, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and the post that began its thread, now."""
        self._posts.checked(ref)
        with self._xrpc.transport.recording() as exchanges:
            comment = self._posts.comment(ref)
            post = None if comment is None else self._posts.root(comment)
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """The app password, the account's standing, the clock, and whether names arrive."""
        findings = Findings(PLATFORM, self._xrpc.now())
        try:
            self._check_account(findings)
            self._check_notifications(findings)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    def _check_account(self, findings: Findings) -> None:
        session = self._xrpc.get("com.atproto.server.getSession")
        findings.clock(session.exchange)
        findings.page_name = words(session.data.get("handle"))
        if session.data.get("active") is False:
            findings.fatal.append(INACTIVE.format(status=session.data.get("status") or "inactive"))

    def _check_notifications(self, findings: Findings) -> None:
        params = [("limit", 5), *(("reasons", reason) for reason in REASONS)]
        rows = self._xrpc.get("app.bsky.notification.listNotifications", *params).data.get("notifications")
        authors = [row.get("author") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        if authors and not any(isinstance(each, dict) and each.get("handle") for each in authors):
            findings.fatal.append(NO_AUTHORS)

    def __repr__(self) -> str:
        return f"Bluesky({self._xrpc.did!r})"


class _Hand:
    """Hides and shows replies by the record of the thread's beginner."""

    platform = PLATFORM

    def __init__(self, xrpc: Xrpc) -> None:
        self._xrpc, self._posts = xrpc, _Posts(xrpc)

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self._xrpc.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self._xrpc.now()

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now."""
        self._posts.checked(ref)
        return self._posts.comment(ref)

    def hidden(self, comment: Comment) -> bool:
        """As the city's own record says."""
        return comment.visibility is Visibility.HIDDEN_BY_CITY

    def removed(self, comment: Comment | None, way: str) -> bool:
        """Nobody removes another account's posts."""
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        """The city's own posts, and replies in threads that others began."""
        if comment.by_page:
            raise Unsupported(OWN_COMMENT)
        if comment.can_hide is False:
            raise Unsupported(NOT_OUR_THREAD)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        """One write."""
        self._posts.threads.hide(comment.post_id, comment.ref.comment_id, action is Action.HIDE)
