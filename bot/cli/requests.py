"""`beadle requests`, `approve` and `withdraw`: what takes two people."""

from __future__ import annotations

import typer
from rich.console import Console
from rich.text import Text

from bot.app import open_beadle
from bot.asking import Waiting, number_of
from bot.authority import Verb
from bot.cli.cases import decide
from bot.cli.seat import AS, CODE, REASON, voice_of
from bot.cli.speech import console, harmless, one_line
from bot.errors import NotAllowed
from bot.settings import load_settings

NONE = "Nothing waits for a second person."
NEXT = "Somebody else runs: beadle approve {name} --as YOU --reason …"
BACK = "Taken back with `beadle withdraw R-…`; a removal with `beadle keep`, `hide` or `restore` of its case."
NO_NUMBER = '"{written}" is no request; write its number as `beadle requests` lists it, for example R-12.'
IS_A_CASE = "{written} is a case: `beadle keep`, `hide` or `restore` takes a removal back that waits there."
_WHICH = typer.Argument(..., metavar="CASE|R-NUMBER", help="A case, or a request as `beadle requests` lists it.")
_NUMBER = typer.Argument(..., metavar="R-NUMBER", help="A request as `beadle requests` lists it.")
_WHY = typer.Option("", "--reason", help="Why; it is kept.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("requests")(list_requests)
    app.command("approve")(approve)
    app.command("withdraw")(withdraw)


def list_requests() -> None:
    """List what waits for a second person: removals, blocks, rules that are to act alone."""
    with open_beadle(load_settings(), acts=False) as beadle:
        found = beadle.requests.waiting()
    out = console()
    if not found:
        out.print(NONE)
        return
    for each in found:
        _print(each, out)
    out.print(f"\n{NEXT.format(name=found[0].name)}\n{BACK}", soft_wrap=True)


def approve(which: str = _WHICH, as_person: str | None = AS, reason: str = REASON, code: str = CODE) -> None:
    """Approve what is proposed, confirm what a rule hid, or be the second person of a removal or a request."""
    with open_beadle(load_settings(), acts=False) as beadle:
        number = number_of(which)
        if number is None:
            decide(beadle, which, Verb.APPROVE, as_person, reason, code)
            return
        done = beadle.requests.approve(number, voice_of(beadle, as_person), reason)
    console().print(f"R-{number}: {harmless(done)}", soft_wrap=True)


def withdraw(which: str = _NUMBER, as_person: str | None = AS, reason: str = _WHY) -> None:
    """Take a request back that waits for a second person; whoever may be the second may refuse it so."""
    number = number_of(which)
    if number is None:
        looks_like_a_case = "-" in which and which[:1].isalpha()
        raise NotAllowed((IS_A_CASE if looks_like_a_case else NO_NUMBER).format(written=one_line(which, 40)))
    with open_beadle(load_settings(), acts=False) as beadle:
        console().print(beadle.requests.withdraw(number, voice_of(beadle, as_person), reason), soft_wrap=True)


def _print(each: Waiting, out: Console) -> None:
    about = "" if each.subject == each.name else f" of {one_line(each.subject, 60)}"
    head = Text.assemble(
        (each.name, "bold"),
        f"  {each.what}{about}",
        f"  on {each.page}" if each.page else "  on every page",
        f"  asked for by {each.person}, {each.at:%Y-%m-%d %H:%M} UTC",
    )
    out.print(head, soft_wrap=True)
    out.print(Text(f"    {one_line(each.reason, 200)}", "dim"), soft_wrap=True)
