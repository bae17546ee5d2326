"""What is special to Disqus: taking down and restoring, states, guests, keys that stand in addresses."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from connectors._values import a_guest
from connectors.connection import Connection
from connectors.contract import (
    AuthFailed,
    CommentRef,
    Malformed,
    PermissionLost,
    QuotaSpent,
    RateLimited,
    Unsupported,
    Visibility,
)
from tests.connectors.asking import comments_of, connect_again, ids_of, listed_alone, swept
from tests.connectors.conftest import StandingClock, connected
from tests.connectors.wires.disqus import ACCESS_TOKEN, API_KEY, API_SECRET


@pytest.fixture
def platform() -> str:
    """All tests here are about Disqus."""
    return "disqus"


class TestStates:
    """Four flags make one state."""

    @pytest.mark.parametrize(
        ("flags", "seen"),
        [
            ({}, Visibility.VISIBLE),
            ({"isApproved": False}, Visibility.HIDDEN_BY_PLATFORM_FILTER),
            ({"isSpam": True, "isApproved": False}, Visibility.HIDDEN_BY_PLATFORM_FILTER),
            ({"isDeleted": True}, Visibility.HIDDEN_BY_CITY),
            ({"isDeleted": True, "isDeletedByAuthor": True}, Visibility.DELETED_BY_AUTHOR),
        ],
    )
    def test_each_state_is_read(
        self, wire: Any, connection: Connection, flags: dict[str, bool], seen: Visibility
    ) -> None:
        """One comment alone, in any state."""
        ref = wire.say(wire.publish(1), 10)
        wire.rows[10].update(flags)

        comment = connection.connector.read(ref).comment

        assert comment is not None
        assert comment.visibility is seen

    def test_what_waits_and_what_was_taken_down_is_polled_but_not_spam(self, wire: Any, connection: Connection) -> None:
        """Spam was never public."""
        post = wire.publish(1)
        for number in range(4):
            wire.say(post, 10 + number)
        wire.rows[11]["isApproved"] = False
        wire.rows[12]["isDeleted"] = True
        wire.rows[13].update(isSpam=True, isApproved=False)

        assert ids_of(swept(connection)) == {"10", "11", "12"}

    def test_without_flags_nothing_is_hidden(self, wire: Any, connection: Connection) -> None:
        """An account that is no moderator gets fewer fields: what can't be read back is not begun."""
        ref = wire.say(wire.publish(1), 10)
        for flag in ("isApproved", "isSpam", "isDeleted"):
            wire.rows[10].pop(flag)
        assert connection.hider

        with pytest.raises(PermissionLost, match="moderator"):
            connection.hider.hide(ref)

        assert wire.journal == []


class TestActs:
    """``posts/remove`` and its reverse."""

    def test_what_waits_for_approval_is_approved_and_not_restored(self, wire: Any, connection: Connection) -> None:
        """Showing again means another call there."""
        ref = wire.say(wire.publish(1), 10)
        wire.rows[10]["isApproved"] = False
        assert connection.hider

        connection.hider.unhide(ref)

        assert wire.journal == ["approve 10"]
        assert not wire.is_hidden(ref)

    def test_a_restored_comment_that_waits_again_is_no_success(self, wire: Any, connection: Connection) -> None:
        """Should Disqus put it into the queue, the receipt must not say that it is visible."""
        ref = wire.say(wire.publish(1), 10)
        wire.restored_as = {"isApproved": False}
        assert connection.hider
        connection.hider.hide(ref)

        with pytest.raises(PermissionLost):
            connection.hider.unhide(ref)

    def test_what_the_author_deleted_is_not_brought_back(self, wire: Any, connection: Connection) -> None:
        """It is theirs."""
        ref = wire.say(wire.publish(1), 10)
        wire.rows[10].update(isDeleted=True, isDeletedByAuthor=True)
        assert connection.hider

        with pytest.raises(Unsupported, match="author"):
            connection.hider.unhide(ref)

        assert wire.journal == []

    def test_a_comment_of_another_forum_of_the_same_moderator_is_not_touched(
        self, wire: Any, connection: Connection
    ) -> None:
        """One token may moderate many forums, and numbers are worldwide."""
        ref = wire.say(wire.publish(1), 10)
        wire.rows[10]["forum"] = "someoneelse"
        assert connection.hider

        with pytest.raises(Unsupported, match="another forum"):
            connection.hider.hide(ref)

        assert wire.journal == []

    def test_keys_go_in_the_body_of_a_write(self, wire: Any, connection: Connection) -> None:
        """Where Disqus allows it, they stand in no address."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        connection.hider.hide(ref)

        (write,) = wire.writes()
        assert write.url.query == b""
        assert ACCESS_TOKEN.encode() in write.content


class TestKeys:
    """Disqus reads them from the query of each GET, so the mask has to hold."""

    def test_no_kept_address_carries_a_key(self, wire: Any, clock: StandingClock) -> None:
        """Neither the archive nor the exchange of an error."""
        kept: list[Any] = []
        made = connected(wire, clock, on_exchange=kept.append)
        wire.say(wire.publish(1), 10)
        swept(made)

        assert kept
        assert all(ACCESS_TOKEN in str(request.url) for request in wire.asked)
        assert not [each for each in kept if ACCESS_TOKEN in each.url or API_SECRET in each.url]
        made.close()

    def test_the_public_key_is_used_where_no_secret_one_is_stored(self, wire: Any) -> None:
        """And Disqus's refusal says which to store."""
        made = connect_again(wire, json.dumps({"api_key": API_KEY, "access_token": ACCESS_TOKEN}))

        with pytest.raises(AuthFailed, match="api_secret"):
            swept(made)

        assert f"api_key={API_KEY}" in str(wire.asked[0].url)
        made.close()


class TestGone:
    """Not found, or not to be seen."""

    def test_not_found_is_gone_only_when_the_forum_can_still_be_seen(self, wire: Any, connection: Connection) -> None:
        """A moderator who was dismissed finds nothing either."""
        ref = wire.say(wire.publish(1), 10)
        wire.forum_is_seen = False

        with pytest.raises(PermissionLost):
            connection.connector.read(ref)

    def test_a_number_that_is_none_is_not_sent(self, wire: Any, connection: Connection) -> None:
        """Ids are digits there."""
        with pytest.raises(Malformed):
            connection.connector.read(CommentRef("disqus", "cityblog", "10&forum=x"))

        assert wire.asked == []


class TestIdentity:
    """Accounts, guests, moderators."""

    def test_a_guest_is_known_by_the_address(self, wire: Any, connection: Connection) -> None:
        """Where Disqus shows it to a moderator."""
        wire.say(wire.publish(1), 10, author=None)
        wire.rows[10]["author"] = {"name": "Guest", "isAnonymous": True, "email": "Guest@X.example"}

        assert listed_alone(connection).author.author_id == a_guest("guest@x.example")

    def test_moderators_are_the_citys_own(self, wire: Any, connection: Connection) -> None:
        """Not only the account behind the token."""
        wire.say(wire.publish(1), 10, author=("901", "The Clerk"))

        assert listed_alone(connection).by_page


class TestLimits:
    """A thousand calls an hour."""

    def test_polling_stops_before_the_hour_is_spent_and_acts_go_on(
        self, wire: Any, connection: Connection, clock: StandingClock
    ) -> None:
        """A quarter is kept for acts, whatever the headers say."""
        ref = wire.say(wire.publish(1), 10)
        cursor = swept(connection)[-1].cursor
        for _ in range(750):
            try:
                cursor = swept(connection, cursor)[-1].cursor
            except QuotaSpent:
                break
        assert connection.hider
        assert len(wire.asked) <= 750

        with pytest.raises(QuotaSpent):
            swept(connection, cursor)
        connection.hider.hide(ref)

        assert wire.is_hidden(ref)
        clock.forward(timedelta(hours=1))
        assert swept(connection, cursor)[-1].last

    def test_the_headers_are_obeyed_before_the_limit(self, wire: Any, connection: Connection) -> None:
        """Fewer than a tenth left: reading waits for the hour to end."""
        wire.say(wire.publish(1), 10)
        ok = wire._ok

        def nearly(response: Any, **more: Any) -> Any:
            answer = ok(response, **more)
            answer.headers["X-Ratelimit-Remaining"] = "40"
            return answer

        wire._ok = nearly

        with pytest.raises(RateLimited):
            swept(connection)


class TestThreads:
    """What comments hang on."""

    def test_a_thread_is_told_with_title_address_and_number(self, wire: Any, connection: Connection) -> None:
        """The title without its escapes."""
        post = wire.publish(1)
        wire.say(post, 10)

        batches = swept(connection)

        (told,) = [each for batch in batches for each in batch.posts]
        assert (told.post_id, told.text, told.comment_count) == ("1", "Snow & ice 1", 1)
        assert told.permalink == "https://blog.city.example/1/"
        assert comments_of(batches)[0].permalink == "https://blog.city.example/1/#comment-10"

    def test_a_script_in_place_of_the_page_gives_no_link(self, wire: Any, connection: Connection) -> None:
        """Whoever embeds the forum names the address: any site can."""
        wire.say(wire.publish(1), 10)
        wire.rows[10]["url"] = wire.threads[1]["link"] = "javascript:alert(1)"

        assert listed_alone(connection).permalink is None

    def test_pictures_and_links_are_attachments(self, wire: Any, connection: Connection) -> None:
        """With web addresses only."""
        wire.say(wire.publish(1), 10)
        wire.rows[10]["media"] = [
            {"mediaType": "2", "resolvedUrl": "https://uploads.example/a.png", "title": "a"},
            {"mediaType": "77", "url": "file:///etc/passwd"},
            "nonsense",
        ]

        attachments = listed_alone(connection).attachments

        assert [(each.kind, each.url) for each in attachments] == [
            ("photo", "https://uploads.example/a.png"),
            ("other", None),
        ]


def test_an_account_that_gets_no_states_is_told_so(wire: Any, connection: Connection) -> None:
    """Else every hide would be believed blindly."""
    wire.say(wire.publish(1), 10)
    wire.rows[10]["isDeleted"] = None

    health = connection.connector.check()

    assert not health.ok
    assert "moderator" in health.problems[0]
