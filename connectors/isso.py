"""Isso, the open-source comment server: reading published and waiting comments, deleting (Isso 0.13 and 0.14).

Isso can't hide: a published comment can only be deleted, which wipes its words. So nothing here is automatic.
Credentials: ``password``, the admin's. Options: ``timezone``, that of the Isso server, for comments that wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._credentials import read_credentials
from connectors._findings import Findings
from connectors._hands import SafeRemover
from connectors._isso.answers import (
    PLATFORM,
    PUBLISHED,
    WAITING,
    AdminPage,
    published_comment,
    rows_of,
    waiting_comment,
)
from connectors._isso.blog import Blog, began
from connectors._paging import PagingBroken, walk
from connectors._setup import Setup
from connectors._sweep import COMMENT_UNREADABLE, LIST_BROKEN, THREAD_BROKEN, Sweep
from connectors._values import a_count, perhaps_id
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
    Reading,
    Unproven,
    Way,
)

CAPABILITIES = Capabilities(
    hide="none",
    hide_scope="none",
    delete="any",
    block="none",
    unblock=False,
    identity="a digest of the e-mail address, or of the network address where none was given; the name is free",
    embed="none",
    effect="Isso can't hide a published comment; one that waits for approval is seen by nobody until it is validated.",
    by_hand="open /admin/ on the Isso server and choose Validate, Edit or Delete there.",
    archive=ArchivePolicy("whole", "The city's own server: Isso is free software (MIT) and sets no terms."),
    reads=("published comments and replies", "comments that wait for approval", "titles of threads"),
    hidden_state="none",
    remove_ways=(
        Way("delete", "The comment is deleted for good; where it has replies, an empty place is left.", False),
    ),
    needs_base_url=True,
    notice_why="Isso knows no accounts, so nobody can be written to.",
    unproven=(
        Unproven("Whether a proxy before this server passes cookies and the paths /admin/ and /login/.", "none"),
    ),
)

# The daily sweep lists all threads; the others find new ones, since a new thread begins with a comment of its own.
ALL_THREADS_FROM = timedelta(days=30)
WRONG_ZONE = (
    "The Isso server writes times {hours:+g} hours off the option timezone; set the option to the server's time zone."
)
NO_ORIGIN = "Isso does not tell the site that its comments stand on; set host in the section [general]."
ROW_UNREADABLE = "Isso's admin page shows {count} comments in a shape that can't be read."


def connect(setup: Setup) -> Connection:
    """Everything the admin's password allows; nothing is sent yet. ``ValueError`` without ``base_url``."""
    credentials = read_credentials(setup.token, PLATFORM, needed=("password",))
    transport = setup.transport(PLATFORM, None, secrets=credentials.secrets)
    blog = Blog(setup, credentials["password"], transport)
    return Connection(
        connector=Isso(blog, setup.lookback),
        hider=None,
        remover=SafeRemover(_Hand(blog), CAPABILITIES.remove_ways),
        blocker=None,
        calls=transport.calls,
        close=transport.close,
    )


class Isso:
    """Reads one server."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, blog: Blog, lookback: timedelta) -> None:
        self._blog, self._lookback = blog, lookback

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """What waits, then every thread that is new, has another number of comments, or has rested long enough."""
        sweep = Sweep(cursor, now=self._blog.now(), first_visit=self._lookback)
        self._blog.ready()
        waiting, all_seen = self._waiting(sweep)
        uris = set(waiting) | self._found(sweep)
        counts = self._blog.counts(sorted(uris | set(sweep.looks)))
        for uri, count in counts.items():
            look = sweep.looks.get(uri)
            if look is None or look.is_due(count, sweep.started):
                self._thread(sweep, uri, count, waiting.get(uri, sweep.started), all_seen)
                if sweep.is_full:
                    yield sweep.batch()
        yield sweep.last_batch()

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its thread, now; a comment that waits is found too."""
        self._blog.checked(ref)
        self._blog.ready()
        with self._blog.transport.recording() as exchanges:
            try:
                comment, post = self._blog.comment(ref)
            except Gone:
                return Reading(None, None, tuple(exchanges))
            return Reading(comment, post, tuple(exchanges))

    def check(self) -> Health:
        """What is known about the password, the server's clock and zone, and the site."""
        findings = Findings(PLATFORM, self._blog.now())
        try:
            self._look_around(findings)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    def _look_around(self, findings: Findings) -> None:
        self._blog.ready()
        info = self._blog.info()
        findings.clock(info.exchange)
        findings.page_name = self._blog.origin
        if self._blog.origin is None:
            findings.told.append(NO_ORIGIN)
        pages, _ = self._blog.listed(PUBLISHED)(None)
        self._look_at_zone(pages[0], findings)
        if pages[0].unreadable:
            findings.fatal.append(ROW_UNREADABLE.format(count=len(pages[0].unreadable)))

    def _look_at_zone(self, page: AdminPage, findings: Findings) -> None:
        """The admin page tells minutes without a zone; a thread tells the same comment's time exactly."""
        if not page.rows:
            return
        row = page.rows[0]
        for each in rows_of(self._blog.thread(row.uri)):
            if isinstance(each, dict) and str(each.get("id")) == row.comment_id:
                said = row.said_at.replace(tzinfo=self._blog.zone)
                off = said - published_comment(each, row.uri, "any", None).posted_at
                if abs(off) > timedelta(minutes=10):
                    findings.fatal.append(WRONG_ZONE.format(hours=round(off.total_seconds() / 3600, 2)))

    def _waiting(self, sweep: Sweep) -> tuple[dict[str, datetime], bool]:
        """Brings what waits. The threads where it waits, with the first of it, and whether all of it was seen."""
        found: dict[str, datetime] = {}
        all_seen = True
        try:
            for pages, _ in walk(self._blog.listed(WAITING), most=1000):
                all_seen = self._left_out(sweep, pages[0]) and all_seen
                for row in pages[0].rows:
                    comment = waiting_comment(row, self._blog.page_id, self._blog.zone, self._blog.origin)
                    found[row.uri] = min(found.get(row.uri, comment.posted_at), comment.posted_at)
                    sweep.take(comment)
        except PagingBroken as error:
            sweep.hole(LIST_BROKEN.format(why=error))
            return found, False
        return found, all_seen

    def _found(self, sweep: Sweep) -> set[str]:
        """Threads with published comments. The newest stand first, so all but the daily sweep end at a known one."""
        known = int(sweep.state.get("newest", 0)) if sweep.depth.back < ALL_THREADS_FROM else 0
        uris: set[str] = set()
        newest = int(sweep.state.get("newest", 0))
        try:
            for pages, _ in walk(self._blog.listed(PUBLISHED), most=10_000):
                self._left_out(sweep, pages[0])
                self._blog.knows_titles(pages[0].rows)
                uris |= {row.uri for row in pages[0].rows}
                ids = [int(row.comment_id) for row in pages[0].rows]
                newest = max([newest, *ids])
                if known and any(number <= known for number in ids):
                    break
        except PagingBroken as error:
            sweep.hole(LIST_BROKEN.format(why=error))
        sweep.state["newest"] = newest
        return uris

    def _left_out(self, sweep: Sweep, page: AdminPage) -> bool:
        for name in page.unreadable:
            sweep.hole(COMMENT_UNREADABLE.format(why=f"{name!r:.40} on Isso's admin page"))
        return not page.unreadable

    def _thread(self, sweep: Sweep, uri: str, count: int | None, otherwise: datetime, waiting_seen: bool) -> None:
        try:
            told = self._blog.thread(uri)
        except (Gone, Malformed) as error:
            sweep.hole(THREAD_BROKEN.format(why=error), post_id=uri)
            return
        rows = rows_of(told)
        times = [time for time in (self._take(sweep, uri, row) for row in rows) if time is not None]
        first = began(told, otherwise)
        sweep.take_post(self._blog.post(uri, None, a_count(told.get("total_replies")), first))
        sweep.looked_at(uri, count, max(times, default=first))
        if len(times) == len(rows) and waiting_seen:
            # A comment may wait, too: only who saw both lists can say that one is missing.
            sweep.complete(uri)

    def _take(self, sweep: Sweep, uri: str, row: Any) -> datetime | None:
        """Bring a comment that is new enough; returns its last event, ``None`` for what makes the thread incomplete."""
        try:
            comment = published_comment(row, uri, self._blog.page_id, self._blog.origin)
        except Malformed as error:
            return _unread(sweep, uri, row, error)
        last = comment.edited_at or comment.posted_at
        if last >= sweep.since:
            sweep.take(comment)
        else:
            sweep.saw(comment.ref.comment_id)
        return last

    def __repr__(self) -> str:
        return f"Isso({self._blog.page_id!r})"


def _unread(sweep: Sweep, uri: str, row: object, error: Malformed) -> datetime | None:
    comment_id = perhaps_id(row.get("id") if isinstance(row, dict) else None, PLATFORM)
    if comment_id is None:
        sweep.hole(COMMENT_UNREADABLE.format(why=error), post_id=uri)
        return None
    sweep.saw(comment_id)
    sweep.unreadable(error, post_id=uri)
    return datetime.min.replace(tzinfo=UTC)


class _Hand:
    """The one act of Isso that Beadle uses."""

    platform = PLATFORM

    def __init__(self, blog: Blog) -> None:
        self._blog = blog

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._blog.transport.recording()

    def now(self) -> datetime:
        return self._blog.now()

    def look(self, ref: CommentRef) -> Comment | None:
        try:
            return self._blog.comment(ref)[0]
        except Gone:
            return None

    def hidden(self, comment: Comment) -> bool | None:
        return None

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        """Nothing: Isso has no accounts, so none of them is the city's."""

    def send(self, comment: Comment, action: Action, way: str) -> None:
        self._blog.delete(comment.ref.comment_id)
