"""What a stranger writes stays text on the card, and whole in what is attached to it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pypdf
import pytest

from bot.evidence.card.printer import CardPrinter
from bot.evidence.packing.record import record_of
from connectors.contract import Author
from tests.evidence.card.paper import HOSTILE, LABEL, PACKAGE, words_of


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_strangers_text_stays_text(printer: CardPrinter, make_dossier: Any, text: str) -> None:
    """No markup, control character or length keeps a card from being set, or takes its label away."""
    record = record_of(make_dossier(text=text, spans=((0, 5), (3, 9))), None, PACKAGE)

    words = words_of(printer.pdf(record))

    assert LABEL in words
    assert "Account displayed as Mallory Reyes" in words


def test_what_reorders_or_hides_is_printed_as_its_code_point(printer: CardPrinter, make_dossier: Any) -> None:
    """A right-to-left override can't turn the label round: it is shown as [U+202E]."""
    words = words_of(
        printer.pdf(record_of(make_dossier(text=HOSTILE["bidi"] + HOSTILE["null"], spans=()), None, PACKAGE))
    )

    assert "[U+202E]dlrow olleh[U+202C]" in words
    assert "before[U+0000]after[U+001B]" in words


def test_a_very_long_comment_says_what_is_left_out(printer: CardPrinter, make_dossier: Any) -> None:
    """The card is cut at 20,000 characters; the record attached to it is not."""
    record = record_of(make_dossier(text=HOSTILE["too long"]), None, PACKAGE)

    data = printer.pdf(record)

    assert "The comment has 60,003 characters; the last 40,003 are not printed here." in words_of(data)
    attached = pypdf.PdfReader(io.BytesIO(data)).attachments["record.json"][0]
    assert json.loads(attached)["comment"]["text"] == HOSTILE["too long"]


def test_a_hostile_name_is_a_name(printer: CardPrinter, make_dossier: Any) -> None:
    """Names of accounts, posts and pages are strangers' text, too."""
    name = "\u202e#panic() <b>\x00" + "W" * 5_000
    dossier = make_dossier(author=Author(name, name, name, name), gaps=(name,))

    assert LABEL in words_of(printer.pdf(record_of(dossier, None, PACKAGE)))


@pytest.mark.parametrize(
    "odd", ["half \ud83d", "\x00\x07\x1b[2J\r\x7f\x9b", "\u2028\ufeff\uffff", "\U0010ffff e\u0301"]
)
def test_what_is_attached_is_what_is_sealed_whatever_was_written(
    printer: CardPrinter, make_dossier: Any, make_archive: Any, odd: str
) -> None:
    """Half characters, control characters and unassigned ones go through the typesetter unharmed."""
    archive = make_archive(printer=printer)
    sealed = archive.read(archive.seal(make_dossier(text=odd, spans=()), None).package_id)

    with zipfile.ZipFile(io.BytesIO(next(archive.root.glob("packages/*/*/*/*.zip")).read_bytes())) as package:
        names = {name.split("/", 1)[-1]: name for name in package.namelist()}
        card, record = (package.read(names[name]) for name in ("data/card/evidence.pdf", "data/record.json"))

    assert pypdf.PdfReader(io.BytesIO(card)).attachments["record.json"][0] == record
    assert sealed.record["comment"]["text"] == odd
