"""`beadle policy`."""

from __future__ import annotations

from pathlib import Path

import typer

from bot.cli import judging
from bot.cli.backtest import policy_backtest
from bot.cli.judging import in_force
from bot.cli.speech import console
from bot.moderation.pinning import pin
from bot.moderation.policy import PolicyShelf, render, stock_beside
from bot.settings import load_settings

policy_app = typer.Typer(help="Read and check the city's policies.", no_args_is_help=True, rich_markup_mode=None)
_FILE = typer.Argument(..., metavar="FILE", help="The policy's file.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    policy_app.command("backtest")(policy_backtest)
    app.add_typer(policy_app, name="policy")
    judging.add_to(app)


@policy_app.command("print")
def print_policy(slug: str = typer.Argument(...)) -> None:
    """Print everything that a policy blocks: the complete answer to "what exactly is blocked?"."""
    shelf = shelf_in_use()
    typer.echo(render(in_force(shelf, slug), shelf.wordlists), nl=False)


@policy_app.command("check")
def check_policies() -> None:
    """Load every policy and run the examples of its rules."""
    shelf = shelf_in_use()
    for pack in shelf.packs:
        examples = sum(len(rule.violates) + len(rule.allowed) for rule in pack.rules)
        console().print(f"{pack.slug} {pack.version}: {len(pack.rules)} rules, {examples} examples hold.")
    for error in shelf.refused.values():
        console(stderr=True).print(f"refused: {error.sentence}", soft_wrap=True)
    if shelf.refused:
        raise typer.Exit(1)


@policy_app.command("pin")
def pin_policy(file: Path = _FILE) -> None:
    """Write into a policy's file the digests of the word lists, library rules and model that it names."""
    beside = file.absolute().parent
    pinned = pin(
        file, stock_beside(beside if (beside.parent / "rules").is_dir() else load_settings().config / "policies")
    )
    if pinned == file.read_bytes().decode("utf-8"):
        console().print(f"{file} names the right digests already.", soft_wrap=True)
        return
    file.write_bytes(pinned.encode("utf-8"))
    console().print(
        f"{file} now names the digests of today's files; `beadle policy check` says whether it holds.", soft_wrap=True
    )


def shelf_in_use() -> PolicyShelf:
    """The policies of the configuration folder."""
    folder: Path = load_settings().config
    return PolicyShelf.load(folder / "policies", folder / "wordlists")
