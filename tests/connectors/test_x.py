"""What is special to X: keys, money, the renamed fields, versions of a post, and whose conversation it is."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from oauthlib.common import Request
from oauthlib.oauth1.rfc5849 import signature

import connectors
from connectors import contract
from connectors._x.sweep import queries
from connectors.connection import Connection
from connectors.contract import CommentRef, QuotaSpent, Unsupported
from tests.connectors.asking import comments_of, ids_of, listed_alone, swept
from tests.connectors.conftest import connected
from tests.connectors.wire import AN_HOUR_AGO, NOW
from tests.connectors.wires.x import PAGE_ID, snowflake

USER_KEYS = {
    "consumer_key": "consumerKeyOfTheCity",
    "consumer_secret": "consumer/Secret+OfTheCity",
    "access_token": "1111-accessTokenOfTheCity",
    "access_token_secret": "access/Secret+OfTheCity",
}


@pytest.fixture
def platform() -> str:
    """X alone."""
    return "x"


class TestKeys:
    """Two kinds, and the second is exchanged every two hours."""

    def test_user_keys_sign_for_the_host_that_is_asked(self, wire: Any, clock: Any) -> None:
        """An OAuth 1.0a signature covers the host: one made for tweepy's own would be refused."""
        wire.judge = is_signed
        ref = wire.say(wire.publish(1), 10)
        made = connectors.connect("x", page_id=PAGE_ID, token=json.dumps(USER_KEYS), clock=clock, **wire.connect)

        assert ids_of(swept(made)) == {ref.comment_id}
        assert made.hider is not None
        made.hider.hide(ref)
        assert wire.is_hidden(ref)
        made.close()

    def test_an_access_token_that_ran_out_is_exchanged_and_stored(self, wire: Any, clock: Any) -> None:
        """Once; the new pair is handed over before anything else is asked, and stands in no exchange."""
        stored: list[str] = []
        made = connected(wire, clock, on_renewed=stored.append)
        ref = wire.say(wire.publish(1), 10)
        wire.access = "somebody else's"

        reading = made.connector.read(ref)

        (renewed,) = stored
        assert json.loads(renewed)["access_token"] == wire.access == "somebody else's+n3xt"
        assert json.loads(renewed)["refresh_token"] == wire.refresh
        assert reading.comment is not None
        assert wire.refresh not in repr(reading.exchanges)
        assert [request.url.path for request in wire.asked].count("/2/oauth2/token") == 1
        made.close()

    def test_a_refresh_token_that_is_dead_leaves_the_first_refusal(self, wire: Any, connection: Connection) -> None:
        """No loop, and the sentence says what to do."""
        wire.access = wire.refresh = "made anew elsewhere"

        with pytest.raises(contract.AuthFailed, match="developer console"):
            swept(connection)

        assert len(wire.asked) == 2

    def test_without_the_attestation_nothing_is_connected(self, wire: Any) -> None:
        """X is off until somebody stands for the plan; the sentence says for what."""
        with pytest.raises(ValueError, match="Enterprise"):
            connectors.connect("x", page_id=PAGE_ID, token=wire.token)

    @pytest.mark.parametrize("dollars", ["fifty", "-1", "0", "nan", "1e99"])
    def test_a_budget_that_is_none_is_refused(self, wire: Any, dollars: str) -> None:
        """Money is not guessed."""
        options = {"attested": "A. Clerk", "usd_per_month": dollars}

        with pytest.raises(ValueError, match="usd_per_month"):
            connectors.connect("x", page_id=PAGE_ID, token=wire.token, options=options)


class TestMoney:
    """What is delivered is billed, once a day."""

    def test_a_post_is_charged_once_a_day_whatever_lists_it_stands_in(
        self, wire: Any, connection: Connection, clock: Any
    ) -> None:
        """One own post and two replies: three posts, although mentions and search both bring the replies."""
        post = wire.publish(1, at=NOW - timedelta(hours=2))
        wire.say(post, 10)
        wire.say(post, 11)

        cursor = swept(connection)[-1].cursor
        first = connection.calls.count().cost_usd
        swept(connection, cursor)
        same_day = connection.calls.count().cost_usd
        clock.forward(timedelta(hours=12))
        swept(connection, cursor)

        assert first == same_day == pytest.approx(3 * 0.005)
        assert connection.calls.count().cost_usd == pytest.approx(6 * 0.005)

    def test_the_owner_of_the_app_pays_less_for_its_own_lists(self, wire: Any, clock: Any) -> None:
        """Own posts and mentions, not what only a search finds."""
        made = connected(wire, clock, options={**wire.connect["options"], "owned": "yes"})
        post = wire.publish(1, at=NOW - timedelta(hours=2))
        wire.say(post, 10)
        wire.say(post, 11, names_city=False)

        swept(made)

        assert made.calls.count().cost_usd == pytest.approx(2 * 0.001 + 0.005)
        made.close()

    def test_reading_stops_before_the_budget_is_spent_and_hiding_goes_on(self, wire: Any, clock: Any) -> None:
        """A quarter is kept for acts: here enough for two of them."""
        made = connected(wire, clock, options={**wire.connect["options"], "usd_per_month": "0.052"})
        post = wire.publish(1)
        refs = [wire.say(post, 10 + number) for number in range(7)]
        assert made.hider is not None

        with pytest.raises(QuotaSpent, match="dollars"):
            swept(made)
        made.hider.hide(refs[0])
        made.hider.hide(refs[1])
        with pytest.raises(QuotaSpent):
            made.hider.hide(refs[2])

        assert len(wire.journal) == 2
        assert any("dollars this month" in problem for problem in made.connector.check().problems)
        made.close()

    def test_accounts_are_not_asked_for_with_posts(self, wire: Any, connection: Connection) -> None:
        """They cost twice what the post costs."""
        ref = wire.say(wire.publish(1), 10)
        swept(connection)
        connection.connector.read(ref)

        assert not [request for request in wire.asked if {"expansions", "user.fields"} & set(request.url.params)]


class TestConversations:
    """What mentions miss, a search by conversation finds."""

    def test_a_reply_that_took_the_citys_name_out_is_found(self, wire: Any, connection: Connection) -> None:
        """Its author answers somebody else in the city's conversation."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        silent = wire.say(post, 11, parent=first, names_city=False)

        assert ids_of(swept(connection)) == {first.comment_id, silent.comment_id}

    def test_a_quiet_conversation_is_not_searched(self, wire: Any, connection: Connection, clock: Any) -> None:
        """It rests by its age, until its number of replies changes."""
        post = wire.publish(1, at=NOW - timedelta(days=3))
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(minutes=5))
        before = searches(wire)
        cursor = swept(connection, cursor)[-1].cursor
        between = searches(wire)
        clock.forward(timedelta(minutes=5))
        wire.say(post, 11, names_city=False, at=NOW + timedelta(minutes=7))

        assert len(ids_of(swept(connection, cursor))) == 1
        assert (before, between, searches(wire)) == (1, 1, 2)

    def test_queries_keep_to_the_length_that_the_plan_allows(self) -> None:
        """As many conversations at once as fit, none lost."""
        posts = [snowflake(NOW, number) for number in range(40)]

        made = list(queries(posts, PAGE_ID, 512))

        assert [post for group, _ in made for post in group] == posts
        assert max(len(query) for _, query in made) <= 512
        assert len(made) == 4

    def test_who_names_the_city_elsewhere_is_read_and_not_hidden(self, wire: Any, connection: Connection) -> None:
        """X lets the city hide in its own conversations only; the sentence says what else there is."""
        ref = wire.mention(10, "hey @CityOfX")

        assert ids_of(swept(connection)) == {ref.comment_id}
        assert connection.hider is not None
        with pytest.raises(Unsupported, match="mute"):
            connection.hider.hide(ref)
        assert wire.journal == []

    def test_beyond_seven_days_nothing_is_claimed(self, wire: Any, connection: Connection, clock: Any) -> None:
        """After a longer outage the search reaches only so far back."""
        cursor = swept(connection)[-1].cursor
        clock.forward(timedelta(days=9))

        last = swept(connection, cursor)[-1]

        assert last.complete_since is not None
        assert last.complete_since >= clock.now - timedelta(days=7)

    def test_a_part_that_was_not_delivered_is_a_gap(self, wire: Any, connection: Connection) -> None:
        """A list that says so is no whole list."""
        wire.publish(1)
        body = {"meta": {"result_count": 0}, "data": [], "errors": [{"type": "https://api.x.com/2/problems/strange"}]}
        wire.fail(lambda: httpx.Response(200, json=body), at="/mentions")

        batches = swept(connection)

        assert [gap.reason for batch in batches for gap in batch.gaps] == [
            "X could not deliver a part of a list (strange)."
        ]


class TestShapes:
    """Two spellings, several versions, escaped words."""

    def test_both_spellings_of_the_fields_are_read(self, wire: Any, clock: Any) -> None:
        """Tweets and posts make the same comments; which names X takes is found out by one refusal."""
        post = wire.publish(1)
        first = wire.say(post, 10)
        wire.say(post, 11, "w" * 300, parent=first)
        made = connected(wire, clock)
        old = {comment.ref: comment for comment in comments_of(swept(made))}
        wire.spelling = "post"

        new = {comment.ref: comment for comment in comments_of(swept(made))}

        assert old == new
        assert len(old) == 2
        assert {"tweet.fields", "post.fields"} <= {name for request in wire.asked for name in request.url.params}
        made.close()

    def test_an_edited_post_keeps_its_first_id_and_is_hidden_by_its_last(
        self, wire: Any, connection: Connection
    ) -> None:
        """Every edit is a post with a new id; what is shown is the last."""
        ref = wire.say(wire.publish(1), 10, "before")
        wire.edit(ref, "after")
        assert connection.hider is not None

        listed = listed_alone(connection)
        alone = connection.connector.read(ref).comment
        connection.hider.hide(ref)

        assert listed == alone
        assert (listed.ref, listed.text, listed.posted_at, listed.edited_at) == (ref, "after", AN_HOUR_AGO, NOW)
        assert wire.writes()[-1].url.path == f"/2/tweets/{wire.rows[ref.comment_id]['id']}/hidden"
        assert wire.is_hidden(ref)

    def test_a_post_that_is_kept_from_the_city_is_not_called_gone(self, wire: Any, connection: Connection) -> None:
        """Its author protects it, or was suspended: a person looks."""
        ref = wire.say(wire.publish(1), 10)
        wire.withheld.add(ref.comment_id)

        with pytest.raises(Unsupported, match="protected"):
            connection.connector.read(ref)

    def test_media_and_links_are_told_without_being_fetched(self, wire: Any, connection: Connection) -> None:
        """Kinds by their keys; a link by where it leads, not by X's own short one."""
        ref = wire.say(wire.publish(1), 10)
        urls = [{"url": "https://t.co/a", "expanded_url": "https://evil.example/x"}, {"expanded_url": "file:///etc"}]
        wire.rows[ref.comment_id] |= {"attachments": {"media_keys": ["3_1", "7_2"]}, "entities": {"urls": urls}}

        attached = listed_alone(connection).attachments

        assert [(each.kind, each.url) for each in attached] == [
            ("photo", None),
            ("video", None),
            ("link", "https://evil.example/x"),
        ]


class TestCheck:
    """What is wrong with keys and app, in sentences."""

    def test_the_keys_of_another_account_are_told(self, wire: Any, connection: Connection) -> None:
        """They would speak for somebody else."""
        wire.fail(lambda: httpx.Response(200, json={"data": {"id": "2222", "name": "Another"}}), at="/2/users/me")

        health = connection.connector.check()

        assert not health.ok
        assert "2222" in health.problems[0]

    def test_an_app_that_may_only_read_is_told(self, wire: Any, connection: Connection) -> None:
        """Before the first hide fails."""
        me = {"data": {"id": PAGE_ID, "name": "City of X"}}
        wire.fail(lambda: httpx.Response(200, json=me, headers={"x-access-level": "read"}), at="/2/users/me")

        assert any("only read" in problem for problem in connection.connector.check().problems)

    def test_mentions_without_accounts_are_told(self, wire: Any, connection: Connection) -> None:
        """Nobody could be named in the record."""
        wire.say(wire.publish(1), 10, author=None)

        assert any("without their accounts" in problem for problem in connection.connector.check().problems)


class TestKeepingAway:
    """Muting on every plan, blocking on one."""

    def test_blocking_is_offered_on_the_enterprise_plan_alone(self, wire: Any, clock: Any) -> None:
        """Elsewhere the API has no such call."""
        made = connected(wire, clock, options={"attested": "A. Clerk", "plan": "pay-per-use"})
        assert made.blocker is not None

        assert [way.name for way in made.connector.capabilities.block_ways] == ["mute"]
        with pytest.raises(Unsupported, match="mute"):
            made.blocker.block("2477001", way="block")
        assert wire.asked == []
        made.close()

    def test_the_list_of_who_is_kept_away_names_accounts(self, wire: Any, connection: Connection) -> None:
        """Muted, then blocked."""
        assert connection.blocker is not None
        connection.blocker.block("2477001", way="mute")
        connection.blocker.block("2477002", way="block")

        assert [author.author_id for author in connection.blocker.blocked()] == ["2477001", "2477002"]

    def test_an_account_that_is_no_number_is_refused(self, wire: Any, connection: Connection) -> None:
        """It would stand in a path."""
        assert connection.blocker is not None
        with pytest.raises(contract.Malformed):
            connection.blocker.unblock("../1")

        assert wire.asked == []


def searches(wire: Any) -> int:
    """How often the search was asked."""
    return [request.url.path for request in wire.asked].count("/2/tweets/search/recent")


def is_signed(request: httpx.Request) -> bool:
    """Whether the OAuth 1.0a signature is right for this very address, as X would find."""
    header = {"Authorization": request.headers.get("authorization", "")}
    query = request.url.query.decode()
    told = dict(signature.collect_parameters(headers=header, exclude_oauth_signature=False))
    asked = Request(str(request.url), request.method)
    asked.params = signature.collect_parameters(uri_query=query, headers=header)
    asked.signature = told.get("oauth_signature", "")
    secrets = USER_KEYS["consumer_secret"], USER_KEYS["access_token_secret"]
    keys = told.get("oauth_consumer_key"), told.get("oauth_token")
    right = signature.verify_hmac_sha1(asked, *secrets)
    return bool(right) and keys == (USER_KEYS["consumer_key"], USER_KEYS["access_token"])


def test_a_comment_of_another_version_is_known_by_the_id_that_was_asked_for(wire: Any, connection: Connection) -> None:
    """A record made before an edit still finds its comment."""
    ref = wire.say(wire.publish(1), 10, "before")
    wire.edit(ref, "after")
    later = replace(ref, comment_id=wire.rows[ref.comment_id]["id"])

    comment = connection.connector.read(later).comment

    assert comment is not None
    assert comment.ref == CommentRef("x", PAGE_ID, later.comment_id)
    assert comment.text == "after"
