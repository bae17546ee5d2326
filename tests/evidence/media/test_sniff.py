"""What a file is, by its first bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.evidence.media.sniff import UNKNOWN, sniff


def _box(major: bytes, *compatible: bytes) -> bytes:
    body = b"ftyp" + major + b"\0\0\0\0" + b"".join(compatible)
    return (len(body) + 4).to_bytes(4, "big") + body + b"\0" * 40


KNOWN = {
    "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF",
    "gif": b"GIF89a\x01\0\x01\0",
    "webp": b"RIFF\x24\0\0\0WEBPVP8 ",
    "avif": _box(b"avif", b"mif1", b"miaf"),
    "heic": _box(b"heic", b"mif1"),
    "mp4": _box(b"isom", b"iso2", b"avc1", b"mp41"),
    "mov": _box(b"qt  "),
    "webm": b"\x1aE\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webmB\x87\x81\x04",
    "mp3": b"ID3\x04\0\0\0\0\0\0",
    "ogg": b"OggS\0\x02",
    "pdf": b"%PDF-1.7\n",
}
STRANGE = {
    "a page": b"<!doctype html><script>alert(1)</script>",
    "a drawing that can run scripts": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">',
    "a program": b"MZ\x90\0",
    "an archive": b"PK\x03\x04",
    "a film of another container": b"\x1aE\xdf\xa3\x9fB\x82\x88matroska",
    "a box of an unknown brand": _box(b"evil", b"evil"),
    "a picture behind other bytes": b"GIF" + b"\x89PNG\r\n\x1a\n",
    "a wave file": b"RIFF\x24\0\0\0WAVEfmt ",
    "nothing": b"",
    "noise that only begins like sound": b"\xff\xff\xff\xff",
}


@pytest.mark.parametrize("extension", KNOWN)
def test_each_kind_on_the_list_is_known_by_its_bytes(extension: str) -> None:
    """Whatever the address or the server calls it."""
    assert sniff(KNOWN[extension]).extension == extension


@pytest.mark.parametrize("what", STRANGE)
def test_whatever_is_not_on_the_list_is_only_bytes(what: str) -> None:
    """A browser that is handed the file must find no reason to run it."""
    assert sniff(STRANGE[what]) == UNKNOWN


def test_a_picture_of_a_general_container_is_told_by_what_it_is_compatible_with() -> None:
    """``mif1`` says only that it is a picture."""
    assert sniff(_box(b"mif1", b"avif")).extension == "avif"
    assert sniff(_box(b"mif1", b"heic")).extension == "heic"


def test_sound_without_a_tag_is_known_by_its_first_frame() -> None:
    """Many files begin without ID3."""
    assert sniff(b"\xff\xfb\x90\x64").extension == "mp3"


@given(st.binary(max_size=100))
def test_any_bytes_have_a_kind(start: bytes) -> None:
    """Nothing that a server sends can raise, and the extension is one of ours."""
    assert sniff(start).extension in {*KNOWN, "bin"}
