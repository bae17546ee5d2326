"""The probe: what it tries, in which order, and that nothing stays hidden whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest

import connectors
from connectors._calls import CallLedger
from connectors.connection import Connection
from connectors.contract import (
    Action,
    Author,
    Batch,
    Comment,
    CommentRef,
    ConnectorError,
    Health,
    PermissionLost,
    Reading,
    Receipt,
    Unavailable,
    Unproven,
    Visibility,
)
from connectors.probing import BY_PAGE, GONE, NEVER, answered, probe, why_not

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REF = CommentRef("facebook", "1012", "5501_1")
OWN = Comment(REF, "5501", Author("a1", "Dana"), "A trial.", NOW - timedelta(minutes=5))


@dataclass
class Page:
    """A page with one comment, which can be hidden; ``lists_hidden`` as some platforms do."""

    platform = "facebook"
    capabilities = connectors.capabilities("facebook")
    comment: Comment | None = OWN
    lists_hidden: bool = True
    failing: dict[str, ConnectorError] = field(default_factory=dict)
    journal: list[str] = field(default_factory=list)

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        self._ask("poll")
        hidden = self.comment is not None and self.comment.visibility is Visibility.HIDDEN_BY_CITY
        shown = () if self.comment is None or (hidden and not self.lists_hidden) else (self.comment,)
        yield Batch(shown, (), "", last=True)

    def read(self, ref: CommentRef) -> Reading:
        self._ask("read")
        return Reading(self.comment, None, ())

    def check(self) -> Health:
        return Health(ok=True)

    def hide(self, ref: CommentRef) -> Receipt:
        return self._set(Action.HIDE, Visibility.HIDDEN_BY_CITY)

    def unhide(self, ref: CommentRef) -> Receipt:
        return self._set(Action.UNHIDE, Visibility.VISIBLE)

    def remove(self, ref: CommentRef, way: str | None = None) -> Receipt:
        return self._set(Action.REMOVE, Visibility.DELETED_BY_CITY)

    def connection(self, **more: Any) -> Connection:
        whole = Connection(self, self, self, None, CallLedger("facebook"), close=lambda: None)
        return replace(whole, **more)

    def _set(self, action: Action, stands: Visibility) -> Receipt:
        assert self.comment is not None
        self.comment = None if action is Action.REMOVE else replace(self.comment, visibility=stands)
        # The act is carried out and its answer lost: the worst case.
        self._ask(action.value)
        return Receipt(REF, action, NOW, stands, already_done=False)

    def _ask(self, what: str) -> None:
        self.journal.append(what)
        if what in self.failing:
            raise self.failing.pop(what)


def test_everything_is_tried_in_order_and_timed() -> None:
    """Read, account, poll, hide, read back, poll, show again, poll; a removal only where it was asked for."""
    page, ticks = Page(), count()
    trials = list(probe(page.connection(), REF, clock=lambda: float(next(ticks))))

    assert [(trial.step, trial.answer) for trial in trials] == [
        ("read", "yes"),
        ("author", "yes"),
        ("delivered", "yes"),
        ("hide", "yes"),
        ("read back", "yes"),
        ("listed", "yes"),
        ("unhide", "yes"),
        ("shown again", "yes"),
        ("remove", "not tried"),
    ]
    assert page.journal == ["read", "read", "poll", "hide", "read", "poll", "unhide", "poll"]
    assert {trial.took_s for trial in trials} == {1.0}
    assert page.comment == OWN


def test_what_a_platform_leaves_out_is_told() -> None:
    """A hidden comment that vanishes from the list, an account that doesn't come."""
    page = Page(replace(OWN, author=Author(unavailable_reason="Not delivered.")), lists_hidden=False)
    found = {trial.step: trial for trial in probe(page.connection(), REF)}

    assert (found["listed"].answer, found["author"].answer) == ("no", "no")
    assert found["author"].sentence == "No account came with it: Not delivered."
    assert found["shown again"].answer == "yes"


def test_a_removal_that_was_asked_for_comes_last() -> None:
    """By the platform's first way."""
    page = Page()
    trials = list(probe(page.connection(), REF, remove=True))

    assert (trials[-1].step, trials[-1].answer, page.journal[-1]) == ("remove", "yes", "remove")


def test_what_the_platform_cannot_do_is_not_tried() -> None:
    """No hider, no remover: neither is asked for anything."""
    page = Page()
    trials = list(probe(page.connection(hider=None, remover=None), REF, remove=True))

    assert [trial.answer for trial in trials if trial.step in ("hide", "remove")] == ["not tried", "not tried"]
    assert page.journal == ["read", "read", "poll"]


def test_a_comment_that_is_not_there_ends_it_at_once() -> None:
    """Nothing else is asked."""
    page = Page(None)

    assert [(each.answer, each.sentence) for each in probe(page.connection(), REF)] == [("no", GONE)]
    assert page.journal == ["read"]


@pytest.mark.parametrize("lost", ["hide", "unhide"])
def test_a_lost_answer_never_leaves_the_comment_hidden(lost: str) -> None:
    """The error is a finding, and the comment is shown again all the same."""
    page = Page(failing={lost: Unavailable("The answer was lost.")})
    found = {str(trial.step): trial for trial in probe(page.connection(), REF)}

    assert (found[lost].answer, found[lost].sentence) == ("no", "The answer was lost.")
    assert page.comment is not None
    assert page.comment.visibility is Visibility.VISIBLE


def test_whoever_stops_listening_leaves_nothing_hidden() -> None:
    """Ctrl-C in the middle: the comment is shown again."""
    page = Page()
    trials = probe(page.connection(), REF)
    while next(trials).step != "hide":
        pass
    trials.close()  # type: ignore[attr-defined]

    assert page.journal[-1] == "unhide"


def test_a_right_that_is_missing_is_a_finding() -> None:
    """Not an exception: the report says what to fix."""
    page = Page(failing={"poll": PermissionLost("Give the app the right.")})
    found = {trial.step: trial for trial in probe(page.connection(), REF)}

    assert (found["delivered"].answer, found["delivered"].sentence) == ("no", "Give the app the right.")


def test_each_unproven_question_gets_the_trial_that_answers_it() -> None:
    """What only a person can find out says so."""
    questions = (Unproven("Is a hidden one listed?", "listed"), Unproven("What does a visitor see?"))
    page = Page(lists_hidden=False)
    found = answered(questions, tuple(probe(page.connection(), REF)))

    assert [(each.question, each.sentence) for each in found] == [
        ("Is a hidden one listed?", "A poll does not deliver it while it is hidden."),
        ("What does a visitor see?", NEVER),
    ]


def test_a_trial_is_made_on_a_fresh_comment_of_somebody_else_than_the_page() -> None:
    """Nobody's older words are touched."""
    assert why_not(OWN, NOW) is None
    assert why_not(None, NOW) == GONE
    assert why_not(replace(OWN, by_page=True), NOW) == BY_PAGE
    assert why_not(replace(OWN, posted_at=NOW - timedelta(hours=30)), NOW) == (
        "The comment is 30 hours old; write a fresh one, so that nobody's older words are touched."
    )
