"""`beadle audit scores`: how people decided what the scores were sure of, and what that has earned them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import ceil, log
from typing import Any

import typer
from rich.table import Table

from bot.app import configure, utc_now
from bot.cli.speech import console
from bot.errors import ConfigError
from bot.ledger import database
from bot.moderation.earned import USUAL_FLOOR, Tally
from bot.moderation.pack import PolicyPack, Rule
from bot.moderation.policy import PolicyShelf
from bot.moderation.verdict import EARNABLE, Measure
from bot.settings import load_settings
from bot.trust import Trust

_NO_DATABASE = "there is no database yet, so nobody has decided anything; `beadle run` polls the pages."
_ASKS_ONLY = "asks a person, always"
_EARNED = "may hide"
_AGREEMENTS = "not yet: {more:,} more agreements, without one disagreement, would do"


def scores(as_json: bool = typer.Option(False, "--json", help="Print the report as JSON.")) -> None:
    """Show which score rules have earned hiding by themselves on people's decisions, and what the others lack."""
    settings = load_settings()
    shelf = configure(settings, read_tokens=False).shelf
    url = database.normalise(settings.database_url.get_secret_value())
    if not database.is_ready(url):
        raise ConfigError(_NO_DATABASE)
    engine = database.reading_engine(url)
    trust = Trust(shelf.packs, engine, utc_now)
    rows = [(pack, pack.rule(rule), tally) for pack in _in_force(shelf) for rule, tally in trust.tallies(pack).items()]
    engine.dispose()
    if as_json:
        typer.echo(json.dumps([_plain(*row) for row in rows], indent=2))
        return
    console().print(_table(rows) if rows else "No policy in force has a rule by scores.")


def _in_force(shelf: PolicyShelf) -> list[PolicyPack]:
    now = datetime.now(UTC)
    begun = [pack for pack in shelf.packs if pack.effective_at <= now]
    newest = {pack.slug: pack for pack in sorted(begun, key=lambda each: each.effective_at)}
    return [newest[slug] for slug in sorted(newest)]


def _table(rows: list[tuple[PolicyPack, Rule, Tally]]) -> Table:
    table = Table(
        "policy",
        "rule",
        "decided",
        "agreed",
        "surely at least",
        "must be",
        "so it",
        title="Scores on people's decisions",
    )
    for pack, rule, tally in rows:
        must = f"{_floor(rule):.0%}" if _could_earn(rule) else "–"
        bound = f"{tally.precision_bound:.1%}"
        table.add_row(pack.slug, rule.id, f"{tally.decided:,}", f"{tally.agreed:,}", bound, must, _state(rule, tally))
    return table


def _state(rule: Rule, tally: Tally) -> str:
    if not _could_earn(rule):
        return _ASKS_ONLY
    if tally.has_earned(_floor(rule)):
        return _EARNED
    return _AGREEMENTS.format(more=_lacking(tally, _floor(rule)))


def _lacking(tally: Tally, floor: float) -> int:
    """How many agreements in a row would bring the bound up to the floor."""
    fewest = ceil(log(0.05) / log(floor)) if floor < 1 else 10**6
    low, high = 0, max(fewest, 1) + 60 * (tally.decided - tally.agreed + 1)
    while not Tally(tally.agreed + high, tally.decided + high).has_earned(floor) and high < 10**6:
        high *= 2
    while low < high:
        middle = (low + high) // 2
        if Tally(tally.agreed + middle, tally.decided + middle).has_earned(floor):
            high = middle
        else:
            low = middle + 1
    return low


def _floor(rule: Rule) -> float:
    return rule.floor or USUAL_FLOOR


def _could_earn(rule: Rule) -> bool:
    return rule.measure is Measure.HIDE and rule.category in EARNABLE


def _plain(pack: PolicyPack, rule: Rule, tally: Tally) -> dict[str, Any]:
    return {
        "policy": pack.slug,
        "version": pack.version,
        "rule": rule.id,
        "category": rule.category,
        "decided": tally.decided,
        "agreed": tally.agreed,
        "precision_bound": round(tally.precision_bound, 4),
        "floor": _floor(rule) if _could_earn(rule) else None,
        "may_hide": _could_earn(rule) and tally.has_earned(_floor(rule)),
    }
