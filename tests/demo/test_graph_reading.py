from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bot.demo.script import Account, Attachment
from bot.demo.town import Town

SWEEP = (
    "id,created_time,updated_time,permalink_url,message,"
    "comments.filter(stream).order(reverse_chronological).limit(50){id,message,created_time,from{id,name},parent{id},"
    "permalink_url,is_hidden,can_hide,can_remove,comment_count,attachment}"
)


def error_of(answer: httpx.Response) -> dict[str, Any]:
    error: dict[str, Any] = answer.json()["error"]
    return error


def messages(rows: list[dict[str, Any]]) -> list[str]:
    return [row["message"] for row in rows]


def test_one_expanded_call_brings_posts_with_comments_and_replies(town: Town, graph: httpx.Client) -> None:
    """The cheap sweep of the Graph: published_posts with a nested, filtered, ordered comments edge."""
    ann = Account("ann", "Ann Roe", id="2477001")
    top = town.say("Crews are out.", by=None)
    reply = town.say("plow my street!!", by=ann, reply_to=top)

    post = graph.get(f"/{town.page_id}/published_posts", params={"fields": SWEEP}).json()["data"][0]

    newest, oldest = post["comments"]["data"]
    number, parent = reply.split("_")[1], top.split("_")[1]
    assert newest == {
        "id": reply,
        "message": "plow my street!!",
        "created_time": newest["created_time"],
        "from": {"id": "2477001", "name": "Ann Roe"},
        "parent": {"id": top},
        "permalink_url": f"{post['permalink_url']}?comment_id={parent}&reply_comment_id={number}",
        "is_hidden": False,
        "can_hide": True,
        "can_remove": True,
        "comment_count": 0,
    }
    assert (oldest["from"]["id"], oldest["can_hide"], oldest["comment_count"]) == (town.page_id, False, 1)
    assert "parent" not in oldest
    assert post["id"].startswith(f"{town.page_id}_")
    assert reply.startswith(post["id"].split("_")[1] + "_")


def test_times_are_utc_without_a_colon_in_the_offset(town: Town, graph: httpx.Client) -> None:
    """created_time looks like 2026-11-19T10:00:00+0000."""
    moment = datetime(2026, 11, 19, 5, 0, 0, tzinfo=UTC)
    comment = town.say("hello", at=moment)

    answer = graph.get(f"/{comment}", params={"fields": "created_time"}).json()

    assert answer == {"id": comment, "created_time": "2026-11-19T05:00:00+0000"}


def test_an_anonymous_author_is_absent_and_not_null(town: Town, graph: httpx.Client) -> None:
    """What the platform keeps to itself has no key at all, so a reader that asks for null finds nothing."""
    comment = town.say("no author delivered here", by=Account("x", "Hidden Name", anonymous=True))

    answer = graph.get(f"/{comment}", params={"fields": "id,from,message"})

    assert answer.json() == {"id": comment, "message": "no author delivered here"}
    assert "Hidden Name" not in answer.text


def test_without_the_right_permission_no_visitor_has_an_identity(town: Town, graph: httpx.Client) -> None:
    """A token without pages_read_user_content sees the page's own name and nobody else's."""
    visitor, own = town.say("hello"), town.say("hello too", by=None)
    town.graph.scopes.discard("pages_read_user_content")

    assert "from" not in graph.get(f"/{visitor}", params={"fields": "from"}).json()
    assert graph.get(f"/{own}", params={"fields": "from"}).json()["from"]["id"] == town.page_id


def test_without_filter_stream_replies_are_missing(town: Town, graph: httpx.Client) -> None:
    """The Graph's own pitfall: the default listing has comments on the post only."""
    top = town.say("first")
    town.say("answer", reply_to=top)
    post = town.wall.posts()[0].id

    default = graph.get(f"/{post}/comments").json()["data"]
    stream = graph.get(f"/{post}/comments", params={"filter": "stream"}).json()["data"]

    assert messages(default) == ["first"]
    assert messages(stream) == ["first", "answer"]


def test_a_comment_has_its_replies_as_an_edge(town: Town, graph: httpx.Client) -> None:
    """A reply to a reply hangs on the same thread, as on the platform."""
    top = town.say("first")
    town.say("second", reply_to=town.say("answer", reply_to=top))

    replies = graph.get(f"/{top}/comments").json()["data"]

    assert messages(replies) == ["answer", "second"]


@pytest.mark.parametrize("order", ["chronological", "reverse_chronological"])
def test_every_comment_comes_once_through_the_next_addresses(
    town: Town, graph: httpx.Client, order: str, web: httpx.Client
) -> None:
    """paging.next is followed as it stands, token and all, to the end."""
    post = town.wall.posts()[0].id
    said = [town.say(f"comment {number}") for number in range(23)]
    url, seen = f"{graph.base_url}{post}/comments?order={order}&limit=5&access_token={town.page_token}", []

    while url:
        page = web.get(url).json()
        seen += [row["id"] for row in page["data"]]
        url = page.get("paging", {}).get("next", "")

    assert seen == (said if order == "chronological" else said[::-1])


def test_the_next_address_carries_the_token_and_the_fields(town: Town, graph: httpx.Client) -> None:
    """As the real one does; whoever logs it leaks it."""
    for number in range(3):
        town.say(f"comment {number}")

    fields = "id,comments.filter(stream).limit(2){id,from{name}}"
    post = graph.get(f"/{town.page_id}/feed", params={"fields": fields}).json()["data"][0]
    query = parse_qs(urlsplit(post["comments"]["paging"]["next"]).query)

    assert query["access_token"] == [town.page_token]
    assert query["fields"] == ["id,from{name}"]
    assert (query["filter"], query["limit"]) == (["stream"], ["2"])


def test_going_back_with_before_gives_the_page_before(town: Town, graph: httpx.Client, web: httpx.Client) -> None:
    """before= brings the rows that stand directly in front, in the same order as always."""
    post = town.wall.posts()[0].id
    for number in range(6):
        town.say(str(number))
    first = graph.get(f"/{post}/comments", params={"limit": 2}).json()
    second = web.get(first["paging"]["next"]).json()
    third = web.get(second["paging"]["next"]).json()

    back = web.get(third["paging"]["previous"]).json()

    assert messages(third["data"]) == ["4", "5"]
    assert messages(back["data"]) == ["2", "3"]


def test_a_cursor_holds_its_place_when_comments_come_and_go(town: Town, graph: httpx.Client, web: httpx.Client) -> None:
    """Cursors name a place and not a count, so nothing is skipped when the list changes between two pages."""
    post = town.wall.posts()[0].id
    said = [town.say(str(number)) for number in range(4)]
    first = graph.get(f"/{post}/comments", params={"limit": 2}).json()

    town.vanish(said[1])
    town.say("4")

    assert messages(web.get(first["paging"]["next"]).json()["data"]) == ["2", "3"]
    assert messages(graph.get(f"/{post}/comments").json()["data"]) == ["0", "2", "3", "4"]


def test_since_leaves_out_what_is_older(town: Town, graph: httpx.Client) -> None:
    """since takes Unix seconds or a date, in either order."""
    now = datetime.now(UTC)
    town.say("old", at=now - timedelta(hours=2))
    town.say("new", at=now)
    post, since = town.wall.posts()[0].id, int(now.timestamp()) - 60

    for order in ("chronological", "reverse_chronological"):
        rows = graph.get(f"/{post}/comments", params={"since": since, "order": order}).json()["data"]
        assert messages(rows) == ["new"]
    iso = (now - timedelta(minutes=1)).isoformat()
    assert messages(graph.get(f"/{post}/comments", params={"since": iso}).json()["data"]) == ["new"]


def test_limit_is_capped_at_one_hundred(town: Town, graph: httpx.Client) -> None:
    """Asking for more brings one hundred and a next address."""
    for number in range(101):
        town.say(str(number))

    page = graph.get(f"/{town.wall.posts()[0].id}/comments", params={"limit": 5000}).json()

    assert len(page["data"]) == 100
    assert "next" in page["paging"]


def test_a_full_page_of_posts_has_a_next_that_may_be_empty(town: Town, graph: httpx.Client, web: httpx.Client) -> None:
    """Ending the sweep at the first page without next would be right; expecting rows behind every next would not."""
    page = graph.get(f"/{town.page_id}/published_posts", params={"limit": 1}).json()

    assert len(page["data"]) == 1
    assert web.get(page["paging"]["next"]).json() == {"data": []}


def test_posts_come_newest_first_and_visitors_posts_only_in_the_feed(town: Town, graph: httpx.Client) -> None:
    """published_posts has the page's own posts, feed has all, visitor_posts the others."""
    own = town.publish("Snow").id
    foreign = town.publish("My street", by=Account("ann", "Ann Roe")).id

    def ids(edge: str) -> list[str]:
        return [row["id"] for row in graph.get(f"/{town.page_id}/{edge}").json()["data"]]

    assert ids("published_posts")[0] == own
    assert ids("feed")[:2] == [foreign, own]
    assert ids("visitor_posts") == [foreign]


def test_a_post_without_comments_has_no_comments_key(town: Town, graph: httpx.Client) -> None:
    """A nested edge without rows is left out, unless its summary was asked for."""
    fields = "id,comments.limit(5){id}"
    bare = graph.get(f"/{town.page_id}/feed", params={"fields": fields}).json()["data"][0]
    summed = graph.get(f"/{town.page_id}/feed", params={"fields": "comments.limit(0).summary(true)"}).json()["data"][0]

    assert set(bare) == {"id"}
    assert summed["comments"]["summary"]["total_count"] == 0


def test_a_new_comment_moves_the_posts_updated_time_and_an_edit_does_not(town: Town, graph: httpx.Client) -> None:
    """Nothing on the Graph tells of an edit but the words themselves."""
    post = town.publish("Snow", at=datetime(2026, 11, 1, tzinfo=UTC)).id
    comment = town.say("before", post=post, at=datetime(2026, 11, 2, tzinfo=UTC))

    town.edit(comment, "after")
    seen = graph.get(f"/{post}", params={"fields": "updated_time,comments{message,created_time}"}).json()

    assert seen["updated_time"] == "2026-11-02T00:00:00+0000"
    assert seen["comments"]["data"][0]["message"] == "after"
    assert seen["comments"]["data"][0]["created_time"] == "2026-11-02T00:00:00+0000"


def test_an_attachment_is_shaped_as_the_graph_shapes_it(town: Town, graph: httpx.Client, web: httpx.Client) -> None:
    """A photo has media and a target, and its address is signed anew at each answer."""
    comment = town.say("look", attachment=Attachment("photo", "Mill Lane"))

    first, second = (graph.get(f"/{comment}", params={"fields": "attachment"}).json() for _ in range(2))

    assert (first["attachment"]["type"], first["attachment"]["title"]) == ("photo", "Mill Lane")
    source = first["attachment"]["media"]["image"]["src"]
    assert source != second["attachment"]["media"]["image"]["src"]
    assert web.get(source).content.startswith(b"\x89PNG")


def test_the_comments_object_is_its_post(town: Town, graph: httpx.Client) -> None:
    """A single comment can be asked for the post that it stands under."""
    comment = town.say("hello")

    answer = graph.get(f"/{comment}", params={"fields": "object{message,permalink_url},parent"}).json()

    assert answer["object"]["message"] == town.wall.posts()[0].text
    assert "parent" not in answer


def test_without_fields_the_graph_gives_its_default_ones(town: Town, graph: httpx.Client) -> None:
    """Whoever doesn't ask for is_hidden doesn't get it."""
    comment = graph.get(f"/{town.say('hello')}").json()
    page = graph.get("/me").json()

    assert set(comment) == {"id", "created_time", "from", "message"}
    assert page == {"id": town.page_id, "name": "Town of Millbrook"}


def test_the_page_tells_its_about_text_and_website(town: Town, graph: httpx.Client) -> None:
    """The fields in which a city posts its notice."""
    page = graph.get(f"/{town.page_id}", params={"fields": "name,about,description,bio,link,username,website"}).json()

    assert page["username"] == town.page_slug
    assert page["link"] == f"{town.page_url}/{town.page_slug}"
    assert "public records" in page["description"]
    assert "bio" not in page


def test_an_unknown_field_is_error_100(town: Town, graph: httpx.Client) -> None:
    """The Graph refuses the whole call, whichever level the field is asked at."""
    town.say("hello")

    error = error_of(graph.get(f"/{town.page_id}/feed", params={"fields": "id,comments{id,edited_time}"}))

    assert (error["code"], error["type"]) == (100, "OAuthException")
    assert "(edited_time) on node type (Comment)" in error["message"]


def test_a_broken_field_expression_is_a_syntax_error(graph: httpx.Client) -> None:
    """Code 2500, with the character at which it breaks."""
    answer = graph.get("/me", params={"fields": "id,name}"})

    assert answer.status_code == 400
    assert error_of(answer)["code"] == 2500
    assert "at character 7" in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("edge", "params"),
    [
        ("comments", {"limit": "many"}),
        ("comments", {"order": "random"}),
        ("comments", {"after": "%%%"}),
        ("comments", {"since": "whenever"}),
    ],
)
def test_a_wrong_parameter_is_error_100(town: Town, graph: httpx.Client, edge: str, params: dict[str, str]) -> None:
    """A misread cursor or date never gives an empty list, which would look like a quiet post."""
    answer = graph.get(f"/{town.wall.posts()[0].id}/{edge}", params=params)

    assert (answer.status_code, error_of(answer)["code"]) == (400, 100)


def test_a_deleted_comment_is_100_33(town: Town, graph: httpx.Client) -> None:
    """Gone and forbidden look the same on the Graph."""
    comment = town.say("hello")
    town.vanish(comment)

    answer = graph.get(f"/{comment}")

    assert answer.status_code == 400
    assert (error_of(answer)["code"], error_of(answer)["error_subcode"]) == (100, 33)
    assert error_of(answer)["type"] == "GraphMethodException"
    assert comment in error_of(answer)["message"]


def test_a_missing_token_and_a_wrong_token_are_told_apart(town: Town, web: httpx.Client) -> None:
    """104 and 190; the header of 190 says invalid_token."""
    url = f"{town.graph_url}/v26.0/me"

    missing, wrong = web.get(url), web.get(url, params={"access_token": "stolen"})

    assert error_of(missing)["code"] == 104
    assert error_of(wrong)["code"] == 190
    assert "invalid_token" in wrong.headers["www-authenticate"]


def test_the_token_may_come_as_a_bearer(town: Town, web: httpx.Client) -> None:
    """Authorization: Bearer keeps the token out of addresses."""
    answer = web.get(f"{town.graph_url}/v26.0/me", headers={"authorization": f"Bearer {town.page_token}"})

    assert answer.json()["id"] == town.page_id


def test_every_answer_carries_the_graphs_headers(town: Town, graph: httpx.Client) -> None:
    """Version, trace and both usage headers, and a Date to measure the clock by."""
    town.graph.usage_percent = 83
    headers = graph.get("/me").headers

    assert headers["facebook-api-version"] == "v26.0"
    assert headers["content-type"] == "application/json; charset=UTF-8"
    assert re.fullmatch(r"A[\w-]{20,}", headers["x-fb-trace-id"])
    assert '"call_count": 83' in headers["x-app-usage"]
    assert f'{{"{town.page_id}": [{{"type": "pages", "call_count": 83' in headers["x-business-use-case-usage"]
    assert headers["date"].endswith("GMT")


def test_debug_token_tells_what_the_token_may_do(town: Town, graph: httpx.Client) -> None:
    """Scopes and expiry as the Graph gives them; another token is not valid."""
    town.graph.scopes.discard("pages_manage_engagement")
    own = graph.get("/debug_token", params={"input_token": town.page_token}).json()["data"]
    other = graph.get("/debug_token", params={"input_token": "other"}).json()["data"]

    assert (own["is_valid"], own["expires_at"], own["type"], own["profile_id"]) == (True, 0, "PAGE", town.page_id)
    assert "pages_manage_engagement" not in own["scopes"]
    assert "pages_read_user_content" in own["scopes"]
    assert (other["is_valid"], other["error"]["code"]) == (False, 190)


def test_a_token_past_its_time_is_190_463(town: Town, graph: httpx.Client) -> None:
    """Every call fails the same way, and works again with a token that lasts longer."""
    town.graph.token_expires_at = datetime.now(UTC) - timedelta(minutes=1)
    error = error_of(graph.get("/me"))
    town.graph.token_expires_at = datetime.now(UTC) + timedelta(days=60)

    assert (error["code"], error["error_subcode"]) == (190, 463)
    assert graph.get("/debug_token", params={"input_token": town.page_token}).json()["data"]["expires_at"] > 0


def test_a_version_that_does_not_exist_is_refused(town: Town, web: httpx.Client) -> None:
    """v26.0 is served; v99.0 is an unknown path component."""
    answer = web.get(f"{town.graph_url}/v99.0/me", params={"access_token": town.page_token})

    assert error_of(answer)["code"] == 2500


def test_hostile_text_comes_through_unchanged(town: Town, graph: httpx.Client) -> None:
    """Null bytes, direction marks, lone surrogates and sixty thousand characters are the reader's problem."""
    text = "<script>\x00\u202e\ud83d&amp;\r\n" + "w" * 60_000
    comment = town.say(text)

    assert graph.get(f"/{comment}").json()["message"] == text
