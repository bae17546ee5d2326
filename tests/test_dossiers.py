"""From a case's file to what is sealed of it: who, what it answered, and how it stood when it was read again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connectors.contract import Unavailable
from tests.office import KIND, PROFANE, Office, open_office


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


def record(office: Office, case_id: str) -> dict[str, Any]:
    """What was sealed of a case."""
    evidence = office.file(case_id).evidence
    assert evidence is not None
    return office.route.archive.read(evidence.package_id).record


def test_the_comment_that_was_answered_is_sealed_with_the_answer(office: Office) -> None:
    """As it was last seen, with the account that it was displayed under."""
    above = office.platform.say(KIND)
    office.poll()
    sealed = record(office, office.preserved_case(PROFANE, parent_id=above.ref.comment_id))

    assert sealed["parent_comment"]["text"] == KIND
    assert sealed["parent_comment"]["comment_id"] == sealed["comment"]["parent_id"] == above.ref.comment_id
    assert sealed["comment"]["text"] == PROFANE


@pytest.mark.parametrize("parent", [None, "5501_never_seen"])
def test_where_nothing_is_known_to_be_answered_nothing_is_sealed_of_it(office: Office, parent: str | None) -> None:
    """A comment on the post itself, or an answer to one that was never polled."""
    assert record(office, office.preserved_case(PROFANE, parent_id=parent))["parent_comment"] is None


def test_how_the_comment_stood_at_capture_is_on_record(office: Office) -> None:
    """Visible; gone, nobody knows by whom; or not to be read, with the reason: sealed in each case (EV-21)."""
    visible = office.open_case()
    office.run("preserve", visible)
    gone = office.open_case("Pure bullshit, all of it, every day.")
    office.platform.vanish(office.file(gone).ref)
    office.run("preserve", gone)
    away = office.open_case("More bullshit from town hall.")
    office.platform.fail("read", Unavailable("The platform does not answer."))
    office.run("preserve", away)

    stands = [record(office, case_id)["comment"]["visibility_at_capture"] for case_id in (visible, gone, away)]
    assert stands == ["visible", "missing_unknown", None]
    assert record(office, away)["comment"]["visibility_at_capture_why"]


def test_what_only_the_latest_answer_says_is_taken_from_it(office: Office) -> None:
    """How often it was answered, and the address of the account's page: of the same account, or not at all."""
    case_id = office.open_case()
    said = office.platform.comments[office.file(case_id).ref.comment_id]
    author = replace(said.author, profile_url="https://social.example/mallory")
    office.platform.comments[said.ref.comment_id] = replace(said, author=author, reply_count=3)
    office.run("preserve", case_id)
    sealed = record(office, case_id)["comment"]

    assert (sealed["reply_count"], sealed["reply_count_why"]) == (3, None)
    assert sealed["account_displayed_as"]["profile_url"] == "https://social.example/mallory"

    other = office.open_case("Pure bullshit, all of it, every day.")
    said = office.platform.comments[office.file(other).ref.comment_id]
    stranger = replace(said.author, author_id="somebody-else", profile_url="https://social.example/other")
    office.platform.comments[said.ref.comment_id] = replace(said, author=stranger)
    office.run("preserve", other)
    assert record(office, other)["comment"]["account_displayed_as"]["profile_url"] is None
