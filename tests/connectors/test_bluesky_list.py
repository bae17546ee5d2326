"""The public list by which the city keeps accounts away on Bluesky."""

from __future__ import annotations

from typing import Any

import pytest
from atproto import models

from connectors import contract
from connectors.connection import Connection
from tests.connectors.wires.bluesky import DID, did_of


@pytest.fixture
def platform() -> str:
    """Bluesky alone."""
    return "bluesky"


class TestTheList:
    """Public, so with care."""

    def test_the_list_is_made_once_and_blocked_before_anybody_is_on_it(self, wire: Any, connection: Connection) -> None:
        """A second account is one record more."""
        assert connection.blocker is not None
        connection.blocker.block(did_of("1"))
        connection.blocker.block(did_of("2"))

        assert wire.journal == [
            "create app.bsky.graph.list",
            "create app.bsky.graph.listblock",
            "create app.bsky.graph.listitem",
            "create app.bsky.graph.listitem",
        ]
        assert {author.author_id for author in connection.blocker.blocked()} == {did_of("1"), did_of("2")}

    def test_a_list_that_the_city_made_for_something_else_is_left_alone(
        self, wire: Any, connection: Connection
    ) -> None:
        """Letting somebody back takes them from our list only."""
        other = {
            "$type": "app.bsky.graph.listitem",
            "subject": did_of("1"),
            "list": f"at://{DID}/app.bsky.graph.list/o",
        }
        wire.records = {"app.bsky.graph.listitem": {"o": other}}
        assert connection.blocker is not None

        connection.blocker.block(did_of("1"))
        back = connection.blocker.unblock(did_of("1"))

        assert back.kept_away is False
        assert wire.records["app.bsky.graph.listitem"] == {"o": other}

    def test_records_are_right_by_the_lexicon(self, wire: Any, connection: Connection) -> None:
        """The models of the network's own schema take all three."""
        assert connection.blocker is not None
        connection.blocker.block(did_of("1"))
        strict = {"strict_string_format": True}

        (made,) = wire.records["app.bsky.graph.list"].values()
        (block,) = wire.records["app.bsky.graph.listblock"].values()
        (item,) = wire.records["app.bsky.graph.listitem"].values()

        assert models.AppBskyGraphList.Record.model_validate(made, context=strict).purpose.endswith("modlist")
        assert models.AppBskyGraphListblock.Record.model_validate(block, context=strict).subject == item["list"]
        assert models.AppBskyGraphListitem.Record.model_validate(item, context=strict).subject == did_of("1")

    def test_an_account_that_is_no_number_is_refused(self, wire: Any, connection: Connection) -> None:
        """A name could be somebody else's tomorrow."""
        assert connection.blocker is not None
        with pytest.raises(contract.Malformed):
            connection.blocker.block("ann.example")

        assert wire.asked == []
