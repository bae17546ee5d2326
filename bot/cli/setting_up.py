"""`beadle init` and `beadle doctor`."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.text import Text

import connectors
from bot import doctor as checks
from bot.answers import QUESTIONS, Bounds
from bot.cli.speech import console
from bot.people import this_account
from bot.setup import init as set_up
from bot.setup import refuse_existing

_SHIPPED = Path(__file__).resolve().parents[2] / "config"
_MARKS = {"ok": ("ok  ", "green"), "note": ("note", "yellow"), "wrong": ("FIX ", "bold red")}
_FOLDER = typer.Argument(Path("city"), help="The folder to make; later BEADLE_CONFIG names it.")
_YES = typer.Option(False, "--yes", help="Ask nothing: what no option gives takes its default.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("init")(_init())
    app.command("doctor")(doctor)


def doctor() -> None:
    """Check everything that must be true, and say what to fix. Exit status 1 while something is wrong."""
    out = console()
    wrong = 0
    for found in checks.examine():
        mark, style = _MARKS[found.state]
        out.print(Text.assemble((mark, style), f"  {found.what}: {found.sentence}"), soft_wrap=True)
        wrong += found.state == "wrong"
    out.print("Everything is as it must be." if not wrong else f"{wrong} to fix.")
    if wrong:
        raise typer.Exit(1)


def _init() -> Callable[..., None]:
    """The command, with one option for each question."""

    def init(folder: Path, yes: bool, **given: str | None) -> None:
        """Ask what Beadle must know of your city, and write its first configuration. Overwrites nothing."""
        refuse_existing(folder)
        _bring_policies(folder)
        policies = {path.stem.split("@")[0] for path in (folder / "policies").glob("*.yaml")}
        bounds = Bounds(platforms=connectors.platforms(), policies=policies, account=this_account())
        answers = {key: answer for key, answer in given.items() if answer is not None}
        set_up(folder, bounds=bounds, now=datetime.now(UTC), ask=None if yes else _ask, echo=_say, given=answers)

    parameters = [_parameter("folder", Path, _FOLDER), _parameter("yes", bool, _YES)]
    for question in QUESTIONS:
        option = typer.Option(None, question.option, help=question.words, show_default=False)
        parameters.append(_parameter(question.key, str | None, option))
    init.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    init.__annotations__ = {each.name: each.annotation for each in parameters}
    return init


def _parameter(name: str, kind: object, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _bring_policies(folder: Path) -> None:
    """The policies, word lists, shared rules and models that come with Beadle, where the folder has none of its own."""
    for name in ("policies", "wordlists", "rules", "models"):
        if (_SHIPPED / name).exists() and not (folder / name).exists():
            shutil.copytree(_SHIPPED / name, folder / name)


def _ask(question: str, default: str | None) -> str:
    answer: str = typer.prompt(question, default=default if default is not None else None, show_default=bool(default))
    return answer


def _say(line: str) -> None:
    console().print(line, soft_wrap=True)
