"""What is special to Reddit: signing in, lists that leave out what was removed, residents' own threads, full names."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import AuthFailed, Kind, PermissionLost, Unsupported, Visibility
from tests.connectors.asking import comments_of, ids_of, swept
from tests.connectors.conftest import connected
from tests.connectors.wires.reddit import CLIENT, REFRESH, SECRET


@pytest.fixture
def platform() -> str:
    """All questions of this file are for Reddit."""
    return "reddit"


def reads(wire: Any) -> list[str]:
    """The paths that were asked for, signing in left out."""
    return [request.url.path.strip("/") for request in wire.asked if "access_token" not in request.url.path]


class TestSigningIn:
    """The token lives for an hour."""

    def test_one_token_serves_an_hour_and_is_renewed_ahead(self, wire: Any, connection: Connection, clock: Any) -> None:
        """No call is sent with a token that is about to end."""
        wire.publish(1)
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=50))
        cursor = swept(connection, cursor)[-1].cursor
        assert wire.signed_in == 1

        clock.forward(timedelta(minutes=9))
        swept(connection, cursor)

        assert wire.signed_in == 2

    def test_a_token_that_was_revoked_early_is_renewed_once(self, wire: Any, connection: Connection) -> None:
        """Reddit says 401; the call is sent again with a new token."""
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        wire.access = "eyJ.another-token-of-the-city"

        assert connection.connector.read(ref).comment is not None
        assert wire.signed_in == 2

    def test_a_password_grant_works_without_a_refresh_token(self, wire: Any, clock: Any) -> None:
        """For a script app of the city's own account; the name is no secret, the password is."""
        password = "p4ss/of+the=city"
        parts = {"client_id": CLIENT, "client_secret": SECRET, "username": "cityx_team", "password": password}
        ref = wire.say(wire.publish(1), 10, f"your password is {password}", author=("1", "cityx_team_fan"))
        made = connectors.connect("reddit", page_id="cityx", token=json.dumps(parts), clock=clock)

        (comment,) = comments_of(swept(made))

        assert comment.ref == ref
        assert comment.author.handle == "cityx_team_fan"
        assert password not in repr(comment)

    def test_a_refresh_token_that_reddit_exchanged_is_handed_on(self, wire: Any, clock: Any) -> None:
        """To be stored at once, as the whole of the credentials."""
        stored: list[str] = []
        made = connected(wire, clock, on_renewed=stored.append)
        body = {"access_token": wire.access, "expires_in": 3600, "scope": "*", "refresh_token": "a-new-refresh-token"}
        wire.fail(lambda: httpx.Response(200, json=body), at="/api/v1/access_token")

        swept(made)

        assert [json.loads(each)["refresh_token"] for each in stored] == ["a-new-refresh-token"]
        assert REFRESH not in stored[0]

    def test_credentials_without_a_grant_are_refused(self, wire: Any) -> None:
        """The sentence says which parts are needed."""
        with pytest.raises(AuthFailed, match="refresh_token"):
            connectors.connect("reddit", page_id="cityx", token=json.dumps({"client_id": "a", "client_secret": "b"}))

    def test_every_call_names_the_city_and_asks_for_raw_words(self, wire: Any, connection: Connection) -> None:
        """Reddit slows down agents without a name of their own, and escapes words for old browsers."""
        wire.say(wire.publish(1), 10, "a < b && c > d")

        (comment,) = comments_of(swept(connection))

        assert comment.text == "a < b && c > d"
        assert {"r/cityx" in request.headers["user-agent"] for request in wire.asked} == {True}


class TestLists:
    """Newest first, about a thousand long, without what was removed."""

    def test_what_the_filter_put_aside_is_brought_although_nobody_saw_it(
        self, wire: Any, connection: Connection
    ) -> None:
        """It never stood in the list of comments."""
        ref = wire.say(wire.publish(1), 10)
        wire.things[ref.comment_id]["banned_by"] = True

        (comment,) = comments_of(swept(connection))

        assert (comment.ref, comment.visibility) == (ref, Visibility.HIDDEN_BY_PLATFORM_FILTER)

    def test_the_hand_that_removed_is_told(self, wire: Any, connection: Connection) -> None:
        """A moderator, the automatic moderator, Reddit itself."""
        post = wire.publish(1)
        by = {"a_mod": Visibility.HIDDEN_BY_CITY, "AutoModerator": Visibility.HIDDEN_BY_PLATFORM_FILTER}
        by["Anti-Evil Operations"] = Visibility.REMOVED_BY_PLATFORM
        refs = {}
        for number, name in enumerate(by):
            refs[name] = wire.say(post, 10 + number)
            wire.things[refs[name].comment_id]["banned_by"] = name

        found = {comment.ref: comment.visibility for comment in comments_of(swept(connection))}

        assert {name: found[ref] for name, ref in refs.items()} == by

    def test_many_that_left_the_lists_are_asked_for_in_one_call(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """Hidden ones are there, gone ones are not."""
        post = wire.publish(1)
        refs = [wire.say(post, 10 + n) for n in range(5)]
        cursor = swept(connection)[-1].cursor
        plain = wire._listing
        wire._listing = lambda kind, query, *, removed: plain(kind, query, removed=False)
        wire.set_hidden(refs[0], True)
        wire.vanish(refs[1])
        clock.forward(timedelta(minutes=1))
        wire.asked.clear()

        last = swept(connection, cursor)[-1]

        assert last.seen == {ref.comment_id for ref in (refs[0], *refs[2:])}
        assert last.every_post
        assert reads(wire).count("api/info") == 1

    def test_more_than_the_list_holds_is_told_as_a_gap(self, wire: Any, clock: Any) -> None:
        """What can't be listed any more is not passed over in silence."""
        made = connected(wire, clock, page_size=100)
        post = wire.publish(1)
        cursor = swept(made)[-1].cursor
        clock.forward(timedelta(hours=3))
        moment = clock.now
        for number in range(1000):
            wire.say(post, 1000 + number, at=moment - timedelta(seconds=number))
        plain = wire._listing

        def short(kind: str, query: Any, *, removed: bool | None) -> httpx.Response:
            answer = plain(kind, query, removed=removed)
            body = json.loads(answer.text)
            body["data"]["after"] = None if query.get("after", "").endswith("1899") else body["data"]["after"]
            return httpx.Response(200, json=body)

        wire._listing = short

        gaps = [gap.reason for batch in swept(made, cursor) for gap in batch.gaps]

        assert any("1,000" in reason for reason in gaps)

    def test_a_name_that_does_not_exist_is_told_so(self, wire: Any, connection: Connection) -> None:
        """Reddit answers with a search for subreddits."""
        found = {"kind": "Listing", "data": {"after": None, "children": [{"kind": "t5", "data": {"name": "t5_1"}}]}}
        wire.fail(lambda: httpx.Response(200, json=found), at="/r/cityx/new")

        with pytest.raises(PermissionLost, match="r/cityx"):
            swept(connection)


class TestThings:
    """Comments and submissions."""

    def test_a_residents_submission_is_a_post_and_a_comment(self, wire: Any, connection: Connection) -> None:
        """In the city's own subreddit its words are judged, and it can be hidden like a comment."""
        name = wire.publish(1, by="angry_ann")
        assert connection.hider is not None

        batches = swept(connection)
        (comment,), (post,) = comments_of(batches), [post for batch in batches for post in batch.posts]
        connection.hider.hide(comment.ref)

        assert (comment.ref.comment_id, comment.post_id, comment.text) == (name, name, "Post 1")
        assert (post.by_page, post.kind, post.comment_count) == (False, Kind.VISITOR, 1)
        assert wire.journal == [f"hide {name}"]

    def test_what_the_author_deleted_is_gone_and_no_edit(self, wire: Any, connection: Connection) -> None:
        """Reddit keeps an empty place; its "[deleted]" is nobody's words."""
        ref = wire.say(wire.publish(1), 10)
        wire.things[ref.comment_id].update(author="[deleted]", body="[deleted]")

        assert connection.connector.read(ref).comment is None
        assert ids_of(swept(connection)) == set()

    def test_words_that_reddit_withholds_are_a_gap_and_no_edit(self, wire: Any, connection: Connection) -> None:
        """ "[removed]" is what Reddit shows to those who are no moderators."""
        ref = wire.say(wire.publish(1), 10)
        wire.things[ref.comment_id]["body"] = "[removed]"
        wire.moderator = False

        batches = swept(connection)

        assert comments_of(batches) == []
        assert [("moderator" in gap.reason) for batch in batches for gap in batch.gaps] == [True]

    def test_nothing_found_by_a_blind_account_is_a_lost_permission(self, wire: Any, connection: Connection) -> None:
        """Who is no moderator any more may not see what is there."""
        ref = wire.say(wire.publish(1), 10)
        wire.vanish(ref)
        wire.moderator = False

        with pytest.raises(PermissionLost, match="moderator"):
            connection.connector.read(ref)

    def test_what_reddit_itself_removed_is_not_shown_again(self, wire: Any, connection: Connection) -> None:
        """Only Reddit can."""
        ref = wire.say(wire.publish(1), 10)
        wire.things[ref.comment_id].update(banned_by="Anti-Evil Operations", body="[ Removed by Reddit ]")
        assert connection.hider is not None

        with pytest.raises(Unsupported):
            connection.hider.unhide(ref)

        assert wire.journal == []

    def test_moderators_words_and_robots_are_the_citys_own(self, wire: Any, connection: Connection) -> None:
        """A moderator who marks the words speaks for the subreddit; one who does not is a resident."""
        post = wire.publish(1)
        marked, plain = wire.say(post, 10), wire.say(post, 11)
        robot = wire.say(post, 12, author=("5", "AutoModerator"))
        wire.things[marked.comment_id]["distinguished"] = "moderator"

        own = {comment.ref: comment.by_page for comment in comments_of(swept(connection))}

        assert own == {marked: True, plain: False, robot: True}


class TestHealth:
    """What `check` says to do."""

    def test_missing_scopes_and_permissions_are_named(self, wire: Any, connection: Connection) -> None:
        """Each with what it is for."""
        wire.scope, wire.permissions = "identity read", ["access"]

        health = connection.connector.check()

        assert not health.ok
        assert any("modposts" in problem for problem in health.problems)
        assert any("posts" in problem and "Mod Tools" in problem for problem in health.problems)

    def test_no_moderator_is_a_problem(self, wire: Any, connection: Connection) -> None:
        """Reading works, hiding will not."""
        wire.moderator = False

        assert any("no moderator" in problem for problem in connection.connector.check().problems)


def test_a_banned_account_is_listed_and_let_back(wire: Any, connection: Connection) -> None:
    """By its lasting id, although Reddit bans by name."""
    wire.say(wire.publish(1), 10)
    assert connection.blocker is not None
    connection.blocker.block("t2_2477001")

    listed = [author.author_id for author in connection.blocker.blocked()]
    connection.blocker.unblock("t2_2477001")

    assert listed == ["t2_2477001"]
    assert list(connection.blocker.blocked()) == []
