"""What Slack says when it can't or won't, and what a person does about it.

Codes: the error tables of each method page under https://docs.slack.dev/reference/methods
"""

from __future__ import annotations

import re

from slack_sdk.errors import SlackApiError

from bot.errors import BeadleError

UNREACHABLE = "Slack can't be reached just now; the alert is tried again by itself."
RATE_LIMITED = "Slack asks to wait {seconds:.0f} seconds before the next message; the alert is tried again then."
TROUBLE = "Slack has trouble of its own ({code}); the alert is tried again by itself."
REVOKED = "Slack no longer takes the token ({code}): put a new bot token into BEADLE_SLACK_TOKEN and restart."
NO_CHANNEL = (
    'Slack knows no channel "{channel}": write its id (C0123ABCD, at the foot of the channel\'s details), not its name.'
)
NOT_IN_CHANNEL = 'Beadle is not in the Slack channel "{channel}": invite it there with /invite.'
ARCHIVED = 'The Slack channel "{channel}" is archived: unarchive it or name another.'
BAD_CERTIFICATE = (
    "The certificate of {host} can't be verified: "
    "add your city's own certificate authority to the system's trust store."
)
NO_SCOPE = "The Slack app lacks the scope {scope}: add it under OAuth & Permissions and install the app again."
REFUSED = "Slack refused the message ({code}): look the code up at docs.slack.dev, chat.postMessage, errors."

_TRANSIENT = frozenset(
    {"internal_error", "fatal_error", "service_unavailable", "request_timeout", "team_added_to_org", "access_limited"}
)
_TOKEN = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "user_removed_from_team"}
)
_CHANNEL = {"channel_not_found": NO_CHANNEL, "not_in_channel": NOT_IN_CHANNEL, "is_archived": ARCHIVED}
_DEFAULT_WAIT_S = 30.0
_LONGEST_WAIT_S = 3600.0


class SlackUnavailable(BeadleError):
    """Nothing is known to have arrived. Try again, after ``retry_after`` seconds where Slack named them."""

    def __init__(self, sentence: str, *, retry_after: float | None = None, **facts: object) -> None:
        super().__init__(sentence, **facts)
        self.retry_after = retry_after


class SlackRefused(BeadleError):
    """Slack won't until a person mends something. ``code`` is Slack's own word for it."""

    def __init__(self, sentence: str, *, code: str, **facts: object) -> None:
        super().__init__(sentence, code=code, **facts)
        self.code = code


def translated(error: SlackApiError, channel: str) -> SlackUnavailable | SlackRefused:
    """The error of the Slack SDK as one of ours. Nothing of the answer but checked words enters a sentence."""
    status, code = error.response.status_code, code_of(error)
    if status == 429 or code in {"ratelimited", "rate_limited"}:
        wait = _retry_after(error)
        return SlackUnavailable(RATE_LIMITED.format(seconds=wait), retry_after=wait, status=status)
    if status >= 500 or code in _TRANSIENT or code == "unreadable":
        return SlackUnavailable(TROUBLE.format(code=code or status), status=status)
    return SlackRefused(_sentence(error, code, channel), code=code, status=status)


def code_of(error: SlackApiError) -> str:
    """Slack's word for the error, such as ``channel_not_found``; ``unreadable`` for an answer that is no JSON."""
    code = error.response.get("error") if isinstance(error.response.data, dict) else None
    return code if isinstance(code, str) and re.fullmatch(r"[a-z0-9_]{1,60}", code) else "unreadable"


def _sentence(error: SlackApiError, code: str, channel: str) -> str:
    if code in _TOKEN:
        return REVOKED.format(code=code)
    if code == "missing_scope":
        needed = str(error.response.get("needed", ""))
        return NO_SCOPE.format(scope=needed if re.fullmatch(r"[a-z:._,]{1,80}", needed) else "that it needs")
    return _CHANNEL.get(code, REFUSED).format(code=code, channel=channel)


def _retry_after(error: SlackApiError) -> float:
    """Whole seconds, from the header of a 429. https://docs.slack.dev/apis/web-api/rate-limits"""
    named = {key.lower(): value for key, value in error.response.headers.items()}.get("retry-after", "")
    try:
        return min(max(float(named), 1.0), _LONGEST_WAIT_S)
    except (TypeError, ValueError):
        return _DEFAULT_WAIT_S
