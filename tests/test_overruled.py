"""A person shows on the platform what Beadle hid: it is noticed, confirmed and respected."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.ledger import keep
from bot.ledger.overruled import SHOWN_THERE
from bot.ledger.tables import CaseStatus, StrikeStatus
from connectors.contract import Batch, CommentRef, Unavailable, Visibility
from tests.office import SLUG, Office, open_office


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


def shown_there(office: Office, case_id: str) -> CommentRef:
    """Somebody signs in on the platform and shows the comment of the case."""
    ref = office.file(case_id).ref
    office.platform.comments[ref.comment_id] = replace(
        office.platform.comments[ref.comment_id], visibility=Visibility.VISIBLE
    )
    return ref


def test_what_somebody_shows_on_the_platform_stays_shown(office: Office) -> None:
    """The case is restored, its strike void, people are told, and nothing hides it again."""
    case_id = office.settled_case()
    shown_there(office, case_id)

    office.poll()
    office.work()
    office.poll()
    office.work()

    assert (office.case(case_id).status, office.case(case_id).because) == (CaseStatus.RESTORED, SHOWN_THERE)
    strike = office.strike(case_id)
    assert strike is not None
    assert strike.status == StrikeStatus.VOID
    assert [row.visibility for row in office.comments()] == ["visible"]
    assert office.writes() == ["hide"]
    assert len(office.channel.messages) == 1


def test_a_list_that_is_older_than_the_hide_overrules_nobody(office: Office) -> None:
    """It was answered before the act; reading the comment alone shows that it is hidden."""
    case_id = office.open_case()
    stale = Batch(tuple(office.platform.comments.values()), (), "stale", last=True)
    office.work()

    office.route.keep(office.desk, stale)

    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert [row.visibility for row in office.comments()] == ["hidden_by_city"]


def test_an_act_that_is_recorded_while_a_list_is_kept_is_not_overruled(office: Office) -> None:
    """The list is looked through, the act is recorded, the list is stored: what the list says is older."""
    case_id = office.open_case()
    stale = Batch(tuple(office.platform.comments.values()), (), "stale", last=True)
    looked_through = office.route._shown_again(office.desk, stale)
    office.work()

    with Session(office.route.writing) as session, session.begin():
        keep.keep(session, SLUG, stale, [], lambda *_: None, office.route.clock(), shown=looked_through)

    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert [row.visibility for row in office.comments()] == ["hidden_by_city"]


def test_in_doubt_nothing_is_concluded(office: Office) -> None:
    """The comment can't be read just now: it stays as it is known."""
    case_id = office.settled_case()
    shown_there(office, case_id)
    office.platform.fail("read", Unavailable("The platform is down."))

    office.poll()

    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert [row.visibility for row in office.comments()] == ["hidden_by_city"]


def test_a_platform_that_tells_nobody_is_not_asked(office: Office) -> None:
    """X lists a hidden reply like any other: its silence restores nothing."""
    case_id = office.settled_case()
    shown_there(office, case_id)
    can = office.platform.capabilities
    office.platform.capabilities = replace(can, hidden_state="answered")
    asked = office.journal.count("read")

    office.poll()

    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert office.journal.count("read") == asked
