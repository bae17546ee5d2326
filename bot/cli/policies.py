"""`beadle policy`, `judge` and `explain`."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import typer

from bot.cli.speech import console
from bot.errors import PolicyError
from bot.moderation.explain import explain as explained
from bot.moderation.judge import Judge
from bot.moderation.lines import judge_lines
from bot.moderation.pack import PolicyPack
from bot.moderation.policy import PolicyShelf, render
from bot.moderation.verdict import Item
from bot.settings import load_settings

policy_app = typer.Typer(help="Read and check the city's policies.", no_args_is_help=True, rich_markup_mode=None)
_SLUG = typer.Option(..., "--policy", metavar="SLUG", help="Which policy.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(policy_app, name="policy")
    app.command("judge")(judge)
    app.command("explain")(explain)


@policy_app.command("print")
def print_policy(slug: str = typer.Argument(...)) -> None:
    """Print everything that a policy blocks: the complete answer to "what exactly is blocked?"."""
    shelf = _shelf()
    typer.echo(render(_in_force(shelf, slug), shelf.wordlists), nl=False)


@policy_app.command("check")
def check_policies() -> None:
    """Load every policy and run the examples of its rules."""
    shelf = _shelf()
    for pack in shelf.packs:
        examples = sum(len(rule.violates) + len(rule.allowed) for rule in pack.rules)
        console().print(f"{pack.slug} {pack.version}: {len(pack.rules)} rules, {examples} examples hold.")
    for error in shelf.refused.values():
        console(stderr=True).print(f"refused: {error.sentence}", soft_wrap=True)
    if shelf.refused:
        raise typer.Exit(1)


def judge(policy: str = _SLUG) -> None:
    """Judge comments, one JSON object a line on standard input: {"text": ..., "lang"?: ..., "post"?: ...}."""
    shelf = _shelf()
    broken = False
    for answer in judge_lines(sys.stdin.buffer, _judge(shelf, policy)):
        broken = broken or "error" in answer
        sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    if broken:
        raise typer.Exit(1)


def explain(text: str = typer.Argument(...), policy: str = _SLUG) -> None:
    """Judge one comment and show the matched words, the clause and the reason."""
    shelf = _shelf()
    judge = _judge(shelf, policy)
    console().print(explained(text, judge.judge(Item(text)), judge.pack), soft_wrap=True)


def _shelf() -> PolicyShelf:
    folder: Path = load_settings().config
    return PolicyShelf.load(folder / "policies", folder / "wordlists")


def _judge(shelf: PolicyShelf, slug: str) -> Judge:
    return Judge(_in_force(shelf, slug), shelf.wordlists)


def _in_force(shelf: PolicyShelf, slug: str) -> PolicyPack:
    if slug in shelf.refused:
        raise PolicyError(shelf.refused[slug].sentence)
    return shelf.in_force(slug, datetime.now(UTC))
