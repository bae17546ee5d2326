"""`beadle evidence export`: the sealed evidence of some cases, with all that a stranger needs to check it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.app import Beadle, open_beadle
from bot.cli.speech import console, harmless
from bot.errors import BeadleError, NotAllowed
from bot.evidence.proof.export import LINE, Exported, export
from bot.people import KEEP_RECORDS, Person, Role, this_account, who_acts
from bot.settings import load_settings

_CASES = typer.Argument(..., metavar="CASE...", help="The ids of cases, or of packages.")
_TO = typer.Option(..., "--to", metavar="FOLDER", help="A new folder; nothing is ever written over.")
_AS = typer.Option(None, "--as", metavar="PERSON", help="Who hands it out: your id in people.yaml.")
_RESTRICTED = typer.Option(False, "--restricted", help="Cases too that may not be shown; the export says so.")

_MAY_HAND_OUT_RESTRICTED = KEEP_RECORDS | {Role.COUNSEL}
_NOT_YOURS = "a restricted case is handed out by the records custodian, the city clerk or counsel, and by nobody else."
_NO_NEW = "No new checkpoint could be made ({why}); the newest there is serves if it covers the case."


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("export")(hand_out)


def hand_out(
    cases: list[str] = _CASES, to: Path = _TO, as_person: str | None = _AS, restricted: bool = _RESTRICTED
) -> None:
    """Hand out the evidence of cases: sealed files, proofs, time stamps, a program that checks them. It is logged."""
    with open_beadle(load_settings(), acts=False) as beadle:
        person = who_acts(beadle.configuration.people, as_person, this_account())
        if restricted and not person.roles & _MAY_HAND_OUT_RESTRICTED:
            raise NotAllowed(_NOT_YOURS)
        _sign_first(beadle)
        _report(*_handed_out(beadle, person, cases, to, restricted))


def _handed_out(beadle: Beadle, person: Person, cases: list[str], to: Path, restricted: bool) -> tuple[Exported, Path]:
    city, now = beadle.configuration.pages.city.name, datetime.now(UTC)
    made = export(beadle.archive.root, cases, to.absolute(), city=city, now=now, restricted=restricted)
    try:
        # Logged before it gets its name: what was handed out without a line could not be told from what wasn't.
        beadle.archive.note(LINE, made.facts(person.id))
    except BaseException:
        made.discard()
        raise
    return made, made.hand_out()


def _sign_first(beadle: Beadle) -> None:
    """What was sealed a moment ago may have no checkpoint over it yet, and no time stamp."""
    now = datetime.now(UTC)
    try:
        beadle.notary.checkpoint(now)
        beadle.notary.stamping.tick(now, lambda *_: None)
    except BeadleError as error:
        console(stderr=True).print(_NO_NEW.format(why=harmless(error.sentence)), soft_wrap=True)


def _report(made: Exported, folder: Path) -> None:
    out = console()
    files = f"{len(made.ids)} sealed file{'' if len(made.ids) == 1 else 's'}"
    out.print(f"{folder}: {files}, {made.size / 1e6:.1f} MB.", soft_wrap=True)
    if made.restricted:
        out.print(f"RESTRICTED, and handed out all the same: {', '.join(made.restricted)}", soft_wrap=True)
    out.print(f"SHA-256 of its tagmanifest-sha256.txt, also in the log: {made.sha256}", soft_wrap=True)
    out.print("Whoever gets it checks it with `python3 verify.py`; README.txt in it explains everything.")
