"""`beadle run` and `beadle migrate`."""

from __future__ import annotations

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot import daemon, log, worker
from bot.cli.speech import console
from bot.ledger import database
from bot.settings import Settings, load_settings


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("run")(run)
    app.command("migrate")(migrate)


def run(
    once: bool = typer.Option(False, "--once", help="Poll every page once, finish what that starts, and stop."),
) -> None:
    """Watch the city's pages until told to stop (SIGTERM or Ctrl-C)."""
    settings = _ready()
    if not once:
        daemon.run(settings)
        return
    if not _run_once(settings):
        raise typer.Exit(1)


def migrate() -> None:
    """Bring the database to this version's schema. Safe to run again."""
    settings = _ready()
    worker.migrate(database.normalise(settings.database_url.get_secret_value()))
    console().print("The database is up to date.")


def _ready() -> Settings:
    settings = load_settings()
    log.configure(level=settings.log_level, form=settings.log_format, secrets=settings.secrets())
    return settings


def _run_once(settings: Settings) -> bool:
    out = console(stderr=True)
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=out, transient=True
    ) as progress:
        task = progress.add_task("starting")

        def each(what: str, left: int) -> None:
            progress.update(task, description=f"{what}: {left} orders left" if left else what)

        outcome = daemon.run_once(settings, each)
    for found in outcome.rounds:
        state = "could not be read" if found.failure else f"{found.comments} new comments, {found.cases} cases"
        out.print(f"{found.page}: {state}")
        if found.failure:
            out.print(f"  {found.failure}", soft_wrap=True)
    for sentence in outcome.refused:
        out.print(f"refused: {sentence}", soft_wrap=True)
    if outcome.later:
        out.print(f"{outcome.later} orders could not be done now and wait for their time; `beadle run` sees to them.")
    return not outcome.failed and not outcome.refused
