from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.demo.blocks import block_errors, view_errors
from bot.demo.slack import Channel, Slack
from bot.demo.slack.limits import BURST, RateLimits
from bot.demo.slack.message import LONGEST_BLOCKS, blocks_length
from tests.demo import slack_app
from tests.demo.slack_app import CHANNEL, NOOR, SAM, actions, asked, button, menu, modal, plain

Json = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Slack]:
    with slack_app.workspace() as slack:
        yield slack


@pytest.fixture
def slack(running: Slack) -> Iterator[Slack]:
    """The workspace, its limits and scopes put back afterwards."""
    scopes, limits = set(running.scopes), running.limits
    yield running
    running.scopes, running.limits = scopes, limits


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return slack_app.web_client(slack)


def refused(call: Any, **words: Any) -> SlackApiError:
    with pytest.raises(SlackApiError) as caught:
        call(**words)
    return caught.value


# How often.


def test_a_channel_takes_a_short_burst_and_then_one_message_a_second(slack: Slack, client: WebClient) -> None:
    """429 with whole seconds to wait; another channel is not held up, and time gives room again."""
    now = [0.0]
    slack.limits = RateLimits(lambda: now[0])
    slack.limits.on = True
    slack.workspace.rooms["C2"] = type(slack.workspace.rooms[CHANNEL])(Channel("C2", "other"))
    for _ in range(BURST):
        client.chat_postMessage(channel=CHANNEL, text="x")

    error = refused(client.chat_postMessage, channel=CHANNEL, text="too many")
    client.chat_postMessage(channel="C2", text="x")
    now[0] = 1.0
    client.chat_postMessage(channel=CHANNEL, text="room again")

    assert (error.response.status_code, error.response["error"]) == (429, "ratelimited")
    assert error.response.headers["Retry-After"] == "1"
    assert slack.messages()[-1]["text"] == "room again"
    assert "too many" not in [one["text"] for one in slack.messages()]
    assert slack.limits.refusals == 1


def test_other_methods_have_a_number_a_minute(slack: Slack) -> None:
    """Fifty for reading a channel, a hundred for views; switched off, there is no end."""
    limits = RateLimits(lambda: 0.0)
    unlimited = [limits.retry_after("views.open", {}) for _ in range(500)]
    limits.on = True

    reads = [limits.retry_after("conversations.history", {}) for _ in range(51)]
    views = [limits.retry_after("views.open", {}) for _ in range(101)]

    assert set(unlimited) == {None}
    assert (reads[49], reads[50]) == (None, 2)
    assert (views[99], views[100]) == (None, 1)


# What an app may do, and what else the Web API knows.


def test_a_scope_that_is_missing_is_named(slack: Slack, client: WebClient) -> None:
    """And every answer lists what there is, in its header."""
    before = client.auth_test().headers["x-oauth-scopes"]
    slack.scopes.remove("chat:write")

    error = refused(client.chat_postMessage, channel=CHANNEL, text="x")

    assert "chat:write" in before.split(",")
    assert (error.response["error"], error.response["needed"]) == ("missing_scope", "chat:write")
    assert "chat:write" not in error.response.headers["x-oauth-scopes"].split(",")


def test_a_message_of_the_app_is_deleted_once(slack: Slack, client: WebClient) -> None:
    """What others wrote is not the app's to delete."""
    ts = client.chat_postMessage(channel=CHANNEL, text="x")["ts"]
    slack.workspace.room(CHANNEL).messages.append(
        {"type": "message", "user": NOOR.id, "text": "mine", "ts": "5.000001"}
    )

    client.chat_delete(channel=CHANNEL, ts=ts)

    assert ts not in [one["ts"] for one in slack.messages()]
    assert refused(client.chat_delete, channel=CHANNEL, ts=ts).response["error"] == "message_not_found"
    assert refused(client.chat_delete, channel=CHANNEL, ts="5.000001").response["error"] == "cant_delete_message"


def test_an_ephemeral_message_is_for_one_member_and_stands_in_no_history(slack: Slack, client: WebClient) -> None:
    """chat.postEphemeral, and who is not there can't be whispered to."""
    client.chat_postEphemeral(channel=CHANNEL, user=SAM.id, text="Only you.")

    assert slack.ephemerals(SAM)[-1]["text"] == "Only you."
    assert slack.ephemerals(NOOR) == []
    assert "Only you." not in [one["text"] for one in client.conversations_history(channel=CHANNEL)["messages"]]
    error = refused(client.chat_postEphemeral, channel=CHANNEL, user="U404", text="x")
    assert error.response["error"] == "user_not_in_channel"


def test_a_direct_conversation_is_opened_once_and_takes_messages(slack: Slack, client: WebClient) -> None:
    """By its id or by the person's."""
    first = client.conversations_open(users=NOOR.id)["channel"]["id"]
    again = client.conversations_open(users=[NOOR.id])["channel"]["id"]
    client.chat_postMessage(channel=first, text="one")
    client.chat_postMessage(channel=NOOR.id, text="two")

    assert first == again
    assert [one["text"] for one in slack.messages(first)] == ["one", "two"]
    assert refused(client.conversations_open, users="U404").response["error"] == "user_not_found"


def test_a_member_is_described_by_id(client: WebClient) -> None:
    """users.info."""
    user = client.users_info(user=NOOR.id)["user"]

    assert (user["real_name"], user["name"], user["is_bot"], user["deleted"]) == ("Noor Aziz", "noor", False, False)
    assert refused(client.users_info, user="U404").response["error"] == "user_not_found"


def test_a_kept_message_says_what_was_meant_by_default(slack: Slack, client: WebClient) -> None:
    """Ids for blocks and buttons that had none, emoji and verbatim written out: an app sees these and not its own."""
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x"}}
    nameless = {"type": "button", "text": plain("Keep")}
    client.chat_postMessage(channel=CHANNEL, text="x", blocks=[section, {"type": "actions", "elements": [nameless]}])

    words, row = slack.messages()[-1]["blocks"]

    assert words["block_id"] != row["block_id"]
    assert words["text"] == {"type": "mrkdwn", "text": "x", "verbatim": False}
    assert row["elements"][0]["text"] == {"type": "plain_text", "text": "Keep", "emoji": True}
    assert len(row["elements"][0]["action_id"]) == 5


# How much.


def test_all_blocks_together_have_a_length(client: WebClient) -> None:
    """Each alone is short enough; together they are msg_blocks_too_long."""

    def sections(last: int) -> list[Json]:
        text = {"type": "plain_text", "text": "x" * 2500}
        return [{"type": "section", "text": text}] * 5 + [{"type": "section", "text": plain("x" * last)}]

    room = LONGEST_BLOCKS - blocks_length(sections(1)) + 1
    assert client.chat_postMessage(channel=CHANNEL, text="x", blocks=sections(room))["ok"]
    error = refused(client.chat_postMessage, channel=CHANNEL, text="x", blocks=sections(room + 1))
    assert error.response["error"] == "msg_blocks_too_long"


def options(**more: Any) -> Json:
    """A menu with one option."""
    return {"type": "static_select", "action_id": "m", "options": [{"text": plain("x"), "value": "x", **more}]}


VIEW_LIMITS = [
    ("blocks", lambda n: modal(*[{"type": "divider"}] * n), 100),
    ("title", lambda n: modal(title=plain("x" * n)), 24),
    ("submit", lambda n: modal(submit=plain("x" * n)), 24),
    ("close", lambda n: modal(close=plain("x" * n)), 24),
    ("what the app puts aside", lambda n: modal(private_metadata="x" * n), 3000),
    ("callback id", lambda n: modal(callback_id="x" * n), 255),
    ("label", lambda n: modal(asked("r", label=plain("x" * n))), 2000),
    ("options", lambda n: modal(asked("r", menu("m", *map(str, range(n))))), 100),
    ("value of an option", lambda n: modal(asked("r", options(value="x" * n))), 150),
    ("words of an option", lambda n: modal(asked("r", options(text=plain("x" * n)))), 75),
    ("placeholder", lambda n: modal(asked("r", menu("m", "K", placeholder=plain("x" * n)))), 150),
    ("answer", lambda n: modal(asked("r", {"type": "plain_text_input", "action_id": "t", "max_length": n})), 3000),
]  # fmt: skip


@pytest.mark.parametrize(("make", "most"), [row[1:] for row in VIEW_LIMITS], ids=[row[0] for row in VIEW_LIMITS])
def test_a_limit_of_a_view_holds_to_the_very_character(make: Any, most: int) -> None:
    """As many as Slack allows pass, one more does not."""
    assert view_errors(make(most)) == []
    assert view_errors(make(most + 1)) != []


@pytest.mark.parametrize(
    ("view", "complaint"),
    [
        ("words", "must be an object [json-pointer:/view]"),
        ({"type": "tab"}, "must be one of modal, home [json-pointer:/view/type]"),
        ({**modal(), "colour": "red"}, "no such field: colour"),
        ({"type": "modal", "blocks": []}, "missing required field: title"),
        (modal(submit=None), "must define `submit` to use an `input` block"),
        ({"type": "home", "blocks": [], "title": plain("x")}, "no such field: title"),
        ({"type": "home"}, "missing required field: blocks"),
        (modal(asked("r", button("b"))), "unsupported element type [json-pointer:/view/blocks/0/element/type]"),
        (modal(asked("r"), asked("r")), "`block_id` must be unique [json-pointer:/view/blocks/1/block_id]"),
        (modal(asked("r", menu("m", "K", initial_option={"text": plain("x"), "value": "x"}))), "exactly match"),
        (modal(asked("r", {"type": "plain_text_input", "min_length": 9, "max_length": 5})), "less than max_length"),
        (modal(asked("r", {"type": "plain_text_input", "min_length": -1})), "must be between 0 and 3000"),
    ],
)
def test_a_view_that_slack_refuses_is_refused(view: Any, complaint: str) -> None:
    """Wrong kinds, missing parts, inputs without a way to send them."""
    errors = view_errors(view)

    assert len(errors) == 1
    assert complaint in errors[0]


@pytest.mark.parametrize(
    ("leaf", "complaint"),
    [
        ({"type": "user", "user_id": "U1"}, ""),
        ({"type": "broadcast", "range": "here"}, ""),
        ({"type": "user"}, "must be a string [json-pointer:/blocks/0/elements/0/elements/0/user_id]"),
        ({"type": "link", "text": "x"}, "must be a string [json-pointer:/blocks/0/elements/0/elements/0/url]"),
        ({"type": "broadcast", "range": "world"}, "must be one of here, channel, everyone"),
        ({"type": "text", "text": ""}, "must be more than 0 characters"),
        ({"type": "text", "text": "x", "style": {"blink": True}}, "no such style"),
    ],
)
def test_a_piece_of_rich_text_has_what_its_kind_needs(leaf: Json, complaint: str) -> None:
    """A mention names somebody, a link goes somewhere."""
    errors = block_errors([{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [leaf]}]}])

    assert [complaint in one for one in errors] == ([True] if complaint else [])


@pytest.mark.parametrize("odd", [[], {}, 5, None, "x", True])
def test_nonsense_anywhere_is_a_complaint_and_no_crash(odd: Any) -> None:
    """Whatever stands where a text, a list or an id belongs."""
    whole = modal(asked("r", menu("m", "K")), actions(button("b"), block_id="a"))

    for place, kept in _places(whole):
        before = kept[place]
        kept[place] = odd
        assert all(isinstance(one, str) for one in [*view_errors(whole), *block_errors(whole.get("blocks"))])
        kept[place] = before


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every key and number in a nested value, with the dict or list that it belongs to."""
    if not isinstance(value, dict | list):
        return []
    places = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [found for place in places for found in ((place, value), *_places(value[place]))]


def test_a_row_of_buttons_is_checked_one_by_one() -> None:
    """An action_id twice in one row is refused; in two rows it is not."""
    twice = actions(button("keep"), button("keep"))
    apart = [actions(button("keep"), block_id="a"), actions(button("keep"), block_id="b")]

    assert "already exists" in block_errors([twice])[0]
    assert block_errors(apart) == []
