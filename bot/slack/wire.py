"""What goes back to Slack: windows, home tabs and whispers. Nothing here decides, and nothing is worth failing for.

The libraries' own loggers are switched off: they would write whole payloads, with the words of strangers in them.
"""

from __future__ import annotations

import http.client
import ipaddress
import logging
import math
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
import truststore
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.notify.slack_errors import code_of

log = structlog.get_logger(__name__)

View = dict[str, Any]
_TIMEOUT_S = 8.0


@dataclass(frozen=True, slots=True)
class Reply:
    """Words for one member: ``text`` for notifications, ``blocks`` to look at."""

    text: str
    blocks: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Whisper:
    """Where one member is answered so that nobody else sees it. ``replace``: in place of the answer before it."""

    member: str
    channel: str = ""
    response_url: str = ""
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who we are in Slack: the workspace, and our bot's member and bot id."""

    team: str
    user: str
    bot: str


def silent() -> logging.Logger:
    """A logger that says nothing, whatever the level is elsewhere."""
    logger = logging.Logger("bot.slack", level=logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    logger.disabled = True
    return logger


def web_client(token: str, base_url: str, timeout: float = _TIMEOUT_S) -> WebClient:
    """A client of the Web API that trusts the system's certificates, says nothing and sends nothing twice."""
    return WebClient(
        token=token,
        base_url=base_url if base_url.endswith("/") else base_url + "/",
        timeout=math.ceil(timeout),
        ssl=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        retry_handlers=[],
        logger=silent(),
    )


class Wire:
    """The calls that answers need. Each gives whether Slack took it; a failure is logged by its code alone."""

    def __init__(self, client: WebClient) -> None:
        self.client = client
        self._identity: Identity | None = None
        self._asking = threading.Lock()

    def identity(self) -> Identity | None:
        """Whose token ours is, asked once; ``None`` as long as Slack doesn't say."""
        with self._asking:
            if self._identity is None:
                answer = self._call("auth.test", self.client.auth_test)
                if answer is not None:
                    team, user, bot = (str(answer.get(key) or "") for key in ("team_id", "user_id", "bot_id"))
                    self._identity = Identity(team, user, bot) if team else None
            return self._identity

    def open(self, trigger: str, view: View, *, above: bool = False) -> bool:
        """Open a window for whoever made the trigger; ``above``: on top of the window that it was made in."""
        call = self.client.views_push if above else self.client.views_open
        return self._call("views.open", lambda: call(trigger_id=trigger, view=view)) is not None

    def update(self, view_id: str, view: View) -> bool:
        """Put something else into an open window."""
        return self._call("views.update", lambda: self.client.views_update(view_id=view_id, view=view)) is not None

    def home(self, member: str, view: View) -> bool:
        """Publish a member's home tab."""
        return self._call("views.publish", lambda: self.client.views_publish(user_id=member, view=view)) is not None

    def permalink(self, channel: str, stamp: str) -> str | None:
        """Where a message can be read."""
        found = self._call(
            "chat.getPermalink", lambda: self.client.chat_getPermalink(channel=channel, message_ts=stamp)
        )
        return None if found is None else str(found.get("permalink") or "") or None

    def whisper(self, to: Whisper, reply: Reply) -> bool:
        """Answer one member, by the address that came with the press or in the channel."""
        if to.response_url and self._answers(to.response_url) and self._respond(to, reply):
            return True
        if not to.channel:
            return False
        content: dict[str, Any] = {"text": reply.text, "blocks": list(reply.blocks) or None, "parse": "none"}
        sending = {"channel": to.channel, "user": to.member, "link_names": False, **content}
        return self._call("chat.postEphemeral", lambda: self.client.chat_postEphemeral(**sending)) is not None

    def _respond(self, to: Whisper, reply: Reply) -> bool:
        hook = WebhookClient(
            to.response_url,
            timeout=math.ceil(_TIMEOUT_S),
            ssl=self.client.ssl,
            proxy=self.client.proxy,
            logger=silent(),
            retry_handlers=[],
        )
        sent = self._call(
            "response_url",
            lambda: hook.send(
                text=reply.text,
                blocks=list(_plain(reply.blocks)) or None,
                response_type="ephemeral",
                replace_original=to.replace,
            ),
        )
        if sent is not None and sent.status_code == 200:
            return True
        if sent is not None:
            log.warning("slack took no answer", call="response_url", status=sent.status_code)
        return False

    def _answers(self, address: str) -> bool:
        """Only Slack itself is answered, wherever a payload would have us send words."""
        ours, theirs = urlsplit(self.client.base_url), urlsplit(address)
        home = _domain(ours.hostname or "")
        host = theirs.hostname or ""
        return theirs.scheme == ours.scheme and (host == home or host.endswith(f".{home}"))

    def _call(self, what: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except SlackApiError as error:
            log.warning("slack took no answer", call=what, code=code_of(error))
        except (OSError, http.client.HTTPException, SlackClientError, UnicodeError, ValueError) as error:
            log.warning("slack took no answer", call=what, cause=type(error).__name__)
        return None


def _plain(blocks: Sequence[Mapping[str, Any]]) -> Sequence[dict[str, Any]]:
    return [dict(block) for block in blocks]


def _domain(host: str) -> str:
    """``slack.com`` of ``www.slack.com``; an address of numbers stays as it is."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ".".join(host.split(".")[-2:])
    return host
