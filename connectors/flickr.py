"""Flickr: comments on the photos and videos of one account. Nothing can be hidden there.

A photo's comments are one call each, so quiet photos rest (``connectors._schedule``); once an hour at most, the list
of recent activity tells which photos stirred. Source: flickr.com/services/api/.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors._credentials import read_credentials
from connectors._findings import Findings
from connectors._flickr.api import PLATFORM as PLATFORM
from connectors._flickr.api import Flickr
from connectors._flickr.photos import ACCOUNT, Active, active_from, comment_from, photo_of, post_from, rows_of
from connectors._hands import SafeRemover
from connectors._paging import PagingBroken, walk
from connectors._schedule import FALLING, rest_after
from connectors._setup import Setup
from connectors._sweep import POSTS_BROKEN, THREAD_BROKEN, Sweep
from connectors._values import a_count, an_id
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
    Way,
)

BASE_URL = "https://api.flickr.com"
# flickr.activity.userPhotos: "Do not poll this method more than once an hour."
AN_HOUR = timedelta(hours=1)
MOST_PAGES = 500
# A comment that was written while its photo was being read belongs to the next look.
OVERLAP = timedelta(hours=2)

ANOTHER_PAGE = "This comment belongs to another page than {page}; this connection can't speak for it."
OWN_WORDS = "This is the city's own comment; whoever may speak for the city deletes it on the photo's page at Flickr."
CAN_NOT_HIDE = "Flickr can't hide a comment; a person decides whether to delete it on the photo's page."
NOT_THE_OWNER = (
    "The token belongs to the account {found}, not to {page}; authorise the application while logged in as the city's "
    "account and store the new token."
)
MAY_NOT_DELETE = 'The token has the permission {perms!r}; deleting needs "write": authorise the application again.'
ALBUM = (
    "a comment on the album {album} is not read by Beadle; look at flickr.com/photos/{page}/albums/{album}/comments."
)
AUTHOR_MISSING = "Flickr delivers comments without an account; tell the maintainers."
NO_ACCOUNT_ID = "{page!r} is no account of Flickr; the id has the form 12345678@N00 (flickr.com/services/api/explore)."

CAPABILITIES = Capabilities(
    hide="none",
    hide_scope="none",
    delete="probe",
    block="manual",
    unblock=False,
    identity="account id (NSID), account name and, where given, the real name",
    embed="post",
    effect="Flickr can't hide comments: nothing happens by itself, every case goes to a person.",
    by_hand=(
        "Open the photo's page as the city's account, point at the comment and choose Delete; to keep an account away, "
        "open its profile and choose Block, which also removes its comments from the city's photos."
    ),
    archive=ArchivePolicy(
        keep="whole",
        terms="Flickr APIs Terms of Use, section 1 (licensed uses and restrictions); flickr.com/help/terms/api",
    ),
    reads=("comments on photos and videos of the account",),
    cost="free; 3,600 calls an hour for each API key; commercial use only by permission",
    hidden_state="none",
    remove_ways=(
        Way("delete", "The comment is gone from Flickr for everybody; there is no way back.", reversible=False),
    ),
    poll_every=AN_HOUR,
    least_poll=AN_HOUR,
    public_hosts=("www.flickr.com", "live.staticflickr.com", "combo.staticflickr.com"),
    notice_why="Flickr's interface sends no mail between accounts.",
    unproven=(
        Unproven("May the owner of a photo delete another account's comment through the API?", "remove"),
        Unproven("Are comments on private photos delivered to the owner's token?", "delivered"),
        Unproven("Which HTML in comments does Flickr escape before it delivers them?"),
        Unproven("Is a very long thread delivered whole (no paging is documented)?"),
    ),
)


def connect(setup: Setup) -> Connection:
    """One account's photos. ``setup.page_id`` is the account's NSID. Errors: ``AuthFailed``, ``ValueError``."""
    if not ACCOUNT.fullmatch(setup.page_id):
        raise ValueError(NO_ACCOUNT_ID.format(page=setup.page_id[:60]))
    credentials = read_credentials(setup.token, PLATFORM, needed=("key", "secret", "token", "token_secret"))
    transport = setup.transport(PLATFORM, BASE_URL, secrets=credentials.secrets)
    flickr = Flickr(transport, credentials, setup)
    photos = FlickrPhotos(flickr, setup)
    remover = SafeRemover(_Hand(photos, flickr), CAPABILITIES.remove_ways)
    return Connection(photos, None, remover, None, transport.calls, transport.close)


class FlickrPhotos:
    """Reads one account's photos."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, flickr: Flickr, setup: Setup) -> None:
        self._flickr, self._setup, self._page_id = flickr, setup, setup.page_id

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every photo that is due, to the end of its comments."""
        sweep = Sweep(cursor, now=self._setup.clock(), first_visit=self._setup.lookback)
        active = self._activity(sweep)
        for photos in self._photos(sweep):
            for row in photos:
                self._visit(sweep, row, active)
            yield sweep.batch()
        for item in active.values():
            # What is older than the photos that were listed, but stirred.
            self._visit_older(sweep, item)
        yield sweep.last_batch()

    def read(self, ref: CommentRef) -> Reading:
        """One comment and its photo."""
        photo_id, _ = self._own(ref)
        with self._flickr.transport.recording() as exchanges:
            try:
                post = self._post(photo_id)
                rows = self._comments(photo_id)
            except Gone:
                self._make_sure()
                return Reading(None, None, tuple(exchanges))
            found = next((each for each in map(self._perhaps(photo_id), rows) if each and each.ref == ref), None)
            return Reading(found, post, tuple(exchanges))

    def check(self) -> Health:
        """Whose token it is, what it may do, and whether accounts come with comments."""
        findings = Findings(PLATFORM, self._setup.clock())
        try:
            self._look_around(findings)
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    # The parts of a poll.

    def _activity(self, sweep: Sweep) -> dict[str, Active]:
        """What stirred since the last time that Flickr lets us ask, by photo."""
        asked_at = datetime.fromtimestamp(_seconds(sweep.state.get("activity")), UTC)
        if sweep.started - asked_at < AN_HOUR:
            return {}
        hours = (sweep.started - asked_at).total_seconds() / 3600 + 2
        timeframe = "2d" if hours > 47 else f"{int(hours) + 1}h"
        found: dict[str, Active] = {}
        try:
            for rows, _ in self._pages("flickr.activity.userPhotos", "items", "item", 50, timeframe=timeframe):
                found |= {each.item_id: each for each in map(_perhaps_active, rows) if each}
        except PagingBroken as error:
            sweep.hole(POSTS_BROKEN.format(why=error))
        for album in [each for each in found.values() if each.is_album]:
            del found[album.item_id]
            if album.last > asked_at:
                sweep.unreadable(ALBUM.format(album=album.item_id, page=self._page_id))
        sweep.state["activity"] = int(sweep.started.timestamp())
        return found

    def _photos(self, sweep: Sweep) -> Iterator[list[Any]]:
        since = sweep.started - self._setup.post_lookback
        asked = {
            "user_id": self._page_id,
            "min_upload_date": int(since.timestamp()),
            "extras": "description,date_upload,media",
        }
        size = min(self._setup.page_size, 500)
        try:
            for rows, _ in self._pages("flickr.people.getPhotos", "photos", "photo", size, **asked):
                yield rows
        except PagingBroken as error:
            sweep.hole(POSTS_BROKEN.format(why=error))

    def _visit(self, sweep: Sweep, row: object, active: dict[str, Active]) -> None:
        try:
            photo_id = an_id(row.get("id") if isinstance(row, dict) else None, PLATFORM)
            item = active.pop(photo_id, None)
            post = post_from(row, self._page_id, item.count if item else None)
        except Malformed as error:
            sweep.hole(POSTS_BROKEN.format(why=error.sentence))
            return
        self._take(sweep, post, item)

    def _visit_older(self, sweep: Sweep, item: Active) -> None:
        try:
            post = self._post(item.item_id)
        except Gone:
            return
        except (Malformed, PermissionLost) as error:
            sweep.hole(THREAD_BROKEN.format(why=error.sentence), post_id=item.item_id)
            return
        self._take(sweep, post, item)

    def _take(self, sweep: Sweep, post: Post, item: Active | None) -> None:
        sweep.take_post(post)
        look = sweep.looks.get(post.post_id)
        stirred = item is not None and (look is None or item.last > look.at - OVERLAP)
        # A rest of less than an hour is none: nobody is to ask more often than that.
        lively = look is not None and rest_after(look.last, sweep.started) < AN_HOUR
        if look is None or stirred or lively or look.is_due(post.comment_count, sweep.started):
            self._thread(sweep, post)

    def _thread(self, sweep: Sweep, post: Post) -> None:
        try:
            rows = self._comments(post.post_id, poll=True)
        except Gone:
            # Deleted since the list was made.
            return
        except (Malformed, PermissionLost) as error:
            sweep.hole(THREAD_BROKEN.format(why=error.sentence), post_id=post.post_id)
            return
        look = sweep.looks.get(post.post_id)
        floor = min(sweep.since, look.at - OVERLAP if look else sweep.started - FALLING[-1].back)
        whole, last = True, post.posted_at
        for row in rows:
            try:
                comment = comment_from(row, post.post_id, self._page_id)
            except Malformed as error:
                sweep.unreadable(error.sentence, post_id=post.post_id)
                whole = self._saw(sweep, row, post.post_id) and whole
                continue
            last = max(last, comment.posted_at)
            if comment.posted_at >= floor:
                sweep.take(comment)
        sweep.looked_at(post.post_id, post.comment_count, last)
        if whole:
            sweep.complete(post.post_id)

    def _saw(self, sweep: Sweep, row: object, photo_id: str) -> bool:
        """A comment that can't be read was still there, if at least its id can."""
        own = row.get("id") if isinstance(row, dict) else None
        try:
            photo_of(f"{photo_id}_{own}")
        except Malformed:
            return False
        sweep.saw(f"{photo_id}_{own}")
        return True

    # Single calls.

    def _pages(self, method: str, holder: str, name: str, size: int, **params: Any) -> Iterator[tuple[list[Any], bool]]:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            answer = self._flickr.ask(method, poll=True, per_page=size, page=mark or 1, **params)
            held = answer.data.get(holder)
            if not isinstance(held, dict):
                raise Malformed(POSTS_BROKEN.format(why=f"no {holder}"), exchange=answer.exchange)
            page, pages = a_count(held.get("page")) or 1, a_count(held.get("pages")) or 1
            return rows_of(held, name), str(page + 1) if page < pages else None

        return walk(fetch, most=MOST_PAGES)

    def _comments(self, photo_id: str, *, poll: bool = False) -> list[Any]:
        answer = self._flickr.ask("flickr.photos.comments.getList", poll=poll, photo_id=photo_id)
        held = answer.data.get("comments")
        if not isinstance(held, dict):
            raise Malformed(THREAD_BROKEN.format(why="no comments"), exchange=answer.exchange)
        return rows_of(held, "comment")

    def _post(self, photo_id: str) -> Post:
        answer = self._flickr.ask("flickr.photos.getInfo", photo_id=photo_id)
        return post_from(answer.data.get("photo"), self._page_id)

    def _perhaps(self, photo_id: str) -> Any:
        def made(row: object) -> Comment | None:
            try:
                return comment_from(row, photo_id, self._page_id)
            except Malformed:
                return None

        return made

    def _make_sure(self) -> None:
        """ "Not found" is also what Flickr says of photos that the calling account may not see."""
        found = self._who()
        if found != self._page_id:
            raise PermissionLost(NOT_THE_OWNER.format(found=found, page=self._page_id))

    def _who(self) -> str:
        user = self._flickr.ask("flickr.test.login").data.get("user")
        return an_id(user.get("id") if isinstance(user, dict) else None, PLATFORM, ACCOUNT)

    def _look_around(self, findings: Findings) -> None:
        answer = self._flickr.ask("flickr.test.login")
        findings.clock(answer.exchange)
        user = answer.data.get("user") or {}
        if user.get("id") != self._page_id:
            findings.fatal.append(NOT_THE_OWNER.format(found=str(user.get("id"))[:60], page=self._page_id))
        name = user.get("username")
        findings.page_name = str(name.get("_content")) if isinstance(name, dict) else None
        self._rights(findings)
        self._accounts(findings)

    def _rights(self, findings: Findings) -> None:
        token = self._flickr.ask("flickr.auth.oauth.checkToken").data.get("oauth")
        perms = token.get("perms") if isinstance(token, dict) else None
        told = str(perms.get("_content")) if isinstance(perms, dict) else "none"
        findings.scopes = frozenset({told})
        if told not in ("write", "delete"):
            findings.told.append(MAY_NOT_DELETE.format(perms=told[:20]))

    def _accounts(self, findings: Findings) -> None:
        rows, _ = next(self._pages("flickr.people.getPhotos", "photos", "photo", 3, user_id=self._page_id))
        for row in rows:
            photo_id = an_id(row.get("id") if isinstance(row, dict) else None, PLATFORM)
            made = [self._perhaps(photo_id)(each) for each in self._comments(photo_id)]
            if made and not any(each and each.author.author_id for each in made):
                findings.fatal.append(AUTHOR_MISSING)
                return

    def _own(self, ref: CommentRef) -> tuple[str, str]:
        if (ref.platform, ref.page_id) != (PLATFORM, self._page_id):
            raise Unsupported(ANOTHER_PAGE.format(page=self._page_id))
        return photo_of(ref.comment_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._page_id!r})"


class _Hand:
    """Deletes, for people."""

    platform = PLATFORM

    def __init__(self, photos: FlickrPhotos, flickr: Flickr) -> None:
        self._photos, self._flickr = photos, flickr

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._flickr.transport.recording()

    def now(self) -> datetime:
        return self._flickr.now()

    def look(self, ref: CommentRef) -> Comment | None:
        return self._photos.read(ref).comment

    def hidden(self, comment: Comment) -> bool | None:
        return None

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        if comment.by_page:
            raise Unsupported(OWN_WORDS)
        if action is not Action.REMOVE:
            raise Unsupported(CAN_NOT_HIDE)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        _, own = photo_of(comment.ref.comment_id)
        self._flickr.tell("flickr.photos.comments.deleteComment", comment_id=own)


def _perhaps_active(row: object) -> Active | None:
    try:
        return active_from(row)
    except Malformed:
        return None


def _seconds(value: object) -> int:
    return value if isinstance(value, int) and 0 <= value < 1 << 40 else 0
