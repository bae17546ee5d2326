"""Desks: opened with what the configuration says, closed for those who only record, and renewed credentials kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

import connectors
from bot.desks import Minds, Renewals, closed_desk, connect, inbox, open_desk
from bot.errors import ConfigError
from bot.pages import Mode, Page
from bot.tokens import Token
from connectors._budget import SpendingInMemory
from connectors.connection import Connection
from connectors.contract import CommentRef, Unsupported
from tests.office import SIGNATURE

MINDS = Minds(lambda _: None, lambda _: frozenset())
SECRET = "abcdefgh-secret"


def page(tmp_path: Path, platform: str = "facebook", token: str = SECRET, **more: Any) -> Page:
    """A page whose token lies in a file."""
    place = tmp_path / "token"
    place.write_text(token)
    place.chmod(0o600)
    told: dict[str, Any] = {"page_id": "1012", "mode": Mode.ENFORCE, "token_at": "config/pages.yaml:9", **more}
    return Page("town", "Town", platform, policy="clinton-city", token=Token("file", str(place)), **told)


def open_(found: Page, tmp_path: Path) -> Connection:
    return connect(found, SpendingInMemory(), lambda _: None, tmp_path / "inbox")


def test_a_page_gets_the_hands_that_its_platform_has_and_nobody_gets_a_blocker(tmp_path: Path) -> None:
    """The automatic remover is there only where nothing can be hidden and the city signed for it."""
    connection = open_(page(tmp_path), tmp_path)
    desk = open_desk(page(tmp_path, auto_remove=SIGNATURE), connection, MINDS)
    connection.close()

    assert (desk.hider, desk.remover, desk.auto_remover) == (connection.hider, connection.remover, None)
    assert not hasattr(desk, "blocker")


def test_credentials_that_cannot_be_right_refuse_their_page_with_its_line_and_without_them(tmp_path: Path) -> None:
    """One sentence that says where to mend it."""
    with pytest.raises(ConfigError) as raised:
        open_(page(tmp_path, token='{"access_tok": "abcdefgh-secret"}'), tmp_path)

    assert raised.value.sentence.startswith('config/pages.yaml:9: the page "town" can\'t be opened: ')
    assert SECRET not in raised.value.sentence
    assert raised.value.facts == {"page": "town"}


@pytest.mark.parametrize("platform", connectors.platforms())
def test_a_closed_desk_has_the_capabilities_and_needs_no_token(tmp_path: Path, platform: str) -> None:
    """Whoever records a decision speaks to no platform; what the platform can do is still known."""
    found = page(tmp_path, platform)
    Path(found.token.place).unlink()
    desk = closed_desk(found, MINDS)
    can = connectors.capabilities(platform)

    assert (desk.connector.capabilities, desk.hider is not None) == (can, can.hide != "none")
    for ask in (lambda: next(desk.connector.poll(None)), lambda: desk.connector.read(CommentRef(platform, "1", "2"))):
        with pytest.raises(Unsupported):
            ask()
    assert not desk.connector.check().ok


def test_renewed_credentials_are_masked_and_stored_at_once(tmp_path: Path) -> None:
    """The old ones may be dead already; names among the parts stay readable."""
    found = page(tmp_path)
    hidden: list[tuple[str, ...]] = []
    renewals = Renewals(hidden.append, lambda *_: pytest.fail("nothing to tell"))
    with capture_logs() as said:
        renewals.of(found)('{"username": "town", "access_token": "ijklmnop-new"}')

    assert json.loads(found.token.get_secret_value())["access_token"] == "ijklmnop-new"
    assert hidden == [("ijklmnop-new",)]
    assert "ijklmnop-new" not in repr(said)


def test_credentials_that_nobody_can_store_are_told_once(tmp_path: Path) -> None:
    """They end at the next restart; the log and people hear of it one time, not at each renewal."""
    told: list[tuple[str, ...]] = []
    renewals = Renewals(lambda _: None, lambda *said: told.append(said))
    take = renewals.of(Page("town", "Town", "facebook", "1012", "clinton-city", Token("env", "TOWN_TOKEN")))
    with capture_logs() as said:
        take("ijklmnop-new")
        take("qrstuvwx-newer")

    assert [line["log_level"] for line in said] == ["error"]
    assert len(told) == 1
    assert told[0][0] == "town"
    assert "write file:/path/to/it" in told[0][1]
    assert "ijklmnop" not in repr((told, said))


def test_each_page_has_an_inbox_of_its_own(tmp_path: Path) -> None:
    """Files for one page are not read for another."""
    assert inbox(tmp_path, page(tmp_path)) == tmp_path / "town"
