"""The daily digest: due once a local day, sent late rather than never, and kept as a record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session
from structlog.testing import capture_logs

from bot import daily
from bot.app import Beadle, Configuration
from bot.authority import Verb
from bot.daily import Daily, due, gather
from bot.demo.mail import MailFault, PostOffice
from bot.errors import ConfigError, PolicyError
from bot.evidence.chain.notary import Notary
from bot.evidence.storage.keeping import keeping
from bot.ledger import cases, days, watch
from bot.ledger.tables import CaseStatus, PageRow
from bot.notify.email import Mailer
from bot.pages import City, Pages
from bot.people import People, Role
from bot.preflight import Fitness
from bot.restricting import Restricting
from bot.settings import Settings
from bot.trust import Trust
from bot.worker import Outbox
from connectors.contract import Attachment, Author, Unavailable
from tests.office import COARSE, KIND, PROFANE, SLUG, Office, open_office, person, shelf, voice

NEW_YORK = ZoneInfo("America/New_York")
CITY = City("Millbrook, Connecticut", NEW_YORK, time(7, 30), "https://millbrook.example/policy")
TODAY = date(2026, 11, 21)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def post_office(tmp_path: Path) -> Iterator[PostOffice]:
    """A real mail server."""
    opened = PostOffice(tmp_path / "mail")
    opened.start()
    yield opened
    opened.stop()


@pytest.fixture
def beadle(office: Office, post_office: PostOffice, sqlite_url: str, tmp_path: Path) -> Iterator[Beadle]:
    """The office put together as the daemon has it, with somebody who gets the digest."""
    people = People((replace(person("gene", Role.CHIEF_OF_STAFF), digest=True),))
    pages = Pages(CITY, (office.page,), (), frozenset({SLUG}))
    outbox, archive = Outbox(sqlite_url), office.route.archive
    yield Beadle(
        configuration=Configuration(Settings(), pages, people, shelf(), ()),
        database_url=sqlite_url,
        route=office.route,
        review=office.review,
        carrying_out=office.carrying_out,
        lapse=office.lapse,
        trust=Trust(shelf().packs, office.route.reading, office.clock),
        fitness=Fitness(office.route.desks, None, office.clock),
        outbox=outbox,
        tell=lambda *_: None,
        slack=None,
        mailer=Mailer(post_office.url, "beadle@millbrook.example"),
        capturer=office.camera,
        archive=office.route.archive,
        notary=Notary(archive.root, archive.log, str(tmp_path / "keys" / "evidence.pem"), clock=office.clock),
        keeping=keeping(office.route.archive, Settings(), NEW_YORK, office.clock),
    )
    outbox.close()


def local(text: str) -> datetime:
    """A local time of the city, as the clock gives it."""
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(ZoneInfo("UTC"))


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


@pytest.mark.parametrize("hour", [time(1, 30), time(2, 30)])
@pytest.mark.parametrize("sunday", ["2026-03-08", "2026-11-01"])
def test_an_hour_that_comes_twice_or_never_still_sends_once(
    beadle: Beadle, post_office: PostOffice, hour: time, sunday: str
) -> None:
    """The day is the key, not the tick: all of that Sunday is tried, one mail is sent."""
    _set_city(beadle, replace(CITY, digest_hour=hour))
    _enrolled(beadle, local("2026-01-01T12:00:00"))
    duty = Daily(beadle)
    duty.see_to(local(f"{sunday}T00:00:00") - timedelta(minutes=1))
    before = len(post_office.messages)
    for minute in range(0, 23 * 60, 10):
        duty.see_to(local(f"{sunday}T00:00:00") + timedelta(minutes=minute))

    assert (before, len(post_office.messages)) == (1, 2)


def test_it_is_sent_once_a_day_also_over_a_restart(beadle: Beadle, post_office: PostOffice) -> None:
    """What is sent is in the ledger, where the next process finds it."""
    _enrolled(beadle, local("2026-11-19T12:00:00"))
    duty = Daily(beadle)
    for now in ("2026-11-20T07:29:00", "2026-11-21T07:30:00", "2026-11-21T07:30:01", "2026-11-21T19:00:00"):
        duty.see_to(local(now))
    Daily(beadle).see_to(local("2026-11-21T20:00:00"))
    duty.see_to(local("2026-11-22T09:00:00"))

    marks = [message["Message-ID"].split(".")[1] for message in post_office.messages]
    assert marks == ["2026-11-20", "2026-11-21"]


def test_a_new_city_gets_no_digest_of_a_day_before_beadle_came(beadle: Beadle, post_office: PostOffice) -> None:
    """The first mail is about the first day on duty."""
    _enrolled(beadle, local("2026-11-21T12:00:00"))
    duty = Daily(beadle)
    duty.see_to(local("2026-11-21T12:00:01"))
    first = len(post_office.messages)
    duty.see_to(local("2026-11-22T07:30:00"))

    assert (first, len(post_office.messages)) == (0, 1)


def test_without_a_mail_server_nothing_is_due(beadle: Beadle, post_office: PostOffice) -> None:
    """A city may do without the mail; asking for one by hand says what is missing."""
    silent = replace(beadle, mailer=None)
    Daily(silent).see_to(local("2026-11-23T08:00:00"))

    assert post_office.messages == []
    with pytest.raises(ConfigError, match="BEADLE_SMTP_URL"):
        daily.send(silent, TODAY, local("2026-11-23T08:00:00"))


@pytest.mark.parametrize("fault", [MailFault.LATER, MailFault.REFUSE])
def test_a_mail_that_is_not_taken_is_tried_again_after_five_minutes(
    beadle: Beadle, post_office: PostOffice, fault: MailFault
) -> None:
    """Nothing is kept as sent that was not; the try after that is the one that counts."""
    _enrolled(beadle, local("2026-11-19T12:00:00"))
    post_office.next(fault)
    duty, now = Daily(beadle), local("2026-11-21T07:30:00")
    with capture_logs() as said:
        duty.see_to(now)
    duty.see_to(now + timedelta(minutes=4))
    early = len(post_office.messages)
    duty.see_to(now + timedelta(minutes=5))

    assert [line["event"] for line in said] == ["the digest could not be sent"]
    assert (early, len(post_office.messages)) == (0, 1)


def test_nobody_to_mail_it_to_is_said_in_a_sentence(beadle: Beadle) -> None:
    """A digest for nobody is a mistake of the configuration, not a quiet day."""
    object.__setattr__(beadle.configuration, "people", People((person(),)))

    with pytest.raises(ConfigError):
        daily.send(beadle, TODAY, local("2026-11-22T08:00:00"))


# ── what ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_quiet_day_says_that_it_was_quiet(beadle: Beadle, post_office: PostOffice) -> None:
    """Silence would look like a broken mail server."""
    _enrolled(beadle, local("2026-11-20T08:00:00"))
    daily.send(beadle, date(2026, 11, 20), local("2026-11-21T07:30:00"))

    assert post_office.messages[0]["Subject"].endswith("nothing hidden, nothing waiting")


def test_the_facts_are_those_of_the_day(office: Office, beadle: Beadle) -> None:
    """What came, what was hidden under which clause, what waits, what people decided, what is proven."""
    office.settled_case(COARSE)
    hidden = office.settled_case()
    office.platform.say(KIND)
    office.poll()
    office.review.decide(hidden, Verb.RESTORE, voice(), "a misunderstanding")
    office.work()
    facts = gather(beadle, TODAY)

    assert (facts.kept, facts.judged, facts.left_up, facts.hidden, facts.waiting) == (3, 3, 1, 1, 1)
    assert [(each.clause, each.waiting) for each in facts.clauses] == [("3.4.3.A", 1)]
    assert [(each.verb, each.role, each.clause) for each in facts.decisions] == [("restore", "sma", "3.4.3.A")]
    assert (facts.evidence_verified, facts.evidence_total) == (2, 2)
    assert facts.chain_head == beadle.archive.head().sha256
    assert [(page.name, page.comments) for page in facts.pages] == [("Town of Millbrook", 3)]


def test_the_words_of_private_data_are_not_mailed(office: Office, beadle: Beadle) -> None:
    """A mailbox is no place for what the policy hides; the case is named instead."""
    office.rearrange(auto_hide=None)
    case_id = office.settled_case("his ssn 219-09-9999")
    facts = gather(_with_route(beadle, office), TODAY)

    assert [(each.case_id, each.excerpt, each.urgent) for each in facts.waiting_cases] == [(case_id, None, True)]
    assert facts.urgent_waiting == 1


def test_a_day_is_as_long_as_it_is(office: Office, beadle: Beadle) -> None:
    """The last hour of a day of 25 belongs to it; the first after one of 23 does not."""
    for moment in ("2026-11-01T23:30:00", "2026-03-08T23:30:00", "2026-03-09T00:30:00"):
        office.clock.now = local(moment)
        office.platform.say(KIND, posted_at=office.clock.now)
        office.poll()

    assert [gather(beadle, day).kept for day in (date(2026, 11, 1), date(2026, 3, 8), date(2026, 3, 9))] == [1, 1, 1]


def test_blind_minutes_count_only_the_part_of_an_outage_that_lies_in_the_day(office: Office, beadle: Beadle) -> None:
    """An outage over midnight is shared between two mails."""
    with Session(office.route.writing) as session, session.begin():
        watch.seen(session, SLUG, local("2026-11-20T23:00:00"))
        watch.failed(session, SLUG, "No answer.", local("2026-11-20T23:10:00"))
        watch.seen(session, SLUG, local("2026-11-21T00:30:00"))
    day_after = gather(beadle, TODAY)

    assert [page.blind_minutes for page in day_after.pages] == [30]


def test_what_is_wrong_now_is_a_problem_with_what_to_do(office: Office, beadle: Beadle) -> None:
    """A refused page, a blind page, a case in quarantine, a package that does not hold."""
    case_id = office.settled_case()
    office.package(case_id).unlink()
    office.platform.fail("poll", Unavailable("No answer."))
    with Session(office.route.writing) as session, session.begin():
        watch.failed(session, SLUG, "The platform does not answer.", office.clock())
        cases.move(session, case_id, CaseStatus.QUARANTINED, "x", office.clock())
    object.__setattr__(beadle.configuration, "refused", (PolicyError("clinton.yaml:7: vague."),))
    facts = gather(beadle, TODAY)

    assert facts.problems == (
        "clinton.yaml:7: vague.",
        "Town of Millbrook can't be read: The platform does not answer.",
        f"Case {case_id} is in quarantine; `beadle show {case_id}` says why.",
    )
    assert (facts.evidence_verified, facts.evidence_total) == (0, 1)
    assert facts.pages[0].polled is False


def test_a_restricted_case_is_a_problem_whose_words_are_not_mailed(office: Office, beadle: Beadle) -> None:
    """Slack may be off: who reads the digest learns what a person must do, and nothing else of it."""
    case_id = office.settled_case(COARSE)
    before = gather(beadle, TODAY)
    Restricting(office.route).restrict(case_id, person(), "noor", "police file 26-118")
    facts = gather(beadle, TODAY)

    assert (before.problems, before.waiting_cases[0].excerpt) == ((), COARSE)
    assert facts.problems == (daily.RESTRICTED.format(case_id=case_id),)
    assert (facts.waiting_cases[0].excerpt, facts.urgent_waiting) == (None, 1)


def test_pictures_that_nothing_reads_are_counted_for_the_day(office: Office, beadle: Beadle) -> None:
    """With words and without."""
    photo = (Attachment("photo", "https://scontent.example.net/a.jpg"),)
    for text in (KIND, ""):
        office.platform.say(text, attachments=photo)
    office.poll()

    assert (gather(beadle, TODAY).with_media, gather(beadle, TODAY).media_alone) == (2, 1)


def test_accounts_with_two_strikes_are_listed_as_displayed(office: Office, beadle: Beadle) -> None:
    """Most first; a void strike counts for nothing."""
    author = Author("a77", "Mallory Reyes")
    first = office.settled_case(author=author)
    office.settled_case("More bullshit from the council, as always.", author=author)
    before = gather(beadle, TODAY).offenders
    office.review.decide(first, Verb.RESTORE, voice(), "no")
    office.work()

    assert [(each.displayed_as, each.provisional, each.confirmed) for each in before] == [("Mallory Reyes", 2, 0)]
    assert gather(beadle, TODAY).offenders == ()


def test_what_was_mailed_is_kept_as_it_was(office: Office, beadle: Beadle, post_office: PostOffice) -> None:
    """Subject, both forms, readers, chain head: a record like any other."""
    office.settled_case(PROFANE)
    sent_to = daily.send(beadle, TODAY, local("2026-11-22T07:30:00"))
    with Session(office.route.reading) as session:
        row = days.digest(session, TODAY.isoformat())

    assert row is not None
    assert sent_to == ("gene@millbrook.example",) == tuple(row.recipients)
    assert row.message_id == post_office.messages[0]["Message-ID"]
    assert row.chain_head == beadle.archive.head().sha256
    assert row.subject == post_office.messages[0]["Subject"]
    assert row.html.startswith("<!doctype") or row.html.startswith("<!DOCTYPE")


def _set_city(beadle: Beadle, city: City) -> None:
    pages = replace(beadle.configuration.pages, city=city)
    object.__setattr__(beadle.configuration, "pages", pages)


def _with_route(beadle: Beadle, office: Office) -> Beadle:
    return replace(beadle, route=office.route)


def _enrolled(beadle: Beadle, at: datetime) -> None:
    with Session(beadle.route.writing) as session, session.begin():
        session.get_one(PageRow, SLUG).enrolled_at = at


# ── the checkpoint ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_checkpoint_is_mailed_and_kept(office: Office, beadle: Beadle, post_office: PostOffice) -> None:
    """In the words, and as a file that beadle verify takes."""
    office.settled_case()
    note = beadle.notary.checkpoint(office.clock())
    assert note is not None
    daily.send(beadle, TODAY, local("2026-11-22T07:30:00"))

    (file,) = post_office.messages[0].iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("checkpoint.note", note.data)
    with Session(office.route.reading) as session:
        row = days.digest(session, TODAY.isoformat())
    assert row is not None
    assert note.data.decode() in row.text
    assert "No time stamp authority is named" in row.text


def test_who_keeps_the_records_and_gets_no_digest_gets_the_checkpoint(
    office: Office, beadle: Beadle, post_office: PostOffice
) -> None:
    """The clerk by a mail of their own; a custodian who reads the digest has it there."""
    office.settled_case()
    beadle.notary.checkpoint(office.clock())
    clerk, custodian = person("clerk", Role.CITY_CLERK), person("vera", Role.RECORDS_CUSTODIAN)
    people = (*beadle.configuration.people.people, clerk, replace(custodian, digest=True))
    object.__setattr__(beadle.configuration, "people", People(people))

    daily.send(beadle, TODAY, local("2026-11-22T07:30:00"))

    keepsake, sent = post_office.messages
    assert keepsake["To"] == "clerk@millbrook.example"
    assert "evidence checkpoint to keep" in keepsake["Subject"]
    assert sent["To"] == "gene@millbrook.example, vera@millbrook.example"


@pytest.mark.parametrize(("fault", "digests"), [(MailFault.REFUSE, 1), (MailFault.LATER, 0)])
def test_a_clerk_s_mail_that_is_refused_costs_nobody_the_digest(
    office: Office, beadle: Beadle, post_office: PostOffice, fault: MailFault, digests: int
) -> None:
    """A wrong address is logged and passed over; a server that says later is asked later, for both."""
    office.settled_case()
    beadle.notary.checkpoint(office.clock())
    people = (*beadle.configuration.people.people, person("clerk", Role.CITY_CLERK))
    object.__setattr__(beadle.configuration, "people", People(people))
    _enrolled(beadle, local("2026-11-19T12:00:00"))
    duty, now = Daily(beadle), local("2026-11-21T07:30:00")
    post_office.next(fault)

    duty.see_to(now)
    at_first = len(post_office.messages)
    duty.see_to(now + timedelta(minutes=5))

    assert at_first == digests
    assert len(post_office.messages) == (1 if fault is MailFault.REFUSE else 2)


def test_a_log_that_was_cut_is_a_problem_in_the_digest_and_does_not_stop_it(office: Office, beadle: Beadle) -> None:
    """The mail says it first, and goes out all the same."""
    office.settled_case()
    beadle.notary.checkpoint(office.clock())
    path = office.route.archive.root / "log" / "entries.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])

    facts = gather(beadle, TODAY)

    assert any("lines were cut off" in problem for problem in facts.problems)
    assert facts.chain_head is None
