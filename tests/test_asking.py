"""What takes two people besides a removal: asked for, approved by another in the right office, done once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.asking import APPROVED, Requests, number_of
from bot.errors import NotAllowed
from bot.ledger import asks
from bot.ledger.tables import Ask, AskStatus
from bot.people import Role
from bot.voice import Voice
from tests.deciding import decide, open_plain_office
from tests.office import COARSE, SLUG, Office, person, voice

SUPERVISOR, CHIEF = person("sue", Role.SUPERVISOR), person("gene", Role.CHIEF_OF_STAFF)


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_plain_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def on_each(database_url: str, tmp_path: Path) -> Iterator[Office]:
    """The same on each kind of database."""
    with open_plain_office(database_url, tmp_path) as opened:
        yield opened


class Blocks:
    """What blocks accounts, in these tests: it notes what it was asked, in the same transaction."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.refuses = False

    def __call__(self, session: Session, ask: Ask) -> str:
        assert ask.status == AskStatus.APPROVED
        if self.refuses:
            raise NotAllowed("the account is gone; nothing was blocked.")
        self.done.append(ask.subject)
        return f"{ask.subject} is blocked."


@pytest.fixture
def blocks() -> Blocks:
    """What blocks accounts."""
    return Blocks()


def requests(office: Office, blocks: Blocks) -> Requests:
    """The requests of an office that can block."""
    return Requests(office.review, {"block": blocks})


def ask(office: Office, by: Voice | None = None, kind: str = "block", page: str | None = SLUG, what: str = "a1") -> int:
    """Somebody asks for a block."""
    with Session(office.route.writing) as session, session.begin():
        row = asks.put(
            session, kind, what, page, {"days": 90}, by or voice(SUPERVISOR), "again and again", office.clock()
        )
        return row.id or 0


def stands(office: Office, number: int) -> Ask:
    """A request as it stands."""
    with Session(office.route.reading) as session:
        return session.get_one(Ask, number)


def test_another_person_approves_and_it_is_done_in_the_same_transaction(on_each: Office, blocks: Blocks) -> None:
    """Who asked, who approved, from where and why: all of it stands in the request."""
    number = ask(on_each)
    said = Voice(CHIEF, "slack:U0GENE", "slack", "d" * 64)
    answer = requests(on_each, blocks).approve(number, said, "it is the fourth time")
    row = stands(on_each, number)

    assert (answer, blocks.done) == ("a1 is blocked.", ["a1"])
    assert (row.status, row.person, row.second, row.second_account) == ("approved", "sue", "gene", "slack:U0GENE")
    assert (row.second_roles, row.second_door, row.second_saw) == ("chief_of_staff", "slack", "d" * 64)
    assert (row.second_reason, row.answer, row.second_at) == ("it is the fourth time", answer, on_each.clock())


@pytest.mark.parametrize(
    ("second", "refusal"),
    [
        (voice(SUPERVISOR), "sue asked for it; another person must approve it"),
        (voice(CHIEF, "sue"), "a second approval never comes from the account that asked"),
        (voice(person("noor")), "only chief_of_staff, coordinator, supervisor may approve this as the second person"),
        (voice(person("cleo", Role.COUNSEL)), "cleo is none of them"),
        (voice(person("finn", Role.CITY_CLERK)), "finn is none of them"),
        (voice(person("vera", Role.RECORDS_CUSTODIAN)), "vera is none of them"),
        (voice(replace(CHIEF, trained=())), "gene has no training"),
        (voice(replace(CHIEF, pages=frozenset({"library"}))), 'does not look after the page "main"'),
    ],
)
def test_who_is_no_second_person_is_told_why_and_nothing_happens(
    office: Office, blocks: Blocks, second: Voice, refusal: str
) -> None:
    """The same person, the same account, another office, unlearned, another page."""
    number = ask(office)

    with pytest.raises(NotAllowed, match=refusal):
        requests(office, blocks).approve(number, second, "why")
    assert (stands(office, number).status, blocks.done) == ("open", [])


def test_what_concerns_every_page_takes_somebody_of_every_page(office: Office, blocks: Blocks) -> None:
    """A rule may be promoted everywhere; whoever has one page may not say so for the others."""
    number = ask(office, page=None)

    with pytest.raises(NotAllowed, match='does not look after the page "main"'):
        requests(office, blocks).approve(number, voice(replace(CHIEF, pages=frozenset({"library"}))), "why")
    assert requests(office, blocks).approve(number, voice(CHIEF), "why") == "a1 is blocked."


def test_what_cannot_be_done_leaves_the_request_open(on_each: Office, blocks: Blocks) -> None:
    """The approval is undone with the rest of the transaction."""
    number, blocks.refuses = ask(on_each), True

    with pytest.raises(NotAllowed, match="the account is gone"):
        requests(on_each, blocks).approve(number, voice(CHIEF), "why")
    assert (stands(on_each, number).status, stands(on_each, number).second) == ("open", None)


def test_a_kind_that_nobody_does_and_a_page_that_left_are_refused(office: Office, blocks: Blocks) -> None:
    """An approval is never recorded for nothing."""
    number, away = ask(office, kind="promote"), ask(office, page="library")

    with pytest.raises(NotAllowed, match="R-1 is for a promote, which this version of Beadle can't do"):
        requests(office, blocks).approve(number, voice(CHIEF), "why")
    with pytest.raises(NotAllowed, match=r'page "library" is not in pages\.yaml any more'):
        requests(office, blocks).approve(away, voice(CHIEF), "why")
    with pytest.raises(NotAllowed, match='there is no request "77"; `beadle requests` lists'):
        requests(office, blocks).approve(77, voice(CHIEF), "why")


def test_a_request_is_approved_once_and_the_same_press_is_answered_alike(office: Office, blocks: Blocks) -> None:
    """A double click gets the first answer; anybody else is told that it is done."""
    number, said = ask(office), Voice(CHIEF, "slack:U0GENE", "slack", press="envelope-7")
    first = requests(office, blocks).approve(number, said, "why")

    assert requests(office, blocks).approve(number, said, "why") == first
    with pytest.raises(NotAllowed, match=f"request {number} is approved already"):
        requests(office, blocks).approve(number, voice(person("ada", Role.COORDINATOR)), "why")
    assert blocks.done == ["a1"]


def test_of_two_who_approve_at_once_one_does_it(on_each: Office, blocks: Blocks) -> None:
    """On either database the other is told, and it is done once."""
    number, ready = ask(on_each), threading.Barrier(2)

    def approve(who: Voice) -> str:
        ready.wait(10)
        try:
            return requests(on_each, blocks).approve(number, who, "why")
        except NotAllowed as refused:
            return refused.sentence

    with ThreadPoolExecutor(2) as threads:
        found = sorted(threads.map(approve, [voice(CHIEF), voice(person("ada", Role.COORDINATOR))]))

    assert found[0] == "a1 is blocked."
    assert "approved already" in found[1]
    assert blocks.done == ["a1"]


def test_the_same_thing_asked_again_overtakes_and_the_same_press_does_not(on_each: Office, blocks: Blocks) -> None:
    """One open request for one thing; a repeated press is the request that it made."""
    said = Voice(SUPERVISOR, "slack:U0SUE", "slack", press="envelope-3")
    first = ask(on_each, said)

    assert ask(on_each, said) == first
    second = ask(on_each)
    assert (stands(on_each, first).status, stands(on_each, second).status) == ("closed", "open")
    assert ask(on_each, what="a2") != second
    assert stands(on_each, second).status == "open"


# ── taking back, and the list ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("who", [SUPERVISOR, CHIEF])
def test_who_asked_or_may_be_the_second_takes_a_request_back(office: Office, blocks: Blocks, who: object) -> None:
    """It is recorded who did and why; afterwards nobody can approve it."""
    number = ask(office)
    said = voice(SUPERVISOR if who is SUPERVISOR else CHIEF)
    answer = requests(office, blocks).withdraw(number, said, "on reflection")
    row = stands(office, number)

    assert answer == f"Request R-{number} is taken back; nothing was done."
    assert (row.status, row.second, row.second_reason) == ("closed", said.person.id, "on reflection")
    with pytest.raises(NotAllowed, match="is closed already"):
        requests(office, blocks).approve(number, voice(person("ada", Role.COORDINATOR)), "why")


def test_nobody_else_takes_a_request_back(office: Office, blocks: Blocks) -> None:
    """An SMA neither asks for a block nor is the second for one."""
    number = ask(office)

    with pytest.raises(NotAllowed, match=f"only sue, who asked for it, or whoever may be its second .* R-{number}"):
        requests(office, blocks).withdraw(number, voice(), "why")
    assert stands(office, number).status == "open"


def test_all_that_waits_for_a_second_person_is_in_one_list_oldest_first(on_each: Office, blocks: Blocks) -> None:
    """Removals stand beside requests; what is approved, overtaken or taken back is gone from it."""
    kept, done, waits = (on_each.settled_case(f"{COARSE} number {each}") for each in range(3))
    for case_id in (kept, done, waits):
        decide(on_each, case_id, "remove")
        on_each.clock.pass_(60)
    decide(on_each, kept, "keep", "gene")
    decide(on_each, done, "approve", "gene")
    number = ask(on_each)
    found = requests(on_each, blocks).waiting()

    assert [(each.name, each.what, each.person) for each in found] == [
        (waits, "remove", "noor"),
        (f"R-{number}", "block", "sue"),
    ]
    assert (found[1].subject, found[1].page, found[1].reason) == ("a1", SLUG, "again and again")
    requests(on_each, blocks).approve(number, voice(CHIEF), "why")
    assert [each.name for each in requests(on_each, blocks).waiting()] == [waits]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("R-12", 12),
        ("r12", 12),
        (" R-7 ", 7),
        ("re-7abc", None),
        ("fa-12", None),
        ("12", None),
        ("R-", None),
        ("R-1²", None),
    ],
)
def test_a_request_is_told_from_a_case_by_how_it_is_written(written: str, number: int | None) -> None:
    """`beadle approve` takes both."""
    assert number_of(written) == number


def test_an_empty_answer_is_still_an_answer(office: Office) -> None:
    """Whoever presses reads something."""
    number = ask(office)

    assert Requests(office.review, {"block": lambda *_: ""}).approve(number, voice(CHIEF), "why") == APPROVED
