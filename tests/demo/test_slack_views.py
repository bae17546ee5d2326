from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.demo.slack import Slack
from tests.demo import slack_app
from tests.demo.slack_app import CHANNEL, NOOR, SAM, actions, asked, button, menu, modal, plain

Json = dict[str, Any]


@pytest.fixture(scope="module")
def running() -> Iterator[Slack]:
    with slack_app.workspace() as slack:
        slack.patience, slack.redeliveries = 0.01, 0
        yield slack


@pytest.fixture
def slack(running: Slack) -> Iterator[Slack]:
    """The workspace, with a clock that goes right again afterwards."""
    clock = running.workspace.clock
    yield running
    running.workspace.clock = clock
    for view in running.views(NOOR)[:1]:
        running.close_view(NOOR, view["id"], cleared=True)


@pytest.fixture
def client(slack: Slack) -> WebClient:
    return slack_app.web_client(slack)


def trigger(slack: Slack) -> str:
    """A trigger of Noor's; no app is there to use it up."""
    return slack.shortcut(NOOR, "x").trigger_id


def later(slack: Slack, **more: float) -> None:
    clock = slack.workspace.clock
    slack.workspace.clock = lambda: clock() + timedelta(**more)


def refusal(caught: pytest.ExceptionInfo[SlackApiError]) -> str:
    return str(caught.value.response["error"])


def test_a_trigger_opens_one_modal_within_three_seconds(slack: Slack, client: WebClient) -> None:
    """Used, too late, and made up: each has Slack's own word."""
    used, late = trigger(slack), trigger(slack)
    opened = client.views_open(trigger_id=used, view=modal(asked("reason"), private_metadata="m"))
    later(slack, seconds=3.1)

    for one, word in ((used, "exchanged_trigger_id"), (late, "expired_trigger_id"), ("1.2.3", "invalid_trigger_id")):
        with pytest.raises(SlackApiError) as caught:
            client.views_open(trigger_id=one, view=modal())
        assert refusal(caught) == word
    assert opened["view"].items() >= {"private_metadata": "m", "callback_id": "why", "team_id": "T0MILLBROOK"}.items()
    assert [one["id"] for one in slack.views(NOOR)] == [opened["view"]["id"]]
    assert slack.views(SAM) == []


def test_a_trigger_of_a_modal_stacks_another_on_it_but_not_a_fourth(slack: Slack, client: WebClient) -> None:
    """views.push; a trigger from outside a modal pushes nothing."""
    root = client.views_open(trigger_id=trigger(slack), view=modal(actions(button("more"))))["view"]["id"]
    above = root
    for _ in range(2):
        pressed = slack.press_in_view(NOOR, above, "more")
        above = client.views_push(trigger_id=pressed.trigger_id, view=modal(actions(button("more"))))["view"]["id"]
    fourth = slack.press_in_view(NOOR, above, "more").trigger_id

    for one, word in ((fourth, "push_limit_reached"), (trigger(slack), "not_found")):
        with pytest.raises(SlackApiError) as caught:
            client.views_push(trigger_id=one, view=modal())
        assert refusal(caught) == word
    stack = slack.views(NOOR)
    assert [one["root_view_id"] for one in stack] == [root] * 3
    assert stack[2]["previous_view_id"] == stack[1]["id"]


def test_a_view_is_updated_only_by_who_saw_it_as_it_is(slack: Slack, client: WebClient) -> None:
    """The hash changes with each update; an old one is a conflict."""
    view = client.views_open(trigger_id=trigger(slack), view=modal())["view"]
    client.views_update(view_id=view["id"], hash=view["hash"], view=modal(title=plain("Second")))

    for words, word in (
        ({"view_id": view["id"], "hash": view["hash"]}, "hash_conflict"),
        ({"view_id": "V404"}, "not_found"),
    ):
        with pytest.raises(SlackApiError) as caught:
            client.views_update(view=modal(), **words)
        assert refusal(caught) == word
    assert slack.views(NOOR)[0]["title"]["text"] == "Second"


def test_a_home_tab_is_published_to_a_member_and_keeps_its_id(slack: Slack, client: WebClient) -> None:
    """A conflict of hashes is told, a stranger is not found, and a modal is no home."""
    home = {"type": "home", "blocks": [actions(button("pause_all"))]}
    first = client.views_publish(user_id=SAM.id, view=home)["view"]
    second = client.views_publish(user_id=SAM.id, view=home, hash=first["hash"])["view"]

    for words, word in (
        ({"user_id": SAM.id, "view": home, "hash": first["hash"]}, "hash_conflict"),
        ({"user_id": "U404", "view": home}, "user_not_found"),
        ({"user_id": SAM.id, "view": modal()}, "invalid_arguments"),
    ):
        with pytest.raises(SlackApiError) as caught:
            client.views_publish(**words)
        assert refusal(caught) == word
    assert first["id"] == second["id"]
    assert first["hash"] != second["hash"]


def test_a_wrong_view_is_refused_with_its_place_and_costs_no_trigger(slack: Slack, client: WebClient) -> None:
    """invalid_arguments, and a message that points at the title."""
    kept = trigger(slack)

    with pytest.raises(SlackApiError) as caught:
        client.views_open(trigger_id=kept, view=modal(title=plain("x" * 25)))

    assert refusal(caught) == "invalid_arguments"
    assert caught.value.response["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]
    assert client.views_open(trigger_id=kept, view=modal())["ok"]


def test_what_a_modal_offers_at_first_stands_in_its_state(slack: Slack, client: WebClient) -> None:
    """A menu with an option chosen beforehand, and words that stand in a field already."""
    code = menu("code", "K", "L")
    code["initial_option"] = code["options"][1]
    field = {"type": "plain_text_input", "action_id": "t", "initial_value": "so"}
    client.views_open(trigger_id=trigger(slack), view=modal(asked("code", code), asked("reason", field)))
    view = slack.views(NOOR)[0]

    sent = slack.submit(NOOR, view["id"]).envelope.payload["view"]["state"]["values"]

    assert view["state"]["values"]["code"]["code"]["selected_option"]["value"] == "L"
    assert sent["code"]["code"]["selected_option"]["value"] == "L"
    assert sent["reason"]["t"]["value"] == "so"


def test_what_is_not_acknowledged_leaves_the_modal_open(slack: Slack, client: WebClient) -> None:
    """With what was typed still in it."""
    client.views_open(trigger_id=trigger(slack), view=modal())
    view = slack.views(NOOR)[0]["id"]

    delivered = slack.submit(NOOR, view, {"reason": "A threat."})

    assert not delivered.acknowledged
    assert "trouble" in delivered.problem
    assert slack.views(NOOR)[0]["state"]["values"]["reason"]["reason_text"]["value"] == "A threat."


# Addresses for answers.


def test_an_address_takes_five_answers_in_half_an_hour(slack: Slack) -> None:
    """A sixth is refused, and so is one that comes too late, or to a made-up address."""
    used = WebhookClient(slack.command(NOOR, "/beadle", "", CHANNEL).response_url)
    late = WebhookClient(slack.command(NOOR, "/beadle", "", CHANNEL).response_url)
    answers = [used.send(text=str(number)) for number in range(6)]
    later(slack, minutes=31)

    assert [one.status_code for one in answers] == [200] * 5 + [404]
    assert "used_url" in answers[5].body
    assert "expired_url" in late.send(text="x").body
    assert WebhookClient(used.url[:-3] + "abc").send(text="x").status_code == 404
    assert [one["text"] for one in slack.ephemerals(NOOR)][-5:] == list("01234")


def test_an_answer_may_stand_in_the_channel_or_take_the_message_away(slack: Slack, client: WebClient) -> None:
    """response_type in_channel, delete_original, and blocks that Slack would refuse."""
    ts = str(client.chat_postMessage(channel=CHANNEL, text="x", blocks=[actions(button("keep"))])["ts"])
    answer = WebhookClient(slack.press(NOOR, CHANNEL, ts, "keep").response_url)

    wrong = answer.send(text="x", blocks=[{"type": "header", "text": plain("x" * 151)}])
    answer.send(text="For all.", response_type="in_channel")
    answer.send(delete_original=True)

    assert (wrong.status_code, "invalid_blocks" in wrong.body) == (400, True)
    assert slack.messages()[-1]["text"] == "For all."
    assert ts not in [one["ts"] for one in slack.messages()]


def test_an_ephemeral_message_is_replaced_through_its_own_address(slack: Slack, client: WebClient) -> None:
    """The one thing that can change it: chat.update does not know it."""
    client.chat_postEphemeral(channel=CHANNEL, user=NOOR.id, text="Sure?", blocks=[actions(button("yes"))])
    ts = slack.ephemerals(NOOR)[-1]["ts"]

    WebhookClient(slack.press(NOOR, CHANNEL, ts, "yes").response_url).send(text="Done.", replace_original=True)

    assert (slack.ephemerals(NOOR)[-1]["ts"], slack.ephemerals(NOOR)[-1]["text"]) == (ts, "Done.")
    with pytest.raises(SlackApiError) as caught:
        client.chat_update(channel=CHANNEL, ts=ts, text="x")
    assert refusal(caught) == "message_not_found"


def test_two_people_press_at_once_and_both_are_heard(slack: Slack, client: WebClient) -> None:
    """Side by side, each with an envelope of their own."""
    ts = str(client.chat_postMessage(channel=CHANNEL, text="x", blocks=[actions(button("keep"))])["ts"])

    with ThreadPoolExecutor() as hands:
        both = list(hands.map(lambda who: slack.press(who, CHANNEL, ts, "keep"), (NOOR, SAM)))

    assert {one.envelope.payload["user"]["id"] for one in both} == {NOOR.id, SAM.id}
    assert both[0].trigger_id != both[1].trigger_id
