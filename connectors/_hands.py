"""Hides, removes and keeps away: safe to repeat, sent once, and true only when read back.

A platform's file supplies the single calls (``Hand``); the order in which they happen, and what is believed, stands
here and is the same for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

import stamina

from connectors._names import spoken
from connectors.contract import (
    Action,
    Author,
    Comment,
    CommentRef,
    ConnectorError,
    Exchange,
    Gone,
    Malformed,
    PermissionLost,
    RateLimited,
    Receipt,
    Standing,
    Unavailable,
    Unsupported,
    Visibility,
    Way,
)

READ_BACKS = 3

NOT_THERE = "{platform} has no such comment any more."
NO_EFFECT = (
    "{platform} accepted the call, but reading the comment again shows no change; look at the rights of the account "
    "behind the token."
)
MAY_NOT_WRITE = (
    "{platform} lets this token read the comment but not act on it; look at the rights of the account behind the token."
)
NO_WAY = "{platform} knows no way called {way!r}; the ways are: {known}."
NO_ACCOUNT = "The comment names no account on {platform}, so there is none to keep away."
ONE_WAY = (
    "On {platform} {way!r} can't be taken back by Beadle; whoever approves it must accept that, and nothing was sent."
)
NOT_BACK = "Beadle can't take {way!r} back on {platform}; {by_hand}"
NOT_KEPT_AWAY = "{platform} accepted the call, but its own list shows no change; look at the rights of the account."


class Hand(Protocol):
    """The single calls of one page, from the platform's file."""

    platform: str

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""

    def now(self) -> datetime:
        """The connector's clock."""

    def look(self, ref: CommentRef) -> Comment | None:
        """The comment now; ``None`` when it is certain that it is gone. ``Unsupported`` for another page's."""

    def hidden(self, comment: Comment) -> bool | None:
        """Whether the comment is hidden from the public; ``None`` when the platform doesn't tell."""

    def removed(self, comment: Comment | None, way: str) -> bool:
        """Whether what was read shows that the removal was carried out."""

    def refuse(self, comment: Comment, action: Action) -> None:
        """Raise ``Unsupported`` for what the platform won't do to this comment; nothing was sent yet."""

    def send(self, comment: Comment, action: Action, way: str) -> None:
        """One write. Raise the contract's errors; ``PermissionLost`` where the platform says that it did nothing."""


class SafeHider:
    """Hides comments from the public and shows them again."""

    def __init__(self, hand: Hand) -> None:
        self._hand = hand

    def hide(self, ref: CommentRef) -> Receipt:
        """Hide. Errors: the contract's; ``Gone`` when it isn't there."""
        return self._set(ref, Action.HIDE, Visibility.HIDDEN_BY_CITY)

    def unhide(self, ref: CommentRef) -> Receipt:
        """Show again, as for ``hide``."""
        return self._set(ref, Action.UNHIDE, Visibility.VISIBLE)

    def _set(self, ref: CommentRef, action: Action, wanted: Visibility) -> Receipt:
        hand = self._hand
        with hand.recording() as exchanges:
            before = self._there(ref)
            already_done = self._stands(before, wanted)
            if not already_done:
                hand.refuse(before, action)
                self._carry_out(before, action, wanted)
            return Receipt(ref, action, hand.now(), wanted, already_done, tuple(exchanges))

    def _carry_out(self, before: Comment, action: Action, wanted: Visibility) -> None:
        doubt = _write(lambda: self._hand.send(before, action, ""))
        if doubt is None and self._hand.hidden(before) is None:
            # The platform tells nobody whether a comment is hidden: its clear answer is all that can be had.
            return
        if not _comes_true(lambda: self._stands(self._there(before.ref), wanted)):
            raise _failure(doubt, before.ref)

    def _there(self, ref: CommentRef) -> Comment:
        found = self._hand.look(ref)
        if found is None:
            raise Gone(NOT_THERE.format(platform=_name(self._hand)))
        return found

    def _stands(self, comment: Comment, wanted: Visibility) -> bool:
        # A state that is not told proves neither.
        return self._hand.hidden(comment) is (wanted is Visibility.HIDDEN_BY_CITY)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._hand.platform!r})"


class SafeRemover:
    """Removes comments, in one of the ways that the platform has."""

    def __init__(self, hand: Hand, ways: tuple[Way, ...]) -> None:
        self._hand, self._ways = hand, ways

    def remove(self, ref: CommentRef, way: str | None = None) -> Receipt:
        """Remove. The receipt is written when reading shows it; what was gone before is ``already_done``."""
        chosen = _way(self._ways, way, _name(self._hand))
        with self._hand.recording() as exchanges:
            already_done = self._was_gone(ref, chosen.name)
            stands = Visibility.MISSING_UNKNOWN if already_done else Visibility.DELETED_BY_CITY
            return Receipt(ref, Action.REMOVE, self._hand.now(), stands, already_done, tuple(exchanges))

    def _was_gone(self, ref: CommentRef, way: str) -> bool:
        before = self._hand.look(ref)
        if before is None or self._hand.removed(before, way):
            return True
        self._hand.refuse(before, Action.REMOVE)
        doubt = _write(lambda: self._hand.send(before, Action.REMOVE, way))
        if not _comes_true(lambda: self._hand.removed(self._hand.look(ref), way)):
            raise _failure(doubt, ref)
        # Somebody else was quicker when the platform found nothing to remove.
        return isinstance(doubt, Gone)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._hand.platform!r})"


class BlockHand(Protocol):
    """The single calls that keep accounts away, from the platform's file."""

    platform: str

    def recording(self) -> AbstractContextManager[list[Exchange]]:
        """Collects the exchanges made inside the block."""

    def now(self) -> datetime:
        """The connector's clock."""

    def kept_away(self, author_id: str, way: str) -> bool | None:
        """Whether the account is kept away now; ``None`` when the platform doesn't tell."""

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        """One write."""

    def let_back(self, author_id: str, way: str) -> None:
        """One write."""

    def list_kept_away(self) -> Iterator[Author]:
        """Every account that is kept away. ``Unsupported`` where the platform has no such list."""


class SafeBlocker:
    """Keeps accounts away and lets them back. For people only."""

    def __init__(self, hand: BlockHand, ways: tuple[Way, ...], by_hand: str) -> None:
        self._hand, self._ways, self._by_hand = hand, ways, by_hand

    def block(
        self,
        author_id: str,
        *,
        way: str | None = None,
        over: CommentRef | None = None,
        accept_one_way: bool = False,
    ) -> Standing:
        """Keep an account away. ``Unsupported`` for what can't be taken back, unless that was accepted."""
        chosen = self._checked(author_id, way)
        if not chosen.reversible and not accept_one_way:
            raise Unsupported(ONE_WAY.format(platform=_name(self._hand), way=chosen.name))
        return self._set(author_id, chosen.name, True, lambda: self._hand.keep_away(author_id, chosen.name, over))

    def unblock(self, author_id: str, *, way: str | None = None) -> Standing:
        """Let an account back."""
        chosen = self._checked(author_id, way)
        if not chosen.reversible:
            words = NOT_BACK.format(way=chosen.name, platform=_name(self._hand), by_hand=self._by_hand)
            raise Unsupported(words)
        return self._set(author_id, chosen.name, False, lambda: self._hand.let_back(author_id, chosen.name))

    def blocked(self) -> Iterator[Author]:
        """Every account that the platform lists as kept away."""
        return self._hand.list_kept_away()

    def _checked(self, author_id: str, way: str | None) -> Way:
        if not author_id:
            raise Unsupported(NO_ACCOUNT.format(platform=_name(self._hand)))
        return _way(self._ways, way, _name(self._hand))

    def _set(self, author_id: str, way: str, wanted: bool, send: Callable[[], None]) -> Standing:
        hand = self._hand
        with hand.recording() as exchanges:
            already_done = hand.kept_away(author_id, way) is wanted
            if not already_done:
                self._carry_out(author_id, way, wanted, send)
            return Standing(author_id, way, wanted, hand.now(), already_done, tuple(exchanges))

    def _carry_out(self, author_id: str, way: str, wanted: bool, send: Callable[[], None]) -> None:
        doubt = _write(send)
        if doubt is None and self._hand.kept_away(author_id, way) is None:
            return
        if not _comes_true(lambda: self._hand.kept_away(author_id, way) is wanted):
            raise doubt or PermissionLost(NOT_KEPT_AWAY.format(platform=_name(self._hand)))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._hand.platform!r})"


class _NotYet(Exception):
    """The platform said yes, but reading does not show it yet."""


def _write(send: Callable[[], None]) -> ConnectorError | None:
    """Sends once. Returns the error of an answer that leaves open whether it was carried out: reading decides."""
    try:
        send()
    except RateLimited:
        raise
    except (Unavailable, Malformed, Gone) as doubt:
        return doubt
    return None


def _failure(doubt: ConnectorError | None, ref: CommentRef) -> ConnectorError:
    name = spoken(ref.platform)
    if doubt is None:
        return PermissionLost(NO_EFFECT.format(platform=name), comment=str(ref))
    if isinstance(doubt, Gone):
        # "No such object" for a comment that can still be read: how some platforms word a missing permission.
        return PermissionLost(MAY_NOT_WRITE.format(platform=name), exchange=doubt.exchange, **doubt.facts)
    return doubt


def _comes_true(question: Callable[[], bool]) -> bool:
    try:
        for attempt in stamina.retry_context(on=_NotYet, attempts=READ_BACKS, wait_initial=0.3, wait_max=2):
            with attempt:
                if not question():
                    raise _NotYet
    except _NotYet:
        return False
    return True


def _way(ways: tuple[Way, ...], name: str | None, platform: str) -> Way:
    for way in ways:
        if name in (None, way.name):
            return way
    known = ", ".join(way.name for way in ways) or "none"
    raise Unsupported(NO_WAY.format(platform=platform, way=name, known=known))


def _name(hand: Hand | BlockHand) -> str:
    return spoken(hand.platform)
