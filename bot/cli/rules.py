"""`beadle rules`, `promote` and `demote`: what each rule may do alone on each page, why, and who said so."""

from __future__ import annotations

import json
from typing import Any

import typer
from rich.console import Console
from rich.text import Text
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.bearing import Bearing
from bot.cli.seat import AS, REASON, voice_of
from bot.cli.speech import console, harmless
from bot.promoting import ASKED
from bot.settings import load_settings
from bot.trust import could_act

NO_RULES = 'Page "{page}": no version of its policy is in force yet.'
ALWAYS = "These ask a person, always, and nobody has decided on them yet: {rules}."
NEXT = (
    "The bar runs from 0 to 100 %: ━ is the 95 % interval of the precision on people's decisions, ● what was seen.\n"
    "`beadle promote RULE --page P` asks that a rule may act alone, which takes two people; `beadle demote` takes that "
    "back."
)
TRIPPED = "`beadle rules reset {rule} --page {page} --reason …` lets it act again, once somebody has looked."
_CELLS = 20
_PAGE = typer.Option(None, "--page", metavar="P", help="Only this page.")
_ON = typer.Option(..., "--page", metavar="P", help="The page.")
_RULE = typer.Argument(..., metavar="RULE", help="A rule, as `beadle rules` lists it.")
_JSON = typer.Option(False, "--json", help="Print the report as JSON.")

rules_app = typer.Typer(help="What rules may do alone, and why.", rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(rules_app, name="rules")
    app.command("promote")(promote)
    app.command("demote")(demote)


@rules_app.callback(invoke_without_command=True)
def rules(context: typer.Context, page: str | None = _PAGE, as_json: bool = _JSON) -> None:
    """Show for each rule and page how people decided, how sure that is, and whether it may act alone."""
    if context.invoked_subcommand is not None:
        return
    with open_beadle(load_settings(), acts=False) as beadle:
        found = _bearings(beadle, page)
    if as_json:
        typer.echo(json.dumps([_plain(each) for of in found.values() for each in of], indent=2))
        return
    out = console()
    for slug, of in found.items():
        _print(slug, of, out)
    out.print(NEXT, soft_wrap=True)


@rules_app.command("reset")
def reset(rule: str = _RULE, page: str = _ON, as_person: str | None = AS, reason: str = REASON) -> None:
    """Let a rule that its brake stopped act again, after you looked at what it did."""
    with open_beadle(load_settings(), acts=False) as beadle:
        done = beadle.promoting.reset(rule, page, voice_of(beadle, as_person), reason)
    console().print(harmless(done), soft_wrap=True)


def promote(rule: str = _RULE, page: str = _ON, as_person: str | None = AS, reason: str = REASON) -> None:
    """Ask that a rule may act by itself on a page; another person must approve it."""
    with open_beadle(load_settings(), acts=False) as beadle:
        number = beadle.promoting.ask(rule, page, voice_of(beadle, as_person), reason)
    console().print(harmless(ASKED.format(number=number, rule=rule, page=page)), soft_wrap=True)


def demote(rule: str = _RULE, page: str = _ON, as_person: str | None = AS, reason: str = REASON) -> None:
    """Let a rule ask people on a page from now on, at once."""
    with open_beadle(load_settings(), acts=False) as beadle:
        done = beadle.promoting.demote(rule, page, voice_of(beadle, as_person), reason)
    console().print(harmless(done), soft_wrap=True)


def _bearings(beadle: Beadle, page: str | None) -> dict[str, list[Bearing]]:
    pages = beadle.configuration.pages
    chosen = [pages.find(page)] if page is not None else list(pages.pages)
    with Session(beadle.route.reading) as session:
        return {each.slug: beadle.bearings.on(session, each) for each in chosen}


def _print(page: str, bearings: list[Bearing], out: Console) -> None:
    if not bearings:
        out.print(NO_RULES.format(page=page), soft_wrap=True)
        return
    first = bearings[0]
    out.print(Text(f"{page}: {first.policy} {first.version}", style="bold"))
    quiet = [each for each in bearings if not could_act(each.rule) and not each.tally.decided and not each.contested]
    for each in bearings:
        if each not in quiet:
            out.print(_two_lines(each), soft_wrap=True)
    if quiet:
        out.print(ALWAYS.format(rules=", ".join(each.rule.id for each in quiet)), soft_wrap=True)
    for each in bearings:
        if each.tripped_since is not None:
            out.print(Text(TRIPPED.format(rule=each.rule.id, page=page), style="yellow"), soft_wrap=True)
    out.print()


def _two_lines(each: Bearing) -> Text:
    """A rule for a list: how people decided, and below it whether it acts alone, and why."""
    tally = each.tally
    says = Text.assemble((f"{each.rule.id:<24}", "bold"), f"  {tally.agreed:,} of {tally.decided:,}".ljust(14))
    if tally.decided == 0:
        says.append("nobody has decided", "dim")
    else:
        low, high = tally.interval
        says.append(f"{tally.agreed / tally.decided:.1%} ({low:.1%} to {high:.1%})  {bar(each)}")
    if each.contested:
        says.append(f"  contested: {each.contested}", "red")
    answer = ("yes", "bold green") if each.may.allowed else ("no", "yellow")
    return Text.assemble(says, "\n    ", answer, (f": {each.may.because}", "dim"))


def bar(each: Bearing) -> str:
    """The interval as a bar of a fixed width, 0 to 100 %."""
    low, high = each.tally.interval
    first, last = (min(int(bound * _CELLS), _CELLS - 1) for bound in (low, high))
    seen = min(int(each.tally.agreed / each.tally.decided * _CELLS), _CELLS - 1)
    cells = ["━" if first <= place <= last else "·" for place in range(_CELLS)]
    cells[seen] = "●"
    return "".join(cells)


def _plain(each: Bearing) -> dict[str, Any]:
    low, high = each.tally.interval
    decided = each.tally.decided
    return {
        "page": each.page,
        "policy": each.policy,
        "version": each.version,
        "rule": each.rule.id,
        "clause": each.rule.clause,
        "category": each.rule.category,
        "printed": not each.rule.reads_scores,
        "decided": decided,
        "agreed": each.tally.agreed,
        "precision": round(each.tally.agreed / decided, 4) if decided else None,
        "interval": [round(low, 4), round(high, 4)] if decided else None,
        "surely_at_least": round(each.tally.precision_bound, 4),
        "floor": each.floor,
        "contested": each.contested,
        "may_act_alone": each.may.allowed,
        "because": each.may.because,
        "promoted": each.standing.promoted,
        "tripped_since": each.tripped_since.isoformat() if each.tripped_since is not None else None,
    }
