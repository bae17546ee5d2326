"""`beadle judge` and `explain`. They load the judge alone: no database, no platform, no browser."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import cast

import typer

from bot.cli.speech import console, harmless
from bot.errors import PolicyError
from bot.moderation.explain import explain as explained
from bot.moderation.judge import Judge
from bot.moderation.lines import judge_stream
from bot.moderation.pack import PolicyPack
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Item
from bot.settings import load_settings

COMMANDS = ("judge", "explain")
_PLATFORM = typer.Option(
    None, "--platform", metavar="P", help="Where the comments stand; the same words get the same verdict on all."
)
_NO_PLATFORM = '"{platform}" is no platform; write its name in small letters, such as facebook.'
_UNKNOWN = 'There is no policy "{slug}"; name one of those in config/policies: {known}.'
_SLUG = typer.Option(..., "--policy", metavar="SLUG", help="Which policy.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("judge")(judge)
    app.command("explain")(explain)


def judge(policy: str = _SLUG, platform: str | None = _PLATFORM) -> None:
    """Judge comments, one JSON object a line on standard input: {"text": ..., "lang"?: ..., "post"?: ...}."""
    if platform is not None and not re.fullmatch(r"[a-z][a-z0-9_-]*", platform):
        raise PolicyError(_NO_PLATFORM.format(platform=harmless(platform, 40)))
    judge = _judge_alone(policy)
    good = True
    for answers, all_good in judge_stream(cast(BufferedReader, sys.stdin.buffer), judge):
        good = good and all_good
        sys.stdout.buffer.write(answers)
        sys.stdout.buffer.flush()
    if not good:
        raise typer.Exit(1)


def explain(text: str = typer.Argument(...), policy: str = _SLUG) -> None:
    """Judge one comment and show the matched words, the clause and the reason."""
    judge = _judge_alone(policy)
    console().print(explained(text, judge.judge(Item(text)), judge.pack), soft_wrap=True)


def judge_of(shelf: PolicyShelf, slug: str) -> Judge:
    """The judge of the version in force now. Raises ``PolicyError``: refused, unknown, or not yet in force."""
    return shelf.judge(in_force(shelf, slug))


def in_force(shelf: PolicyShelf, slug: str) -> PolicyPack:
    """The version in force now. Raises ``PolicyError``: refused, unknown, or not yet in force."""
    if slug in shelf.refused:
        raise PolicyError(shelf.refused[slug].sentence)
    return shelf.in_force(slug, datetime.now(UTC))


def _judge_alone(slug: str) -> Judge:
    """Of one policy alone, its examples not run: the daemon's start and ``beadle policy check`` run them."""
    folder: Path = load_settings().config
    known = sorted({path.stem.split("@")[0] for path in (folder / "policies").glob("*.yaml")})
    if slug not in known:
        raise PolicyError(_UNKNOWN.format(slug=slug, known=", ".join(known) or "none"))
    with _without_collecting():
        return judge_of(PolicyShelf.load(folder / "policies", folder / "wordlists", only=slug, examples=False), slug)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """What a judge is built of stays: to look through it for garbage again and again is a third of the start."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
