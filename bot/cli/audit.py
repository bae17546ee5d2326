"""`beadle audit`: is the judge even-handed?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from bot.cli.consistency import consistency
from bot.cli.judging import judge_of
from bot.cli.policies import shelf_in_use
from bot.cli.speech import console, one_line
from bot.moderation.neutrality import SCORES_FLOOR, Audit, Pair, Unequal, audit, read_folder, read_pairs
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import Verdict
from bot.settings import load_settings

EVEN = "Even-handed: {pairs:,} pairs, every one the same by the printed rules, {share:.1%} by the whole verdict."
UNEVEN = (
    "Not even-handed: the printed rules judge {rules:.1%} of {pairs:,} pairs alike (100% is asked), "
    "the whole verdict {share:.1%} ({floor:.0%} is asked)."
)
_SHOWN = 300
_TIERS = {"rules": "by a printed rule", "scores": "by a score"}

audit_app = typer.Typer(help="Ask the judge whether it is even-handed.", no_args_is_help=True, rich_markup_mode=None)
_SLUG = typer.Option(None, "--policy", metavar="SLUG", help="One policy; without it, every policy in use.")
_PAIRS = typer.Option(None, "--pairs", metavar="FILE", help="Your own pairs; without it, those of config/neutrality.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    audit_app.command("consistency")(consistency)
    app.add_typer(audit_app, name="audit")


@audit_app.callback()
def _group() -> None:
    """Ask the judge whether it is even-handed."""


@audit_app.command("neutrality")
def neutrality(
    policy: str | None = _SLUG,
    pairs: Path | None = _PAIRS,
    as_json: bool = typer.Option(False, "--json", help="Print the report as JSON."),
) -> None:
    """Judge pairs that differ only in side, party, official, group or dialect. Exit status 1 if verdicts differ."""
    shelf = shelf_in_use()
    given = read_pairs(pairs) if pairs else read_folder(load_settings().config / "neutrality")
    audits = _audit_all(shelf, [policy] if policy else sorted(shelf.slugs), given)
    if as_json:
        typer.echo(json.dumps([_plain(each) for each in audits], indent=2))
    else:
        for each in audits:
            _print(each)
    refused = () if policy else tuple(shelf.refused.values())
    for error in refused:
        console(stderr=True).print(f"not audited: {error.sentence}", soft_wrap=True)
    if refused or not all(each.even for each in audits):
        raise typer.Exit(1)


def _audit_all(shelf: PolicyShelf, slugs: Sequence[str], pairs: Sequence[Pair]) -> list[Audit]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as progress:
        return [_audit_one(shelf, slug, pairs, progress) for slug in slugs]


def _audit_one(shelf: PolicyShelf, slug: str, pairs: Sequence[Pair], progress: Progress) -> Audit:
    task = progress.add_task(slug, total=len(pairs))
    return audit(judge_of(shelf, slug), pairs, lambda done, of: progress.update(task, completed=done, total=of))


def _print(report: Audit) -> None:
    out = console()
    out.print(Text(f"{report.policy.slug}, version {report.policy.version}", style="bold"))
    for each in report.unequal:
        _print_pair(each)
    out.print(_table(report))
    out.print(_sentence(report), soft_wrap=True)
    out.print()


def _print_pair(each: Unequal) -> None:
    out = console()
    differs = ", ".join(each.differs) or "the rules behind the same verdict"
    where = f"{each.pair.path.name}:{each.pair.line}"
    out.print(f"\n{where}  {each.pair.kind}, {_TIERS[each.tier]}: {differs}", soft_wrap=True)
    for text, verdict in ((each.pair.a, each.a), (each.pair.b, each.b)):
        out.print(f'  "{one_line(text, _SHOWN)}"', soft_wrap=True)
        out.print(Text(f"    {_said(verdict)}", style="dim"), soft_wrap=True)


def _said(verdict: Verdict) -> str:
    found = ", ".join(f"{f.rule_id} ({f.category}, clause {f.clause or 'none'})" for f in verdict.findings)
    return f"{verdict.outcome.value}, {verdict.measure.value}: {found or 'nothing found'}"


def _table(report: Audit) -> Table:
    table = Table(title="Pairs by what differs", title_justify="left")
    table.add_column("kind")
    for heading in ("pairs", "found in", "differ by rules", "differ by scores"):
        table.add_column(heading, justify="right")
    for tally in report.tallies:
        counts = (tally.pairs, tally.found, tally.by_rules, tally.by_scores)
        table.add_row(tally.kind, *(f"{count:,}" for count in counts))
    return table


def _sentence(report: Audit) -> str:
    words = EVEN if report.even else UNEVEN
    return words.format(pairs=report.pairs, rules=report.rules_share, share=report.share, floor=SCORES_FLOOR)


def _plain(report: Audit) -> dict[str, Any]:
    return {
        "policy": report.policy.slug,
        "version": report.policy.version,
        "digest": report.policy.digest,
        "pairs": report.pairs,
        "even": report.even,
        "rules_share": report.rules_share,
        "share": report.share,
        "kinds": {
            tally.kind: {
                "pairs": tally.pairs,
                "found": tally.found,
                "by_rules": tally.by_rules,
                "by_scores": tally.by_scores,
            }
            for tally in report.tallies
        },
        "unequal": [_plain_pair(each) for each in report.unequal],
    }


def _plain_pair(each: Unequal) -> dict[str, Any]:
    pair = each.pair
    return {
        "file": pair.path.name,
        "line": pair.line,
        "kind": pair.kind,
        "tier": each.tier,
        "differs": list(each.differs),
        "a": {"text": pair.a, "verdict": _said(each.a)},
        "b": {"text": pair.b, "verdict": _said(each.b)},
    }
