"""The page for everybody as files: HTML in two languages, and each policy's complete list. Nothing remote in it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from babel.dates import format_date, format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from bot.notify.quoted import one_line
from bot.transparency.facts import PublicFacts

PAGES = {"en": "index.html", "es": "es.html"}
"""The file of each language."""

_TEMPLATES = Path(__file__).parent / "templates"


def render(facts: PublicFacts, language: str) -> str:
    """The page in one language (``en`` or ``es``). Pure."""
    return _environment().get_template(f"page.{language}.html.j2").render(facts=facts, other=PAGES)


def write(facts: PublicFacts, lists: Mapping[str, str], folder: Path) -> tuple[Path, ...]:
    """Write the pages and the policies' ``lists`` (name: text) into ``folder``, each whole or not at all.

    Files of other names in the folder are left alone. Raises ``OSError``.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = {file: render(facts, language) for language, file in PAGES.items()}
    return tuple(_replace(folder / name, text) for name, text in (lists | made).items())  # type: ignore[operator]


def _replace(path: Path, text: str) -> Path:
    with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}-", delete=False) as file:
        file.write(text)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)
    return path


def spoken(length: timedelta, language: str) -> str:
    """A length of time in its largest fitting unit: ``40 minutes``, ``5 horas``."""
    return format_timedelta(length, granularity="minute", threshold=2, locale=language)


def long_day(day: date, language: str) -> str:
    """``21 November 2026``, ``21 de noviembre de 2026``."""
    return format_date(day, "d MMMM y" if language == "en" else "long", locale=language)


def _share(part: int, whole: int) -> str:
    """A share in per cent, never rounded to nothing: ``0.3 %``, ``under 0.1 %`` shows as ``<0.1 %``."""
    if not part or not whole:
        return "0 %"
    share = 100 * part / whole
    return "<0.1 %" if share < 0.1 else f"{share:.1f} %"


@cache
def _environment() -> Environment:
    words = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    words.filters.update({"line": one_line, "spoken": spoken, "long_day": long_day})
    words.globals["share"] = _share
    return words
