"""An office with a counter for residents, a platform that takes private messages, and a real mailbox by IMAP."""

from __future__ import annotations

import imaplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import time as hour
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from bot.evidence.packing import package as bag
from bot.evidence.packing.package import Package
from bot.ledger.tables import Letter, Notice
from bot.pages import City
from bot.people import Person, Role
from bot.residents.counter import Counter
from connectors.contract import CommentRef, PrivateReply
from tests.office import PROFANE, SLUG, Office, open_office, person, shelf

ZONE = ZoneInfo("America/New_York")
CITY = City(
    "Millbrook, Connecticut",
    ZONE,
    hour(7, 30),
    "https://millbrook.example/policy",
    contact="clerk@millbrook.example",
    appeals_to="appeals@millbrook.example",
    appeals_url="https://millbrook.example/appeal",
)
SENDER = "Beadle <beadle@millbrook.example>"
RESIDENT = "mallory@home.example"


@dataclass
class Replies:
    """What takes private messages. ``fail`` raises at the next call; ``lose`` takes it and raises then."""

    journal: list[str]
    clock: Callable[[], Any]
    told: list[tuple[str, str]] = field(default_factory=list)
    fail: list[Exception] = field(default_factory=list)
    lose: list[Exception] = field(default_factory=list)

    def tell_privately(self, ref: CommentRef, text: str) -> PrivateReply:
        if self.fail:
            raise self.fail.pop(0)
        self.journal.append("told privately")
        self.told.append((ref.comment_id, text))
        if self.lose:
            raise self.lose.pop(0)
        return PrivateReply(ref, self.clock(), f"m_{ref.comment_id}")


@dataclass
class House:
    """The office, its counter, and shorthands."""

    office: Office
    replies: Replies
    folder: Path
    city: City = CITY
    sender: str | None = SENDER

    @property
    def counter(self) -> Counter:
        return Counter(self.office.route, self.office.review, self.city, shelf().packs, self.sender, self.folder)

    def can(self, **more: Any) -> None:
        """The platform's abilities, changed."""
        desk = self.office.desk
        self.office.platform.capabilities = replace(desk.connector.capabilities, **more)

    def hidden_case(self, text: str = PROFANE, **more: Any) -> str:
        """A case that a rule hid."""
        case_id = self.office.settled_case(text, **more)
        assert self.office.case(case_id).status == "hidden"
        return case_id

    def work(self) -> None:
        """What is ordered, notices among it, and what follows from decisions on appeals."""
        pad, notices = self.office.pad, self.counter.notices
        while due := [order for order in pad.open if not order.delay_s]:
            pad.open.remove(due[0])
            if due[0].workflow == "notice":
                self.office.record(notices.record, due[0].key, notices.deliver(due[0].key))
            else:
                self.office.run(due[0].workflow, due[0].key)
        self.counter.deciding.finish(self.office.clock())

    def notice(self, case_id: str) -> Notice:
        """The notice of what was done last."""
        return self.notices(case_id)[-1]

    def notices(self, case_id: str) -> list[Notice]:
        """All of a case, oldest first."""
        with Session(self.office.route.reading) as session:
            found = session.exec(select(Notice).where(Notice.case_id == case_id)).all()
            return sorted(found, key=lambda each: (each.drafted_at, each.act_key))

    def letters(self) -> list[Letter]:
        """What is to be mailed."""
        with Session(self.office.route.reading) as session:
            return list(session.exec(select(Letter).where(Letter.kind == "appeal").order_by(Letter.key)).all())

    def supplements(self, case_id: str, kind: str) -> list[dict[str, Any]]:
        """What is sealed beside a case, as its facts, in the order in which it happened."""
        records = [package.record for package in self.packages()]
        found = [each for each in records if each.get("kind") == kind and each["case_id"] == case_id]
        return [each["facts"] for each in sorted(found, key=_place)]

    def packages(self) -> list[Package]:
        """Everything that is sealed."""
        return [bag.read(path) for path in (self.office.route.archive.root / "packages").rglob("*.zip")]


def _place(record: dict[str, Any]) -> tuple[str, int, str]:
    last = record["key"].rpartition(":")[2]
    return record["sealed_at"], int(last) if last.isdecimal() else 0, record["key"]


@pytest.fixture
def house(sqlite_url: str, tmp_path: Path) -> Iterator[House]:
    """An office whose page is in enforce, on SQLite."""
    with open_office(sqlite_url, tmp_path) as office:
        yield furnished(office, tmp_path)


def furnished(office: Office, folder: Path) -> House:
    """An office with what residents need."""
    replies = Replies(office.journal, office.clock)
    desk = replace(office.desk, replier=replies)
    office.route = replace(office.route, desks={SLUG: desk})
    return House(office, replies, folder / "appeals")


def clerk() -> Person:
    """Who takes appeals in."""
    return person("cleo", Role.CITY_CLERK)


def counsel() -> Person:
    """Who answers them, and decided nothing before."""
    return person("cora", Role.COUNSEL)


def mail(
    text: str, *, sender: str = RESIDENT, subject: str = "Appeal", identity: str = "<one@home.example>", **headers: str
) -> EmailMessage:
    """A resident's mail."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, "appeals@millbrook.example", subject
    if identity:
        made["Message-ID"] = identity
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


class PostBox:
    """A real IMAP server (pymap) in a process of its own, with one empty mailbox."""

    user, password = "appeals", "p@ss/w:rd"

    def __init__(self, *options: str) -> None:
        program = Path(__file__).with_name("imap_house.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), self.user, self.password, *options], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline())

    def url(self, scheme: str = "imap", folder: str = "", query: str = "") -> str:
        """Its address, as in BEADLE_IMAP_URL."""
        return f"{scheme}://{self.user}:p%40ss%2Fw%3Ard@localhost:{self.port}/{folder}{query}"

    def put(self, raw: bytes) -> None:
        """A mail arrives."""
        with self._client() as client:
            client.append("INBOX", "", imaplib.Time2Internaldate(time.time()), raw)

    def unseen(self) -> int:
        """How many mails nobody has seen."""
        with self._client() as client:
            client.select("INBOX", readonly=True)
            return len(client.search(None, "UNSEEN")[1][0].split())

    def close(self) -> None:
        """Stop the server."""
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def _client(self) -> imaplib.IMAP4:
        client = imaplib.IMAP4("localhost", self.port, timeout=10)
        client.login(self.user, self.password)
        return client


@pytest.fixture
def post_box() -> Iterator[PostBox]:
    """An IMAP server without encryption, on loopback."""
    opened = PostBox()
    yield opened
    opened.close()
