"""Puts the page for everybody together from the ledger and the policies, and writes it, once a day where the city says.

It is written for a folder that the city's own website serves; nothing of it needs Beadle to be running.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path

import structlog
from sqlmodel import Session

import connectors
from bot.app import Beadle
from bot.errors import ConfigError
from bot.ledger import blocks, openness
from bot.ledger.tables import AppealStatus
from bot.moderation.pack import PolicyPack
from bot.moderation.policy import render
from bot.transparency.facts import (
    Appeals,
    PublicFacts,
    Terms,
    by_clause,
    by_page,
    counted,
    terms_of,
    time_to_decide,
)
from bot.transparency.page import write

log = structlog.get_logger(__name__)

PERIOD = timedelta(days=365)
NOT_WRITTEN = "the public page can't be written to {folder} ({why}); give this account the folder."


@dataclass(slots=True)
class Publishing:
    """Writes the page into the city's folder once a local day. ``see_to`` does nothing most of the time."""

    beadle: Beadle
    _written: date | None = field(default=None)

    def see_to(self, now: datetime) -> None:
        """Write it if it is due. What can't be written is said in the log, and tried again on the next day."""
        folder = self.beadle.settings.public_page
        today = now.astimezone(self.beadle.configuration.pages.city.timezone).date()
        if folder is None or self._written == today:
            return
        self._written = today
        try:
            publish(self.beadle, folder, today, PERIOD)
        except ConfigError as error:
            log.error("the public page was not written", because=error.sentence)


def publish(beadle: Beadle, folder: Path, until: date, period: timedelta) -> tuple[Path, ...]:
    """Write the page of the ``period`` that ends with the day ``until``. Raises ``ConfigError``."""
    packs = _packs(beadle)
    lists = {_file(pack): render(pack, beadle.configuration.shelf.wordlists) for pack in packs}
    try:
        return write(gather(beadle, until - period + timedelta(days=1), until), lists, folder)
    except OSError as error:
        raise ConfigError(NOT_WRITTEN.format(folder=folder, why=error.strerror or type(error).__name__)) from error


def gather(beadle: Beadle, since: date, until: date) -> PublicFacts:
    """What the page says of the local days from ``since`` to ``until``, both counted."""
    city = beadle.configuration.pages.city
    begin = datetime.combine(since, time.min, city.timezone)
    end = datetime.combine(until + timedelta(days=1), time.min, city.timezone)
    with Session(beadle.route.reading) as session:
        found = list(openness.courses(session, begin, end))
        comments = openness.comments_by_page(session, begin, end)
        appeals = openness.appeals(session, begin, end)
        blocked = len(blocks.standing(session))
    decided, middle = time_to_decide(found)
    pages = [(slug, desk.page.name, connectors.spoken(desk.page.platform)) for slug, desk in beadle.route.desks.items()]
    return PublicFacts(
        city=city.name,
        since=since,
        until=until,
        policy_url=city.policy_url,
        contact=city.contact,
        appeals_to=city.appeals_to,
        appeals_url=city.appeals_url,
        appeal_days=city.appeal_days,
        answer_days=city.answer_days,
        comments=sum(comments.values()),
        counts=counted(found),
        decided=decided,
        median_to_decide=middle,
        clauses=by_clause(found, lambda _, clause: beadle.summary_of(clause)),
        pages=by_page(found, comments, pages),
        terms=tuple(_terms(beadle, pack) for pack in _packs(beadle)),
        appeals=_appeals(appeals),
        blocked=blocked,
    )


def _appeals(counts: Mapping[str, int]) -> Appeals:
    """What became of them. What a person set aside was no appeal."""
    upheld, denied = counts.get(AppealStatus.UPHELD, 0), counts.get(AppealStatus.DENIED, 0)
    waiting = counts.get(AppealStatus.OPEN, 0) + counts.get(AppealStatus.UNMATCHED, 0)
    return Appeals(upheld + denied + waiting, upheld, denied, waiting)


def _packs(beadle: Beadle) -> list[PolicyPack]:
    """The policies in force on the pages, each once."""
    now = beadle.route.clock()
    found = (beadle.review.pack_of(desk, now) for desk in beadle.route.desks.values())
    return list({pack.digest: pack for pack in found if pack is not None}.values())


def _terms(beadle: Beadle, pack: PolicyPack) -> Terms:
    zone = beadle.configuration.pages.city.timezone
    return terms_of(pack, _file(pack), lambda moment: moment.astimezone(zone).date())


def _file(pack: PolicyPack) -> str:
    """A plain file name, whatever the version is called."""
    version = "".join(character if character.isalnum() else "-" for character in pack.version)
    return f"policy-{pack.slug}-{version}.txt"
