"""`beadle notices`: what accounts are to be told; `beadle notify`: a person sends it."""

from __future__ import annotations

import time
from dataclasses import replace

import typer
from rich.text import Text
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.cli.seat import voice_of
from bot.cli.speech import console, harmless
from bot.ledger import database, notices
from bot.ledger.tables import Notice, NoticeStatus
from bot.residents.notices import Draft
from bot.settings import load_settings

NOTHING_WAITS = "No notice waits for a person. `beadle notices --all` lists those that were sent or could not be."
NONE_YET = "There is no notice yet: one is drafted with each hide, removal and restoration."
SEND_IT = "`beadle notify CASE` shows one and sends it; `beadle notify CASE --preview` only shows it."
BY_HAND = "It can't be sent from here: {because}"
PREVIEW = "Nothing was sent. `beadle notify {case} --as YOU` sends it."
NO_DAEMON = "No daemon is running: `beadle run` (or `beadle run --once`) sends it."
ON_ITS_WAY = "It is on its way. `beadle notices --all` tells whether it arrived."
_ARRIVED = {
    NoticeStatus.SENT: "Sent.",
    NoticeStatus.NOT_POSSIBLE: "It was not possible: {because}",
    NoticeStatus.IN_DOUBT: "It may have arrived: {because}",
    NoticeStatus.DRAFTED: "It was not sent: {because}",
}
_WAIT_S = 10.0


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("notices")(list_notices)
    app.command("notify")(notify)


def list_notices(
    everything: bool = typer.Option(False, "--all", help="Those that were sent or could not be, too."),
    page: str | None = typer.Option(None, "--page", help="Only this page's."),
    limit: int = typer.Option(50, "--limit", min=1, help="How many at most."),
) -> None:
    """List the notices to accounts that wait for a person to send them."""
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        found = notices.listed(session, everything=everything, page=page, limit=limit)
        out = console()
        for row, slug in found:
            out.print(_line(row, slug), soft_wrap=True)
    if not found:
        out.print(NONE_YET if everything else NOTHING_WAITS)
    elif any(row.status == NoticeStatus.DRAFTED for row, _ in found):
        out.print(SEND_IT)


def notify(
    case_id: str = typer.Argument(..., metavar="CASE"),
    as_person: str | None = typer.Option(None, "--as", metavar="PERSON", help="Who sends: your id in people.yaml."),
    preview: bool = typer.Option(False, "--preview", help="Only show what would be sent."),
) -> None:
    """Send the account a private message about what was done in a case, where the platform allows one."""
    with open_beadle(load_settings(), acts=False) as beadle:
        draft = beadle.counter.notices.draft(case_id)
        out = console()
        out.print(harmless(draft.text), soft_wrap=True)
        out.print()
        if preview:
            out.print(_next(draft), soft_wrap=True)
            return
        voice = replace(voice_of(beadle, as_person), saw=draft.sha256)
        sending = beadle.counter.notices.send(case_id, voice)
        out.print(sending.sentence if sending.again else _wait(beadle, sending.act_key), soft_wrap=True)


def _next(draft: Draft) -> str:
    return BY_HAND.format(because=harmless(draft.why_not)) if draft.why_not else PREVIEW.format(case=draft.case_id)


def _wait(beadle: Beadle, act_key: str) -> str:
    """Wait a little for the daemon to send it, and say how that went."""
    if not database.daemon_is_running(beadle.database_url):
        return f"Recorded. {NO_DAEMON}"
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        with Session(beadle.route.reading) as session:
            row = notices.find(session, act_key)
            if row.status != NoticeStatus.ORDERED:
                return _ARRIVED[NoticeStatus(row.status)].format(because=harmless(row.because))
        time.sleep(0.2)
    return ON_ITS_WAY


def _line(row: Notice, page: str) -> Text:
    because = f"  {harmless(row.because, 200)}" if row.because else ""
    return Text.assemble(
        (row.case_id, "bold"),
        (f"  {row.status}", "yellow"),
        f"  {row.kind} {row.drafted_at:%m-%d %H:%M}  {page}",
        because,
    )
