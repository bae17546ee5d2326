"""The inbox of a page that is read by hand: files are put in whole or not at all, and never twice."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from bot.errors import ConfigError

KINDS = (".csv", ".json", ".zip")
NOT_A_FILE = "{path} is not a file; name files of comments, in CSV, JSON or ZIP."
NOT_READABLE = "{path} can't be read ({why}); give this account the right to read it."
OTHER_KIND = "{path} is no CSV, JSON or ZIP by its name; bring it into one of these forms."
UNWRITABLE = "{folder} can't be written ({why}); give this account the folder."

_CHUNK = 1 << 20


def receive(folder: Path, files: Iterable[Path]) -> Iterator[str]:
    """Put files into the inbox and name each as it lies there. The same contents again are no second file.

    Everything is looked at before the first is put in. Raises ``ConfigError`` for what can't be read.
    """
    names = [(path, _name(path)) for path in files]
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        for path, name in names:
            if not (folder / name).exists():
                _put(path, folder / name)
            yield name
    except OSError as error:
        raise ConfigError(UNWRITABLE.format(folder=folder, why=error.strerror)) from error


def _name(path: Path) -> str:
    """A name without anything that a shell or a path could take otherwise, begun by the digest of the contents."""
    if not path.is_file():
        raise ConfigError(NOT_A_FILE.format(path=path))
    if path.suffix.lower() not in KINDS:
        raise ConfigError(OTHER_KIND.format(path=path))
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise ConfigError(NOT_READABLE.format(path=path, why=error.strerror)) from error
    stem = re.sub(r"[^A-Za-z0-9_]+", "-", path.stem).strip("-")[:60] or "file"
    return f"{digest.hexdigest()[:16]}-{stem}{path.suffix.lower()}"


def _put(path: Path, to: Path) -> None:
    # Begun with a point, which no connector reads: a poll in between must not see half a file.
    drawn = to.with_name(f".{to.name}.new")
    with path.open("rb") as source, drawn.open("wb") as target:
        while chunk := source.read(_CHUNK):
            target.write(chunk)
        target.flush()
        os.fsync(target.fileno())
    drawn.replace(to)
