"""The commands of authority: who may decide, what waits for a second person, what people report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.app import Beadle as Whole
from bot.asking import Requests
from bot.demo.home import Home
from bot.ledger import asks, reports
from bot.people import Role, this_account
from tests.cli.conftest import Beadle
from tests.deciding import decide
from tests.office import COARSE, KIND, SLUG, Office, person, voice


def test_people_shows_who_may_decide_where_and_what_is_missing(office: Office, beadle: Beadle, home: Home) -> None:
    """A table and sentences; whoever lost their training reads what to write."""
    everybody = beadle("people").out
    _rewrite(home, "topic: records", "topic: parking")
    missing = beadle("people").out

    assert "noor" in everybody
    assert "Every page has somebody who may decide, and a second person." in everybody
    assert "no: noor has no training in" in missing
    assert "What is missing:" in missing
    assert f'nobody may decide on the page "{SLUG}"' in missing


def test_people_as_json_has_the_same(office: Office, beadle: Beadle) -> None:
    """For whoever keeps the directory elsewhere."""
    said = json.loads(beadle("people", "--json").out)
    noor = said["people"][0]

    assert (noor["id"], noor["roles"], noor["on_call"], said["missing"]) == ("noor", ["sma"], True, [])
    assert noor["pages"] == [{"page": SLUG, "may_decide": True, "why_not": None}]
    assert noor["training"] == {"first-amendment": "2026-01-12", "records": "2026-01-12"}


def test_doctor_notes_where_nobody_may_decide(office: Office, beadle: Beadle, home: Home) -> None:
    """A note, not a fault: Beadle watches all the same."""
    _rewrite(home, "acknowledged:", "# acknowledged:")
    said = beadle("doctor").out

    assert f'nobody may decide on the page "{SLUG}"' in " ".join(said.split())


def test_requests_lists_removals_and_says_who_does_what_next(office: Office, beadle: Beadle) -> None:
    """Nothing, then one; approving it takes another person on another account."""
    assert beadle("requests").out == "Nothing waits for a second person.\n"
    case_id = office.settled_case(COARSE)
    decide(office, case_id, "remove", "gene", who=person("gene", Role.CHIEF_OF_STAFF))
    listed = beadle("requests").out

    assert f"{case_id}  remove  on {SLUG}  asked for by gene" in listed
    assert "because I looked at it" in listed
    assert f"Somebody else runs: beadle approve {case_id} --as YOU" in listed
    assert beadle("approve", case_id, "--as", "noor", "--reason", "counsel agrees").code == 0
    assert [each.verb for each in office.file(case_id).decisions] == ["remove", "approve"]
    assert beadle("requests").out == "Nothing waits for a second person.\n"


def test_a_request_is_approved_and_withdrawn_by_its_number(office: Office, beadle: Beadle) -> None:
    """`approve` takes a case or R-1; a strange word is one sentence."""
    number = _ask(office)
    refused = beadle("approve", f"R-{number}", "--as", "noor", "--reason", "why")

    assert refused.code == 1
    assert "only chief_of_staff, coordinator, supervisor may approve this as the second person" in refused.err
    assert f"R-{number}  block of a1  on {SLUG}  asked for by sue" in beadle("requests").out
    withdrawn = beadle("withdraw", f"R-{number}", "--as", "noor")
    assert "only sue, who asked for it" in withdrawn.err
    assert "write its number as `beadle requests` lists it" in beadle("withdraw", "{0}", "--as", "noor").err
    assert "fa-abc is a case: `beadle keep`" in beadle("withdraw", "fa-abc", "--as", "noor").err


def test_the_second_person_approves_a_request_at_a_terminal(
    office: Office, beadle: Beadle, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gene sits at this machine now; what the kind does is said, or that nobody does it here."""
    number = _ask(office)
    _rewrite(home, f'accounts: ["{this_account()}"]', 'accounts: ["elsewhere"]')
    _rewrite(home, 'accounts: ["gene"]', f'accounts: ["{this_account()}"]')
    monkeypatch.setattr(Whole, "requests", property(_blocking))
    said = beadle("approve", f"R-{number}", "--as", "gene", "--reason", "it is the fourth time")

    assert said.out == f"R-{number}: a1 is blocked.[U+001B][31m\n"


def test_a_comment_is_reported_at_a_terminal(office: Office, beadle: Beadle) -> None:
    """The case is named, with what happens next; `show` tells who reported it and why."""
    office.platform.say(KIND)
    office.poll()
    words = ("--clause", "3.4.3.B", "--reason", "stay\x1b[31m away")
    said = beadle("report-comment", SLUG, "5501_1", *words, "--as", "noor")
    (case_id,) = office.all_cases()

    assert said.out.startswith(f"Case {case_id} is there. Its evidence is sealed, and people decide")
    assert "`beadle run` (or `beadle run --once`) seals it" in said.out
    shown = beadle("show", case_id).out
    assert "rule person: A person reported it: stay[U+001B][31m away" in shown
    assert f"reported by noor (sma; account {this_account()}) under clause 3.4.3.B" in shown
    again = beadle("report-comment", SLUG, "5501_1", "--clause", "9", "--reason", "x", "--as", "noor")
    assert (again.code, again.err.count("\n")) == (1, 1)


def test_a_post_is_reported_and_listed_without_who_reported_it(office: Office, beadle: Beadle) -> None:
    """A colleague's name is nobody's business; the ledger has it."""
    office.poll()
    said = beadle("report-post", SLUG, "1012_5501", "--reason", "names a child", "--as", "noor")
    listed = beadle("reported-posts").out
    with Session(office.route.reading) as session:
        (row,) = reports.own_posts(session)

    assert said.out.startswith(f"Report {row.id} is kept.")
    assert "names a child" in listed
    assert "noor" not in listed
    assert row.person == "noor"
    assert beadle("reported-posts", "library").out == "Nobody has reported a post of the city's own.\n"


def test_contested_cases_are_listed(office: Office, beadle: Beadle) -> None:
    """Closed ones too; without any, what contesting is."""
    assert "Nobody contests a rule." in beadle("cases", "--contested").out
    case_id, other = office.settled_case(), office.settled_case(COARSE)
    decide(office, case_id, "contest")
    listed = beadle("cases", "--contested").out

    assert case_id in listed
    assert other not in listed


def _blocking(beadle: Whole) -> Requests:
    return Requests(beadle.review, {"block": lambda session, ask: f"{ask.subject} is blocked.\x1b[31m"})


def _ask(office: Office) -> int:
    with Session(office.route.writing) as session, session.begin():
        said = voice(person("sue", Role.SUPERVISOR))
        row = asks.put(session, "block", "a1", SLUG, {"days": 90}, said, "again", office.clock())
        return row.id or 0


def _rewrite(home: Home, old: str, new: str) -> None:
    path: Path = home.config / "people.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
