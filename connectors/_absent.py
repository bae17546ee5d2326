"""Asks by their ids for comments that a list held before and holds no more.

Such a list leaves out what was hidden. Only what can't be read alone either is gone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from connectors._remembered import Remembered
from connectors._sweep import Sweep
from connectors.contract import Batch, Comment, Visibility

# Where one list holds the comments of all posts, the memory needs no post to sort them by.
_PAGE = "*"


class Absent:
    """What the lists of a page held. ``ask`` reads comments alone: ``None`` for one that is certainly gone.

    An id that ``ask`` leaves out is there, but could not be read. ``most``: how many are asked for in one sweep.
    ``by_post``: each post has a list of its own. ``gone`` says afterwards which are certainly gone.
    """

    def __init__(
        self,
        sweep: Sweep,
        ask: Callable[[Sequence[str]], Mapping[str, Comment | None]],
        *,
        most: int,
        by_post: bool = False,
    ) -> None:
        self._sweep, self._ask, self._left, self._by_post = sweep, ask, most, by_post
        self._memory = Remembered(sweep.state, now=sweep.started, had_cursor=not sweep.is_first)
        self._listed = set[str]()
        self._settled = True
        self.gone = set[str]()
        self.news = False

    def take(self, comment: Comment, *, listed_under: str | None = None) -> None:
        """Bring a comment of the list. ``news`` says afterwards whether one was never listed before."""
        comment_id = comment.ref.comment_id
        post_id = listed_under or (comment.post_id if self._by_post else _PAGE)
        self._listed.add(comment_id)
        self.news = self.news or self._memory.is_new(post_id, comment_id, comment.posted_at)
        self._sweep.take(comment)
        self._memory.note(post_id, comment_id, comment.posted_at)

    def settle(self, post_id: str = _PAGE) -> bool:
        """Ask for what left the list, once the list was read. Whether of all of it is known where it is."""
        absent = self._memory.absent(post_id, self._listed, self._sweep.since)
        absent = [comment_id for comment_id in absent if not self._sweep.has_seen(comment_id)]
        due = [comment_id for comment_id in absent if not self._memory.rests(comment_id)]
        for comment_id in absent:
            if comment_id not in due:
                # Hidden when it was read a short while ago.
                self._sweep.saw(comment_id)
        asked = due[: self._left]
        self._left -= len(asked)
        answers = self._ask(asked) if asked else {}
        for comment_id in asked:
            self._note(post_id, comment_id, answers.get(comment_id), gone=comment_id in answers)
        self.news = self.news or bool(asked)
        self._settled = self._settled and len(asked) == len(due)
        return len(asked) == len(due) and not self._memory.is_lost

    def last_batch(self, *, every_post: bool) -> Batch:
        """The end of the sweep. What was not asked for is claimed neither as there nor as gone."""
        self._sweep.state.update(self._memory.packed())
        since, known_since = self._sweep.since + timedelta(seconds=1), self._memory.reaches_back_to
        complete_since: datetime = max(since, known_since) if known_since else since
        every_post = every_post and self._settled and not self._memory.is_lost
        return self._sweep.last_batch(every_post=every_post, complete_since=complete_since)

    def _note(self, post_id: str, comment_id: str, comment: Comment | None, *, gone: bool) -> None:
        if comment is None and gone:
            self.gone.add(comment_id)
            self._memory.forget(post_id, comment_id)
            return
        if comment is not None and comment.visibility is not Visibility.VISIBLE:
            self._sweep.take(comment)
        # Readable, but not listed: its post may be out of the public's way. Nothing new is said of it then.
        self._sweep.saw(comment_id)
        self._memory.stays_away(comment_id)
