"""A town hall at hand: the office put together as the daemon has it, a real mail server, and people who read mail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from bot.app import Beadle
from bot.configuration import Configuration
from bot.demo.mail import PostOffice
from bot.evidence.chain.notary import Notary
from bot.evidence.storage.keeping import keeping
from bot.ledger import letters
from bot.ledger.tables import Letter, PageRow
from bot.notify.email import Mailer
from bot.pages import City, Pages
from bot.people import People, Person, Role
from bot.preflight import Fitness
from bot.settings import Settings
from bot.trust import Trust
from bot.worker import Outbox
from tests.office import SLUG, Office, person, shelf

NEW_YORK = ZoneInfo("America/New_York")
UTC_ZONE = ZoneInfo("UTC")
CITY = City("Millbrook, Connecticut", NEW_YORK, time(7, 30), "https://millbrook.example/policy")
GENE = replace(person("gene", Role.CHIEF_OF_STAFF), digest=True)


@contextmanager
def open_post_office(folder: Path) -> Iterator[PostOffice]:
    """A real mail server."""
    opened = PostOffice(folder)
    opened.start()
    try:
        yield opened
    finally:
        opened.stop()


@contextmanager
def put_together(office: Office, url: str, smtp: str, folder: Path) -> Iterator[Beadle]:
    """The office as the daemon has it, with somebody who gets the digest."""
    outbox, archive = Outbox(url), office.route.archive
    given: dict[str, Any] = {
        "configuration": Configuration(
            Settings(), Pages(CITY, (office.page,), (), frozenset({SLUG})), People((GENE,)), shelf(), ()
        ),
        "database_url": url,
        "route": office.route,
        "review": office.review,
        "carrying_out": office.carrying_out,
        "lapse": office.lapse,
        "trust": Trust(shelf().packs, office.route.reading, office.clock),
        "fitness": Fitness(office.route.desks, None, office.clock),
        "outbox": outbox,
        "tell": lambda *_: None,
        "slack": None,
        "mailer": Mailer(smtp, "beadle@millbrook.example", timeout=5),
        "capturer": office.camera,
        "archive": archive,
        "notary": Notary(archive.root, archive.log, str(folder / "keys" / "evidence.pem"), clock=office.clock),
        "keeping": keeping(archive, Settings(), NEW_YORK, office.clock),
    }
    yield Beadle(**given)
    outbox.close()


def set_city(beadle: Beadle, **changes: Any) -> None:
    """Another hour or zone of the city."""
    pages = beadle.configuration.pages
    object.__setattr__(beadle.configuration, "pages", replace(pages, city=replace(pages.city, **changes)))


def set_people(beadle: Beadle, *people: Person) -> None:
    """Other people."""
    object.__setattr__(beadle.configuration, "people", People(people))


def enrol(beadle: Beadle, at: datetime, slug: str = SLUG) -> None:
    """The page was enrolled at another time."""
    with Session(beadle.route.writing) as session, session.begin():
        session.get_one(PageRow, slug).enrolled_at = at


def local(text: str, zone: ZoneInfo = NEW_YORK) -> datetime:
    """A local time of the city, as the clock gives it."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC_ZONE)


def letter(beadle: Beadle, key: str) -> Letter | None:
    """The letter of this key."""
    with Session(beadle.route.reading) as session:
        return letters.find(session, key)


def post(beadle: Beadle, office: Office, now: datetime) -> int:
    """Let it be now, and let the mail room send what is due."""
    office.clock.now = now
    assert beadle.mail_room is not None
    return beadle.mail_room.see_to()
