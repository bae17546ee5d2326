"""`beadle demo`: a day in Millbrook, or a file of real comments, through the whole route."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from bot.cli.speech import console, harmless
from bot.demo import farewell
from bot.demo.home import Home
from bot.demo.play import DAY, Moment, Played, Stage, play
from bot.demo.reckoning import Reckoning, Row, reckon
from bot.demo.rows import ScriptError
from bot.demo.script import Script
from bot.errors import ConfigError
from bot.evidence.card.printer import CardPrinter
from bot.evidence.store import Archive

_COMMENTS = typer.Option(
    None,
    "--comments",
    metavar="FILE",
    help='Play a file of comments, a JSON object a line: {"text", "author"?, "lang"?}.',
)
_JSON = typer.Option(False, "--json", help="With --comments: print what became of each comment, a JSON object a line.")
_SERVE = typer.Option(False, "--serve", help="Leave the town running at the end, until Ctrl-C.")
_SECONDS = typer.Option(50.0, "--seconds", min=0.0, help="How long the day lasts; what it starts is finished after.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("demo")(demo)


def demo(
    comments: Path | None = _COMMENTS,
    as_json: bool = _JSON,
    serve: bool = _SERVE,
    seconds: float = _SECONDS,
) -> None:
    """Play a day in a made-up town, with the real daemon, browser, engine and mail, in under two minutes."""
    if as_json and comments is None:
        raise ConfigError("--json goes with --comments FILE; the day itself prints a summary.")
    script = _script(comments)
    folder = Path(tempfile.mkdtemp(prefix="beadle-demo-")).resolve()
    out = console(stderr=as_json)
    out.print(
        f"Millbrook, Connecticut: {len(script.comments)} comments. Everything of this demo is in {folder}",
        soft_wrap=True,
    )
    for sentence in script.skipped:
        out.print(f"skipped: {harmless(sentence, 300)}", soft_wrap=True)
    pace = seconds if comments is None else 0.0
    with (
        _display(out) as show,
        play(script, folder, show.moment, _archive, people_decide=comments is None, seconds=pace) as played,
    ):
        show.stop()
        found = reckon(played)
        if comments is not None:
            _per_comment(found, played, as_json)
        ok = farewell.say_goodbye(out, played, found, is_day=comments is None)
        if serve:
            _serve(out, played)
    if not ok or (comments is not None and script.skipped):
        raise typer.Exit(1)


def _script(comments: Path | None) -> Script:
    try:
        return Script.load(DAY) if comments is None else Script.from_jsonl(comments)
    except ScriptError as error:
        raise ConfigError(str(error)) from error


def _archive(home: Home) -> Archive:
    return Archive(home.archive, CardPrinter())


class _Show:
    """The live display: the time of day, and where the comments are."""

    def __init__(self, out: Console) -> None:
        self._bar = Progress(
            TextColumn("{task.fields[clock]}"), BarColumn(bar_width=40), TextColumn("{task.description}"), console=out
        )
        self._task = self._bar.add_task("Beadle starts", total=None, clock="06:25")
        self._live = Live(self._bar, console=out, refresh_per_second=4, transient=True)
        self._said = 0.0
        self._out = out
        if out.is_terminal:
            self._live.start()

    def moment(self, now: Moment) -> None:
        """Show where the day stands; where there is no terminal, one line every ten seconds."""
        clock = f"{now.minute // 60:02d}:{now.minute % 60:02d}"
        if not self._out.is_terminal:
            self._line(now, clock)
            return
        self._bar.update(self._task, total=now.of or 1, completed=now.posted, clock=clock, description=now.phase)
        self._live.update(Group(self._bar, _counts(now)))

    def stop(self) -> None:
        """Take the display away."""
        if self._live.is_started:
            self._live.stop()

    def _line(self, now: Moment, clock: str) -> None:
        if time.monotonic() - self._said < 10:
            return
        self._said = time.monotonic()
        figures = now.figures
        self._out.print(
            f"{clock}  {now.phase}: {now.posted} of {now.of} posted, {figures.comments} kept, {figures.sealed} sealed, "
            f"{figures.hidden} hidden, {figures.waiting} waiting, {now.left} orders left",
            soft_wrap=True,
        )


@contextmanager
def _display(out: Console) -> Iterator[_Show]:
    show = _Show(out)
    try:
        yield show
    finally:
        show.stop()


def _counts(now: Moment) -> Table:
    figures = now.figures
    table = Table.grid(padding=(0, 3))
    table.add_row(
        *(
            Text.assemble((f"{count:>4} ", style), (name, "dim"))
            for name, count, style in (
                ("posted", now.posted, "bold"),
                ("judged", figures.revisions, "bold"),
                ("sealed", figures.sealed, "bold cyan"),
                ("hidden", figures.hidden, "bold magenta"),
                ("waiting", figures.waiting, "bold yellow"),
                ("alerts", figures.alerts, "bold"),
                ("to do", now.left, "dim"),
            )
        )
    )
    return table


def _per_comment(found: Reckoning, played: Played, as_json: bool) -> None:
    if as_json:
        for row in found.rows:
            typer.echo(json.dumps(_row_json(row), ensure_ascii=False))
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("line", "outcome", "now", "clause", "case", "comment"):
        table.add_column(column, no_wrap=column != "comment")
    for row, comment in zip(found.rows, played.script.comments, strict=True):
        fate = row.fate
        table.add_row(
            row.script_id.removeprefix("line "),
            fate.outcome if fate else "not seen",
            (fate.status or fate.visibility) if fate else "-",
            ", ".join(fate.clauses) if fate else "",
            (fate.case_id or "") if fate else "",
            Text(harmless(" ".join(comment.text.split()), 70)),
        )
    console().print(table)


def _row_json(row: Row) -> dict[str, object]:
    fate, line = row.fate, int(row.script_id.removeprefix("line "))
    if fate is None:
        return {"line": line, "outcome": "not seen"}
    return {
        "line": line,
        "outcome": fate.outcome,
        "status": fate.status or "left up",
        "hidden": fate.visibility == "hidden_by_city",
        "lang": fate.lang,
        "clauses": list(fate.clauses),
        "rules": list(fate.rules),
        "because": fate.because,
        "case": fate.case_id,
        "evidence": None
        if fate.package_id is None
        else {"package": fate.package_id, "sha256": fate.sha256, "picture": fate.picture},
    }


def _serve(out: Console, played: Played) -> None:
    town = played.town
    out.print("\nThe town stays up until Ctrl-C, and Beadle watches it:")
    out.print(f"  the page     {town.page_url}/{town.page_slug}")
    out.print(f"  the channel  {town.channel_url}")
    stage = Stage(town, played.home, _archive(played.home))
    try:
        stage.start()
        while stage.is_running():
            time.sleep(0.5)
    except KeyboardInterrupt:
        out.print("The town closes.")
    finally:
        stage.close()
