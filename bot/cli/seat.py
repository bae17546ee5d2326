"""Who sits at this terminal: the options by which people say who they are, and their voice."""

from __future__ import annotations

import typer

from bot.app import Beadle
from bot.people import this_account, who_acts
from bot.voice import Voice

AS = typer.Option(None, "--as", metavar="PERSON", help="Who decides: your id in people.yaml.")
REASON = typer.Option(..., "--reason", help="Why, in a sentence; it is kept with the record.")
CODE = typer.Option("", "--code", help="The reason code, where the policy wants one.")


def voice_of(beadle: Beadle, as_person: str | None) -> Voice:
    """The voice of the person whose account this is. Raises ``NotAllowed`` where it is nobody's."""
    account = this_account()
    return Voice(who_acts(beadle.configuration.people, as_person, account), account)
