"""`beadle digest` and `beadle mail`."""

from __future__ import annotations

import tempfile
import webbrowser
from datetime import date, datetime, timedelta
from pathlib import Path

import typer
from rich.table import Table
from rich.text import Text
from sqlmodel import Session

from bot import daily, daybook, weekly
from bot.app import Beadle, open_beadle
from bot.cli.speech import console, harmless, one_line
from bot.errors import ConfigError
from bot.ledger import days, letters
from bot.ledger.tables import Letter
from bot.notify import digest as digests
from bot.notify import weekly as weeklies
from bot.notify.digest import Digest
from bot.posting import OUR_OWN
from bot.settings import load_settings

_DATE = typer.Option("yesterday", "--date", help="The local day: 2026-11-21, today or yesterday.")
_SEND = typer.Option(False, "--send", help="Mail it now to those who get the digest; a day that is over is kept.")
_AGAIN = typer.Option(False, "--again", help="With --send: mail it once more, under the same Message-ID.")
_PREVIEW = typer.Option(False, "--preview", help="Open it in the web browser; nothing is sent.")
_TO = typer.Option(None, "--to", "--html", metavar="FILE", help="Write it to this file as a web page.")
_WEEKLY = typer.Option(None, "--weekly", metavar="PERSON", help="The weekly of this person, about the last whole week.")
_NOBODY = 'nobody in people.yaml with the id "{person}" gets the weekly; {known}.'
_NO_LETTER = 'there is no letter "{key}"; `beadle mail` lists those that wait.'
_SENT = "that letter was sent on {when:%Y-%m-%d %H:%M} UTC; nothing needs to be done."
_STATES = {"sent": "green", "set aside": "bold red", "in hand": "cyan", "waits": "yellow"}
_ADDRESSES = 60


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.command("digest")(digest)
    post = typer.Typer(help="The mail that is on its way: list it, or try again.", rich_markup_mode=None)
    post.callback(invoke_without_command=True)(mail)
    post.command("retry")(retry)
    app.add_typer(post, name="mail")


def digest(
    day: str = _DATE,
    send: bool = _SEND,
    again: bool = _AGAIN,
    preview: bool = _PREVIEW,
    to: Path | None = _TO,
    of_week: str | None = _WEEKLY,
) -> None:
    """Print the daily digest; the daemon mails it by itself at the city's hour.

    What was written is shown as it was written; a day without a digest is gathered anew.
    """
    if again and not send:
        raise ConfigError("--again goes with --send.")
    with open_beadle(load_settings(), acts=False) as beadle:
        if send and of_week is None:
            _send(beadle, _day(beadle, day), again=again)
            return
        made = _made(beadle, _day(beadle, day)) if of_week is None else _week(beadle, of_week, send=send)
        if to is not None:
            to.write_text(made.page, "utf-8")
            console().print(f"Written to {to}.", soft_wrap=True)
        if preview:
            _preview(made.page)
        if not (preview or to):
            console().print(Text(made.subject))
            console().print()
            console().print(Text(made.text), soft_wrap=True)


def mail(context: typer.Context, every: bool = typer.Option(False, "--all", help="What was sent last, too.")) -> None:
    """List the mail that is not sent yet, and why."""
    if context.invoked_subcommand is not None:
        return
    with open_beadle(load_settings(), acts=False) as beadle, Session(beadle.route.reading) as session:
        waiting, done = letters.queue(session), letters.last_sent(session, 20) if every else ()
        now, out = beadle.route.clock(), console()
        if beadle.mailer is None:
            out.print("No mail server is named, so nothing is sent; set BEADLE_SMTP_URL.")
        if not waiting:
            out.print("No mail waits to be sent.")
        if waiting or done:
            out.print(_table([(each, _state(each, now)) for each in (*waiting, *done)]))
        if any(_state(each, now) == "set aside" for each in waiting):
            out.print("What is set aside goes out after `beadle mail retry KEY`, once its cause is mended.")


def retry(key: str = typer.Argument(..., metavar="KEY", help="The letter, as `beadle mail` names it.")) -> None:
    """Try to send a letter now."""
    with open_beadle(load_settings(), acts=False) as beadle:
        room = beadle.mail_room
        if room is None:
            raise ConfigError(daily.NO_MAIL)
        with Session(beadle.route.writing) as session, session.begin():
            found = letters.again(session, key, beadle.route.clock())
            sent = None if found is None else found.sent_at
        if found is None:
            raise ConfigError(_NO_LETTER.format(key=one_line(key, 80)))
        if sent is not None:
            raise ConfigError(_SENT.format(when=sent))
        room.send(key)
        with Session(beadle.route.reading) as session:
            _say(letters.find(session, key))


def _send(beadle: Beadle, which: date, *, again: bool) -> None:
    _say(daily.by_hand(beadle, which, beadle.route.clock(), again=again))


def _say(letter: Letter | None) -> None:
    if letter is None or letter.sent_at is None:
        why = one_line(letter.because, 300) if letter is not None and letter.because else "another has it in hand."
        state = "is set aside" if letter is not None and letter.refused_at is not None else "waits and is tried again"
        raise ConfigError(f"not sent: {why} The letter {state}; `beadle mail` lists it.")
    console().print(f"Sent to {_named(letter, list(letter.taken or ()))}.", soft_wrap=True)


def _made(beadle: Beadle, which: date) -> Digest:
    """The digest as it was written, with the picture from its letter; else as it would be now."""
    with Session(beadle.route.reading) as session:
        row = days.digest(session, which.isoformat())
        letter = letters.find(session, daily.key(which))
    if row is None:
        today = beadle.route.clock().astimezone(beadle.configuration.pages.city.timezone).date()
        return digests.render(daybook.gather(beadle, which), so_far=which >= today)
    pictures = digests.pictures_in(letter.mime) if letter is not None else {}
    name, picture = next(iter(pictures.items()), ("", None))
    return Digest(row.subject, row.html, row.text, picture, name)


def _week(beadle: Beadle, person_id: str, *, send: bool) -> Digest:
    known = weekly.readers(beadle.configuration.people)
    person = next((each for each in known if each.id == person_id), None)
    if person is None:
        ids = ", ".join(each.id for each in known)
        hint = f"it goes to: {ids}" if ids else "it goes to supervisors whose pages are a list"
        raise ConfigError(_NOBODY.format(person=one_line(person_id, 40), known=hint))
    if send:
        raise ConfigError("the weekly goes out by itself; leave --send away to see it.")
    monday = weekly.due(beadle.configuration.pages.city, beadle.route.clock())
    return weeklies.render(weekly.gather(beadle, person, monday))


def _day(beadle: Beadle, written: str) -> date:
    today = beadle.route.clock().astimezone(beadle.configuration.pages.city.timezone).date()
    if written in ("today", "yesterday"):
        return today - timedelta(days=1 if written == "yesterday" else 0)
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise ConfigError(f'--date "{written}" is not a day; write it as {today}.') from error


def _preview(html: str) -> None:
    with tempfile.NamedTemporaryFile("w", suffix=".html", delete=False, encoding="utf-8") as file:
        file.write(html)
    if webbrowser.open(f"file://{file.name}"):
        console().print(f"Opened {file.name}; nothing was sent.", soft_wrap=True)
    else:
        console().print(f"No web browser could be opened; the digest is in {file.name}.", soft_wrap=True)


def _state(letter: Letter, now: datetime) -> str:
    if letter.sent_at is not None:
        return "sent"
    if letter.refused_at is not None:
        return "set aside"
    return "in hand" if letter.held_until is not None and letter.held_until > now else "waits"


def _table(rows: list[tuple[Letter, str]]) -> Table:
    table = Table("letter", "state", "tries", "made (UTC)", "next or sent (UTC)", "to", "because")
    for each, state in rows:
        when = each.sent_at or each.due_at
        table.add_row(
            Text(harmless(each.key)),
            Text(state, _STATES[state]),
            str(each.tries),
            f"{each.made_at:%m-%d %H:%M}",
            f"{when:%m-%d %H:%M}" if each.refused_at is None else "",
            Text(_named(each, list(each.recipients))),
            Text(one_line(each.because, 200)),
        )
    return table


def _named(letter: Letter, to: list[str]) -> str:
    """The city's own people by address; a resident's address is nobody's business here."""
    if letter.kind in OUR_OWN:
        return one_line(", ".join(to), 2 * _ADDRESSES)
    return f"{len(to)} recipient{'' if len(to) == 1 else 's'}"
