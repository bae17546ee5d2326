"""WordPress blogs: reading comments, holding and approving them, spam and trash (REST API v2, docs/platforms).

The site's own server answers; there is no company in between. Credentials: ``user`` and ``password``, an application
password of an account with the role Editor (https://developer.wordpress.org/rest-api/using-the-rest-api/).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from connectors._credentials import read_credentials
from connectors._hands import SafeHider, SafeRemover
from connectors._paging import PagingBroken, walk
from connectors._setup import Setup
from connectors._sweep import COMMENT_UNREADABLE, LIST_BROKEN, POSTS_BROKEN, Sweep
from connectors._values import perhaps_id, words
from connectors._wordpress.answers import NUMBER, PLATFORM, read_comment, status_of
from connectors._wordpress.health import check
from connectors._wordpress.site import Site
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    Exchange,
    Gone,
    Health,
    Malformed,
    Reading,
    Unproven,
    Unsupported,
    Way,
)

CAPABILITIES = Capabilities(
    hide="hold",
    hide_scope="any",
    delete="any",
    block="manual",
    unblock=False,
    identity="user number of registered accounts, else the e-mail address that a guest typed (unproven by WordPress)",
    embed="none",
    effect="The comment is put on hold: only the site's moderators see it; its author's own browser may still show it.",
    by_hand="open Comments in wp-admin and choose Unapprove, Spam or Trash; to keep somebody away, add the address "
    "under Settings > Discussion > Disallowed Comment Keys.",
    archive=ArchivePolicy("whole", "The city's own server: WordPress is free software (GPL 2) and sets no terms."),
    reads=("comments and replies on posts and pages, held ones included", "comments in the trash", "posts, pages"),
    remove_ways=(
        Way("trash", "The comment goes to the trash, where moderators can restore it for 30 days.", reversible=True),
        Way("spam", "The comment goes to the spam list and may teach the site's spam filter.", reversible=True),
    ),
    needs_base_url=True,
    notice_why="WordPress' interface has no private messages; the address beside a comment was not given for letters.",
    unproven=(
        Unproven("Whether a cache or firewall before this site answers authorised calls itself.", "delivered"),
        Unproven("Whether a plugin of this site changes what a hold means.", "hide"),
    ),
)

OWN_COMMENT = "This comment stands under an account of the city; edit or trash it in wp-admin."

# Trashed comments of the last hours are looked at with every sweep that is deeper than the usual one.
TRASH_FROM = timedelta(hours=12)
# Posts are listed, and their comments counted: the new ones with the hourly sweep, all with the daily one.
NEW_POSTS_FROM, ALL_POSTS_FROM = timedelta(hours=48), timedelta(days=30)


def connect(setup: Setup) -> Connection:
    """Everything the account may do on the site; nothing is sent yet. ``ValueError`` without ``base_url``.

    Options: ``rest_route`` = ``yes`` for a site with plain permalinks, ``staff``: user numbers of the city's people.
    """
    credentials = read_credentials(setup.token, PLATFORM, needed=("user", "password"))
    password = credentials["password"]
    # The name of the account is no secret: masking it would deface comments that name it.
    transport = setup.transport(PLATFORM, None, secrets=(password, password.replace(" ", "")))
    site = Site(setup, credentials, transport)
    hand = _Hand(site)
    return Connection(
        connector=WordPress(site, setup.lookback, setup.post_lookback),
        hider=SafeHider(hand),
        remover=SafeRemover(hand, CAPABILITIES.remove_ways),
        blocker=None,
        calls=transport.calls,
        close=transport.close,
    )


class WordPress:
    """Reads one site."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, site: Site, lookback: timedelta, post_lookback: timedelta) -> None:
        self._site, self._lookback, self._post_lookback = site, lookback, post_lookback
        self._told: set[str] = set()

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every comment since the cursor less the look-back that is due; one list holds those of all posts."""
        sweep = Sweep(cursor, now=self._site.api.now(), first_visit=self._lookback)
        if sweep.depth.back >= NEW_POSTS_FROM:
            self._list_posts(sweep)
        for status in ("all", "trash") if sweep.depth.back >= TRASH_FROM else ("all",):
            yield from self._list(sweep, status)
        yield sweep.last_batch(every_post=True)

    def read(self, ref: CommentRef) -> Reading:
        """The comment and its post, now, whatever its state; trashed ones can still be read."""
        with self._site.transport.recording() as exchanges:
            try:
                comment = self._site.comment(ref)
            except Gone:
                return Reading(None, None, tuple(exchanges))
            return Reading(comment, self._site.post_of(comment), tuple(exchanges))

    def check(self) -> Health:
        """What is known about the password, the account's rights, the delivered fields and the clock."""
        return check(self._site)

    def _list(self, sweep: Sweep, status: str) -> Iterator[Batch]:
        try:
            for rows, more in walk(self._site.since(sweep.since, status), most=10_000):
                self._take(sweep, rows)
                if more:
                    yield sweep.batch()
        except PagingBroken as error:
            sweep.hole(LIST_BROKEN.format(why=error))

    def _take(self, sweep: Sweep, rows: list[Any]) -> None:
        self._take_posts(sweep, [row for row in rows if isinstance(row, dict)])
        staff = self._site.staff() if rows else frozenset()
        for row in rows:
            try:
                sweep.take(read_comment(row, self._site.page_id, staff))
            except Malformed as error:
                _left_out(sweep, row, error)

    def _take_posts(self, sweep: Sweep, rows: list[dict[str, Any]]) -> None:
        """Each post once a connection, and again with a deep sweep, whose list brought the newer ones already."""
        new = [row for row in rows if str(row.get("post")) not in self._told]
        for post in self._site.posts(new, counted=True) if new else ():
            self._told.add(post.post_id)
            sweep.take_post(post)

    def _list_posts(self, sweep: Sweep) -> None:
        self._told.clear()
        back = self._post_lookback if sweep.depth.back >= ALL_POSTS_FROM else sweep.depth.back
        try:
            for rows, _ in walk(self._site.recent_posts(sweep.started - back), most=100):
                for post in self._site.as_posts(rows, counted=True):
                    self._told.add(post.post_id)
                    sweep.take_post(post)
        except PagingBroken as error:
            sweep.hole(POSTS_BROKEN.format(why=error))

    def __repr__(self) -> str:
        return f"WordPress({self._site.page_id!r})"


def _left_out(sweep: Sweep, row: object, error: Malformed) -> None:
    told: Mapping[str, Any] = row if isinstance(row, dict) else {}
    comment_id = perhaps_id(told.get("id"), PLATFORM, NUMBER)
    post_id = perhaps_id(told.get("post"), PLATFORM, NUMBER)
    if comment_id is None:
        # What can't be named can't be counted as seen, so nothing may be taken for missing.
        sweep.hole(COMMENT_UNREADABLE.format(why=error), post_id=post_id)
    else:
        sweep.saw(comment_id)
        sweep.unreadable(error, post_id=post_id)


class _Hand:
    """The single calls on one site."""

    platform = PLATFORM

    def __init__(self, site: Site) -> None:
        self._site = site

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._site.transport.recording()

    def now(self) -> datetime:
        return self._site.api.now()

    def look(self, ref: CommentRef) -> Comment | None:
        try:
            return self._site.comment(ref)
        except Gone:
            return None

    def hidden(self, comment: Comment) -> bool | None:
        status = status_of(comment)
        return None if status is None else status not in ("approved", "approve", "1")

    def removed(self, comment: Comment | None, way: str) -> bool:
        # In the trash or in the spam list: out of sight either way, and a second way would only move it.
        return comment is None or status_of(comment) in ("trash", "spam", "post-trashed")

    def refuse(self, comment: Comment, action: Action) -> None:
        if comment.by_page and action is not Action.UNHIDE:
            raise Unsupported(OWN_COMMENT)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        path = self._site.path(f"/comments/{comment.ref.comment_id}")
        if way == "trash":
            # Not the status "trash": on a site that keeps no trash that would delete for good; this is refused there.
            self._site.api.write("DELETE", path)
            return
        status = {Action.HIDE: "hold", Action.UNHIDE: "approve"}.get(action, "spam")
        self._site.api.write("POST", path, {"context": "edit"}, json={"status": status, **_kept(comment)})


def _kept(comment: Comment) -> dict[str, str]:
    """What identifies the sender, to be written back: a status change alone puts our own address and agent there."""
    kept: dict[str, str] = {}
    address, agent = words(comment.raw.get("author_ip")), words(comment.raw.get("author_user_agent"))
    try:
        kept["author_ip"] = str(ip_address(address or ""))
    except ValueError:
        # WordPress refuses the whole call for an address that is none, an empty one included.
        kept.pop("author_ip", None)
    return {**kept, "author_user_agent": agent} if agent else kept
