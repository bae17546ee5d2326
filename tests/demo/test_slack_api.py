from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo import faults, slack
from bot.demo.picture import picture
from bot.demo.slack import SlackUser
from bot.demo.town import Town

HEADER = {"type": "header", "text": {"type": "plain_text", "text": "Hidden"}}
METADATA = {"event_type": "beadle_case", "event_payload": {"case": "fb-1"}}


@pytest.fixture
def client(town: Town) -> WebClient:
    """slack_sdk itself, pointed at the town; it tries nothing twice by itself."""
    return WebClient(token=town.slack_token, base_url=town.slack_url, timeout=5, retry_handlers=[])


def error(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


def texts(answer: Any) -> list[str]:
    return [message["text"] for message in answer["messages"]]


def test_the_bot_learns_who_it_is(client: WebClient) -> None:
    """auth.test."""
    answer = client.auth_test()

    assert (answer["team"], answer["user_id"]) == ("Town of Millbrook", "U0BEADLE")


def test_a_wrong_token_is_invalid_auth_and_none_is_not_authed(town: Town, web: httpx.Client) -> None:
    """As Slack says it, with status 200."""
    with pytest.raises(SlackApiError) as caught:
        WebClient(token="xoxb-stolen", base_url=town.slack_url).auth_test()

    assert error(caught) == "invalid_auth"
    assert web.post(town.slack_url + "auth.test").json() == {"ok": False, "error": "not_authed"}
    assert web.post(town.slack_url + "no.such", headers={"authorization": f"Bearer {town.slack_token}"}).json() == {
        "ok": False,
        "error": "unknown_method",
    }


def test_a_message_is_posted_and_found_again_by_its_metadata(town: Town, client: WebClient) -> None:
    """Metadata comes back only when it is asked for, as on Slack."""
    posted = client.chat_postMessage(channel=town.slack_channel, text="Hidden", blocks=[HEADER], metadata=METADATA)

    plain = client.conversations_history(channel=town.slack_channel)["messages"][0]
    full = client.conversations_history(channel=town.slack_channel, include_all_metadata=True)["messages"][0]

    assert "metadata" not in plain
    assert full["metadata"] == METADATA
    assert full["ts"] == posted["ts"]
    assert full["blocks"][0]["block_id"]


def test_form_bodies_are_taken_too(town: Town, web: httpx.Client) -> None:
    """blocks as a JSON text, the token as a field."""
    form = {"token": town.slack_token, "channel": "#page-moderation", "blocks": json.dumps([HEADER])}

    assert web.post(town.slack_url + "chat.postMessage", data=form).json()["ok"] is True
    assert town.slack.messages()[0]["blocks"][0]["text"]["text"] == "Hidden"


def test_an_update_replaces_words_and_keeps_metadata(town: Town, client: WebClient) -> None:
    """The time stamp stays and the message says that it was edited."""
    ts = client.chat_postMessage(channel=town.slack_channel, text="a", blocks=[HEADER], metadata=METADATA)["ts"]

    client.chat_update(channel=town.slack_channel, ts=ts, text="b")

    message = town.slack.messages()[0]
    assert (message["ts"], message["text"], message["metadata"]) == (ts, "b", METADATA)
    assert "blocks" not in message
    assert message["edited"]


def test_history_is_paged_newest_first_and_holds_its_place(town: Town, client: WebClient) -> None:
    """A message that comes in between two pages moves nothing."""
    for number in range(5):
        client.chat_postMessage(channel=town.slack_channel, text=str(number))
    first = client.conversations_history(channel=town.slack_channel, limit=2)
    client.chat_postMessage(channel=town.slack_channel, text="new")

    cursor = first["response_metadata"]["next_cursor"]
    second = client.conversations_history(channel=town.slack_channel, limit=3, cursor=cursor)

    assert (texts(first), first["has_more"]) == (["4", "3"], True)
    assert (texts(second), second["has_more"]) == (["2", "1", "0"], False)


def test_oldest_and_latest_leave_their_own_message_out_unless_inclusive(town: Town, client: WebClient) -> None:
    """The bounds are exclusive."""
    stamps = [client.chat_postMessage(channel=town.slack_channel, text=str(n))["ts"] for n in range(4)]

    def between(**more: Any) -> list[str]:
        return texts(
            client.conversations_history(channel=town.slack_channel, oldest=stamps[0], latest=stamps[3], **more)
        )

    assert between() == ["2", "1"]
    assert between(inclusive=True) == ["3", "2", "1", "0"]


def test_replies_stand_in_their_thread_and_not_in_the_channel(town: Town, client: WebClient) -> None:
    """conversations.replies has the parent first; history has it with a count."""
    ts = client.chat_postMessage(channel=town.slack_channel, text="top")["ts"]
    client.chat_postMessage(channel=town.slack_channel, text="answer", thread_ts=ts)

    assert texts(client.conversations_replies(channel=town.slack_channel, ts=ts)) == ["top", "answer"]
    history = client.conversations_history(channel=town.slack_channel)
    assert texts(history) == ["top"]
    assert history["messages"][0]["reply_count"] == 1


def test_time_stamps_never_repeat(town: Town, client: WebClient) -> None:
    """Each is later than the one before, even when the clock stands still."""
    town.slack.workspace.clock = lambda: datetime(2026, 11, 20, tzinfo=UTC)

    stamps = [client.chat_postMessage(channel=town.slack_channel, text="a")["ts"] for _ in range(3)]

    assert stamps == ["1795132800.000000", "1795132800.000001", "1795132800.000002"]


def test_a_picture_is_uploaded_and_shown_in_a_block(town: Town, client: WebClient) -> None:
    """The three steps of an upload; the file can be shown once it is complete."""
    uploaded = client.files_upload_v2(filename="shot.png", content=picture("7"), title="As it stood")
    image = {"type": "image", "slack_file": {"id": uploaded["file"]["id"]}, "alt_text": "The comment"}

    client.chat_postMessage(channel=town.slack_channel, text="x", blocks=[image])

    assert town.slack.uploads()[0].content == picture("7")
    assert town.slack.messages()[0]["blocks"][0]["slack_file"]["id"] == uploaded["file"]["id"]


def test_a_deleted_file_is_gone_and_is_deleted_once(town: Town, client: WebClient) -> None:
    """A second time there is nothing to delete, and Slack says so."""
    uploaded = client.files_upload_v2(filename="shot.png", content=picture("7"), title="As it stood")
    client.files_delete(file=uploaded["file"]["id"])

    assert town.slack.uploads() == []
    with pytest.raises(SlackApiError) as caught:
        client.files_delete(file=uploaded["file"]["id"])
    assert error(caught) == "file_not_found"


def test_a_file_that_was_not_uploaded_cannot_be_shown(town: Town, client: WebClient) -> None:
    """An unknown file, and one that is on its way, are invalid blocks."""
    waiting = client.files_getUploadURLExternal(filename="a.png", length=3)["file_id"]

    for file_id in ("F404", waiting):
        image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "x"}
        with pytest.raises(SlackApiError) as caught:
            client.chat_postMessage(channel=town.slack_channel, text="x", blocks=[image])
        assert error(caught) == "invalid_blocks"


def test_an_upload_of_the_wrong_length_is_refused(client: WebClient, web: httpx.Client) -> None:
    """What was announced has to come."""
    asked = client.files_getUploadURLExternal(filename="a.png", length=3)
    web.post(asked["upload_url"], content=b"four")

    with pytest.raises(SlackApiError) as caught:
        client.files_completeUploadExternal(files=[{"id": asked["file_id"]}])

    assert error(caught) == "file_upload_size_mismatch"


def test_wrong_blocks_are_refused_with_their_place(town: Town, client: WebClient) -> None:
    """invalid_blocks, and a message that points at the text."""
    long = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=town.slack_channel, text="x", blocks=[HEADER, long])

    assert error(caught) == "invalid_blocks"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"
    ]
    assert town.slack.messages() == []


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({}, "no_text"),
        ({"text": "x" * 40_001}, "msg_too_long"),
        ({"text": "x", "metadata": {"event_type": "a"}}, "invalid_metadata_schema"),
        ({"text": "x", "metadata": {"event_type": "a", "event_payload": {"b": "x" * 17_000}}}, "metadata_too_large"),
        ({"text": "x", "blocks": "[{"}, "invalid_blocks_format"),
        ({"text": "x", "channel": "C404"}, "channel_not_found"),
        ({"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
    ],
)
def test_a_message_that_slack_would_refuse_is_refused(
    town: Town, client: WebClient, sent: dict[str, Any], expected: str
) -> None:
    """Each with Slack's own word for it."""
    with pytest.raises(SlackApiError) as caught:
        client.api_call("chat.postMessage", json={"channel": town.slack_channel, **sent})

    assert error(caught) == expected
    assert town.slack.messages() == []


def test_too_many_calls_are_told_to_wait(town: Town, client: WebClient) -> None:
    """429 with Retry-After, and nothing is posted."""
    town.slack.faults.next(slack.ratelimited(7), path="postMessage")

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=town.slack_channel, text="x")

    assert (caught.value.response.status_code, error(caught)) == (429, "ratelimited")
    assert caught.value.response.headers["Retry-After"] == "7"
    assert town.slack.messages() == []


def test_a_planned_refusal_has_slacks_shape(town: Town, client: WebClient) -> None:
    """For instance a bot that was thrown out of the channel."""
    town.slack.faults.next(slack.refused("not_in_channel"))

    with pytest.raises(SlackApiError) as caught:
        client.chat_postMessage(channel=town.slack_channel, text="x")

    assert error(caught) == "not_in_channel"


def test_a_message_whose_answer_was_lost_is_there(town: Town, client: WebClient) -> None:
    """Whoever posts again without looking posts twice."""
    town.slack.faults.next(faults.lost_answer(), path="postMessage")

    with pytest.raises(ConnectionError):
        client.chat_postMessage(channel=town.slack_channel, text="once")

    assert texts(client.conversations_history(channel=town.slack_channel)) == ["once"]


def test_people_are_found_by_their_address(town: Town, client: WebClient) -> None:
    """users.lookupByEmail knows only who is in the workspace."""
    town.slack.users.append(SlackUser("U1", "Dana Whitfield", "dana@millbrook.example"))

    assert client.users_lookupByEmail(email="dana@millbrook.example")["user"]["id"] == "U1"
    with pytest.raises(SlackApiError) as caught:
        client.users_lookupByEmail(email="nobody@millbrook.example")
    assert error(caught) == "users_not_found"


def test_the_channel_is_known_by_its_id(town: Town, client: WebClient) -> None:
    """conversations.info and a permalink to a message."""
    ts = client.chat_postMessage(channel=town.slack_channel, text="x")["ts"]

    assert client.conversations_info(channel=town.slack_channel)["channel"]["name"] == "page-moderation"
    link = client.chat_getPermalink(channel=town.slack_channel, message_ts=ts)["permalink"]
    assert link.endswith(f"/archives/{town.slack_channel}/p{ts.replace('.', '')}")


def test_the_channel_is_written_with_its_pictures_inside(town: Town, client: WebClient, tmp_path: Path) -> None:
    """One HTML file that needs nothing else, and the messages as JSON."""
    file_id = client.files_upload_v2(filename="shot.png", content=picture("7"))["file"]["id"]
    image = {"type": "image", "slack_file": {"id": file_id}, "alt_text": "The comment"}
    client.chat_postMessage(channel=town.slack_channel, text="lone \ud83d", blocks=[HEADER, image])

    town.slack.write_page(tmp_path / "channel.html")
    town.slack.write_json(tmp_path / "channel.json")

    assert 'src="data:image/png;base64,' in (tmp_path / "channel.html").read_text("utf-8")
    assert json.loads((tmp_path / "channel.json").read_text("utf-8"))["page-moderation"][0]["text"] == "lone \ud83d"


def test_the_channel_page_answers_a_browser(town: Town, client: WebClient, web: httpx.Client) -> None:
    """GET /channel/<name>, under a policy that runs nothing."""
    client.chat_postMessage(channel=town.slack_channel, text="<!here> <b>")

    page = web.get(town.channel_url)

    assert page.status_code == 200
    assert "@here" in page.text
    assert "&lt;b&gt;" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert web.get(town.channel_url + "x").status_code == 404
