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
        appeals,
        audit,
        cases,
        connectors,
        demonstration,
        digesting,
        evidence,
        ladder,
        notices,
        offenders,
        people,
        policies,
        proof,
        reporting,
        requests,
        rules,
        running,
        setting_up,
        sightlines,
        transparency,
        undo,
    )

    rooms = typer.Typer(rich_markup_mode=None)
    reading = (connectors, sightlines)
    deciding = (cases, requests, rules, undo, reporting, people, offenders, ladder)
    serving = (notices, appeals)
    telling = (digesting, transparency)
    proving = (proof, evidence)
    for room in (
        running,
        setting_up,
        *reading,
        *deciding,
        *serving,
        *telling,
        *proving,
        policies,
        audit,
        demonstration,
    ):
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
