"""Private messages to whoever wrote a comment: sent once, and never twice for a lost answer.

A platform's file supplies the single calls (``ReplyHand``); in which order they happen, and what is believed, stands
here and is the same for all.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from connectors._names import spoken
from connectors.contract import (
    Capabilities,
    Comment,
    CommentRef,
    Exchange,
    Gone,
    InDoubt,
    Malformed,
    PrivateReply,
    RateLimited,
    Unavailable,
    Unsupported,
)

NOT_THERE = "{platform} has no such comment any more, so nobody can be written to about it."
OWN_COMMENT = "The comment is the page's own; nobody is to be told."
TOO_OLD = "{platform} takes a private message within {days} days of the comment only; this one is older."
TOO_LONG = "{platform} takes {most} bytes in a private message; this one has {count}."
CLOSED = "{platform} takes no private message to this comment: it takes one only, and not from every account."
NOT_SENT = "{platform} did not take the private message; it is tried again."
LOST = (
    "The answer of {platform} to the private message was lost, and nothing tells whether it arrived; look in the "
    "page's inbox. It is not sent again."
)


class ReplyHand(Protocol):
    """The single calls of one page, from the platform's file."""

    platform: str

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""

    def now(self) -> datetime:
        """The connector's clock."""

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now; ``None`` when it is certain that it is gone."""

    def takes_one(self, comment: Comment) -> bool | None:
        """Whether the platform would take a private message to this comment now; ``None`` when it doesn't tell."""

    def send(self, comment: Comment, text: str) -> str | None:
        """One write; the id of the message where the platform tells one. ``Unsupported`` for what it won't take."""


class SafeReplier:
    """Writes privately, once."""

    def __init__(self, hand: ReplyHand, can: Capabilities) -> None:
        self._hand, self._can = hand, can

    def tell_privately(self, ref: CommentRef, text: str) -> PrivateReply:
        """Send it. Errors: the contract's; ``InDoubt`` where it may have been sent and nothing tells."""
        hand = self._hand
        with hand.recording() as exchanges:
            comment = hand.look(ref)
            if comment is None:
                raise Gone(NOT_THERE.format(platform=self._name))
            self._refuse(comment, text)
            message = self._send(comment, text)
            return PrivateReply(ref, hand.now(), message, tuple(exchanges))

    def _refuse(self, comment: Comment, text: str) -> None:
        can = self._can
        if comment.by_page:
            raise Unsupported(OWN_COMMENT)
        if can.notice_within is not None and self._hand.now() - comment.posted_at > can.notice_within:
            raise Unsupported(TOO_OLD.format(platform=self._name, days=can.notice_within.days))
        size = len(text.encode())
        if can.notice_most is not None and size > can.notice_most:
            raise Unsupported(TOO_LONG.format(platform=self._name, most=can.notice_most, count=size))
        if self._hand.takes_one(comment) is False:
            raise Unsupported(CLOSED.format(platform=self._name))

    def _send(self, comment: Comment, text: str) -> str | None:
        try:
            return self._hand.send(comment, text)
        except RateLimited:
            raise
        except (Unavailable, Malformed) as doubt:
            takes_one = self._takes_one_still(comment)
            if takes_one is None:
                raise InDoubt(LOST.format(platform=self._name), exchange=doubt.exchange, **doubt.facts) from doubt
            if takes_one:
                raise Unavailable(NOT_SENT.format(platform=self._name), exchange=doubt.exchange) from doubt
            return None  # it took one before and takes none now: this one arrived

    def _takes_one_still(self, comment: Comment) -> bool | None:
        try:
            return self._hand.takes_one(comment)
        except (Unavailable, Malformed):
            return None

    @property
    def _name(self) -> str:
        return spoken(self._hand.platform)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._hand.platform!r})"
