"""`beadle evidence restrict`: close a case whose media nobody may see or copy any more."""

from __future__ import annotations

import typer

from bot.app import Beadle, open_beadle
from bot.cli.seat import voice_of
from bot.cli.speech import console
from bot.ledger import database
from bot.restricting import Restricting, Restriction
from bot.settings import load_settings

_CASE = typer.Argument(..., metavar="CASE")
_REASON = typer.Option(..., "--reason", help="Why, in a sentence, without describing it; it is sealed with the case.")
_AS = typer.Option(None, "--as", metavar="PERSON", help="Who says so: your id in people.yaml.")
_YES = typer.Option(False, "--yes", help="Don't ask; for scripts.")

_ASK = "Close case {case}? Nobody can open, export or copy its media and pictures afterwards, and this can't be undone."
_CLOSED = "Case {case} is closed. {media} of it will never be copied again."
_CLOSED_BEFORE = "Case {case} was closed by a person already; nothing was changed."
_DUTY = (
    "Beadle reports nothing. If it may show sexual abuse of a child, a person reports it now: the NCMEC CyberTipline, "
    "report.cybertip.org or 1-800-843-5678 (18 U.S.C. 2258A), and the police as counsel directs. Don't open, copy, "
    "forward or print it (18 U.S.C. 2252A). The package stays in the archive as it was sealed."
)
_IDLE = "No daemon is running: its picture is taken out of Slack when `beadle run` is next started."


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("restrict")(restrict)


def restrict(case_id: str = _CASE, reason: str = _REASON, as_person: str | None = _AS, yes: bool = _YES) -> None:
    """Close a case: suspected child sexual abuse material, or what a court has sealed. For people who decide cases."""
    with open_beadle(load_settings(), acts=False) as beadle:
        voice = voice_of(beadle, as_person)
        restricting = Restricting(beadle.route, beadle.review.why_not)
        restricting.check(case_id, voice)
        if not yes:
            typer.confirm(_ASK.format(case=case_id), abort=True)
        _say(beadle, restricting.restrict(case_id, voice, reason))


def _say(beadle: Beadle, done: Restriction) -> None:
    out = console()
    files = f"{len(done.media)} file{'' if len(done.media) == 1 else 's'}"
    said = _CLOSED.format(case=done.case_id, media=files) if done.new else _CLOSED_BEFORE.format(case=done.case_id)
    out.print(said, soft_wrap=True)
    out.print(_DUTY, soft_wrap=True)
    if not database.daemon_is_running(beadle.database_url):
        out.print(_IDLE, soft_wrap=True)
