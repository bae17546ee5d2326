"""`beadle evidence`: to look at what is sealed, hand it out, and see to the archive. One module for each concern."""

from __future__ import annotations

import typer

from bot.cli.evidence import checkpoints, copies, exporting, incidents, opening, restriction

_ROOMS = (opening, exporting, checkpoints, restriction, copies, incidents)


def add_to(app: typer.Typer) -> None:
    """Add the commands about evidence, all below `beadle evidence`."""
    evidence = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
    for room in _ROOMS:
        room.add_to(evidence)
    app.add_typer(evidence, name="evidence", help="Look at what is sealed, hand it out, and see to the archive.")
