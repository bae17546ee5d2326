"""`beadle evidence key`, `checkpoint` and `stamps`: who signs the log, its signed state, and who outside saw it."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from rich.table import Table

from bot.cli.speech import console, harmless
from bot.evidence.chain.log import Log
from bot.evidence.chain.notary import Notary
from bot.evidence.chain.signing import Signing
from bot.evidence.chain.standing import ago
from bot.evidence.chain.states import StampState, stamp_states
from bot.settings import load_settings

NO_LINE = "The archive is empty: there is nothing to sign yet."
NO_KEY = "The log names no key yet; the first checkpoint, or the first `beadle run`, makes it."
ROTATE = "A new key takes over from now on; the old private key is thrown away. Go on?"
NO_STAMP = "There is no checkpoint yet."
_SHOWN = 20
_YES = typer.Option(False, "--yes", help="Don't ask.")
_ALL = typer.Option(False, "--all", help=f"Every checkpoint; else the last {_SHOWN}.")

_key = typer.Typer(no_args_is_help=False, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(_key, name="key", help="The key that signs the evidence log: show it, make the first, hand on.")
    app.command("checkpoint")(checkpoint)
    app.command("stamps")(stamps)


@_key.callback(invoke_without_command=True)
def key(context: typer.Context) -> None:
    """Show the key that signs the evidence log: its id, since when, the public half, and those before it."""
    if context.invoked_subcommand is not None:
        return
    known = _notary().keys()
    out = console()
    if not known:
        out.print(NO_KEY)
        return
    for each in known:
        state = "signs now" if each is known[-1] else "signed before"
        out.print(f"{each.key_id}  {state}, since {harmless(each.since)} (line {each.line + 1} of the log)")
    out.print(f"\nThe private key: {load_settings().evidence_key}", soft_wrap=True)
    out.print(f"The public key:  {_notary().folder.key(known[-1].key_id)}\n", soft_wrap=True)
    typer.echo(known[-1].pem, nl=False)


@_key.command("make")
def make() -> None:
    """Put a first key where BEADLE_EVIDENCE_KEY says. A file is made by itself; a keyring only by this."""
    source = load_settings().evidence_key
    Signing(source).make()
    console().print(f"A new key lies in {source}.", soft_wrap=True)


@_key.command("rotate")
def rotate(yes: bool = _YES) -> None:
    """Hand on to a new key, which the old one signs. What is in the log is signed by the old one first."""
    if not yes and not typer.confirm(ROTATE):
        raise typer.Exit(1)
    new = _notary().rotate(datetime.now(UTC))
    out = console()
    out.print(f"{new.key_id} signs from line {new.line + 1} of the log on, instead of {new.previous}.")
    out.print("Keep its public half, or its id, where you keep the last one:\n")
    typer.echo(new.pem, nl=False)


def checkpoint() -> None:
    """Sign the log as it is now, have it time-stamped, and print the checkpoint. It names nobody; keep it elsewhere."""
    notary, now = _notary(), datetime.now(UTC)
    note = notary.checkpoint(now)
    if note is None:
        console(stderr=True).print(NO_LINE)
        raise typer.Exit(1)
    notary.stamping.tick(now, lambda *_: None)
    typer.echo(note.data.decode(), nl=False)
    out = console(stderr=True)
    for sentence in notary.standing().stamps(datetime.now(UTC)):
        out.print(harmless(sentence), soft_wrap=True)


def stamps(everything: bool = _ALL) -> None:
    """List the checkpoints and what each time stamp authority gave. Exit status 1 if a stamp does not hold."""
    notary, now = _notary(), datetime.now(UTC)
    sizes = notary.folder.sizes()
    if not sizes:
        console().print(NO_STAMP)
        return
    found = list(stamp_states(notary.folder, notary.stamping.authorities, sizes if everything else sizes[-_SHOWN:]))
    console().print(_table(found, now))
    for sentence in notary.standing().stamps(now):
        console().print(harmless(sentence), soft_wrap=True)
    if any(each.state == "invalid" for each in found):
        raise typer.Exit(1)


def _table(states: list[StampState], now: datetime) -> Table:
    table = Table("lines", "made", "authority", "state", "time stamp", "age", box=None, pad_edge=False)
    for each in states:
        at = "" if each.at is None else f"{each.at:%Y-%m-%d %H:%M:%S}Z"
        age = "" if each.at is None else ago(now - each.at)
        state = f"{each.state}: {harmless(each.why, 200)}" if each.why else each.state
        table.add_row(f"{each.size:,}", f"{each.made:%Y-%m-%d %H:%M:%S}Z", harmless(each.authority, 60), state, at, age)
    return table


def _notary() -> Notary:
    settings = load_settings()
    entries = Log(settings.archive / "log")
    urls, roots = settings.timestamp_urls, settings.timestamp_roots
    return Notary(settings.archive, entries, settings.evidence_key, urls, roots)
