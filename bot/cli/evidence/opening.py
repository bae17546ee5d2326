"""`beadle evidence open`: a sealed package as a page that a browser shows."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path

import typer

from bot.cli.speech import console
from bot.errors import EvidenceError
from bot.evidence.proof.opened import lay_open, package_of
from bot.settings import load_settings

_WHAT = typer.Argument(..., metavar="PATH|CASE|PACKAGE", help="A package (.zip), or the id of a case or a package.")
_TO = typer.Option(None, "--to", metavar="FOLDER", help="Put the page here; else into a private folder of its own.")
_NO_BROWSER = typer.Option(False, "--no-browser", help="Only print where the page lies.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("open")(open_package)


def open_package(what: str = _WHAT, to: Path | None = _TO, no_browser: bool = _NO_BROWSER) -> None:
    """Look at a sealed package, and at what was sealed after it, in the browser."""
    show_page(find_package(what), to, no_browser=no_browser)


def find_package(what: str) -> Path:
    """The package that somebody named by its file, its id or its case. Raises ``EvidenceError``."""
    path = Path(what)
    if path.suffix == ".zip" and path.is_file():
        return path
    found = package_of(load_settings().archive, what)
    if found is None:
        raise EvidenceError("No package has this name, and none was sealed for a case of this name.")
    return found


def show_page(package: Path, to: Path | None, *, no_browser: bool) -> None:
    """Make the page of a package, say where it lies and how its check went, and show it."""
    opened = lay_open(package, _folder(to))
    out = console()
    out.print(str(opened.page), soft_wrap=True)
    wrong = len(opened.report.flaws)
    out.print("Everything is as it was sealed." if not wrong else "NOT AS IT WAS SEALED: the page says what is wrong.")
    if not no_browser and not webbrowser.open(opened.page.as_uri()):
        out.print("No browser could be started; open that file in one.")


def _folder(to: Path | None) -> Path:
    """An empty folder: nothing is ever written over. What lies in it is not public, so others can't enter it."""
    if to is None:
        return Path(tempfile.mkdtemp(prefix="beadle-evidence-"))
    try:
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(to.iterdir()):
            raise EvidenceError(f"{to} is not empty; name a new folder, so that nothing is written over.")
    except OSError as error:
        raise EvidenceError(f"{to} can't be used as a folder ({error.strerror}); name another.") from error
    return to
