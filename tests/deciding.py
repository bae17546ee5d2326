"""People decide, in tests: an office whose cards cost no time, and shorthands for what somebody says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlmodel import Session

from bot.authority import Verb
from bot.evidence.store import Archive
from bot.ledger import cases
from bot.ledger.tables import CaseStatus
from bot.review import Answer
from bot.telling import Alerts
from tests.evidence.conftest import PlainPrinter
from tests.office import NOW, Office, open_office, person, shelf, voice


@contextmanager
def open_plain_office(url: str, folder: Path) -> Iterator[Office]:
    """An office whose page is in enforce. Packages are sealed as ever; only their cards are blank."""
    with open_office(url, folder) as opened:
        archive = Archive(folder / "plain", PlainPrinter(), reserve=0.0, clock=opened.clock)
        alert = Alerts("Millbrook, Connecticut", shelf().version, archive.restricted)
        opened.route = replace(opened.route, archive=archive, alert=alert)
        yield opened


def decide(office: Office, case_id: str, verb: str, by: str = "noor", **more: Any) -> Answer:
    """A person decides, and what follows by itself is done."""
    who = more.get("who", person(by))
    said = voice(who, more.get("account", by))
    answer = office.review.decide(case_id, Verb(verb), said, "because I looked at it", more.get("code", ""))
    office.work()
    return answer


def put(office: Office, case_id: str, status: CaseStatus) -> None:
    """Set where a case stands."""
    with Session(office.route.writing) as session, session.begin():
        cases.move(session, case_id, status, "for the test", NOW)
