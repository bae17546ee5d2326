"""Where a secret lies, and the careful reading of it. The value itself is never stored, shown or compared here."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bot.errors import ConfigError

LITERAL = (
    "holds something else than a place; take it out, make a new token if it was one, "
    "and write env:NAME_OF_A_VARIABLE or file:/path/to/a/file."
)

_LARGEST = 65_536
# A capital name of modest length and a path with a slash: a token pasted behind "env:" or "file:" is neither, and
# so is never repeated in a sentence as the name of a place.
_ENV = re.compile(r"env:([A-Z][A-Z0-9_]{0,63})")
_FILE = re.compile(r"file:([^\0\n]*/[^\0\n]*)")
_OTHERS_OR_GROUP_WRITE = stat.S_IRWXO | stat.S_IWGRP


@dataclass(frozen=True, slots=True)
class Token:
    """A secret that is read when it is asked for, so that a renewed one is found without a restart."""

    kind: Literal["env", "file"]
    place: str

    @classmethod
    def at(cls, written: str, folder: Path) -> Token:
        """Read ``env:NAME`` or ``file:PATH`` (from ``folder``). A ``ValueError`` never repeats what was written."""
        if found := _ENV.fullmatch(written):
            return cls("env", found[1])
        if found := _FILE.fullmatch(written):
            return cls("file", str((folder / Path(found[1]).expanduser()).absolute()))
        raise ValueError(LITERAL)

    def get_secret_value(self, environ: Mapping[str, str] | None = None) -> str:
        """The secret. Raises ``ConfigError`` when it is missing, empty, or lies open to others."""
        if self.kind == "file":
            return read_secret(Path(self.place))
        value = (os.environ if environ is None else environ).get(self.place, "").strip()
        if not value:
            raise ConfigError(f"the environment has no {self.place}; put the token there, or write file:/path instead.")
        return value

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"


def read_secret(path: Path) -> str:
    """The one line of a file that only its owner (and perhaps a group) may read. Raises ``ConfigError``."""
    try:
        # One descriptor for the look at the mode and the reading: nothing can be swapped between the two.
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(_LARGEST + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} is not there; put the secret into it and `chmod 600` it.") from error
    except OSError as error:
        raise ConfigError(f"{path} can't be read ({error.strerror}); give its account the right to read it.") from error
    if mode & _OTHERS_OR_GROUP_WRITE:
        raise ConfigError(f"{path} is open to other accounts; run `chmod 600 {path}` and make a new secret.")
    return _one_line(path, raw)


def _one_line(path: Path, raw: bytes) -> str:
    try:
        value = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        value = ""
    if not value or len(raw) > _LARGEST or not value.isprintable() or " " in value:
        raise ConfigError(f"{path} must hold the secret and nothing else, on one line.")
    return value
