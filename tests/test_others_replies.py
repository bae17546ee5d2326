"""A hide that takes other people's words with it is not for a rule to decide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.ledger.tables import CaseStatus
from tests.office import Office, open_office


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("replies", "status"), [(0, CaseStatus.HIDDEN), (2, CaseStatus.WAITING), (None, CaseStatus.WAITING)]
)
def test_what_would_hide_other_peoples_replies_too_is_left_to_a_person(
    office: Office, replies: int | None, status: CaseStatus
) -> None:
    """No clause is cited for the replies: only a comment that certainly has none is hidden by rule."""
    office.platform.capabilities = replace(office.platform.capabilities, takes_replies=True)
    case_id = office.settled_case(reply_count=replies)

    assert office.case(case_id).status == status
    assert office.writes() == (["hide"] if status == CaseStatus.HIDDEN else [])
