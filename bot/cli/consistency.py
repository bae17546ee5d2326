"""`beadle audit consistency`: for what was taken down, the most similar comments left up."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from sqlmodel import Session

from bot.cli.speech import console, harmless, one_line
from bot.errors import ConfigError
from bot.ledger import cases, database, kept, watch
from bot.moderation.consistency import Comparison, LeftUp, Report, Treated, compare
from bot.settings import load_settings

_PASSES = 3
_WIDTH = 110
_NOT_QUOTED = {"pii", "sexual"}
_UNQUOTED = "(not quoted: private data or sexual content; `beadle show {case}` has it)"
_NO_DATABASE = "there is no database yet, so nothing was acted on; `beadle run` polls the pages."
_SINCE = typer.Option(None, "--since", formats=["%Y-%m-%d"], metavar="DATE", help="Only comments posted since (UTC).")


def consistency(
    since: datetime | None = _SINCE,
    page: str | None = typer.Option(None, "--page", metavar="SLUG", help="One page; without it, all."),
    most: int = typer.Option(3, "--most", min=1, max=20, help="How many similar comments to show beside each."),
    least: float = typer.Option(0.5, "--least", min=0.0, max=1.0, help="How similar they must be."),
    shown: int = typer.Option(20, "--show", min=0, help="How many of what was taken down to show."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """For what was taken down, show the most similar comments left up, and how each rule was applied."""
    report = _compared(page, since.replace(tzinfo=UTC) if since else None, most, least)
    if as_json:
        typer.echo(json.dumps(_plain(report), ensure_ascii=False, indent=2))
    else:
        _print(report, shown, console())


def _compared(page: str | None, since: datetime | None, most: int, least: float) -> Report:
    url = database.normalise(load_settings().database_url.get_secret_value())
    if not database.is_ready(url):
        raise ConfigError(_NO_DATABASE)
    engine = database.reading_engine(url)
    columns = (TextColumn("comparing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Session(engine) as session, Progress(*columns, console=console(stderr=True), transient=True) as progress:
        pages = [row.slug for row in watch.pages(session)]
        if page is not None and page not in pages:
            raise ConfigError(
                f'there is no page "{page}"; name one of these: {", ".join(sorted(pages)) or "none yet"}.'
            )
        chosen = [page] if page is not None else pages
        task = progress.add_task("comparing", total=_PASSES * kept.count(session, chosen, since))
        report = compare(lambda: _treated(session, chosen, since, progress, task), most, least)
    engine.dispose()
    return report


def _treated(
    session: Session, pages: list[str], since: datetime | None, progress: Progress, task: TaskID
) -> Iterator[Treated]:
    for each in kept.revisions(session, pages, since):
        progress.advance(task)
        by = _decided_by(session, each.case_id) if each.case_id else ""
        yield Treated(each.comment_id, each.page, each.text, each.verdict, each.status, each.case_id, by)


def _decided_by(session: Session, case_id: str) -> str:
    decided = cases.decisions(session, case_id)
    return decided[-1].person if decided else ""


def _print(report: Report, shown: int, out: Console) -> None:
    out.print(f"{report.comments:,} comments looked at, {report.acted:,} of them taken down under a rule.")
    if report.rules:
        out.print(_rules(report))
    if not report.comparisons:
        out.print("Nothing that was left up is like anything that was taken down.")
        return
    out.print(f"{len(report.comparisons):,} of those taken down have a like that was left up; the likest first:")
    for comparison in report.comparisons[:shown]:
        _print_comparison(comparison, out)
    if len(report.comparisons) > shown:
        out.print(f"\n{len(report.comparisons) - shown:,} more; --show {len(report.comparisons)} shows them all.")


def _rules(report: Report) -> Table:
    table = Table(
        "rule", "taken down", "kept by people", "share taken down", "kept by", title="How each rule was applied"
    )
    for rule, record in sorted(report.rules.items()):
        kept_by = ", ".join(f"{harmless(by)} {count}" for by, count in record.kept_by.most_common())
        table.add_row(rule, f"{record.taken_down:,}", f"{record.left_up:,}", f"{record.share:.0%}", kept_by)
    return table


def _print_comparison(comparison: Comparison, out: Console) -> None:
    acted = comparison.acted
    rules = ", ".join(finding.rule_id for finding in acted.verdict.findings)
    out.print(Text(f"\n{acted.status} · {acted.case_id} · {acted.page} · {rules}"), style="bold", soft_wrap=True)
    out.print(Text(f"  {_quoted(acted)}"), soft_wrap=True)
    for left in comparison.left_up:
        out.print(Text(f"  left up, {left.likeness:.0%} like it{_why(left)}: {_quoted(left.treated)}"), soft_wrap=True)


def _why(left: LeftUp) -> str:
    each = left.treated
    if each.status is None:
        return " (judged clear)"
    return f" ({each.status} by {harmless(each.by) or 'nobody named'}, {each.case_id})"


def _quoted(each: Treated) -> str:
    if _NOT_QUOTED & {finding.category for finding in each.verdict.findings}:
        return _UNQUOTED.format(case=each.case_id)
    return one_line(each.text, _WIDTH)


def _plain(report: Report) -> dict[str, Any]:
    return {
        "comments": report.comments,
        "taken_down": report.acted,
        "rules": {
            rule: {
                "taken_down": record.taken_down,
                "left_up": record.left_up,
                "by_page": [
                    {"page": page, "taken_down": down, "comments": count}
                    for (page, down), count in sorted(record.by_page.items())
                ],
                "kept_by": dict(record.kept_by),
            }
            for rule, record in sorted(report.rules.items())
        },
        "comparisons": [
            {
                "case": each.acted.case_id,
                "status": each.acted.status,
                "text": _quoted(each.acted),
                "left_up": [
                    {
                        "comment": left.treated.comment_id,
                        "case": left.treated.case_id,
                        "status": left.treated.status,
                        "by": left.treated.by,
                        "likeness": round(left.likeness, 3),
                        "text": _quoted(left.treated),
                    }
                    for left in each.left_up
                ],
            }
            for each in report.comparisons
        ],
    }
