"""What a platform's terms allow to be kept is decided before anything is stored, shown or passed on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlmodel import Session, select

from bot.acting import cannot_hide
from bot.authority import Verb
from bot.doctor import OLD_COPIES, _terms
from bot.errors import NotAllowed
from bot.ledger import kept
from bot.ledger.tables import CaseStatus, CommentRow, PostRevision, Revision
from bot.ledger.verdicts import WITHHELD
from bot.notify.alerts import ACCOUNT, render
from bot.pages import LegalBasis
from connectors.contract import ArchivePolicy, Attachment
from tests.office import KIND, NOW, PROFANE, SLUG, Office, open_office, voice

WORDS = ("bullshit", "picks up the phone", "Snow routes", "Mallory", "photo.example")


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose platform lets nobody keep words."""
    with open_office(sqlite_url, tmp_path) as opened:
        _able(opened, archive=ArchivePolicy("digests", "Marketing API Terms 4.2"))
        yield opened


def _able(office: Office, **more: object) -> None:
    office.platform.capabilities = replace(office.platform.capabilities, **more)  # type: ignore[arg-type]


def _everything_stored(folder: Path) -> bytes:
    """The database with its journal, and every file of the archive."""
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_no_word_and_no_name_is_stored_where_the_terms_allow_digests_only(office: Office, tmp_path: Path) -> None:
    """Ids, times, the digest and the clause are; the words were judged all the same."""
    said = office.platform.say(PROFANE, attachments=(Attachment("photo", "https://photo.example/1.jpg"),))
    office.poll()
    office.work()

    with Session(office.route.reading) as session:
        comment, revision = session.exec(select(CommentRow)).one(), session.exec(select(Revision)).one()
        post = session.exec(select(PostRevision)).one()
    assert (comment.author_id, comment.author_name, comment.comment_id) == ("a1", None, said.ref.comment_id)
    assert (revision.text, revision.raw, revision.attachments, revision.digest) == ("", {}, [], said.revision)
    assert [(each["clause"], each["spans"], each["reason"]) for each in revision.verdict["findings"]] == [
        (office.file(office.all_cases()[0]).verdict.clause, [], WITHHELD)
    ]
    assert (post.text, post.raw) == ("", {})
    stored = _everything_stored(tmp_path)
    assert [word for word in WORDS if word.encode() in stored] == []


def test_its_case_waits_for_a_person_at_once_and_nothing_is_asked_of_the_page(office: Office) -> None:
    """No package, no picture, no act: the sentence names the terms and what to do by hand."""
    case_id = office.settled_case()

    case = office.case(case_id)
    assert (case.status, office.file(case_id).evidence) == (CaseStatus.WAITING, None)
    assert case.because == office.desk.withheld
    assert "Marketing API Terms 4.2" in case.because
    assert "open the comment on the page and choose Hide there." in case.because
    assert office.journal == ["poll", "posted"]


def test_the_alert_carries_the_clause_and_the_link_and_no_word(office: Office) -> None:
    """Slack would store them."""
    case_id = office.settled_case()
    with Session(office.route.reading) as session:
        alert = office.route.alert(office.desk, office.file(case_id), session)

    posted = json.dumps(render(alert).blocks)
    assert [word for word in (*WORDS, ACCOUNT) if word in posted] == []
    assert "https://social.example/posts/5501?comment_id=1" in posted
    assert alert.clauses[0][0] in posted
    assert not alert.shows_picture


def test_the_same_words_twice_are_one_revision_and_other_words_a_second(office: Office) -> None:
    """The digest is that of the words, so an edit is still seen."""
    said = office.platform.say(PROFANE)
    assert [kept.new_revisions for kept in (*office.poll(), *office.poll())] == [1, 0]
    office.platform.edit(said.ref, KIND)

    assert [kept.new_revisions for kept in office.poll()] == [1]


def test_a_person_is_told_to_do_it_by_hand(office: Office) -> None:
    """Without evidence nothing is hidden or removed by Beadle; a keep closes the case."""
    case_id = office.settled_case()

    for verb in ("hide", "approve", "remove"):
        with pytest.raises(NotAllowed, match="digests only"):
            office.review.decide(case_id, Verb(verb), voice(), "Vile.")
    office.review.decide(case_id, Verb.KEEP, voice(), "Done by hand.")
    office.work()
    assert office.case(case_id).status == CaseStatus.KEPT


def test_with_a_recorded_legal_basis_the_whole_route_is_taken(office: Office) -> None:
    """The city's counsel signed for it: words are kept, evidence is sealed, the comment is hidden."""
    office.rearrange(legal_basis=LegalBasis("Conn. Gen. Stat. 11-8", "C. Ounsel", date(2026, 11, 2)))
    case_id = office.settled_case()

    assert office.case(case_id).status == CaseStatus.HIDDEN
    assert office.file(case_id).revision.text == PROFANE


def test_no_browser_opens_a_page_whose_terms_forbid_it(office: Office) -> None:
    """Neither for the evidence nor for the look after the act; the package says why there is no picture."""
    _able(office, archive=ArchivePolicy("whole", "Terms 1"), pictures=False)
    case_id = office.settled_case()
    office.work_looks()

    assert "picture" not in office.journal
    evidence = office.file(case_id).evidence
    assert evidence is not None
    assert (evidence.picture, "let no browser" in evidence.picture_reason) == ("none", True)
    assert office.case(case_id).opened_at == NOW


def test_what_was_not_kept_is_not_judged_again(office: Office) -> None:
    """A rehearsal of a new policy would take its missing words for kind ones."""
    office.platform.say(PROFANE)
    office.platform.say(KIND)
    office.poll()

    with Session(office.route.reading) as session:
        assert [each.comment_id for each in kept.revisions(session, {SLUG}, None)] == ["5501_2"]


def test_doctor_notes_what_the_terms_mean_and_which_copies_are_old(office: Office) -> None:
    """Nothing is deleted by a timer: people are told, and a recorded law ends it."""
    beadle = SimpleNamespace(database_url=str(office.route.reading.url), route=office.route)
    _able(office, archive=ArchivePolicy("whole", "Terms III.E.4", refresh=timedelta(days=30)))
    office.settled_case()

    def said() -> list[str]:
        return [check.sentence for check in _terms(beadle, office.desk) if check.state == "note"]  # type: ignore[arg-type]

    assert said() == []
    office.clock.pass_(timedelta(days=31).total_seconds())
    assert said() == [OLD_COPIES.format(older=1, days=30, terms="Terms III.E.4")]
    office.rearrange(hider=False, legal_basis=LegalBasis("Conn. Gen. Stat. 11-8", "C. Ounsel", date(2026, 11, 2)))
    assert said() == [cannot_hide(office.desk)]
    _able(office, archive=ArchivePolicy("digests", "Terms 1"))
    office.rearrange(legal_basis=None)
    assert said() == [office.desk.withheld]
