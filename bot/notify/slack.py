"""The one door to Slack: an alert is posted once, with its picture, and kept up to date.

Scopes of the bot token: ``chat:write``, ``files:write``, ``channels:history`` (``groups:history`` for a private
channel), ``channels:read`` (``groups:read``).
"""

from __future__ import annotations

import http.client
import logging
import math
import re
import ssl
import time
import urllib.error
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import structlog
import truststore
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.errors import ConfigError
from bot.notify.alerts import Alert, Message, escaped, render, render_call, render_short
from bot.notify.posted import Posted, mark_of
from bot.notify.quoted import one_line
from bot.notify.slack_errors import BAD_CERTIFICATE, UNREACHABLE, SlackRefused, SlackUnavailable, translated
from bot.notify.summaries import Summary, render_summary

__all__ = ["MessageRef", "SlackNotifier", "SlackRefused", "SlackUnavailable"]

log = structlog.get_logger(__name__)

CASE = "beadle_case"
NOTICE = "beadle_notice"
GATHERING = "beadle_gathering"
CALL = "beadle_call"
TITLE = "Case {case_id}"
PICTURE_NAME = "evidence.png"
UNLIKE_SLACK = "BEADLE_SLACK_TOKEN holds a character that no Slack token has: paste the token alone, on one line."
BAD_ADDRESS = 'BEADLE_SLACK_BASE_URL must be an https address such as "https://slack.com/api/".'
NO_CHANNEL_SET = "No Slack channel is named: set BEADLE_SLACK_CHANNEL, or slack_channel for the page."

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PICTURE_WAITS_S = (0.25, 0.5, 1.0, 2.0)
_TOO_MUCH = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
_GONE = frozenset({"message_not_found", "cant_update_message"})
_DELETED = frozenset({"file_not_found", "file_deleted"})


@dataclass(frozen=True, slots=True)
class MessageRef:
    """Where a message stands: the channel's id and Slack's time stamp."""

    channel: str
    ts: str


class SlackNotifier:
    """Posts to Slack. Raises ``SlackUnavailable`` (try again) or ``SlackRefused`` (a person mends something).

    ``token``: a bot token. ``base_url``: the Web API, https or a loopback address. ``channel``: where to post when the
    page names none, an id. ``timeout``: seconds for each call. Connects to nothing before it is asked to.
    """

    def __init__(
        self,
        token: str,
        base_url: str = "https://slack.com/api/",
        channel: str | None = None,
        timeout: float = 15.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = _client(token, base_url, timeout)
        self._base_url = self._client.base_url
        self._channel = channel
        self._sleep = sleep
        self._posted: dict[str, Posted] = {}

    def __repr__(self) -> str:
        return f"SlackNotifier(base_url={self._base_url!r}, channel={self._channel!r})"

    def find(self, case_id: str, channel: str | None = None) -> MessageRef | None:
        """The message of a case, if it was posted before, among the channel's newest 1,000."""
        return self._find(CASE, case_id, self._where(channel))

    def recall(self, case_id: str, channel: str | None = None) -> MessageRef | None:
        """The same, as far as the channel was read already: it is asked once, and not for each case of a raid."""
        where = self._where(channel)
        with _errors(where):
            stamp = self._posts(where).recall(self._client.conversations_history, CASE, case_id)
        return MessageRef(channel=where, ts=stamp) if stamp else None

    def post(self, alert: Alert, picture: bytes | None = None, channel: str | None = None) -> MessageRef:
        """Post the alert of a case, with its picture (PNG) where the case may show one.

        Ask ``find`` first. An answer that is lost raises ``SlackUnavailable``; ``find`` then knows the message.
        """
        where = self._where(channel)
        file_id = self._upload_if_possible(alert, picture, where) if picture and alert.shows_picture else None
        if not picture or file_id is None:
            return self._post_words(alert, where)
        shown = self._post_when_ready(render(alert, file_id), where, _metadata(CASE, alert.case_id, file_id))
        if shown is not None:
            return shown
        self._drop(alert, file_id, where)
        ref = self._post_words(alert, where)
        self._upload_if_possible(alert, picture, ref.channel, below=ref.ts)
        return ref

    def update(self, ref: MessageRef, alert: Alert) -> None:
        """Bring a posted alert up to date; its picture stays, unless the case is restricted by now: then it is deleted.
        Posts the alert anew if somebody deleted it in Slack."""
        try:
            self._bring_up_to_date(ref, alert)
        except SlackRefused as error:
            if error.code not in _GONE:
                raise
            self._posts(ref.channel).forget(CASE, alert.case_id, ref.ts)
            newer = self.find(alert.case_id, ref.channel)
            if newer is None:
                self._post_words(alert, ref.channel)
            else:
                self._bring_up_to_date(newer, alert)

    def call(self, ref: MessageRef, alert: Alert) -> None:
        """Call who is on call, below the message of a case that has become urgent: an edit alone calls nobody."""
        if not any(mark == (CALL, alert.case_id) for mark in self._marks_below(ref)):
            self._post(render_call(alert), ref.channel, _metadata(CALL, alert.case_id), below=ref.ts)

    def gather(self, summary: Summary, channel: str | None = None, ref: MessageRef | None = None) -> MessageRef:
        """Post the one message of many cases, or bring it up to date; anew where somebody deleted it in Slack."""
        where, message = self._where(channel) if ref is None else ref.channel, render_summary(summary)
        known = ref or self._find(GATHERING, summary.mark, where)
        if known is not None:
            try:
                return self._update(known, message)
            except SlackRefused as error:
                if error.code not in _GONE:
                    raise
                self._posts(where).forget(GATHERING, summary.mark, known.ts)
        return self._post(message, where, _metadata(GATHERING, summary.mark))

    def say(self, channel: str | None, text: str, key: str) -> MessageRef:
        """Say one plain sentence of our own, once for each ``key`` (such as ``page-down:snow:2026-11-21T09:12``)."""
        where = self._where(channel)
        known = self._find(NOTICE, key, where)
        if known is not None:
            return known
        words = {"type": "plain_text", "text": one_line(text, limit=2900), "emoji": False}
        message = Message(({"type": "section", "text": words},), escaped(one_line(text, limit=2900)))
        return self._post(message, where, _metadata(NOTICE, key))

    def check(self, channel: str | None = None) -> tuple[str, ...]:
        """What stands in the way of an alert, as sentences that say what to do. Empty: nothing. Posts nothing."""
        try:
            where = self._where(channel)
            with _errors(where):
                self._client.auth_test()
                self._client.conversations_history(channel=where, limit=1)
        except (ConfigError, SlackRefused, SlackUnavailable) as error:
            return (error.sentence,)
        return ()

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _bring_up_to_date(self, ref: MessageRef, alert: Alert) -> None:
        file_id = self._file_of(ref) if alert.shows_picture else None
        versions = ((render(alert, file_id),) if file_id else ()) + _versions(alert)
        self._first_taken(versions, lambda message: self._update(ref, message))
        if alert.restricted:
            self._take_pictures_back(ref)

    def _post_words(self, alert: Alert, where: str) -> MessageRef:
        metadata = _metadata(CASE, alert.case_id)
        return self._first_taken(_versions(alert), lambda message: self._post(message, where, metadata))

    def _post_when_ready(self, message: Message, where: str, metadata: dict[str, Any]) -> MessageRef | None:
        """Post a message with a picture; ``None`` if Slack does not get to like the picture within some seconds."""
        # Slack looks at an uploaded file for a moment before a message may show it, and says invalid_blocks until then:
        # https://github.com/slackapi/python-slack-sdk/issues/1521
        for wait in (*_PICTURE_WAITS_S, None):
            try:
                return self._post(message, where, metadata)
            except SlackRefused as error:
                if error.code not in _TOO_MUCH:
                    raise
            if wait is not None:
                self._sleep(wait)
        return None

    def _first_taken(self, versions: tuple[Message, ...], send: Callable[[Message], MessageRef]) -> MessageRef:
        """Send the fullest version that Slack takes: an alert with fewer words is better than none."""
        for message in versions[:-1]:
            try:
                return send(message)
            except SlackRefused as error:
                if error.code not in _TOO_MUCH:
                    raise
                log.warning("slack refused an alert as too much", code=error.code)
        return send(versions[-1])

    def _post(self, message: Message, where: str, metadata: dict[str, Any], below: str | None = None) -> MessageRef:
        with _errors(where):
            answer = self._client.chat_postMessage(
                channel=where,
                **_content(message),
                thread_ts=below,
                metadata=metadata,
                unfurl_links=False,
                unfurl_media=False,
            )
        return MessageRef(channel=str(answer["channel"]), ts=str(answer["ts"]))

    def _update(self, ref: MessageRef, message: Message) -> MessageRef:
        # Metadata that is not sent stays as it is: https://docs.slack.dev/reference/methods/chat.update
        with _errors(ref.channel):
            self._client.chat_update(channel=ref.channel, ts=ref.ts, **_content(message))
        return ref

    # ── what is there already ────────────────────────────────────────────────────────────────────────────────────

    def _find(self, event: str, key: str, where: str) -> MessageRef | None:
        with _errors(where):
            stamp = self._posts(where).find(self._client.conversations_history, event, key)
        return MessageRef(channel=where, ts=stamp) if stamp else None

    def _posts(self, where: str) -> Posted:
        return self._posted.setdefault(where, Posted(where))

    def _marks_below(self, ref: MessageRef) -> list[tuple[str, str] | None]:
        """What the messages in a thread are marked with."""
        with _errors(ref.channel):
            answer = self._client.conversations_replies(
                channel=ref.channel, ts=ref.ts, limit=100, include_all_metadata=True
            )
        return [mark_of(message) for message in answer.get("messages") or ()]

    def _file_of(self, ref: MessageRef) -> str | None:
        """The picture that the message shows, as noted in its metadata."""
        with _errors(ref.channel):
            answer = self._client.conversations_history(
                channel=ref.channel,
                latest=ref.ts,
                oldest=ref.ts,
                inclusive=True,
                limit=1,
                include_all_metadata=True,
            )
        for message in answer.get("messages") or ():
            payload = (message.get("metadata") or {}).get("event_payload") or {}
            if message.get("ts") == ref.ts and isinstance(payload.get("file_id"), str):
                return str(payload["file_id"])
        return None

    # ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _upload_if_possible(self, alert: Alert, picture: bytes, where: str, below: str | None = None) -> str | None:
        """Upload a picture; ``None`` where that fails: the alert goes out, and the picture is in the case."""
        try:
            return self._upload(alert, picture, where, below)
        except (SlackRefused, SlackUnavailable) as error:
            if below is None and isinstance(error, SlackUnavailable) and error.retry_after is not None:
                raise
            log.warning("picture not uploaded", case=alert.case_id, because=error.sentence)
            return None

    def _upload(self, alert: Alert, picture: bytes, where: str, below: str | None = None) -> str:
        """Upload a picture: for a message to show, or into the thread ``below`` a message."""
        title = TITLE.format(case_id=alert.case_id)
        with _errors(where):
            answer = self._client.files_upload_v2(
                file=picture,
                filename=PICTURE_NAME,
                title=title,
                channel=where if below else None,
                thread_ts=below,
            )
            return str(answer["files"][0]["id"])

    def _take_pictures_back(self, ref: MessageRef) -> None:
        """Delete what was posted before anybody knew what it shows. Slack keeps a file whose message is gone."""
        shown = self._file_of(ref)
        for file_id in (*([shown] if shown else []), *self._files_below(ref)):
            self._delete(file_id, ref.channel)

    def _drop(self, alert: Alert, file_id: str, where: str) -> None:
        """Delete a file that no message shows, so that none lies about. Not worth an alert if it fails."""
        try:
            self._delete(file_id, where)
        except (SlackRefused, SlackUnavailable) as error:
            log.warning("an unused picture stays in Slack", case=alert.case_id, because=error.sentence)

    def _delete(self, file_id: str, where: str) -> None:
        try:
            with _errors(where):
                self._client.files_delete(file=file_id)
        except SlackRefused as error:
            if error.code not in _DELETED:
                raise

    def _files_below(self, ref: MessageRef) -> list[str]:
        """The pictures of ours in the thread of a message."""
        with _errors(ref.channel):
            answer = self._client.conversations_replies(channel=ref.channel, ts=ref.ts, limit=100)
        files = [file for message in answer.get("messages") or () for file in message.get("files") or ()]
        return [str(file["id"]) for file in files if file.get("name") == PICTURE_NAME]

    def _where(self, channel: str | None) -> str:
        where = channel or self._channel
        if not where:
            raise ConfigError(NO_CHANNEL_SET)
        return where


def _versions(alert: Alert) -> tuple[Message, ...]:
    return (render(alert), render_short(alert))


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks), "parse": "none", "link_names": False}


def _metadata(event: str, key: str, file_id: str | None = None) -> dict[str, Any]:
    """What marks a message as ours. https://docs.slack.dev/messaging/message-metadata"""
    name = "case_id" if event == CASE else "key"
    return {"event_type": event, "event_payload": {name: key, **({"file_id": file_id} if file_id else {})}}


def _client(token: str, base_url: str, timeout: float) -> WebClient:
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        raise ConfigError(UNLIKE_SLACK)
    address = urlsplit(base_url)
    if address.scheme != "https" and not (address.scheme == "http" and address.hostname in _LOOPBACK):
        raise ConfigError(BAD_ADDRESS)
    return WebClient(
        token=token,
        base_url=base_url if base_url.endswith("/") else base_url + "/",
        timeout=math.ceil(timeout),
        ssl=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        # Off: the SDK would send a message again after a lost answer, and people would read it twice.
        retry_handlers=[],
        # A logger of its own, that says nothing: at level debug the SDK writes whole messages.
        logger=_silent(),
    )


def _silent() -> logging.Logger:
    logger = logging.Logger("bot.notify.slack", level=logging.CRITICAL)
    logger.addHandler(logging.NullHandler())
    return logger


@contextmanager
def _errors(where: str) -> Iterator[None]:
    """Whatever the SDK raises, as one of our two errors."""
    try:
        yield
    except SlackApiError as error:
        raise translated(error, where) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise SlackRefused(BAD_CERTIFICATE.format(host="Slack"), code="certificate") from error
        raise SlackUnavailable(UNREACHABLE, cause=type(error.reason).__name__) from error
    except (OSError, http.client.HTTPException, SlackClientError, UnicodeDecodeError) as error:
        raise SlackUnavailable(UNREACHABLE, cause=type(error).__name__) from error
