"""A small picture for an alert, and what a hostile one does to us: nothing."""

from __future__ import annotations

import io
import os
import signal
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bot.evidence.media import thumbnail as module
from bot.evidence.media.thumbnail import LARGEST, LARGEST_SIDE, thumbnail

PROCESS = Path(module.__file__).with_name("thumbnail_process.py")
CONFINED = f"import runpy; process = runpy.run_path({str(PROCESS)!r}); process['warm_up'](); process['confine'](); "


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize("size", [(40, 30), (1280, 900), (4000, 500)])
def test_a_picture_comes_back_small_and_as_it_was(kind: str, size: tuple[int, int]) -> None:
    """The same shape and colour, a PNG, no side over 1280 pixels; a small one isn't made larger."""
    made = _opened(thumbnail(_picture(size, kind)))

    assert (made.format, max(made.size)) == ("PNG", min(max(size), LARGEST_SIDE))
    assert made.width / made.height == pytest.approx(size[0] / size[1], rel=0.02)
    colour = made.convert("RGB").getpixel((made.width // 2, made.height // 2))
    assert colour == pytest.approx((200, 30, 30), abs=6)


def test_nothing_but_pixels_comes_back() -> None:
    """Where a photo was taken, with which camera, and what its maker wrote into it, stay out of Slack."""
    exif = Image.Exif()
    exif[0x010E] = "SECRET description"
    exif.get_ifd(0x8825)[2] = (41.0, 45.0, 36.0)
    out = io.BytesIO()
    Image.new("RGB", (60, 60)).save(out, "JPEG", exif=exif, comment=b"SECRET comment", icc_profile=b"SECRET profile")

    made = thumbnail(out.getvalue())

    assert made is not None
    assert b"SECRET" in out.getvalue()
    assert set(_chunks(made)) <= {b"IHDR", b"IDAT", b"IEND"}


def test_a_picture_that_does_not_compress_is_made_smaller_until_it_fits() -> None:
    """Slack gets at most a megabyte."""
    noise = Image.frombytes("RGB", (1000, 1000), os.urandom(3_000_000))
    out = io.BytesIO()
    noise.save(out, "PNG")
    made = thumbnail(out.getvalue())

    assert made is not None
    assert len(made) <= LARGEST
    assert _opened(made).width >= 160


# ── bombs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_valid_picture_of_fifty_thousand_pixels_square_gives_none() -> None:
    """7.5 GB of pixels in 7 MB of file: known by its head, before anything is unpacked."""
    bomb = _bomb(50_000, 50_000)
    assert len(bomb) < 10_000_000
    started = time.monotonic()

    assert thumbnail(bomb) is None
    assert time.monotonic() - started < module.SECONDS


def test_the_bomb_is_a_true_picture() -> None:
    """The maker of bombs makes real files: a small one of its kind is read, and gives a thumbnail."""
    assert _opened(thumbnail(_bomb(300, 200))).size == (300, 200)


@pytest.mark.parametrize(
    ("width", "height"), [(2**31 - 1, 1), (1, 2**31 - 1), (0, 0), (65_536, 65_536), (8_000, 8_000)]
)
def test_sizes_that_no_picture_has_give_none(width: int, height: int) -> None:
    """Neither an overflow nor a billion pixels."""
    assert thumbnail(_png_head(width, height)) is None


def test_gifs_and_webps_that_lie_about_their_size_give_none() -> None:
    """The first frame may be larger than the screen that the head announces."""
    gif = bytearray(_picture((10, 10), "GIF"))
    frame = gif.index(b",", 13)
    gif[frame + 5 : frame + 9] = struct.pack("<HH", 65_535, 65_535)
    webp = b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0VP8 \0\0\0\0"

    assert (thumbnail(bytes(gif)), thumbnail(webp)) == (None, None)


def test_text_that_unpacks_to_a_gigabyte_is_not_unpacked() -> None:
    """Pictures carry compressed texts, too."""
    text = zlib.compress(b"\0" * 200_000_000, 9)
    picture = _picture((20, 20), "PNG")
    bomb = picture[:33] + _chunk(b"zTXt", b"k\0\0" + text) + picture[33:]
    started = time.monotonic()

    assert thumbnail(bomb) is None
    assert time.monotonic() - started < module.SECONDS


def test_a_picture_that_takes_too_long_gives_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alert goes out without it."""
    assert thumbnail(_picture((20, 20), "PNG"), seconds=0.001) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><image href='file:///etc/passwd'/></svg>",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) run",
        b"%PDF-1.7\n",
        b"SIMPLE  =                    T" + b" " * 2_850,
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"\xff\xd8\xff" + b"\xff" * 5_000,
        b"x" * 25_000_001,
    ],
    ids=["nothing", "svg", "eps", "pdf", "fits", "broken png", "broken jpeg", "too many bytes"],
)
def test_whatever_is_no_picture_of_the_four_kinds_gives_none(data: bytes) -> None:
    """Pillow knows forty formats, and each decoder is a door: four are opened."""
    assert thumbnail(data) is None


@pytest.mark.parametrize("kind", ["TIFF", "BMP", "ICO", "PPM", "JPEG2000"])
def test_the_other_decoders_stay_shut(kind: str) -> None:
    """Even for an honest picture."""
    assert thumbnail(_picture((20, 20), kind)) is None


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_a_damaged_picture_never_raises(data: st.DataObject) -> None:
    """A thumbnail, or none."""
    whole = _picture((30, 30), data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "WEBP"])))
    at = data.draw(st.integers(0, len(whole) - 1))
    made = thumbnail(whole[:at] + data.draw(st.binary(max_size=8)) + whole[at + 1 :])

    assert made is None or max(_opened(made).size) <= LARGEST_SIDE


# ── the process ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "crime",
    [
        "open('/etc/passwd')",
        "open('/tmp/x', 'w')",
        "import os; os.fork()",
        "import os; os.execv('/bin/true', ['true'])",
        "import os; os.kill(1, 0)",
        "import os; os.listdir('/')",
        "import os; os.setuid(0)",
        "import ctypes; ctypes.CDLL(None).socket(2, 1, 0)",
        "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
    ],
)
def test_what_takes_over_the_process_can_do_nothing_with_it(crime: str) -> None:
    """No file, no network, no other process: the first try ends it."""
    before, _, act = crime.rpartition("; ")
    done = _python(f"{before or 'pass'}; import ctypes, os; {CONFINED}{act}; print('done')")

    assert (done.returncode, done.stdout) == (-signal.SIGSYS, b"")


def test_the_process_has_no_memory_without_end() -> None:
    """A picture that asks for more than half a gigabyte ends its process, not the machine."""
    enough, too_much = (_python(f"import os; {CONFINED}bytearray({size}); os._exit(0)") for size in (10**8, 6 * 10**8))

    assert enough.returncode == 0
    assert too_much.returncode != 0


def test_the_process_is_told_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Our environment holds tokens. A process that hands its own on as a picture shows that they aren't there."""
    spy = tmp_path / "spy.py"
    spy.write_text("import os, sys; sys.stdout.buffer.write(b'\\x89PNG\\r\\n\\x1a\\n' + repr(os.environ).encode())")
    monkeypatch.setattr(module, "_PROCESS", spy)
    monkeypatch.setenv("BEADLE_SLACK_TOKEN", "xoxb-secret")

    told = thumbnail(b"any")

    assert told is not None
    assert b"PATH" in told
    assert b"BEADLE" not in told
    assert b"xoxb-secret" not in told


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has an account to give away")
def test_root_becomes_nobody() -> None:
    """Before the first byte of the picture is read. (Asked of the kernel from outside: the process may not look.)"""
    child = subprocess.Popen(
        [sys.executable, "-I", str(PROCESS), "100", "1000"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    status = Path(f"/proc/{child.pid}/status")
    until = time.monotonic() + 10
    while "Seccomp:\t2" not in status.read_text() and time.monotonic() < until:
        time.sleep(0.01)
    found = status.read_text()
    child.kill()
    child.communicate()

    assert "Uid:\t65534\t65534\t65534\t65534" in found
    assert "CapEff:\t0000000000000000" in found
    assert "NoNewPrivs:\t1" in found


# ── pictures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _picture(size: tuple[int, int], kind: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(out, kind)
    return out.getvalue()


def _opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png_head(width: int, height: int) -> bytes:
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", zlib.compress(b"\0" * 1_000)) + _chunk(b"IEND", b"")


def _bomb(width: int, height: int) -> bytes:
    """A valid black PNG of any size, made in no time: one packed row, again and again."""
    row = zlib.compressobj(9, wbits=-15)
    packed = row.compress(b"\0" * (3 * width + 1)) + row.flush(zlib.Z_FULL_FLUSH)
    total = (3 * width + 1) * height
    adler = struct.pack(">HH", total % 65_521, 1)
    body = b"\x78\x9c" + packed * height + b"\x03\x00" + adler
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunks(png: bytes) -> list[bytes]:
    kinds, at = [], 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        kinds.append(png[at + 4 : at + 8])
        at += 12 + length
    return kinds


def _python(code: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, timeout=30, check=False, env={"PATH": "/usr/bin"}
    )
