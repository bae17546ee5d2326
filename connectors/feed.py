"""Feeds: RSS and Atom comment feeds of blogs, boards and podcasts. They can be read, and nothing else.

``base_url`` is the whole address of the comment feed. With ``options["posts"]``, the address of the feed of the posts
themselves on the same site, posts are reported with their own count of comments, and each post's comment feed
(``wfw:commentRss``) is read when that count changes: this reaches further back than the site's feed does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from connectors._answers import Throttled
from connectors._api import Answer, Api
from connectors._budget import Budget
from connectors._exchange import Exchange
from connectors._feed.entries import NO_TIME, Entry, digest, entries_of, id_of
from connectors._findings import Findings
from connectors._setup import Setup
from connectors._sweep import THREAD_BROKEN, Sweep
from connectors._values import an_id
from connectors.connection import Connection
from connectors.contract import (
    ArchivePolicy,
    AuthFailed,
    Author,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    ConnectorError,
    Gone,
    Health,
    Malformed,
    PermissionLost,
    Post,
    Reading,
    Unavailable,
    Unproven,
    Unsupported,
)

PLATFORM = "feed"
NAME = "The feed's server"
ACCEPT = "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"
OUR_ID = re.compile(r"[0-9]{1,12}-[0-9a-f]{24}")

WITHOUT_LOGIN = 'A feed needs no token; write "none". A feed behind a password can\'t be read by Beadle.'
ANOTHER_PAGE = "This comment belongs to another page than {page}; this connection can't speak for it."
TYPED_NAME = "A feed tells a name that anybody may have typed, and no account."
PUSHED_OUT = (
    "Between {since:%Y-%m-%d %H:%M} and {until:%Y-%m-%d %H:%M} UTC comments may have been pushed out of the feed "
    "before they were read; look at the page itself, and poll more often or let the site put more into its feed."
)
OUT_OF_REACH = (
    "The feed holds only its newest comments and this one is no longer among them; look at the page itself whether it "
    "is still there."
)
ELSEWHERE = "its comment feed lies on another site"
LOCKED = "The feed asks for a login; Beadle reads public feeds only."
FORBIDDEN = "The feed's server refuses to deliver it to Beadle; ask whoever looks after the site to let it through."
NOT_THERE = "There is no feed under this address any more; look at base_url."
DOWN = "The feed's server is out of order for the moment; the call is tried again."
TOO_OFTEN = "The feed's server asks us to slow down."
UNEXPECTED = "The feed's server answered with HTTP {status}, which no feed does; look at base_url."
EMPTY = "The feed has no comments now, so that nothing more about it can be checked."

CAPABILITIES = Capabilities(
    hide="none",
    hide_scope="none",
    delete="none",
    block="none",
    unblock=False,
    identity="a name that anybody may have typed; no account",
    embed="none",
    effect="A feed can only be read: nothing happens by itself, every case goes to a person.",
    by_hand=(
        "Open the comment's address, log in to the site as its moderator and hold, hide or delete the comment there; "
        "where the site is another's, write to whoever runs it."
    ),
    archive=ArchivePolicy(
        keep="whole", terms="The city's own site: its records law. Another's site: its terms of use, to be read before."
    ),
    reads=("comments in RSS and Atom feeds of blogs, message boards and podcasts", "posts, where their feed is named"),
    hidden_state="none",
    poll_every=timedelta(minutes=5),
    least_poll=timedelta(minutes=1),
    needs_base_url=True,
    notice_why="A feed is read only; nobody can be written to through it.",
    unproven=(
        Unproven("How many comments does this site put into its feed (10 to 50 are usual)?", "delivered"),
        Unproven("Does this site deliver the whole words of a comment, or only their beginning?", "delivered"),
    ),
)


def connect(setup: Setup) -> Connection:
    """One feed. Errors: ``AuthFailed`` for a token, ``ValueError`` where the address is missing."""
    if setup.token.strip().lower() != "none":
        raise AuthFailed(WITHOUT_LOGIN)
    transport = setup.transport(PLATFORM, None, secrets=())
    site = FeedPage(Api(transport, read=_checked, budget=Budget(NAME, clock=setup.clock), clock=setup.clock), setup)
    return Connection(site, None, None, None, transport.calls, transport.close)


class FeedPage:
    """Reads one site's feeds."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, api: Api, setup: Setup) -> None:
        self._api, self._setup, self._page_id = api, setup, setup.page_id
        self._address = str(setup.base_url)
        self._posts_address = setup.options.get("posts")

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """All that the feed holds, where it changed. Completeness is never claimed: a feed keeps only its newest."""
        sweep = Sweep(cursor, now=self._setup.clock(), first_visit=self._setup.lookback)
        posts = self._posts(sweep)
        answer = self._fetch(self._address, sweep.state, "comments")
        if answer.exchange.status != 304:
            self._take_feed(sweep, answer.data)
        yield sweep.batch()
        for post, comments_feed in posts:
            self._visit(sweep, post, comments_feed)
            if sweep.is_full:
                yield sweep.batch()
        yield sweep.last_batch()

    def read(self, ref: CommentRef) -> Reading:
        """One comment, from the feed as it is now, with its post where the posts' feed has it."""
        if (ref.platform, ref.page_id) != (PLATFORM, self._page_id):
            raise Unsupported(ANOTHER_PAGE.format(page=self._page_id))
        own = an_id(ref.comment_id, PLATFORM, OUR_ID)
        with self._api.transport.recording() as exchanges:
            entries = _readable(self._fetch(self._address, {}, "").data)
            found = next((entry for entry in entries if entry.entry_id == own), None)
            if found is None:
                _make_sure(own, entries)
                return Reading(None, None, tuple(exchanges))
            comment = self._comment(found, entries)
            return Reading(comment, self._post_of(comment), tuple(exchanges))

    def check(self) -> Health:
        """Whether the feed is there, is one, and has comments with times and names."""
        findings = Findings(PLATFORM, self._setup.clock())
        try:
            for address in filter(None, (self._posts_address, self._address)):
                answer = self._fetch(address, {}, "")
                findings.clock(answer.exchange)
            findings.told += [] if answer.data else [EMPTY]
            findings.told += sorted({entry.sentence for entry in answer.data if isinstance(entry, Malformed)})
        except ConnectorError as error:
            findings.fatal.append(error.sentence)
        return findings.health()

    # The parts of a poll.

    def _posts(self, sweep: Sweep) -> list[tuple[Post, str | None]]:
        if not self._posts_address:
            return []
        made = []
        # Asked for whole each time: counts change without a change of the feed's own time.
        for entry in _readable(self._fetch(self._posts_address, {}, "").data):
            post = self._post(entry)
            if post is not None:
                sweep.take_post(post)
                made.append((post, entry.comments_feed))
        return made

    def _take_feed(self, sweep: Sweep, listed: list[Entry | Malformed]) -> None:
        entries = _readable(listed)
        self._tell_gap(sweep, entries)
        for broken in (each for each in listed if isinstance(each, Malformed)):
            sweep.unreadable(broken.sentence)
        self._take(sweep, entries)

    def _take(self, sweep: Sweep, entries: list[Entry]) -> None:
        for entry in entries:
            if sweep.has_seen(entry.entry_id):
                continue
            try:
                sweep.take(self._comment(entry, entries))
            except Malformed as error:
                sweep.unreadable(error.sentence)
                sweep.saw(entry.entry_id)

    def _tell_gap(self, sweep: Sweep, entries: list[Entry]) -> None:
        """What was pushed out of the feed since the last poll can't be known, only that it may be so."""
        dated = [(entry.published_at, entry.entry_id) for entry in entries if entry.published_at]
        if not dated:
            return
        newest, oldest = max(dated), min(dated)
        last = sweep.state.get("newest")
        known = isinstance(last, str) and OUR_ID.fullmatch(last) and last not in {own for _, own in dated}
        if known and int(str(last).partition("-")[0]) < oldest[0].timestamp():
            since = oldest[0].fromtimestamp(int(str(last).partition("-")[0]), oldest[0].tzinfo)
            sweep.hole(PUSHED_OUT.format(since=since, until=oldest[0]))
        sweep.state["newest"] = newest[1]

    def _visit(self, sweep: Sweep, post: Post, comments_feed: str | None) -> None:
        look = sweep.looks.get(post.post_id)
        if comments_feed is None or (look and not look.is_due(post.comment_count, sweep.started)):
            return
        if not self._is_ours(comments_feed):
            sweep.unreadable(ELSEWHERE, post_id=post.post_id)
            return
        try:
            entries = _readable(self._fetch(comments_feed, {}, "").data)
        except (Gone, PermissionLost, AuthFailed, Malformed) as error:
            sweep.hole(THREAD_BROKEN.format(why=error.sentence), post_id=post.post_id)
            return
        self._take(sweep, entries)
        times = [entry.published_at for entry in entries if entry.published_at]
        sweep.looked_at(post.post_id, post.comment_count, max(times, default=post.posted_at))

    # Single feeds.

    def _fetch(self, address: str, state: dict[str, Any], name: str) -> Answer:
        """A feed's entries. ``state`` has, under ``name``, what the server gave to ask for changes only."""
        marks = state.get(name) if isinstance(state.get(name), dict) else {}
        headers = {"accept": ACCEPT, **{key: str(value) for key, value in (marks or {}).items() if key in _ASKED_BY}}
        answer = self._api.ask(lambda: self._api.transport.send("GET", address, headers=headers), poll=True)
        if name and answer.exchange.status != 304:
            given = {ask: answer.exchange.header(gave) for ask, gave in _ASKED_BY.items()}
            state[name] = {ask: value for ask, value in given.items() if value and value.isascii() and len(value) < 300}
        return answer

    def _is_ours(self, address: str) -> bool:
        return urlsplit(address)[:2] == urlsplit(self._address)[:2]

    def _comment(self, entry: Entry, among: list[Entry]) -> Comment:
        if entry.published_at is None:
            raise Malformed(NO_TIME)
        answered = next((each for each in among if entry.answers and each.key == entry.answers), None)
        edited = entry.updated_at if entry.updated_at and entry.updated_at > entry.published_at else None
        return Comment(
            ref=CommentRef(PLATFORM, self._page_id, entry.entry_id),
            post_id=digest(entry.post_link or self._address),
            author=Author(display_name=entry.author, unavailable_reason=TYPED_NAME, profile_url=entry.author_link),
            text=entry.text,
            posted_at=entry.published_at,
            parent_id=id_of(answered.key, answered.published_at) if answered else None,
            edited_at=edited,
            permalink=entry.link,
            raw=entry.raw,
        )

    def _post(self, entry: Entry) -> Post | None:
        if entry.published_at is None or entry.link is None:
            return None
        return Post(
            platform=PLATFORM,
            page_id=self._page_id,
            post_id=digest(entry.post_link or entry.link),
            text="\n".join(filter(None, (entry.title, entry.text))),
            posted_at=entry.published_at,
            permalink=entry.link,
            comment_count=entry.comment_count,
            raw=entry.raw,
        )

    def _post_of(self, comment: Comment) -> Post | None:
        if not self._posts_address:
            return None
        posts = map(self._post, _readable(self._fetch(self._posts_address, {}, "").data))
        return next((post for post in posts if post and post.post_id == comment.post_id), None)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._page_id!r})"


_ASKED_BY = {"if-none-match": "etag", "if-modified-since": "last-modified"}


def _checked(exchange: Exchange) -> list[Entry | Malformed]:
    """The entries of an answer, none of one that says that nothing changed. Errors: by HTTP status."""
    status = exchange.status
    if status == 200:
        return entries_of(exchange)
    if status == 304:
        return []
    if status == 429:
        raise Throttled(TOO_OFTEN, exchange=exchange, status=status)
    if status >= 500 or status in (408, 425):
        raise Unavailable(DOWN, exchange=exchange, status=status)
    known = {
        401: (AuthFailed, LOCKED),
        403: (PermissionLost, FORBIDDEN),
        404: (Gone, NOT_THERE),
        410: (Gone, NOT_THERE),
    }
    kind, sentence = known.get(status, (Malformed, UNEXPECTED.format(status=status)))
    raise kind(sentence, exchange=exchange, status=status)


def _readable(entries: list[Entry | Malformed]) -> list[Entry]:
    return [entry for entry in entries if isinstance(entry, Entry)]


def _make_sure(own: str, entries: list[Entry]) -> None:
    """A comment is gone for certain only where the feed reaches further back than it, or is empty."""
    posted = int(own.partition("-")[0])
    times = [entry.published_at.timestamp() for entry in entries if entry.published_at]
    if times and min(times) >= posted:
        raise Unsupported(OUT_OF_REACH)
