"""Where a secret lies, and the careful reading of it. The value itself is never stored, shown or compared here."""

from __future__ import annotations

import json
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

NONE = "none"
NOT_A_FILE = (
    "the platform renewed the token that the environment gives as {name}, and Beadle can't change the environment; "
    "put the credentials into a file and write file:/path/to/it, or they end at the next restart."
)
NOT_RENEWED = (
    "the platform renewed the token, and {path} can't be written ({why}); give this account the file and its folder, "
    "or the credentials end at the next restart."
)
NOT_ONE_SECRET = "{path} must hold the secret and nothing else, on one line."  # noqa: S105
NOT_PARTS = '{path} begins with a brace but is no JSON object of texts; write it such as {{"access_token": "..."}}.'

_LARGEST = 65_536
# Parts of credentials that name an account or a host; they stand in records and addresses, and are no secret.
_NAMES = re.compile(r"(^|_)(user|username|login|handle|identifier|email|account|instance|host|url|id)$")
# A capital name of modest length and a path with a slash: a token pasted behind "env:" or "file:" is neither, and
# so is never repeated in a sentence as the name of a place.
_ENV = re.compile(r"env:([A-Z][A-Z0-9_]{0,63})")
_FILE = re.compile(r"file:([^\0\n]*/[^\0\n]*)")
_OTHERS_OR_GROUP_WRITE = stat.S_IRWXO | stat.S_IWGRP


@dataclass(frozen=True, slots=True)
class Token:
    """A secret that is read when it is asked for, so that a renewed one is found without a restart."""

    kind: Literal["env", "file", "none"]
    place: str

    @classmethod
    def at(cls, written: str, folder: Path) -> Token:
        """Read ``env:NAME``, ``file:PATH`` (from ``folder``) or ``none``, for what needs no token, such as a feed.

        A ``ValueError`` never repeats what was written.
        """
        if written == NONE:
            return cls("none", NONE)
        if found := _ENV.fullmatch(written):
            return cls("env", found[1])
        if found := _FILE.fullmatch(written):
            return cls("file", str((folder / Path(found[1]).expanduser()).absolute()))
        raise ValueError(LITERAL)

    def get_secret_value(self, environ: Mapping[str, str] | None = None) -> str:
        """The secret: one token, or a JSON object of parts. Raises ``ConfigError`` when it is missing, empty, or lies
        open to others."""
        if self.kind == "none":
            return NONE
        if self.kind == "file":
            return read_secret(Path(self.place))
        value = (os.environ if environ is None else environ).get(self.place, "").strip()
        if not value:
            raise ConfigError(f"the environment has no {self.place}; put the token there, or write file:/path instead.")
        return value

    def renew(self, value: str) -> None:
        """Put a renewed secret in the file's place: all of it or nothing, readable by this account alone.

        Raises ``ConfigError`` where it can't be written, and for an ``env:`` token, which nobody can renew.
        """
        if self.kind != "file":
            raise ConfigError(NOT_A_FILE.format(name=self.place))
        # A link to the file stays a link.
        path = Path(self.place).resolve()
        try:
            _replace(path, value)
        except OSError as error:
            raise ConfigError(NOT_RENEWED.format(path=path, why=error.strerror or type(error).__name__)) from error

    def __str__(self) -> str:
        return NONE if self.kind == "none" else f"{self.kind}:{self.place}"


def secret_parts(value: str) -> tuple[str, ...]:
    """What of a token must be shown nowhere: the token itself, or each secret part of a JSON object."""
    if value == NONE:
        return ()
    parts = parts_by_name(value)
    return tuple(part for name, part in parts.items() if not _NAMES.search(name)) if parts else (value,)


def parts_by_name(value: str) -> dict[str, str]:
    """The texts of a JSON object by their names; a single secret stands under an empty name."""
    if not value.startswith("{"):
        return {"": value}
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        return {}
    return {name: part for name, part in told.items() if isinstance(part, str) and part}


def read_secret(path: Path) -> str:
    """What a file holds that only its owner (and perhaps a group) may read: one line, or a JSON object of texts.
    Raises ``ConfigError``."""
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
    if value.startswith("{") and len(raw) <= _LARGEST:
        return _parts(path, value)
    if not value or len(raw) > _LARGEST or not value.isprintable() or " " in value:
        raise ConfigError(NOT_ONE_SECRET.format(path=path))
    return value


def _parts(path: Path, value: str) -> str:
    try:
        told = json.loads(value)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or not all(isinstance(part, str) for part in told.values()):
        # Not chained: the error of the parser carries the whole text.
        raise ConfigError(NOT_PARTS.format(path=path)) from None
    return json.dumps(told)


def _replace(path: Path, value: str) -> None:
    """Written beside the old one and renamed over it, each step on the disk before the next: a crash leaves either."""
    drawn = path.with_name(f".{path.name}.new")
    drawn.unlink(missing_ok=True)
    descriptor = os.open(drawn, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"{value}\n")
        file.flush()
        os.fsync(file.fileno())
    drawn.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
