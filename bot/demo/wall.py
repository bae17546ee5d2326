"""The page's wall: posts and comments as they stand, who did what to them, and a journal of every write.

Thread-safe. Everything handed out is frozen; a change is a new value in the same place.
"""

from __future__ import annotations

import bisect
import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from bot.demo.script import Account, Attachment

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Masthead:
    """What the page says about itself."""

    name: str = "Town of Millbrook"
    slug: str = "townofmillbrook"
    category: str = "City Hall"
    about: str = "The official page of the Town of Millbrook, Connecticut."
    description: str = (
        "Comments here are public records. The town hides comments only under its written comment policy; "
        "see the link to the policy on this page."
    )
    website: str = "https://www.millbrook.example"
    followers: int = 6214


@dataclass(frozen=True, slots=True)
class WallPost:
    """A post. ``number`` is the second half of its Graph id ``<page>_<number>``."""

    id: str
    number: str
    sequence: int
    text: str
    created_at: datetime
    by: Account | None

    @property
    def by_page(self) -> bool:
        return self.by is None

    @property
    def place(self) -> tuple[int, int]:
        """Chronological order, to the second as the Graph shows it, then in the order written."""
        return int(self.created_at.timestamp()), self.sequence


@dataclass(frozen=True, slots=True)
class WallComment:
    """A comment. ``id`` is ``<post number>_<number>``; ``parent_id`` is always a comment on the post itself."""

    id: str
    number: str
    post_id: str
    sequence: int
    text: str
    created_at: datetime
    by: Account | None
    parent_id: str | None = None
    attachment: Attachment | None = None
    hidden: bool = False
    deleted: bool = False

    @property
    def by_page(self) -> bool:
        return self.by is None

    @property
    def place(self) -> tuple[int, int]:
        """Chronological order, to the second as the Graph shows it, then in the order written."""
        return int(self.created_at.timestamp()), self.sequence


@dataclass(frozen=True, slots=True)
class Write:
    """One write asked for over the wire. ``had_effect`` is false when it stood so already."""

    monotonic: float
    at: datetime
    verb: str
    comment_id: str
    had_effect: bool


@dataclass
class _Thread:
    """The comments of one post that aren't deleted, in order; ``updated_at`` moves with new comments only."""

    post: WallPost
    updated_at: datetime
    places: list[tuple[int, int]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)


def real_clock() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


class Wall:
    """All that one page shows. ``before_write(verb, comment_id)`` runs before any write has an effect.

    When ``before_write`` raises, the write is refused with a 500 and the error is kept in ``refusals``.
    """

    def __init__(self, masthead: Masthead | None = None, *, seed: int = 0, clock: Clock = real_clock) -> None:
        self.masthead = masthead or Masthead()
        self.before_write: Callable[[str, str], None] | None = None
        self.refusals: list[Exception] = []
        self._clock = clock
        self._lock = threading.RLock()
        self._numbers = random.Random(seed)  # noqa: S311  (ids that are the same at every start, not secrets)
        self.page_id = self._number()
        self._threads: dict[str, _Thread] = {}
        self._comments: dict[str, WallComment] = {}
        self._replies: dict[str, list[str]] = {}
        self._blocked: dict[str, str] = {}
        self.told: dict[str, str] = {}  # private messages that were taken, by comment
        self._journal: list[Write] = []

    @property
    def journal(self) -> tuple[Write, ...]:
        """Every write so far, in order."""
        with self._lock:
            return tuple(self._journal)

    # What people of the town do.

    def publish(self, text: str, *, by: Account | None = None, at: datetime | None = None) -> WallPost:
        """A new post; without ``by`` it is the page's own."""
        with self._lock:
            number, sequence = self._number(), len(self._threads)
            moment, account = at or self._clock(), self._identified(by)
            post = WallPost(f"{self.page_id}_{number}", number, sequence, text, moment, account)
            self._threads[post.id] = _Thread(post, post.created_at)
            return post

    def comment(
        self,
        post_id: str,
        text: str,
        *,
        by: Account | None,
        reply_to: str | None = None,
        attachment: Attachment | None = None,
        at: datetime | None = None,
    ) -> WallComment:
        """A new comment; without ``by`` it is the page's own. A reply to a reply hangs on the same thread."""
        with self._lock:
            thread = self._threads[post_id]
            parent = self.live(reply_to) if reply_to else None
            number = self._number()
            comment = WallComment(
                id=f"{thread.post.number}_{number}",
                number=number,
                post_id=post_id,
                sequence=len(self._comments),
                text=text,
                created_at=at or self._clock(),
                by=self._identified(by),
                parent_id=(parent.parent_id or parent.id) if parent else None,
                attachment=attachment,
            )
            self._insert(thread, comment)
            return comment

    def edit(self, comment_id: str, text: str) -> None:
        """The account changes its words. As on the Graph, no time moves. Raises ``KeyError``."""
        with self._lock:
            self._comments[comment_id] = replace(self.live(comment_id), text=text)

    def withdraw(self, comment_id: str) -> None:
        """The account deletes its own comment: no write of ours, so the journal has no line for it."""
        with self._lock:
            self.live(comment_id)
            self._drop(comment_id)

    # What a token may do over the wire.

    def set_hidden(self, comment_id: str, hidden: bool) -> None:
        """Hide or show again. Raises ``KeyError`` when there is no such comment."""
        verb = "hide" if hidden else "unhide"
        with self._lock:
            self.live(comment_id)
        self._ask(verb, comment_id)
        with self._lock:
            comment = self.live(comment_id)
            self._note(verb, comment_id, comment.hidden != hidden)
            self._comments[comment_id] = replace(comment, hidden=hidden)

    def delete(self, comment_id: str) -> None:
        """Delete with all replies. Raises ``KeyError`` when there is no such comment."""
        with self._lock:
            self.live(comment_id)
        self._ask("delete", comment_id)
        with self._lock:
            self.live(comment_id)
            self._drop(comment_id)
            self._note("delete", comment_id, True)

    def tell(self, comment_id: str, text: str) -> bool:
        """Take a private message to whoever a comment is displayed for. ``False``: it had its one already."""
        with self._lock:
            comment = self.live(comment_id)
        self._ask("tell", comment_id)
        with self._lock:
            taken = not comment.by_page and comment_id not in self.told
            self._note("tell", comment_id, taken)
            if taken:
                self.told[comment_id] = text
            return taken

    def set_blocked(self, account_id: str, blocked: bool) -> None:
        """Block an account from the page, or let it in again. The journal's ``comment_id`` is the account's id."""
        verb = "block" if blocked else "unblock"
        self._ask(verb, account_id)
        with self._lock:
            self._note(verb, account_id, (account_id in self._blocked) != blocked)
            if blocked:
                self._blocked[account_id] = self._name_of(account_id)
            else:
                self._blocked.pop(account_id, None)

    # What can be read.

    @property
    def blocked(self) -> dict[str, str]:
        """Names of the blocked accounts, by id."""
        with self._lock:
            return dict(self._blocked)

    def live(self, comment_id: str) -> WallComment:
        """The comment as it stands, hidden or not. Raises ``KeyError`` when it is deleted or never was."""
        comment = self.find(comment_id)
        if comment is None:
            raise KeyError(comment_id)
        return comment

    def find(self, comment_id: str) -> WallComment | None:
        """The comment as it stands, or ``None``."""
        with self._lock:
            comment = self._comments.get(comment_id)
            return None if comment is None or comment.deleted else comment

    def find_post(self, post_id: str) -> WallPost | None:
        """The post, or ``None``."""
        thread = self._threads.get(post_id)
        return thread.post if thread else None

    def post(self, post_id: str) -> WallPost:
        """Raises ``KeyError``."""
        return self._threads[post_id].post

    def posts(self) -> list[WallPost]:
        """Newest first."""
        with self._lock:
            posts = [thread.post for thread in self._threads.values()]
        return sorted(posts, key=lambda post: post.place, reverse=True)

    def updated_at(self, post_id: str) -> datetime:
        return self._threads[post_id].updated_at

    def count(self, post_id: str) -> int:
        """Comments under the post, replies included, hidden ones too."""
        return len(self._threads[post_id].ids)

    def replies(self, comment_id: str) -> list[WallComment]:
        """The replies that aren't deleted, oldest first."""
        with self._lock:
            replies = [self._comments[one] for one in self._replies.get(comment_id, ())]
        return sorted((one for one in replies if not one.deleted), key=lambda one: one.place)

    def walk(
        self,
        post_id: str,
        *,
        newest_first: bool,
        after: tuple[int, int] | None = None,
        before: tuple[int, int] | None = None,
    ) -> Iterator[WallComment]:
        """The comments of a post from ``after`` (exclusive) on, or backwards from ``before``, in the wanted order.

        Walking backwards from ``before`` yields the nearest first, as a page that goes back has to be filled.
        """
        with self._lock:
            thread = self._threads[post_id]
            ids, places = tuple(thread.ids), thread.places
            backwards = newest_first != (before is not None)
            edge = before or after
            if edge is None:
                chosen = ids[::-1] if backwards else ids
            elif backwards:
                chosen = ids[: bisect.bisect_left(places, edge)][::-1]
            else:
                chosen = ids[bisect.bisect_right(places, edge) :]
        return (self._comments[one] for one in chosen)

    # How it is kept.

    def _insert(self, thread: _Thread, comment: WallComment) -> None:
        index = bisect.bisect(thread.places, comment.place)
        thread.places.insert(index, comment.place)
        thread.ids.insert(index, comment.id)
        thread.updated_at = max(thread.updated_at, comment.created_at)
        self._comments[comment.id] = comment
        if comment.parent_id:
            self._replies.setdefault(comment.parent_id, []).append(comment.id)

    def _drop(self, comment_id: str) -> None:
        for one in [comment_id, *self._replies.get(comment_id, ())]:
            comment = self._comments[one]
            if not comment.deleted:
                thread = self._threads[comment.post_id]
                index = bisect.bisect_left(thread.places, comment.place)
                del thread.places[index], thread.ids[index]
                self._comments[one] = replace(comment, deleted=True)

    def _ask(self, verb: str, comment_id: str) -> None:
        # Outside the lock: the hook may look at the wall, or at the disk, for as long as it likes.
        if self.before_write is None:
            return
        try:
            self.before_write(verb, comment_id)
        except Exception as error:
            self.refusals.append(error)
            raise WriteRefusedError(verb) from error

    def _note(self, verb: str, comment_id: str, had_effect: bool) -> None:
        self._journal.append(Write(time.monotonic(), self._clock(), verb, comment_id, had_effect))

    def _name_of(self, account_id: str) -> str:
        accounts = (comment.by for comment in self._comments.values() if comment.by)
        return next((account.name for account in accounts if account.id == account_id), "")

    def _identified(self, account: Account | None) -> Account | None:
        """The account with its page-scoped id, which is the same at every start."""
        if account is None or account.id:
            return account
        return replace(account, id=_number(random.Random(f"{self.page_id}/{account.key}")))  # noqa: S311

    def _number(self) -> str:
        return _number(self._numbers)


def _number(source: random.Random) -> str:
    return str(source.randrange(10**14, 10**15))


class WriteRefusedError(Exception):
    """``before_write`` raised: the write didn't happen."""
