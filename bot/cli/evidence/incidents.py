"""`beadle evidence incident`: evidence that is not what was sealed, and what a person does about it."""

from __future__ import annotations

import typer

from bot.app import Beadle, open_beadle
from bot.cli.speech import console
from bot.errors import NotAllowed
from bot.evidence.storage.keeping import minute
from bot.people import Person, Role, this_account, who_acts
from bot.settings import load_settings

MAY = frozenset({Role.RECORDS_CUSTODIAN, Role.CITY_CLERK, Role.SUPERVISOR})
NO_ROLE = "{person} may not see to an incident; that takes one of these roles in people.yaml: {roles}."
_NUMBER = typer.Argument(..., metavar="NUMBER", min=0, help="The incident, as `beadle evidence incident list` has it.")
_AS = typer.Option(None, "--as", metavar="PERSON", help="Who does it: your id in people.yaml.")
_REASON = typer.Option(..., "--reason", help="What you found, in a sentence; it is kept.")

_incidents = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(_incidents, name="incident", help="Evidence that is not what was sealed: list, restore, clear.")


@_incidents.command("list")
def list_incidents() -> None:
    """List the incidents that nobody has cleared, with what to do. Exit status 1 if there are any."""
    with open_beadle(load_settings(), acts=False) as beadle:
        incidents = beadle.keeping.incidents
        found = [(each, incidents.advice(each)) for each in incidents.open()]
    out = console()
    for incident, advice in found:
        stops = "Acts by rule are stopped." if incident.stops_acts else "Acts go on."
        out.print(f"{incident.sentence} Found {minute(incident.since)}. {stops}\n    {advice}", soft_wrap=True)
    if found:
        raise typer.Exit(1)
    out.print("There is no open incident.")


@_incidents.command("restore")
def restore(number: int = _NUMBER, as_person: str | None = _AS) -> None:
    """Put the second copy in the place of a damaged package, which is kept aside. The incident stays open."""
    with open_beadle(load_settings(), acts=False) as beadle:
        _who, role = _may(beadle, as_person)
        place = beadle.keeping.incidents.restore(number, role)
    out = console()
    out.print(f"{place} is again what was sealed; what lay there is kept in the folder aside.", soft_wrap=True)
    out.print(f"When you know why it was damaged: `beadle evidence incident clear {number} --reason ...`.")


@_incidents.command("clear")
def clear(number: int = _NUMBER, reason: str = _REASON, as_person: str | None = _AS) -> None:
    """Say that you have looked and answer for it: acts go on when no other incident is open."""
    with open_beadle(load_settings(), acts=False) as beadle:
        person, role = _may(beadle, as_person)
        beadle.keeping.incidents.clear(number, person.id, role, reason)
        left = beadle.keeping.incidents.why_not()
    console().print(f"Incident {number} is cleared. {left or 'Acts may go on.'}", soft_wrap=True)


def _may(beadle: Beadle, as_person: str | None) -> tuple[Person, str]:
    """The person and the role in which they do it. Raises ``NotAllowed``."""
    person = who_acts(beadle.configuration.people, as_person, this_account())
    roles = sorted(person.roles & MAY)
    if not roles:
        raise NotAllowed(NO_ROLE.format(person=person.id, roles=", ".join(sorted(MAY))))
    return person, roles[0]
