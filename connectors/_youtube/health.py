"""Tries the consent of a YouTube channel before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._findings import Findings
from connectors._paging import PagingBroken
from connectors._values import words
from connectors._youtube.channel import Channel
from connectors._youtube.objects import HELD, PLATFORM, PUBLISHED, SPAM, comment_of, snippet_of, status_of, thread_of
from connectors.contract import ConnectorError, Health, Malformed

SCOPE = "https://www.googleapis.com/auth/youtube.force-ssl"

OTHER_CHANNEL = (
    "The token belongs to {owners}, not to channel {page_id}; give consent again, choose the city's channel in "
    "Google's list of accounts, and store that refresh token."
)
SCOPE_MISSING = (
    "The consent lacks the scope youtube.force-ssl, without which held comments are not shown and nothing can be "
    "hidden; give consent again with it."
)
NO_AUTHORS = "YouTube delivers comments without their authors' channels; records will name no account."
NO_STATE = (
    "YouTube delivers comments without their moderation status; give consent as an owner of the channel, else nobody "
    "can tell which comments are held."
)
CONSENT = "Google's consent for this channel"
REMEDY = "let the owner of the channel give consent again and store the new refresh token."


def check(channel: Channel) -> Health:
    """Sends a few reads. Never raises a ``ConnectorError``: what can't be tried is a problem with its own sentence."""
    findings = Findings(PLATFORM, channel.now())
    try:
        _judge_owner(channel, findings)
        _judge_consent(channel, findings)
        if not findings.fatal:
            _judge_lists(channel, findings)
    except ConnectorError as error:
        findings.fatal.append(error.sentence)
    except PagingBroken as broken:
        findings.fatal.append(str(broken))
    return findings.health()


def _judge_owner(channel: Channel, findings: Findings) -> None:
    answer = channel.mine()
    findings.clock(answer.exchange)
    rows = answer.data.get("items")
    owned = {words(row.get("id")): row for row in rows if isinstance(row, Mapping)} if isinstance(rows, list) else {}
    if channel.page_id in owned:
        findings.page_name = words(snippet_of(owned[channel.page_id]).get("title"))
        return
    owners = ", ".join(str(name) for name in owned) or "an account without a channel"
    findings.fatal.append(OTHER_CHANNEL.format(owners=owners, page_id=channel.page_id))


def _judge_consent(channel: Channel, findings: Findings) -> None:
    findings.scopes = channel.token.scopes
    findings.expires_at = channel.token.ends_at
    findings.ends(channel.token.ends_at, CONSENT, REMEDY)
    if findings.scopes and SCOPE not in findings.scopes:
        findings.fatal.append(SCOPE_MISSING)


def _judge_lists(channel: Channel, findings: Findings) -> None:
    rows: list[tuple[Any, str]] = []
    for status in (PUBLISHED, HELD, SPAM):
        page, _ = next(channel.threads(status, poll=False), ([], False))
        rows += [(row, status) for row in page]
    found = []
    for row, status in rows:
        try:
            thread = thread_of(row, channel.page_id)
            told = status_of(thread.top, "")
            found.append((comment_of(thread.top, channel.page_id, thread.post_id, told or status), told))
        except Malformed as error:
            findings.told.append(error.sentence)
    if found and not any(comment.author.author_id for comment, _ in found):
        findings.told.append(NO_AUTHORS)
    if found and not any(told for _, told in found):
        findings.fatal.append(NO_STATE)
