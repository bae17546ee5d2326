"""Where a case is told of: in a message of its own, or in one of many. Urgent ones always stand alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from bot.desk import Desk
from bot.ledger import gatherings
from bot.ledger.cases import File
from bot.tell.wishes import Wishes

ALONE = 3
"""So many cases of one post and clause, or of one account and clause, stand alone; further ones gather."""

WITHIN = timedelta(minutes=10)
AN_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Place:
    """The gathering of this key, which is told of from ``due_at`` on."""

    key: str
    due_at: datetime


def place_of(
    session: Session, file: File, desk: Desk, desks: Mapping[str, Desk], wishes: Wishes, now: datetime
) -> Place | None:
    """Where a case goes that nobody was told of yet; ``None``: it stands alone."""
    if file.case.urgent:
        return None
    keys = _alike(file)
    for key in keys.values():
        if gatherings.taking(session, key, now) is not None:
            return Place(key, now)
    page = file.case.page
    if wishes.is_quiet(now):
        return Place(f"night:{page}", wishes.morning(now))
    many = _many(session, file, keys, now)
    if many is not None:
        return Place(many, now)
    if gatherings.count_alone(session, _same_channel(desk, desks), now - AN_HOUR) >= wishes.alerts_an_hour:
        return Place(f"page:{page}", now)
    return None


def _alike(file: File) -> dict[str, str]:
    """What it may have in common with others, and the key of the gathering that those join."""
    page, clause = file.case.page, file.verdict.clause
    keys = {"post": f"post:{page}:{file.comment.post_id}:{clause}"}
    if file.comment.author_id is not None:
        keys["author"] = f"author:{page}:{file.comment.author_id}:{clause}"
    return keys


def _many(session: Session, file: File, keys: Mapping[str, str], now: datetime) -> str | None:
    """The key of a gathering that is to be opened, because enough like it stand alone already."""
    same = [
        each for each in gatherings.alone(session, file.case.page, now - WITHIN) if each.clause == file.verdict.clause
    ]
    found = {
        "post": sum(each.post_id == file.comment.post_id for each in same),
        "author": sum(each.author_id == file.comment.author_id for each in same),
    }
    return next((key for kind, key in keys.items() if found[kind] >= ALONE), None)


def _same_channel(desk: Desk, desks: Mapping[str, Desk]) -> list[str]:
    return [slug for slug, each in desks.items() if each.page.slack_channel == desk.page.slack_channel]
