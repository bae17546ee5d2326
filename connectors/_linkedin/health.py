"""Tries a LinkedIn token before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._findings import Findings
from connectors._linkedin.objects import PLATFORM, comment_of, post_id_of
from connectors._linkedin.page import Page
from connectors._paging import PagingBroken
from connectors._values import words
from connectors.contract import ConnectorError, Health, Malformed

READING = frozenset({"r_organization_social_feed", "r_organization_social"})
NOTICES = "rw_organization_admin"
DELETING = frozenset({"w_organization_social_feed", "w_organization_social"})

NOT_ADMINISTRATOR = (
    "The member behind the token is no administrator of page {page_id}; let a super admin of the page give the role "
    "ADMINISTRATOR, or store the tokens of a member who has it."
)
NOT_ACTIVE = (
    "LinkedIn says that the {what} is no longer active; let an administrator of the page authorise the app again and "
    "store the new tokens."
)
SCOPE_MISSING = "The authorisation lacks the scope {scope}; add it to the app's request and authorise the app again."
NO_AUTHORS = "LinkedIn delivers comments without the accounts that wrote them; records will name none."
ACCESS, REFRESH = "access_token", "refresh_token"
NAMES = {ACCESS: "LinkedIn's access token", REFRESH: "LinkedIn's refresh token"}
AUTHORISE = "let an administrator of the page authorise the app again and store the new tokens."
CAN_NOT_RENEW = (
    "The access token lives 60 days and can't be renewed by itself, and nobody can tell when it ends; store it with "
    "refresh_token, client_id and client_secret, or note the day."
)


def check(page: Page, *, deletes: bool) -> Health:
    """Sends a few reads. Never raises a ``ConnectorError``: what can't be tried is a problem with its own sentence."""
    findings = Findings(PLATFORM, page.now())
    try:
        _judge_page(page, findings)
        _judge_tokens(page, findings, deletes)
        if not findings.fatal:
            _judge_comments(page, findings)
    except ConnectorError as error:
        findings.fatal.append(error.sentence)
    except PagingBroken as broken:
        findings.fatal.append(str(broken))
    return findings.health()


def _judge_page(page: Page, findings: Findings) -> None:
    answer = page.organization()
    findings.clock(answer.exchange)
    findings.page_name = words(answer.data.get("localizedName"))
    rows = page.roles().data.get("elements")
    roles = [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []
    # Older versions of the API call it the target.
    if not any(page.urn in (row.get("organization"), row.get("organizationTarget")) for row in roles):
        findings.fatal.append(NOT_ADMINISTRATOR.format(page_id=page.page_id))


def _judge_tokens(page: Page, findings: Findings, deletes: bool) -> None:
    if not page.tokens.can_renew:
        findings.told.append(CAN_NOT_RENEW)
    for name in (ACCESS, REFRESH):
        facts = page.tokens.facts(name)
        if facts is None:
            continue
        if not facts.is_active:
            findings.fatal.append(NOT_ACTIVE.format(what=name.replace("_", " ")))
        elif name == REFRESH:
            findings.ends(facts.expires_at, NAMES[name], AUTHORISE)
        if name == ACCESS:
            findings.expires_at, findings.scopes = facts.expires_at, facts.scopes
            _judge_scopes(findings, deletes)


def _judge_scopes(findings: Findings, deletes: bool) -> None:
    if not findings.scopes:
        return
    wanted = [READING, frozenset({NOTICES}), *([DELETING] if deletes else [])]
    for any_of in wanted:
        if any_of.isdisjoint(findings.scopes):
            # The newer name is the longer one.
            findings.fatal.append(SCOPE_MISSING.format(scope=max(any_of, key=len)))


def _judge_comments(page: Page, findings: Findings) -> None:
    posts: list[Any] = next(page.posts(), [])
    named = [post_id for row in posts if isinstance(row, Mapping) and (post_id := post_id_of(row.get("id")))]
    authors = []
    for post_id in named[:1]:
        for row in next(page.comments(f"urn:li:{post_id}"), []):
            try:
                authors.append(comment_of(row, post_id, page.page_id).author)
            except Malformed as error:
                findings.told.append(error.sentence)
    if authors and not any(author.author_id for author in authors):
        findings.told.append(NO_AUTHORS)
