"""`beadle policy backtest`: what a new policy would have said of the comments that are kept."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text
from sqlmodel import Session

from bot.cli.speech import console, one_line
from bot.configuration import configure
from bot.errors import ConfigError
from bot.ledger import database, kept
from bot.moderation.backtest import Change, Judged, Report, backtest
from bot.moderation.judge import Judge
from bot.moderation.pack import PolicyPack
from bot.moderation.policy import read_pack
from bot.moderation.verdict import Item, Outcome
from bot.opinion.doubt import own
from bot.settings import Settings, load_settings

_WIDTH = 100
_NO_DATABASE = "there is no database yet, so nothing is kept to judge again; `beadle run` polls the pages."
_NO_PAGE = (
    'no page in pages.yaml is under policy "{slug}", so nothing would change; name a page\'s policy in the new pack.'
)
_OUTCOMES = tuple(Outcome)
_PACK = typer.Argument(..., metavar="NEW.yaml", help="The new pack; it need not stand in config/policies.")
_SINCE = typer.Option(None, "--since", formats=["%Y-%m-%d"], metavar="DATE", help="Only comments posted since (UTC).")


def policy_backtest(
    pack: Path = _PACK,
    since: datetime | None = _SINCE,
    examples: int = typer.Option(5, "--examples", min=0, help="How many of each kind of change to show."),
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Judge the kept comments by a new policy, and say what would have changed. Changes nothing."""
    settings = load_settings()
    new, judge, pages = _prepared(settings, pack)
    report = _run(settings, judge, pages, since.replace(tzinfo=UTC) if since else None, examples)
    if as_json:
        typer.echo(json.dumps(_plain(report, new), ensure_ascii=False, indent=2))
    else:
        _print(report, new, console())


def _prepared(settings: Settings, path: Path) -> tuple[PolicyPack, Judge, list[str]]:
    if not path.is_file():
        raise ConfigError(f"{path} is no file; name the new policy's file.")
    configuration = configure(settings, read_tokens=False)
    shelf = configuration.shelf
    new = read_pack(path, shelf.stock)
    pages = [page.slug for page in configuration.pages.pages if page.policy == new.slug]
    if not pages:
        raise ConfigError(_NO_PAGE.format(slug=new.slug))
    return new, shelf.judge(new), pages


def _run(settings: Settings, judge: Judge, pages: list[str], since: datetime | None, examples: int) -> Report:
    url = database.normalise(settings.database_url.get_secret_value())
    if not database.is_ready(url):
        raise ConfigError(_NO_DATABASE)
    engine = database.reading_engine(url)
    columns = (TextColumn("judging again"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    report = Report()
    with Session(engine) as session, Progress(*columns, console=console(stderr=True), transient=True) as progress:
        task = progress.add_task("judging again", total=kept.count(session, pages, since))
        for report in backtest(judge, _judged(session, pages, since), examples):
            progress.update(task, completed=report.comments)
    engine.dispose()
    return report


def _judged(session: Session, pages: list[str], since: datetime | None) -> Iterator[Judged]:
    for each in kept.revisions(session, pages, since):
        item = Item(each.text, post=each.post, has_media=each.has_media, by_page=each.by_page)
        yield Judged(item, each.author_id, each.fingerprint, each.posted_at, own(each.verdict), each.status)


def _print(report: Report, pack: PolicyPack, out: Console) -> None:
    out.print(f"{report.comments:,} kept comments judged again by {pack.slug} {pack.version}.")
    if not report.comments:
        return
    out.print(f"{report.changed:,} would have come out otherwise; {report.moved:,} the same way under other clauses.")
    out.print(f"{report.contradicted:,} of the changes go against what people decided.")
    out.print(_matrix(report))
    rules = _rules(report)
    if rules.row_count:
        out.print(rules)
    for before, after in sorted(report.examples, key=lambda turn: (turn[1] is not Outcome.ACT, turn)):
        out.print(f"\nthen {before}, now {after}: {report.turns[before, after]:,}", style="bold")
        for change in report.examples[before, after]:
            _print_example(change, out)


def _matrix(report: Report) -> Table:
    table = Table("then", *(f"now {outcome}" for outcome in _OUTCOMES), title="What the verdicts would be")
    for column in table.columns[1:]:
        column.justify = "right"
    for before in _OUTCOMES:
        row = [report.turns[before, after] for after in _OUTCOMES]
        table.add_row(before.value, *(f"{count:,}" for count in row))
    return table


def _rules(report: Report) -> Table:
    table = Table("rule", "then", "now", title="Comments in which a rule matched, where that differs")
    for rule in sorted({*report.rules_before, *report.rules_after}):
        before, after = report.rules_before[rule], report.rules_after[rule]
        if before != after:
            table.add_row(rule, f"{before:,}", f"{after:,}")
    return table


def _print_example(change: Change, out: Console) -> None:
    shown = one_line(change.judged.item.text, _WIDTH)
    out.print(Text(f"  {shown}"), soft_wrap=True)
    verdict = change.after if change.after.findings else change.judged.before
    when = "now" if verdict is change.after else "then"
    for finding in verdict.findings:
        out.print(
            Text(f"    {when}: {finding.clause} {finding.rule_id}. {finding.reason}"), soft_wrap=True, style="dim"
        )
    if change.judged.status:
        out.print(f"    its case: {change.judged.status}", style="dim")


def _plain(report: Report, pack: PolicyPack) -> dict[str, Any]:
    return {
        "policy": {"slug": pack.slug, "version": pack.version, "digest": pack.digest},
        "comments": report.comments,
        "changed": report.changed,
        "moved": report.moved,
        "contradicted": report.contradicted,
        "turns": [
            {"before": before.value, "after": after.value, "comments": count}
            for (before, after), count in sorted(report.turns.items())
        ],
        "rules": {
            rule: {"before": report.rules_before[rule], "after": report.rules_after[rule]}
            for rule in sorted({*report.rules_before, *report.rules_after})
        },
        "examples": [
            {
                "before": change.turn[0].value,
                "after": change.turn[1].value,
                "text": change.judged.item.text,
                "clauses": list(change.after.clauses or change.judged.before.clauses),
                "status": change.judged.status,
            }
            for changes in report.examples.values()
            for change in changes
        ],
    }
