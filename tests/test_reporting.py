"""A person reports what no rule found: it gets a case and evidence, under their clause and words, and people decide."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from bot.errors import NotAllowed
from bot.ledger import cases, days, reports
from bot.ledger.tables import CaseStatus, CommentReport, StrikeStatus
from bot.moderation.verdict import Measure, Outcome
from bot.people import Role
from bot.reporting import Reporting
from bot.voice import Voice
from connectors.contract import ArchivePolicy, Visibility
from tests.deciding import decide, open_plain_office
from tests.office import COARSE, KIND, NOW, SLUG, Office, person, voice

CLAUSE = "3.4.3.B"
WORDS = "tells people of one parish to stay away"
LINK = "https://social.example/posts/5501?comment_id=1"


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_plain_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def kind(office: Office) -> str:
    """A comment that no rule finds; the platform's id of it."""
    said = office.platform.say(KIND)
    office.poll()
    return said.ref.comment_id


def report(office: Office, where: str, clause: str = CLAUSE, by: Voice | None = None, reason: str = WORDS) -> str:
    """Somebody reports a comment."""
    return Reporting(office.review).report(SLUG, where, clause, by or voice(), reason)


def test_a_reported_comment_is_sealed_first_and_then_waits_for_people(office: Office, kind: str) -> None:
    """The same road as any case, up to where a rule would act; on a page in enforce nothing is hidden."""
    case_id = report(office, kind)
    assert [order.workflow for order in office.pad.open] == ["preserve"]
    office.work()
    file = office.file(case_id)

    assert (file.case.status, file.case.outcome, office.writes()) == (CaseStatus.WAITING, "review", [])
    assert file.evidence is not None
    assert file.strike is None
    assert [alert.case_id for alert in office.channel.messages[case_id]] == [case_id]


def test_clause_and_words_of_the_person_stand_wherever_the_case_is_told(office: Office, kind: str) -> None:
    """In the file, the alert, the sealed record, the list, the day's figures, and in the act that people decide on."""
    case_id = report(office, kind)
    office.work()
    said = f"A person reported it: {WORDS}"
    record = office.route.archive.read(office.file(case_id).evidence.package_id).record  # type: ignore[union-attr]
    alert = office.channel.messages[case_id][-1]
    with Session(office.route.reading) as session:
        (listed,) = cases.listed(session)
        figures = days.figures(session, NOW.replace(hour=0), NOW.replace(hour=23))
    decide(office, case_id, "hide")
    file = office.file(case_id)

    assert [(each.rule_id, each.clause, each.reason) for each in file.verdict.findings] == [("person", CLAUSE, said)]
    assert (alert.reasons, [clause for clause, _ in alert.clauses], alert.spans) == ((said,), [CLAUSE], ())
    assert [(each["clause"], each["reason"]) for each in record["verdict"]["findings"]] == [(CLAUSE, said)]
    assert (listed.clauses, [each.clause for each in figures.clauses]) == ((CLAUSE,), [CLAUSE])
    assert [(act.action, act.clause, act.policy) for act in file.acts] == [("hide", CLAUSE, "clinton-city 2024-01")]
    assert file.strike is not None
    assert (file.strike.clause, file.strike.status) == (CLAUSE, StrikeStatus.CONFIRMED)


def test_nothing_can_ever_act_by_itself_on_what_a_person_reports(office: Office, kind: str) -> None:
    """No rule, no score, no category that a city can sign for; the revision's own verdict stays what it was."""
    file = office.file(report(office, kind))
    (finding,) = file.verdict.findings

    assert (file.verdict.outcome, file.verdict.measure) == (Outcome.REVIEW, Measure.REVIEW)
    assert (finding.measure, finding.enumerable, finding.category) == (Measure.REVIEW, False, "reported")
    assert (file.revision.outcome, file.revision.verdict["findings"]) == ("clear", [])


def test_who_reported_it_is_a_record_with_door_and_message(office: Office, kind: str) -> None:
    """Person, office, account, door; the words as they were given, on one line."""
    said = Voice(person(), "slack:U0NOOR", "slack", "d" * 64, "", "envelope-1")
    case_id = report(office, kind, by=said, reason="stay\x1b[31m away\n<!channel> ")
    with Session(office.route.reading) as session:
        row = session.get_one(CommentReport, case_id)

    assert (row.person, row.roles, row.account, row.door) == ("noor", "sma", "slack:U0NOOR", "slack")
    assert (row.clause, row.saw, row.press, row.at) == (CLAUSE, "d" * 64, "envelope-1", NOW)
    assert row.reason == "stay[U+001B][31m away <\u2060!channel>"
    assert office.file(case_id).report == row


@pytest.mark.parametrize(
    "where",
    [
        "5501_1",
        " 5501_1 ",
        LINK,
        "https://m.social.example/story?id=9&comment_id=5501_1&ref=share",
        "https://social.example/groups/5501_1",
        "https://social.example/posts/5501?comment_id=9&reply_comment_id=5501_1",
    ],
)
def test_a_comment_is_found_by_its_id_its_link_or_another_link_to_it(office: Office, kind: str, where: str) -> None:
    """People copy what their telephone gives them."""
    assert office.file(report(office, where)).comment.comment_id == kind


@pytest.mark.parametrize("where", ["5501_9", "https://social.example/", "https://[", "5501", "%", "_1", "ftp://x/%00"])
def test_what_is_no_comment_of_this_page_is_refused_with_what_to_do(office: Office, kind: str, where: str) -> None:
    """Nothing is guessed: a wrong comment would be sealed under a wrong clause."""
    with pytest.raises(NotAllowed, match="Copy the link of the comment itself; if it is new, it is read at"):
        report(office, where)
    assert office.all_cases() == []


def test_a_link_of_several_comments_is_not_guessed_at(office: Office, kind: str) -> None:
    """Some platforms give every comment the address of its post."""
    office.platform.say("What a storm.", permalink=LINK)
    office.poll()

    with pytest.raises(NotAllowed, match="that link is that of 2 comments"):
        report(office, LINK)


@pytest.mark.parametrize(
    ("clause", "sentence"),
    [
        ("9.9", 'has no clause "9.9" that a comment can break; it has: 3.4.3.A, 3.4.3.B'),
        ("3.5.2", 'has no clause "3.5.2" that a comment can break'),
        ("", "has no clause"),
    ],
)
def test_only_a_clause_that_a_comment_can_break_is_cited(office: Office, kind: str, clause: str, sentence: str) -> None:
    """Those that say how the city keeps its records bind nobody who comments."""
    with pytest.raises(NotAllowed, match=sentence):
        report(office, kind, clause)
    assert office.all_cases() == []


@pytest.mark.parametrize(("reason", "sentence"), [("", "needs a reason in words"), (" \n ", "needs a reason in words")])
def test_a_report_without_words_is_none(office: Office, kind: str, reason: str, sentence: str) -> None:
    """The person's words are what the alert shows in place of a rule's reason."""
    with pytest.raises(NotAllowed, match=sentence):
        report(office, kind, reason=reason)


def test_a_comment_from_before_the_policy_and_one_that_nobody_sees_are_refused(office: Office, kind: str) -> None:
    """What was allowed when it was posted, and what is away already."""
    old = office.platform.say("An old word.", posted_at=datetime(2020, 1, 1, tzinfo=UTC))
    away = office.platform.say("A word taken back.", visibility=Visibility.HIDDEN_BY_CITY)
    office.poll()

    with pytest.raises(NotAllowed, match="had no policy in force on 2020-01-01"):
        report(office, old.ref.comment_id)
    with pytest.raises(NotAllowed, match="the comment is hidden by city already"):
        report(office, away.ref.comment_id)


def test_a_comment_that_has_a_case_is_told_by_its_number(office: Office, kind: str) -> None:
    """One case for one text, whoever found it; the same report again is that case."""
    found = office.settled_case(COARSE)
    with pytest.raises(NotAllowed, match=f"has a case already: {found}, which is waiting. `beadle show {found}`"):
        report(office, office.file(found).comment.comment_id)
    case_id = report(office, kind)

    assert report(office, kind) == case_id
    with pytest.raises(NotAllowed, match=f"has a case already: {case_id}"):
        report(office, kind, by=voice(person("gene")))
    with pytest.raises(NotAllowed, match=f"has a case already: {case_id}"):
        report(office, kind, "3.4.3.K")
    assert len(office.all_cases()) == 2


def test_new_words_after_an_edit_can_be_reported_anew(office: Office, kind: str) -> None:
    """A case is about what was said; the edit says something else."""
    first = report(office, kind)
    office.platform.edit(office.file(first).ref, "Thank you all, see you on Sunday.")
    office.poll()

    assert report(office, kind) != first


def test_two_who_report_at_once_open_one_case(database_url: str, tmp_path: Path) -> None:
    """One is told of the other's; on either database."""
    ready = threading.Barrier(2)
    with open_plain_office(database_url, tmp_path) as office:
        office.platform.say(KIND)
        office.poll()

        def at_once(name: str) -> str:
            ready.wait(10)
            try:
                return report(office, "5501_1", by=voice(person(name)))
            except NotAllowed as refused:
                return refused.sentence

        with ThreadPoolExecutor(2) as threads:
            found = sorted(threads.map(at_once, ("noor", "gene")), key=len)
        (case_id,) = office.all_cases()

    assert found[0] == case_id
    assert f"has a case already: {case_id}" in found[1]


def test_where_no_words_may_be_kept_a_report_waits_for_people_at_once(office: Office) -> None:
    """Nothing is sealed there; the alert goes out, and a person looks at the comment itself."""
    keeps = replace(office.platform.capabilities, archive=ArchivePolicy("digests", "Town terms 1.2"))
    object.__setattr__(office.platform, "capabilities", keeps)
    said = office.platform.say(KIND)
    office.poll()
    case_id = report(office, said.ref.comment_id)
    assert [order.workflow for order in office.pad.open] == ["tell"]
    office.work()

    assert (office.case(case_id).status, office.file(case_id).evidence) == (CaseStatus.WAITING, None)
    assert office.channel.messages[case_id][-1].withheld


@pytest.mark.parametrize(
    ("page", "who", "sentence"),
    [
        ("library", person(), 'there is no page "library" in pages.yaml; there are: main'),
        (SLUG, person("lib", Role.SMA, pages=frozenset({"library"})), 'does not look after the page "main"'),
    ],
)
def test_whoever_reports_looks_after_the_page(office: Office, kind: str, page: str, who: object, sentence: str) -> None:
    """A clerk may, and the untrained may; a stranger to the page may not."""
    reporting = Reporting(office.review)
    with pytest.raises(NotAllowed, match=sentence):
        reporting.report(page, kind, CLAUSE, voice(who), WORDS)  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match=sentence):
        reporting.own_post(page, "1012_5501", voice(who), "unfit")  # type: ignore[arg-type]
    assert office.file(report(office, kind, by=voice(replace(person("finn", Role.CITY_CLERK), trained=()))))


def test_a_report_on_the_citys_own_post_is_kept_and_names_the_post(office: Office, kind: str) -> None:
    """By id or by link; one that the ledger doesn't have is kept as it was given. The same press is one report."""
    reporting, said = Reporting(office.review), Voice(person(), "slack:U0NOOR", "slack", press="envelope-9")
    first = reporting.own_post(SLUG, "1012_5501", said, "names a\nchild")
    again = reporting.own_post(SLUG, "1012_5501", said, "names a child")
    other = reporting.own_post(SLUG, "https://social.example/posts/99", voice(), "wrong number")
    with Session(office.route.reading) as session:
        found = reports.own_posts(session, SLUG)
        none = reports.own_posts(session, "library")

    assert (again, [each.id for each in found], none) == (first, [other, first], [])
    assert [(each.place, each.what, each.post is not None) for each in found] == [
        ("https://social.example/posts/99", "wrong number", False),
        ("1012_5501", "names a child", True),
    ]
    with pytest.raises(NotAllowed, match="needs a reason"):
        reporting.own_post(SLUG, "1012_5501", voice(), "  ")
    with pytest.raises(NotAllowed, match="needs the link"):
        reporting.own_post(SLUG, "x" * 501, voice(), "why")
