"""`beadle evidence restrict`, and what the other commands then leave out."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from bot.evidence.store import Archive
from tests.cli.conftest import Beadle
from tests.evidence.conftest import PlainPrinter
from tests.office import COARSE, Office
from tests.test_preserving import DIGEST, PHOTO, Shelf

RESTRICT = ("evidence", "restrict")


@pytest.fixture
def case_id(office: Office) -> str:
    """A case with a photo, which waits for a person."""
    archive = Archive(office.route.archive.root, PlainPrinter(), reserve=0.0, clock=office.clock)
    office.route = replace(office.route, archive=archive, media=Shelf(office.journal))
    return office.settled_case(COARSE, attachments=(PHOTO,))


def test_it_asks_first_and_a_no_changes_nothing(
    office: Office, beadle: Beadle, case_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What can't be undone is not done by a slip of the hand."""
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    said = beadle(*RESTRICT, case_id, "--reason", "x")

    assert said.code == 1
    assert "this can't be undone" in said.out
    assert not office.route.archive.restricted(case_id)


def test_it_says_what_was_done_and_what_only_a_person_can_do(office: Office, beadle: Beadle, case_id: str) -> None:
    """Beadle reports nothing to anybody; the number to call stands there."""
    said = beadle(*RESTRICT, case_id, "--reason", "police file 26-118", "--yes")

    assert (said.code, said.err) == (0, "")
    assert f"Case {case_id} is closed. 1 file of it will never be copied again." in said.out
    assert "1-800-843-5678" in said.out
    assert "Beadle reports nothing" in said.out
    assert office.route.archive.not_copied(DIGEST)
    assert "closed by a person already" in beadle(*RESTRICT, case_id, "--reason", "x", "--yes").out


def test_show_and_lists_leave_out_what_may_not_be_seen(
    office: Office, beadle: Beadle, case_id: str, tmp_path: Path
) -> None:
    """Neither picture nor card is unpacked, and the words are in no list; the case itself says why."""
    assert COARSE in beadle("cases").out
    beadle(*RESTRICT, case_id, "--reason", "x", "--yes")
    said = beadle("show", case_id, "--pictures", str(tmp_path / "pictures"))

    assert "RESTRICTED" in said.out
    assert not (tmp_path / "pictures").exists()
    assert COARSE not in beadle("cases").out
    assert "urgent" in beadle("cases").out


def test_a_case_that_is_not_there_is_one_sentence(office: Office, beadle: Beadle) -> None:
    """Before anything is asked."""
    said = beadle(*RESTRICT, "fa-nothere", "--reason", "x")

    assert (said.code, said.out) == (1, "")
    assert 'there is no case "fa-nothere"' in said.err
