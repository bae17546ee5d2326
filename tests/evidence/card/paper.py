"""What is on a card, for tests: its words, its tags, its hostile writers, and a picture to put on it."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pypdf

PACKAGE = "ev-20261120T110214Z-aaaaaaaaaaaaa"
LABEL = "RENDERING OF THE PLATFORM API RECORD. NOT A SCREENSHOT."

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


def words_of(data: bytes) -> str:
    """All words of a PDF, with one space between them."""
    return plain(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages))


def plain(text: str) -> str:
    """A text without its line breaks and the places where a line may break."""
    return " ".join(text.replace("\u200b", "").split())


def tags_of(element: Any) -> list[tuple[str, str]]:
    """Each structure element with its alternative text, from the top."""
    element = element.get_object()
    if not isinstance(element, dict):
        return []
    children = element.get("/K", [])
    own = [(str(element["/S"]), str(element.get("/Alt", "")))] if "/S" in element else []
    return own + [tag for child in (children if isinstance(children, list) else [children]) for tag in tags_of(child)]


def png(width: int = 64, height: int = 45, *, noisy: bool = False) -> bytes:
    """A picture of one colour, or of all."""
    row = bytes(range(256)) * width if noisy else b"\x30\x60\x90" * width
    rows = b"".join(b"\0" + row[3 * at : 3 * at + 3 * width] for at in (range(height) if noisy else [0] * height))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    )
    framed = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)
