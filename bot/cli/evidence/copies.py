"""`beadle evidence copies`: how the second copy stands, to make it now, and to try whether it could be restored."""

from __future__ import annotations

import tempfile
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from bot.app import Beadle, open_beadle
from bot.cli.speech import console
from bot.configuration import utc_now
from bot.errors import ConfigError
from bot.evidence.proof.verify import Report, verify_archive
from bot.evidence.storage.copying import Copying, trouble
from bot.evidence.storage.drill import Drilled, drill
from bot.evidence.storage.keeping import minute
from bot.settings import load_settings

SAMPLE = 20
_NOT_SET = "there is no second copy: set BEADLE_REPLICA (docs/second-copy.md)."
_WITH_DRILL = "--all and --into go with --drill."
_NOT_EMPTY = "{folder} is there already; name a new folder."
_UNWRITABLE = "{folder} can't be written ({why})."
_NOW = typer.Option(False, "--now", help="Copy what waits, now; safe beside a running daemon.")
_DRILL = typer.Option(False, "--drill", help=f"Restore {SAMPLE} packages and the log into a folder, and check them.")
_ALL = typer.Option(False, "--all", help="With --drill: all packages; then the restored archive is verified whole.")
_INTO = typer.Option(None, "--into", metavar="FOLDER", help="With --drill: keep what was restored in this new folder.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("copies")(copies)


def copies(now: bool = _NOW, do_drill: bool = _DRILL, everything: bool = _ALL, into: Path | None = _INTO) -> None:
    """Say how the second copy stands. Exit status 1 if anything is wrong with it, 2 if a drill has not passed."""
    if not do_drill and (everything or into is not None):
        raise ConfigError(_WITH_DRILL)
    with open_beadle(load_settings(), acts=False) as beadle:
        copying = beadle.keeping.copying
        if copying is None:
            raise ConfigError(_NOT_SET)
        if now:
            _copy_now(copying)
        if do_drill:
            _drill(beadle, copying, everything, into)
        elif not _show(beadle, copying):
            raise typer.Exit(1)


def _show(beadle: Beadle, copying: Copying) -> bool:
    """Print the table; ``False`` when something is wrong."""
    standing, failing = copying.standing(), trouble(beadle.archive.root)
    looked = copying.replica.examine(utc_now())
    table = Table("second copy", standing.target, show_header=True, header_style="bold", box=None, pad_edge=False)
    table.add_row("copied", f"{standing.copied:,} of {standing.total:,} packages")
    table.add_row(
        "waiting",
        f"{standing.waiting:,}" + (f", the oldest since {minute(standing.oldest)}" if standing.oldest else ""),
    )
    table.add_row("left out", ", ".join(standing.left_out) or "none")
    table.add_row("last error", f"{failing.sentence} (since {minute(failing.since)})" if failing else "none")
    for each in looked:
        table.add_row("store" if each.state == "ok" else each.state.upper(), each.sentence)
    out = console()
    out.print(table)
    for incident in beadle.keeping.incidents.open():
        out.print(f"{incident.sentence} `beadle evidence incident list` says what to do.", soft_wrap=True)
    return failing is None and not any(each.state == "wrong" for each in looked)


def _copy_now(copying: Copying) -> None:
    columns = (TextColumn("copying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("copying", total=copying.standing().waiting)
        done = copying.drain(lambda count: progress.advance(task, count))
    console().print(f"{done:,} packages copied.")


def _drill(beadle: Beadle, copying: Copying, everything: bool, into: Path | None) -> None:
    with tempfile.TemporaryDirectory(prefix="beadle-drill-") as temporary:
        folder = (into or Path(temporary)) / "archive"
        if folder.exists():
            raise ConfigError(_NOT_EMPTY.format(folder=folder))
        try:
            found = _restored(beadle, copying, folder, None if everything else SAMPLE)
        except OSError as error:
            raise ConfigError(_UNWRITABLE.format(folder=folder, why=error.strerror)) from error
        report = verify_archive(folder) if everything else None
    _say(found, report)
    if into is not None:
        console().print(f"It lies in {folder}.", soft_wrap=True)
    if not found.passed or (report is not None and report.flaws):
        raise typer.Exit(2)


def _restored(beadle: Beadle, copying: Copying, folder: Path, sample: int | None) -> Drilled:
    columns = (SpinnerColumn(), TextColumn("restoring"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("restoring", total=None)
        return drill(
            beadle.archive,
            copying.replica,
            folder,
            sample,
            lambda done, of: progress.update(task, completed=done, total=of),
        )


def _say(found: Drilled, report: Report | None) -> None:
    out = console()
    out.print(
        f"Restored from {found.target}: {found.count:,} of {found.total:,} packages ({found.size / 1e6:.1f} MB), "
        f"{found.lines:,} lines of the log, {found.others:,} checkpoints, stamps and keys.",
        soft_wrap=True,
    )
    for flaw in found.flaws:
        out.print(flaw.sentence, soft_wrap=True)
    if not found.log_is_same:
        out.print("The log in the second copy is not the beginning of the archive's own.")
    for each in report.flaws if report is not None else ():
        out.print(f"{each.kind.upper()}  {each.sentence}", soft_wrap=True)
    good = found.passed and not (report is not None and report.flaws)
    out.print("The drill has passed." if good else "The drill has NOT passed.")
