"""TikTok: comments on the videos and photo posts of one account, through the Accounts API v1.3.

Source: business-api.tiktok.com/portal/docs, "Accounts API"; ``page_id`` is the account's ``open_id``, which these
pages also call ``business_id``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from connectors._findings import Findings
from connectors._hands import SafeHider
from connectors._paging import PagingBroken, walk
from connectors._setup import Setup
from connectors._sweep import THREAD_BROKEN
from connectors._tiktok.api import ACTING, PLATFORM, SEEING, TikTok
from connectors._tiktok.objects import comment_from, parts_of, post_from, with_replies
from connectors._tiktok.sweep import FIELDS, MOST_COMMENTS, MOST_PAGES, Poll, page_of
from connectors._values import perhaps_time
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
    Gone,
    Health,
    PermissionLost,
    Post,
    Reading,
    Unavailable,
    Unproven,
    Unsupported,
)

BASE_URL = "https://business-api.tiktok.com"
# So many pages of a video's newest comments are looked through before one is called gone.
LOOKED_THROUGH = 10
ACCOUNT = re.compile(r"[A-Za-z0-9_-]{3,120}")

ANOTHER_PAGE = "This comment belongs to another page than {page}; this connection can't speak for it."
NOT_READABLE = "TikTok lists the video but not its comments; look at the scopes of the token, above all comment.list."
OWN_WORDS = "This is the city's own comment; whoever may speak for the city deletes it in the TikTok app."
NO_ACCOUNT_ID = "{page!r} is no open_id of TikTok; it comes with the tokens, in the answer of /tt_user/oauth2/token/."
SCOPE_MISSING = "The token lacks the scope {scope}: {why}; add it to the application and authorise it again."
AUTHOR_MISSING = "TikTok delivers comments without an account; ask TikTok for the field unique_identifier."
STATUS_MISSING = "TikTok does not say which comments are hidden, so no hide could be read back; tell the maintainers."
WHY = {
    "video.list": "the account's videos can't be listed",
    "comment.list": "comments can't be read",
    "comment.list.manage": "comments can't be hidden",
}

CAPABILITIES = Capabilities(
    hide="native",
    hide_scope="any",
    delete="none",
    block="manual",
    unblock=False,
    identity="a lasting account id (unique_identifier), user name and display name",
    embed="post",
    effect="The comment disappears for everybody but its author, who is not told.",
    by_hand=(
        "Open the video in the TikTok app as the city's account, hold the comment and choose Delete; the same menu "
        "reports it and keeps the account away."
    ),
    archive=ArchivePolicy(
        keep="whole",
        terms="TikTok API for Business: Developer Terms of Service (business-api.tiktok.com/portal)",
    ),
    reads=("comments and replies on the account's public videos and photo posts",),
    cost="free; 40 calls a minute for each account and kind of call, 600 for the application",
    push="comment.update",
    poll_every=timedelta(minutes=2),
    least_poll=timedelta(minutes=1),
    public_hosts=("www.tiktok.com",),
    pictures=False,
    notice_why="TikTok's interface for comments has no private messages.",
    unproven=(
        Unproven("How late is the number of comments that TikTok tells (its other figures are a day or two behind)?"),
        Unproven("Does TikTok deliver a comment that its own filter holds back, and under which status?"),
        Unproven("Is a hidden comment still listed, and found by its id?", "listed"),
        Unproven("Does the filter by ids find replies as well, as the documentation says?"),
        Unproven("Does the account id (unique_identifier) come with every comment?", "author"),
        Unproven("Which code does TikTok answer when the calls of a minute are used up?"),
    ),
)


def connect(setup: Setup) -> Connection:
    """One account. ``setup.page_id`` is its ``open_id``. Errors: ``AuthFailed``, ``ValueError``."""
    if not ACCOUNT.fullmatch(setup.page_id):
        raise ValueError(NO_ACCOUNT_ID.format(page=setup.page_id[:60]))
    tiktok = TikTok(setup, BASE_URL)
    videos = TikTokVideos(tiktok, setup)
    return Connection(
        videos, SafeHider(_Hand(videos, tiktok)), None, None, tiktok.transport.calls, tiktok.transport.close
    )


class TikTokVideos:
    """Reads one account's videos."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, tiktok: TikTok, setup: Setup) -> None:
        self._tiktok, self._setup, self._page_id = tiktok, setup, setup.page_id

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every video that is due, to the end of its comments and replies."""
        return Poll(self._tiktok, self._setup, cursor).batches()

    def read(self, ref: CommentRef) -> Reading:
        """One comment and its video."""
        if (ref.platform, ref.page_id) != (PLATFORM, self._page_id):
            raise Unsupported(ANOTHER_PAGE.format(page=self._page_id))
        video, own = parts_of(ref.comment_id)
        with self._tiktok.transport.recording() as exchanges:
            post = self._post(video)
            comment = self._comment(post, own) if post else None
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """Whose token it is, what it may do, and whether accounts and hidden states come with comments."""
        findings = Findings(PLATFORM, self._setup.clock())
        try:
            self._look_around(findings)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    def _post(self, video: str) -> Post | None:
        """The video; ``None`` when it is no longer the account's. The list itself was answered, so that is certain."""
        answer = self._tiktok.get("/business/video/list/", fields=FIELDS, filters={"video_ids": [video]})
        rows, _ = page_of(answer.data, "videos", answer.exchange)
        posts = (post_from(row, self._page_id) for row in rows)
        return next((post for post in posts if post.post_id == video), None)

    def _comment(self, post: Post, own: str) -> Comment | None:
        try:
            rows, _ = self._listed(post, comment_ids=[own])
        except Gone:
            rows = []
        return _among(rows, post, own) or self._looked_for(post, own)

    def _looked_for(self, post: Post, own: str) -> Comment | None:
        """What the filter does not find is looked for in the newest of the list: "gone" counts as done."""

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            return self._listed(post, cursor=int(mark) if mark else None, sort_field="create_time", sort_order="desc")

        try:
            pages = islice(walk(fetch, most=MOST_PAGES), LOOKED_THROUGH)
            return next(filter(None, (_among(rows, post, own) for rows, _ in pages)), None)
        except Gone as error:
            raise PermissionLost(NOT_READABLE, exchange=error.exchange) from error
        except PagingBroken as error:
            raise Unavailable(THREAD_BROKEN.format(why=error)) from error

    def _listed(self, post: Post, **more: Any) -> tuple[list[Any], str | None]:
        answer = self._tiktok.get(
            "/business/comment/list/",
            video_id=post.post_id,
            status="ALL",
            include_replies=True,
            max_count=MOST_COMMENTS,
            **more,
        )
        return page_of(answer.data, "comments", answer.exchange)

    def _look_around(self, findings: Findings) -> None:
        asked = self._tiktok.get("/business/get/", fields=["username", "display_name"])
        findings.clock(asked.exchange)
        findings.page_name = str(asked.data.get("display_name") or asked.data.get("username") or "") or None
        scopes = str(self._tiktok.token_info().data.get("scope") or "")
        findings.scopes = frozenset(scope.strip() for scope in scopes.split(",") if scope.strip())
        for scope in (*SEEING, *ACTING):
            if scope not in findings.scopes:
                told = findings.fatal if scope in SEEING else findings.told
                told.append(SCOPE_MISSING.format(scope=scope, why=WHY[scope]))
        ends = perhaps_time(self._tiktok.refresh_ends_at())
        findings.ends(ends, "The right to renew TikTok's token", "the account's owner has to authorise the app again.")
        self._recent_comments(findings)

    def _recent_comments(self, findings: Findings) -> None:
        videos = self._tiktok.get("/business/video/list/", fields=FIELDS, max_count=5)
        for row in page_of(videos.data, "videos", videos.exchange)[0]:
            answer = self._tiktok.get(
                "/business/comment/list/", video_id=post_from(row, self._page_id).post_id, status="ALL", max_count=5
            )
            rows = [each for each in page_of(answer.data, "comments", answer.exchange)[0] if isinstance(each, dict)]
            if rows and not any(each.get("unique_identifier") for each in rows):
                findings.fatal.append(AUTHOR_MISSING)
            if rows and not any(each.get("status") for each in rows):
                findings.fatal.append(STATUS_MISSING)
            if rows:
                return

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._page_id!r})"


def _among(rows: list[Any], post: Post, own: str) -> Comment | None:
    """The comment of this id among rows and the replies inside them."""
    found = (each for row in rows for each in with_replies(row) if isinstance(each, dict))
    return next((comment_from(each, post) for each in found if str(each.get("comment_id")) == own), None)


class _Hand:
    """Hides and shows."""

    platform = PLATFORM

    def __init__(self, videos: TikTokVideos, tiktok: TikTok) -> None:
        self._videos, self._tiktok = videos, tiktok

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._tiktok.transport.recording()

    def now(self) -> datetime:
        return self._tiktok.now()

    def look(self, ref: CommentRef) -> Comment | None:
        return self._videos.read(ref).comment

    def hidden(self, comment: Comment) -> bool | None:
        return {"HIDDEN": True, "PUBLIC": False}.get(str(comment.raw.get("status")))

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        if comment.by_page:
            raise Unsupported(OWN_WORDS)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        video, own = parts_of(comment.ref.comment_id)
        # video_id is needed although the comment's id is unique: without it TikTok answers 40002.
        self._tiktok.write(
            "/business/comment/hide/",
            video_id=video,
            comment_id=own,
            action="HIDE" if action is Action.HIDE else "UNHIDE",
        )
