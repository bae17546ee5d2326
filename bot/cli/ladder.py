"""`beadle warn`, `opine`, `decline`, `block`, `unblock`, `explain-block`: what people do about an account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import typer
from sqlmodel import Session

from bot.app import Beadle, open_beadle
from bot.cli.seat import voice_of
from bot.cli.speech import console, harmless
from bot.ledger.offenders import Account
from bot.offenders.grounds import Terms
from bot.offenders.sheet import find_account
from bot.settings import load_settings
from bot.voice import Voice

_ACCOUNT = typer.Argument(..., metavar="ACCOUNT", help="Its id on the platform, or platform:id. Never a name.")
_PAGE = typer.Option(..., "--page", help="The page that it is about.")
_AS = typer.Option(None, "--as", metavar="PERSON", help="Who says it: your id in people.yaml.")
_REASON = typer.Option(..., "--reason", help="Why, in a sentence; it is kept with the record.")
_TEXT = typer.Option(..., "--text", help="What counsel says about a block; it is kept with the record.")
_DAY = typer.Option(None, "--on", formats=["%Y-%m-%d"], metavar="DATE", help="The day it was given; else today.")
_WAY = typer.Option(..., "--way", help="How: `beadle connectors` says which ways there are, and what each means.")
_DAYS = typer.Option(..., "--days", help="After how many days it ends; the policy names the most.")
_SHEET = typer.Option("", "--sheet", help="The mark at the end of `beadle offender ACCOUNT`: you have seen all of it.")
_HOW = typer.Option(..., "--how", help="How it was given, for example: direct message.")
_ONE_WAY = typer.Option(False, "--one-way", help="Yes, although Beadle can't take it back there.")


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("warn")(warn)
    app.command("opine")(opine)
    app.command("decline")(decline)
    app.command("block")(block)
    app.command("unblock")(unblock)
    app.command("explain-block")(explain_block)


def warn(
    account: str = _ACCOUNT,
    page: str = _PAGE,
    how: str = _HOW,
    on: datetime | None = _DAY,
    reason: str = _REASON,
    as_person: str | None = _AS,
) -> None:
    """Record a warning that was given to an account, when, how and by whom. Beadle sends none."""
    with _speaking(account, page, as_person) as (beadle, found, voice):
        day = on.date() if on is not None else beadle.offenders.today()
        _say(beadle.ladder.warn(found, page, how, day, reason, voice))


def opine(account: str = _ACCOUNT, page: str = _PAGE, text: str = _TEXT, as_person: str | None = _AS) -> None:
    """Write into counsel's box of the open proposal. A block can't be asked for without it."""
    with _speaking(account, page, as_person) as (beadle, found, voice):
        _say(beadle.ladder.opine(found, page, text, voice))


def decline(account: str = _ACCOUNT, page: str = _PAGE, reason: str = _REASON, as_person: str | None = _AS) -> None:
    """Answer the open proposal with no action."""
    with _speaking(account, page, as_person) as (beadle, found, voice):
        _say(beadle.ladder.decline(found, page, reason, voice))


def block(
    account: str = _ACCOUNT,
    page: str = _PAGE,
    way: str = _WAY,
    days: int = _DAYS,
    sheet: str = _SHEET,
    one_way: bool = _ONE_WAY,
    reason: str = _REASON,
    as_person: str | None = _AS,
) -> None:
    """Ask to keep an account away from a page for a time. Another person must approve it; nothing happens before."""
    with _speaking(account, page, as_person) as (beadle, found, voice):
        seen = replace(voice, saw=sheet.strip())
        _say(beadle.ladder.ask_block(found, page, Terms(way, days, one_way), reason, seen))


def unblock(account: str = _ACCOUNT, page: str = _PAGE, reason: str = _REASON, as_person: str | None = _AS) -> None:
    """Let an account back on a page. One person's word; the platform is asked and read back."""
    with _speaking(account, page, as_person) as (beadle, found, voice):
        _say(beadle.ladder.unblock(found, page, reason, voice))


def explain_block(
    account: str = _ACCOUNT,
    page: str = _PAGE,
    days: int = _DAYS,
    reason: str = _REASON,
    as_person: str | None = _AS,
) -> None:
    """Say why an account that was blocked by hand is, and when that ends."""
    with _speaking(account, page, as_person) as (beadle, found, voice):
        _say(beadle.ladder.explain(found, page, days, reason, voice))


@contextmanager
def _speaking(account: str, page: str, as_person: str | None) -> Iterator[tuple[Beadle, Account, Voice]]:
    with open_beadle(load_settings(), acts=False) as beadle:
        voice = voice_of(beadle, as_person)
        desk = beadle.route.desks.get(page)
        platform = desk.page.platform if desk is not None else None
        with Session(beadle.route.reading) as session:
            found = find_account(session, account, platform)
        yield beadle, found, voice


def _say(sentence: str) -> None:
    console().print(harmless(sentence), soft_wrap=True)
