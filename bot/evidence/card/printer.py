"""The card: the record of a case as a sheet that a mayor and a judge can read. The same record, the same bytes.

Set with typst, without a browser, so that there is a card when everything else is down. What a stranger wrote goes in
as data, never as markup.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import Any

import typst

from bot.errors import EvidenceError
from bot.evidence.canonical import canonical, sha256
from bot.evidence.card.sheet import sheet_of

FONT_FOLDERS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/opentype/noto"))
PNG_PPI = 110.0
_STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]


def fonts_digest(folders: Iterable[Path] = FONT_FOLDERS) -> str:
    """How many font files there are, and a short digest of their names and sizes: machines with the same one set the
    same card."""
    found = sorted((path.name, path.stat().st_size) for folder in folders for path in folder.glob("*.[ot]t[fc]"))
    return f"{len(found)} files, {sha256(canonical(found))[:16]}"


class CardPrinter:
    """Prints cards. Keep one: it takes a second to read the fonts, and then some hundredths for a card.

    Without the Noto fonts in ``font_folders`` it still prints, with boxes for the scripts that are missing;
    ``bot.evidence.health`` says what to install.
    """

    def __init__(self, font_folders: tuple[Path, ...] = FONT_FOLDERS) -> None:
        self._template = files("bot.evidence.card").joinpath("templates", "card.typ").read_bytes()
        self._folder = tempfile.TemporaryDirectory(prefix="beadle-card-")
        self._numbers = count()
        self._mutex = threading.Lock()
        self._compiler = typst.Compiler(
            root=self._folder.name,
            font_paths=[str(folder) for folder in font_folders if folder.is_dir()],
            ignore_system_fonts=True,  # or the same record would look otherwise on the next machine
        )

    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes:
        """The card as PDF/A-3a and PDF/UA-1 with the record attached; a second page shows ``picture`` (PNG).

        Raises ``EvidenceError`` when it can't be set.
        """
        if picture is None:
            return self._compile(record, "", "pdf")
        name = f"{next(self._numbers)}.png"
        path = Path(self._folder.name, name)
        try:
            path.write_bytes(picture)
            return self._compile(record, name, "pdf")
        except OSError as error:
            raise EvidenceError(f"The card can't be set ({error.strerror}); make room in {path.parent}.") from error
        finally:
            path.unlink(missing_ok=True)

    def png(self, record: Mapping[str, Any]) -> bytes:
        """Page 1 as PNG, for where a picture is wanted and no screenshot exists. Raises ``EvidenceError``."""
        return self._compile(record, "", "png")

    def close(self) -> None:
        """Remove the scratch folder."""
        self._folder.cleanup()

    def _compile(self, record: Mapping[str, Any], picture: str, kind: typst.OutputFormat) -> bytes:
        inputs = {
            "sheet": json.dumps(sheet_of(record, has_picture=bool(picture))),
            "record": canonical(record).decode(),
            "picture": picture,
        }
        moment = datetime.fromisoformat(record["times"]["captured_at"]).replace(microsecond=0)
        try:
            with self._mutex:
                made = self._compiler.compile(
                    input=self._template,
                    format=kind,
                    sys_inputs=inputs,
                    timestamp=moment,
                    ppi=PNG_PPI if kind == "png" else None,
                    pdf_standards=_STANDARDS if kind == "pdf" else [],
                )
        except RuntimeError as error:
            raise EvidenceError(
                "The card could not be set; the case waits. Report this with its case id.",
                package=record["package_id"],
            ) from error
        first = made[0] if isinstance(made, list) else made
        assert first is not None, "no output path was given, so the bytes come back"
        return first
