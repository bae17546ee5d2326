"""`beadle verify`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session
from typer.core import TyperCommand

from bot.cli.speech import console, harmless
from bot.evidence.proof.outside import NotReadable, Outside, note_in, outside
from bot.evidence.proof.report import Report, plain
from bot.evidence.proof.verify import Progress as Told
from bot.evidence.proof.verify import verify as verify_evidence
from bot.evidence.proof.verify import verify_archive
from bot.ledger import database, days
from bot.settings import Settings, load_settings

_USAGE = 64
_PATH = typer.Argument(None, metavar="[PATH]", help="A package, a supplement, an export or an archive.")
_CHECKPOINT = typer.Option(None, "--checkpoint", metavar="FILE", help="A checkpoint that was kept elsewhere.")
_KEY = typer.Option(None, "--key", metavar="FILE", help="The public key (PEM) that was kept elsewhere.")
_ROOTS = typer.Option(None, "--roots", metavar="FILE", help="Certificates (PEM) that time stamps must lead to.")
_WORDS = {
    "altered": "ALTERED",
    "incomplete": "MISSING",
    "unknown_key": "UNKNOWN KEY",
    "timestamp_invalid": "TIME STAMP",
    "usage": "CAN'T CHECK",
}
_STATES = {"valid": "valid", "pending": "pending", "not_checked": "not checked", "invalid": "false"}
_UNASKED = "The database does not answer, so the log was not held against what the digests published."
_AFTER = "Leave everything as it is, keep this report, and tell the records custodian. Exit status {code}."


class _Sysexits(TyperCommand):
    """A mistake in the command is 64, not the usual 2: here 2 means that evidence was altered."""

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        """As ever, but for the exit status of a mistake."""
        try:
            return super().make_context(*arguments, **named)
        except Exception as error:
            if hasattr(error, "exit_code") and hasattr(error, "show"):
                error.exit_code = _USAGE
            raise


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("verify", cls=_Sysexits)(verify)


def verify(
    path: Path | None = _PATH,
    everything: bool = typer.Option(False, "--all", help="The whole archive of this installation."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
    checkpoint: Path | None = _CHECKPOINT,
    key: Path | None = _KEY,
    roots: Path | None = _ROOTS,
) -> None:
    """Check evidence offline. Exit status: 0 as sealed, 2 altered, 3 incomplete, 4 time stamp not valid, 5 key not
    known, 64 wrong usage."""
    if (path is None) == (not everything):
        console(stderr=True).print("Name one package, or --all for the whole archive.")
        raise typer.Exit(_USAGE)
    try:
        kept = outside(checkpoint, key, roots)
    except NotReadable as error:
        console(stderr=True).print(harmless(str(error)), soft_wrap=True)
        raise typer.Exit(_USAGE) from error
    with _bar() as progress:
        report = verify_evidence(path, kept, progress) if path else _verify_all(load_settings(), kept, progress)
    if as_json:
        typer.echo(json.dumps(plain(report), indent=2))
    else:
        print_report(report)
    raise typer.Exit(report.exit_code)


def print_report(report: Report) -> None:
    """Say what was looked at, what a reader should know, and what is wrong."""
    out = console()
    for line in (*_figures(report), *(f"Note: {note}" for note in report.notes)):
        out.print(harmless(line), soft_wrap=True)
    for flaw in report.flaws:
        out.print(Text(f"{_WORDS[flaw.kind]}  {harmless(flaw.sentence)}", "bold red"), soft_wrap=True)
    if not report.flaws:
        out.print("Everything is as it was sealed.")
        return
    if report.verdict == "usage":
        return
    count = "1 thing is" if len(report.flaws) == 1 else f"{len(report.flaws)} things are"
    out.print(f"{count} wrong. {_AFTER.format(code=report.exit_code)}", soft_wrap=True)


def _figures(report: Report) -> Iterator[str]:
    if report.what == "nothing":
        return
    counted = [_count(report.packages, "package"), _count(report.supplements, "supplement")]
    if report.lines:
        counted.append(_count(report.lines, "log line"))
    yield f"{', '.join(counted)}, {report.size / 1e6:.1f} MB read."
    if report.lines:
        yield f"Head of the log: {report.head}"
    if report.signed is not None:
        signed = report.signed
        checkpoints = _count(report.checkpoints, "checkpoint")
        yield f"Signed: the first {signed.size} lines, by key {signed.key_id}; {checkpoints}."
    if report.stamps:
        yield f"Time stamps: {_stamps(report)}."
    if report.recovered:
        yield f"{report.recovered} of them got their line in the log only after a crash; they are whole."


def _stamps(report: Report) -> str:
    said = []
    for state, word in _STATES.items():
        count = sum(1 for stamp in report.stamps if stamp.state == state)
        if count:
            said.append(f"{count} {word}")
    times = [stamp.time for stamp in report.stamps if stamp.state == "valid" and stamp.time is not None]
    newest = f"; the newest is of {max(times):%Y-%m-%d %H:%M:%S} UTC" if times else ""
    return f"{', '.join(said)}{newest}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _verify_all(settings: Settings, kept: Outside, progress: Told) -> Report:
    """The archive of this installation, held also against what its digests published."""
    if kept.roots is None and settings.timestamp_roots is not None:
        kept = replace(kept, roots=outside(roots=settings.timestamp_roots).roots)
    kept, unasked = _published(settings, kept)
    report = verify_archive(settings.archive, progress=progress, kept=kept)
    return replace(report, notes=(*report.notes, *unasked))


def _published(settings: Settings, kept: Outside) -> tuple[Outside, tuple[str, ...]]:
    """What the digests published; and a remark where the database can't be asked: evidence is checked without it."""
    url = database.normalise(settings.database_url.get_secret_value())
    engine = database.reading_engine(url)
    try:
        if not database.is_ready(url):
            return kept, ()
        with Session(engine) as session:
            sent = [(f"the digest of {day}", head, note_in(text)) for day, head, text in days.published(session)]
    except SQLAlchemyError:
        return kept, (_UNASKED,)
    finally:
        engine.dispose()
    heads = tuple((where, head) for where, head, _ in sent if head)
    return replace(kept, heads=heads, mailed=tuple((where, note) for where, _, note in sent if note)), ()


@contextmanager
def _bar() -> Iterator[Told]:
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    out = console(stderr=True)
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("verifying", total=None)
        yield lambda done, of: progress.update(task, completed=done, total=of)
