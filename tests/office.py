"""An office of Beadle in memory's reach: the real route, ledger, judge, archive and card, a platform and Slack of ours.

The fakes keep one journal between them, so a test can say in which order things were asked of the world.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, select

from bot.app import Bench
from bot.desk import Desk
from bot.dossiers import Dossiers, this_host
from bot.evidence.capture import Capture
from bot.evidence.card import CardPrinter
from bot.evidence.dossier import Software
from bot.evidence.store import Archive
from bot.ledger import cases, database, watch
from bot.ledger.cases import File
from bot.ledger.keep import Kept
from bot.ledger.tables import Case, CommentRow, Strike
from bot.moderation.policy import PolicyShelf
from bot.notify.alerts import Alert
from bot.notify.slack import MessageRef
from bot.orders import Workflow
from bot.pages import Mode, Page, Signature
from bot.people import Person, Role
from bot.pipeline import Route
from bot.review import Review
from bot.telling import Alerts
from bot.tokens import Token
from connectors.contract import (
    Action,
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

CONFIG = Path(__file__).resolve().parents[1] / "config"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
SLUG, PAGE_ID, POST_ID = "main", "1012", "1012_5501"
PROFANE = "This is complete bullshit, Dana. Nobody at town hall picks up the phone."
COARSE = "what a bitch"
KIND = "Thank you for plowing our street so early."
SIGNATURE = Signature(frozenset({"profanity", "pii", "spam"}), "Dana Whitlock, First Selectwoman", date(2026, 11, 2))
EFFECT = "The account itself and its friends still see it."
WHOLE_DAY = timedelta(days=1)


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
        cost_per_read_usd=0.0,
        archive_policy="kept",
        effect=EFFECT,
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

    def remove(self, ref: CommentRef) -> Receipt:
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

    def capture(self, permalink: str | None, text: str, comment_id: str | None = None) -> Capture:
        self.journal.append("picture")
        return self.sees

    def close(self) -> None:
        """There is nothing to let go of."""


class Channel:
    """A Slack channel. ``fail`` makes the next post raise; ``lose_answer`` posts, and then raises."""

    def __init__(self, journal: list[str]) -> None:
        self.journal = journal
        self.messages: dict[str, list[Alert]] = {}
        self.failures: list[Exception] = []
        self.lost: list[Exception] = []

    def find(self, case_id: str, channel: str | None = None) -> MessageRef | None:
        return MessageRef("C1", case_id) if case_id in self.messages else None

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


@dataclass(slots=True)
class Office:
    """One page, everything that works on it, and shorthands for tests."""

    route: Route
    platform: Platform
    camera: Camera
    channel: Channel
    pad: Pad
    clock: Clock
    journal: list[str]
    unfit: dict[str, str]

    @property
    def review(self) -> Review:
        return Review(self.route)

    @property
    def desk(self) -> Desk:
        return self.route.desks[SLUG]

    @property
    def page(self) -> Page:
        return self.desk.page

    def rearrange(self, *, hider: bool = True, remover: bool = True, **page: Any) -> None:
        """Another desk: other fields of the page, or a platform that can't hide or remove."""
        hands = {
            "hider": self.platform if hider else None,
            "remover": self.platform if remover else None,
            "auto_remover": self.platform if remover and not hider else None,
        }
        desk = replace(self.desk, page=replace(self.page, **page), **hands)  # type: ignore[arg-type]
        self.route = replace(self.route, desks={SLUG: desk})

    def poll(self) -> list[Kept]:
        """One poll of the page."""
        return list(self.route.ingest(self.desk))

    def open_case(self, text: str = PROFANE, **more: Any) -> str:
        """A visitor writes and the page is polled; the id of the case that this opens."""
        self.platform.say(text, **more)
        return self.poll()[0].cases[-1]

    def preserved_case(self, text: str = PROFANE, **more: Any) -> str:
        """The same, and its evidence is sealed."""
        case_id = self.open_case(text, **more)
        self.run("preserve", case_id)
        self.pad.open = [order for order in self.pad.open if order.workflow != "preserve"]
        return case_id

    def settled_case(self, text: str = PROFANE, **more: Any) -> str:
        """The same, and everything that follows by itself is done."""
        case_id = self.open_case(text, **more)
        self.work()
        return case_id

    def run(self, workflow: Workflow, key: str) -> dict[str, Any]:
        """One workflow, once, as the engine runs it: the stage, its outcome as JSON, the transaction."""
        route, review = self.route, self.review
        stages: dict[Workflow, tuple[Callable[[str], Any], Callable[[Session, str, Any], None]]] = {
            "preserve": (route.preserve, route.record_seal),
            "act": (route.act, route.record_act),
            "tell": (route.tell, route.record_told),
            "carry_out": (review.carry_out, review.record_carried_out),
        }
        stage, record = stages[workflow]
        outcome: dict[str, Any] = json.loads(json.dumps(stage(key)))
        self.record(record, key, outcome)
        return outcome

    def record(self, how: Callable[[Session, str, Any], None], key: str, outcome: Mapping[str, Any]) -> None:
        """The transaction of a stage alone."""
        with Session(self.route.writing) as session, session.begin():
            how(session, key, outcome)

    def work(self) -> None:
        """Do what is ordered for now, and what follows from it."""
        while due := [order for order in self.pad.open if not order.delay_s]:
            self.pad.open.remove(due[0])
            self.run(due[0].workflow, due[0].key)

    def later(self) -> list[Order]:
        """What is ordered for later."""
        return [order for order in self.pad.open if order.delay_s]

    def work_later(self) -> None:
        """Let the time of the delayed orders come, and work."""
        self.pad.open = [replace(order, delay_s=0.0) for order in self.pad.open]
        self.work()

    def file(self, case_id: str) -> File:
        with Session(self.route.reading) as session:
            return cases.open_file(session, case_id)

    def case(self, case_id: str) -> Case:
        return self.file(case_id).case

    def strike(self, case_id: str) -> Strike | None:
        return self.file(case_id).strike

    def all_cases(self) -> list[str]:
        with Session(self.route.reading) as session:
            return list(session.exec(select(Case.case_id)).all())

    def comments(self) -> list[CommentRow]:
        with Session(self.route.reading) as session:
            return list(session.exec(select(CommentRow)).all())

    def writes(self) -> list[str]:
        """What was asked of the platform that changes something."""
        return [what for what in self.journal if what in {"hide", "unhide", "remove"}]

    def package(self, case_id: str) -> Path:
        """Where the case's package lies."""
        evidence = self.file(case_id).evidence
        assert evidence is not None
        return self.route.archive.root / evidence.path


POST = Post("facebook", PAGE_ID, POST_ID, "Snow routes are out.", NOW - timedelta(days=1))


def person(name: str = "noor", *roles: Role, pages: frozenset[str] | None = None) -> Person:
    """Somebody who may decide, unless roles say otherwise."""
    found = frozenset(roles) or frozenset({Role.SMA})
    return Person(name, name.title(), f"{name}@millbrook.example", found, pages, accounts=frozenset({name}))


@cache
def shelf() -> PolicyShelf:
    """The policies that are shipped, read once: their examples are run at each reading."""
    return PolicyShelf.load(CONFIG / "policies", CONFIG / "wordlists")


@cache
def printer() -> CardPrinter:
    """The real printer; it reads its fonts once."""
    return CardPrinter()


@contextmanager
def open_office(url: str, folder: Path, *, mode: Mode = Mode.ENFORCE) -> Iterator[Office]:
    """An office on a migrated database, with its archive under ``folder``."""
    journal: list[str] = []
    clock, unfit = Clock(), dict[str, str]()
    platform, camera, channel, pad = Platform(journal, clock), Camera(journal), Channel(journal), Pad()
    writing, reading = database.ledger_engine(url), database.reading_engine(url)
    page = Page(
        SLUG, "Town of Millbrook", "facebook", PAGE_ID, "clinton-city", Token("env", "NO_TOKEN"), mode,
        auto_hide=SIGNATURE,
    )  # fmt: skip
    judge_at = partial(Bench(shelf()).judge_at, page.policy)
    software = Software("0.1.0", None, "3.11.7", "0.15.2", None, "fonts")
    route = Route(
        desks={SLUG: Desk(page, platform, platform, platform, None, judge_at)},
        reading=reading,
        writing=writing,
        archive=Archive(folder / "archive", printer(), reserve=0.0, clock=clock),
        capturer=camera,
        notifier=channel,
        orders=pad,
        dossier=Dossiers("Millbrook, Connecticut", clock, shelf().version, software, this_host()),
        alert=Alerts("Millbrook, Connecticut", shelf().version),
        picture=lambda _: None,
        unfit=unfit.get,
        clock=clock,
    )
    with Session(writing) as session, session.begin():
        watch.enrol(session, SLUG, "facebook", PAGE_ID, NOW)
    yield Office(route, platform, camera, channel, pad, clock, journal, unfit)
    writing.dispose()
    reading.dispose()


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
