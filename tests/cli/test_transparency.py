"""`beadle transparency`: from the ledger to the files that the city's website serves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import open_beadle
from bot.authority import Verb
from bot.demo.home import Home
from bot.publishing import Publishing
from bot.settings import load_settings
from tests.cli.conftest import Beadle
from tests.office import COARSE, NOW, PROFANE, Office, voice


def test_the_page_counts_what_was_done_and_names_nobody(office: Office, beadle: Beadle, tmp_path: Path) -> None:
    """Hidden, hidden and shown again, left up: three cases as figures, and nothing of who wrote what."""
    office.settled_case(PROFANE)
    again = office.settled_case(f"{PROFANE} Again.")
    office.review.decide(again, Verb.RESTORE, voice(), "a band's name")
    left = office.settled_case(COARSE)
    office.review.decide(left, Verb.KEEP, voice(), "her dog")
    office.work()

    said = beadle("transparency", "--to", str(tmp_path / "www"))

    assert said.code == 0
    page = (tmp_path / "www" / "index.html").read_text("utf-8")
    assert "<strong>2</strong> hidden from view" in page
    assert "<strong>1</strong> hidden ones shown again" in page
    assert 'data-label="left up by a person">1</td>' in page
    for file in ("index.html", "es.html"):
        text = (tmp_path / "www" / file).read_text("utf-8")
        told = [office.file(case) for case in office.all_cases()]
        for secret in ("Mallory", "noor", "bullshit", "her dog", *(each.case.case_id for each in told)):
            assert secret not in text
        assert not any(each.comment.comment_id in text for each in told)


def test_what_exactly_is_blocked_has_its_complete_answer_beside_the_page(
    office: Office, beadle: Beadle, tmp_path: Path
) -> None:
    """The list is what `beadle policy print` prints, under the name that the page links to."""
    beadle("transparency", "--to", str(tmp_path / "www"))

    lists = list((tmp_path / "www").glob("policy-*.txt"))
    assert [path.read_text("utf-8") for path in lists] == [beadle("policy", "print", "clinton-city").out]
    assert f'href="{lists[0].name}"' in (tmp_path / "www" / "index.html").read_text("utf-8")


def test_a_folder_that_can_not_be_written_is_one_sentence(office: Office, beadle: Beadle, tmp_path: Path) -> None:
    """What, where, and what to do."""
    (tmp_path / "www").write_text("a file")

    said = beadle("transparency", "--to", str(tmp_path / "www"))

    assert said.code != 0
    assert "the public page can't be written to" in said.err
    assert "give this account the folder" in said.err


def test_a_city_that_names_no_way_to_appeal_is_told_where_to_write_it(
    office: Office, beadle: Beadle, tmp_path: Path
) -> None:
    """The page is written all the same."""
    assert "set contact, appeals_to or appeals_url" in beadle("transparency", "--to", str(tmp_path / "www")).out


def test_the_daily_duty_writes_once_a_day_where_a_folder_is_named(
    office: Office, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look on the same day changes nothing; the next day's writes it anew."""
    monkeypatch.setenv("BEADLE_PUBLIC_PAGE", str(tmp_path / "www"))
    page = tmp_path / "www" / "index.html"
    with open_beadle(load_settings(), acts=False) as put_together:
        duty = Publishing(put_together)
        duty.see_to(NOW)
        page.write_text("touched")
        duty.see_to(NOW + timedelta(minutes=5))
        assert page.read_text() == "touched"
        duty.see_to(NOW + timedelta(days=1))

    assert "Millbrook" in page.read_text()
