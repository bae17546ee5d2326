"""`beadle verify`."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bot.cli.speech import console
from bot.evidence.proof.verify import Report, verify_archive, verify_package
from bot.settings import load_settings

_USAGE = 64
_PATH = typer.Argument(None, metavar="[PATH]", help="One package (.zip).")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("verify")(verify)


def verify(
    path: Path | None = _PATH,
    everything: bool = typer.Option(False, "--all", help="The whole archive."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Check evidence offline. Exit status: 0 as sealed, 2 altered, 3 incomplete, 64 wrong usage."""
    if (path is None) == (not everything):
        console(stderr=True).print("Name one package, or --all for the whole archive.")
        raise typer.Exit(_USAGE)
    report = _verify_all() if path is None else verify_package(path)
    if as_json:
        typer.echo(json.dumps(_plain(report), indent=2))
    else:
        _print(report)
    raise typer.Exit(report.exit_code)


def _verify_all() -> Report:
    root = load_settings().archive
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("verifying", total=None)
        return verify_archive(root, progress=lambda done, of: progress.update(task, completed=done, total=of))


def _print(report: Report) -> None:
    out = console()
    out.print(
        f"{report.packages} packages, {report.supplements} supplements, {report.lines} log lines, "
        f"{report.size / 1e6:.1f} MB read."
    )
    if report.lines:
        out.print(f"Head of the log: {report.head}", soft_wrap=True)
    if report.recovered:
        out.print(f"{report.recovered} of them got their line in the log only after a crash; they are whole.")
    for flaw in report.flaws:
        out.print(f"{flaw.kind.upper()}  {flaw.sentence}", soft_wrap=True)
    out.print("Everything is as it was sealed." if not report.flaws else f"{len(report.flaws)} things are wrong.")


def _plain(report: Report) -> dict[str, object]:
    return {**asdict(report), "exit_code": report.exit_code}
