"""Tries a Facebook token before anything depends on it: whose it is, what it may do, what Facebook delivers to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._facebook.objects import PLATFORM
from connectors._facebook.page import Page
from connectors._facebook.token import ACTING, NO_LONGER_VALID, SEEING, TokenFacts, missing, token_facts
from connectors._findings import Findings
from connectors._values import words
from connectors.contract import ConnectorError, Health

FOR_A_PERSON = (
    "This is the token of a person, not of the page: it sees no comments. Call /me/accounts with it and store the "
    "page's own token."
)
OTHER_OWNER = "The token belongs to {name} (id {owner}), not to page {page_id}; store the token of that page."
UNKNOWN_PERMISSIONS = (
    "Facebook does not tell this token its own permissions; what is missing will show when it is first needed."
)
TOKEN, MAKE_NEW = "The page's token", "make a new one and store it."
ACCESS, LOG_IN = "The app's access to the page's data", "log in to the app again."
NO_POSTS = "Facebook delivers no posts of the page; if the page has any, the token is not allowed to see them."
NO_AUTHORS = (
    "Facebook delivers comments without their authors; ask Meta's App Review for Advanced Access to "
    "pages_read_user_content. Until then records name no author."
)
NO_HIDDEN_STATE = (
    "Facebook does not tell this token which comments are hidden, so no hide can be proven; give its account the "
    "MODERATE task on the page."
)


def check(page: Page) -> Health:
    """Sends a few reads. Never raises a ``ConnectorError``: what can't be tried is a problem with its own sentence."""
    findings = Findings(PLATFORM, page.graph.now())
    try:
        _look(page, findings)
    except ConnectorError as error:
        findings.fatal.append(error.sentence)
    return findings.health()


def _look(page: Page, findings: Findings) -> None:
    me = page.graph.get("me", {"fields": "id,name"})
    findings.page_name = words(me.data.get("name"))
    facts = token_facts(page.graph)
    _judge_owner(me.data, facts, page.page_id, findings)
    _judge_facts(facts, findings)
    findings.clock(me.exchange)
    if not findings.fatal:
        _judge_fields(page, findings)


def _judge_owner(me: Mapping[str, Any], facts: TokenFacts | None, page_id: str, findings: Findings) -> None:
    owner = str(me.get("id"))
    if facts and facts.kind in ("USER", "SYSTEM_USER"):
        findings.fatal.append(FOR_A_PERSON)
    elif owner != page_id:
        name = findings.page_name or "somebody"
        findings.fatal.append(OTHER_OWNER.format(name=name, owner=owner, page_id=page_id))


def _judge_facts(facts: TokenFacts | None, findings: Findings) -> None:
    if facts is None:
        findings.told.append(UNKNOWN_PERMISSIONS)
        return
    findings.expires_at, findings.scopes = facts.expires_at, facts.scopes
    if not facts.is_valid:
        findings.fatal.append(NO_LONGER_VALID)
    findings.fatal += [*missing(facts, SEEING), *missing(facts, ACTING)]
    if not facts.scopes:
        findings.told.append(UNKNOWN_PERMISSIONS)
    findings.ends(facts.expires_at, TOKEN, MAKE_NEW)
    findings.ends(facts.access_ends_at, ACCESS, LOG_IN)


def _judge_fields(page: Page, findings: Findings) -> None:
    fields = "id,comments.filter(stream).order(reverse_chronological).limit(10){id,from{id,name},is_hidden}"
    posts = _rows(page.graph.get(f"{page.page_id}/published_posts", {"fields": fields, "limit": "10"}).data)
    comments = [comment for post in posts for comment in _rows(post.get("comments"))]
    if not posts:
        findings.told.append(NO_POSTS)
    authors = [_author_id(comment) for comment in comments]
    # Some accounts never come with a name, and the page's own comments always do: only strangers prove the permission.
    if None in authors and not any(author not in (None, page.page_id) for author in authors):
        findings.told.append(NO_AUTHORS)
    if comments and not any(isinstance(comment.get("is_hidden"), bool) for comment in comments):
        findings.fatal.append(NO_HIDDEN_STATE)


def _author_id(comment: Mapping[str, Any]) -> str | None:
    author = comment.get("from")
    return str(author["id"]) if isinstance(author, Mapping) and author.get("id") else None


def _rows(edge: object) -> list[Mapping[str, Any]]:
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
