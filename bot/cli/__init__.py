"""The command line: parse, call, print. It decides nothing."""

from __future__ import annotations

import typer

from bot import __version__, log
from bot.cli import cases, demonstration, policies, proof, report, running, setting_up

app = typer.Typer(
    name="beadle",
    help="Watches a city's social media pages, keeps evidence, and acts under the city's own written policy.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

for room in (running, setting_up, cases, report, proof, policies, demonstration):
    room.add_to(app)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    # Until a command says more: the log never mixes with what a command prints.
    log.configure(level="warning")
    if version:
        typer.echo(f"beadle {__version__}")
        raise typer.Exit
