"""`beadle gaps` and `beadle import`: what was not seen of a page, and what is brought in by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from sqlmodel import Session

from bot.acting import AWAY
from bot.app import Beadle, open_beadle
from bot.cli.speech import console, harmless
from bot.errors import BeadleError, NotAllowed
from bot.inbox import receive
from bot.ledger import sightlines
from bot.ledger.sightlines import Blind, PostSeen
from bot.rounds import Rounds
from bot.settings import load_settings

NOTHING_BLIND = "No page was blind, and every post could be read."
NOTHING_MISSING = "Of every post at least as many comments were seen as the platform counts."
NOT_MANUAL = 'page "{page}" is on {platform}, which Beadle reads by itself; files are for pages on manual.'
KEPT = "{page}: {comments} new comments, {cases} cases."
LEFT = "`beadle run` carries on what waits."

_PAGE = typer.Argument(None, metavar="[PAGE]", help="Only this page.")
_DAYS = typer.Option(7, "--days", min=1, max=3660, help="How many days back.")
_JSON = typer.Option(False, "--json", help="Print it as JSON.")
_FILES = typer.Argument(..., metavar="FILE...", help="CSV, JSON or ZIP, as docs/platforms/manual.md says.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("gaps")(gaps)
    app.command("import")(bring_in)


def gaps(page: str | None = _PAGE, days: int = _DAYS, as_json: bool = _JSON) -> None:
    """Say when and why a page was not seen, and what is missing by the platform's own count."""
    with open_beadle(load_settings(), acts=False) as beadle:
        _refuse_unknown(beadle, page)
        since = beadle.route.clock() - timedelta(days=days)
        with Session(beadle.route.reading) as session:
            blind = sightlines.blind(session, page, since)
            posts = sightlines.completeness(session, page, since)
    if as_json:
        _as_json(blind, posts)
    else:
        _print(blind, posts)


def bring_in(page: str = typer.Argument(..., metavar="PAGE"), files: list[Path] = _FILES) -> None:
    """Bring files of comments into a page that no connector reads by itself, and judge and keep what they hold."""
    settings = load_settings()
    out = console(stderr=True)
    with open_beadle(settings, acts=True) as beadle:
        beadle.configuration.pages.find(page)
        desk = beadle.route.desks.get(page)
        if desk is None:
            raise NotAllowed(AWAY.format(page=page))
        if desk.page.platform != "manual":
            raise NotAllowed(NOT_MANUAL.format(page=page, platform=desk.page.platform))
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, console=out, transient=True) as progress:
            task = progress.add_task("putting the files in", total=len(files))
            for name in receive(settings.state / "inbox" / page, files):
                progress.update(task, advance=1, description=harmless(name, 60))
        found = Rounds(beadle.route, beadle.tell).poll(desk)
        with Session(beadle.route.reading) as session:
            refused = sightlines.blind(session, page, beadle.route.clock() - timedelta(minutes=1))
    if found.failure:
        raise BeadleError(found.failure)
    console().print(KEPT.format(page=page, comments=found.comments, cases=found.cases))
    for each in refused:
        console().print(f"  {harmless(each.reason, 300)}", soft_wrap=True)
    if found.cases:
        console().print(LEFT)


def _refuse_unknown(beadle: Beadle, page: str | None) -> None:
    listed = beadle.configuration.pages.listed
    if page is not None and page not in listed:
        raise NotAllowed(f'there is no page "{page}" in pages.yaml; there are: {", ".join(sorted(listed))}.')


def _print(blind: Sequence[Blind], posts: Sequence[PostSeen]) -> None:
    out = console()
    if not blind:
        out.print(NOTHING_BLIND)
    for each in blind:
        out.print(_blind_line(each), soft_wrap=True)
    short = [post for post in posts if post.missing]
    out.print()
    out.print(_total(posts) if posts else "No post of that time is known.", soft_wrap=True)
    if posts and not short:
        out.print(NOTHING_MISSING)
    for post in short:
        where = harmless(post.permalink or post.post_id, 160)
        seen = f"{post.stand} of {post.told} ({post.share:.0%}), {post.missing} not seen"
        out.print(f"{post.page}  {seen}: {where}", soft_wrap=True)


def _blind_line(each: Blind) -> str:
    what = f"post {harmless(each.post_id, 80)} could not be read" if each.post_id else "not seen"
    begin = f"{each.since:%Y-%m-%d %H:%M}" if each.since else "?"
    end = f"{each.until:%Y-%m-%d %H:%M}" if each.until else "now" if each.post_id is None else "?"
    times = f", found {each.times} times" if each.times > 1 else ""
    return f"{each.page}  {begin} to {end} UTC  {what}{_length(each.since, each.until)}{times}: {harmless(each.reason)}"


def _length(since: datetime | None, until: datetime | None) -> str:
    if since is None or until is None:
        return ""
    return f" for {(until - since).total_seconds() / 60:.0f} minutes"


def _total(posts: Sequence[PostSeen]) -> str:
    told = [post for post in posts if post.told is not None]
    stand, counted = sum(post.stand for post in told), sum(post.told or 0 for post in told)
    gone = sum(post.gone for post in posts)
    seen = sum(min(post.stand, post.told or 0) for post in told)
    share = f" ({seen / counted:.1%})" if counted else ""
    silent = len(posts) - len(told)
    more = f"; of {silent} posts the platform tells no count" if silent else ""
    return f"{len(posts)} posts: {stand} comments seen, {counted} told by the platform{share}, {gone} gone since{more}."


def _as_json(blind: Sequence[Blind], posts: Sequence[PostSeen]) -> None:
    told: dict[str, Any] = {
        "blind": [asdict(each) for each in blind],
        "posts": [{**asdict(post), "missing": post.missing, "share": post.share} for post in posts],
    }
    typer.echo(json.dumps(told, indent=2, default=_isoformat))


def _isoformat(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
