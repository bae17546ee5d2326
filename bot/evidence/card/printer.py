"""The card: the record of a case as a sheet that a mayor and a judge can read. The same record, the same bytes.

Set with typst, without a browser, so that there is a card when everything else is down. What a stranger wrote goes in
as data, never as markup.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from queue import LifoQueue
from typing import Any

import structlog
import typst

from bot.errors import EvidenceError
from bot.evidence.canonical import canonical
from bot.evidence.card.drawing import drawing_of
from bot.evidence.card.sheet import sheet_of
from bot.evidence.card.typecase import FONT_FOLDERS, Typecase, cache_file

AT_ONCE = 2
PNG_PPI = 110.0
_TEMPLATES = files("bot.evidence.card").joinpath("templates")
_STANDARDS: list[typst.PDFStandard] = ["a-3a", "ua-1"]

events = structlog.get_logger(__name__)


def fonts_digest(folders: Iterable[Path] = FONT_FOLDERS) -> str:
    """How many font files cards are set in, and the SHA-256 of their names and contents: machines with the same one
    set the same card."""
    typecase = _typecase(tuple(folders))
    return f"{len(typecase.contents.digests)} files, sha256 {typecase.digest}"


class CardPrinter:
    """Prints cards. Keep one: it takes some tenths of a second to find the fonts, and then some hundredths for a card.
    Safe to use from many threads; ``AT_ONCE`` cards are set at a time.

    What no font in ``font_folders`` has is printed as code points, so a card can be had without any font;
    ``bot.evidence.health`` says what to install.
    """

    def __init__(self, font_folders: tuple[Path, ...] = FONT_FOLDERS) -> None:
        self._template = _TEMPLATES.joinpath("card.typ").read_bytes()
        self._typecase = _typecase(font_folders)
        self._idle: LifoQueue[typst.Compiler] = LifoQueue()
        for _ in range(AT_ONCE):
            self._idle.put(self._compiler())

    def pdf(self, record: Mapping[str, Any], picture: bytes | None = None) -> bytes:
        """The card as PDF/A-3a and PDF/UA-1 with the record attached; a second page shows ``picture`` (PNG).

        Raises ``EvidenceError`` when it can't be set.
        """
        return self._set(record, picture, "pdf")

    def png(self, record: Mapping[str, Any]) -> bytes:
        """Page 1 as PNG, for where a picture is wanted and no screenshot exists. Raises ``EvidenceError``."""
        return self._set(record, None, "png")

    def close(self) -> None:
        """There is nothing on the disk to remove."""

    def _set(self, record: Mapping[str, Any], picture: bytes | None, kind: typst.OutputFormat) -> bytes:
        drawing = drawing_of(picture)
        sheet = sheet_of(record, drawing)
        try:
            return self._compile(record, self._typecase.fit(sheet), drawing.svg, kind)
        except (typst.TypstError, _Lacking) as refused:
            package, why = record["package_id"], type(refused).__name__
            events.warning("the card is set without any but Latin letters", package=package, why=why)
            return self._spelled(record, self._typecase.spell(sheet), drawing.svg, kind, refused)

    def _compiler(self) -> typst.Compiler:
        return typst.Compiler(root=str(_TEMPLATES), font_paths=self._typecase.fonts)

    def _spelled(
        self,
        record: Mapping[str, Any],
        spelled: tuple[Any, list[str]],
        picture: str,
        kind: typst.OutputFormat,
        refused: Exception,
    ) -> bytes:
        try:
            return self._compile(record, spelled, picture, kind)
        except (RuntimeError, _Lacking) as error:
            raise EvidenceError(
                "The card could not be set; the case waits. Report this with its case id.",
                package=record["package_id"],
                first=str(refused)[:200],
            ) from error

    def _compile(
        self, record: Mapping[str, Any], fitted: tuple[Any, list[str]], picture: str, kind: typst.OutputFormat
    ) -> bytes:
        sheet, families = fitted
        inputs = {
            "sheet": json.dumps({**sheet, "fonts": families}),
            "record": canonical(record).decode(),
            "picture": picture,
        }
        moment = datetime.fromisoformat(record["times"]["captured_at"]).replace(microsecond=0)
        compiler = self._idle.get()
        try:
            made, warnings = compiler.compile_with_warnings(
                input=self._template,
                format=kind,
                sys_inputs=inputs,
                timestamp=moment,
                ppi=PNG_PPI if kind == "png" else None,
                pdf_standards=_STANDARDS if kind == "pdf" else [],
            )
        except BaseException as error:
            # A panic of the typesetter, for a damaged font say, would end the worker: it is no Exception, and has no
            # name that could be imported.
            if type(error).__name__ != "PanicException":
                raise
            compiler = self._compiler()
            raise _Lacking("the typesetter broke down") from error
        finally:
            self._idle.put(compiler)
        if warnings:  # of a font that isn't there: words would be left out without another sign
            raise _Lacking(str(warnings[0]))
        first = made[0] if isinstance(made, list) else made
        assert first is not None, "no output path was given, so the bytes come back"
        return first


class _Lacking(Exception):
    """The typesetter had to do without something."""


@lru_cache(maxsize=4)
def _typecase(folders: tuple[Path, ...]) -> Typecase:
    return Typecase(folders, cache_file())
