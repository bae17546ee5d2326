"""Taking appeals in (FA-16, FA-17): numbers without a gap, the case they are about, deadlines, holds, receipts."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import residents
from bot.people import Role
from bot.residents.appeals import sentence_of
from bot.residents.received import Enclosed, Received
from bot.residents.wording import deadline
from tests.office import NOW, open_office, person, voice
from tests.residents.conftest import RESIDENT, House, clerk, counsel, furnished

NEW_YORK = ZoneInfo("America/New_York")


def received(words: str, source: str = "mail:<1@x>", **more: object) -> Received:
    """Something that came in just now."""
    found = Received(source, "mail", NOW, RESIDENT, "", words)
    return replace(found, **more)  # type: ignore[arg-type]


def test_numbers_have_no_gap_with_two_writers_and_the_same_mail_is_one(database_url: str, tmp_path: Path) -> None:
    """Twelve mails, each twice, by six hands at once: A-2026-0001 to A-2026-0012. What is refused takes no number."""
    with open_office(database_url, tmp_path) as office:
        house = furnished(office, tmp_path)
        mails = [received(f"Unfair {n % 12}.", f"mail:<{n % 12}@x>") for n in range(24)]
        with ThreadPoolExecutor(6) as hands:
            taken = list(hands.map(house.counter.appeals.take_in, mails))
        with pytest.raises(NotAllowed):
            house.counter.appeals.take_in(received("No.", "clerk:1", case_id="fa-aaaaaaaaaaaa"), voice(clerk()))

        assert sorted({each.number for each in taken}) == [f"A-2026-{n:04d}" for n in range(1, 13)]
        assert sum(each.new for each in taken) == 12
        last = house.counter.appeals.take_in(received("One more.", "mail:<last@x>"))
        assert last.number == "A-2026-0013"


def test_the_case_is_found_by_its_id_or_by_the_address_of_the_comment(house: House) -> None:
    """Written in capitals, with a full stop behind it; where two are named, or none, a clerk says which."""
    one, two = house.hidden_case(), house.hidden_case("You fucking idiots never plow Elm Street.")
    link = house.office.file(two).comment.permalink
    take = house.counter.appeals.take_in

    assert take(received(f"Case {one.upper()}.", "mail:<a@x>")).case_id == one
    assert take(received(f"About <{link}>, please.", "mail:<b@x>")).case_id == two
    assert take(received(f"{one} and {two}", "mail:<c@x>")).case_id is None
    assert take(received("My comment!", "mail:<d@x>")).case_id is None


def test_a_case_in_which_nothing_was_done_is_not_appealed(house: House) -> None:
    """A mail that names it waits for a clerk; a clerk who enters it is told."""
    case_id = house.office.preserved_case()

    assert house.counter.appeals.take_in(received(f"Case {case_id}")).case_id is None
    with pytest.raises(NotAllowed, match="nothing was hidden or removed"):
        house.counter.appeals.take_in(received("Unfair.", "clerk:2", case_id=case_id), voice(clerk()))


def test_a_clerk_matches_what_named_no_case_and_only_once(house: House) -> None:
    """From then on the record is held, and what happened before belongs to the case."""
    case_id = house.hidden_case()
    number = house.counter.appeals.take_in(received("My comment!")).number
    with pytest.raises(NotAllowed, match="enter an appeal"):
        house.counter.appeals.match(number, case_id, voice(replace(clerk(), roles=frozenset())))
    house.counter.appeals.match(number, case_id, voice(clerk()))
    with pytest.raises(NotAllowed, match="already"):
        house.counter.appeals.match(number, case_id, voice(clerk()))
    house.work()

    with Session(house.office.route.reading) as session:
        assert residents.held(session, case_id) == (number,)
    assert [each["appeal"] for each in house.supplements(case_id, "appeal")] == ["filed", "matched"]


def test_a_late_appeal_is_logged_as_late_and_heard_all_the_same(house: House) -> None:
    """One second after the last moment it is late; a notice gives the days from when it was sent."""
    one, two = house.hidden_case(), house.hidden_case("You fucking idiots never plow Elm Street.")
    house.office.clock.pass_(5 * 86_400)
    house.counter.notices.send(two, voice())
    house.work()
    last = deadline(NOW, 10, NEW_YORK)
    house.office.clock.now = last + timedelta(days=3)
    take, after = house.counter.appeals.take_in, last + timedelta(seconds=1)

    assert not take(received(one, "mail:<a@x>", received_at=last)).late
    assert take(received(one, "mail:<b@x>", received_at=after)).late
    assert not take(received(two, "mail:<c@x>", received_at=after)).late
    assert [each.status for each in house.counter.appeals.waiting()] == ["open"] * 3


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-20T12:00-05:00", 10, "2026-11-30T23:59:59-05:00"),
        ("2026-11-19T12:00-05:00", 10, "2026-11-30T23:59:59-05:00"),
        ("2026-11-18T12:00-05:00", 10, "2026-11-30T23:59:59-05:00"),
        ("2026-10-28T23:30-04:00", 5, "2026-11-02T23:59:59-05:00"),
        ("2026-03-05T03:30+00:00", 4, "2026-03-09T23:59:59-04:00"),
    ],
)
def test_a_deadline_is_the_end_of_the_citys_own_day_and_never_on_a_weekend(start: str, days: int, end: str) -> None:
    """Saturday and Sunday move to Monday, and the clock's changes move nothing."""
    assert deadline(datetime.fromisoformat(start).astimezone(UTC), days, NEW_YORK) == datetime.fromisoformat(end)


def test_who_appeals_by_mail_is_told_that_it_came_in_and_no_more(house: House) -> None:
    """The number, the day of the answer, and the case; under the resident's own thread, marked as automatic."""
    case_id = house.hidden_case()
    house.counter.appeals.take_in(received(f"Case {case_id}", reply_to="<one@home.example>"))
    (letter,) = house.letters()
    made = message_from_bytes(letter.mime, policy=policy.default)

    assert (letter.recipients, made["To"]) == ([RESIDENT], RESIDENT)
    assert (made["Auto-Submitted"], made["In-Reply-To"]) == ("auto-replied", "<one@home.example>")
    for part in ("A-2026-0001", case_id, "1 December 2026", "nothing has been decided"):
        assert part in made.get_content()
    assert "upheld" not in made.get_content()


def test_one_address_is_not_flooded_with_receipts(house: House) -> None:
    """Someone who sends a hundred mails in another's name makes us send that other one three."""
    for number in range(6):
        house.counter.appeals.take_in(received(f"Unfair {number}.", f"mail:<{number}@x>"))
    house.office.clock.pass_(90_000)
    house.counter.appeals.take_in(received("Unfair.", "mail:<next day@x>"))

    assert len(house.letters()) == 4
    assert len(house.counter.appeals.waiting()) == 7


def test_without_a_mail_server_nothing_is_promised(house: House) -> None:
    """No letter is written that nobody would send."""
    house.sender = None
    taken = house.counter.appeals.take_in(received("Unfair."))

    assert not taken.acknowledged
    assert house.letters() == []


def test_files_are_kept_for_their_owner_alone_under_their_digest(house: House) -> None:
    """The same file twice is one; the sender's name for it is shown and never used."""
    enclosed = Enclosed("../../.ssh/authorized_keys", 5, "a" * 64, "", b"bytes")
    for source in ("mail:<a@x>", "mail:<b@x>"):
        house.counter.appeals.take_in(received("See the picture.", source, enclosed=(enclosed,)))
    (kept,) = house.folder.iterdir()

    assert kept.name == f"{'a' * 64}.bin"
    assert kept.read_bytes() == b"bytes"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(house.folder.stat().st_mode) == 0o700


def test_what_is_no_appeal_is_set_aside_by_a_person_with_a_reason(house: House) -> None:
    """Its hold ends, nobody is written to, and it can't be answered any more."""
    case_id = house.hidden_case()
    number = house.counter.appeals.take_in(received(f"Buy pills, {case_id}")).number
    before = len(house.letters())
    with pytest.raises(NotAllowed, match="say why"):
        house.counter.appeals.set_aside(number, voice(counsel()), " ")
    with pytest.raises(NotAllowed, match="decide an appeal"):
        house.counter.appeals.set_aside(number, voice(clerk()), "An advertisement.")
    house.counter.appeals.set_aside(number, voice(counsel()), "An advertisement.")

    with Session(house.office.route.reading) as session:
        assert residents.held(session, case_id) == ()
    assert len(house.letters()) == before
    with pytest.raises(NotAllowed, match="set aside already"):
        house.counter.deciding.decide(number, uphold=False, voice=voice(counsel()), reason="No.")


def test_an_overdue_appeal_says_so_without_a_word_of_the_resident(house: House) -> None:
    """One line each for the digest, the first that is due at the top."""
    case_id = house.hidden_case()
    house.counter.appeals.take_in(received(f"{case_id} says Zbigniew"))
    clock = house.office.clock
    fresh = [sentence_of(each, clock()) for each in house.counter.appeals.waiting()]
    clock.pass_(20 * 86_400)
    (waiting,) = house.counter.appeals.waiting()
    overdue = sentence_of(waiting, clock())

    assert fresh == [f"A-2026-0001 (case {case_id}): to be answered within 10 days."]
    assert (waiting.overdue, overdue) == (True, f"A-2026-0001 (case {case_id}): overdue by 9 days.")
    assert "Zbigniew" not in overdue + repr(waiting)


@pytest.mark.parametrize("role", list(Role))
def test_taking_in_is_for_those_who_deal_with_residents(house: House, role: Role) -> None:
    """Every office of the city may; paperwork on training never keeps a resident waiting."""
    untrained = replace(person("max", role), trained=(), acknowledged=())

    assert house.counter.appeals.take_in(received("On paper.", "clerk:9"), voice(untrained)).new
