from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from bot.demo.slack import Slack
from tests.demo import slack_app
from tests.demo.slack_app import CHANNEL, NOOR, QUIET, until

Json = dict[str, Any]


@pytest.fixture
def slack() -> Iterator[Slack]:
    with slack_app.workspace() as running:
        yield running


def address(slack: Slack) -> str:
    return str(slack_app.web_client(slack).apps_connections_open(app_token=slack.app_token)["url"])


def line(slack: Slack) -> ClientConnection:
    """A bare websocket to the workspace, its hello still to be read."""
    return connect(address(slack), proxy=None)


def heard(socket: ClientConnection) -> Json:
    return dict(json.loads(socket.recv(timeout=30)))


def acknowledge(socket: ClientConnection, envelope: Json, payload: Json | None = None) -> None:
    answer = {"envelope_id": envelope["envelope_id"], **({"payload": payload} if payload else {})}
    socket.send(json.dumps(answer))


def test_a_connection_begins_with_hello(slack: Slack) -> None:
    """How many there are, for how long about, and whose they are."""
    with line(slack) as first, line(slack) as second:
        hellos = heard(first), heard(second)

    assert [one["num_connections"] for one in hellos] == [1, 2]
    assert hellos[0]["type"] == "hello"
    assert hellos[0]["connection_info"] == {"app_id": "A0BEADLE"}
    assert hellos[0]["debug_info"]["approximate_connection_time"] == 18060


def test_a_ticket_is_good_once(slack: Slack) -> None:
    """Whoever connects anew asks for a new address; a made-up one opens nothing."""
    url = address(slack)
    with connect(url, proxy=None):
        pass

    for used in (url, url.split("?")[0] + "?ticket=made-up"):
        with pytest.raises(InvalidStatus):
            connect(used, proxy=None)


def test_only_the_app_token_opens_connections_and_it_does_nothing_else(slack: Slack) -> None:
    """A bot token is of the wrong kind, and so the other way round."""
    for token, method in ((slack.token, "apps.connections.open"), (slack.app_token, "auth.test")):
        with pytest.raises(SlackApiError) as caught:
            WebClient(token, base_url=f"{slack.listener.url}/api/").api_call(method)
        assert caught.value.response["error"] == "not_allowed_token_type"


def test_an_envelope_is_acknowledged_by_its_id(slack: Slack) -> None:
    """Its type, and whether the acknowledgement may say something, stand on the envelope."""
    with line(slack) as socket, ThreadPoolExecutor() as hands:
        heard(socket)
        typing = hands.submit(slack.command, NOOR, "/beadle", "queue", CHANNEL)
        envelope = heard(socket)
        acknowledge(socket, envelope, {"text": "None."})
        delivered = typing.result(30)

    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert envelope["payload"]["text"] == "queue"
    assert delivered.acknowledged
    assert delivered.payload == {"text": "None."}
    assert delivered.after is not None
    assert 0 <= delivered.after < slack.patience


def test_what_is_not_acknowledged_comes_again_with_the_same_words(slack: Slack) -> None:
    """An event says how often it was tried, and why; nothing else changes."""
    slack.patience = 1.5
    with line(slack) as socket, ThreadPoolExecutor() as hands:
        heard(socket)
        opening = hands.submit(slack.open_home, NOOR)
        first, second = heard(socket), heard(socket)
        acknowledge(socket, second)
        delivered = opening.result(30)

    assert first["envelope_id"] == second["envelope_id"]
    assert first["payload"] == second["payload"]
    assert [one["retry_attempt"] for one in (first, second)] == [0, 1]
    assert [one["retry_reason"] for one in (first, second)] == ["", "timeout"]
    assert (delivered.acknowledged, delivered.attempts) == (True, 2)


def test_nobody_who_answers_is_a_failure_that_the_person_is_told_of(slack: Slack) -> None:
    """With no connection nothing is sent, and nothing comes later; with a silent one it was sent twice."""
    slack.patience = 0.3
    alone = slack.command(NOOR, "/beadle", "", CHANNEL)
    with line(slack) as socket:
        hello = heard(socket)
        silent = slack.command(NOOR, "/beadle", "", CHANNEL)

    assert (alone.acknowledged, alone.attempts) == (False, 0)
    assert alone.problem == "/beadle failed with the error “dispatch_failed”"
    assert hello["type"] == "hello"
    assert (silent.acknowledged, silent.attempts, slack.acknowledgements(silent)) == (False, 2, 0)
    assert silent.problem == "/beadle failed with the error “operation_timeout”"


def test_an_envelope_on_a_line_that_dies_takes_another_line(slack: Slack) -> None:
    """Before its time is up it is sent on a connection that stands."""
    slack.redeliveries = 0
    with line(slack) as first, line(slack) as second, ThreadPoolExecutor() as hands:
        lines = {heard(one)["num_connections"]: one for one in (first, second)}
        pressing = hands.submit(slack.shortcut, NOOR, "report_comment")
        # Connections take turns; the first envelope goes out on the second one.
        lost = heard(lines[2])
        lines[2].close()
        again = heard(lines[1])
        acknowledge(lines[1], again)
        delivered = pressing.result(30)

    assert lost == again
    assert (delivered.acknowledged, delivered.attempts) == (True, 2)


def test_what_was_sent_and_never_acknowledged_comes_again_on_the_next_connection(slack: Slack) -> None:
    """The acknowledgement may have been lost, so an app has to stand a second delivery long after the first."""
    slack.redeliveries, slack.patience = 0, 0.3
    with line(slack) as socket:
        heard(socket)
        delivered = slack.shortcut(NOOR, "report_comment")
        lost = heard(socket)
        slack.drop_sockets()
    with line(slack) as socket:
        heard(socket)
        late = heard(socket)
        acknowledge(socket, late)
        until(lambda: slack.acknowledgements(delivered))

    assert not delivered.acknowledged
    assert lost == late
    assert slack.acknowledgements(delivered) == 1


def test_dropped_lines_die_without_a_word_and_new_ones_are_refused_for_a_while(slack: Slack) -> None:
    """A reset, and status 503 until the time is over."""
    with line(slack) as socket:
        heard(socket)
        slack.drop_sockets(0.6)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)
    with pytest.raises(InvalidStatus) as caught:
        line(slack)

    assert caught.value.response.status_code == 503
    until(lambda: _stands(slack))


def _stands(slack: Slack) -> bool:
    try:
        with line(slack) as socket:
            return bool(heard(socket)["type"] == "hello")
    except InvalidStatus:
        return False


def test_an_eleventh_connection_is_told_that_there_are_too_many(slack: Slack) -> None:
    """It hears why, and is closed; the ten others stand."""
    with ExitStack() as open_lines:
        lines = [open_lines.enter_context(line(slack)) for _ in range(11)]
        first_words = [heard(one) for one in lines]
        with pytest.raises(ConnectionClosed):
            lines[10].recv(timeout=30)

        assert [one["type"] for one in first_words] == ["hello"] * 10 + ["disconnect"]
        assert first_words[10]["reason"] == "too_many_websockets"
        assert slack.sockets.open == 10


def test_a_warning_leaves_the_line_open_and_the_other_reasons_close_it(slack: Slack) -> None:
    """A disconnect message says why; after a warning the line still carries envelopes."""
    with line(slack) as socket:
        heard(socket)
        slack.disconnect_sockets("warning")
        warned = heard(socket), slack.sockets.open
        slack.disconnect_sockets("link_disabled")
        ended = heard(socket), slack.sockets.open
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=30)

    assert [(said["type"], said["reason"], left) for said, left in (warned, ended)] == [
        ("disconnect", "warning", 1),
        ("disconnect", "link_disabled", 0),
    ]


def test_a_replayed_envelope_is_the_same_to_the_letter(slack: Slack) -> None:
    """Same id, same payload."""
    with line(slack) as socket, ThreadPoolExecutor() as hands:
        heard(socket)
        pressing = hands.submit(slack.shortcut, NOOR, "x")
        first = heard(socket)
        acknowledge(socket, first)
        replaying = hands.submit(slack.replay, pressing.result(30))
        second = heard(socket)
        acknowledge(socket, second)
        assert replaying.result(30).acknowledged

    assert first == second


def test_a_server_that_stops_and_starts_again_has_no_lines_left_over(slack: Slack) -> None:
    """As after an outage: the old line is dead, the address is the same, and a new line works."""
    with line(slack) as socket, ThreadPoolExecutor() as hands:
        heard(socket)
        slack.listener.stop()
        slack.listener.start()
        left = slack.sockets.open
        with line(slack) as anew:
            heard(anew)
            pressing = hands.submit(slack.shortcut, NOOR, "x")
            acknowledge(anew, heard(anew))
            assert pressing.result(30).acknowledged

    assert left == 0


def test_rubbish_from_the_app_harms_nothing(slack: Slack) -> None:
    """Words that are no JSON, a list, an id that nobody knows."""
    with line(slack) as socket, ThreadPoolExecutor() as hands:
        heard(socket)
        for words in ("what?", "[1]", '{"envelope_id": "nobody"}', '{"envelope_id": 5}'):
            socket.send(words)
        pressing = hands.submit(slack.shortcut, NOOR, "x")
        acknowledge(socket, heard(socket))

        assert pressing.result(30).acknowledged


def test_the_sdks_own_client_lives_through_a_refresh_and_a_dead_line(slack: Slack) -> None:
    """It connects anew by itself, and what is pressed in between arrives."""
    got: list[str] = []

    def answer(client: Any, request: SocketModeRequest) -> None:
        got.append(request.payload["callback_id"])
        client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))

    client = SocketModeClient(slack.app_token, logger=QUIET, web_client=slack_app.web_client(slack), ping_interval=0.5)
    client.socket_mode_request_listeners.append(answer)
    client.connect()
    assert slack.sockets.wait_for(1)
    assert slack.shortcut(NOOR, "before").acknowledged
    slack.disconnect_sockets("refresh_requested")
    assert slack.shortcut(NOOR, "refreshed").acknowledged
    slack.drop_sockets(0.5)
    assert slack.shortcut(NOOR, "dead line").acknowledged
    client.auto_reconnect_enabled = False
    slack.drop_sockets()
    client.close()

    assert list(dict.fromkeys(got)) == ["before", "refreshed", "dead line"]
