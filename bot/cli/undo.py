"""`beadle undo`: take back all that a rule did by itself since a time."""

from __future__ import annotations

import re
import time
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.text import Text
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.cli.seat import AS, voice_of
from bot.cli.speech import console, harmless
from bot.errors import NotAllowed
from bot.ledger import database, switches, trust, undos
from bot.ledger.undos import Trace
from bot.settings import load_settings

BAD_TIME = (
    '"{written}" is no time; write one like 2026-11-21, "2026-11-21 08:30" (the city\'s own time), or 6h, 90m or 3d '
    "for so long ago."
)
NOTHING = 'Rule "{rule}" did nothing by itself since {since:%Y-%m-%d %H:%M} UTC that could be taken back.'
WOULD = "Comments that would be shown again: {count}. Without --dry-run, and with --reason, they are."
DECIDED = "Comments that are to be shown again: {count}."
LEFT = "left as it is: {case_id}, {status}; {because}"
NO_DAEMON = "No daemon is running: `beadle run` (or `beadle run --once`) carries it out."
WAITS = "{case_id} is not shown again yet: {because} `beadle show {case_id}` tells how it goes on."
GOES_ON = (
    'Rule "{rule}" goes on acting by itself on {page}; '
    "`beadle demote {rule} --page {page} --reason …` lets it ask people."
)
STOPPED = "Acts are stopped ({scope}); a stop holds up no restoring."
_SPANS = {"m": "minutes", "h": "hours", "d": "days"}
_WAIT_S = 120.0
_RULE = typer.Option(..., "--rule", metavar="RULE", help="A rule, as `beadle rules` lists it.")
_PAGE = typer.Option(None, "--page", metavar="P", help="Only this page; without it every page.")
_SINCE = typer.Option(
    ..., "--since", metavar="TIME", help="A date, a time of the city, or 6h, 90m, 3d for so long ago."
)
_DRY = typer.Option(False, "--dry-run", help="Only show what would be taken back.")
_WHY = typer.Option("", "--reason", help="Why, in a sentence; it is kept with each case.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("undo")(undo)


def undo(
    rule: str = _RULE,
    page: str | None = _PAGE,
    since: str = _SINCE,
    dry_run: bool = _DRY,
    reason: str = _WHY,
    as_person: str | None = AS,
) -> None:
    """Show all comments again that a rule hid by itself since then. What people decided is left as it is."""
    out = console()
    with open_beadle(load_settings(), acts=False) as beadle:
        begun = moment(since, beadle.route.clock(), beadle.configuration.pages.city.timezone)
        traces = beadle.undoing.traces(rule, page, begun)
        due = [each.case_id for each in traces if each.can_be_undone]
        _print_left([each for each in traces if not each.can_be_undone], out)
        if dry_run:
            _print_dry(due, out)
            return
        decided = _decide(beadle, rule, page, begun, reason, as_person)
        out.print(DECIDED.format(count=decided) if decided else NOTHING.format(rule=rule, since=begun), soft_wrap=True)
        if decided:
            _print_end(beadle, due, out)
        _print_advice(beadle, rule, {each.page for each in traces}, out)


def moment(written: str, now: datetime, timezone: ZoneInfo) -> datetime:
    """The time that a person wrote. Raises ``NotAllowed`` with examples."""
    ago = re.fullmatch(r"(\d{1,5})\s*([mhd])", written.strip())
    if ago is not None:
        return now - timedelta(**{_SPANS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(written.strip())
    except ValueError as error:
        raise NotAllowed(BAD_TIME.format(written=harmless(written, 60))) from error
    return found if found.tzinfo is not None else found.replace(tzinfo=timezone)


def _decide(beadle: Beadle, rule: str, page: str | None, since: datetime, reason: str, as_person: str | None) -> int:
    with _progress() as progress:
        task = progress.add_task("deciding", total=None)
        return beadle.undoing.undo(
            rule,
            page,
            since,
            voice_of(beadle, as_person),
            reason,
            lambda done, of: progress.update(task, completed=done, total=of),
        )


def _print_end(beadle: Beadle, due: list[str], out: Console) -> None:
    """Wait for the daemon to do it, and say what came of each."""
    if not database.daemon_is_running(beadle.database_url):
        out.print(NO_DAEMON, soft_wrap=True)
        return
    with _progress() as progress:
        task = progress.add_task("showing again", total=len(due))
        until = time.monotonic() + _WAIT_S
        while True:
            with Session(beadle.route.reading) as session:
                came = undos.came_of(session, due)
            done = sum(carried_out for _, _, carried_out in came.values())
            progress.update(task, completed=done)
            if done == len(due) or time.monotonic() > until:
                break
            time.sleep(0.2)
    counts = Counter(status for status, _, carried_out in came.values() if carried_out)
    out.print("Came to: " + ", ".join(f"{count} {status}" for status, count in sorted(counts.items())) + ".")
    for case_id, (_, because, carried_out) in came.items():
        if not carried_out:
            out.print(WAITS.format(case_id=case_id, because=harmless(because)), soft_wrap=True)


def _print_left(left: list[Trace], out: Console) -> None:
    for each in left:
        says = LEFT.format(case_id=each.case_id, status=each.status, because=harmless(each.because, 160))
        out.print(Text(says, style="dim"), soft_wrap=True)


def _print_dry(due: list[str], out: Console) -> None:
    for case_id in due:
        out.print(case_id)
    out.print(WOULD.format(count=len(due)), soft_wrap=True)


def _print_advice(beadle: Beadle, rule: str, pages: set[str], out: Console) -> None:
    with Session(beadle.route.reading) as session:
        for page in sorted(pages):
            switch = switches.thrown(session, page)
            if switch is not None:
                out.print(STOPPED.format(scope="every page" if switch.scope == switches.ALL else switch.scope))
            if rule not in trust.stopped(session, page):
                out.print(GOES_ON.format(rule=rule, page=page), soft_wrap=True)


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, console=console(stderr=True), transient=True)
