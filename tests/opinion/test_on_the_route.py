"""Second opinions on the route: between the transactions, into the ledger, before a person; and the doctor's line."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session

from bot.app import open_beadle
from bot.demo.home import Home, furnish
from bot.demo.script import Script
from bot.demo.town import Town
from bot.doctor import Check, examine
from bot.ledger.tables import CaseStatus, OpinionDay
from bot.moderation.policy import PolicyShelf
from bot.settings import load_settings
from tests.office import Office, open_office, shelf
from tests.opinion.conftest import Model, Opening, judge

WORDS = "You will see what comes to your door."


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path, ask: Opening) -> Iterator[Office]:
    """An office whose judge is in doubt about everything, and which asks."""
    with open_office(sqlite_url, tmp_path) as opened:
        desk = replace(opened.desk, judge_at=lambda _: judge(threat=0.4))
        opened.route = replace(opened.route, desks={opened.page.slug: desk}, opinions=ask())
        yield opened


def test_a_raised_comment_waits_for_a_person_although_the_page_hides_by_itself(office: Office, model: Model) -> None:
    """Sealed and told like any case, never hidden; the ledger keeps which model said what."""
    model.thinks = lambda _: {"threat": 0.99}
    case_id = office.settled_case(WORDS)
    (finding,) = office.file(case_id).verdict.findings

    assert (office.case(case_id).status, office.writes()) == (CaseStatus.WAITING, [])
    assert (finding.detector, finding.clause) == ("second_opinion", "3.4.3.K")
    assert "omni-1" in finding.reason
    assert office.journal[-1] == "posted"


def test_a_comment_is_asked_about_once(office: Office, model: Model) -> None:
    """The next poll brings it again, and it is known."""
    office.platform.say(WORDS)
    office.poll()
    office.poll()

    assert (len(model.asked), office.all_cases()) == (1, [])


def test_an_outage_of_the_model_does_not_stop_the_reading(office: Office, model: Model) -> None:
    """Every comment is kept; those in doubt wait for a person."""
    model.always = 500
    for number in range(7):
        office.platform.say(f"{WORDS} {number} times")
    office.poll()

    assert (len(office.comments()), len(office.all_cases())) == (7, 7)


def test_the_ledger_can_be_written_while_a_model_is_asked(office: Office, model: Model) -> None:
    """No transaction is held: another page's comments can be kept meanwhile."""
    written: list[str] = []

    def write(_: str) -> dict[str, float]:
        with Session(office.route.writing) as session, session.begin():
            session.add(OpinionDay(day="1999-01-01"))
        written.append("written")
        return {}

    model.thinks = write
    office.platform.say(WORDS)
    office.poll()

    assert written == ["written"]


# ── the whole house ──


@pytest.fixture
def home(sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Model) -> Iterator[Home]:
    """A town's Beadle that asks the model."""
    with Town(Script.empty(), tmp_path / "town") as town:
        made = furnish(town, tmp_path)
        shutil.copy(sqlite_template, tmp_path / "beadle.db")
        asking = {"URL": model.url, "MODEL": "omni-1", "DOLLARS_A_DAY": "0", "KEY": "sk-secret-0123"}
        for name, value in made.environment.items():
            if name.startswith("BEADLE_") or name == "MILLBROOK_TOKEN":
                monkeypatch.setenv(name, value)
        for name, value in asking.items():
            monkeypatch.setenv(f"BEADLE_OPINION_{name}", value)
        shipped = shelf()
        monkeypatch.setattr(PolicyShelf, "load", staticmethod(lambda *_, **__: shipped))
        yield made


def _found() -> list[Check]:
    return [check for check in examine() if check.what == "second opinion"]


def test_the_doctor_says_that_the_model_answers(home: Home, model: Model) -> None:
    """By asking it about a sentence of ours."""
    (check,) = _found()

    assert (check.state, len(model.asked)) == ("ok", 1)
    assert check.sentence == f'the model "omni-1" at {model.url} answers'


@pytest.mark.parametrize(("fault", "words"), [(401, "refuses our key"), ("broken", "can't be read")])
def test_the_doctor_says_what_is_wrong_with_the_model(home: Home, model: Model, fault: Any, words: str) -> None:
    """And what follows from it; never the key."""
    model.always = fault
    (check,) = _found()

    assert check.state == "wrong"
    assert words in check.sentence
    assert "go to a person" in check.sentence
    assert "sk-secret" not in check.sentence


def test_without_an_address_nothing_is_asked_and_the_doctor_is_silent(
    home: Home, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one switch."""
    monkeypatch.setenv("BEADLE_OPINION_URL", "")

    assert (_found(), model.asked) == ([], [])
    with open_beadle(load_settings(), acts=True) as beadle:
        assert beadle.route.opinions is None


def test_a_command_that_only_records_what_a_person_says_asks_nobody(home: Home) -> None:
    """It opens no network."""
    with open_beadle(load_settings(), acts=False) as beadle:
        assert beadle.route.opinions is None


def test_the_key_is_known_to_whoever_masks_the_log(home: Home) -> None:
    """And to the archive, which refuses to seal one."""
    with open_beadle(load_settings(), acts=True) as beadle:
        assert "sk-secret-0123" in beadle.secrets()
        assert isinstance(beadle.route.writing, sa.Engine)
