"""The sheet with the picture of the page: as it was taken, and honest about what it shows."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Any

import pypdf
import pytest
from PIL import Image

from bot.evidence.canonical import sha256
from bot.evidence.capture import Capture
from bot.evidence.card.printer import CardPrinter
from bot.evidence.packing.record import record_of
from tests.evidence.card.paper import PACKAGE, plain, png, words_of


def test_a_picture_gets_a_sheet_of_its_own(printer: CardPrinter, make_dossier: Any) -> None:
    """Page 2 shows the picture and says whether the words are in it."""
    proof = Capture(status="captured", viewport_png=png(), comment_text_visible=True, url_final="https://s.example/p")
    other = replace(proof, comment_text_visible=False, reason="The page shows only the beginning of the comment.")

    pages = [
        pypdf.PdfReader(
            io.BytesIO(printer.pdf(record_of(make_dossier(), capture, PACKAGE), capture.viewport_png))
        ).pages
        for capture in (proof, other)
    ]

    assert [len(each) for each in pages] == [2, 2]
    assert "The words of the comment are in the picture." in plain(pages[0][1].extract_text())
    assert "It does NOT show the words of the comment" in plain(pages[1][1].extract_text())


def test_the_picture_is_in_the_card_pixel_for_pixel(printer: CardPrinter, make_dossier: Any) -> None:
    """It is printed as it was taken, neither scaled nor compressed with loss."""
    capture = Capture(status="captured", viewport_png=png(64, 45, noisy=True), comment_text_visible=True)

    pages = pypdf.PdfReader(
        io.BytesIO(printer.pdf(record_of(make_dossier(), capture, PACKAGE), capture.viewport_png))
    ).pages

    (printed,) = pages[1].images
    assert printed.image is not None
    with Image.open(io.BytesIO(capture.viewport_png or b"")) as taken:
        assert printed.image.convert("RGB").tobytes() == taken.convert("RGB").tobytes()


SIGNATURE = b"\x89PNG\r\n\x1a\n"
SPOILT = {
    "half": SIGNATURE[:5],
    "empty": b"",
    "no picture": SIGNATURE + b"\0" * 100,
    "huge": SIGNATURE + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 60_000, 60_000, 8, 2, 0, 0, 0) + b"\0" * 40,
    "a drawing": b"<svg xmlns='http://www.w3.org/2000/svg'><image href='/etc/hostname'/></svg>",
}


@pytest.mark.parametrize("picture", SPOILT.values(), ids=SPOILT.keys())
def test_a_picture_that_cannot_be_shown_does_not_keep_the_card_from_being_set(
    printer: CardPrinter, make_dossier: Any, picture: bytes
) -> None:
    """The card says that it isn't shown, and why; the file is in the package all the same."""
    capture = Capture(status="captured", viewport_png=picture, comment_text_visible=True)

    data = printer.pdf(record_of(make_dossier(), capture, PACKAGE), picture)

    assert len(pypdf.PdfReader(io.BytesIO(data)).pages) == 1
    assert "Picture of the page None. The picture " in words_of(data)


def test_the_capture_sheet_says_how_the_picture_was_taken(printer: CardPrinter, make_dossier: Any) -> None:
    """Address, time, browser, server, certificate, sandbox, and the digest of the picture as it was taken."""
    facts = {
        "browser": "Chromium 156.0",
        "viewport": "1280x900",
        "sandbox": "verified",
        "taken_at": "2026-11-20T11:02:13.500000Z",
        "connections": [
            {"host": "cdn.example", "port": 443, "address": "198.51.100.9"},
            {"host": "s.example", "port": 443, "address": "203.0.113.7"},
        ],
        "blocked_requests": 3,
        "certificate": {"subject": "s.example", "issuer": "R11", "valid_from": "2026-10-01", "valid_to": "2026-12-30"},
    }
    capture = Capture(
        status="captured",
        viewport_png=png(),
        comment_text_visible=True,
        url_final="https://s.example/p",
        http_status=200,
        facts=facts,
    )

    data = printer.pdf(record_of(make_dossier(), capture, PACKAGE), capture.viewport_png)

    sheet = plain(pypdf.PdfReader(io.BytesIO(data)).pages[1].extract_text())
    for expected in (
        "https://s.example/p",
        "2026-11-20 11:02:13 UTC",
        "Chromium 156.0",
        "1280x900",
        "Server 203.0.113.7 Certificate s.example, issued by R11, valid from 2026-10-01, to 2026-12-30",
        "Sandbox verified Requests refused 3",
        sha256(png()),
    ):
        assert expected in sheet
