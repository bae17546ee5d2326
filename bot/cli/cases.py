"""`beadle cases`, `show`, the verbs of a decision, `pause` and `resume`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import typer
from rich.text import Text
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.authority import Verb
from bot.cli.casefile import describe
from bot.cli.evidence.opening import find_package, show_page
from bot.cli.seat import AS, CODE, REASON, voice_of
from bot.cli.speech import console, harmless, one_line
from bot.errors import NotAllowed
from bot.ledger import cases as ledger
from bot.ledger import database, days, switches
from bot.review import Answer
from bot.settings import load_settings

_ALL = typer.Option(False, "--all", help="Closed cases too.")
_CONTESTED = typer.Option(False, "--contested", help="Those whose rule somebody contests, closed ones too.")
_PAGE = typer.Option(None, "--page", help="Only this page's.")
_PICTURES = typer.Option(None, "--pictures", help="Put picture and card of the case into this folder.")
_NOT_SHOWN = "(not shown in a list; `beadle show` has it)"
_WAIT_S = 10.0


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("cases")(list_cases)
    app.command("show")(show)
    for verb, says in _VERBS.items():
        app.command(verb.replace("_", "-"), help=says)(_verb(Verb(verb)))
    app.command("pause")(pause)
    app.command("resume")(resume)


_VERBS = {
    "keep": "Leave the comment up. Final for these words.",
    "hide": "Hide the comment. Evidence is sealed already; `restore` takes it back.",
    "restore": "Show a hidden comment again and void its strike.",
    "remove": "Ask for a removal that can't be undone; another person must approve it.",
    "escalate": "Pass the case on to those in charge; it stands as it stood.",
    "contest": "Say that the rule which found this is wrong; the case stands as it stood.",
    "by_hand": "Say that you did on the platform what Beadle can't do there.",
}


def list_cases(
    everything: bool = _ALL,
    contested: bool = _CONTESTED,
    page: str | None = _PAGE,
    limit: int = typer.Option(50, "--limit", min=1, help="How many at most."),
) -> None:
    """List the cases that wait for a person (with --all: every case)."""
    statuses = () if everything or contested else ledger.OPEN_FOR_PEOPLE
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        found = ledger.listed(
            session,
            statuses=statuses,
            page=page,
            limit=limit,
            contested=contested,
            closed=beadle.archive.restricted,
        )
    out = console()
    if not found:
        out.print(_none(everything, contested))
        return
    for each in found:
        out.print(_two_lines(each, out.width), soft_wrap=True)


def _none(everything: bool, contested: bool) -> str:
    if contested:
        return "Nobody contests a rule. `beadle contest CASE` says that the rule which found a comment is wrong."
    return "There is no case yet." if everything else "No case waits for a person."


def _two_lines(case: ledger.Listed, width: int) -> Text:
    """A case for a list: what it is, and below it the words, cut to the terminal."""
    words = harmless(" ".join(case.text.split()))[: max(width, 60) * 2]
    said = Text(words if case.may_be_quoted else _NOT_SHOWN, "" if case.may_be_quoted else "dim")
    said.truncate(max(width, 60) - 4, overflow="ellipsis")
    return Text.assemble(
        (case.case_id, "bold"),
        (f"  {case.status}", "yellow"),
        (" urgent" if case.urgent else "", "bold red"),
        f"  {case.opened_at:%m-%d %H:%M}  {', '.join(case.clauses)}",
        f"  displayed as {one_line(case.author or '(no name)', 40)}",
        "\n    ",
        said,
    )


def show(
    case_id: str = typer.Argument(..., metavar="CASE"),
    pictures: Path | None = _PICTURES,
    opened: bool = typer.Option(False, "--open", help="Show its sealed package in the browser, too."),
) -> None:
    """Show everything that is known of one case."""
    with open_beadle(load_settings(), acts=False) as beadle:
        with Session(beadle.route.reading) as session:
            file = ledger.open_file(session, case_id)
        console().print(describe(beadle, file, pictures), soft_wrap=True)
    if opened:
        show_page(find_package(case_id), None, no_browser=False)


def pause(
    page: str | None = typer.Argument(None, metavar="[PAGE]", help="Only this page; without it every page."),
    as_person: str | None = AS,
    reason: str = typer.Option("", "--reason", help="Why; it is kept."),
) -> None:
    """Stop all acts within one cycle. Comments are still read, judged and kept."""
    with open_beadle(load_settings(), acts=False) as beadle:
        scope = _scope(beadle, page)
        new = beadle.review.pause(scope, voice_of(beadle, as_person), reason)
    where = "every page" if scope == switches.ALL else scope
    console().print(f"Acts are paused on {where}." if new else f"Acts were paused on {where} already.")


def resume(
    page: str | None = typer.Argument(None, metavar="[PAGE]", help="Only this page; without it the stop of all."),
    as_person: str | None = AS,
) -> None:
    """Let acts go on. What was held back asks for permission again."""
    with open_beadle(load_settings(), acts=False) as beadle:
        held = beadle.review.resume(_scope(beadle, page), voice_of(beadle, as_person))
    if held is None:
        console().print("Nothing was paused there.")
    else:
        console().print(f"Acts go on. {held} held-back cases ask for permission again.")


def _verb(verb: Verb) -> Callable[..., None]:
    def command(
        case_id: str = typer.Argument(..., metavar="CASE"),
        as_person: str | None = AS,
        reason: str = REASON,
        code: str = CODE,
    ) -> None:
        with open_beadle(load_settings(), acts=False) as beadle:
            decide(beadle, case_id, verb, as_person, reason, code)

    return command


def decide(beadle: Beadle, case_id: str, verb: Verb, as_person: str | None, reason: str, code: str) -> None:
    """Record what somebody decides on a case, and say what came of it."""
    answer = beadle.review.decide(case_id, verb, voice_of(beadle, as_person), reason, code)
    console().print(f"{case_id}: {answer.sentence}", soft_wrap=True)
    if not answer.needs_second:
        console().print(_carried_out(beadle, answer), soft_wrap=True)


def _carried_out(beadle: Beadle, answer: Answer) -> str:
    """Wait a little for the daemon to do it, and say how the case stands."""
    if not database.daemon_is_running(beadle.database_url):
        return "Recorded. No daemon is running: `beadle run` (or `beadle run --once`) carries it out."
    until = time.monotonic() + _WAIT_S
    while time.monotonic() < until:
        with Session(beadle.route.reading) as session:
            if days.is_carried_out(session, answer.decision):
                case = ledger.open_file(session, answer.case_id).case
                return f"Done: {case.status}. {harmless(case.because)}"
        time.sleep(0.2)
    return f"Recorded; it is being carried out. `beadle show {answer.case_id}` tells how it went."


def _scope(beadle: Beadle, page: str | None) -> str:
    if page is None:
        return switches.ALL
    if page not in beadle.configuration.pages.listed:
        known = ", ".join(sorted(beadle.configuration.pages.listed))
        raise NotAllowed(f'there is no page "{page}" in pages.yaml; there are: {known}.')
    return page
