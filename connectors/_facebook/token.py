"""What Facebook tells about a token: whose it is, until when it lives and what it may do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors._graph.api import Graph, checked_id, graph_time
from connectors.contract import AuthFailed, Gone, Malformed, PermissionLost, Unsupported

# developers.facebook.com/docs/permissions: what each is for, in the words shown to people.
SEEING = {
    "pages_read_engagement": "The token lacks pages_read_engagement: the page's own posts can't be read.",
    "pages_read_user_content": (
        "The token lacks pages_read_user_content: residents' comments and their authors can't be read."
    ),
}
ACTING = {
    "pages_manage_engagement": "The token lacks pages_manage_engagement: comments can't be hidden or removed.",
}
NO_LONGER_VALID = "Facebook says that the token is no longer valid; make a new page token and store it."


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """A token as ``debug_token`` describes it. ``expires_at`` is ``None`` where it does not run out."""

    is_valid: bool
    kind: str
    owner_id: str | None
    expires_at: datetime | None
    access_ends_at: datetime | None
    scopes: frozenset[str]


def token_facts(graph: Graph) -> TokenFacts | None:
    """The facts of the graph's own token; ``None`` where Facebook does not tell them to this token."""
    try:
        answer = graph.inspect_token()
    except (AuthFailed, PermissionLost, Gone, Unsupported, Malformed):
        return None
    data = answer.data.get("data")
    return _facts(data) if isinstance(data, Mapping) and "is_valid" in data else None


def missing(facts: TokenFacts, wanted: Mapping[str, str]) -> tuple[str, ...]:
    """A sentence for each permission of ``wanted`` that the token lacks; none where Facebook lists no permissions."""
    return tuple(why for scope, why in wanted.items() if scope not in facts.scopes) if facts.scopes else ()


def _facts(data: Mapping[str, Any]) -> TokenFacts:
    scopes = data.get("scopes")
    return TokenFacts(
        is_valid=data.get("is_valid") is True,
        kind=str(data.get("type") or "").upper(),
        owner_id=_owner(data.get("profile_id")),
        expires_at=_moment(data.get("expires_at")),
        access_ends_at=_moment(data.get("data_access_expires_at")),
        scopes=frozenset(str(scope) for scope in scopes) if isinstance(scopes, list) else frozenset(),
    )


def _owner(value: object) -> str | None:
    try:
        return checked_id(value)
    except Malformed:
        return None


def _moment(value: object) -> datetime | None:
    # Zero is how Facebook writes "never".
    return graph_time(value) if isinstance(value, int) and value > 0 else None
