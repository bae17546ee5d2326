"""`beadle rules`, `promote`, `demote`, `undo` and the reset of a brake, as people type them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.cli.undo import moment
from bot.demo.home import Home
from bot.errors import NotAllowed
from bot.ledger import trust
from bot.ledger.tables import CaseStatus
from bot.ledger.trust import NOBODY, What
from tests.cli.conftest import Beadle
from tests.office import SLUG, Office, voice

RULE = "obscene-words"


@pytest.fixture
def leader(home: Home, office: Office) -> None:
    """Whoever sits here is a supervisor."""
    path = home.config / "people.yaml"
    path.write_text(path.read_text("utf-8").replace("roles: [sma]", "roles: [supervisor]"), "utf-8")


def _trip(office: Office) -> None:
    with Session(office.route.writing) as session, session.begin():
        trust.note(session, SLUG, RULE, What.TRIPPED, "clinton-city 1", "too many", NOBODY, office.clock())


def _line(said: str, rule: str = RULE) -> str:
    return next(line for line in said.splitlines() if line.startswith(f"{rule} "))


def test_the_table_says_for_each_rule_how_people_decided_and_why_it_acts(office: Office, beadle: Beadle) -> None:
    """Two confirmed and one restored: two of three, with the interval as numbers and as a bar."""
    hidden = [office.settled_case(f"What bullshit, {number}.") for number in range(3)]
    for number, case_id in enumerate(hidden):
        office.review.decide(case_id, Verb.APPROVE if number else Verb.RESTORE, voice(), "Looked.")
    office.review.decide(hidden[0], Verb.CONTEST, voice(), "Too blunt.")
    office.work()
    said = beadle("rules", "--page", SLUG)

    assert said.code == 0, said.err
    row, why = _line(said.out), said.out.split(f"{RULE} ")[1].splitlines()[1].strip()
    assert "2 of 3" in row
    assert "66.7% (9.4% to 99.2%)" in row
    assert "·━━━━━━━━━━━━●━━━━━━" in row
    assert row.endswith("contested: 1")
    assert why.startswith("yes: signed by Dana Whitlock, First Selectwoman on 2026-11-02 for: profanity")
    assert "These ask a person, always" in said.out


def test_json_has_a_row_for_every_rule_of_every_page(office: Office, beadle: Beadle) -> None:
    """For counsel, and for other programs."""
    office.settled_case()
    rows = json.loads(beadle("rules", "--json").out)
    (row,) = [each for each in rows if each["rule"] == RULE]

    assert (row["page"], row["decided"], row["interval"], row["may_act_alone"]) == (SLUG, 0, None, True)
    assert len(rows) > 20
    assert all(each["because"] for each in rows)


def test_a_rule_that_tripped_says_since_when_and_how_to_go_on(office: Office, beadle: Beadle, leader: None) -> None:
    """A look, then a reset with a reason; a second reset has nothing to reset."""
    _trip(office)
    said = beadle("rules", "--page", SLUG)
    assert 'no: rule "obscene-words" was stopped by its brake on 2026-11-21 12:00 UTC' in said.out
    assert f"`beadle rules reset {RULE} --page {SLUG} --reason …`" in said.out

    reset = ("rules", "reset", RULE, "--page", SLUG, "--as", "noor", "--reason", "All were right.")
    assert f'Rule "{RULE}" may act by itself on {SLUG} again: noor has reset its brake.' in beadle(*reset).out
    again = beadle(*reset)
    assert (again.code, again.err.startswith("beadle: the brake of rule")) == (1, True)


def test_demote_is_one_persons_word_and_promote_waits_for_a_second(
    office: Office, beadle: Beadle, leader: None
) -> None:
    """Then `beadle requests` lists it, and the same person can't approve it."""
    words = ("--page", SLUG, "--as", "noor", "--reason", "Too blunt.")
    assert f'Rule "{RULE}" asks people on {SLUG} again: noor has demoted it.' in beadle("demote", RULE, *words).out
    asked = beadle("promote", RULE, *words)
    assert "Recorded as request R-1" in asked.out
    assert RULE in beadle("requests").out
    assert "another person must approve it" in beadle("approve", "R-1", "--as", "noor", "--reason", "Me again.").err


def test_undo_shows_first_what_it_would_do_and_then_does_it(office: Office, beadle: Beadle, leader: None) -> None:
    """What a person decided is named and left."""
    mine, theirs = office.settled_case("What bullshit."), office.settled_case("More bullshit, Dana.")
    office.review.decide(theirs, Verb.APPROVE, voice(), "Right.")
    office.work()
    since = ("undo", "--rule", RULE, "--page", SLUG, "--since", "2026-11-20")
    looked = beadle(*since, "--dry-run")
    assert "Comments that would be shown again: 1." in looked.out
    assert f"left as it is: {theirs}, hidden" in looked.out

    done = beadle(*since, "--as", "noor", "--reason", "The list was wrong.")
    assert "Comments that are to be shown again: 1." in done.out
    assert "`beadle run`" in done.out
    assert f"`beadle demote {RULE} --page {SLUG}" in done.out
    office.run("carry_out", str(office.file(mine).settling[-1].id))
    assert office.case(mine).status == CaseStatus.RESTORED


def test_undo_is_not_an_sma_s(office: Office, beadle: Beadle) -> None:
    """Who decides cases one by one does not take back all at once."""
    office.settled_case()
    said = beadle("undo", "--rule", RULE, "--since", "2026-11-20", "--as", "noor", "--reason", "Wrong.")
    assert said.code == 1
    assert "has no role that may" in said.err


@pytest.mark.parametrize(
    ("written", "means"),
    [
        ("6h", datetime(2026, 11, 21, 6, 0, tzinfo=UTC)),
        ("90m", datetime(2026, 11, 21, 10, 30, tzinfo=UTC)),
        ("3d", datetime(2026, 11, 18, 12, 0, tzinfo=UTC)),
        ("2026-11-21", datetime(2026, 11, 21, 5, 0, tzinfo=UTC)),
        ("2026-11-21 08:30", datetime(2026, 11, 21, 13, 30, tzinfo=UTC)),
        ("2026-11-21T08:30+00:00", datetime(2026, 11, 21, 8, 30, tzinfo=UTC)),
    ],
)
def test_a_time_is_the_citys_own_or_so_long_ago(written: str, means: datetime) -> None:
    """As a clerk writes it."""
    noon = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    assert moment(written, noon, ZoneInfo("America/New_York")) == means


def test_what_is_no_time_is_refused_with_examples() -> None:
    """Neutralised: it may have been pasted."""
    with pytest.raises(NotAllowed, match="is no time; write one like 2026-11-21"):
        moment("yester\x1bday", datetime(2026, 11, 21, tzinfo=UTC), ZoneInfo("America/New_York"))
