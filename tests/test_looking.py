"""After an act the public page is looked at again, and what a visitor sees is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.authority import Verb
from bot.errors import EvidenceError
from bot.evidence.capture import Capture
from bot.evidence.packing import package as bag
from bot.evidence.picture.walls import GONE
from bot.evidence.store import Archive
from bot.ledger.tables import CaseStatus
from bot.looking import TRIES, outcome
from bot.orders import LOOK_AFTER_S
from tests.office import Office, open_office, person, voice

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c020000000b4944415478da6364f80f00010501012718e366"
    "0000000049454e44ae426082"
)
SEEN = Capture("captured", viewport_png=PIXEL, comment_text_visible=True, match_ratio=1.0, http_status=200)
NOT_SEEN = Capture("captured", "not on it", viewport_png=PIXEL, http_status=200)
WALL = Capture("blocked", "The page asks visitors to log in.", http_status=200)
AWAY = Capture("failed", "The page did not answer in time.")


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce, and whose browser sees the comment."""
    with open_office(sqlite_url, tmp_path) as opened:
        opened.camera.sees = SEEN
        yield opened


def looks(office: Office) -> list[dict[str, Any]]:
    """The records of the looks that are sealed, oldest first."""
    records = [bag.read(path).record for path in sorted((office.route.archive.root / "packages").rglob("*.zip"))]
    return [record for record in records if record.get("kind") == "look"]


def test_a_hide_orders_a_look_a_minute_later(office: Office) -> None:
    """One look after the act, and none before its time."""
    office.settled_case()

    assert [(order.workflow, order.delay_s) for order in office.looks()] == [("look", LOOK_AFTER_S)]
    assert looks(office) == []


def test_a_comment_that_is_gone_from_the_page_is_recorded_so(office: Office) -> None:
    """Seen before the act and not after: a visitor doesn't see it any more. Nobody is told: all is as it should be."""
    case_id = office.settled_case()
    office.camera.sees = NOT_SEEN
    office.work_looks()
    (record,) = looks(office)

    assert (record["facts"]["visible_to_public"], record["facts"]["after"]) == ("no", "hide")
    assert record["facts"]["words_found"] == "none of them"
    assert record["case_id"] == case_id
    assert record["capture"]["status"] == "captured"
    assert "updated" not in office.journal


def test_a_comment_that_is_still_seen_is_told_once(office: Office) -> None:
    """The platform says hidden and a visitor still sees it: people read it in the case's alert, one time."""
    case_id = office.settled_case()
    order = office.looks()[0].key
    office.work_looks()
    office.run("look", order)
    office.work()
    because = office.case(case_id).because

    assert because.count("The platform says hidden, but a visitor who is not logged in still saw it") == 1
    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert [alert.because for alert in office.channel.messages[case_id]][-1] == because
    assert office.journal.count("updated") == 1
    assert len(looks(office)) == 1


def test_a_look_keeps_the_picture_and_the_page(office: Office) -> None:
    """What was seen after the act is as good an evidence as what was seen before it."""
    case_id = office.settled_case()
    office.work_looks()
    path = next(
        path
        for path in (office.route.archive.root / "packages").rglob("*.zip")
        if bag.read(path).record.get("kind") == "look"
    )

    assert bag.read(path).members["data/capture/viewport.png"] == PIXEL
    assert bag.read(path).faults() == ()
    assert bag.read(path).record["parent"]["sha256"] == bag.digest_of(office.package(case_id))


def test_a_page_that_does_not_answer_is_looked_at_once_more_and_no_more(office: Office) -> None:
    """Two tries; the second is sealed, whatever it brings."""
    office.settled_case()
    office.camera.sees = AWAY
    for _ in range(TRIES + 2):
        office.work_looks()

    (record,) = looks(office)
    assert (record["facts"]["try"], record["facts"]["visible_to_public"]) == (TRIES, "unknown")
    assert office.journal.count("picture") == 1 + TRIES
    assert office.looks() == []


@pytest.mark.parametrize("status", ["refused", "no_browser", "no_sandbox"])
def test_where_no_look_is_possible_none_is_recorded(office: Office, status: Any) -> None:
    """A city without a browser gets no heap of records that say so."""
    office.settled_case()
    office.camera.sees = Capture(status, "No browser is installed.")
    office.work_looks()

    assert (looks(office), office.looks()) == ([], [])


def test_a_look_that_comes_too_late_looks_at_nothing(office: Office) -> None:
    """A person restored the comment meanwhile: what a visitor sees now is looked at after that act, not after this."""
    case_id = office.settled_case()
    first = office.looks()[0].key
    office.review.decide(case_id, Verb.RESTORE, voice(person(), "uid:1"), "It is an opinion.")
    office.work()
    pictures = office.journal.count("picture")
    outcome = office.run("look", first)

    assert outcome["status"] == "not_looked"
    assert office.journal.count("picture") == pictures
    assert [order.key.partition(":")[0] for order in office.looks()] == ["1/rule", "1/decision"]


def test_a_restored_comment_is_looked_at_and_nobody_is_alarmed(office: Office) -> None:
    """After an unhide it is meant to be seen."""
    case_id = office.settled_case()
    office.review.decide(case_id, Verb.RESTORE, voice(person(), "uid:1"), "")
    office.work()
    office.work_looks()
    (record,) = looks(office)

    assert (record["facts"]["after"], record["facts"]["visible_to_public"]) == ("unhide", "yes")
    assert "still saw" not in office.case(case_id).because


def test_a_restricted_case_gets_no_look(office: Office) -> None:
    """The page could show what may not be copied."""
    case_id = office.settled_case()
    evidence = office.file(case_id).evidence
    assert evidence is not None
    office.route.archive.note("restricted", {"package": evidence.package_id, "case_id": case_id}, key="r")
    pictures = office.journal.count("picture")
    office.work_looks()

    assert (looks(office), office.journal.count("picture")) == ([], pictures)


def test_a_look_that_cannot_be_sealed_changes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the look, and neither the case nor its alert."""
    case_id = office.settled_case()
    before = office.case(case_id)

    def full(*_: object, **__: object) -> None:
        raise EvidenceError("The disk is full; make room.")

    monkeypatch.setattr(Archive, "supplement", full)
    for _ in range(TRIES):
        office.work_looks()

    assert (office.looks(), office.later(), looks(office)) == ([], [], [])
    assert (office.case(case_id).status, office.case(case_id).because) == (before.status, before.because)


def test_a_look_is_sealed_once_however_often_it_is_run(office: Office) -> None:
    """The stage that is run again after a crash finds the seal of the first time."""
    office.settled_case()
    order = office.looks()[0].key
    office.run("look", order)
    office.run("look", order)

    assert len(looks(office)) == 1


@pytest.mark.parametrize(
    ("capture", "seen_before", "visible"),
    [
        (SEEN, True, "yes"),
        (SEEN, False, "yes"),
        (NOT_SEEN, True, "no"),
        (NOT_SEEN, False, "unknown"),
        (replace(NOT_SEEN, match_ratio=0.5), True, "unknown"),
        (WALL, True, "unknown"),
        (replace(WALL, reason=GONE), True, "no"),
        (replace(WALL, reason=GONE), False, "unknown"),
        (AWAY, True, "unknown"),
        (replace(AWAY, http_status=404), False, "no"),
        (replace(AWAY, http_status=503), True, "unknown"),
    ],
)
def test_what_is_not_found_counts_only_where_it_was_found_before(
    capture: Capture, seen_before: bool, visible: str
) -> None:
    """A login wall, a cut comment or a page that never showed it proves nothing; it is said so, with the reason."""
    found, because = outcome(capture, seen_before=seen_before)

    assert found == visible
    assert because


def test_nothing_that_follows_changes_a_byte_of_the_package(office: Office) -> None:
    """Hidden, looked at, restored by a person, looked at again: four supplements, and the package as on the first day
    (EV-04). A restore is a kind of its own."""
    case_id = office.preserved_case()
    before = office.package(case_id).read_bytes()
    office.work()
    office.work_looks()
    office.review.decide(case_id, Verb.RESTORE, voice(person(), "uid:1"), "It is an opinion.")
    office.work()
    office.work_looks()
    records = [bag.read(path).record for path in (office.route.archive.root / "packages").rglob("*.zip")]
    later = [record for record in records if "kind" in record]

    assert office.package(case_id).read_bytes() == before
    assert sorted(record["kind"] for record in later) == ["action", "look", "look", "restore"]
    assert {record["parent"]["sha256"] for record in later} == {bag.digest_of(office.package(case_id))}
    restored = next(record for record in later if record["kind"] == "restore")
    assert restored["facts"]["act"]["visibility_after"] == "visible"
    assert restored["facts"]["act"]["confirmed_at"]
