"""What the files say, read once: policies, pages and people, and what of them can't be used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import connectors
from bot.errors import ConfigError, PolicyError
from bot.moderation.policy import PolicyShelf
from bot.pages import Known, Pages, load_pages
from bot.people import People, load_people
from bot.settings import Settings


def utc_now() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the files say. ``refused`` holds one error for each page that can't be used; the others go on."""

    settings: Settings
    pages: Pages
    people: People
    shelf: PolicyShelf
    refused: tuple[ConfigError | PolicyError, ...]


def configure(
    settings: Settings,
    *,
    read_tokens: bool = True,
    examples: bool = False,
    now: Callable[[], datetime] = utc_now,
) -> Configuration:
    """Read policies, pages and people. Raises ``ConfigError`` or ``PolicyError`` for what stops everything.

    ``examples``: run those of the policies that pages are under, and refuse what fails; for whoever is about to judge.
    """
    shelf = PolicyShelf.load(settings.config / "policies", settings.config / "wordlists", examples=False)
    pages = _pages(settings, shelf, read_tokens, now())
    if examples:
        proven = shelf.proven({page.policy for page in pages.pages})
        if proven.refused != shelf.refused:
            pages = _pages(settings, proven, read_tokens, now())
        shelf = proven
    people = load_people(settings.config / "people.yaml", pages.listed)
    return Configuration(settings, pages, people, shelf, (*shelf.refused.values(), *pages.refused))


def _pages(settings: Settings, shelf: PolicyShelf, read_tokens: bool, now: datetime) -> Pages:
    known = Known(platforms=connectors.platforms(), policies=shelf.slugs, now=now)
    return load_pages(settings.config / "pages.yaml", known, read_tokens=read_tokens)
