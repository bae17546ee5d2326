"""Instagram professional accounts: reading comments, hiding and showing them, removing them.

developers.facebook.com/documentation/instagram-platform, with both logins: by Facebook (``graph.facebook.com`` and a
page token) and by Instagram (``options={"login": "instagram"}``, ``graph.instagram.com`` and the account's own token).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from connectors._credentials import Credentials, read_credentials
from connectors._graph.api import Graph
from connectors._graph.replies import reply_privately
from connectors._hands import SafeHider, SafeRemover
from connectors._instagram.account import Account
from connectors._instagram.health import check
from connectors._instagram.objects import PLATFORM, WORDING, hidden_state
from connectors._instagram.sweep import InstagramSweep, Reach
from connectors._meta_tokens import NEEDED, OPTIONAL, Renewal
from connectors._replies import SafeReplier
from connectors._setup import Setup
from connectors._values import DIGITS, an_id
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
    PermissionLost,
    Reading,
    Unproven,
    Unsupported,
    Way,
)

FACEBOOK_LOGIN_URL = "https://graph.facebook.com"
INSTAGRAM_LOGIN_URL = "https://graph.instagram.com"
POSTS_PER_PAGE = 25
LISTED_POSTS_PER_PAGE = 100
COMMENTS_PER_PAGE = 50

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="any",
    delete="any",
    block="manual",
    unblock=False,
    identity="account name and, where Instagram delivers it, an id that is the account's for this app only",
    embed="post",
    effect="The comment is hidden from the public; its author may still see it.",
    by_hand="open the post in the Instagram app and choose Hide, Delete, Restrict or Block at the comment.",
    archive=ArchivePolicy(
        "whole", "Meta Platform Terms 3.d.i: kept as the law requires; store the citation of that law."
    ),
    reads=("posts of the account", "comments", "replies"),
    remove_ways=(Way("delete", "The comment and its replies are gone for good.", reversible=False),),
    push="comments",
    public_hosts=("www.instagram.com", "static.cdninstagram.com"),
    notice="private reply",
    notice_why="Instagram takes one private message to a comment, within seven days of it, and tells nothing of it.",
    notice_within=timedelta(days=7),
    notice_most=1000,
    unproven=(
        Unproven("Does a private reply reach the author of a comment that is hidden by then?"),
        Unproven("Does a comment that was just posted come with the next poll?", "delivered"),
        Unproven("Does a comment come with its account?", "author"),
        Unproven("Does a hide show when the comment is read again?", "hide"),
        Unproven("Does a hidden comment stay in the list?", "listed"),
        Unproven("Does showing a comment again work by its stored id, also when no list holds it?", "unhide"),
        Unproven("Does a deletion take the replies with it?", "remove"),
        Unproven("Do the author of a hidden comment and those who replied still see it?"),
        Unproven("Does the count of a post include hidden comments and those of restricted accounts?"),
    ),
)

OTHER_LOGIN = "Instagram knows the logins facebook and instagram; {login!r} is none of them."
OWN_COMMENT = "Instagram always shows the account's own comments; edit or delete it in the Instagram app."
REFUSED = "Instagram answered that it did not do it; look at the permissions that `check` names."


def connect(setup: Setup) -> Connection:
    """Everything the token may do on the account; nothing is sent yet.

    ``token``: a page token, or for the Instagram login the account's own, alone or with ``expires_at`` as JSON.
    Errors: ``ValueError`` for an unknown login, ``AuthFailed`` for a token that can't be one.
    """
    by_instagram = _is_by_instagram(setup)
    credentials = read_credentials(setup.token, PLATFORM, NEEDED, OPTIONAL)
    token = credentials["access_token"]
    host = INSTAGRAM_LOGIN_URL if by_instagram else FACEBOOK_LOGIN_URL
    transport = setup.transport(PLATFORM, host, secrets=(token,))
    graph = Graph(transport, token, clock=setup.clock, wording=WORDING)
    renewal = _renewal(setup, graph, credentials) if by_instagram else None
    account = Account(an_id(setup.page_id, PLATFORM, DIGITS), graph, renewal)
    hand = _Hand(account)
    return Connection(
        connector=Instagram(account, _reach(setup)),
        hider=SafeHider(hand),
        remover=SafeRemover(hand, CAPABILITIES.remove_ways),
        blocker=None,
        calls=transport.calls,
        close=transport.close,
        replier=SafeReplier(_ReplyHand(account), CAPABILITIES),
    )


def _is_by_instagram(setup: Setup) -> bool:
    login = setup.options.get("login", "facebook")
    if login not in ("facebook", "instagram"):
        raise ValueError(OTHER_LOGIN.format(login=login))
    return login == "instagram"


def _renewal(setup: Setup, graph: Graph, credentials: Credentials) -> Renewal:
    return Renewal(
        credentials,
        graph.transport,
        grant="ig_refresh_token",
        on_renewed=setup.on_renewed,
        clock=setup.clock,
        use=graph.use,
    )


def _reach(setup: Setup) -> Reach:
    return Reach(
        setup.lookback,
        setup.post_lookback,
        posts=min(setup.page_size, POSTS_PER_PAGE),
        listed_posts=min(setup.page_size, LISTED_POSTS_PER_PAGE),
        comments=min(setup.page_size, COMMENTS_PER_PAGE),
    )


class Instagram:
    """Reads one account."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, account: Account, reach: Reach) -> None:
        self._account, self._reach = account, reach

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every comment posted since the cursor less the look-back, and those that became visible late.

        Raises in the middle when the platform does: what was brought stands, and the cursor has not moved.
        """
        if self._account.renewal is not None:
            self._account.renewal.renew_if_due()
        return InstagramSweep(self._account, self._reach, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its post, now. ``PermissionLost`` rather than "gone" when the token may be blind."""
        with self._account.graph.transport.recording() as exchanges:
            comment = self._account.comment(ref)
            post = self._account.post(comment.post_id) if comment else None
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the token, its permissions, the delivered fields and the clock."""
        return check(self._account)

    def __repr__(self) -> str:
        return f"Instagram({self._account.page_id!r})"


class _Hand:
    """``POST /{comment}?hide=`` and ``DELETE /{comment}``, by the comment's id: no list is needed for either."""

    platform = PLATFORM

    def __init__(self, account: Account) -> None:
        self._account = account

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._account.graph.transport.recording()

    def now(self) -> datetime:
        return self._account.graph.now()

    def look(self, ref: CommentRef) -> Comment | None:
        return self._account.comment(ref)

    def hidden(self, comment: Comment) -> bool | None:
        return hidden_state(comment)

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        if comment.by_page and action is not Action.UNHIDE:
            raise Unsupported(OWN_COMMENT)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        graph, path = self._account.graph, self._account.path(comment.ref)
        if action is Action.REMOVE:
            answer = graph.delete(path)
        else:
            answer = graph.post(path, {"hide": "true" if action is Action.HIDE else "false"})
        if answer.data.get("success") is False:
            raise PermissionLost(REFUSED, exchange=answer.exchange)


class _ReplyHand:
    """``POST /{account}/messages`` to the id of a comment. Instagram doesn't tell whether one was sent."""

    platform = PLATFORM

    def __init__(self, account: Account) -> None:
        self._account = account

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._account.graph.transport.recording()

    def now(self) -> datetime:
        return self._account.graph.now()

    def look(self, ref: CommentRef) -> Comment | None:
        return self._account.comment(ref)

    def takes_one(self, comment: Comment) -> bool | None:
        return None

    def send(self, comment: Comment, text: str) -> str | None:
        graph, path = self._account.graph, self._account.path(comment.ref)
        return reply_privately(
            graph, self._account.page_id, path, text, platform="Instagram", permission="instagram_manage_messages"
        )
