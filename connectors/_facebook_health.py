"""Tries a Facebook token before anything depends on it: whose it is, what it may do, what Facebook delivers to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from connectors._facebook_page import Page
from connectors._facebook_token import ACTING, NO_LONGER_VALID, SEEING, TokenFacts, missing, token_facts
from connectors.contract import ConnectorError, Exchange, Health

# Receipts and evidence carry this machine's time.
MOST_SKEW_S = 60.0
SOON = timedelta(days=14)

FOR_A_PERSON = (
    "This is the token of a person, not of the page: it sees no comments. Call /me/accounts with it and store the "
    "page's own token."
)
OTHER_OWNER = "The token belongs to {name} (id {owner}), not to page {page_id}; store the token of that page."
UNKNOWN_PERMISSIONS = (
    "Facebook does not tell this token its own permissions; what is missing will show when it is first needed."
)
RUNS_OUT = "The token runs out on {day:%Y-%m-%d}; make a new one before."
ACCESS_ENDS = "Facebook ends the app's access to the page's data on {day:%Y-%m-%d}; log in to the app again before."
CLOCK_OFF = "This machine's clock is {skew:+.0f} seconds off Facebook's; switch on time synchronisation (NTP)."
NO_POSTS = "Facebook delivers no posts of the page; if the page has any, the token is not allowed to see them."
NO_AUTHORS = (
    "Facebook delivers comments without their authors; ask Meta's App Review for Advanced Access to "
    "pages_read_user_content. Until then records name no author."
)


@dataclass
class _Findings:
    """``fatal`` stops the page, ``told`` only has to be known."""

    fatal: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)


def check(page: Page) -> Health:
    """Sends a few reads. Never raises a ``ConnectorError``: what can't be tried is a problem with its own sentence."""
    findings = _Findings()
    name, skew, facts = None, None, None
    try:
        me = page.graph.get("me", {"fields": "id,name"})
        name, skew = _name(me.data), _skew(me.exchange)
        facts = token_facts(page.graph)
        _judge_owner(me.data, facts, page.page_id, findings)
        _judge_facts(facts, page, findings)
        _judge_clock(skew, findings)
        if not findings.fatal:
            _judge_fields(page, findings)
    except ConnectorError as error:
        findings.fatal.append(error.sentence)
    return Health(
        ok=not findings.fatal,
        page_name=name,
        token_expires_at=facts.expires_at if facts else None,
        scopes=facts.scopes if facts else frozenset(),
        problems=(*findings.fatal, *findings.told),
        clock_skew_s=skew,
    )


def _judge_owner(me: Mapping[str, Any], facts: TokenFacts | None, page_id: str, findings: _Findings) -> None:
    owner = str(me.get("id"))
    if facts and facts.kind in ("USER", "SYSTEM_USER"):
        findings.fatal.append(FOR_A_PERSON)
    elif owner != page_id:
        findings.fatal.append(OTHER_OWNER.format(name=_name(me) or "somebody", owner=owner, page_id=page_id))


def _judge_facts(facts: TokenFacts | None, page: Page, findings: _Findings) -> None:
    if facts is None:
        findings.told.append(UNKNOWN_PERMISSIONS)
        return
    if not facts.is_valid:
        findings.fatal.append(NO_LONGER_VALID)
    findings.fatal += [*missing(facts, SEEING), *missing(facts, ACTING)]
    if not facts.scopes:
        findings.told.append(UNKNOWN_PERMISSIONS)
    for day, sentence in ((facts.expires_at, RUNS_OUT), (facts.access_ends_at, ACCESS_ENDS)):
        if day and day - page.graph.now() < SOON:
            findings.told.append(sentence.format(day=day))


def _judge_clock(skew: float | None, findings: _Findings) -> None:
    if skew is not None and abs(skew) > MOST_SKEW_S:
        findings.fatal.append(CLOCK_OFF.format(skew=skew))


def _judge_fields(page: Page, findings: _Findings) -> None:
    fields = "id,comments.filter(stream).order(reverse_chronological).limit(10){id,from{id,name}}"
    posts = _rows(page.graph.get(f"{page.page_id}/published_posts", {"fields": fields, "limit": "10"}).data)
    comments = [comment for post in posts for comment in _rows(post.get("comments"))]
    if not posts:
        findings.told.append(NO_POSTS)
    authors = [_author_id(comment) for comment in comments]
    # Some accounts never come with a name, and the page's own comments always do: only strangers prove the permission.
    if None in authors and not any(author not in (None, page.page_id) for author in authors):
        findings.told.append(NO_AUTHORS)


def _author_id(comment: Mapping[str, Any]) -> str | None:
    author = comment.get("from")
    return str(author["id"]) if isinstance(author, Mapping) and author.get("id") else None


def _rows(edge: object) -> list[Mapping[str, Any]]:
    rows = edge.get("data") if isinstance(edge, Mapping) else None
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _name(me: Mapping[str, Any]) -> str | None:
    return me["name"] if isinstance(me.get("name"), str) else None


def _skew(exchange: Exchange) -> float | None:
    """This machine's clock less the platform's, in seconds."""
    try:
        # The header leaves the fraction of the second out: on average half a second.
        told = parsedate_to_datetime(exchange.header("date") or "") + timedelta(seconds=0.5)
        ours = exchange.started_at + timedelta(milliseconds=exchange.elapsed_ms / 2)
        return round((ours - told).total_seconds(), 1)
    except (ValueError, TypeError):
        return None
