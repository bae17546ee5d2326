"""Tries on a real platform what nobody has seen there yet, on one comment of the operator's own.

Pure over a ``Connection``: it stores nothing and prints nothing, but it writes to the platform. Each trial tells what
was seen and how long it took; a trial that can't be made says why, and the comment is shown again in the end whatever
happened in between.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from connectors._abilities import Unproven
from connectors.connection import Connection
from connectors.contract import Comment, CommentRef, ConnectorError, Visibility

Answer = Literal["yes", "no", "not tried"]
Step = Literal["read", "author", "delivered", "hide", "read back", "listed", "unhide", "shown again", "remove"]

READ = "The comment can be read by its id."
GONE = "The platform has no comment of this id; write one on the page from an account of your own, and give its id."
TOO_OLD = "The comment is {hours:.0f} hours old; write a fresh one, so that nobody's older words are touched."
BY_PAGE = "The page wrote it itself, and platforms treat that otherwise; write one from an account of your own."
AUTHOR = "The account came with it, id {author_id}."
NO_AUTHOR = "No account came with it: {why}"
DELIVERED = "A poll delivers it."
NOT_DELIVERED = "A poll of {hours:.0f} hours back did not deliver it."
NO_HIDE = "This platform can't hide: {effect}"
HIDDEN = "Hidden, and read back."
HIDDEN_ALREADY = "It was hidden before."
READS_AS = "It reads as {visibility} now."
LISTED = "A poll still delivers it while it is hidden, as {visibility}."
NOT_LISTED = "A poll does not deliver it while it is hidden."
UNHIDDEN = "Shown again, and read back."
SHOWN = "A poll delivers it again, as {visibility}."
NOT_SHOWN = "A poll does not deliver it again."
NO_REMOVE = "This platform removes nothing through Beadle."
NOT_ASKED = "Not asked for."
REMOVED = "Removed by {way}, and read back."
NEVER = "Only a person can find this out."

FRESH = timedelta(hours=24)
# Which steps answer which unproven question; "none" is answered by people.
_ANSWERS: dict[str, Step] = {
    "delivered": "delivered",
    "author": "author",
    "hide": "hide",
    "listed": "listed",
    "unhide": "unhide",
    "remove": "remove",
}


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing tried. ``took_s``: seconds from the first call to the last answer, read-backs included."""

    step: Step
    answer: Answer
    sentence: str
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Answered:
    """An unproven question with the trial that answers it; ``None`` where no trial can."""

    question: str
    trial: Trial | None

    @property
    def sentence(self) -> str:
        """What was found."""
        return NEVER if self.trial is None else self.trial.sentence


@dataclass
class _Probe:
    connection: Connection
    ref: CommentRef
    remove: bool
    clock: Callable[[], float]
    hidden: bool = field(default=False)

    def trials(self) -> Iterator[Trial]:
        read = self._try("read", self._read)
        yield read
        if read.answer != "yes":
            return
        yield self._try("author", self._author)
        yield self._try("delivered", self._delivered)
        try:
            yield from self._hiding()
        finally:
            # Also when whoever listens stops listening: nothing of theirs stays hidden.
            if self.hidden and self.connection.hider is not None:
                self.connection.hider.unhide(self.ref)
        yield self._try("remove", self._remove)

    def _hiding(self) -> Iterator[Trial]:
        hide = self._try("hide", self._hide)
        yield hide
        if hide.answer != "yes":
            return
        yield self._try("read back", self._read_back)
        yield self._try("listed", self._listed)
        yield self._try("unhide", self._unhide)
        if not self.hidden:
            yield self._try("shown again", self._shown)

    def _try(self, step: Step, do: Callable[[], tuple[Answer, str]]) -> Trial:
        began = self.clock()
        try:
            answer, sentence = do()
        except ConnectorError as error:
            answer, sentence = "no", error.sentence
        return Trial(step, answer, sentence, round(self.clock() - began, 3))

    def _read(self) -> tuple[Answer, str]:
        comment = self.connection.connector.read(self.ref).comment
        return ("yes", READ) if comment is not None else ("no", GONE)

    def _author(self) -> tuple[Answer, str]:
        comment = self.connection.connector.read(self.ref).comment
        author = comment.author if comment is not None else None
        if author is None or author.author_id is None:
            return "no", NO_AUTHOR.format(why=(author.unavailable_reason if author else None) or "no reason given")
        return "yes", AUTHOR.format(author_id=author.author_id)

    def _delivered(self) -> tuple[Answer, str]:
        seen = self._polled()
        return ("yes", DELIVERED) if seen else ("no", NOT_DELIVERED.format(hours=FRESH.total_seconds() / 3600))

    def _hide(self) -> tuple[Answer, str]:
        hider = self.connection.hider
        if hider is None:
            return "not tried", NO_HIDE.format(effect=self.connection.connector.capabilities.effect)
        # Set before the call: an answer that is lost may have been carried out.
        self.hidden = True
        receipt = hider.hide(self.ref)
        return "yes", HIDDEN_ALREADY if receipt.already_done else HIDDEN

    def _read_back(self) -> tuple[Answer, str]:
        comment = self.connection.connector.read(self.ref).comment
        if comment is None:
            return "no", GONE
        stands = comment.visibility
        return ("yes" if stands is Visibility.HIDDEN_BY_CITY else "no"), READS_AS.format(visibility=_words(stands))

    def _listed(self) -> tuple[Answer, str]:
        seen = self._polled()
        return ("yes", LISTED.format(visibility=_words(seen))) if seen else ("no", NOT_LISTED)

    def _unhide(self) -> tuple[Answer, str]:
        assert self.connection.hider is not None, "it was hidden by it"
        self.connection.hider.unhide(self.ref)
        self.hidden = False
        return "yes", UNHIDDEN

    def _shown(self) -> tuple[Answer, str]:
        seen = self._polled()
        return ("yes", SHOWN.format(visibility=_words(seen))) if seen else ("no", NOT_SHOWN)

    def _remove(self) -> tuple[Answer, str]:
        if not self.remove:
            return "not tried", NOT_ASKED
        ways = self.connection.connector.capabilities.remove_ways
        if self.connection.remover is None or not ways:
            return "not tried", NO_REMOVE
        self.connection.remover.remove(self.ref)
        return "yes", REMOVED.format(way=ways[0].name)

    def _polled(self) -> Visibility | None:
        """How a poll from the beginning delivers the comment; ``None`` when it doesn't."""
        found = None
        for batch in self.connection.connector.poll(None):
            for comment in batch.comments:
                if comment.ref == self.ref:
                    found = comment.visibility
        return found


def probe(
    connection: Connection, ref: CommentRef, *, remove: bool = False, clock: Callable[[], float] = time.monotonic
) -> Iterator[Trial]:
    """Try everything on one comment: read, author, poll, hide, read back, poll, show again, poll; with ``remove`` it is
    removed at the end. Errors of the platform are findings, not exceptions."""
    return _Probe(connection, ref, remove, clock).trials()


def answered(unproven: tuple[Unproven, ...], trials: tuple[Trial, ...]) -> tuple[Answered, ...]:
    """The platform's unproven questions, each with what was found."""
    by_step = {trial.step: trial for trial in trials}
    return tuple(
        Answered(each.question, by_step.get(_ANSWERS[each.trial]) if each.trial in _ANSWERS else None)
        for each in unproven
    )


def why_not(comment: Comment | None, now: datetime) -> str | None:
    """Why this comment is none to try on; ``None`` if it is one."""
    if comment is None:
        return GONE
    if now - comment.posted_at > FRESH:
        return TOO_OLD.format(hours=(now - comment.posted_at).total_seconds() / 3600)
    return BY_PAGE if comment.by_page else None


def _words(visibility: Visibility) -> str:
    return visibility.value.replace("_", " ")
