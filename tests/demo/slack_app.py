"""A Bolt app as a city's would be, connected to the stand-in for Slack over its websocket or behind its own address."""

from __future__ import annotations

import http.server
import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_bolt.request import BoltRequest
from slack_sdk import WebClient

from bot.demo.slack import Channel, Slack, SlackUser

Json = dict[str, Any]
NOOR = SlackUser("U1NOOR", "Noor Aziz", "noor@millbrook.example")
SAM = SlackUser("U2SAM", "Sam Ortiz", "sam@millbrook.example")
CHANNEL = "C0MODERATION"
QUIET = logging.getLogger("tests.demo.slack_app")
QUIET.addHandler(logging.NullHandler())
QUIET.propagate = False


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(action_id: str, value: str = "fb-1|open", **more: Any) -> Json:
    return {"type": "button", "action_id": action_id, "value": value, "text": plain(action_id), **more}


def actions(*elements: Json, block_id: str = "case:fb-1") -> Json:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def menu(action_id: str, *values: str, **more: Any) -> Json:
    options = [{"text": plain(f"Clause {value}"), "value": value} for value in values]
    return {"type": "static_select", "action_id": action_id, "options": options, **more}


def asked(block_id: str, element: Json | None = None, **more: Any) -> Json:
    written = {"type": "plain_text_input", "action_id": f"{block_id}_text"}
    return {"type": "input", "block_id": block_id, "label": plain(block_id), "element": element or written, **more}


def modal(*blocks: Json, **more: Any) -> Json:
    usual = {"type": "modal", "callback_id": "why", "title": plain("Why?"), "submit": plain("Record")}
    return {**usual, "blocks": list(blocks or (asked("reason"),)), **more}


@contextmanager
def workspace() -> Iterator[Slack]:
    """A running workspace with one channel and two people. It waits longer than Slack: a busy machine is no failure."""
    slack = Slack("xoxb-1", Channel(CHANNEL, "page-moderation"), users=(NOOR, SAM))
    slack.patience = 15.0
    slack.listener.start()
    try:
        yield slack
    finally:
        slack.listener.stop()


def web_client(slack: Slack) -> WebClient:
    """slack_sdk's own client, which tries nothing twice by itself."""
    return WebClient(slack.token, base_url=f"{slack.listener.url}/api/", timeout=5, retry_handlers=[])


def bolt(slack: Slack) -> App:
    """A Bolt app without listeners yet."""
    return App(client=web_client(slack), signing_secret=slack.signing_secret, logger=QUIET)


@contextmanager
def on_sockets(slack: Slack, app: App, *, ping_interval: float = 5.0) -> Iterator[SocketModeHandler]:
    """The app with one connection."""
    handler = SocketModeHandler(app, slack.app_token, logger=QUIET, ping_interval=ping_interval)
    handler.connect()  # type: ignore[no-untyped-call]
    assert slack.sockets.wait_for(1, 30)
    try:
        yield handler
    finally:
        # A closed line lets the SDK's reader go at once; otherwise it waits for three seconds more.
        handler.client.auto_reconnect_enabled = False
        slack.drop_sockets()
        handler.close()  # type: ignore[no-untyped-call]


@contextmanager
def behind_address(app: App, *, slow: Callable[[Json], float] = lambda _: 0.0) -> Iterator[tuple[str, list[Json]]]:
    """The app behind a web server; its address, and the headers of every request it got. ``slow``: seconds to wait."""
    received: list[Json] = []

    class Door(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            received.append({name.lower(): value for name, value in self.headers.items()})
            time.sleep(slow(received[-1]))
            answer = app.dispatch(BoltRequest(body=body, headers=dict(self.headers.items())))
            self.send_response(answer.status)
            for name, values in answer.headers.items():
                self.send_header(name, values[0])
            self.end_headers()
            self.wfile.write((answer.body or "").encode())

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05}).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/slack/events", received
    finally:
        server.shutdown()
        server.server_close()


def until(true: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait until something is true, or fail."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)
