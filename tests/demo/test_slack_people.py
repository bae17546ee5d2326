from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.demo.slack import Slack, SlackUser
from tests.demo import slack_app
from tests.demo.slack_app import CHANNEL, NOOR, SAM, actions, asked, button, menu, modal, plain, until

Json = dict[str, Any]


@dataclass
class Office:
    """A workspace, and an app that writes down all that comes and answers as ``answers`` says."""

    slack: Slack
    client: WebClient
    bodies: list[Json] = field(default_factory=list)
    answer: Json = field(default_factory=dict)
    opens: Json | None = None

    def post(self, *elements: Json) -> str:
        return str(self.client.chat_postMessage(channel=CHANNEL, text="x", blocks=[actions(*elements)])["ts"])

    def opened(self, view: Json) -> str:
        """A modal that is open on Noor's screen."""
        self.opens = view
        self.slack.shortcut(NOOR, "report_comment")
        until(lambda: self.slack.views(NOOR))
        return str(self.slack.views(NOOR)[-1]["id"])


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[Slack, App, list[Office]]]:
    """One connection for all of these tests; each has an office of its own."""
    with slack_app.workspace() as slack:
        app = slack_app.bolt(slack)
        offices: list[Office] = []
        _listen(app, offices)
        with slack_app.on_sockets(slack, app):
            yield slack, app, offices


@pytest.fixture
def office(running: tuple[Slack, App, list[Office]]) -> Iterator[Office]:
    slack, app, offices = running
    offices[:] = [Office(slack, app.client)]
    yield offices[0]
    for view in slack.views(NOOR)[:1]:
        slack.close_view(NOOR, view["id"], cleared=True)


def _listen(app: App, offices: list[Office]) -> None:
    def note(body: Json, ack: Ack) -> None:
        office = offices[0]
        office.bodies.append(body)
        ack(**office.answer)
        if office.opens and "trigger_id" in body:
            app.client.views_open(trigger_id=body["trigger_id"], view=office.opens)
            office.opens = None

    for listen in (app.action, app.command, app.shortcut, app.event):
        listen(re.compile(".*"))(note)
    app.view({"callback_id": "why", "type": "view_submission"})(note)
    app.view_closed("why")(note)


def test_a_press_tells_who_where_and_what_was_seen(office: Office) -> None:
    """The payload is block_actions as Slack sends it, with the message and its generated parts."""
    ts = office.post(button("case_keep", style="primary"), button("case_hide"))

    delivered = office.slack.press(NOOR, CHANNEL, ts, "case_keep")

    body = office.bodies[0]
    assert delivered.acknowledged
    assert delivered.attempts == 1
    assert body["user"] == {"id": "U1NOOR", "username": "noor", "name": "noor", "team_id": "T0MILLBROOK"}
    assert body["container"] == {"type": "message", "message_ts": ts, "channel_id": CHANNEL, "is_ephemeral": False}
    assert body["message"] == office.slack.messages()[-1]
    assert body["actions"][0].items() >= {"block_id": "case:fb-1", "value": "fb-1|open", "style": "primary"}.items()
    assert body["response_url"].startswith(office.slack.listener.url)
    assert (body["team"]["id"], body["api_app_id"]) == ("T0MILLBROOK", "A0BEADLE")


def test_a_double_click_is_two_payloads_that_differ_in_their_time(office: Office) -> None:
    """Two presses with triggers and times of their own, so an app has to know them for one by itself."""
    ts = office.post(button("case_keep"))

    first = office.slack.press(NOOR, CHANNEL, ts, "case_keep", twice=True)

    assert first.again is not None
    assert first.acknowledged
    assert first.again.acknowledged
    times = {body["actions"][0]["action_ts"] for body in office.bodies}
    assert len(times) == len({body["trigger_id"] for body in office.bodies}) == 2


def test_a_menu_of_a_message_brings_its_option(office: Office) -> None:
    """selected_option, with its words; an option that is not offered can't be chosen."""
    ts = office.post(menu("code", "K", "L"))

    office.slack.press(NOOR, CHANNEL, ts, "code", value="L")

    assert office.bodies[0]["actions"][0]["selected_option"]["value"] == "L"
    with pytest.raises(ValueError, match="does not offer 'X'"):
        office.slack.press(NOOR, CHANNEL, ts, "code", value="X")


def test_a_button_that_is_not_shown_cannot_be_pressed(office: Office) -> None:
    """Unless it stands on a screen that is behind the times, or the payload is forged."""
    ts = office.post(button("case_keep"))
    old = office.slack.messages()[-1]
    office.client.chat_update(channel=CHANNEL, ts=ts, text="Kept.", blocks=[])

    with pytest.raises(LookupError, match="there are none at all"):
        office.slack.press(NOOR, CHANNEL, ts, "case_keep")
    office.slack.press(NOOR, CHANNEL, ts, "case_keep", seen=old, altered={"value": "fb-2|forged"})

    assert office.bodies[0]["message"]["blocks"] == old["blocks"]
    assert office.bodies[0]["actions"][0]["value"] == "fb-2|forged"


def test_of_an_ephemeral_message_the_place_is_told_and_not_the_words(office: Office) -> None:
    """As Slack does; and only the one it was for can press."""
    blocks = [actions(button("undo"))]
    office.client.chat_postEphemeral(channel=CHANNEL, user=NOOR.id, text="x", blocks=blocks)
    ts = office.slack.ephemerals(NOOR)[-1]["ts"]

    office.slack.press(NOOR, CHANNEL, ts, "undo")

    assert office.bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in office.bodies[0]
    with pytest.raises(Exception, match="message_not_found"):
        office.slack.press(SAM, CHANNEL, ts, "undo")


def test_a_member_of_another_workspace_presses_under_their_own_team(office: Office) -> None:
    """A shared channel has guests; their team is not ours."""
    ts = office.post(button("case_keep"))

    office.slack.press(SlackUser("U9", "Guest", team_id="T0ELSEWHERE"), CHANNEL, ts, "case_keep")

    assert office.bodies[0]["team"]["id"] == office.bodies[0]["user"]["team_id"] == "T0ELSEWHERE"


def test_a_modal_is_opened_filled_in_and_closed(office: Office) -> None:
    """view_submission has every value by block and action, and what the app put aside."""
    view = office.opened(modal(asked("code", menu("code", "K", "L")), asked("reason", optional=True),
                               private_metadata="fb-1|open"))  # fmt: skip

    delivered = office.slack.submit(NOOR, view, {"code": "K", "reason_text": "A threat."})

    sent = office.bodies[-1]["view"]
    assert sent["state"]["values"]["code"]["code"]["selected_option"]["value"] == "K"
    assert sent["state"]["values"]["reason"]["reason_text"] == {"type": "plain_text_input", "value": "A threat."}
    assert sent["private_metadata"] == "fb-1|open"
    assert delivered.problem == ""
    assert office.slack.views(NOOR) == []


def test_what_a_modal_says_is_wrong_stands_next_to_the_input_and_it_stays(office: Office) -> None:
    """response_action errors; for an input that there is not, Slack says that it has trouble."""
    view = office.opened(modal())

    office.answer = {"response_action": "errors", "errors": {"reason": "Give a reason."}}
    delivered = office.slack.submit(NOOR, view, {"reason": "no"})
    office.answer = {"response_action": "errors", "errors": {"nowhere": "x"}}
    lost = office.slack.submit(NOOR, view, {"reason": "no"})

    assert delivered.errors == {"reason": "Give a reason."}
    assert delivered.problem == ""
    assert "trouble" in lost.problem
    assert [one["id"] for one in office.slack.views(NOOR)] == [view]


def test_an_answer_may_change_push_and_clear_modals(office: Office) -> None:
    """update keeps the id, push stacks at most three, clear closes them all."""
    view = office.opened(modal())
    first_hash = office.slack.views(NOOR)[0]["hash"]

    office.answer = {"response_action": "update", "view": modal(title=plain("Again"))}
    office.slack.submit(NOOR, view, {"reason": "a"})
    changed = office.slack.views(NOOR)[0]
    office.answer = {"response_action": "push", "view": modal()}
    pushed = [office.slack.submit(NOOR, office.slack.views(NOOR)[-1]["id"], {"reason": "a"}) for _ in range(3)]
    heights = len(office.slack.views(NOOR))
    office.answer = {"response_action": "clear"}
    office.slack.submit(NOOR, office.slack.views(NOOR)[-1]["id"], {"reason": "a"})

    assert (changed["id"], changed["title"]["text"]) == (view, "Again")
    assert changed["hash"] != first_hash
    assert heights == 3
    assert [bool(one.problem) for one in pushed] == [False, False, True]
    assert office.slack.views(NOOR) == []


def test_slacks_client_does_not_send_what_is_not_filled_in(office: Office) -> None:
    """A required field, a length, an option, a field that there is not."""
    short = {"type": "plain_text_input", "action_id": "t", "min_length": 5}
    view = office.opened(modal(asked("reason", short), asked("code", menu("code", "K"))))

    for values, why in [({"code": "K"}, "must be filled in"), ({"code": "K", "reason": "abc"}, "5 to 3000"),
                        ({"code": "Z", "reason": "abcde"}, "does not offer"),
                        ({"code": "K", "reason": "abcde", "mood": "x"}, "no input called mood")]:  # fmt: skip
        with pytest.raises(ValueError, match=why):
            office.slack.submit(NOOR, view, values)

    assert all(body["type"] != "view_submission" for body in office.bodies)


def test_closing_a_modal_is_told_only_where_the_app_asked(office: Office) -> None:
    """notify_on_close."""
    quiet = office.slack.close_view(NOOR, office.opened(modal()))
    told = office.slack.close_view(NOOR, office.opened(modal(notify_on_close=True)))

    assert quiet is None
    assert told is not None
    assert office.bodies[-1]["type"] == "view_closed"
    assert office.slack.views(NOOR) == []


def test_a_slash_command_is_answered_to_one_person_unless_to_all(office: Office) -> None:
    """Every field is a text; the acknowledgement is an ephemeral message or one in the channel."""
    office.answer = {"text": "Three cases wait."}
    office.slack.command(NOOR, "/beadle", "queue millbrook", CHANNEL)
    office.answer = {"text": "To all.", "response_type": "in_channel"}
    office.slack.command(NOOR, "/beadle", "", CHANNEL)

    assert office.bodies[0]["text"] == "queue millbrook"
    assert office.bodies[0]["user_name"] == "noor"
    assert all(isinstance(value, str) for value in office.bodies[0].values())
    assert office.slack.ephemerals(NOOR)[-1]["text"] == "Three cases wait."
    assert office.slack.messages()[-1]["text"] == "To all."


def test_shortcuts_bring_a_trigger_and_that_of_a_message_its_words(office: Office) -> None:
    """A global one has no channel; one of a message has it and the message."""
    ts = office.post(button("case_keep"))

    office.slack.shortcut(SAM, "report_comment")
    office.slack.message_action(SAM, CHANNEL, ts, "look")

    everywhere, here = office.bodies
    assert (everywhere["type"], everywhere["callback_id"]) == ("shortcut", "report_comment")
    assert "channel" not in everywhere
    assert (here["type"], here["message"]["ts"], here["channel"]["id"]) == ("message_action", ts, CHANNEL)


def test_the_home_tab_is_published_and_its_buttons_work(office: Office) -> None:
    """app_home_opened first; later ones bring the view that was published."""
    office.slack.open_home(NOOR)
    office.client.views_publish(user_id=NOOR.id, view={"type": "home", "blocks": [actions(button("pause_all"))]})
    office.slack.open_home(NOOR)
    office.slack.press_home(NOOR, "pause_all")

    first, second, pressed = office.bodies
    assert (first["event"]["type"], "view" in first["event"]) == ("app_home_opened", False)
    assert second["event"]["view"]["id"] == pressed["container"]["view_id"]
    assert "response_url" not in pressed
    assert office.slack.home(SAM) is None


def test_an_answer_goes_back_through_its_address(office: Office, running: tuple[Slack, App, list[Office]]) -> None:
    """Bolt's respond: to one person, and in place of the message."""
    ts = office.post(button("case_keep"))
    body = office.slack.press(NOOR, CHANNEL, ts, "case_keep").envelope.payload
    respond = Respond(response_url=body["response_url"], proxy=None, ssl=None)

    respond("Only you.", response_type="ephemeral")
    respond("Kept.", replace_original=True)

    assert office.slack.ephemerals(NOOR)[-1]["text"] == "Only you."
    assert (office.slack.messages()[-1]["ts"], office.slack.messages()[-1]["text"]) == (ts, "Kept.")
