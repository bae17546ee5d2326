"""`beadle offenders` and `beadle offender`: accounts with strikes, and all that is known of one."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import typer
from rich.text import Text
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.cli.account import describe
from bot.cli.speech import console, one_line
from bot.errors import NotAllowed
from bot.ledger import blocks, offenders, proposals
from bot.ledger.offenders import Account
from bot.ledger.tables import Block, BlockStatus, Proposal
from bot.ledger.tally import Standing
from bot.offenders.sheet import find_account, open_sheet
from bot.settings import load_settings

NOBODY = "No account has a strike, and nobody is blocked."
MORE = "`beadle offender ACCOUNT` shows all that an account wrote, the lawful comments too, and how each strike stands."
FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")
_COLUMNS = (
    "platform", "account", "displayed_as", "pages", "strikes", "threshold", "by_clause", "next_expires", "provisional",
    "exempt", "proposal", "answer_by", "blocked_on", "blocked", "blocked_until", "block_reason",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """One account for the list."""

    account: Account
    standing: Standing
    proposal: Proposal | None
    blocks: tuple[Block, ...]
    now: datetime


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("offenders")(list_offenders)
    app.command("offender")(show_offender)


def list_offenders(
    page: str | None = typer.Option(None, "--page", help="Only accounts with a strike or a block on this page."),
    as_json: bool = typer.Option(False, "--json", help="Print the list as JSON."),
    as_csv: bool = typer.Option(False, "--csv", help="Print the list for a spreadsheet."),
) -> None:
    """List the accounts with strikes, most first, and everybody who is blocked. A strike does nothing by itself."""
    with open_beadle(load_settings(), acts=False) as beadle:
        if page is not None and page not in beadle.configuration.pages.listed:
            known = ", ".join(sorted(beadle.configuration.pages.listed))
            raise NotAllowed(f'there is no page "{page}" in pages.yaml; there are: {known}.')
        with Session(beadle.route.reading) as session:
            lines = list(_lines(beadle, session, page))
    if as_json:
        typer.echo(json.dumps([_plain(line) for line in lines], ensure_ascii=True, indent=2))
    elif as_csv:
        typer.echo(_sheet(lines), nl=False)
    else:
        _print(lines)


def show_offender(
    account: str = typer.Argument(..., metavar="ACCOUNT", help="Its id on the platform, or platform:id."),
    platform: str | None = typer.Option(None, "--platform", help="Where an id is one on several platforms."),
) -> None:
    """Show all that is known of one account: every comment, strike, warning, proposal and block."""
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        found = find_account(session, account, platform, by_name=True)
        sheet = open_sheet(session, beadle.offenders.court, found, beadle.route.clock())
        out = describe(sheet, beadle.archive.restricted)
    console().print(out, soft_wrap=True)


def _lines(beadle: Beadle, session: Session, page: str | None) -> Iterator[Line]:
    now, court = beadle.route.clock(), beadle.offenders.court
    away: dict[tuple[str, str], list[Block]] = {}
    for block in blocks.standing(session):
        if page in (None, block.page):
            away.setdefault((block.platform, block.author_id), []).append(block)
    waiting = {(each.platform, each.author_id): each for each in proposals.open_ones(session)}
    ranked = offenders.standings(session, now, court, page=page)
    listed = {(each.platform, each.author_id) for each in ranked}
    ranked += [offenders.standing(session, court, *key, now) for key in sorted(set(away) - listed)]
    for standing in ranked:
        key = (standing.platform, standing.author_id)
        account = offenders.account(session, *key)
        yield Line(account, standing, waiting.get(key), tuple(away.get(key, ())), now)


def _print(lines: Sequence[Line]) -> None:
    out = console()
    if not lines:
        out.print(NOBODY)
        return
    for line in lines:
        out.print(_text(line), soft_wrap=True)
    out.print(Text(f"\n{MORE}", "dim"), soft_wrap=True)


def _text(line: Line) -> Text:
    account, standing = line.account, line.standing
    text = Text.assemble(
        (one_line(f"{account.platform}:{account.author_id}", 100), "bold"),
        f"  displayed as {one_line(account.name or '(no name)', 60)}",
    )
    text.append(f"\n    {_strikes(standing)}")
    if line.proposal is not None:
        text.append(f"\n    proposal open since {line.proposal.opened_at:%Y-%m-%d}, ", "yellow")
        text.append(f"to be answered by {line.proposal.expires_at:%Y-%m-%d}", "yellow")
    for block in line.blocks:
        text.append(f"\n    {block_says(block, line.now)}", "bold red")
    return text


def _strikes(standing: Standing) -> str:
    if standing.exempt:
        return "an account of the city: recorded, never counted"
    clauses = ", ".join(f"{clause} {count}" for clause, count in standing.by_clause.items())
    says = f"{standing.total} of {standing.threshold} strikes" + (f" ({clauses})" if clauses else "")
    if standing.expires_at is not None:
        says += f"; the next expires {standing.expires_at:%Y-%m-%d}"
    if standing.with_appeals > standing.total:
        says += f"; {standing.with_appeals - standing.total} under appeal"
    return says + (f"; {standing.provisional} not confirmed by a person" if standing.provisional else "")


def block_says(block: Block, now: datetime) -> str:
    """How a block stands, in a line."""
    way = f" ({block.way})" if block.way else ""
    until = f" until {block.until:%Y-%m-%d}" if block.until is not None else ""
    if block.status == BlockStatus.UNEXPLAINED:
        return f"blocked on {block.page} by hand, and nobody recorded why: explain it or lift it"
    overdue = block.until is not None and block.until <= now and block.status in blocks.DUE
    says = f"block on {block.page}{way}: {block.status}{until}"
    return says + (" OVERDUE: lift it" if overdue else "")


def _plain(line: Line) -> dict[str, Any]:
    standing, proposal = line.standing, line.proposal
    return {
        "platform": line.account.platform,
        "account": line.account.author_id,
        "displayed_as": line.account.name,
        "pages": list(line.account.pages),
        "strikes": standing.total,
        "threshold": standing.threshold,
        "by_clause": dict(standing.by_clause),
        "next_expires": _moment(standing.expires_at),
        "provisional": standing.provisional,
        "exempt": standing.exempt,
        "proposal": None if proposal is None else proposal.status,
        "answer_by": None if proposal is None else _moment(proposal.expires_at),
        "blocks": [
            {
                "page": each.page,
                "way": each.way,
                "status": each.status,
                "until": _moment(each.until),
                "by": [person for person in (each.person, each.second) if person],
                "reason": each.reason,
            }
            for each in line.blocks
        ],
    }


def _sheet(lines: Sequence[Line]) -> str:
    written = io.StringIO()
    sheet = csv.writer(written)
    sheet.writerow(_COLUMNS)
    for line in lines:
        plain = _plain(line)
        clauses = "; ".join(f"{clause} {count}" for clause, count in plain["by_clause"].items())
        for block in plain["blocks"] or [{}]:
            row = plain | {
                "pages": "; ".join(plain["pages"]),
                "by_clause": clauses,
                "blocked_on": block.get("page"),
                "blocked": block.get("status"),
                "blocked_until": block.get("until"),
                "block_reason": block.get("reason"),
            }
            sheet.writerow([_cell(row.get(column)) for column in _COLUMNS])
    return written.getvalue()


def _cell(value: object) -> str:
    """A cell that a spreadsheet shows and never computes, on one line, with nothing invisible in it."""
    text = "" if value is None else one_line(str(value), 1000)
    return f"'{text}" if text.startswith(FORMULA) else text


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
