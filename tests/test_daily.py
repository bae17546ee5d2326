"""The daily digest: due once a local day, written late rather than never, in the post in the same commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from bot import daily, daybook
from bot.app import Beadle
from bot.daily import Daily, due, hour_of
from bot.demo.mail import MailFault, PostOffice
from bot.errors import ConfigError
from bot.ledger import days, letters
from bot.ledger.tables import DigestRow
from bot.people import Role
from tests.office import KIND, PROFANE, Office, open_office, person
from tests.townhall import CITY, GENE, enrol, letter, local, open_post_office, post, put_together, set_city, set_people

TODAY = date(2026, 11, 21)
LORD_HOWE, KATHMANDU, HAVANA = (ZoneInfo(each) for each in ("Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana"))


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[PostOffice]:
    """A real mail server."""
    with open_post_office(tmp_path / "mail") as opened:
        yield opened


@pytest.fixture
def beadle(office: Office, post_office: PostOffice, sqlite_url: str, tmp_path: Path) -> Iterator[Beadle]:
    """The office put together as the daemon has it, with somebody who gets the digest."""
    with put_together(office, sqlite_url, post_office.url, tmp_path) as made:
        yield made


def row(beadle: Beadle, day: str) -> DigestRow | None:
    """The record of a day."""
    with Session(beadle.route.reading) as session:
        return days.digest(session, day)


def marks(post_office: PostOffice) -> list[str]:
    """The days of the mails that arrived, from their Message-IDs."""
    return [str(message["Message-ID"]).split(".")[1] for message in post_office.messages]


def live(beadle: Beadle, office: Office, *moments: datetime) -> None:
    """A daemon at these moments: the digest, then the mail room."""
    duty = Daily(beadle)
    for now in moments:
        office.clock.now = now
        duty.see_to(now)
        post(beadle, office, now)


# ── when ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-21T07:29:59", "2026-11-19"),
        ("2026-11-21T07:30:00", "2026-11-20"),
        ("2026-11-21T23:59:59", "2026-11-20"),
        ("2026-03-08T07:29:59", "2026-03-06"),
        ("2026-03-08T07:30:00", "2026-03-07"),
        ("2026-11-01T07:29:59", "2026-10-30"),
        ("2026-11-01T07:30:00", "2026-10-31"),
    ],
)
def test_yesterday_is_due_from_the_citys_local_hour(now: str, day: str) -> None:
    """Half past seven on the clock of the town hall, also on the two Sundays on which that clock jumps."""
    assert due(CITY, local(now)) == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("zone", "hour", "day", "utc"),
    [
        (
            "America/New_York",
            time(2, 30),
            "2026-03-08",
            "2026-03-08T07:30",
        ),  # leapt over: 03:30, two and a half hours on
        ("America/New_York", time(1, 30), "2026-11-01", "2026-11-01T05:30"),  # comes twice: the first
        ("Australia/Lord_Howe", time(1, 45), "2026-04-05", "2026-04-04T14:45"),  # half an hour comes twice
        ("Australia/Lord_Howe", time(2, 15), "2026-10-04", "2026-10-03T15:45"),  # half an hour is leapt over
        ("America/Havana", time(0, 0), "2026-03-08", "2026-03-08T05:00"),  # midnight is leapt over
        ("Asia/Kathmandu", time(6, 0), "2026-11-21", "2026-11-21T00:15"),  # no change ever, and a quarter of an hour
        ("Pacific/Kiritimati", time(7, 0), "2026-11-21", "2026-11-20T17:00"),
    ],
)
def test_every_local_day_has_one_instant_of_its_hour(zone: str, hour: time, day: str, utc: str) -> None:
    """Also where the clock shows the hour twice, or never."""
    city = replace(CITY, timezone=ZoneInfo(zone), digest_hour=hour)
    found = hour_of(city, date.fromisoformat(day))

    assert f"{found:%Y-%m-%dT%H:%M}" == utc
    assert due(city, found) == date.fromisoformat(day) - timedelta(days=1)
    assert due(city, found - timedelta(seconds=1)) == date.fromisoformat(day) - timedelta(days=2)


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "America/Havana", "Asia/Kathmandu"])
@pytest.mark.parametrize("hour", [time(0, 0), time(1, 30), time(2, 15), time(23, 59)])
def test_over_a_whole_year_no_day_is_told_twice_and_none_never(zone: str, hour: time) -> None:
    """What is due goes on by one day at a time, whatever the clocks do; asked every quarter of an hour."""
    city = replace(CITY, timezone=ZoneInfo(zone), digest_hour=hour)
    now = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC"))
    seen = [due(city, now + timedelta(minutes=15 * step)) for step in range(366 * 96)]
    steps = [after - before for before, after in pairwise(seen)]

    assert set(steps) == {timedelta(0), timedelta(days=1)}
    assert sum(step == timedelta(days=1) for step in steps) in {365, 366}


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-11-21", 24)])
def test_a_day_is_as_long_as_the_clock_of_the_city_makes_it(day: str, hours: int) -> None:
    """23, 24 or 25 hours in New York, and a half less or more on Lord Howe."""
    since, until = daybook.stretch(date.fromisoformat(day), CITY.timezone)

    assert until - since == timedelta(hours=hours)
    lord_howe = [daybook.stretch(date(2026, *each), LORD_HOWE) for each in ((4, 5), (10, 4))]
    assert [(end - begin) / timedelta(hours=1) for begin, end in lord_howe] == [24.5, 23.5]


@pytest.mark.parametrize("hour", [time(1, 30), time(2, 30)])
@pytest.mark.parametrize("sunday", ["2026-03-08", "2026-11-01"])
def test_an_hour_that_comes_twice_or_never_still_sends_once(
    office: Office, beadle: Beadle, post_office: PostOffice, hour: time, sunday: str
) -> None:
    """The day is the key, not the tick: all of that Sunday is tried, one mail is sent, by a daemon that restarts."""
    set_city(beadle, digest_hour=hour)
    midnight = local(f"{sunday}T00:00:00")
    enrol(beadle, midnight - timedelta(days=1))
    for minute in range(0, 23 * 60, 30):
        live(beadle, office, midnight + timedelta(minutes=minute))

    assert marks(post_office) == [f"{(midnight - timedelta(days=1)):%Y-%m-%d}"]


def test_it_is_sent_once_a_day_also_over_a_restart(office: Office, beadle: Beadle, post_office: PostOffice) -> None:
    """What is written is in the ledger, where the next process finds it."""
    enrol(beadle, local("2026-11-20T12:00:00"))
    live(
        beadle,
        office,
        *map(local, ("2026-11-20T14:29:00", "2026-11-21T07:30:00", "2026-11-21T07:30:01", "2026-11-21T19:00:00")),
    )
    live(beadle, office, local("2026-11-21T20:00:00"), local("2026-11-22T09:00:00"))

    assert marks(post_office) == ["2026-11-20", "2026-11-21"]


def test_a_new_city_gets_no_digest_of_a_day_before_beadle_came(
    office: Office, beadle: Beadle, post_office: PostOffice
) -> None:
    """The first mail is about the first day on duty."""
    enrol(beadle, local("2026-11-21T12:00:00"))
    live(beadle, office, local("2026-11-21T12:00:01"))
    first = len(post_office.messages)
    live(beadle, office, local("2026-11-22T07:30:00"))

    assert (first, marks(post_office)) == (0, ["2026-11-21"])


def test_without_a_mail_server_nothing_is_due(beadle: Beadle, post_office: PostOffice) -> None:
    """A city may do without the mail; asking for one by hand says what is missing."""
    silent = replace(beadle, mailer=None)
    Daily(silent).see_to(local("2026-11-23T08:00:00"))

    assert post_office.messages == []
    with pytest.raises(ConfigError, match="BEADLE_SMTP_URL"):
        daily.by_hand(silent, TODAY, local("2026-11-23T08:00:00"))


# ── missed days ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_an_outage_one_mail_tells_of_every_missed_day(
    office: Office, beadle: Beadle, post_office: PostOffice
) -> None:
    """Three nights without power: one mail, a line for each day, and the record of each day whole."""
    enrol(beadle, local("2026-11-17T08:00:00"))
    live(beadle, office, local("2026-11-18T07:30:00"))
    office.clock.now = local("2026-11-19T10:00:00")
    office.platform.say(KIND, posted_at=office.clock.now)
    office.poll()
    live(beadle, office, local("2026-11-22T09:00:00"), local("2026-11-22T10:00:00"))

    told = row(beadle, "2026-11-21")
    assert told is not None
    assert marks(post_office) == ["2026-11-17", "2026-11-21"]
    assert "DAYS WITHOUT A DIGEST OF THEIR OWN" in told.text
    assert "Thu 19 Nov 2026: 1, 0, 0" in told.text
    assert "LATE. This was written after its hour, on Sun 22 Nov 2026, 09:00" in told.text
    for day in ("2026-11-18", "2026-11-19", "2026-11-20"):
        kept = row(beadle, day)
        assert kept is not None
        assert (kept.message_id, kept.recipients) == (told.message_id, [])
        assert "LATE." in kept.text


def test_a_digest_in_its_time_is_not_called_late(office: Office, beadle: Beadle) -> None:
    """Nor does it tell of days that had theirs."""
    enrol(beadle, local("2026-11-20T08:00:00"))
    live(beadle, office, local("2026-11-21T07:45:00"), local("2026-11-22T07:31:00"))

    for day in ("2026-11-20", "2026-11-21"):
        kept = row(beadle, day)
        assert kept is not None
        assert "LATE" not in kept.text
        assert "WITHOUT A DIGEST" not in kept.text


def test_a_city_that_names_its_mail_server_late_is_told_of_two_weeks_at_most(office: Office, beadle: Beadle) -> None:
    """Before that there was no mail, rather than an outage of it."""
    enrol(beadle, local("2025-11-20T08:00:00"))
    live(beadle, office, local("2026-11-22T07:30:00"))

    with Session(beadle.route.reading) as session:
        kept = [day for day, _, _ in days.published(session)]
    assert (kept[0], len(kept)) == ("2026-11-07", 15)


# ── one commit ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_record_and_the_letter_are_one_commit(
    office: Office, beadle: Beadle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails after the record is written takes the record back with it; the next try writes both."""
    put = letters.put

    def power_cut(*_: object) -> bool:
        raise OSError("power cut")

    monkeypatch.setattr(letters, "put", power_cut)
    with pytest.raises(OSError, match="power cut"):
        daily.write(beadle, TODAY, local("2026-11-22T07:30:00"))
    nothing = (row(beadle, "2026-11-21"), letter(beadle, "digest:2026-11-21"))
    monkeypatch.setattr(letters, "put", put)

    assert nothing == (None, None)
    assert daily.write(beadle, TODAY, local("2026-11-22T07:30:00")) is True
    assert daily.write(beadle, TODAY, local("2026-11-22T07:31:00")) is False
    assert letter(beadle, "digest:2026-11-21") is not None


def test_what_was_mailed_is_kept_as_it_was(office: Office, beadle: Beadle, post_office: PostOffice) -> None:
    """Subject, both forms, readers, chain head: a record like any other; the mail itself in the letter."""
    office.settled_case(PROFANE)
    live(beadle, office, local("2026-11-22T07:30:00"))
    kept, sent = row(beadle, "2026-11-21"), letter(beadle, "digest:2026-11-21")

    assert kept is not None
    assert sent is not None
    assert kept.recipients == ["gene@millbrook.example"] == sent.taken
    assert kept.message_id == post_office.messages[-1]["Message-ID"]
    assert kept.chain_head == beadle.archive.head().sha256
    assert kept.subject == post_office.messages[-1]["Subject"]
    assert kept.html.lower().startswith("<!doctype")
    assert post_office.paths[-1].read_bytes().replace(b"\r\n", b"\n") == sent.mime.replace(b"\r\n", b"\n")
    assert b"Content-ID: <trend.2026-11-21" in sent.mime


def test_nobody_to_mail_it_to_is_a_record_that_says_so(office: Office, beadle: Beadle, post_office: PostOffice) -> None:
    """No day is missing from the records; that it went to nobody is the first thing in it."""
    set_people(beadle, person())
    live(beadle, office, local("2026-11-22T07:30:00"))
    kept = row(beadle, "2026-11-21")

    assert kept is not None
    assert daybook.NOBODY in kept.text
    assert (kept.recipients, post_office.messages) == ([], [])
    with pytest.raises(ConfigError, match="chief_of_staff"):
        daily.by_hand(beadle, TODAY, local("2026-11-22T07:30:00"))


# ── the checkpoint ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_checkpoint_is_mailed_and_kept(office: Office, beadle: Beadle, post_office: PostOffice) -> None:
    """In the words, and as a file that beadle verify takes."""
    office.settled_case()
    note = beadle.notary.checkpoint(office.clock())
    assert note is not None
    live(beadle, office, local("2026-11-22T07:30:00"))

    (file,) = post_office.messages[-1].iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("checkpoint.note", note.data)
    kept = row(beadle, "2026-11-21")
    assert kept is not None
    assert note.data.decode() in kept.text
    assert "No time stamp authority is named" in kept.text


@pytest.mark.parametrize("fault", [None, MailFault.REFUSE, MailFault.LATER])
def test_who_keeps_the_records_and_gets_no_digest_gets_the_checkpoint(
    office: Office, beadle: Beadle, post_office: PostOffice, fault: MailFault | None
) -> None:
    """The clerk by a mail of their own; a custodian who reads the digest has it there. Neither waits for the other."""
    office.settled_case()
    beadle.notary.checkpoint(office.clock())
    clerk, custodian = person("clerk", Role.CITY_CLERK), person("vera", Role.RECORDS_CUSTODIAN)
    set_people(beadle, GENE, clerk, replace(custodian, digest=True))
    if fault is not None:
        post_office.next(fault)
    live(beadle, office, local("2026-11-22T07:30:00"))
    at_first = [message["To"] for message in post_office.messages]
    live(beadle, office, local("2026-11-22T08:30:00"))

    both = {"clerk@millbrook.example", "gene@millbrook.example, vera@millbrook.example"}
    assert len(at_first) == (2 if fault is None else 1)
    assert {message["To"] for message in post_office.messages} == both
    assert len(post_office.messages) == 2
