"""Who heads a department gets one mail a week, on Monday at the digest's hour, about their own pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bot import weekly
from bot.app import Beadle
from bot.demo.mail import PostOffice
from bot.people import People, Role
from bot.weekly import Weekly, due, readers
from tests.office import PROFANE, SLUG, Office, open_office, person
from tests.townhall import CITY, GENE, enrol, letter, local, open_post_office, post, put_together, set_people

ADA = person("ada", Role.SUPERVISOR, pages=frozenset({SLUG}))
BOB = person("bob", Role.SUPERVISOR, pages=frozenset({"library"}))
MONDAY = date(2026, 11, 16)
HOUR = local("2026-11-23T07:30:00")


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        opened.rearrange(department="Public Works")
        yield opened


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[PostOffice]:
    """A real mail server."""
    with open_post_office(tmp_path / "mail") as opened:
        yield opened


@pytest.fixture
def beadle(office: Office, post_office: PostOffice, sqlite_url: str, tmp_path: Path) -> Iterator[Beadle]:
    """The office with two department heads, one of whose pages is not there."""
    with put_together(office, sqlite_url, post_office.url, tmp_path) as made:
        set_people(made, GENE, ADA, BOB)
        yield made


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-23T07:29:59", "2026-11-09"),
        ("2026-11-23T07:30:00", "2026-11-16"),
        ("2026-11-29T23:59:59", "2026-11-16"),
        ("2026-03-09T07:30:00", "2026-03-02"),  # the week in which an hour is leapt over
        ("2026-11-02T07:30:00", "2026-10-26"),  # the week with an hour more
    ],
)
def test_last_week_is_due_from_monday_s_hour(now: str, monday: str) -> None:
    """On the clock of the town hall."""
    assert due(CITY, local(now)) == date.fromisoformat(monday)


def test_it_goes_to_supervisors_of_some_pages_who_get_no_daily_digest() -> None:
    """Who looks after all pages, or reads the digest, has it all there; an SMA decides the cases one by one."""
    everything = person("cleo", Role.SUPERVISOR)
    daily = replace(ADA, id="dora", digest=True)
    sma = person("eve", Role.SMA, pages=frozenset({SLUG}))

    assert readers(People((GENE, ADA, everything, daily, sma, BOB))) == (ADA, BOB)


def test_each_head_gets_one_mail_a_week_also_over_restarts(
    office: Office, beadle: Beadle, post_office: PostOffice
) -> None:
    """A week of ticks, a new process at each: one mail, to the one whose page was watched."""
    enrol(beadle, local("2026-11-16T08:00:00"))
    for step in range(-2, 40):
        now = HOUR + timedelta(hours=4 * step)
        office.clock.now = now
        Weekly(beadle).see_to(now)
        post(beadle, office, now)

    assert [(message["To"], message["Subject"]) for message in post_office.messages] == [
        ("ada@millbrook.example", "Public Works, week of Mon 16 Nov 2026: nothing hidden, nothing waiting")
    ]
    assert letter(beadle, "weekly:2026-11-16:bob") is None


def test_two_that_write_the_same_week_write_one_letter(office: Office, beadle: Beadle) -> None:
    """The key is the week and the person."""
    assert [weekly.write(beadle, ADA, MONDAY, HOUR) for _ in range(2)] == [True, False]


def test_it_tells_of_its_own_pages_and_week_alone(office: Office, beadle: Beadle) -> None:
    """Saturday's hide is in it; with a page of another department, or a week later, it is not."""
    office.settled_case(PROFANE)
    beadle = replace(beadle, route=office.route)
    own, other = weekly.gather(beadle, ADA, MONDAY), weekly.gather(beadle, BOB, MONDAY)
    next_week = weekly.gather(beadle, ADA, MONDAY + timedelta(days=7))

    assert (own.kept, own.hidden, [each.clause for each in own.clauses]) == (1, 1, ["3.4.3.A"])
    assert (own.department, own.begin, own.end) == ("Public Works", MONDAY, date(2026, 11, 22))
    assert (other.kept, other.hidden, other.clauses, other.pages, other.trend) == (0, 0, (), (), ())
    assert (next_week.kept, next_week.hidden) == (0, 0)


def test_what_waits_on_other_pages_is_not_told(office: Office, beadle: Beadle) -> None:
    """Nor its words."""
    office.rearrange(auto_hide=None)
    office.settled_case(PROFANE)
    beadle = replace(beadle, route=office.route)

    assert weekly.gather(beadle, ADA, MONDAY).waiting == 1
    assert len(weekly.gather(beadle, ADA, MONDAY).waiting_cases) == 1
    assert (weekly.gather(beadle, BOB, MONDAY).waiting, weekly.gather(beadle, BOB, MONDAY).waiting_cases) == (0, ())


def test_without_a_mail_server_no_week_is_due(beadle: Beadle, post_office: PostOffice) -> None:
    """A city may do without the mail."""
    Weekly(replace(beadle, mailer=None)).see_to(datetime.max.replace(tzinfo=HOUR.tzinfo))

    assert post_office.messages == []
