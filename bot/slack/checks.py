"""What `beadle doctor` asks of answers in Slack: are the secrets there, does Slack know us, may we, and who may answer.

No line is opened: Slack would hand a member's press to it, and the daemon would never hear of that press.
"""

from __future__ import annotations

import http.client
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.notify.slack_errors import code_of, translated
from bot.people import People
from bot.settings import Settings
from bot.slack.receiver import NO_SECRET
from bot.slack.wire import web_client

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

NO_BOT = "BEADLE_SLACK_APP_TOKEN is set and BEADLE_SLACK_TOKEN is not; answers need the bot token too (docs/slack.md)."
NOBODY_ANSWERS = (
    "alerts are for reading only: nobody can answer in Slack; set BEADLE_SLACK_APP_TOKEN for that (docs/slack.md)."
)
OTHER_KIND = (
    "BEADLE_SLACK_APP_TOKEN is no app-level token; make one under Basic Information, App-Level Tokens, with the scope "
    "connections:write. It begins with xapp-."
)
MISSING = "The Slack app lacks {scopes}; add them under OAuth & Permissions and install the app again (docs/slack.md)."
KNOWN = 'members of the workspace "{team}" may answer, and nobody else'
REFUSED_LINE = {
    "invalid_auth": "Slack does not take BEADLE_SLACK_APP_TOKEN; make a new app-level token and put it in.",
    "not_allowed_token_type": OTHER_KIND,
    "missing_scope": "The app-level token lacks the scope connections:write; make a new one that has it.",
    "socket_mode_disabled": "Socket Mode is off; switch it on under Socket Mode in the app's settings.",
    "forbidden_team": "This workspace does not allow the app's Socket Mode; ask a workspace owner.",
}
NO_LINE = "Slack does not open Socket Mode ({code}); look at the app's settings, Socket Mode."
NO_WAY = "Slack would open Socket Mode, and {host} can't be reached; let connections to it out on port {port}."
LINE = "Socket Mode can be opened; {host} can be reached"
LINE_BY_PROXY = "Socket Mode can be opened, by way of the proxy"
CALLS = "signed calls are received on {listen}; the app's request URL must lead there"
NO_MEMBERS = "nobody in people.yaml has a slack_id, so nobody can answer; add the member ids (docs/slack.md)."
MEMBERS = "{count} people of people.yaml have a slack_id"

SCOPES = ("chat:write", "files:write", "commands")
HISTORY, READING = ("channels:history", "groups:history"), ("channels:read", "groups:read")
State = Literal["ok", "note", "wrong"]


@dataclass(frozen=True, slots=True)
class Looked:
    """One thing looked at, with a sentence that says what to do."""

    state: State
    sentence: str


def look(settings: Settings, people: People) -> Iterator[Looked]:
    """Look at each, cheap things first."""
    if settings.slack_token is None:
        if settings.slack_app_token is not None or settings.slack_listen is not None:
            yield Looked("wrong", NO_BOT)
        return
    if settings.slack_app_token is None and settings.slack_listen is None:
        yield Looked("note", NOBODY_ANSWERS)
        return
    client = web_client(settings.slack_token.get_secret_value(), settings.slack_base_url)
    yield from _known(client)
    yield from _calls(settings) if settings.slack_listen is not None else _line(client, settings)
    count = sum(1 for person in people.people if person.slack_id)
    yield Looked("ok", MEMBERS.format(count=count)) if count else Looked("note", NO_MEMBERS)


def _known(client: WebClient) -> Iterator[Looked]:
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        yield Looked("wrong", translated(error, "").sentence)
        return
    except (OSError, http.client.HTTPException, SlackClientError, ValueError):
        yield Looked("wrong", "Slack can't be reached from here; look at the network and at BEADLE_SLACK_BASE_URL.")
        return
    lacking = _lacking({key.lower(): value for key, value in answer.headers.items()}.get("x-oauth-scopes"))
    if lacking:
        yield Looked("wrong", MISSING.format(scopes=" and ".join(lacking)))
        return
    yield Looked("ok", KNOWN.format(team=_printable(answer.get("team"))))


def _lacking(header: str | None) -> list[str]:
    """The scopes that are missing; none where Slack doesn't say."""
    if header is None:
        return []
    held = {each.strip() for each in header.split(",")}
    missing = [f"the scope {scope}" for scope in SCOPES if scope not in held]
    either = [f"{kinds[0]} (or {kinds[1]})" for kinds in (HISTORY, READING) if not held & set(kinds)]
    return [*missing, *either]


def _calls(settings: Settings) -> Iterator[Looked]:
    if settings.slack_signing_secret is None:
        yield Looked("wrong", NO_SECRET)
    else:
        yield Looked("ok", CALLS.format(listen=settings.slack_listen))


def _line(client: WebClient, settings: Settings) -> Iterator[Looked]:
    assert settings.slack_app_token is not None
    token = settings.slack_app_token.get_secret_value()
    if not token.startswith("xapp-"):
        yield Looked("wrong", OTHER_KIND)
        return
    try:
        address = urlsplit(str(client.apps_connections_open(app_token=token)["url"]))
    except SlackApiError as error:
        code = code_of(error)
        yield Looked("wrong", REFUSED_LINE.get(code, NO_LINE.format(code=code)))
        return
    except (OSError, http.client.HTTPException, SlackClientError, ValueError):
        yield Looked("wrong", NO_LINE.format(code="no answer"))
        return
    yield _reached(address.hostname or "", address.port or 443, client.proxy)


def _reached(host: str, port: int, proxy: str | None) -> Looked:
    if proxy:
        return Looked("ok", LINE_BY_PROXY)
    try:
        socket.create_connection((host, port), timeout=5).close()
    except OSError:
        return Looked("wrong", NO_WAY.format(host=_printable(host), port=port))
    return Looked("ok", LINE.format(host=_printable(host)))


def _printable(value: object) -> str:
    return "".join(each for each in str(value or "") if each.isprintable())[:80]
