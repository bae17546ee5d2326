"""An office of Beadle at hand: the real route, ledger, judge, archive and card; a platform and a Slack of ours."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from sqlmodel import Session, select

from bot.bench import Bench
from bot.carrying_out import CarryingOut
from bot.desk import Desk
from bot.dossiers import Dossiers
from bot.evidence.card.printer import CardPrinter
from bot.evidence.dossier import Software
from bot.evidence.store import Archive
from bot.lapse import Lapse
from bot.ledger import cases, database, watch
from bot.ledger.cases import File
from bot.ledger.keep import Kept
from bot.ledger.tables import Case, CommentRow, Strike
from bot.looking import Looking
from bot.machine import this_host
from bot.moderation.policy import PolicyShelf
from bot.orders import Workflow
from bot.pages import Mode, Page, Signature
from bot.people import Acknowledgement, Capability, Person, Role, Training
from bot.pipeline import Route
from bot.review import Review, in_force
from bot.telling import Alerts
from bot.tokens import Token
from bot.voice import Voice
from tests.fakes import EFFECT, NOW, PAGE_ID, Camera, Channel, Clock, Order, Pad, Platform

__all__ = ["EFFECT", "NOW", "PAGE_ID", "SLUG", "Office", "open_office", "person", "printer", "shelf", "voice"]

CONFIG = Path(__file__).resolve().parents[1] / "config"
SLUG = "main"
PROFANE = "This is complete bullshit, Dana. Nobody at town hall picks up the phone."
COARSE = "what a bitch"
KIND = "Thank you for plowing our street so early."
# A test says more bad words in a minute than a town in a week, so the brake of a first day is off here but where it is
# what a test is about.
SIGNATURE = Signature(
    frozenset({"profanity", "pii", "spam"}), "Dana Whitlock, First Selectwoman", date(2026, 11, 2), first_day=1.0
)


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
        return Review(self.route, in_force(shelf().in_force), lambda: self.clock().date())

    @property
    def carrying_out(self) -> CarryingOut:
        return CarryingOut(self.route)

    @property
    def lapse(self) -> Lapse:
        return Lapse(self.route)

    @property
    def looking(self) -> Looking:
        return Looking(self.route)

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
        route, doing = self.route, self.carrying_out
        stages: dict[Workflow, tuple[Callable[[str], Any], Callable[[Session, str, Any], None]]] = {
            "preserve": (route.preserve, route.record_seal),
            "act": (route.act, route.record_act),
            "tell": (route.tell, route.record_told),
            "carry_out": (doing.carry_out, doing.record_carried_out),
            "lapse": (self.lapse.take_back, self.lapse.record),
            "look": (self.looking.look, self.looking.record),
            "gather": (route.gathers.tell, route.gathers.record),
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
        """What is ordered for later, but for looks after an act, which nothing waits for."""
        return [order for order in self.pad.open if order.delay_s and order.workflow != "look"]

    def looks(self) -> list[Order]:
        """The looks that are ordered."""
        return [order for order in self.pad.open if order.workflow == "look"]

    def work_looks(self) -> None:
        """Let the time of the looks come, and what follows from them."""
        self.pad.open = [replace(order, delay_s=0.0) if order in self.looks() else order for order in self.pad.open]
        self.work()

    def work_later(self) -> None:
        """Let the time of the delayed orders come, and work."""
        self.pad.open = [replace(order, delay_s=0.0) if order in self.later() else order for order in self.pad.open]
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


def person(name: str = "noor", *roles: Role, pages: frozenset[str] | None = None) -> Person:
    """Somebody who may decide, unless roles say otherwise."""
    found = frozenset(roles) or frozenset({Role.SMA})
    return Person(
        name,
        name.title(),
        f"{name}@millbrook.example",
        found,
        pages,
        accounts=frozenset({name}),
        capabilities=frozenset({Capability.MODERATE}),
        trained=tuple(Training(topic, date(2026, 1, 12)) for topic in sorted(_topics())),
        acknowledged=tuple(Acknowledgement(pack.slug, pack.version, date(2026, 1, 12)) for pack in shelf().packs),
    )


def voice(who: Person | None = None, account: str | None = None) -> Voice:
    """Somebody at a terminal."""
    found = who or person()
    return Voice(found, account or found.id)


def _topics() -> set[str]:
    return {topic for pack in shelf().packs for topic in pack.authority.training}


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
    archive = Archive(folder / "archive", printer(), reserve=0.0, clock=clock)
    route = Route(
        desks={SLUG: Desk(page, platform, platform, platform, None, judge_at)},
        reading=reading,
        writing=writing,
        archive=archive,
        capturer=camera,
        notifier=channel,
        orders=pad,
        dossier=Dossiers("Millbrook, Connecticut", clock, shelf().version, software, this_host()),
        alert=Alerts("Millbrook, Connecticut", shelf().version, archive.restricted),
        picture=lambda _: None,
        unfit=unfit.get,
        clock=clock,
    )
    with Session(writing) as session, session.begin():
        watch.enrol(session, SLUG, "facebook", PAGE_ID, NOW)
    yield Office(route, platform, camera, channel, pad, clock, journal, unfit)
    writing.dispose()
    reading.dispose()
