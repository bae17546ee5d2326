"""Disqus: reading a forum's comments, taking them down and back, spam (API 3.0, docs/platforms).

Credentials: ``api_key`` and ``access_token`` of an application, better with ``api_secret``; the account behind the
token is a moderator of the forum. The page is the forum's short name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from connectors._credentials import read_credentials
from connectors._disqus.answers import PLATFORM, is_hidden, read_comment, read_thread
from connectors._disqus.forum import Forum
from connectors._findings import Findings
from connectors._hands import SafeHider, SafeRemover
from connectors._paging import PagingBroken, walk
from connectors._setup import Setup
from connectors._sweep import COMMENT_UNREADABLE, LIST_BROKEN, POSTS_BROKEN, Sweep
from connectors._values import DIGITS, perhaps_id, words
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
    Malformed,
    PermissionLost,
    Post,
    Reading,
    Unproven,
    Unsupported,
    Visibility,
    Way,
)

API_URL = "https://disqus.com"
POSTS_FROM, ALL_POSTS_FROM = timedelta(hours=48), timedelta(days=30)
SAMPLE = 5

CAPABILITIES = Capabilities(
    hide="soft_delete",
    hide_scope="any",
    delete="any",
    block="manual",
    unblock=False,
    identity="account number, name and username; for guests the e-mail address that they typed",
    embed="none",
    effect="The comment is taken down for everybody, its author included; replies stay under a note that it was "
    "removed.",
    by_hand="open the forum's moderation panel on disqus.com and choose Delete or Spam there; to keep somebody away, "
    "choose Ban User.",
    archive=ArchivePolicy(
        "whole", "Disqus Terms of Service, section on API use, and the forum owner's own right to export its comments."
    ),
    reads=("comments of all threads of the forum, waiting and deleted ones included", "threads"),
    remove_ways=(Way("spam", "The comment is marked as spam, which teaches Disqus's filter.", reversible=True),),
    pictures=True,
    public_hosts=("disqus.com", "c.disquscdn.com"),
    notice_why="Disqus' interface has no private messages.",
    unproven=(
        Unproven("Whether posts/restore shows a comment again at once, without waiting for approval.", "unhide"),
        Unproven("Whether posts/list brings deleted comments with include=deleted.", "listed"),
        Unproven("Whether the words of a deleted comment are still delivered to a moderator's token.", "listed"),
        Unproven("Whether addresses of guests are delivered to a moderator's token.", "author"),
        Unproven("Whether a comment that is not found is always error 2 or 8.", "none"),
    ),
)

OWN_COMMENT = "This comment stands under an account of the city; edit or delete it on Disqus."
AUTHORS_OWN = "The author deleted this comment, so Beadle can't bring it back."
NO_IDENTITY = "Disqus delivers no authors to this account; make it a moderator of the forum {forum}."
NO_STATE = "Disqus does not deliver whether comments are approved or deleted; make the account a moderator."
OTHER_NAME = "Disqus delivers the forum without a name; check the short name {forum}."


def connect(setup: Setup) -> Connection:
    """Everything the token may do in the forum; nothing is sent yet. Option ``plan`` = ``unlimited``: no hourly cap."""
    credentials = read_credentials(setup.token, PLATFORM, needed=("api_key", "access_token"), optional=("api_secret",))
    transport = setup.transport(PLATFORM, API_URL, secrets=credentials.secrets)
    forum = Forum(setup, credentials, transport)
    hand = _Hand(forum)
    return Connection(
        connector=Disqus(forum, setup.lookback, setup.post_lookback),
        hider=SafeHider(hand),
        remover=SafeRemover(hand, CAPABILITIES.remove_ways),
        blocker=None,
        calls=transport.calls,
        close=transport.close,
    )


class Disqus:
    """Reads one forum."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, forum: Forum, lookback: timedelta, post_lookback: timedelta) -> None:
        self._forum, self._lookback, self._post_lookback = forum, lookback, post_lookback

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every comment since the cursor less the look-back that is due; one list holds those of all threads."""
        sweep = Sweep(cursor, now=self._forum.api.now(), first_visit=self._lookback)
        told: set[str] = set()
        if sweep.depth.back >= POSTS_FROM:
            self._list_threads(sweep, told)
        try:
            for rows, more in walk(self._forum.comments_since(sweep.since), most=10_000):
                self._take(sweep, rows, told)
                if more:
                    yield sweep.batch()
        except PagingBroken as error:
            sweep.hole(LIST_BROKEN.format(why=error))
        yield sweep.last_batch(every_post=True)

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its thread, now, whatever its state."""
        with self._forum.transport.recording() as exchanges:
            try:
                comment = self._forum.comment(ref)
            except Gone:
                return Reading(None, None, tuple(exchanges))
            return Reading(comment, self._thread_of(comment.raw), tuple(exchanges))

    def check(self) -> Health:
        """What is known about the keys, the rights and the delivered fields."""
        findings = Findings(PLATFORM, self._forum.api.now())
        try:
            self._look_at_forum(findings)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    def _look_at_forum(self, findings: Findings) -> None:
        answer = self._forum.details()
        findings.clock(answer.exchange)
        told = answer.data.get("response")
        findings.page_name = words(told.get("name")) if isinstance(told, Mapping) else None
        if findings.page_name is None:
            findings.told.append(OTHER_NAME.format(forum=self._forum.forum))
        self._forum.staff()
        rows = [row for row in self._forum.newest(SAMPLE) if isinstance(row, dict)]
        if any(not isinstance(row.get("author"), Mapping) for row in rows):
            findings.fatal.append(NO_IDENTITY.format(forum=self._forum.forum))
        if any(is_hidden(row) is None for row in rows):
            findings.fatal.append(NO_STATE)

    def _take(self, sweep: Sweep, rows: list[Any], told: set[str]) -> None:
        staff = self._forum.staff() if rows else frozenset()
        for row in rows:
            try:
                comment = read_comment(row, self._forum.forum, staff)
            except Malformed as error:
                _left_out(sweep, row, error)
                continue
            sweep.take(comment)
            self._take_thread(sweep, comment, told)

    def _take_thread(self, sweep: Sweep, comment: Comment, told: set[str]) -> None:
        post = None if comment.post_id in told else self._thread_of(comment.raw)
        if post is not None:
            told.add(comment.post_id)
            sweep.take_post(post)

    def _thread_of(self, row: Mapping[str, Any]) -> Post | None:
        try:
            return read_thread(row.get("thread"), self._forum.forum)
        except Malformed:
            return None

    def _list_threads(self, sweep: Sweep, told: set[str]) -> None:
        back = self._post_lookback if sweep.depth.back >= ALL_POSTS_FROM else sweep.depth.back
        try:
            for rows, _ in walk(self._forum.threads_since(sweep.started - back), most=200):
                for post in filter(None, (self._thread_of({"thread": row}) for row in rows)):
                    told.add(post.post_id)
                    sweep.take_post(post)
        except PagingBroken as error:
            sweep.hole(POSTS_BROKEN.format(why=error))

    def __repr__(self) -> str:
        return f"Disqus({self._forum.forum!r})"


def _left_out(sweep: Sweep, row: object, error: Malformed) -> None:
    told: Mapping[str, Any] = row if isinstance(row, dict) else {}
    thread = told.get("thread")
    post_id = perhaps_id(thread.get("id") if isinstance(thread, dict) else thread, PLATFORM, DIGITS)
    comment_id = perhaps_id(told.get("id"), PLATFORM, DIGITS)
    if comment_id is None:
        # What can't be named can't be counted as seen, so nothing may be taken for missing.
        sweep.hole(COMMENT_UNREADABLE.format(why=error), post_id=post_id)
    else:
        sweep.saw(comment_id)
        sweep.unreadable(error, post_id=post_id)


class _Hand:
    """The single calls on one forum. ``posts/remove`` is undone by ``posts/restore``: that is the hide."""

    platform = PLATFORM

    def __init__(self, forum: Forum) -> None:
        self._forum = forum

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._forum.transport.recording()

    def now(self) -> datetime:
        return self._forum.api.now()

    def look(self, ref: CommentRef) -> Comment | None:
        try:
            return self._forum.comment(ref)
        except Gone:
            return None

    def hidden(self, comment: Comment) -> bool | None:
        return is_hidden(comment.raw)

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None or comment.raw.get("isSpam") is True

    def refuse(self, comment: Comment, action: Action) -> None:
        if is_hidden(comment.raw) is None:
            # Disqus tells moderators: without that no act could be read back.
            raise PermissionLost(NO_STATE)
        if comment.by_page and action is not Action.UNHIDE:
            raise Unsupported(OWN_COMMENT)
        if action is Action.UNHIDE and comment.visibility is Visibility.DELETED_BY_AUTHOR:
            raise Unsupported(AUTHORS_OWN)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        if action is Action.UNHIDE:
            # What waits for approval or was taken for spam is approved; what was removed is restored.
            taken_down = comment.raw.get("isDeleted") is True
            self._forum.act("posts/restore" if taken_down else "posts/approve", comment)
        else:
            self._forum.act("posts/spam" if action is Action.REMOVE else "posts/remove", comment)
