"""`beadle appeals`: what residents ask to be looked at again, from the counter to the written answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.authority import Verb
from bot.cli.seat import voice_of
from bot.cli.speech import console, harmless, one_line
from bot.errors import NotAllowed
from bot.ledger import database, residents
from bot.ledger.tables import Appeal, AppealEvent, AppealStatus
from bot.residents.forms import as_time, by_clerk, read_file
from bot.residents.received import MOST_FILE_BYTES
from bot.settings import load_settings
from bot.voice import Voice

NOTHING_OPEN = "No appeal waits for an answer. `beadle appeals --all` lists the answered ones."
NONE_YET = "There is no appeal yet. They arrive by mail (BEADLE_IMAP_URL), `beadle appeals import` or `enter`."
DECIDE = "`beadle appeals show NUMBER` shows one; `beadle appeals decide NUMBER --uphold (or --deny) --reason` answers."
MATCH = "Those without a case wait for `beadle appeals match NUMBER --case CASE`."
TAKEN = "{number} is entered{about}; it is to be answered by {day}."
KNOWN = "It was entered before, as {number}."
LATE = "It came after the last day to appeal; it is noted as late and heard all the same."
ACKNOWLEDGED = "An acknowledgement is on its way by mail."
NOT_ACKNOWLEDGED = "No acknowledgement is mailed: tell the person the number."
NO_CASE = "No case is named yet: `beadle appeals match {number} --case CASE`."
IMPORTED = "{new} new, {known} known before, {refused} refused."
RESTRICTED = "(restricted: `beadle appeals show {number} --contact --as YOU` shows it)"
ONE_OF_TWO = "say one of two: --uphold or --deny."
NO_WORDS = "say what the person asks for: --text, or --file with a text file."
NOT_A_TEXT = "{path} can't be read as a text: {why}."
NO_DAEMON = "No daemon is running: `beadle run` (or `beadle run --once`) does what follows."
SET_ASIDE = "{number} is set aside, with the reason on record."

_AS = typer.Option(None, "--as", metavar="PERSON", help="Who you are: your id in people.yaml.")
_REASON = typer.Option(..., "--reason", help="Why, in a sentence; it is kept, and stands in the answer.")
_FILE = typer.Option(None, "--file", help="A text file with what the person asks for.")
_EXPORT = typer.Argument(..., metavar="FILE", help="CSV or JSON from the form on the city's website.")
_NUMBER = typer.Argument(..., metavar="NUMBER", help="Such as A-2026-0001.")

app_of_appeals = typer.Typer(rich_markup_mode=None, invoke_without_command=True)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(app_of_appeals, name="appeals", help="Appeals of residents: list, show, enter, import, decide.")


@app_of_appeals.callback()
def list_appeals(
    context: typer.Context,
    everything: bool = typer.Option(False, "--all", help="Answered ones too."),
    as_json: bool = typer.Option(False, "--json", help="Print it as JSON, without anything of the residents'."),
) -> None:
    """List the appeals that wait for an answer, the one that is due first at the top."""
    if context.invoked_subcommand is not None:
        return
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        rows = list(residents.listed(session, everything=everything))
        if not everything:
            rows += [row for row in residents.unfinished(session) if row not in rows]
        now = beadle.route.clock()
        if as_json:
            typer.echo(json.dumps([_as_json(row, now) for row in rows], indent=2))
            return
        out = console()
        for row in rows:
            out.print(_line(beadle, row, now), soft_wrap=True)
    _say_next(rows, everything)


@app_of_appeals.command("show")
def show(
    number: str = _NUMBER,
    contact: bool = typer.Option(False, "--contact", help="Show who it is from, too; for those who answer appeals."),
    as_person: str | None = _AS,
) -> None:
    """Show one appeal: what was asked, what it is about, and what happened."""
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        appeal = residents.find(session, number)
        if contact:
            _may_see(beadle, voice_of(beadle, as_person))
        sheet = Table.grid(padding=(0, 2, 0, 0))
        sheet.add_column(no_wrap=True, style="dim")
        sheet.add_column()
        for label, said in _said(beadle, appeal, contact):
            sheet.add_row(label, Text(said))
        for event in residents.events(session, appeal.number):
            sheet.add_row(f"{_local(beadle, event.at)}", Text(_event(event)))
        console().print(sheet)
        if appeal.status == AppealStatus.OPEN:
            console().print(DECIDE, soft_wrap=True)


@app_of_appeals.command("enter")
def enter(
    contact: str = typer.Option(..., "--from", help="How the person can be answered: a mail address, or else."),
    received: str = typer.Option(..., "--received", help="When it came: 2026-11-21 or 2026-11-21T09:30."),
    case_id: str | None = typer.Option(None, "--case", help="Which case it is about, where that is known."),
    text: str = typer.Option("", "--text", help="What the person asks for."),
    file: Path | None = _FILE,
    as_person: str | None = _AS,
) -> None:
    """Enter an appeal that came on paper, by telephone or at the counter."""
    with open_beadle(load_settings(), acts=False) as beadle:
        voice = voice_of(beadle, as_person)
        words = _read(file) if file is not None else text
        if not words.strip():
            raise NotAllowed(NO_WORDS)
        try:
            at = as_time(received, beadle.configuration.pages.city.timezone, beadle.route.clock())
        except ValueError as error:
            raise NotAllowed(f"{error}.") from error
        taken = beadle.counter.appeals.take_in(by_clerk(case_id, contact, at, words), voice)
        if not taken.new:
            console().print(KNOWN.format(number=taken.number))
            return
        for sentence in _taken(beadle, taken.number, taken.late, taken.acknowledged):
            console().print(sentence, soft_wrap=True)


@app_of_appeals.command("import")
def import_form(
    path: Path = _EXPORT,
    as_person: str | None = _AS,
) -> None:
    """Take in what the form on the city's website exports. A row that was imported before is known again."""
    with open_beadle(load_settings(), acts=False) as beadle:
        voice = voice_of(beadle, as_person)
        form = read_file(path, beadle.configuration.pages.city.timezone, beadle.route.clock())
        out, refused, new, known = console(), list(form.refused), 0, 0
        for row in form.appeals:
            try:
                taken = beadle.counter.appeals.take_in(row, voice)
            except NotAllowed as error:
                refused.append(error.sentence)
                continue
            new, known = new + taken.new, known + (not taken.new)
            about = f"case {taken.case_id}" if taken.case_id else NO_CASE.format(number=taken.number)
            out.print(f"{taken.number}: {about}{'' if taken.new else ' (known before)'}", soft_wrap=True)
        for sentence in refused:
            out.print(f"refused: {harmless(sentence, 300)}", soft_wrap=True)
        out.print(IMPORTED.format(new=new, known=known, refused=len(refused)))


@app_of_appeals.command("match")
def match(
    number: str = _NUMBER,
    case_id: str = typer.Option(..., "--case", help="The case that it is about."),
    as_person: str | None = _AS,
) -> None:
    """Say which case an appeal is about; from then on its record is held."""
    with open_beadle(load_settings(), acts=False) as beadle:
        appeal = beadle.counter.appeals.match(number, case_id, voice_of(beadle, as_person))
        console().print(f"{appeal.number} is about case {appeal.case_id}; its record is held until it is answered.")
        if appeal.late:
            console().print(LATE)


@app_of_appeals.command("decide")
def decide(
    number: str = _NUMBER,
    uphold: bool = typer.Option(False, "--uphold", help="The resident is right: show the comment again."),
    deny: bool = typer.Option(False, "--deny", help="The decision stands."),
    reason: str = _REASON,
    as_person: str | None = _AS,
) -> None:
    """Answer an appeal. Never by whoever took part in the first decision."""
    if uphold == deny:
        raise NotAllowed(ONE_OF_TWO)
    with open_beadle(load_settings(), acts=False) as beadle:
        voice = voice_of(beadle, as_person)
        answered = beadle.counter.deciding.decide(number, uphold=uphold, voice=voice, reason=reason)
        console().print(f"{answered.number}: {answered.sentence}", soft_wrap=True)
        if not database.daemon_is_running(beadle.database_url):
            console().print(NO_DAEMON)


@app_of_appeals.command("set-aside")
def set_aside(number: str = _NUMBER, reason: str = _REASON, as_person: str | None = _AS) -> None:
    """Say that it is no appeal: an advertisement, or the same a second time. Nobody is written to."""
    with open_beadle(load_settings(), acts=False) as beadle:
        beadle.counter.appeals.set_aside(number, voice_of(beadle, as_person), reason)
        console().print(SET_ASIDE.format(number=number.upper()))


# ── saying it ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _may_see(beadle: Beadle, voice: Voice) -> None:
    refused = beadle.review.why_not(voice, Verb.ENTER_APPEAL, None)
    if refused is not None:
        raise NotAllowed(refused)


def _read(path: Path) -> str:
    try:
        return path.read_bytes()[:MOST_FILE_BYTES].decode("utf-8")
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise NotAllowed(NOT_A_TEXT.format(path=one_line(str(path), 200), why=why)) from error
    except UnicodeDecodeError as error:
        raise NotAllowed(NOT_A_TEXT.format(path=one_line(str(path), 200), why="it is not in UTF-8")) from error


def _taken(beadle: Beadle, number: str, late: bool, acknowledged: bool) -> Iterator[str]:
    with Session(beadle.route.reading) as session:
        appeal = residents.find(session, number)
    about = f", about case {appeal.case_id}" if appeal.case_id else ""
    yield TAKEN.format(number=number, about=about, day=_local(beadle, appeal.answer_by)[:10])
    if not appeal.case_id:
        yield NO_CASE.format(number=number)
    if late:
        yield LATE
    yield ACKNOWLEDGED if acknowledged else NOT_ACKNOWLEDGED


def _line(beadle: Beadle, row: Appeal, now: datetime) -> Text:
    overdue = row.status in residents.OPEN and row.answer_by < now
    due = f"  answer by {_local(beadle, row.answer_by)[:10]}" if row.status in residents.OPEN else ""
    being_done = " (being carried out)" if row.status == AppealStatus.UPHELD and row.closed_at is None else ""
    return Text.assemble(
        (row.number, "bold"),
        (f"  {row.status}{being_done}", "yellow"),
        (" OVERDUE" if overdue else "", "bold red"),
        f"  {row.case_id or '(no case yet)'}  by {row.door} {_local(beadle, row.received_at)[:10]}{due}",
        "  late" if row.late else "",
    )


def _say_next(rows: list[Appeal], everything: bool) -> None:
    out = console()
    if not rows:
        out.print(NONE_YET if everything else NOTHING_OPEN, soft_wrap=True)
        return
    if any(row.status == AppealStatus.OPEN for row in rows):
        out.print(DECIDE, soft_wrap=True)
    if any(row.status == AppealStatus.UNMATCHED for row in rows):
        out.print(MATCH, soft_wrap=True)


def _as_json(row: Appeal, now: datetime) -> dict[str, object]:
    return {
        "number": row.number,
        "status": row.status,
        "case": row.case_id,
        "door": row.door,
        "received_at": row.received_at.isoformat(),
        "file_by": row.file_by.isoformat() if row.file_by else None,
        "late": row.late,
        "answer_by": row.answer_by.isoformat(),
        "overdue": row.status in residents.OPEN and row.answer_by < now,
        "decided_at": row.decided_at.isoformat() if row.decided_at else None,
        "decided_in_the_office_of": row.decided_roles,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }


def _said(beadle: Beadle, appeal: Appeal, contact: bool) -> Iterator[tuple[str, str]]:
    yield "Appeal", f"{appeal.number}, {appeal.status}"
    yield "Case", appeal.case_id or "none yet"
    late = ", late" if appeal.late else ""
    yield "Received", f"{_local(beadle, appeal.received_at)} by {appeal.door}{late}"
    if appeal.file_by is not None:
        yield "Could be filed", f"until {_local(beadle, appeal.file_by)}"
    yield "Answer by", _local(beadle, appeal.answer_by)
    yield "From", harmless(appeal.contact, 300) if contact else RESTRICTED.format(number=appeal.number)
    if appeal.subject:
        yield "Subject", one_line(appeal.subject, 200)
    yield "Asks", harmless(appeal.words, 5000)
    for each in appeal.attachments or ():
        where = each.get("kept") or each.get("why_not_kept")
        yield "Enclosed", f"{one_line(str(each.get('name')), 80)} ({each.get('bytes')} bytes): {where}"
    if appeal.reason:
        yield "Answer", f"{harmless(appeal.reason)} ({appeal.decided_by}, {appeal.decided_roles})"


def _event(event: AppealEvent) -> str:
    facts = event.facts or {}
    what = facts.get(event.kind)
    by = f" by {facts['by']}" if facts.get("by") else ""
    return f"{event.kind} {what}{by}" + ("" if event.sealed_at or event.case_id is None else ", not sealed yet")


def _local(beadle: Beadle, at: datetime) -> str:
    return at.astimezone(beadle.configuration.pages.city.timezone).strftime("%Y-%m-%d %H:%M %Z")
