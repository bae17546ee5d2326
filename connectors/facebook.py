"""Facebook Pages: reading comments, hiding and showing them, removing them, banning accounts (Graph API).

What a caller is handed is what it may do: ``Facebook`` reads; hider, remover and blocker are things of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from connectors._credentials import read_credentials
from connectors._facebook.hands import FacebookBlockHand, FacebookHand, FacebookReplyHand
from connectors._facebook.health import check
from connectors._facebook.objects import PLATFORM as PLATFORM
from connectors._facebook.page import Page
from connectors._facebook.sweep import PageSweep
from connectors._facebook.threads import Reach
from connectors._graph.api import Graph, checked_id
from connectors._graph.usage import Usage
from connectors._hands import SafeBlocker, SafeHider, SafeRemover
from connectors._replies import SafeReplier
from connectors._setup import Setup
from connectors.connection import Connection
from connectors.contract import (
    ArchivePolicy,
    Batch,
    Capabilities,
    CommentRef,
    Gone,
    Health,
    Reading,
    Unproven,
    Way,
)

GRAPH_URL = "https://graph.facebook.com"
PAGE_SIZE = 25
COMMENTS_PER_PAGE = 50

BY_HAND = "open the comment on the page and choose Hide, Delete or Ban there."

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="any",
    delete="any",
    block="api",
    unblock=True,
    identity="display name and page-scoped id, where Facebook delivers them",
    embed="post",
    effect="The comment is hidden from the public; its author and the author's friends still see it.",
    by_hand=BY_HAND,
    archive=ArchivePolicy(
        "whole", "Meta Platform Terms 3.d.i: kept as the law requires; store the citation of that law."
    ),
    reads=(
        "posts of the page",
        "comments and replies",
        "single photos of posts with several",
        "videos and reels",
        "visitors' posts",
        "posts of advertisements",
        "the page's own description",
    ),
    cost="free; Meta allows 4,800 calls a day for each engaged user",
    remove_ways=(Way("delete", "The comment and its replies are gone for good.", reversible=False),),
    block_ways=(
        Way(
            "ban",
            "The account can no longer post or comment on the page; it still sees the page, and what it wrote stays.",
            reversible=True,
        ),
    ),
    push="feed",
    poll_every=timedelta(minutes=1),
    public_hosts=("www.facebook.com", "static.xx.fbcdn.net"),
    notice="private reply",
    notice_why="Facebook takes one private message to a comment, within seven days of it.",
    notice_within=timedelta(days=7),
    notice_most=2000,
    notice_told=True,
    unproven=(
        Unproven("Does a private reply reach the author of a comment that is hidden by then?"),
        Unproven("Are the newest comments of all posts found by a poll, replies under old comments too?", "delivered"),
        Unproven("Does the token get the names of residents (Advanced Access to pages_read_user_content)?", "author"),
        Unproven("How soon after a hide does reading the comment again show it?", "hide"),
        Unproven("Does a hidden comment stay in the list with its flag?", "listed"),
        Unproven("How soon after showing a comment again does reading show it?", "unhide"),
        Unproven("May the account behind the token remove a comment (MODERATE task)?", "remove"),
        Unproven("Does the ban take the page-scoped id of a comment's author on New Pages?"),
        Unproven("Does a new comment always move the time of its post, on which older posts are skipped?"),
        Unproven("Do comments on a single photo, video or reel carry ids that begin with that photo's or video's id?"),
        Unproven("Which of visitors' posts, reels and posts of advertisements are offered for New Pages?"),
        Unproven("Is live_filter accepted on every list of comments, and does it bring all comments of a live video?"),
        Unproven("Can very long threads be paged to their end?"),
    ),
)


def connect(setup: Setup) -> Connection:
    """Everything the token may do on the page; nothing is sent yet. ``token``: the page's own."""
    token = read_credentials(setup.token, PLATFORM, needed=("token",))["token"]
    transport = setup.transport(PLATFORM, GRAPH_URL, secrets=(token,))
    page = Page(checked_id(setup.page_id), Graph(transport, token, clock=setup.clock))
    posts, comments = min(setup.page_size, PAGE_SIZE), min(setup.page_size, COMMENTS_PER_PAGE)
    hand = FacebookHand(page)
    return Connection(
        connector=Facebook(page, Reach(setup.lookback, setup.post_lookback, posts, comments)),
        hider=SafeHider(hand),
        remover=SafeRemover(hand, CAPABILITIES.remove_ways),
        blocker=SafeBlocker(FacebookBlockHand(page), CAPABILITIES.block_ways, BY_HAND),
        calls=transport.calls,
        close=transport.close,
        replier=SafeReplier(FacebookReplyHand(page), CAPABILITIES),
    )


class Facebook:
    """Reads one page."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, page: Page, reach: Reach) -> None:
        self._page = page
        self._reach = reach

    @property
    def usage(self) -> Usage | None:
        """How much of Meta's quota is spent, as last told."""
        return self._page.graph.usage

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every comment since the cursor less the depth that is due, on the posts and in the places that are due.

        Looking back brings edits and lets deletions show. Raises in the middle when the platform does: what was
        brought stands, and the cursor has not moved.
        """
        return PageSweep(self._page, self._reach, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its post, now. ``PermissionLost`` rather than "gone" when the token may be blind."""
        with self._page.graph.transport.recording() as exchanges:
            try:
                comment = self._page.comment(ref)
            except Gone:
                return Reading(None, None, tuple(exchanges))
            post = self._page.post(comment.post_id)
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the token, its permissions, the delivered fields and the clock."""
        return check(self._page)

    def __repr__(self) -> str:
        return f"Facebook({self._page.page_id!r})"
