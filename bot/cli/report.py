"""`beadle digest`."""

from __future__ import annotations

import tempfile
import webbrowser
from datetime import date, timedelta
from pathlib import Path

import typer

from bot import daily
from bot.app import Beadle, open_beadle
from bot.cli.speech import console
from bot.errors import ConfigError
from bot.notify import digest as digests
from bot.settings import load_settings

_HTML = typer.Option(None, "--html", help="Write it to this file as a web page.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("digest")(digest)


def digest(
    day: str = typer.Option("yesterday", "--date", help="The local day: 2026-11-21, today or yesterday."),
    send: bool = typer.Option(False, "--send", help="Mail it to those who get the digest, and keep it."),
    preview: bool = typer.Option(False, "--preview", help="Open it in the web browser."),
    html: Path | None = _HTML,
) -> None:
    """Print the daily digest; the daemon mails it by itself at the city's hour."""
    with open_beadle(load_settings(), acts=False) as beadle:
        which = _day(beadle, day)
        made = digests.render(daily.gather(beadle, which))
        if html is not None:
            html.write_text(made.html, "utf-8")
            console().print(f"Written to {html}.")
        if preview:
            _preview(made.html)
        if send:
            sent = daily.send(beadle, which, beadle.route.clock())
            console().print(f"Sent to {', '.join(sent)}.")
        if not (send or preview or html):
            console().print(made.subject)
            console().print()
            console().print(made.text, soft_wrap=True)


def _day(beadle: Beadle, written: str) -> date:
    today = beadle.route.clock().astimezone(beadle.configuration.pages.city.timezone).date()
    if written in ("today", "yesterday"):
        return today - timedelta(days=1 if written == "yesterday" else 0)
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise ConfigError(f'--date "{written}" is not a day; write it as {today}.') from error


def _preview(html: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False, encoding="utf-8") as file:
        file.write(html)
    if not webbrowser.open(f"file://{file.name}"):
        console().print(f"No web browser could be opened; the digest is in {file.name}.")
