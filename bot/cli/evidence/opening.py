"""`beadle evidence open`: a sealed package as pages that a browser shows."""

from __future__ import annotations

from pathlib import Path

import typer

_WHAT = typer.Argument(..., metavar="PATH|CASE|PACKAGE", help="A package (.zip), or the id of a case or a package.")
_TO = typer.Option(None, "--to", metavar="FOLDER", help="Put the pages here; else into a private folder of /tmp.")
_NO_BROWSER = typer.Option(False, "--no-browser", help="Only print where the page lies.")


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command("open")(open_package)


def open_package(what: str = _WHAT, to: Path | None = _TO, no_browser: bool = _NO_BROWSER) -> None:
    """Look at a sealed package, and at what was sealed after it, in the browser."""
    raise NotImplementedError(what, to, no_browser)
