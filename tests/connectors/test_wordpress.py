"""What is special to WordPress: held comments, the sender that a status change overwrites, pages by time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx
import pytest

from connectors._values import a_guest
from connectors.connection import Connection
from connectors.contract import Kind, PermissionLost, Unsupported, Visibility
from tests.connectors.asking import comments_of, ids_of, listed_alone, swept
from tests.connectors.conftest import StandingClock, connected
from tests.connectors.wire import AN_HOUR_AGO, NOW
from tests.connectors.wires.wordpress import OUR_ADDRESS

RESIDENT = {"author_ip": "203.0.113.5", "author_user_agent": "Mozilla/5.0 (a resident)"}


@pytest.fixture
def platform() -> str:
    """All tests here are about WordPress."""
    return "wordpress"


class TestTheSender:
    """Who wrote it is public record; WordPress would overwrite it with whoever moderates."""

    @pytest.mark.parametrize("act", ["hide", "spam", "trash"])
    def test_an_act_leaves_address_and_agent_of_the_sender(self, wire: Any, connection: Connection, act: str) -> None:
        """They are sent along with the change."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        assert connection.remover

        connection.hider.hide(ref) if act == "hide" else connection.remover.remove(ref, act)

        assert {key: wire.comments[10][key] for key in RESIDENT} == RESIDENT

    def test_the_receipt_shows_them_from_before_the_act(self, wire: Any, connection: Connection) -> None:
        """Whatever the site does with them afterwards."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        first = connection.hider.hide(ref).exchanges[0]

        assert first.method == "GET"
        assert b"203.0.113.5" in first.body
        assert b"(a resident)" in first.body

    @pytest.mark.parametrize("address", ["", "unknown", "203.0.113.5, 10.0.0.1"])
    def test_an_address_that_is_none_is_not_sent(self, wire: Any, connection: Connection, address: str) -> None:
        """WordPress would refuse the whole call for it, and the comment would stay up."""
        ref = wire.say(wire.publish(1), 10)
        wire.comments[10]["author_ip"] = address
        assert connection.hider

        connection.hider.hide(ref)

        assert wire.is_hidden(ref)
        assert wire.comments[10]["author_ip"] == OUR_ADDRESS

    def test_showing_again_keeps_them_too(self, wire: Any, connection: Connection) -> None:
        """There and back."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider

        connection.hider.hide(ref)
        connection.hider.unhide(ref)

        assert {key: wire.comments[10][key] for key in RESIDENT} == RESIDENT


class TestStates:
    """WordPress's words, and ours."""

    @pytest.mark.parametrize(
        ("status", "seen"),
        [
            ("approved", Visibility.VISIBLE),
            ("hold", Visibility.HIDDEN_BY_CITY),
            ("spam", Visibility.HIDDEN_BY_PLATFORM_FILTER),
            ("trash", Visibility.DELETED_BY_CITY),
            ("post-trashed", Visibility.DELETED_BY_CITY),
            ("of a plugin", Visibility.HIDDEN_BY_PLATFORM_FILTER),
        ],
    )
    def test_each_state_is_read(self, wire: Any, connection: Connection, status: str, seen: Visibility) -> None:
        """One comment alone, in any state."""
        ref = wire.say(wire.publish(1), 10)
        wire.comments[10]["status"] = status

        comment = connection.connector.read(ref).comment

        assert comment is not None
        assert comment.visibility is seen

    def test_a_held_comment_is_polled(self, wire: Any, connection: Connection) -> None:
        """What waits for approval is judged before anybody sees it."""
        ref = wire.say(wire.publish(1), 10)
        wire.set_hidden(ref, True)

        assert listed_alone(connection).visibility is Visibility.HIDDEN_BY_CITY

    def test_a_trashed_comment_is_told_as_the_citys_deletion(
        self, wire: Any, connection: Connection, clock: StandingClock
    ) -> None:
        """Within ten minutes, when the next deeper sweep looks into the trash."""
        ref = wire.say(wire.publish(1), 10)
        cursor = swept(connection)[-1].cursor
        wire.comments[10]["status"] = "trash"
        clock.forward(timedelta(minutes=11))

        (comment,) = comments_of(swept(connection, cursor))

        assert (comment.ref, comment.visibility) == (ref, Visibility.DELETED_BY_CITY)

    def test_spam_is_not_polled(self, wire: Any, connection: Connection) -> None:
        """Thousands a day on some sites, and never public."""
        ref = wire.say(wire.publish(1), 10)
        wire.comments[10]["status"] = "spam"

        assert ref.comment_id not in ids_of(swept(connection))

    def test_a_status_that_did_not_take_is_no_receipt(self, wire: Any, connection: Connection) -> None:
        """WordPress answers 200 to a status that it doesn't know, or that a plugin undid."""
        ref = wire.say(wire.publish(1), 10)
        assert connection.hider
        wire.fail(lambda: wire.json(wire.comments[10]), at="write")

        with pytest.raises(PermissionLost):
            connection.hider.hide(ref)

    def test_a_site_without_trash_deletes_nothing(self, wire: Any, connection: Connection) -> None:
        """There, "trash" would be for good: it is refused with a sentence."""
        ref = wire.say(wire.publish(1), 10)
        wire.keeps_trash = False
        assert connection.remover

        with pytest.raises(Unsupported, match="EMPTY_TRASH_DAYS"):
            connection.remover.remove(ref, "trash")

        assert not wire.is_hidden(ref)


class TestPagesByTime:
    """The next page begins where the last one ended."""

    def test_a_deletion_while_paging_loses_nothing_in_the_same_sweep(self, wire: Any, connection: Connection) -> None:
        """Page numbers would have moved; times don't."""
        post = wire.publish(1)
        refs = [wire.say(post, 10 + n, at=AN_HOUR_AGO + timedelta(seconds=n)) for n in range(9)]

        def go() -> None:
            wire.between_pages = None
            wire.vanish(refs[0])

        wire.between_pages = go

        assert ids_of(swept(connection)) >= {ref.comment_id for ref in refs[1:]}

    def test_a_server_that_sorts_otherwise_is_read_to_the_end(self, wire: Any, connection: Connection) -> None:
        """A plugin that changes the order must not make us jump over comments."""
        post = wire.publish(1)
        refs = {wire.say(post, 10 + n, at=AN_HOUR_AGO + timedelta(minutes=n)).comment_id for n in range(7)}
        honest = wire._list
        wire._list = lambda query: honest(query.set("order", "desc"))

        assert ids_of(swept(connection)) == refs

    def test_every_question_names_its_zone(self, wire: Any, connection: Connection) -> None:
        """WordPress takes a time without one for its own local time."""
        wire.say(wire.publish(1), 10)
        swept(connection)

        asked = [request.url.params["after"] for request in wire.asked if "after" in request.url.params]

        assert asked
        assert all(moment.endswith("Z") for moment in asked)

    def test_a_quiet_site_costs_one_call(self, wire: Any, connection: Connection, clock: StandingClock) -> None:
        """Posts, trash and staff are for the deeper sweeps."""
        wire.say(wire.publish(1), 10)
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=1))
        before = len(wire.asked)

        swept(connection, cursor)

        assert len(wire.asked) - before == 1


class TestPosts:
    """What comments hang on."""

    def test_a_post_is_told_with_title_words_and_number_of_comments(self, wire: Any, connection: Connection) -> None:
        """As a reader sees them."""
        post_id = wire.publish(1)
        for number in range(3):
            wire.say(post_id, 10 + number)

        (post,) = [post for batch in swept(connection) for post in batch.posts]

        assert (post.post_id, post.text, post.comment_count) == ("1", "Snow & ice 1\n\nPost 1", 3)
        assert post.kind is Kind.POST

    def test_a_comment_on_a_page_brings_the_page(self, wire: Any, connection: Connection) -> None:
        """Pages are in no list of posts; the comment's own link says where they are."""
        ref = wire.say(wire.publish(5, kind="page"), 10)

        posts = [post for batch in swept(connection) for post in batch.posts]
        reading = connection.connector.read(ref)

        assert [(post.post_id, post.kind) for post in posts] == [("5", Kind.PAGE)]
        assert reading.post is not None
        assert reading.post.post_id == "5"

    def test_a_post_that_the_api_hides_costs_only_itself(self, wire: Any, connection: Connection) -> None:
        """A kind of a plugin's that has no API: the comment is read all the same."""
        ref = wire.say(wire.publish(6, kind="secret_kind"), 10)

        assert ids_of(swept(connection)) == {ref.comment_id}
        assert connection.connector.read(ref).post is None


class TestIdentity:
    """Accounts, addresses, names."""

    def test_a_registered_account_is_known_by_its_number(self, wire: Any, connection: Connection) -> None:
        """Not by an address that can change."""
        wire.say(wire.publish(1), 10, user=7)

        assert listed_alone(connection).author.author_id == "user-7"

    def test_a_guest_is_known_by_the_address_without_its_case(self, wire: Any, connection: Connection) -> None:
        """As WordPress itself compares it."""
        wire.say(wire.publish(1), 10)

        assert listed_alone(connection).author.author_id == a_guest("r2477001@x.example")

    def test_staff_named_in_the_options_are_the_citys_own(self, wire: Any, clock: StandingClock) -> None:
        """Where the site hides its authors from the API."""
        wire.tells_authors = False
        post = wire.publish(1)
        wire.say(post, 10, user=7)
        wire.say(post, 11, user=8)
        made = connected(wire, clock, options={"staff": "7, 9"})

        by_page = {each.ref.comment_id: each.by_page for each in comments_of(swept(made))}

        assert by_page == {"10": True, "11": False}
        assert any("option staff" in problem for problem in made.connector.check().problems)
        made.close()


class TestHealth:
    """Sentences that say what to fix."""

    def test_an_account_that_may_not_moderate_is_told(self, wire: Any, connection: Connection) -> None:
        """With the name of the role that it needs."""
        wire.rights = {"read": True}

        health = connection.connector.check()

        assert not health.ok
        assert "Editor" in health.problems[0]

    def test_fields_that_a_plugin_strips_are_named(self, wire: Any, connection: Connection) -> None:
        """The law asks for the identity of the poster."""
        wire.say(wire.publish(1), 10)
        del wire.comments[10]["author_email"]

        problems = connection.connector.check().problems

        assert ["author_email" in problem for problem in problems] == [True]

    def test_a_clock_that_is_off_is_told(self, wire: Any, connection: Connection) -> None:
        """Evidence carries this machine's time."""
        wire.headers["date"] = "Fri, 20 Nov 2026 11:50:00 GMT"

        health = connection.connector.check()

        assert not health.ok
        assert health.clock_skew_s is not None
        assert 590 < health.clock_skew_s < 610


def test_a_site_with_plain_permalinks_is_asked_by_query(wire: Any, clock: StandingClock) -> None:
    """The option rest_route, for sites whose server knows no /wp-json."""
    ref = wire.say(wire.publish(1), 10)
    made = connected(wire, clock, options={"rest_route": "yes"})

    assert ids_of(swept(made)) == {ref.comment_id}

    assert {request.url.path for request in wire.asked} == {"/"}
    made.close()


def test_an_event_that_is_posted_in_the_future_is_read_once(wire: Any, connection: Connection) -> None:
    """The site's clock may go ahead."""
    ref = wire.say(wire.publish(1), 10, at=NOW + timedelta(minutes=3))

    assert [comment.ref for comment in comments_of(swept(connection))] == [ref]


def test_the_account_name_is_no_secret_and_is_not_masked(wire: Any, connection: Connection) -> None:
    """Comments that name it must stay as they were written."""
    wire.say(wire.publish(1), 10, "thank you beadle")

    assert listed_alone(connection).text == "thank you beadle"


def test_a_redirect_to_another_host_is_not_followed_with_the_password(wire: Any, connection: Connection) -> None:
    """A base_url without www is a common mistake; the password stays here."""
    wire.say(wire.publish(1), 10)
    wire.fail(lambda: httpx.Response(301, headers={"location": "https://www.blog.city.example/"}), times=99)

    health = connection.connector.check()

    assert "base URL" in health.problems[0]
