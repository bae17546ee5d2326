"""Where a private key lies: a file that only its owner may read, or the keyring of the system.

Nothing here puts a key into a sentence, a log or a ``repr``; errors of the layers below are not chained, because what
they carry is not ours to vouch for.
"""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from bot.errors import ConfigError
from bot.evidence.storage import durable

OPEN_TO_OTHERS = "{path} is open to other accounts; run `chmod 600 {path}`, and `beadle evidence key rotate` after it."
NOT_A_FILE = "{path} is not a file that holds one key; put the key there, or name another place in BEADLE_EVIDENCE_KEY."
NOT_READABLE = "{path} can't be read ({why}); give its account the right to read it."
NOT_WRITABLE = "{path} can't be written ({why}); give this account the folder, or name another in BEADLE_EVIDENCE_KEY."
NO_KEYRING = "The key lies in the keyring, and what reads it isn't installed; install beadle[keyring], or use a file."
KEYRING_SHUT = "The keyring does not give {name} ({why}); unlock it for this account, or use a file."

_SERVICE = "beadle"
_LARGEST = 16 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_PRIVATE_FOLDER = 0o700
_PRIVATE_FILE = 0o600

Found = TypeVar("Found")


class Place(Protocol):
    """A place for one private key, in PEM. Its ``str`` says where it is. Every method raises ``ConfigError``."""

    def read(self) -> bytes | None:
        """What lies there; ``None`` when nothing does."""

    def keep(self, pem: bytes) -> None:
        """Put a key where none is. Where somebody was quicker, theirs stays: read again after it."""

    def replace(self, pem: bytes) -> None:
        """Put a key in the place of another."""

    def drop(self) -> None:
        """Take the key away, if there is one."""

    def sibling(self, word: str) -> Place:
        """The place beside this one for another key: ``evidence.wacz.pem`` beside ``evidence.pem``."""


def place_of(source: str) -> Place:
    """The place that ``BEADLE_EVIDENCE_KEY`` names: a path, or ``keyring:NAME``."""
    scheme, parted, name = source.partition(":")
    return KeyringPlace(name) if parted and scheme == "keyring" else FilePlace(Path(source))


@dataclass(frozen=True, slots=True)
class FilePlace:
    """A file of mode 0600 in a folder that is made 0700."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    def read(self) -> bytes | None:
        try:
            # One descriptor for the look at the mode and the reading: nothing can be swapped between the two.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(NOT_READABLE.format(path=self.path, why=error.strerror)) from None
        try:
            return self._checked(descriptor)
        finally:
            os.close(descriptor)

    def _checked(self, descriptor: int) -> bytes:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigError(NOT_A_FILE.format(path=self.path))
        if mode & _OTHERS:
            raise ConfigError(OPEN_TO_OTHERS.format(path=self.path))
        found = os.read(descriptor, _LARGEST + 1)
        if not found or len(found) > _LARGEST:
            raise ConfigError(NOT_A_FILE.format(path=self.path))
        return found

    def keep(self, pem: bytes) -> None:
        with self._written(pem) as temp, suppress(FileExistsError):
            # A link, not a rename: a rename would silently take the place of a key that came in between.
            os.link(temp, self.path)

    def replace(self, pem: bytes) -> None:
        with self._written(pem) as temp:
            temp.replace(self.path)

    def drop(self) -> None:
        with _refusals(self.path):
            self.path.unlink(missing_ok=True)
            durable.sync_directory(self.path.parent)

    def sibling(self, word: str) -> FilePlace:
        return FilePlace(self.path.with_name(f"{self.path.stem}.{word}{self.path.suffix}"))

    @contextmanager
    def _written(self, pem: bytes) -> Iterator[Path]:
        temp = self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")
        with _refusals(self.path):
            _make_private_folder(self.path.parent)
            try:
                _write_private(temp, pem)
                yield temp
            finally:
                temp.unlink(missing_ok=True)
            durable.sync_directory(self.path.parent)


@dataclass(frozen=True, slots=True)
class KeyringPlace:
    """An entry of the system's keyring, under the service ``beadle``. Needs the extra ``keyring``."""

    name: str

    def __str__(self) -> str:
        return f"keyring:{self.name}"

    def read(self) -> bytes | None:
        found: str | None = self._asked(lambda ring: ring.get_password(_SERVICE, self.name))
        return None if found is None else found.encode()

    def keep(self, pem: bytes) -> None:
        if self.read() is None:
            self.replace(pem)

    def replace(self, pem: bytes) -> None:
        self._asked(lambda ring: ring.set_password(_SERVICE, self.name, pem.decode("ascii")))

    def drop(self) -> None:
        if self.read() is not None:
            self._asked(lambda ring: ring.delete_password(_SERVICE, self.name))

    def sibling(self, word: str) -> KeyringPlace:
        return KeyringPlace(f"{self.name}.{word}")

    def _asked(self, ask: Callable[[Any], Found]) -> Found:
        try:
            import keyring
            from keyring.errors import KeyringError
        except ImportError:
            raise ConfigError(NO_KEYRING) from None
        try:
            return ask(keyring)
        except KeyringError as error:
            raise ConfigError(KEYRING_SHUT.format(name=self.name, why=type(error).__name__)) from None


@contextmanager
def _refusals(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigError(NOT_WRITABLE.format(path=path, why=error.strerror)) from None


def _make_private_folder(path: Path) -> None:
    if path.is_dir():
        return
    durable.make_directory(path.parent)
    with suppress(FileExistsError):
        path.mkdir(_PRIVATE_FOLDER)
        path.chmod(_PRIVATE_FOLDER)
        durable.sync_directory(path.parent)


def _write_private(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE_FILE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), _PRIVATE_FILE)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
