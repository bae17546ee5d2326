"""Tries an Instagram token before anything depends on it: whose it is, what it may do, what is delivered to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors._findings import Findings
from connectors._instagram.account import Account
from connectors._instagram.objects import PLATFORM
from connectors._meta_tokens import REMEDY, WHAT
from connectors._values import words
from connectors.contract import AuthFailed, ConnectorError, Gone, Health, Malformed, PermissionLost, Unsupported

# developers.facebook.com/docs/permissions, for tokens of a Facebook login.
NEEDED = {
    "instagram_basic": "The token lacks instagram_basic: the account's posts can't be read.",
    "instagram_manage_comments": (
        "The token lacks instagram_manage_comments: comments and their authors can't be read, hidden or removed."
    ),
    "pages_read_engagement": "The token lacks pages_read_engagement, without which Instagram's data is closed to it.",
}
OTHER_OWNER = "The token belongs to {name} (id {owner}), not to account {page_id}; store the token of that account."
NO_LONGER_VALID = "Instagram says that the token is no longer valid; make a new one and store it."
ACCESS_ENDS = "The app's access to the account's data"
LOG_IN_AGAIN = "log in to the app again before."
NO_COMMENTS = (
    "Instagram counts comments on the newest posts but delivers none; if they are not all by restricted accounts, give "
    "the app {permission}."
)
NO_AUTHORS = (
    "Instagram delivers comments without their authors; give the app {permission} with Advanced Access. Until then "
    "records name no author."
)
NO_HIDDEN_STATE = (
    "Instagram does not deliver whether comments are hidden, so a hide can't be read back; give the app {permission}."
)

SAMPLE = "id,comments_count,comments.limit(10){id,username,from,hidden}"


def check(account: Account) -> Health:
    """Sends a few reads. Never raises a ``ConnectorError``: what can't be tried is a problem with its own sentence."""
    findings = Findings(PLATFORM, account.graph.now())
    try:
        _judge_owner(account, findings)
        _judge_token(account, findings)
        if not findings.fatal:
            _judge_fields(account, findings)
    except ConnectorError as error:
        findings.fatal.append(error.sentence)
    return findings.health()


def _judge_owner(account: Account, findings: Findings) -> None:
    by_instagram = account.renewal is not None
    path, fields = ("me", "user_id,username") if by_instagram else (account.page_id, "id,username")
    answer = account.graph.get(path, {"fields": fields})
    findings.clock(answer.exchange)
    findings.page_name = words(answer.data.get("username"))
    owner = str(answer.data.get("user_id") or answer.data.get("id"))
    if owner != account.page_id:
        name = findings.page_name or "somebody"
        findings.fatal.append(OTHER_OWNER.format(name=name, owner=owner, page_id=account.page_id))


def _judge_token(account: Account, findings: Findings) -> None:
    if account.renewal is not None:
        # graph.instagram.com has no debug_token: when the token ends is known from its last renewal.
        findings.expires_at = account.renewal.expires_at
        findings.ends(findings.expires_at, WHAT, REMEDY)
        return
    facts = _token_facts(account)
    if facts is None:
        return
    if facts.get("is_valid") is not True:
        findings.fatal.append(NO_LONGER_VALID)
    scopes = facts.get("scopes")
    findings.scopes = frozenset(map(str, scopes)) if isinstance(scopes, list) else frozenset()
    if findings.scopes:
        findings.fatal += [why for scope, why in NEEDED.items() if scope not in findings.scopes]
    findings.expires_at = _moment(facts.get("expires_at"))
    findings.ends(findings.expires_at, WHAT, LOG_IN_AGAIN)
    findings.ends(_moment(facts.get("data_access_expires_at")), ACCESS_ENDS, LOG_IN_AGAIN)


def _token_facts(account: Account) -> Mapping[str, Any] | None:
    try:
        data = account.graph.inspect_token().data.get("data")
    except (AuthFailed, PermissionLost, Gone, Unsupported, Malformed):
        # Not every token is told about itself.
        return None
    return data if isinstance(data, Mapping) and "is_valid" in data else None


def _judge_fields(account: Account, findings: Findings) -> None:
    answer = account.graph.get(f"{account.page_id}/media", {"fields": SAMPLE, "limit": "10"})
    posts = _rows(answer.data)
    comments = [comment for post in posts for comment in _rows(post.get("comments"))]
    login = account.renewal is not None
    permission = "instagram_business_manage_comments" if login else "instagram_manage_comments"
    if not comments and any(_counts(post) for post in posts):
        findings.told.append(NO_COMMENTS.format(permission=permission))
    # The account's own comments always come with its name: only strangers' prove the permission.
    names = [_name_of(comment) for comment in comments]
    if None in names and not set(names) - {None, findings.page_name}:
        findings.told.append(NO_AUTHORS.format(permission=permission))
    if comments and not any(isinstance(comment.get("hidden"), bool) for comment in comments):
        findings.told.append(NO_HIDDEN_STATE.format(permission=permission))


def _counts(post: Mapping[str, Any]) -> bool:
    count = post.get("comments_count")
    return isinstance(count, int) and count > 0


def _name_of(comment: Mapping[str, Any]) -> str | None:
    named = comment.get("from")
    return words(comment.get("username")) or (words(named.get("username")) if isinstance(named, Mapping) else None)


def _rows(edge: object) -> list[Mapping[str, Any]]:
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _moment(value: object) -> datetime | None:
    # Zero is how Meta writes "never".
    is_time = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1e11
    return datetime.fromtimestamp(value, UTC) if is_time else None  # type: ignore[arg-type]
