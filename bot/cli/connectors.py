"""`beadle connectors`: what each platform can do, and what nobody has tried there yet; `beadle connectors probe`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text
from sqlmodel import Session

import connectors
from bot import desks
from bot.app import Beadle, open_beadle
from bot.cli.speech import console, harmless, one_line
from bot.configuration import configure
from bot.errors import BeadleError, NotAllowed
from bot.fields import as_duration
from bot.ledger import cases
from bot.ledger.spending import SpendingInLedger
from bot.mistakes import did_you_mean
from bot.pages import Page
from bot.settings import load_settings
from connectors import probing
from connectors.connection import Connection
from connectors.contract import Capabilities, Comment, CommentRef, ConnectorError, Way

HEADS = (
    "platform",
    "hide",
    "remove",
    "block",
    "hidden state",
    "keeps",
    "pictures",
    "notice",
    "webhook",
    "every",
    "cost",
)
NO_WAY = "-"
FREE, BILLED = "free", "billed"
MORE = "`beadle connectors PLATFORM` says what each means there."
NEVER_BLIND = "Unproven on the real platform:"
NOTHING_UNPROVEN = "Nothing is noted as unproven."
OWN_COMMENT = (
    "To try it, write a comment on the page from an account of your own and run: beadle connectors probe {page} "
    "--comment ID"
)
NEWEST = "The newest comments of the page:"
ASK = (
    'Is this comment your own, "{words}" by {author}? It will be hidden and shown again on {page}{removed}, and no '
    "evidence is sealed of it."
)
AND_REMOVED = ", and then REMOVED FOR GOOD"
NOT_YOURS = "Nothing was tried."
IN_A_CASE = "comment {comment} is in case {case}, so it is a resident's and not a trial; write one of your own."
REPORT = "The report is in {path}."

_WHAT = typer.Argument(
    None, metavar="[PLATFORM | probe]", help="One platform in full, or `probe` to try one of a page."
)
_PAGE = typer.Argument(None, metavar="[PAGE]", help="For `probe`: the page's slug.")
_COMMENT = typer.Option(None, "--comment", metavar="ID", help="For `probe`: the id of a comment of your own.")
_REMOVE = typer.Option(False, "--remove", help="For `probe`: remove that comment in the end.")
_YES = typer.Option(False, "--yes", help="For `probe`: the comment is mine; don't ask.")
_JSON = typer.Option(False, "--json", help="Print it as JSON.")
_MARKDOWN = typer.Option(False, "--markdown", help="Print the table as it stands in docs/platforms/README.md.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("connectors")(show)


def show(
    what: str | None = _WHAT,
    page: str | None = _PAGE,
    comment: str | None = _COMMENT,
    remove: bool = _REMOVE,
    yes: bool = _YES,
    as_json: bool = _JSON,
    as_markdown: bool = _MARKDOWN,
) -> None:
    """Print what each platform can do, or all that is known of one; `probe PAGE` tries what nobody has seen yet."""
    if what == "probe":
        _probe(page, comment, remove=remove, yes=yes, as_json=as_json)
    elif page is not None or comment is not None or remove:
        raise NotAllowed("PAGE, --comment and --remove are for `beadle connectors probe`.")
    elif what is None and as_markdown:
        typer.echo(markdown())
    elif what is None:
        _matrix(as_json)
    else:
        _details(what, as_json)


# ── the matrix ───────────────────────────────────────────────────────────────────────────────────────────────────────


def rows() -> list[tuple[str, ...]]:
    """The matrix from the code, a row for each platform, in the order of ``HEADS``."""
    return [_row(name, connectors.capabilities(name)) for name in connectors.platforms()]


def markdown() -> str:
    """The matrix as a Markdown table, each platform a link to its own page."""
    lines = [HEADS, ("---",) * len(HEADS), *((f"[{row[0]}]({row[0]}.md)", *row[1:]) for row in rows())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(name: str, can: Capabilities) -> tuple[str, ...]:
    return (
        name,
        _hide(can),
        _ways(can.remove_ways) if can.delete != "none" else NO_WAY,
        _ways(can.block_ways) if can.block != "none" else NO_WAY,
        can.hidden_state if can.hide != "none" else NO_WAY,
        can.archive.keep,
        "yes" if can.pictures else "no",
        can.notice if can.notice != "none" else NO_WAY,
        "yes" if can.push else NO_WAY,
        as_duration(can.poll_every.total_seconds()),
        FREE if can.cost.startswith(FREE) else BILLED,
    )


def _hide(can: Capabilities) -> str:
    if can.hide == "none":
        return NO_WAY
    kind = can.hide.replace("_", " ")
    return kind if can.hide_scope == "any" else f"{kind}, {can.hide_scope.replace('_', ' ')}"


def _ways(ways: tuple[Way, ...]) -> str:
    return ", ".join(way.name for way in ways) or NO_WAY


def _matrix(as_json: bool) -> None:
    if as_json:
        told = {name: _as_json(connectors.capabilities(name)) for name in connectors.platforms()}
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for head in HEADS:
        table.add_column(head, no_wrap=head in ("platform", "every", "keeps", "cost"))
    for row in rows():
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)
    console().print(MORE)


def _as_json(can: Capabilities) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, dict):
            return {key: plain(inner) for key, inner in value.items()}
        return [plain(inner) for inner in value] if isinstance(value, list | tuple) else value

    found: dict[str, Any] = plain(asdict(can))
    return found


# ── one platform ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _details(platform: str, as_json: bool) -> None:
    if platform not in connectors.platforms():
        known = ", ".join(connectors.platforms())
        near = did_you_mean(platform, connectors.platforms())
        hint = f'did you mean "{near}"?' if near else f"there is one for: {known}."
        raise NotAllowed(f'there is no connector for "{harmless(platform, 40)}"; {hint}')
    can = connectors.capabilities(platform)
    if as_json:
        typer.echo(json.dumps(_as_json(can), indent=2, ensure_ascii=False))
        return
    sheet, before = Table.grid(padding=(0, 2, 0, 0)), ""
    sheet.add_column(no_wrap=True, style="dim")
    sheet.add_column()
    for label, said in _said(platform, can):
        # A label that stands above is not said again.
        sheet.add_row("" if label == before else label, Text(said))
        before = label or before
    console().print(sheet)


def _said(platform: str, can: Capabilities) -> Iterable[tuple[str, str]]:
    yield "Platform", platform
    yield "Reads", ", ".join(can.reads)
    yield "Hide", _hide(can)
    yield "", can.effect
    yield "By hand", can.by_hand
    yield from _ways_said("Remove", can.remove_ways)
    yield from _ways_said("Block", can.block_ways)
    yield "Identity", can.identity
    yield "Archive", f"{can.archive.keep}: {can.archive.terms}"
    if can.archive.refresh is not None:
        yield "", f"Stored copies are to be read again within {can.archive.refresh.days} days, or rest on records law."
    yield "Pictures", "a browser may open its pages" if can.pictures else "its terms let no browser open its pages"
    yield "Notice", can.notice_why
    yield "Cost", can.cost
    pace = as_duration(can.poll_every.total_seconds()), as_duration(can.least_poll.total_seconds())
    yield "Polled", f"every {pace[0]} unless the page says otherwise, every {pace[1]} at the fastest"
    yield "Webhook", can.push or "none"
    if can.needs_base_url:
        yield "Needs", "base_url, the address of the city's own server"
    if can.attestation is not None:
        yield "Attested", can.attestation
    for each in can.unproven:
        yield "Unproven", each.question


def _ways_said(label: str, ways: tuple[Way, ...]) -> Iterable[tuple[str, str]]:
    for way in ways:
        back = "can be taken back" if way.reversible else "can't be taken back"
        yield label, f"{way.name}: {way.effect} It {back}."


# ── the probe ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _probe(slug: str | None, comment: str | None, *, remove: bool, yes: bool, as_json: bool) -> None:
    if slug is None:
        raise NotAllowed("name the page: `beadle connectors probe PAGE`.")
    settings = load_settings()
    page = configure(settings).pages.find(slug)
    if comment is None:
        _unproven(page)
    with open_beadle(settings, acts=False) as beadle:
        spending = SpendingInLedger(beadle.route.reading, beadle.route.writing)
        renewals = desks.Renewals(lambda _: None, lambda _slug, sentence, _key: console(stderr=True).print(sentence))
        connection = desks.connect(page, spending, renewals.of(page), settings.state / "inbox")
        try:
            if comment is None:
                _newest(connection)
                return
            _try_on(beadle, page, connection, comment, remove=remove, yes=yes, as_json=as_json)
        except ConnectorError as error:
            raise BeadleError(error.sentence) from error
        finally:
            connection.close()


def _unproven(page: Page) -> None:
    out = console()
    questions = connectors.capabilities(page.platform).unproven
    out.print(NEVER_BLIND if questions else NOTHING_UNPROVEN)
    for each in questions:
        out.print(f"  - {each.question}", soft_wrap=True)
    out.print(OWN_COMMENT.format(page=page.slug), soft_wrap=True)


def _newest(connection: Connection) -> None:
    out = console()
    found = [each for batch in connection.connector.poll(None) for each in batch.comments if not each.by_page]
    out.print(NEWEST)
    for each in sorted(found, key=lambda one: one.posted_at, reverse=True)[:5]:
        out.print(f"  {each.ref.comment_id}  {each.posted_at:%Y-%m-%d %H:%M} UTC  {_shown(each)}", soft_wrap=True)


def _try_on(
    beadle: Beadle, page: Page, connection: Connection, comment_id: str, *, remove: bool, yes: bool, as_json: bool
) -> None:
    ref = CommentRef(page.platform, page.page_id, comment_id)
    comment = connection.connector.read(ref).comment
    _refuse_a_residents(beadle, comment, ref)
    assert comment is not None
    removed = AND_REMOVED if remove else ""
    author = one_line(comment.author.display_name or comment.author.author_id or "(no name)", 60)
    words = ASK.format(words=one_line(comment.text, 80), author=author, page=page.name, removed=removed)
    if not yes and not typer.confirm(words):
        console().print(NOT_YOURS)
        return
    trials = tuple(_each_said(probing.probe(connection, ref, remove=remove), quiet=as_json))
    told = _report(page, ref, trials)
    path = _write(beadle.settings.state / "probes", page, told)
    if as_json:
        typer.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        console().print(REPORT.format(path=path), soft_wrap=True)


def _refuse_a_residents(beadle: Beadle, comment: Comment | None, ref: CommentRef) -> None:
    why = probing.why_not(comment, beadle.route.clock())
    if why is not None:
        raise NotAllowed(why)
    with Session(beadle.route.reading) as session:
        case = cases.of_comment(session, ref)
    if case is not None:
        raise NotAllowed(IN_A_CASE.format(comment=harmless(ref.comment_id, 80), case=case))


def _each_said(trials: Iterable[probing.Trial], *, quiet: bool) -> Iterable[probing.Trial]:
    out = console(stderr=quiet)
    for trial in trials:
        said = f"{trial.step:<12} {trial.answer:<10} {trial.took_s:6.2f} s  {harmless(trial.sentence, 300)}"
        out.print(said, soft_wrap=True)
        yield trial


def _report(page: Page, ref: CommentRef, trials: tuple[probing.Trial, ...]) -> dict[str, Any]:
    """What was found, without a word of the comment."""
    found = probing.answered(connectors.capabilities(page.platform).unproven, trials)
    return {
        "platform": page.platform,
        "page": page.slug,
        "comment": str(ref),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "trials": [asdict(trial) for trial in trials],
        "unproven": [{"question": each.question, "found": each.sentence} for each in found],
    }


def _write(folder: Path, page: Page, told: dict[str, Any]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{page.slug}-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")
    return path


def _shown(comment: Comment) -> str:
    author = one_line(comment.author.display_name or "(no name)", 30)
    return f"{author}: {one_line(comment.text, 50)}"
