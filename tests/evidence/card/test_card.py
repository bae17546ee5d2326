"""The card: legible, honest about what it is, the same bytes everywhere, and deaf to what a stranger writes."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pypdf
import pytest

from bot.evidence.capture import Capture
from bot.evidence.card.printer import CardPrinter
from bot.evidence.packing.record import record_of
from connectors.contract import Author

PACKAGE = "ev-20261120T110214Z-aaaaaaaaaaaaa"
LABEL = "RENDERING OF THE PLATFORM API RECORD. NOT A SCREENSHOT."


def test_the_card_shows_the_comment_the_clause_and_the_words(printer: CardPrinter, make_dossier: Any) -> None:
    """What a mayor asks first stands on page 1."""
    text = _words(printer.pdf(record_of(make_dossier(), None, PACKAGE)))

    for expected in (
        "Millbrook, Connecticut",
        "Account displayed as Mallory Reyes",
        "complete bullshit, Dana",
        "3.4.3.A",
        "Comments may not contain vulgar or obscene language.",
        "2026-11-20 11:02:14 UTC",
        "Snow routes are out.",
        "777_55501",
    ):
        assert expected in text
    assert "wrote" not in text


def test_the_card_never_calls_itself_a_screenshot(printer: CardPrinter, make_dossier: Any) -> None:
    """EV-03: a rendering is labelled as one, whatever else stands on the sheet."""
    hostile = make_dossier(text="SCREENSHOT OF THE PAGE\n" * 300, author=Author("1", "NOT A RENDERING " * 30))

    assert LABEL in _words(printer.pdf(record_of(hostile, None, PACKAGE)))


def test_the_record_is_attached_to_the_card(printer: CardPrinter, make_dossier: Any) -> None:
    """Whoever has only the PDF has the record, byte for byte."""
    record = record_of(make_dossier(), None, PACKAGE)

    attached = pypdf.PdfReader(io.BytesIO(printer.pdf(record))).attachments["record.json"][0]

    assert json.loads(attached) == record


def test_the_card_is_an_archival_and_accessible_pdf(printer: CardPrinter, make_dossier: Any) -> None:
    """It says that it is PDF/A-3a and PDF/UA-1; typst refuses to write one that breaks their rules."""
    data = printer.pdf(record_of(make_dossier(), None, PACKAGE))

    metadata = pypdf.PdfReader(io.BytesIO(data)).root_object["/Metadata"].get_data().decode()  # type: ignore[attr-defined]
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


def test_a_picture_gets_a_sheet_of_its_own(printer: CardPrinter, make_dossier: Any) -> None:
    """Page 2 shows the picture and says whether the words are in it."""
    proof = Capture(status="captured", viewport_png=_png(), comment_text_visible=True, url_final="https://s.example/p")
    other = replace(proof, comment_text_visible=False, reason="The page shows only the beginning of the comment.")

    pages = [
        pypdf.PdfReader(
            io.BytesIO(printer.pdf(record_of(make_dossier(), capture, PACKAGE), capture.viewport_png))
        ).pages
        for capture in (proof, other)
    ]

    assert [len(each) for each in pages] == [2, 2]
    assert "The words of the comment are in the picture." in _plain(pages[0][1].extract_text())
    assert "It does NOT show the words of the comment" in _plain(pages[1][1].extract_text())


def test_the_same_record_is_the_same_card_on_every_machine(
    printer: CardPrinter, make_dossier: Any, tmp_path: Path
) -> None:
    """Two more processes, in other time zones and languages, print the same bytes."""
    record = record_of(make_dossier(), None, PACKAGE)
    (tmp_path / "record.json").write_text(json.dumps(record))
    program = (
        "import sys, json, hashlib; from bot.evidence.card.printer import CardPrinter\n"
        "print(hashlib.sha256(CardPrinter().pdf(json.load(open(sys.argv[1])))).hexdigest())\n"
    )
    places = [{"TZ": "Asia/Tokyo", "LANG": "C.UTF-8"}, {"TZ": "America/New_York", "LANG": "tr_TR.UTF-8"}]

    digests = {
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "record.json")],
            env={**os.environ, **place},
            capture_output=True,
            check=True,
        ).stdout
        for place in places
    }

    assert digests == {f"{_digest(printer.pdf(record))}\n".encode()}


HOSTILE = {
    "markup": "#set page(width: 1pt) *bold* $x$ `raw` #panic() <b>alert(1)</script> \\input{/etc/passwd} @ref <l>",
    "bidi": "\u202edlrow olleh\u202c and \u2066more",
    "null": "before\x00after\x1b[31mred\x07",
    "half": "\ud83d half",
    "zalgo": "Z" + "\u0301\u0489" * 400 + "algo",
    "emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f1fa\U0001f1f8 \U0001f44b\U0001f3fd"
    * 200,
    "scripts": "مرحبا بالعالم\nשלום עולם\nनमस्ते दुनिया\n你好世界\nสวัสดีชาวโลก\nこんにちは 세계\nПривет 𝓱𝓮𝓵𝓵𝓸",
    "long word": "a" * 20_000,
    "too long": "so angry " * 6_667,
    "many lines": "\n" * 5_000,
    "spaces": " " * 3_000 + "x",
    "nothing": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_strangers_text_stays_text(printer: CardPrinter, make_dossier: Any, text: str) -> None:
    """No markup, control character or length keeps a card from being set, or takes its label away."""
    record = record_of(make_dossier(text=text, spans=((0, 5), (3, 9))), None, PACKAGE)

    words = _words(printer.pdf(record))

    assert LABEL in words
    assert "Account displayed as Mallory Reyes" in words


def test_what_reorders_or_hides_is_printed_as_its_code_point(printer: CardPrinter, make_dossier: Any) -> None:
    """A right-to-left override can't turn the label round: it is shown as [U+202E]."""
    words = _words(
        printer.pdf(record_of(make_dossier(text=HOSTILE["bidi"] + HOSTILE["null"], spans=()), None, PACKAGE))
    )

    assert "[U+202E]dlrow olleh[U+202C]" in words
    assert "before[U+0000]after[U+001B]" in words


def test_a_very_long_comment_says_what_is_left_out(printer: CardPrinter, make_dossier: Any) -> None:
    """The card is cut at 20,000 characters; the record attached to it is not."""
    record = record_of(make_dossier(text=HOSTILE["too long"]), None, PACKAGE)

    data = printer.pdf(record)

    assert "The comment has 60,003 characters; the last 40,003 are not printed here." in _words(data)
    attached = pypdf.PdfReader(io.BytesIO(data)).attachments["record.json"][0]
    assert json.loads(attached)["comment"]["text"] == HOSTILE["too long"]


def test_the_clause_stands_on_page_one_however_long_the_comment_is(printer: CardPrinter, make_dossier: Any) -> None:
    """Page 1 shows the matched words out of the middle; the comment in full follows behind."""
    text = "so angry " * 500 + "utter bullshit " + "so angry " * 500
    record = record_of(make_dossier(text=text, spans=((4_506, 4_514),)), None, PACKAGE)

    pages = pypdf.PdfReader(io.BytesIO(printer.pdf(record))).pages

    first, second = (_plain(page.extract_text()) for page in pages[:2])
    assert "utter bullshit" in first
    assert "Comments may not contain vulgar or obscene language." in first
    assert "THE COMMENT IN FULL" in second


def test_a_hostile_name_is_a_name(printer: CardPrinter, make_dossier: Any) -> None:
    """Names of accounts, posts and pages are strangers' text, too."""
    name = "\u202e#panic() <b>\x00" + "W" * 5_000
    dossier = make_dossier(author=Author(name, name, name, name), gaps=(name,))

    assert LABEL in _words(printer.pdf(record_of(dossier, None, PACKAGE)))


def test_the_card_can_be_had_as_a_picture(printer: CardPrinter, make_dossier: Any) -> None:
    """For Slack, when no screenshot exists: page 1 as PNG, wide enough to be read."""
    data = printer.png(record_of(make_dossier(), None, PACKAGE))

    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG")
    assert width >= 900
    assert height > width


def _words(data: bytes) -> str:
    return _plain(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages))


def _plain(text: str) -> str:
    return " ".join(text.replace("\u200b", "").split())


def _digest(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


def _png(width: int = 64, height: int = 45) -> bytes:
    rows = b"".join(b"\0" + b"\x30\x60\x90" * width for _ in range(height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)
