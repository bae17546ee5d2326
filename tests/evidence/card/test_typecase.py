"""The fonts of the card: known by what is in them, and never a box where a character has none."""

from __future__ import annotations

import io
import json
import os
import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest
from fontTools.ttLib import TTCollection, TTFont
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.evidence.card import typecase
from bot.evidence.card.printer import CardPrinter, fonts_digest
from bot.evidence.card.typecase import FONT_FOLDERS, LAST_RESORT, Typecase, pins
from bot.evidence.packing.record import record_of

PACKAGE = "ev-20261120T110214Z-aaaaaaaaaaaaa"
SAMPLES = dict(line.split(": ", 1) for line in (Path(__file__).parent / "scripts.txt").read_text("utf-8").splitlines())
FORMLESS = set("\u200c\u200d\ufe0e\ufe0f") | set(map(chr, range(0xE0020, 0xE0080)))
# Where letters combine or run to the left, readers of PDF give them back in the order in which they are painted.
COMBINING = {
    "Arabic", "Persian", "Urdu", "Hebrew", "Thaana", "Devanagari", "Bengali", "Gurmukhi", "Gujarati", "Odia", "Telugu",
    "Kannada", "Malayalam", "Sinhala", "Thai", "Lao", "Khmer", "Burmese", "Tibetan", "Zalgo",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is found in the fonts of these tests is kept away from this account's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="module")
def fonts() -> Typecase:
    """The typecase of this machine, read anew."""
    return Typecase()


def test_the_samples_are_of_more_than_twenty_scripts_and_each_can_be_printed(fonts: Typecase) -> None:
    """By the character maps of the pinned fonts, read here by another route than the card's."""
    has = set(_characters(face.path for face in fonts.faces))

    lacking = {name: set(text) - has - FORMLESS for name, text in SAMPLES.items()}

    assert len(SAMPLES) > 40
    assert {name: missing for name, missing in lacking.items() if missing} == {}
    assert fonts.fit([*SAMPLES.values()])[0] == [*SAMPLES.values()]


def test_pictures_show_the_same_scripts() -> None:
    """The browser takes its fonts from the system: every character of the samples is in one of those."""
    listed = subprocess.run(["fc-list", "--format=%{file}\n"], capture_output=True, text=True, check=True, timeout=30)
    has = set(_characters(Path(name) for name in sorted(set(listed.stdout.split("\n"))) if "Noto" in name))

    assert {name: set(text) - has - FORMLESS for name, text in SAMPLES.items() if set(text) - has - FORMLESS} == {}


@pytest.mark.parametrize("name", SAMPLES)
def test_the_words_can_be_searched_for_and_copied(printer: CardPrinter, make_dossier: Any, name: str) -> None:
    """What is printed is text, too: whole words where the script allows, else at least each of their letters."""
    text = SAMPLES[name]

    layer = _text(printer.pdf(record_of(make_dossier(text=text, spans=()), None, PACKAGE)))

    if name in COMBINING:
        assert {each for each in text if each.isalpha()} <= set(layer)
    else:
        assert "".join(text.split()) in "".join(layer.split())


def test_a_character_that_no_font_has_is_printed_as_its_code_point(printer: CardPrinter, make_dossier: Any) -> None:
    """PDF/A forbids empty boxes, so one such character would otherwise keep a comment from being sealed at all."""
    text = "one \U00030000 two \U0001fae9 three \ue000 four"

    words = _text(printer.pdf(record_of(make_dossier(text=text, spans=()), None, PACKAGE)))

    assert "one [U+30000] two" in words
    assert "three [U+E000] four" in words


@given(text=st.text(st.characters(), max_size=120))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_written_a_card_is_set(printer: CardPrinter, make_dossier: Any, text: str) -> None:
    """Any characters whatsoever, in the comment and in the name; and without falling back to bare Latin."""
    dossier = make_dossier(text=text, spans=((0, 3),), gaps=(text,))

    with capture_logs() as events:
        data = printer.pdf(record_of(dossier, None, PACKAGE))

    assert data.startswith(b"%PDF")
    assert events == []


@pytest.mark.parametrize("family", ["Noto Sans", "No Such Font"])
def test_what_the_typesetter_refuses_is_spelled_out(
    make_dossier: Any, monkeypatch: pytest.MonkeyPatch, family: str
) -> None:
    """If the fonts ever promise what they don't keep, the card is set with code points; no word is left out."""
    printer = CardPrinter()
    monkeypatch.setattr(printer._typecase, "fit", lambda sheet: (sheet, [family]))

    with capture_logs() as events:
        words = _text(printer.pdf(record_of(make_dossier(), None, PACKAGE)))

    assert "Nobody at town hall picks up the phone [U+1F621]" in words
    assert [each["event"] for each in events] == ["the card is set without any but Latin letters"]


def test_there_is_a_card_on_a_machine_without_fonts(make_dossier: Any) -> None:
    """Set in what the typesetter brings along, with code points for the rest."""
    bare = CardPrinter(())

    words = _text(bare.pdf(record_of(make_dossier(text="Fury, Überfall \U0001f621"), None, PACKAGE)))

    assert "Fury, [U+00DC]berfall [U+1F621]" in words
    assert "RENDERING OF THE PLATFORM API RECORD. NOT A SCREENSHOT." in words


def test_a_damaged_font_keeps_no_card_from_being_set(make_dossier: Any, tmp_path: Path) -> None:
    """Half a file, noise in a file (which makes the typesetter panic): the letters are printed as code points."""
    dossier = make_dossier(text="สวัสดีชาวโลก ที่นี่ ปู่", spans=())
    chance = random.Random(1)

    for number, data in enumerate(_damaged((FONT_FOLDERS[0] / "NotoSansThai-Regular.ttf").read_bytes(), chance)):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"):
            (folder / name).symlink_to(FONT_FOLDERS[0] / name)
        (folder / "NotoSansThai-Regular.ttf").write_bytes(data)

        words = _text(CardPrinter((folder,)).pdf(record_of(dossier, None, PACKAGE)))

        assert "RENDERING OF THE PLATFORM API RECORD. NOT A SCREENSHOT." in words
        assert "Account displayed as Mallory Reyes" in words


def test_a_card_takes_only_the_fonts_of_its_letters(fonts: Typecase) -> None:
    """Looking through all hundred and fifty for each odd character took the typesetter seconds."""
    assert fonts.fit(["Plain Latin, café"])[1] == ["Noto Sans"]
    assert fonts.fit(["شكرا ❤️", {"a": ["\U00010e80"]}])[1] == [
        "Noto Sans",
        "Noto Color Emoji",
        "Noto Sans Arabic",
        "Noto Serif Yezidi",
    ]
    assert LAST_RESORT not in fonts.fit(["x"])[1]


def test_the_digest_is_of_what_is_in_the_fonts(tmp_path: Path) -> None:
    """Another content under the same name, size and time is another digest; another place is not."""
    folder, elsewhere = tmp_path / "a", tmp_path / "b"
    for each in (folder, elsewhere):
        each.mkdir()
        for name in ("NotoSans-Regular.ttf", "NotoSans-Bold.ttf"):
            (each / name).write_bytes((FONT_FOLDERS[0] / name).read_bytes())
    before = Typecase([folder]).digest
    changed = elsewhere / "NotoSans-Bold.ttf"
    times = (changed.stat().st_atime_ns, changed.stat().st_mtime_ns)

    assert Typecase([elsewhere]).digest == before
    content = changed.read_bytes()
    changed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(changed, ns=times)

    assert Typecase([elsewhere]).digest != before
    assert fonts_digest([folder]) == f"2 files, sha256 {before}"


def test_fonts_are_read_once_and_again_when_they_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second start reads what the first wrote down; a font that was put there since is seen."""
    folder, cache = tmp_path / "fonts", tmp_path / "cache" / "fonts.json"
    folder.mkdir()
    (folder / "NotoSans-Regular.ttf").symlink_to(FONT_FOLDERS[0] / "NotoSans-Regular.ttf")
    first = Typecase([folder], cache).contents
    monkeypatch.setattr(typecase, "_digests", lambda faces: pytest.fail("the fonts were read again"))
    assert Typecase([folder], cache).contents == first

    monkeypatch.undo()
    (folder / "NotoSansThai-Regular.ttf").symlink_to(FONT_FOLDERS[0] / "NotoSansThai-Regular.ttf")

    assert set(Typecase([folder], cache).contents.digests) == {"NotoSans-Regular.ttf", "NotoSansThai-Regular.ttf"}


@pytest.mark.parametrize("rubbish", [b"", b"{}", b'{"key": 1, "table": "x"}', b"\xff\xfe", b"[1]"])
def test_a_spoilt_cache_is_not_believed(tmp_path: Path, rubbish: bytes) -> None:
    """Half a file, or anybody's, costs a second and nothing else."""
    cache = tmp_path / "fonts.json"
    cache.write_bytes(rubbish)
    folder = tmp_path / "fonts"
    folder.mkdir()
    (folder / "NotoSans-Regular.ttf").symlink_to(FONT_FOLDERS[0] / "NotoSans-Regular.ttf")

    assert Typecase([folder], cache).contents == Typecase([folder]).contents
    assert json.loads(cache.read_bytes())["digests"]


def test_the_pins_name_every_file_once_with_a_whole_digest() -> None:
    """They are the measure for the doctor."""
    faces = [(name, digests) for family in pins().values() for name, digests in family.items()]

    assert len({name for name, _ in faces}) == len(faces) > 180
    assert all(len(digest) == 64 for _, digests in faces for digest in digests)
    assert len(pins()["Noto Color Emoji"]["NotoColorEmoji.ttf"]) == 4  # one for each release; the others have the same


def _damaged(font: bytes, chance: random.Random) -> Iterator[bytes]:
    yield b""
    yield font[: len(font) * 9 // 10]
    for _ in range(6):
        noisy = bytearray(font)
        for _ in range(60):
            noisy[chance.randrange(len(noisy))] = chance.randrange(256)
        yield bytes(noisy)


def _characters(paths: Any) -> Iterator[str]:
    for path in paths:
        fonts = TTCollection(path, lazy=True).fonts if path.suffix == ".ttc" else [TTFont(path, lazy=True)]
        for font in fonts[:1]:
            yield from map(chr, font.getBestCmap() or ())


def _text(data: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(data)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).replace("\u200b", "").split())
