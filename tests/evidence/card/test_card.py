"""The card: legible, honest about what it is, the same bytes everywhere, and deaf to what a stranger writes."""

from __future__ import annotations

import io
import json
import os
import struct
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypdf
import pytest

from bot.evidence.canonical import canonical, sha256
from bot.evidence.capture import Capture
from bot.evidence.card.printer import CardPrinter
from bot.evidence.dossier import Medium
from bot.evidence.packing.record import record_of
from connectors.contract import Author
from tests.evidence.card.paper import HOSTILE, LABEL, PACKAGE, plain, png, tags_of, words_of

NOW = datetime(2026, 11, 20, 11, 2, 14, tzinfo=UTC)


def test_the_card_shows_the_comment_the_clause_and_the_words(printer: CardPrinter, make_dossier: Any) -> None:
    """What a mayor asks first stands on page 1."""
    text = words_of(printer.pdf(record_of(make_dossier(), None, PACKAGE)))

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

    assert LABEL in words_of(printer.pdf(record_of(hostile, None, PACKAGE)))


def test_the_record_is_attached_to_the_card(printer: CardPrinter, make_dossier: Any) -> None:
    """Whoever has only the PDF has the record, byte for byte."""
    record = record_of(make_dossier(), None, PACKAGE)

    attached = pypdf.PdfReader(io.BytesIO(printer.pdf(record))).attachments["record.json"][0]

    assert attached == canonical(record)


def test_the_card_is_an_archival_and_accessible_pdf(printer: CardPrinter, make_dossier: Any) -> None:
    """It says that it is PDF/A-3a and PDF/UA-1; typst refuses to write one that breaks their rules."""
    data = printer.pdf(record_of(make_dossier(), None, PACKAGE))

    metadata = pypdf.PdfReader(io.BytesIO(data)).root_object["/Metadata"].get_data().decode()  # type: ignore[attr-defined]
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata


def test_the_card_can_be_read_aloud_and_says_what_is_attached(printer: CardPrinter, make_dossier: Any) -> None:
    """Tags, language, title, a colour profile, a description of the picture, and the record as the card's source."""
    capture = Capture(status="captured", viewport_png=png(), comment_text_visible=True, url_final="https://s.example/p")
    data = printer.pdf(record_of(make_dossier(), capture, PACKAGE), capture.viewport_png)

    root: Any = pypdf.PdfReader(io.BytesIO(data)).root_object
    attached = root["/AF"][0].get_object()
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert attached["/AFRelationship"] == "/Source"
    assert attached["/EF"]["/F"]["/Subtype"] == "/application/json"
    tags = tags_of(root["/StructTreeRoot"])
    assert {"/H1", "/H2", "/P", "/Figure"} <= {name for name, _ in tags}
    assert [alt for name, alt in tags if name == "/Figure"] == [
        "Picture of the public page, taken without being logged in. The text of the comment is on page 1."
    ]


PLACES = (
    {"TZ": "Asia/Tokyo", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
    {"TZ": "America/New_York", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "2"},
    {"TZ": "Pacific/Chatham", "LC_ALL": "de_DE.UTF-8", "PYTHONHASHSEED": "3"},
    {"TZ": "UTC", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "4", "XDG_CACHE_HOME": "/nonexistent"},
)
PROGRAM = """
import hashlib, json, sys
from bot.evidence.card.printer import CardPrinter
record, picture = json.load(open(sys.argv[1])), open(sys.argv[2], "rb").read()
printer = CardPrinter()
for data in (printer.pdf(record), printer.pdf(record, picture), printer.png(record)):
    print(hashlib.sha256(data).hexdigest())
"""


def test_the_same_record_is_the_same_card_on_every_machine(
    printer: CardPrinter, make_dossier: Any, tmp_path: Path
) -> None:
    """Processes in other time zones, languages and hash orders print the same bytes, with and without a picture."""
    capture = Capture(status="captured", viewport_png=png(320, 225), comment_text_visible=True)
    record = record_of(make_dossier(text=HOSTILE["scripts"] + HOSTILE["emoji"]), capture, PACKAGE)
    (tmp_path / "record.json").write_text(json.dumps(record))
    (tmp_path / "picture.png").write_bytes(png(320, 225))

    said = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(tmp_path / "record.json"), str(tmp_path / "picture.png")],
            env={**os.environ, **place},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for place in PLACES
    }

    here = (printer.pdf(record), printer.pdf(record, png(320, 225)), printer.png(record))
    assert said == {"".join(f"{sha256(data)}\n" for data in here)}


def test_cards_set_at_the_same_time_are_the_same_cards(printer: CardPrinter, make_dossier: Any) -> None:
    """Many threads share one printer; none gets another's words."""
    records = [
        record_of(make_dossier(f"case-{number}", text=f"number {number}"), None, PACKAGE) for number in range(24)
    ]
    alone = [printer.pdf(record) for record in records]

    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(printer.pdf, records))

    assert together == alone
    assert len({*alone}) == len(records)


def test_nothing_is_written_to_the_disk(make_dossier: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A printer that is killed leaves no scratch files, because it has none."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    capture = Capture(status="captured", viewport_png=png(), comment_text_visible=True)

    CardPrinter().pdf(record_of(make_dossier(), capture, PACKAGE), capture.viewport_png)

    assert list(tmp_path.iterdir()) == []


def test_what_came_with_the_comment_is_listed(printer: CardPrinter, make_dossier: Any) -> None:
    """Kind, size and digest of each attachment; a restricted one is named as that."""
    medium = Medium(
        url="https://cdn.example/1", final_url=None, status=200, declared_type="image/png", sniffed="image/png",
        extension="png", size=12_345, sha256="ab" * 32, fetched_at=NOW, data=b"x" * 12_345,
    )  # fmt: skip
    restricted = replace(medium, sha256="cd" * 32, restricted=True, data=None)

    words = words_of(printer.pdf(record_of(make_dossier(media=(medium, restricted)), None, PACKAGE)))

    assert f"image/png, 12,345 bytes, kept SHA-256 {'ab' * 32}" in words
    assert f"12,345 bytes, not copied, restricted: only its digest is kept SHA-256 {'cd' * 32}" in words


def test_many_clauses_findings_and_gaps_are_counted(printer: CardPrinter, make_dossier: Any) -> None:
    """The card names the first ones and says how many more the attached record has."""
    record = record_of(make_dossier(gaps=tuple(f"Gap {number}." for number in range(40))), None, PACKAGE)
    verdict = record["verdict"]
    many = {**verdict, "clauses": verdict["clauses"] * 40, "findings": verdict["findings"] * 40}

    words = words_of(printer.pdf({**record, "verdict": many}))

    assert "And 28 more clauses, in the attached record." in words
    assert "And 32 more findings, in the attached record." in words
    assert "And 28 more gaps, in the attached record." in words


def test_the_clause_stands_on_page_one_however_long_the_comment_is(printer: CardPrinter, make_dossier: Any) -> None:
    """Page 1 shows the matched words out of the middle; the comment in full follows behind."""
    text = "so angry " * 500 + "utter bullshit " + "so angry " * 500
    record = record_of(make_dossier(text=text, spans=((4_506, 4_514),)), None, PACKAGE)

    pages = pypdf.PdfReader(io.BytesIO(printer.pdf(record))).pages

    first, second = (plain(page.extract_text()) for page in pages[:2])
    assert "utter bullshit" in first
    assert "Comments may not contain vulgar or obscene language." in first
    assert "THE COMMENT IN FULL" in second


def test_the_card_can_be_had_as_a_picture(printer: CardPrinter, make_dossier: Any) -> None:
    """For Slack, when no screenshot exists: page 1 as PNG, wide enough to be read."""
    data = printer.png(record_of(make_dossier(), None, PACKAGE))

    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG")
    assert width >= 900
    assert height > width
