"""`beadle people`: who there is, who may decide where today, and why somebody may not."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich import box
from rich.table import Table

from bot.cli.speech import console, one_line
from bot.configuration import Configuration, configure, utc_now
from bot.errors import PolicyError
from bot.moderation.pack import PolicyPack
from bot.pages import Page
from bot.people import Person
from bot.settings import load_settings
from bot.staffing import Standing, findings, standings

HEADS = ("person", "roles", "capability", "page", "may decide")
MAY, NO_PAGES = "yes", "(no page of pages.yaml)"
MISSING = "What is missing:"
COMPLETE = "Every page has somebody who may decide, and a second person."
_JSON = typer.Option(False, "--json", help="Print it as JSON.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("people")(show)


def show(as_json: bool = _JSON) -> None:
    """Print who works with Beadle, who may decide on which page today, and what is missing for the others."""
    configuration = configure(load_settings(), read_tokens=False)
    pages, now = configuration.pages.pages, utc_now()
    today = now.astimezone(configuration.pages.city.timezone).date()

    def pack_of(page: Page) -> PolicyPack | None:
        try:
            return configuration.shelf.in_force(page.policy, now)
        except PolicyError:
            return None

    found = {each.id: standings(each, pages, pack_of, today) for each in configuration.people.people}
    missing = findings(configuration.people, pages, pack_of, today)
    if as_json:
        typer.echo(json.dumps(_plain(configuration, found, missing), ensure_ascii=False, indent=2))
    else:
        _print(configuration, found, missing)


def _plain(configuration: Configuration, found: dict[str, list[Standing]], missing: list[str]) -> dict[str, Any]:
    return {"people": [_person(each, found[each.id]) for each in configuration.people.people], "missing": missing}


def _person(person: Person, standing: list[Standing]) -> dict[str, Any]:
    return {
        "id": person.id,
        "name": person.name,
        "roles": sorted(person.roles),
        "capability": sorted(person.capabilities),
        "purpose": person.purpose,
        "on_call": person.on_call,
        "slack_id": person.slack_id,
        "training": {each.topic: each.on.isoformat() for each in sorted(person.trained, key=lambda each: each.on)},
        "acknowledged": [
            {"policy": each.policy, "version": each.version, "on": each.on.isoformat()} for each in person.acknowledged
        ],
        "pages": [{"page": each.page, "may_decide": each.may, "why_not": each.why_not or None} for each in standing],
    }


def _print(configuration: Configuration, found: dict[str, list[Standing]], missing: list[str]) -> None:
    table = Table(*HEADS, box=box.SIMPLE_HEAD)
    for person in configuration.people.people:
        for number, (page, may) in enumerate(_lines(found[person.id])):
            table.add_row(*(_who(person) if number == 0 else ("", "", "")), page, may)
    out = console()
    out.print(table)
    for sentence in (MISSING, *(f"- {each}" for each in missing)) if missing else (COMPLETE,):
        out.print(sentence, soft_wrap=True)


def _who(person: Person) -> tuple[str, str, str]:
    name = f"{person.id}\n{one_line(person.name, 40)}" + ("\non call" if person.on_call else "")
    return name, ", ".join(sorted(person.roles)), ", ".join(sorted(person.capabilities))


def _lines(standing: list[Standing]) -> list[tuple[str, str]]:
    return [(each.page, MAY if each.may else f"no: {each.why_not}") for each in standing] or [(NO_PAGES, "-")]
