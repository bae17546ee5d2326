"""Opens a desk: connects a page with what it allows, or lets it stand closed for commands that speak to no platform."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

import connectors
from bot.desk import Desk
from bot.errors import ConfigError
from bot.moderation.judge import Judge
from bot.pages import Page
from bot.tokens import secret_parts
from connectors.connection import Connection
from connectors.contract import (
    Batch,
    Capabilities,
    CommentRef,
    ConnectorError,
    Health,
    Reading,
    Receipt,
    Remover,
    Unsupported,
)

log = structlog.get_logger(__name__)

Tell = Callable[[str, str, str], None]
"""Tells people a sentence about a page, by its slug, under a key."""

CLOSED = "This command speaks to no platform."
CANNOT_OPEN = 'the page "{page}" can\'t be opened: {why}'
RENEWED_NOWHERE = "The credentials of {page} were renewed and can't be stored: {why}"


class Spending(Protocol):
    """What ``connectors`` asks of whoever remembers quotas."""

    def spent(self, key: str, period: str) -> float: ...

    def add(self, key: str, period: str, units: float) -> None: ...


@dataclass(frozen=True, slots=True)
class Minds:
    """What judges a page's comments: see ``Desk``."""

    judge_at: Callable[[datetime], Judge | None]
    earned: Callable[[str], frozenset[str]]


class Closed:
    """Stands where a platform would: has its capabilities, and asks it for nothing."""

    def __init__(self, platform: str) -> None:
        self.platform = platform
        self.capabilities: Capabilities = connectors.capabilities(platform)

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        raise Unsupported(CLOSED)

    def read(self, ref: CommentRef) -> Reading:
        raise Unsupported(CLOSED)

    def check(self) -> Health:
        return Health(ok=False, problems=(CLOSED,))

    def hide(self, ref: CommentRef) -> Receipt:
        raise Unsupported(CLOSED)

    def unhide(self, ref: CommentRef) -> Receipt:
        raise Unsupported(CLOSED)

    def remove(self, ref: CommentRef, way: str | None = None) -> Receipt:
        raise Unsupported(CLOSED)


def closed_desk(page: Page, minds: Minds) -> Desk:
    """A desk for recording what a person says: the page's token may not be theirs to read."""
    closed = Closed(page.platform)
    can = closed.capabilities
    hider = closed if can.hide != "none" else None
    remover = closed if can.remove_ways else None
    return Desk(page, closed, hider, remover, _auto_remover(page, can, remover), minds.judge_at, minds.earned)


def connect(page: Page, spending: Spending, on_renewed: Callable[[str], None], inboxes: Path) -> Connection:
    """A connection to the page with all that the configuration says. Raises ``ConfigError`` for what can't be right."""
    try:
        return connectors.connect(
            page.platform,
            page_id=page.page_id,
            token=page.token.get_secret_value(),
            base_url=page.base_url,
            timeout=page.timeout.total_seconds(),
            spending=spending,
            on_renewed=on_renewed,
            options={"inbox": str(inbox(inboxes, page)), **page.for_connector},
        )
    except ConnectorError as error:
        raise _refused(page, error.sentence) from error
    except ValueError as error:
        raise _refused(page, str(error)) from error


def open_desk(page: Page, connection: Connection, minds: Minds) -> Desk:
    """The desk over a connection. No desk has its ``Blocker``: blocks are people's, and have a room of their own."""
    can = connection.connector.capabilities
    auto = _auto_remover(page, can, connection.remover)
    hider, remover, replier = connection.hider, connection.remover, connection.replier
    return Desk(page, connection.connector, hider, remover, auto, minds.judge_at, minds.earned, replier)


def with_kin(page: Page, pages: Iterable[Page]) -> Page:
    """The page with every account of the city on its platform among its own: other pages, their staff and bots."""
    kin = [each for each in pages if each.platform == page.platform]
    return replace(page, staff=frozenset().union(*(each.staff for each in kin), (each.page_id for each in kin)))


def inbox(inboxes: Path, page: Page) -> Path:
    """The folder into which a page's files are put by hand."""
    return inboxes / page.slug


class Renewals:
    """Stores credentials that a platform exchanged, at once: the old ones may be dead already."""

    def __init__(self, hide: Callable[[tuple[str, ...]], None], tell: Tell) -> None:
        self._hide, self._tell = hide, tell
        self._told: set[str] = set()
        self._lock = threading.Lock()

    def of(self, page: Page) -> Callable[[str], None]:
        """What takes the new credentials of one page."""
        return partial(self._renewed, page)

    def _renewed(self, page: Page, credentials: str) -> None:
        self._hide(secret_parts(credentials))
        try:
            page.token.renew(credentials)
        except ConfigError as error:
            # The connection goes on with them; people hear of it once, not at each renewal.
            self._say_once(page, error.sentence)
            return
        log.info("credentials were renewed and stored", page=page.slug, place=str(page.token))

    def _say_once(self, page: Page, why: str) -> None:
        with self._lock:
            if page.slug in self._told:
                return
            self._told.add(page.slug)
        log.error("renewed credentials can't be stored", page=page.slug, because=why)
        self._tell(page.slug, RENEWED_NOWHERE.format(page=page.name, why=why), "renewal")


def desk_tell(desks: Mapping[str, Desk], tell: Callable[[Desk, str, str], None], slug: str, *said: str) -> None:
    """Tell by the slug of a page; while the desks are still being opened the log alone has it."""
    if slug in desks:
        tell(desks[slug], *said)


def _auto_remover(page: Page, can: Capabilities, remover: Remover | None) -> Remover | None:
    return remover if page.auto_remove is not None and can.hide == "none" else None


def _refused(page: Page, why: str) -> ConfigError:
    sentence = CANNOT_OPEN.format(page=page.slug, why=why)
    return ConfigError(f"{page.token_at}: {sentence}" if page.token_at else sentence, page=page.slug)
