"""One channel: the calls that read and moderate its comments, built by Google's own client library.

developers.google.com/youtube/v3/docs/commentThreads/list, /comments/list, /comments/setModerationStatus.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from googleapiclient.discovery import build

from connectors._answers import the_list
from connectors._api import Answer, Api
from connectors._budget import Allowance, Budget, Spending
from connectors._httplib2 import Through
from connectors._paging import PagingBroken, walk
from connectors._values import an_id, perhaps_id
from connectors._youtube.errors import NAME, read
from connectors._youtube.objects import (
    CHANNEL_ID,
    COMMENT_ID,
    HELD,
    PLAIN,
    PLATFORM,
    PUBLISHED,
    REJECTED,
    SPAM,
    Thread,
    comment_of,
    page_of,
    snippet_of,
    status_of,
    thread_of,
    video_of,
)
from connectors._youtube.token import Token
from connectors.contract import Comment, CommentRef, Exchange, Gone, Malformed, Post, Unavailable, Unsupported
from connectors.transport import Transport

API_URL = "https://youtube.googleapis.com"
DAY = ZoneInfo("America/Los_Angeles")
WRITE_UNITS = 50.0
MOST_PAGES = 500
AT_ONCE = 40

OTHER_PAGE = "{ref} is no comment of YouTube channel {channel}; it is read and moderated by that page's own connection."
NOT_FOUND_OUT = "Where the comment stands could not be found out: {why}"


class Channel:
    """The channel ``page_id`` as its owner's token sees it. Errors of every method: the contract's."""

    platform = PLATFORM

    def __init__(
        self,
        page_id: str,
        transport: Transport,
        token: Token,
        *,
        clock: Callable[[], datetime],
        page_size: int,
        units: float,
        spending: Spending,
        project: str,
    ) -> None:
        self.page_id = an_id(page_id, PLATFORM, CHANNEL_ID)
        self.token = token
        self.size = max(1, min(page_size, 100))
        allowance = Allowance(units, "day", DAY, reserve=0.3, what="units")
        # The quota belongs to the Google Cloud project: all channels of one client share it.
        key = hashlib.sha256(project.encode()).hexdigest()[:12]
        budget = Budget(NAME, clock=clock, allowances=(allowance,), spending=spending, key=key)
        self.api = Api(transport, read=read, budget=budget, clock=clock, renew=token.renew)
        self._sdk = build(
            "youtube",
            "v3",
            http=Through(transport, API_URL, token.authorization),
            static_discovery=True,
            cache_discovery=False,
            client_options={"api_endpoint": f"{API_URL}/"},
        )
        self._uploads: str | None = None

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""
        return self.api.transport.recording()

    def now(self) -> datetime:
        """The connector's clock."""
        return self.api.now()

    def checked(self, ref: CommentRef) -> str:
        """The id in a reference. ``Unsupported`` for another page's, ``Malformed`` for what is no id."""
        if (ref.platform, ref.page_id) != (PLATFORM, self.page_id):
            raise Unsupported(OTHER_PAGE.format(ref=ref, channel=self.page_id))
        return an_id(ref.comment_id, PLATFORM, COMMENT_ID)

    # Lists.

    def threads(self, status: str, *, most: int = MOST_PAGES, poll: bool = True) -> Iterator[tuple[list[Any], bool]]:
        """The pages of all threads of the channel in a moderation status, newest first, and whether more follow."""

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            asked = self._sdk.commentThreads().list(
                part="id,snippet,replies",
                allThreadsRelatedToChannelId=self.page_id,
                order="time",
                moderationStatus=status,
                textFormat="plainText",
                maxResults=self.size,
                pageToken=mark,
            )
            return _page(self._ask(asked, poll))

        return walk(fetch, most=most)

    def threads_by_id(self, thread_ids: list[str], *, poll: bool = True) -> Iterator[Thread]:
        """These threads, in calls of many ids each; those that are gone are left out."""
        for start in range(0, len(thread_ids), AT_ONCE):
            asked = self._sdk.commentThreads().list(
                part="id,snippet", id=",".join(thread_ids[start : start + AT_ONCE]), textFormat="plainText"
            )
            rows, _ = _page(self._ask(asked, poll))
            yield from (thread for row in rows if (thread := self._readable(row)))

    def replies(self, thread_id: str, *, poll: bool = True) -> Iterator[tuple[list[Any], bool]]:
        """The pages of all replies of a thread."""

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            asked = self._sdk.comments().list(
                part="id,snippet",
                parentId=thread_id,
                textFormat="plainText",
                maxResults=self.size,
                pageToken=mark,
            )
            return _page(self._ask(asked, poll))

        return walk(fetch, most=MOST_PAGES)

    def uploads(self) -> Iterator[tuple[list[Any], bool]]:
        """The pages of the channel's own videos as playlist rows, newest first."""
        playlist = self._playlist()
        if playlist is None:
            return iter(())

        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            asked = self._sdk.playlistItems().list(
                part="contentDetails", playlistId=playlist, maxResults=min(self.size, 50), pageToken=mark
            )
            return _page(self._ask(asked, True))

        return walk(fetch, most=MOST_PAGES)

    def videos(self, video_ids: list[str], *, poll: bool = True) -> list[Any]:
        """The rows of these videos, with YouTube's own count of their comments; at most 50."""
        asked = self._sdk.videos().list(part="id,snippet,statistics", id=",".join(video_ids))
        rows, _ = _page(self._ask(asked, poll))
        return rows

    # One thing.

    def post(self, post_id: str) -> Post | None:
        """A video, or the channel itself; ``None`` when it is gone."""
        if post_id == self.page_id:
            rows, _ = _page(self._ask(self._sdk.channels().list(part="id,snippet", id=self.page_id), False))
            return page_of(rows[0], self.page_id) if rows else None
        rows = self.videos([post_id], poll=False)
        return video_of(rows[0], self.page_id) if rows else None

    def mine(self) -> Answer:
        """The channels of the account behind the token."""
        return self._ask(self._sdk.channels().list(part="id,snippet", mine=True), False)

    def find(self, ref: CommentRef) -> Comment | None:
        """A comment with its state; ``None`` when it is gone.

        YouTube leaves the moderation status out where comments are asked for by id. It is therefore taken from the
        thread, which says whether the public sees it, and else from the lists of what is held and of likely spam.
        These lists are the owner's alone: a token that lost its rights fails there with ``PermissionLost``.
        """
        comment_id = self.checked(ref)
        try:
            return self._found(comment_id)
        except PagingBroken as broken:
            raise Unavailable(NOT_FOUND_OUT.format(why=broken)) from broken

    def set_status(self, comment_id: str, status: str, *, ban: bool = False) -> Answer:
        """One write of 50 units; YouTube answers it without content."""
        more = {"banAuthor": True} if ban else {}
        asked = self._sdk.comments().setModerationStatus(id=comment_id, moderationStatus=status, **more)
        return self.api.tell(asked.execute, weight=WRITE_UNITS)

    def _found(self, comment_id: str) -> Comment | None:
        row = self._row(comment_id)
        thread_id = _thread_of(comment_id, row)
        thread = self._thread(thread_id)
        status = self._shown(comment_id, row, thread_id, thread)
        if row and thread and status:
            # Replies have none of their own.
            below = thread.reply_count if comment_id == thread_id else 0
            return replace(comment_of(row, self.page_id, thread.post_id, status), reply_count=below)
        listed, unseen = self._unseen(comment_id, thread_id)
        if unseen is not None or row is None:
            return unseen
        # It is known by its id, but stands in no list: a person rejected it.
        home = thread or listed
        return comment_of(row, self.page_id, home.post_id if home else _post_of(row, self.page_id), status or REJECTED)

    def _row(self, comment_id: str) -> Mapping[str, Any] | None:
        asked = self._sdk.comments().list(part="id,snippet", id=comment_id, textFormat="plainText")
        try:
            rows, _ = _page(self._ask(asked, False))
        except Gone:
            return None
        return next((row for row in rows if isinstance(row, Mapping) and row.get("id") == comment_id), None)

    def _thread(self, thread_id: str) -> Thread | None:
        try:
            return next(self.threads_by_id([thread_id], poll=False), None)
        except Gone:
            return None

    def _shown(
        self, comment_id: str, row: Mapping[str, Any] | None, thread_id: str, thread: Thread | None
    ) -> str | None:
        """The status of a comment that is given by its id, from what the public sees; ``None`` where it sees none."""
        if row is None:
            return None
        if told := status_of(row, ""):
            return told
        if comment_id == thread_id:
            return PUBLISHED if thread and thread.is_public else None
        return self._among_replies(comment_id, thread_id)

    def _among_replies(self, comment_id: str, thread_id: str) -> str | None:
        # A held reply stands in a thread that is public, and a published one in a thread that is held.
        try:
            for rows, _ in self.replies(thread_id, poll=False):
                for row in rows:
                    if isinstance(row, Mapping) and row.get("id") == comment_id:
                        return status_of(row, PUBLISHED)
        except Gone:
            return None
        return None

    def _unseen(self, comment_id: str, thread_id: str) -> tuple[Thread | None, Comment | None]:
        """The thread and the comment, in the lists of what is held and of likely spam."""
        found: Thread | None = None
        for status in (HELD, SPAM):
            # To the end, which for held comments is near: an old thread may hold a young reply.
            for rows, _ in self.threads(status, poll=False):
                for thread in (each for row in rows if (each := self._readable(row)) and each.thread_id == thread_id):
                    found = thread
                    for row in (thread.top, *thread.replies):
                        if row.get("id") == comment_id:
                            return thread, comment_of(row, self.page_id, thread.post_id, status_of(row, status))
        return found, None

    def _playlist(self) -> str | None:
        if self._uploads is None:
            rows, _ = _page(self._ask(self._sdk.channels().list(part="contentDetails", id=self.page_id), True))
            details = rows[0].get("contentDetails") if rows and isinstance(rows[0], Mapping) else None
            related = details.get("relatedPlaylists") if isinstance(details, Mapping) else None
            told = related.get("uploads") if isinstance(related, Mapping) else None
            self._uploads = perhaps_id(told, PLATFORM, PLAIN)
        return self._uploads

    def _readable(self, row: Any) -> Thread | None:
        try:
            return thread_of(row, self.page_id)
        except Malformed:
            return None

    def _ask(self, asked: Any, poll: bool) -> Answer:
        return self.api.ask(asked.execute, poll=poll)


def _page(answer: Answer) -> tuple[list[Any], str | None]:
    # An empty list may leave its name out.
    rows = the_list(answer.data.get("items", []), answer.exchange, NAME)
    mark = answer.data.get("nextPageToken")
    return rows, None if mark is None else str(mark)


def _thread_of(comment_id: str, row: Mapping[str, Any] | None) -> str:
    parent = perhaps_id(snippet_of(row).get("parentId"), PLATFORM, PLAIN) if row else None
    return parent or comment_id.partition(".")[0]


def _post_of(row: Mapping[str, Any] | None, channel_id: str) -> str:
    told = snippet_of(row).get("videoId") if row else None
    return perhaps_id(told, PLATFORM, PLAIN) or channel_id
