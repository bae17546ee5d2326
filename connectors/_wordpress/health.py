"""Tries the application password, the account's rights and the fields that the law asks for."""

from __future__ import annotations

from typing import Any

from connectors._answers import the_list, the_object
from connectors._findings import Findings
from connectors._values import words
from connectors._wordpress.answers import PLATFORM
from connectors._wordpress.site import Site
from connectors.contract import ConnectorError, Health

MAY_NOT = "The account {name} lacks the right moderate_comments; give it the role Editor under Users."
TOO_MUCH = "The account {name} may administer the site; Beadle needs no more than the role Editor."
NOT_DELIVERED = (
    "The site does not deliver {fields} of its comments; look for a plugin that strips them from the REST API."
)
NO_AUTHORS = (
    "The site does not tell who writes for it, so only the account behind the password counts as the city's own; "
    "name the user numbers of the staff in the option staff."
)

SAMPLE = 5
NEEDED = ("author_name", "author_email", "author_ip", "status", "date_gmt")


def check(site: Site) -> Health:
    """What there is to say; a site that can't be reached is a problem, not an error."""
    findings = Findings(PLATFORM, site.api.now())
    try:
        _site_itself(site, findings)
        _account(site, findings)
        _fields(site, findings)
    except ConnectorError as error:
        findings.fatal.append(error.sentence)
    return findings.health()


def _site_itself(site: Site, findings: Findings) -> None:
    answer = site.index()
    findings.page_name = words(the_object(answer.data, answer.exchange, PLATFORM).get("name"))
    findings.clock(answer.exchange)


def _account(site: Site, findings: Findings) -> None:
    answer = site.me()
    account = the_object(answer.data, answer.exchange, PLATFORM)
    rights = account.get("capabilities")
    granted = {key for key, value in rights.items() if value is True} if isinstance(rights, dict) else set()
    findings.scopes = frozenset(granted & {"moderate_comments", "edit_others_posts", "manage_options"})
    name = words(account.get("name")) or "behind the password"
    if "moderate_comments" not in granted:
        findings.fatal.append(MAY_NOT.format(name=name))
    if "manage_options" in granted:
        findings.told.append(TOO_MUCH.format(name=name))
    if not site.authors()[1]:
        findings.told.append(NO_AUTHORS)


def _fields(site: Site, findings: Findings) -> None:
    answer = site.newest(SAMPLE)
    rows: list[Any] = [row for row in the_list(answer.data, answer.exchange, PLATFORM) if isinstance(row, dict)]
    lacking = [field for field in NEEDED if any(field not in row for row in rows)]
    if lacking:
        findings.fatal.append(NOT_DELIVERED.format(fields=", ".join(lacking)))
