"""`beadle notices`, `notify` and `appeals`, as people at a terminal use them, over the town's own wire."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.demo.home import Home
from tests.cli.conftest import Beadle
from tests.office import Office, open_office


@pytest.fixture
def hidden(home: Home, beadle: Beadle, tmp_path: Path) -> Iterator[str]:
    """A case that a rule hid, made beside the command in the same database."""
    with open_office(home.environment["BEADLE_DATABASE_URL"], tmp_path / "office") as office:
        yield _hidden(office)


def _hidden(office: Office) -> str:
    case_id = office.settled_case()
    assert office.case(case_id).status == "hidden"
    return case_id


def test_a_notice_is_shown_before_it_is_sent(beadle: Beadle, hidden: str) -> None:
    """The list, the words, and what to do next."""
    listed, shown = beadle("notices"), beadle("notify", hidden, "--preview")

    assert hidden in listed.out
    assert "drafted" in listed.out
    assert "beadle notify CASE" in listed.out
    assert "hidden, not deleted" in shown.out
    assert "Nothing was sent." in shown.out
    assert beadle("notices").out == listed.out


def test_an_appeal_goes_from_the_counter_to_the_list_without_its_contact(
    beadle: Beadle, hidden: str, tmp_path: Path
) -> None:
    """Entered, listed, shown, refused to whoever may not see the contact; the same entry again is known."""
    entry = ("appeals", "enter", "--case", hidden, "--from", "mal@home.example", "--received", "2026-11-20")
    first = beadle(*entry, "--text", "Unfair.")
    listed, told = beadle("appeals"), json.loads(beadle("appeals", "--json").out)
    number = told[0]["number"]
    shown = beadle("appeals", "show", number)

    assert (first.code, number in first.out) == (0, True), first.err
    assert number in beadle(*entry, "--text", "Unfair.").out
    assert hidden in listed.out
    assert "Unfair." in shown.out
    assert all("mal@home" not in each for each in (listed.out, shown.out, json.dumps(told)))
    assert "mal@home.example" in beadle("appeals", "show", number, "--contact").out


def test_mistakes_at_the_counter_are_one_sentence(beadle: Beadle, hidden: str, tmp_path: Path) -> None:
    """No number, no file, no choice, a day to come: each says what would be right."""
    for arguments, says in (
        (("show", "A-2026-0009"), "no appeal"),
        (("decide", "A-2026-0001", "--reason", "x"), "--uphold or --deny"),
        (("import", str(tmp_path / "none.csv")), "can't be read"),
        (("enter", "--from", "x", "--received", "2099-01-01", "--text", "x"), "still to come"),
        (("enter", "--from", "x", "--received", "2026-11-20"), "--text"),
    ):
        said = beadle("appeals", *arguments)
        assert (said.code, said.err.count("\n")) == (1, 1), said
        assert says in said.err


def test_an_export_is_imported_row_by_row(beadle: Beadle, hidden: str, tmp_path: Path) -> None:
    """What is new, what was known, what is refused, and what waits for a case."""
    path = tmp_path / "export.csv"
    path.write_text(f"id,received,text,case\n1,2026-11-20,Unfair.,{hidden}\n2,2026-11-20,Mine.,\n3,soon,x,\n")
    said, again = beadle("appeals", "import", str(path)), beadle("appeals", "import", str(path))

    assert "2 new, 0 known before, 1 refused." in said.out
    assert "0 new, 2 known before, 1 refused." in again.out
    assert "beadle appeals match" in said.out
