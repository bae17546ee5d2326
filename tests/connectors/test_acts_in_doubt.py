"""What is believed of an act: the order of calls, the doubt after a lost answer, and who is never acted on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from connectors._hands import SafeBlocker, SafeHider, SafeRemover
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
    Unavailable,
    Unsupported,
    Visibility,
    Way,
)
from tests.connectors.wire import NOW

REF = CommentRef("somewhere", "1", "7")
VISIBLE = Comment(REF, "5", Author("9"), "words", NOW)
TRASH = Way("trash", "It lies in the trash.", reversible=True)
BAN = Way("ban", "It can't come back.", reversible=False)
MUTE = Way("mute", "It is muted.", reversible=True)


@dataclass
class PaperHand:
    """A comment on paper. ``answers`` are raised by the writes in turn; ``takes`` says whether a write has effect."""

    platform: str = "somewhere"
    comment: Comment | None = VISIBLE
    tells: bool = True
    takes: bool = True
    answers: list[ConnectorError] = field(default_factory=list)
    away: set[str] = field(default_factory=set)
    journal: list[str] = field(default_factory=list)

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        yield []

    def now(self) -> datetime:
        return NOW

    def look(self, ref: CommentRef) -> Comment | None:
        self.journal.append("look")
        return self.comment

    def hidden(self, comment: Comment) -> bool | None:
        return comment.visibility is Visibility.HIDDEN_BY_CITY if self.tells else None

    def removed(self, comment: Comment | None, way: str) -> bool:
        return comment is None

    def refuse(self, comment: Comment, action: Action) -> None:
        self.journal.append("refuse?")

    def send(self, comment: Comment, action: Action, way: str) -> None:
        self.journal.append(f"{action} {way}".strip())
        if self.takes:
            stands = Visibility.HIDDEN_BY_CITY if action is Action.HIDE else Visibility.VISIBLE
            self.comment = None if action is Action.REMOVE else replace(comment, visibility=stands)
        self._answer()

    def kept_away(self, author_id: str, way: str) -> bool | None:
        return author_id in self.away if self.tells else None

    def keep_away(self, author_id: str, way: str, over: CommentRef | None) -> None:
        self.journal.append(f"{way} {author_id}")
        if self.takes:
            self.away.add(author_id)
        self._answer()

    def let_back(self, author_id: str, way: str) -> None:
        self.journal.append(f"un{way} {author_id}")
        self.away.discard(author_id)

    def list_kept_away(self) -> Iterator[Author]:
        return iter(Author(each) for each in sorted(self.away))

    def _answer(self) -> None:
        if self.answers:
            raise self.answers.pop(0)


def test_first_read_then_ask_then_write_then_read() -> None:
    """One write between two readings."""
    hand = PaperHand()

    receipt = SafeHider(hand).hide(REF)

    assert hand.journal == ["look", "refuse?", "hide", "look"]
    assert (receipt.already_done, receipt.visibility) == (False, Visibility.HIDDEN_BY_CITY)


@pytest.mark.parametrize("doubt", [Unavailable("Lost."), Malformed("Odd."), Gone("Not there.")])
def test_a_doubtful_answer_is_settled_by_reading(doubt: ConnectorError) -> None:
    """Carried out is carried out, whatever was said of it."""
    hand = PaperHand(answers=[doubt])

    assert SafeHider(hand).hide(REF).visibility is Visibility.HIDDEN_BY_CITY
    assert hand.journal.count("hide") == 1


@pytest.mark.parametrize(
    ("doubt", "told"),
    [(Unavailable("Lost."), Unavailable), (Malformed("Odd."), Malformed), (Gone("Not there."), PermissionLost)],
)
def test_a_write_without_effect_is_an_error(doubt: ConnectorError, told: type[ConnectorError]) -> None:
    """ "No such object" for a comment that can be read is a missing permission."""
    hand = PaperHand(answers=[doubt], takes=False)

    with pytest.raises(told):
        SafeHider(hand).hide(REF)

    assert hand.journal.count("hide") == 1


def test_a_yes_that_reading_does_not_show_is_not_believed() -> None:
    """The platform accepted the call, and nothing changed."""
    with pytest.raises(PermissionLost):
        SafeHider(PaperHand(takes=False)).hide(REF)


def test_where_nobody_is_told_the_answer_alone_counts() -> None:
    """A clear yes is a receipt; a lost one is not."""
    assert not SafeHider(PaperHand(tells=False)).hide(REF).already_done
    with pytest.raises(Unavailable):
        SafeHider(PaperHand(tells=False, answers=[Unavailable("Lost.")])).hide(REF)


def test_a_limit_is_no_doubt() -> None:
    """Nothing was done, and nothing more is asked."""
    hand = PaperHand(takes=False, answers=[RateLimited("Wait.", until=NOW)])

    with pytest.raises(RateLimited):
        SafeHider(hand).hide(REF)

    assert hand.journal == ["look", "refuse?", "hide"]


def test_what_is_gone_can_not_be_hidden_and_need_not_be_removed() -> None:
    """Nothing is sent."""
    hand = PaperHand(comment=None)

    with pytest.raises(Gone):
        SafeHider(hand).hide(REF)
    receipt = SafeRemover(hand, (TRASH,)).remove(REF)

    assert hand.journal == ["look", "look"]
    assert (receipt.already_done, receipt.visibility) == (True, Visibility.MISSING_UNKNOWN)


def test_somebody_else_was_quicker() -> None:
    """The platform found nothing to remove, and nothing is there: it stood so before us."""
    assert SafeRemover(PaperHand(answers=[Gone("Not there.")]), (TRASH,)).remove(REF).already_done


def test_keeping_away_is_read_back_and_safe_to_repeat() -> None:
    """Twice is once."""
    hand = PaperHand()
    blocker = SafeBlocker(hand, (MUTE,), "do it by hand.")

    first, second, back = blocker.block("9"), blocker.block("9"), blocker.unblock("9")

    assert hand.journal == ["mute 9", "unmute 9"]
    assert (first.already_done, second.already_done, back.kept_away) == (False, True, False)
    assert list(blocker.blocked()) == []


def test_one_way_streets_need_a_yes() -> None:
    """Nothing is sent before it, and there is no way back."""
    hand = PaperHand()
    blocker = SafeBlocker(hand, (MUTE, BAN), "open the studio.")

    with pytest.raises(Unsupported):
        blocker.block("9", way="ban")
    assert hand.journal == []
    assert blocker.block("9", way="ban", accept_one_way=True).kept_away
    with pytest.raises(Unsupported, match="open the studio"):
        blocker.unblock("9", way="ban")


def test_a_block_without_effect_is_an_error_and_nobody_is_never_blocked() -> None:
    """The platform's own list decides."""
    with pytest.raises(PermissionLost):
        SafeBlocker(PaperHand(takes=False), (MUTE,), "").block("9")
    with pytest.raises(Unsupported):
        SafeBlocker(PaperHand(), (MUTE,), "").block("")
