"""The outside world in memory: a clock, a platform, a browser, a Slack channel and the engine's orders.

The fakes keep one journal between them, so a test can say in which order things were asked of the world.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

from bot.evidence.capture import Capture
from bot.notify.alerts import Alert
from bot.notify.slack import MessageRef
from bot.notify.summaries import Summary
from bot.orders import Workflow
from connectors.contract import (
    Action,
    ArchivePolicy,
    Author,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    Exchange,
    Gone,
    Health,
    Post,
    Reading,
    Receipt,
    Visibility,
)

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PAGE_ID, POST_ID = "1012", "1012_5501"
EFFECT = "The account itself and its friends still see it."
POST = Post("facebook", PAGE_ID, POST_ID, "Snow routes are out.", NOW - timedelta(days=1))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, seconds: float) -> None:
        """Let time go by."""
        self.now += timedelta(seconds=seconds)


class Platform:
    """One page of a platform that can read, hide, show and remove. ``fail`` makes the next call of a kind raise."""

    platform = "facebook"
    capabilities = Capabilities(
        hide="native",
        hide_scope="any",
        delete="any",
        block="api",
        unblock=True,
        identity="page-scoped id",
        embed="comment",
        effect=EFFECT,
        by_hand="open the comment on the page and choose Hide there.",
        archive=ArchivePolicy("whole", "Town terms 1.2"),
        reads=("comments",),
    )

    def __init__(self, journal: list[str], clock: Clock) -> None:
        self.journal, self._clock = journal, clock
        self.comments: dict[str, Comment] = {}
        self.health = Health(ok=True, page_name="Town of Millbrook", clock_skew_s=0.1)
        self.before_write: Callable[[CommentRef], None] = lambda _: None
        self._numbers = count(1)
        self._failures: dict[str, list[Exception]] = {}

    def say(self, text: str, **more: Any) -> Comment:
        """A visitor writes."""
        number = next(self._numbers)
        said = Comment(
            ref=CommentRef(self.platform, PAGE_ID, f"5501_{number}"),
            post_id=POST_ID,
            author=Author(f"a{number}", "Mallory Reyes"),
            text=text,
            posted_at=self._clock(),
            permalink=f"https://social.example/posts/5501?comment_id={number}",
            raw={"id": f"5501_{number}"},
        )
        said = replace(said, **more)
        self.comments[said.ref.comment_id] = said
        return said

    def edit(self, ref: CommentRef, text: str) -> None:
        """The author edits."""
        self.comments[ref.comment_id] = replace(self.comments[ref.comment_id], text=text, edited_at=self._clock())

    def vanish(self, ref: CommentRef) -> None:
        """The comment goes, and nobody says why."""
        del self.comments[ref.comment_id]

    def fail(self, verb: str, *errors: Exception) -> None:
        """The next calls of ``verb`` raise these, one each."""
        self._failures.setdefault(verb, []).extend(errors)

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        self._ask("poll")
        yield Batch(tuple(self.comments.values()), (POST,), f"after {cursor}", last=True)

    def read(self, ref: CommentRef) -> Reading:
        self._ask("read")
        return Reading(self.comments.get(ref.comment_id), POST, (_exchange(ref, self._clock()),))

    def check(self) -> Health:
        self._ask("check")
        return self.health

    def hide(self, ref: CommentRef) -> Receipt:
        return self._write(Action.HIDE, ref, Visibility.HIDDEN_BY_CITY)

    def unhide(self, ref: CommentRef) -> Receipt:
        return self._write(Action.UNHIDE, ref, Visibility.VISIBLE)

    def remove(self, ref: CommentRef, way: str | None = None) -> Receipt:
        return self._write(Action.REMOVE, ref, Visibility.DELETED_BY_CITY)

    def _write(self, action: Action, ref: CommentRef, after: Visibility) -> Receipt:
        self.before_write(ref)
        self._ask(action.value)
        if ref.comment_id not in self.comments:
            raise Gone("the comment is not there any more")
        before = self.comments[ref.comment_id]
        self.comments[ref.comment_id] = replace(before, visibility=after)
        return Receipt(ref, action, self._clock(), after, before.visibility is after, (_exchange(ref, self._clock()),))

    def _ask(self, what: str) -> None:
        waiting = self._failures.get(what)
        if waiting:
            raise waiting.pop(0)
        self.journal.append(what)


class Camera:
    """A browser that sees what a test lets it see."""

    browser = "Chromium 1.0"

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.sees = Capture("blocked", "A login wall stands before the page.")

    def capture(
        self, permalink: str | None, text: str, comment_id: str | None = None, platform: str | None = None
    ) -> Capture:
        self.journal.append("picture")
        return self.sees

    def close(self) -> None:
        """There is nothing to let go of."""


class Channel:
    """A Slack channel. ``fail`` makes the next post raise; ``lose_answer`` posts, and then raises."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.messages: dict[str, list[Alert]] = {}
        self.gatherings: dict[str, list[Summary]] = {}
        self.failures: list[Exception] = []
        self.lost: list[Exception] = []

    def find(self, case_id: str, channel: str | None = None) -> MessageRef | None:
        return MessageRef("C1", case_id) if case_id in self.messages else None

    recall = find

    def call(self, ref: MessageRef, alert: Alert) -> None:
        self._fail(self.failures)
        self.journal.append("called")

    def gather(self, summary: Summary, channel: str | None = None, ref: MessageRef | None = None) -> MessageRef:
        self._fail(self.failures)
        self.journal.append("gathered")
        self.gatherings.setdefault(summary.mark, []).append(summary)
        self._fail(self.lost)
        return MessageRef("C1", summary.mark)

    def post(self, alert: Alert, picture: bytes | None, channel: str | None = None) -> MessageRef:
        self._fail(self.failures)
        self.journal.append("posted")
        assert alert.case_id not in self.messages, "one message a case"
        self.messages[alert.case_id] = [alert]
        self._fail(self.lost)
        return MessageRef("C1", alert.case_id)

    def update(self, ref: MessageRef, alert: Alert) -> None:
        self._fail(self.failures)
        self.journal.append("updated")
        self.messages[ref.ts].append(alert)

    def _fail(self, waiting: list[Exception]) -> None:
        if waiting:
            raise waiting.pop(0)


@dataclass(frozen=True, slots=True)
class Order:
    """An order as it was placed. ``delay_s`` over 0: not before that many seconds."""

    workflow: Workflow
    key: str
    number: int
    delay_s: float


@dataclass(slots=True)
class Pad:
    """Orders in memory. As with the engine, one exists only if its transaction commits, and an id is one order."""

    open: list[Order] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def place(self, session: Session, workflow: Workflow, key: str, number: int, *, delay_s: float = 0.0) -> None:
        order = Order(workflow, key, number, delay_s)
        sa.event.listen(session, "after_commit", lambda _: self._committed(order), once=True)

    def _committed(self, order: Order) -> None:
        name = f"{order.workflow}:{order.key}:{order.number}"
        if name not in self.seen:
            self.seen.add(name)
            self.open.append(order)


def _exchange(ref: CommentRef, at: datetime) -> Exchange:
    return Exchange(
        "GET",
        f"https://graph.example/v26.0/{ref.comment_id}",
        (("accept", "application/json"),),
        200,
        (("content-type", "application/json"),),
        json.dumps({"id": ref.comment_id}).encode(),
        at,
        12.5,
    )
