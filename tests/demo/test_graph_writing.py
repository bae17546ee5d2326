from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import facebook
import httpx
import pytest

from bot.demo import faults, graph_errors
from bot.demo.faults import Fault
from bot.demo.town import Town


def verbs(town: Town) -> list[tuple[str, bool]]:
    return [(write.verb, write.had_effect) for write in town.graph.journal]


@pytest.mark.parametrize("place", ["params", "data", "json"])
def test_a_comment_is_hidden_by_form_query_or_json(town: Town, graph: httpx.Client, place: str) -> None:
    """is_hidden=true in any of the places the Graph reads it from."""
    comment = town.say("hello")

    sent: dict[str, Any] = {place: {"is_hidden": "true"}}
    answer = graph.request("POST", f"/{comment}", **sent)

    assert answer.json() == {"success": True}
    assert town.comment(comment).hidden
    assert graph.get(f"/{comment}", params={"fields": "is_hidden"}).json()["is_hidden"] is True


def test_hiding_twice_succeeds_and_the_journal_knows_the_difference(town: Town, graph: httpx.Client) -> None:
    """The platform says success both times; only the first has an effect."""
    comment = town.say("hello")

    for wanted in ("true", "true", "false"):
        graph.post(f"/{comment}", data={"is_hidden": wanted})

    assert verbs(town) == [("hide", True), ("hide", False), ("unhide", True)]
    moments = [write.monotonic for write in town.graph.journal]
    assert moments == sorted(moments)


def test_the_pages_own_comment_cannot_be_hidden(town: Town, graph: httpx.Client) -> None:
    """can_hide is false, and asking all the same is an error without an entry in the journal."""
    comment = town.say("hello", by=None)

    answer = graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert answer.json()["error"]["code"] == 100
    assert verbs(town) == []


def test_a_delete_takes_the_replies_with_it(town: Town, graph: httpx.Client) -> None:
    """Both are 100/33 afterwards, and so is a second delete."""
    top = town.say("first")
    reply = town.say("answer", reply_to=top)

    assert graph.delete(f"/{top}").json() == {"success": True}

    for verb, comment in (("GET", top), ("GET", reply), ("DELETE", top), ("POST", reply)):
        error = graph.request(verb, f"/{comment}").json()["error"]
        assert (error["code"], error["error_subcode"]) == (100, 33)
        assert f"Unsupported {verb.lower()} request" in error["message"]
    assert verbs(town) == [("delete", True)]


def test_without_the_permission_to_engage_nothing_is_written(town: Town, graph: httpx.Client) -> None:
    """A code in the 200s and nothing hidden."""
    comment = town.say("hello")
    town.graph.scopes.discard("pages_manage_engagement")

    answer = graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert 200 <= answer.json()["error"]["code"] <= 299
    assert not town.comment(comment).hidden


def test_an_account_is_blocked_listed_and_let_in_again(town: Town, graph: httpx.Client) -> None:
    """The blocked edge of the page: POST maps the id to true, GET lists, DELETE takes it back."""
    comment = town.say("hello", by="Ann Roe")
    account = graph.get(f"/{comment}").json()["from"]["id"]

    assert graph.post("/me/blocked", data={"user": account}).json() == {account: True}
    assert graph.get("/me/blocked").json() == {"data": [{"id": account, "name": "Ann Roe"}]}
    assert graph.delete("/me/blocked", params={"user": account}).json() == {"success": True}
    assert graph.get("/me/blocked", params={"user": account}).json() == {"data": []}
    assert verbs(town) == [("block", True), ("unblock", True)]


def test_before_write_runs_before_the_effect(town: Town, graph: httpx.Client) -> None:
    """What it sees is the comment as it stood, so a test can ask for the evidence right there."""
    comment = town.say("hello")
    seen: list[tuple[str, str, bool]] = []
    town.graph.before_write = lambda verb, one: seen.append((verb, one, town.comment(one).hidden))

    graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert seen == [("hide", comment, False)]
    assert town.comment(comment).hidden


def test_before_write_may_refuse(town: Town, graph: httpx.Client) -> None:
    """When it raises, nothing is hidden, the answer is a 500, and the error is kept for the test to read."""
    comment = town.say("hello")

    def refuse(verb: str, one: str) -> None:
        raise AssertionError(f"no evidence before {verb} of {one}")

    town.graph.before_write = refuse
    answer = graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert (answer.status_code, verbs(town), town.comment(comment).hidden) == (500, [], False)
    assert [str(error) for error in town.wall.refusals] == [f"no evidence before hide of {comment}"]


def test_a_batch_answers_each_request_by_itself(town: Town, graph: httpx.Client) -> None:
    """A list of code, headers and a body that is JSON in a string."""
    comment = town.say("hello")
    batch = [
        {"method": "GET", "relative_url": f"{comment}?fields=message"},
        {"method": "POST", "relative_url": f"v26.0/{comment}", "body": "is_hidden=true"},
        {"method": "GET", "relative_url": "1_1"},
    ]

    answers = graph.post("/", data={"batch": json.dumps(batch)}).json()

    assert [one["code"] for one in answers] == [200, 200, 400]
    assert json.loads(answers[0]["body"])["message"] == "hello"
    assert {header["name"] for header in answers[0]["headers"]} >= {"Content-Type", "x-app-usage"}
    assert town.comment(comment).hidden


def test_a_request_of_a_batch_that_timed_out_is_null(town: Town, graph: httpx.Client) -> None:
    """A planned fault for its path makes one part null and leaves the others alone."""
    comment = town.say("hello")
    town.graph.faults.next(faults.hang(), path=comment)
    batch = [{"method": "GET", "relative_url": comment}, {"method": "GET", "relative_url": "me"}]

    answers = graph.post("/", data={"batch": json.dumps(batch)}).json()

    assert answers[0] is None
    assert answers[1]["code"] == 200


def test_a_batch_has_at_most_fifty_requests(graph: httpx.Client) -> None:
    """Fifty-one are refused as a whole."""
    batch = [{"method": "GET", "relative_url": "me"}] * 51

    assert "Maximum batch size is 50" in graph.post("/", data={"batch": json.dumps(batch)}).json()["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "status", "code", "subcode"),
    [
        (graph_errors.token_expired(), 400, 190, 463),
        (graph_errors.permission_lost(), 403, 10, None),
        (graph_errors.rate_limited("1", code=4), 403, 4, None),
        (graph_errors.rate_limited("1", code=32), 403, 32, None),
        (graph_errors.rate_limited("1", code=80001), 400, 80001, None),
        (graph_errors.server_error(), 500, 2, None),
        (graph_errors.abuse_block(), 400, 368, None),
        (graph_errors.too_much_data(), 500, 1, None),
    ],
)
def test_a_planned_error_answers_once_and_writes_nothing(
    town: Town, graph: httpx.Client, fault: Fault, status: int, code: int, subcode: int | None
) -> None:
    """The real codes with their statuses; the next call is well again."""
    comment = town.say("hello")
    town.graph.faults.next(fault, method="POST")

    answer = graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert answer.json()["error"].get("error_subcode") == subcode
    assert answer.json()["error"]["fbtrace_id"]
    assert verbs(town) == []
    assert graph.post(f"/{comment}", data={"is_hidden": "true"}).json() == {"success": True}


def test_a_rate_limit_says_in_minutes_when_it_ends(town: Town, graph: httpx.Client) -> None:
    """There is never a Retry-After: the usage header has the minutes."""
    town.graph.faults.next(graph_errors.rate_limited(town.page_id, regain_minutes=17))

    answer = graph.get("/me")

    usage = json.loads(answer.headers["x-business-use-case-usage"])[town.page_id][0]
    assert (usage["call_count"], usage["estimated_time_to_regain_access"]) == (100, 17)
    assert answer.json()["error"]["is_transient"] is True
    assert "retry-after" not in answer.headers


def test_a_bad_gateway_is_html(town: Town, graph: httpx.Client) -> None:
    """A 502 without JSON, as proxies answer."""
    town.graph.faults.next(faults.bad_gateway())

    answer = graph.get("/me")

    assert (answer.status_code, answer.headers["content-type"]) == (502, "text/html; charset=utf-8")


def test_a_truncated_answer_is_half_a_json(town: Town, graph: httpx.Client) -> None:
    """The length fits, so that only the reader of the JSON can notice."""
    town.graph.faults.next(faults.truncated())

    answer = graph.get("/me")

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_hang_outlasts_the_clients_patience(town: Town, graph: httpx.Client) -> None:
    """Nothing comes; the client's own time-out ends it."""
    town.graph.faults.next(faults.hang())

    with pytest.raises(httpx.ReadTimeout):
        graph.get("/me", timeout=0.05)


def test_a_slow_answer_is_right_all_the_same(town: Town, graph: httpx.Client) -> None:
    """Late, not wrong."""
    town.graph.faults.next(faults.slow(0.01))

    assert graph.get("/me").json()["id"] == town.page_id


def test_a_reset_connection_does_nothing(town: Town, graph: httpx.Client) -> None:
    """TCP reset before the act."""
    comment = town.say("hello")
    town.graph.faults.next(faults.reset())

    with pytest.raises(httpx.ReadError):
        graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert not town.comment(comment).hidden


def test_a_lost_answer_did_it_all_the_same(town: Town, graph: httpx.Client) -> None:
    """The act is carried out and nobody hears of it: the case that every retry has to survive."""
    comment = town.say("hello")
    town.graph.faults.next(faults.lost_answer())

    with pytest.raises(httpx.ReadError):
        graph.post(f"/{comment}", data={"is_hidden": "true"})
    graph.post(f"/{comment}", data={"is_hidden": "true"})

    assert verbs(town) == [("hide", True), ("hide", False)]


def test_a_schedule_counts_calls_that_match_its_path(town: Town, graph: httpx.Client) -> None:
    """Two calls of the comments edge fail; other calls neither fail nor use the schedule up."""
    post = town.wall.posts()[0].id
    town.graph.faults.next(graph_errors.server_error(), calls=2, path="/comments")

    statuses = [graph.get(path).status_code for path in ("/me", *[f"/{post}/comments"] * 3)]

    assert statuses == [200, 500, 500, 200]
    assert [call.fault for call in town.graph.listener.calls] == [None, "answer", "answer", None]


def test_a_fault_can_last_until_it_is_cleared(town: Town, graph: httpx.Client) -> None:
    """An outage, and its end."""
    town.graph.faults.always(graph_errors.token_expired())
    assert [graph.get("/me").status_code for _ in range(3)] == [400, 400, 400]

    town.graph.faults.clear()

    assert graph.get("/me").status_code == 200


def test_a_stopped_server_comes_back_on_its_port(town: Town, graph: httpx.Client) -> None:
    """An outage of the whole platform: connections are refused, and afterwards all is as before."""
    comment = town.say("hello")
    graph.get("/me")
    town.graph.listener.stop()
    with pytest.raises(httpx.TransportError):
        graph.get("/me")

    town.graph.listener.start()

    assert graph.get(f"/{comment}").json()["message"] == "hello"


@pytest.fixture
def sdk(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[facebook.GraphAPI]:
    """facebook-sdk itself, pointed at the town."""
    monkeypatch.setattr(facebook, "FACEBOOK_GRAPH_URL", town.graph_url + "/")
    api = facebook.GraphAPI(town.page_token, timeout=5)
    api.version = "v26.0"
    yield api
    api.session.close()


def test_facebook_sdk_reads_pages_through(town: Town, sdk: Any) -> None:
    """get_all_connections follows paging.next, which it only can when the address carries the token."""
    said = [town.say(str(number)) for number in range(7)]

    rows = sdk.get_all_connections(town.wall.posts()[0].id, "comments", filter="stream", limit=3)

    assert [row["id"] for row in rows] == said
    assert sdk.get_version() == "26.0"


def test_facebook_sdk_hides_deletes_and_batches(town: Town, sdk: Any) -> None:
    """The writes as the SDK sends them: a form with the token inside."""
    comment, other = town.say("hello"), town.say("hello again")

    assert sdk.request(f"v26.0/{comment}", post_args={"is_hidden": "true"}) == {"success": True}
    assert sdk.delete_object(other) == {"success": True}
    batch = json.dumps([{"method": "GET", "relative_url": "me"}])
    assert json.loads(sdk.request("v26.0/", post_args={"batch": batch})[0]["body"])["id"] == town.page_id
    assert town.comment(comment).hidden


def test_facebook_sdk_raises_the_graphs_errors(town: Town, sdk: Any) -> None:
    """Code and type arrive; the subcode only in the result."""
    with pytest.raises(facebook.GraphAPIError) as caught:
        sdk.get_object("1_1")

    assert (caught.value.code, caught.value.type) == (100, "GraphMethodException")
    assert caught.value.result["error"]["error_subcode"] == 33
