"""Appeals from the form on the city's website: what a provider exports, and what can't be right."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.errors import NotAllowed
from bot.residents.forms import as_time, by_clerk, read_file
from tests.office import NOW
from tests.residents.conftest import ZONE, House

CSV = '\ufeffID,Received,Contact,Case,Text,Extra\r\n7,2026-11-20T09:30,Mal@Home.example,FA-AB,"Unfair,\nsaid I.",x\r\n'


def wrote(folder: Path, text: str | bytes, name: str = "export.csv") -> Path:
    """A file with that in it."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_csv_and_json_of_one_form_are_the_same_appeals(tmp_path: Path) -> None:
    """Names of columns in any case, the city's own time, an address in small letters."""
    rows = [{"id": 7, "received": "2026-11-20T14:30Z", "contact": "mal@home.example", "case": "fa-ab",
             "text": "Unfair,\nsaid I.", "subject": None}]  # fmt: skip
    (one,) = read_file(wrote(tmp_path, CSV), ZONE, NOW).appeals
    (two,) = read_file(wrote(tmp_path, json.dumps(rows), "export.json"), ZONE, NOW).appeals

    assert one == two
    assert one.received_at == datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
    assert (one.address, one.case_id, one.words) == ("mal@home.example", "fa-ab", "Unfair,\nsaid I.")


def test_an_export_that_grows_brings_each_appeal_once(house: House, tmp_path: Path) -> None:
    """Monday's file and Tuesday's, which repeats it: two appeals, not three."""
    first = "id,received,text\n1,2026-11-19,Unfair.\n"
    for text in (first, first + "2,2026-11-20,Me too.\n"):
        for row in read_file(wrote(tmp_path, text), ZONE, NOW).appeals:
            house.counter.appeals.take_in(row)

    assert [each.number for each in house.counter.appeals.waiting()] == ["A-2026-0001", "A-2026-0002"]


def test_a_bad_row_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    """No time, a time to come, no words: each with its row."""
    text = "received,text\n2026-11-19,Good.\nyesterday,Bad.\n2099-01-01,Worse.\n2026-11-19,\n"
    form = read_file(wrote(tmp_path, text), ZONE, NOW)

    assert [each.words for each in form.appeals] == ["Good."]
    assert [sentence[:5] for sentence in form.refused] == ["row 2", "row 3", "row 4"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"\xff\xfe\x00", "not in UTF-8"),
        ("{", "no JSON"),
        ('{"a": 1}', "no list of objects"),
        ("[1]", "no list of objects"),
        ("[" * 9000, "no JSON"),
        ("name,words\nMal,Unfair.\n", "lacks the column received"),
    ],
)
def test_a_file_that_is_no_export_is_refused_in_one_sentence(tmp_path: Path, text: str | bytes, says: str) -> None:
    """It names the file and what it should be."""
    with pytest.raises(NotAllowed, match=says):
        read_file(wrote(tmp_path, text), ZONE, NOW)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """In one sentence, with the system's own reason."""
    with pytest.raises(NotAllowed, match="No such file"):
        read_file(tmp_path / "none.csv", ZONE, NOW)


def test_a_clerks_entry_twice_is_one_and_another_is_another() -> None:
    """The same words on the same day for the same case are the same letter."""
    day = as_time("2026-11-20", ZONE, NOW)

    assert by_clerk("fa-x", "12 Elm St", day, "Unfair. ").source == by_clerk("fa-x", "12 Elm St", day, "Unfair.").source
    assert by_clerk("fa-x", "12 Elm St", day, "Unfair!").source != by_clerk("fa-x", "12 Elm St", day, "Unfair.").source
