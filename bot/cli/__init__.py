"""The command line: parse, call, print. It decides nothing."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from bot import __version__, log
from bot.cli import judging


class _Rooms(TyperGroup):
    """The commands of all rooms. Judging is quick to start: it must not wait for what only the others load."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands, in the order of the rooms."""
        return _every_room().list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name."""
        room = _judging() if cmd_name in judging.COMMANDS else _every_room()
        return room.get_command(ctx, cmd_name)


@cache
def _judging() -> TyperGroup:
    rooms = typer.Typer(rich_markup_mode=None)
    judging.add_to(rooms)
    return get_group(rooms)


@cache
def _every_room() -> TyperGroup:
    from bot.cli import (
        audit,
        cases,
        connectors,
        demonstration,
        evidence,
        policies,
        proof,
        report,
        running,
        setting_up,
        sightlines,
    )

    rooms = typer.Typer(rich_markup_mode=None)
    reading = (connectors, sightlines)
    for room in (running, setting_up, *reading, cases, report, proof, evidence, policies, audit, demonstration):
        room.add_to(rooms)
    return get_group(rooms)


app = typer.Typer(
    name="beadle",
    cls=_Rooms,
    help="Watches a city's social media pages, keeps evidence, and acts under the city's own written policy.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version and stop.")) -> None:
    # Until a command says more: the log never mixes with what a command prints.
    log.configure(level="warning")
    if version:
        typer.echo(f"beadle {__version__}")
        raise typer.Exit
