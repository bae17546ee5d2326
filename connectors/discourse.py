"""Discourse: a city's own forum or one category of it (docs.discourse.org).

A hide is a moderator's soft deletion, which the same forum takes back: there is no call that only hides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any

from connectors._credentials import read_credentials
from connectors._discourse.calls import Board
from connectors._discourse.objects import PAGE, PLATFORM, visibility_of
from connectors._discourse.sweep import Poll, opening_of
from connectors._findings import Findings
from connectors._hands import SafeBlocker, SafeHider
from connectors._paging import walk
from connectors._setup import Setup
from connectors._sweep import Sweep
from connectors._values import DIGITS, a_count, an_id, perhaps_time, words
from connectors.connection import Connection
from connectors.contract import (
    Action,
    ArchivePolicy,
    Author,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Health,
    Reading,
    Unproven,
    Unsupported,
    Visibility,
    Way,
)

# The forum wants an end. Accounts are kept away until a person lets them back, as its own "forever" does it.
FOR_EVER = timedelta(days=365 * 900)
MOST_PAGES = 200

CAPABILITIES = Capabilities(
    hide="soft_delete",
    hide_scope="any",
    delete="none",
    block="api",
    unblock=True,
    identity="user number, user name and, where the account gives one, a full name",
    embed="post",
    effect=(
        "The post is deleted softly: residents no longer see it, its author and moderators may still, and it can be "
        "recovered."
    ),
    by_hand="open the post in the forum, choose the three dots and delete, recover or flag it there.",
    archive=ArchivePolicy("whole", "The city's own forum and its own terms of service; no platform's terms apply."),
    reads=("topics", "posts and replies"),
    block_ways=(
        Way("silence", "The account can read and sign in, but not post, until a person ends it.", reversible=True),
        Way("suspend", "The account can no longer sign in or post, until a person ends it.", reversible=True),
    ),
    push="post_created",
    least_poll=timedelta(seconds=30),
    needs_base_url=True,
    notice_why="Beadle sends no private messages on Discourse; a moderator writes one in the forum.",
    unproven=(
        Unproven("Is a post of our own found, with its account?", "author"),
        Unproven("Does the key's account delete softly, and is the post still read alone?", "hide"),
        Unproven("Does recovering put the post back where it stood?", "unhide"),
        Unproven("Does the forum's count of a topic leave small actions and deleted posts out?"),
    ),
)

BAD_PAGE = "The page id of a forum is the number of a category, or 'all' for the whole forum."
OWN_POST = "This is the city's own post; edit or delete it in the forum itself."
OPENS_TOPIC = (
    "This post opens its topic, and deleting it would take the whole topic with all answers along; open it in the "
    "forum and unlist, close or delete the topic there."
)
BY_AUTHOR = "The author took this post back; only the author or the forum's staff can show it again in the forum."
MAY_NOT_DELETE = "The forum does not let the key's account delete this post; give it the moderator role there."
REASON = "Under the city's comment policy; the notice to the account says why and how to appeal."
NO_MODERATOR = "The account {name!r} behind the API key is no moderator; without that role nothing is hidden."
NO_AUTHORS = "The forum delivers posts without their accounts; check the API key and the account's role."


def connect(setup: Setup) -> Connection:
    """Everything the key may do on the forum; nothing is sent yet.

    ``token``: ``api_key`` and ``api_username``. Option ``accounts``: further user names that speak for the city,
    with commas between them.
    """
    credentials = read_credentials(setup.token, PLATFORM, needed=("api_key", "api_username"))
    if not PAGE.fullmatch(setup.page_id):
        raise ValueError(BAD_PAGE)
    named = (credentials["api_username"], *setup.options.get("accounts", "").split(","))
    board = Board(setup, credentials, setup.page_id, frozenset(name.strip().casefold() for name in named) - {""})
    return Connection(
        connector=Discourse(board, setup),
        hider=SafeHider(_Hand(board)),
        remover=None,
        blocker=SafeBlocker(_BlockHand(board), CAPABILITIES.block_ways, CAPABILITIES.by_hand),
        calls=board.transport.calls,
        close=board.transport.close,
    )


class Discourse:
    """Reads one forum."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, board: Board, setup: Setup) -> None:
        self._board, self._lookback = board, setup.lookback

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """Every post since the cursor less the depth that is due, and the topics in which something happened."""
        return Poll(self._board, Sweep(cursor, now=self._board.rest.now(), first_visit=self._lookback)).batches()

    def read(self, ref: CommentRef) -> Reading:
        """The post and its topic, now."""
        self._board.checked(ref)
        with self._board.transport.recording() as exchanges:
            row = self._board.row_or_none(ref)
            if row is None:
                return Reading(None, None, tuple(exchanges))
            topic = self._board.topic(an_id(row.get("topic_id"), PLATFORM, DIGITS))
            comment = self._board.forum.comment(row, parent_id=_parent(row, topic))
            return Reading(comment, self._board.forum.post(topic, opening_of(topic)), tuple(exchanges))

    def check(self) -> Health:
        """What is known about the key, its account's role, the delivered fields and the clock."""
        found = Findings(PLATFORM, self._board.rest.now())
        try:
            self._look_around(found)
        except ConnectorError as error:
            found.fatal.append(error.sentence)
        return found.health()

    def _look_around(self, found: Findings) -> None:
        board = self._board
        account = board.account(board.username)
        if not (account.get("moderator") is True or account.get("admin") is True):
            found.fatal.append(NO_MODERATOR.format(name=board.username))
        found.page_name = board.forum.base_url.partition("://")[2]
        if board.forum.page_id != "all":
            found.page_name += f", {board.category()[0]}"
        rows, exchange = board.latest(None)
        found.clock(exchange)
        if rows and not any(isinstance(row, dict) and a_count(row.get("user_id")) is not None for row in rows):
            found.fatal.append(NO_AUTHORS)

    def __repr__(self) -> str:
        return f"Discourse({self._board.forum.page_id!r})"


class _Recorder:
    """What both hands need of the board."""

    platform = PLATFORM

    def __init__(self, board: Board) -> None:
        self._board = board

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        return self._board.transport.recording()

    def now(self) -> datetime:
        return self._board.rest.now()


class _Hand(_Recorder):
    """Deletes softly and recovers (``DELETE /posts/{id}.json``, ``PUT /posts/{id}/recover.json``)."""

    def look(self, ref: CommentRef) -> Comment | None:
        row = self._board.row_or_none(ref)
        return self._board.forum.comment(row) if row is not None else None

    def hidden(self, comment: Comment) -> bool | None:
        return comment.visibility is not Visibility.VISIBLE

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        if action is Action.UNHIDE:
            if comment.visibility is Visibility.DELETED_BY_AUTHOR:
                raise Unsupported(BY_AUTHOR)
        elif comment.by_page:
            raise Unsupported(OWN_POST)
        elif comment.raw.get("post_number") == 1:
            raise Unsupported(OPENS_TOPIC)
        elif comment.can_hide is False:
            raise Unsupported(MAY_NOT_DELETE)

    def send(self, comment: Comment, action: Action, way: str) -> None:
        path = f"/posts/{comment.ref.comment_id}"
        if action is Action.HIDE:
            self._board.rest.write("DELETE", f"{path}.json")
            return
        # Hidden by flags, not deleted: the forum has another call for that.
        flagged = visibility_of(comment.raw) is Visibility.HIDDEN_BY_PLATFORM_FILTER
        self._board.rest.write("PUT", f"{path}/unhide.json" if flagged else f"{path}/recover.json")


class _BlockHand(_Recorder):
    """Silences and suspends (``PUT /admin/users/{id}/silence.json``), reads back by ``/admin/users/{id}.json``."""

    _UNTIL: Mapping[str, str] = {"silence": "silenced_till", "suspend": "suspended_till"}
    _ASKED: Mapping[str, str] = {"silence": "silenced_till", "suspend": "suspend_until"}
    _LISTS: Mapping[str, str] = {"silence": "silenced", "suspend": "suspended"}

    def kept_away(self, author_id: str, way: str) -> bool | None:
        answer = self._board.rest.get(f"/admin/users/{self._user(author_id)}.json")
        told = answer.data if isinstance(answer.data, dict) else {}
        if self._UNTIL[way] not in told:
            return None
        until = perhaps_time(told[self._UNTIL[way]])
        return until is not None and until > self.now()

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        until = (self.now() + FOR_EVER).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {self._ASKED[way]: until, "reason": REASON, "post_action": "none"}
        self._board.rest.write("PUT", f"/admin/users/{self._user(author_id)}/{way}.json", json=asked)

    def let_back(self, author_id: str, way: str) -> None:
        self._board.rest.write("PUT", f"/admin/users/{self._user(author_id)}/un{way}.json")

    def list_kept_away(self) -> Iterator[Author]:
        seen = set[str]()
        for name in self._LISTS.values():
            for author in self._list(name):
                if author.author_id and author.author_id not in seen:
                    seen.add(author.author_id)
                    yield author

    def _list(self, name: str) -> Iterator[Author]:
        def fetch(mark: str | None) -> tuple[list[Any], str | None]:
            answer = self._board.rest.get(f"/admin/users/list/{name}.json", {"page": mark or "1"})
            rows = answer.data if isinstance(answer.data, list) else []
            return rows, str(int(mark or "1") + 1) if rows else None

        for rows, _ in walk(fetch, most=MOST_PAGES):
            for row in (row for row in rows if isinstance(row, dict)):
                yield self._board.forum.author(row.get("id"), words(row.get("username")), row.get("name"))

    def _user(self, author_id: str) -> str:
        return an_id(author_id, PLATFORM, DIGITS)


def _parent(row: Mapping[str, Any], topic: Mapping[str, Any]) -> str | None:
    """The id of the post that is answered, where the topic's first page holds it."""
    number, stream = a_count(row.get("reply_to_post_number")), topic.get("post_stream")
    rows = stream.get("posts") if isinstance(stream, dict) else None
    for each in rows or () if number is not None else ():
        if isinstance(each, dict) and each.get("post_number") == number:
            return str(an_id(each.get("id"), PLATFORM, DIGITS))
    return None
