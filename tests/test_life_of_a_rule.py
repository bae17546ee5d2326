"""One rule on one page: stopped by a person, promoted by two, tripped by its brake, and all it did taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session

from bot.asking import Requests
from bot.bearing import Bearings
from bot.ledger import trust
from bot.ledger.tables import CaseStatus, StrikeStatus
from bot.people import People, Role
from bot.promoting import KIND, Promoting
from bot.trust import Trust
from bot.undoing import Undoing
from connectors.contract import Visibility
from tests.office import NOW, SIGNATURE, SLUG, open_office, person, shelf, voice

RULE = "obscene-words"
AVA, BEN = person("ava", Role.SUPERVISOR), person("ben", Role.CHIEF_OF_STAFF)


def test_a_rule_is_promoted_trips_and_is_undone(database_url: str, tmp_path: Path) -> None:
    """It acts when two people say so, stops at its brake and keeps asking; what it hid comes back, and is told."""
    with open_office(database_url, tmp_path) as office:
        office.rearrange(auto_hide=replace(SIGNATURE, first_day=0.05))
        packs = shelf().packs
        known = Trust(packs, office.route.reading, office.clock, pages=[office.page], writing=office.route.writing)
        promoting = Promoting(office.review, Bearings(known, office.clock))
        requests = Requests(office.review, {KIND: promoting.approved})

        promoting.demote(RULE, SLUG, voice(), "Too blunt for a council evening.")
        asks = office.settled_case("This is bullshit, Dana, the first.")
        assert (office.case(asks).status, office.writes()) == (CaseStatus.WAITING, [])

        requests.approve(promoting.ask(RULE, SLUG, voice(AVA), "The evening is over."), voice(BEN), "Agreed.")
        for number in range(8):
            office.platform.say(f"This is bullshit, Dana, number {number}.")
        office.poll()
        office.work()
        hidden = [each for each in office.all_cases() if office.case(each).status == CaseStatus.HIDDEN]
        asked = [each for each in office.all_cases() if office.case(each).status == CaseStatus.WAITING]
        assert 0 < len(hidden) < 8
        assert len(hidden) + len(asked) == 9

        undoing = Undoing(office.review, People((AVA,)))
        assert undoing.undo(RULE, SLUG, NOW - timedelta(hours=1), voice(AVA), "The list was wrong.") == len(hidden)
        office.work()

        for case_id in hidden:
            file = office.file(case_id)
            assert (file.case.status, file.comment.visibility) == (CaseStatus.RESTORED, Visibility.VISIBLE)
            assert file.strike is not None
            assert file.strike.status == StrikeStatus.VOID
        with Session(office.route.reading) as session:
            told = " ".join(trust.changes(session, NOW - timedelta(days=1), office.clock() + timedelta(days=1)))
        assert "demoted" in told
        assert "asked for by ava, approved by ben" in told
        assert "stopped" in told
