"""`beadle report-comment`, `report-post` and `reported-posts`: what people report and no rule found."""

from __future__ import annotations

import typer
from rich.text import Text
from sqlmodel import Session

from bot.app import open_beadle
from bot.cli.seat import AS, voice_of
from bot.cli.speech import console, harmless, one_line
from bot.ledger import database, reports
from bot.settings import load_settings

OPENED = "Case {case} is there. Its evidence is sealed, and people decide; `beadle show {case}` tells how it goes."
IDLE = "No daemon is running: `beadle run` (or `beadle run --once`) seals it."
NOTED = "Report {number} is kept. `beadle reported-posts` lists it, without saying who reported it."
NO_POSTS = "Nobody has reported a post of the city's own."
_PAGE = typer.Argument(..., metavar="PAGE", help="The page's slug in pages.yaml.")
_COMMENT = typer.Argument(..., metavar="LINK|ID", help="The comment's link, or the platform's id of it.")
_POST = typer.Argument(..., metavar="LINK|ID", help="The post's link, or the platform's id of it.")
_CLAUSE = typer.Option(..., "--clause", help='The clause that it breaks, for example "3.4.3.B".')
_REASON = typer.Option(..., "--reason", help="What in it breaks the clause; it stands in alert and record.")
_WHAT = typer.Option(..., "--reason", help="What is wrong with the post, in a sentence.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("report-comment")(report_comment)
    app.command("report-post")(report_post)
    app.command("reported-posts")(reported_posts)


def report_comment(
    page: str = _PAGE, where: str = _COMMENT, clause: str = _CLAUSE, reason: str = _REASON, as_person: str | None = AS
) -> None:
    """Put a comment that no rule found before people, under a clause of the policy. Nothing is done by itself."""
    with open_beadle(load_settings(), acts=False) as beadle:
        case_id = beadle.reporting.report(page, where, clause, voice_of(beadle, as_person), reason)
        console().print(OPENED.format(case=case_id), soft_wrap=True)
        if not database.daemon_is_running(beadle.database_url):
            console().print(IDLE, soft_wrap=True)


def report_post(page: str = _PAGE, where: str = _POST, reason: str = _WHAT, as_person: str | None = AS) -> None:
    """Say that a post of the city's own breaks its policy. It is kept, and nobody is told who said so."""
    with open_beadle(load_settings(), acts=False) as beadle:
        number = beadle.reporting.own_post(page, where, voice_of(beadle, as_person), reason)
    console().print(NOTED.format(number=number), soft_wrap=True)


def reported_posts(page: str | None = typer.Argument(None, metavar="[PAGE]", help="Only this page's.")) -> None:
    """List what was reported of the city's own posts, newest first."""
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        found = reports.own_posts(session, page)
    out = console()
    if not found:
        out.print(NO_POSTS)
    for each in found:
        head = f"{each.id}  {each.page}  {each.at:%Y-%m-%d %H:%M} UTC  {harmless(each.place)}"
        out.print(Text.assemble((head, "bold"), f"\n    {one_line(each.what, 500)}"), soft_wrap=True)
