"""`beadle transparency`: the page for everybody."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import typer

from bot.app import open_beadle
from bot.cli.speech import console
from bot.publishing import PERIOD, publish
from bot.settings import load_settings

_TO = typer.Option(..., "--to", help="The folder to write it into; the city's website serves it from there.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("transparency")(transparency)


def transparency(
    to: Path = _TO,
    days: int = typer.Option(PERIOD.days, "--days", min=1, max=3660, help="How many days back it counts."),
) -> None:
    """Write the public page: what is moderated and why, counts by clause and page, reversals, how to appeal."""
    with open_beadle(load_settings(), acts=False) as beadle:
        today = beadle.route.clock().astimezone(beadle.configuration.pages.city.timezone).date()
        written = publish(beadle, to, today, timedelta(days=days))
        city = beadle.configuration.pages.city
    for path in written:
        console().print(f"Wrote {path}.", soft_wrap=True)
    if not (city.appeals_to or city.appeals_url or city.contact):
        console().print(
            "The page names no way to appeal yet: set contact, appeals_to or appeals_url under city: in pages.yaml.",
            soft_wrap=True,
        )
