"""What an alert is told of an account and of people, read from the real ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.authority import Verb
from bot.notify.alerts import Alert
from bot.notify.case_facts import Standing
from bot.pages import Mode
from bot.people import People
from bot.telling import Alerts
from connectors.contract import Author
from tests.fakes import NOW
from tests.office import PROFANE, Office, open_office, person, shelf, voice

RUSTY = Author("a-rusty", "Rusty Nail")


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose people are listed."""
    with open_office(sqlite_url, tmp_path) as made:
        noor = replace(person("noor"), name="Noor Haddad", on_call=True, slack_id="U0NOOR")
        alerts = Alerts("Millbrook", shelf().version, made.route.archive.restricted, people=People((noor,)))
        made.route = replace(made.route, alert=replace(alerts, names={"main": "Town of Millbrook"}, answers=True))
        yield made


def told(office: Office, case_id: str) -> Alert:
    """The alert of a case as it stands."""
    with Session(office.route.reading) as session:
        return office.route.alert(office.desk, office.file(case_id), session)


def test_the_accounts_other_comments_are_told_newest_first_lawful_ones_too(office: Office) -> None:
    """Three at most, with page, age and state, and none of another account."""
    for days in (5, 4, 3, 2):
        office.platform.say(f"Kind words {days}.", author=RUSTY, posted_at=NOW - timedelta(days=days))
    office.platform.say("Somebody else.", author=Author("a-other", "Rusty Nail"))

    recent = told(office, office.open_case(PROFANE, author=RUSTY)).recent

    assert [each.text for each in recent] == ["Kind words 2.", "Kind words 3.", "Kind words 4."]
    assert [(each.page, each.age, each.stands) for each in recent[:1]] == [
        ("Town of Millbrook", "2 days earlier", "stands")
    ]


def test_what_may_not_be_quoted_is_not_among_the_other_comments(office: Office) -> None:
    """Private data stands in its own case alone."""
    office.platform.say("My neighbour's SSN is 078-05-1120.", author=RUSTY)
    office.platform.say("Good morning.", author=RUSTY)

    recent = told(office, office.open_case(PROFANE, author=RUSTY)).recent

    assert [each.text for each in recent] == ["Good morning."]


def test_a_decision_is_told_with_the_name_of_who_decided(office: Office) -> None:
    """From people.yaml; the id where somebody is no longer there."""
    case_id = office.settled_case()
    office.review.decide(case_id, Verb.RESTORE, voice(), "An opinion.")
    office.work()

    alert = told(office, case_id)

    assert alert.standing is Standing.RESTORED
    assert [(word.verb, word.name, word.reason) for word in alert.words] == [("restore", "Noor Haddad", "An opinion.")]
    assert alert.stand == office.file(case_id).stand == "restored.1"


def test_a_removal_that_waits_is_a_request_and_no_decision(office: Office) -> None:
    """Until another person approves."""
    case_id = office.settled_case()
    office.review.decide(case_id, Verb.REMOVE, voice(), "A copied threat.")

    alert = told(office, case_id)

    assert alert.request is not None
    assert (alert.request.name, alert.words) == ("Noor Haddad", ())


def test_a_page_that_is_only_observed_offers_no_acts(office: Office) -> None:
    """Nothing is changed there, by whomever."""
    case_id = office.open_case()
    office.rearrange(mode=Mode.OBSERVE)

    alert = told(office, case_id)

    assert (alert.can_hide, alert.can_remove) == (False, False)


def test_those_on_call_are_named_for_an_urgent_case_alone(office: Office) -> None:
    """And only where the page is theirs."""
    urgent = office.open_case("I will shoot Dana tomorrow at noon.")

    assert told(office, urgent).call == ("U0NOOR",)
    assert told(office, office.open_case()).call == ()
