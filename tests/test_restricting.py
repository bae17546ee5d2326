"""A person closes a case: what happens to it, to its media, to its message, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import EvidenceError, NotAllowed
from bot.evidence.store import Archive
from bot.people import Role
from bot.restricting import Restricting, Restriction
from bot.telling import Alerts, Pictures
from tests.evidence.conftest import PlainPrinter
from tests.office import Office, open_office, person, shelf, voice
from tests.test_preserving import DIGEST, PHOTO, Shelf

WHY = "reported to the police, file 26-118"


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose cards are printed in no time, and whose comments carry a photo."""
    with open_office(sqlite_url, tmp_path) as opened:
        archive = Archive(tmp_path / "plain", PlainPrinter(), reserve=0.0, clock=opened.clock)
        alert = Alerts("Millbrook, Connecticut", shelf().version, archive.restricted)
        opened.route = replace(opened.route, archive=archive, media=Shelf(opened.journal), alert=alert)
        yield opened


def test_a_closed_case_is_closed_for_every_door(office: Office) -> None:
    """The log says so; the digests of its media are on the archive's own list; the package is as it was."""
    case_id = office.settled_case(attachments=(PHOTO,))
    before = office.package(case_id).read_bytes()
    done = _restrict(office, case_id)

    assert (done.new, done.media) == (True, (DIGEST,))
    assert office.route.archive.restricted(case_id)
    assert office.route.archive.not_copied(DIGEST)
    assert office.package(case_id).read_bytes() == before


def test_who_closed_it_and_why_is_sealed(office: Office) -> None:
    """The chain of custody tells it; the line in the log holds nothing personal."""
    case_id = office.settled_case(attachments=(PHOTO,))
    _restrict(office, case_id)
    kinds = {}
    for line in office.route.archive.lines():
        if line.facts.get("type") == "supplement" and line.facts["kind"] == "restriction":
            kinds = office.route.archive.read(line.facts["id"]).record["facts"]

    assert (kinds["by"], kinds["account"], kinds["reason"]) == ("noor", "noor", WHY)
    assert kinds["media_never_copied_again"] == [DIGEST]
    (said,) = [line for line in office.route.archive.lines() if line.facts["type"] == "restricted"]
    assert b"noor" not in said.data
    assert said.facts["by"] == "person"


def test_people_are_told_and_the_message_loses_words_and_picture(office: Office) -> None:
    """The alert is brought up to date as an urgent one."""
    case_id = office.settled_case(attachments=(PHOTO,))
    _restrict(office, case_id)
    office.work()

    first, last = office.channel.messages[case_id][0], office.channel.messages[case_id][-1]
    assert (first.restricted, first.shows_words) == (False, True)
    assert (last.restricted, last.urgent, last.shows_words, last.shows_picture) == (True, True, False, False)
    pictures = Pictures(office.route.archive, lambda record: b"\x89PNG rendering")
    assert pictures(office.file(case_id)) is None


def test_the_same_file_is_never_copied_again(office: Office) -> None:
    """The next comment that carries it is restricted by itself, whoever posts it."""
    _restrict(office, office.settled_case(attachments=(PHOTO,)))
    known = office.route.archive.not_copied
    office.platform.comments.clear()

    office.route = replace(office.route, media=Shelf(office.journal, restricted=known(DIGEST)))
    again = office.settled_case("Pure bullshit, all of it, every day.", attachments=(PHOTO,))

    assert office.route.archive.restricted(again)


def test_a_second_time_changes_nothing(office: Office) -> None:
    """One line, one supplement, whoever asks again."""
    case_id = office.settled_case(attachments=(PHOTO,))
    _restrict(office, case_id)
    lines = office.route.archive.head().lines
    again = _restricting(office).restrict(case_id, voice(person("gene")), "again")

    assert (again.new, again.media) == (False, (DIGEST,))
    assert office.route.archive.head().lines == lines


def test_what_a_full_disk_cut_off_is_made_good_by_the_next_try(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """The case is closed first and told about second; the second try adds the rest."""
    case_id = office.settled_case(attachments=(PHOTO,))

    def full(*_: object, **__: object) -> None:
        raise EvidenceError("The disk is full.")

    with monkeypatch.context() as broken:
        broken.setattr(Archive, "supplement", full)
        with pytest.raises(EvidenceError):
            _restrict(office, case_id)
    assert office.route.archive.restricted(case_id)

    assert not _restrict(office, case_id).new
    assert [line.facts["kind"] for line in office.route.archive.lines() if line.facts.get("kind")][-1] == "restriction"


def test_only_who_decides_cases_of_this_page_may_close_one(office: Office) -> None:
    """As with every decision; and only what is sealed."""
    case_id = office.settled_case(attachments=(PHOTO,))
    clerk, other = person("finn", Role.CITY_CLERK), person("lib", Role.SMA, pages=frozenset({"library"}))
    untrained = replace(person("ulla"), trained=())

    for somebody, sentence in ((clerk, "has no role"), (other, "does not look after"), (untrained, "no training in")):
        with pytest.raises(NotAllowed, match=sentence):
            _restricting(office).restrict(case_id, voice(somebody), WHY)
    with pytest.raises(NotAllowed, match="no sealed evidence yet"):
        _restricting(office).restrict(office.open_case("utter bullshit, again"), voice(), WHY)
    assert not office.route.archive.restricted(case_id)


def _restrict(office: Office, case_id: str) -> Restriction:
    return _restricting(office).restrict(case_id, voice(), WHY)


def _restricting(office: Office) -> Restricting:
    return Restricting(office.route, office.review.why_not)
