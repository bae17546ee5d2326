"""The home tab: what waits for this member, what is stopped, and how their pages are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlmodel import Session

from bot.ledger import cases, switches, watch
from bot.ledger.tables import PageRow, Switch
from bot.notify import blocks
from bot.notify.quoted import one_line
from bot.people import Person
from bot.slack import speech
from bot.slack.hall import Hall
from bot.slack.members import Member
from bot.slack.wire import View

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

WAITING = "{count} cases wait for a person"
ONE_WAITS = "One case waits for a person"
NONE = "No case waits for a person."
REST = "and {count} more: /beadle queue"
STOPPED = "Acts are stopped on {where} since {at:%Y-%m-%d %H:%M} UTC by {by}{why}."
RUNNING = "Nothing is stopped."
ALL_PAGES = "every page"
PAGES = "Your pages"
NO_PAGES = "No page is yours in people.yaml."
READ = "{name}: read {age}"
NEVER_READ = "{name}: not read yet"
BROKEN = "{name}: can't be read since {age}: {why}"
STOP_ALL = "Stop all acts"
LOOK = "Look"
HELP = "/beadle help lists what else you can do. Shortcuts: report a comment, report our own post."

LOOK_AT = "case_look"
_LISTED = 15


def view(hall: Hall, member: Member) -> View:
    """The home tab of one member; one sentence for whoever is unlisted."""
    content = [_says(member.refused)] if member.person is None else [*_content(hall, member.person)]
    return {"type": "home", "blocks": content}


def _content(hall: Hall, person: Person) -> Iterator[dict[str, Any]]:
    pages, now = hall.pages_of(person), hall.route.clock()
    with Session(hall.route.reading) as session:
        count = cases.how_many(session, cases.OPEN_FOR_PEOPLE, pages)
        found = cases.listed(
            session, statuses=cases.OPEN_FOR_PEOPLE, pages=pages, limit=_LISTED, closed=hall.restricted
        )
        stops = [each for each in switches.standing(session) if each.scope in {*pages, switches.ALL}]
        rows = watch.rows(session, pages)
    yield blocks.header(_waiting(count))
    for each in found:
        entry = speech.case_entry(each, now)
        yield entry
        yield _buttons(f"look:{each.case_id}", speech.button(LOOK, LOOK_AT, each.case_id))
    if count > len(found):
        yield _says(REST.format(count=count - len(found)))
    yield blocks.divider()
    yield from (_says(_stopped(each)) for each in stops) if stops else [_says(RUNNING)]
    yield _buttons("pause", speech.button(STOP_ALL, "pause_all", "all", "danger"))
    yield blocks.divider()
    yield _says("\n".join(_health(hall, pages, rows)), title=PAGES)
    yield _says(HELP)


def _waiting(count: int) -> str:
    if count == 0:
        return NONE
    return ONE_WAITS if count == 1 else WAITING.format(count=count)


def _stopped(switch: Switch) -> str:
    where = ALL_PAGES if switch.scope == switches.ALL else switch.scope
    why = f": {one_line(switch.reason, limit=200)}" if switch.reason else ""
    return STOPPED.format(where=where, at=switch.thrown_at, by=switch.thrown_by, why=why)


def _health(hall: Hall, pages: frozenset[str], rows: Mapping[str, PageRow]) -> list[str]:
    now, lines = hall.route.clock(), []
    for slug in sorted(pages):
        name, row = hall.route.desks[slug].page.name, rows.get(slug)
        if row is None or (row.polled_at is None and row.failing_since is None):
            lines.append(NEVER_READ.format(name=name))
        elif row.failing_since is not None:
            why = one_line(row.failure or "no reason is known", limit=200)
            lines.append(BROKEN.format(name=name, age=speech.age(row.failing_since, now), why=why))
        elif row.polled_at is not None:
            lines.append(READ.format(name=name, age=speech.age(row.polled_at, now)))
    return lines[:40] or [NO_PAGES]


def _says(words: str, title: str = "") -> dict[str, Any]:
    head = [blocks.text(f"{title}\n", bold=True)] if title else []
    return blocks.paragraph(*head, blocks.text(words[:2800]))


def _buttons(name: str, *found: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "block_id": name, "elements": list(found)}
