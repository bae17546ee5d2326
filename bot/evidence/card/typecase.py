"""The fonts that cards are set in: which files they are, what is in them, and which characters they have.

A card is set in the families of ``fonts.json`` and in no other font of the machine, so that it looks the same, byte for
byte, wherever those files are the same. A character that none of them has is printed as its code point: an empty box
says nothing, and PDF/A forbids it.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import tempfile
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import structlog
import typst

from bot.evidence.canonical import canonical, sha256

FONT_FOLDERS = (Path("/usr/share/fonts/truetype/noto"), Path("/usr/share/fonts/opentype/noto"))
LAST_RESORT = "Libertinus Serif"  # typst brings it along: Latin letters, if nothing else is there
_WEIGHTS = (400, 700)
_ENDING = 0x110000
# They have no form of their own: joiners, variation selectors, places to break a line, and the letters of flags.
_FORMLESS = frozenset("\u200b\u200c\u200d\ufe0e\ufe0f") | frozenset(map(chr, range(0xE0020, 0xE0080)))

events = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Face:
    """One font of one file; a collection (.ttc) has several."""

    family: str
    path: Path
    index: int


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in the fonts. ``digests``: the SHA-256 of each file by its name. ``table``: for each code point, 0 or
    the place of the first family that has it, counted from 1."""

    digests: Mapping[str, str]
    table: bytes


@lru_cache(maxsize=1)
def pins() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """The families in order of preference, their files, and for each file the digests that are right, with the
    version of each: Debian 12 and 13 and Ubuntu 24.04 have them. Written by ``.ci/fonts.py``."""
    found: dict[str, dict[str, dict[str, str]]] = json.loads(
        files("bot.evidence.card").joinpath("fonts.json").read_bytes()
    )
    return found


class Typecase:
    """The pinned families, as far as this machine has them. Their files are read at the first card, not before; what
    was found is kept in ``cache`` until a file's size or time changes. ``cache=None`` reads them anew."""

    def __init__(self, folders: Iterable[Path] = FONT_FOLDERS, cache: Path | None = None) -> None:
        self.fonts = typst.Fonts(
            include_system_fonts=False,  # or the same record would look otherwise on the next machine
            include_embedded_fonts=True,
            font_paths=[str(folder) for folder in folders if folder.is_dir()],
        )
        self.faces = tuple(_upright(self.fonts.fonts()))
        there = {face.family for face in self.faces}
        self.families = tuple(family for family in pins() if family in there)
        self._cache = cache

    @property
    def digest(self) -> str:
        """SHA-256 of the names and contents of all files in use, in hexadecimal."""
        return sha256(canonical(sorted(self.contents.digests.items())))

    @cached_property
    def contents(self) -> Contents:
        """What is in the files. Costs about a second when nothing is in the cache."""
        return remembered(self.faces, self.families, self._cache)

    def fit(self, value: Any) -> tuple[Any, list[str]]:
        """JSON in which each character can be printed, and the families that it takes, the preferred first.

        The typesetter is given no others: looking in all of them for each odd character would take it seconds.
        """
        table = self.contents.table
        characters = set().union(*_strings(value)) - _FORMLESS
        resort = [] if self.families[:1] == tuple(pins())[:1] else [LAST_RESORT]
        lacking = {each for each in characters if not table[ord(each)] and not (resort and each.isascii())}
        places = sorted({table[ord(each)] for each in characters} - {0})
        families = dict.fromkeys([*self.families[:1], *(self.families[place - 1] for place in places), *resort])
        return _translated(value, {ord(each): code_point(each) for each in lacking}), list(families)

    def spell(self, value: Any) -> tuple[Any, list[str]]:
        """As ``fit``, but with every character that isn't ASCII as its code point: for what the typesetter refuses."""
        odd = {character for character in set().union(*_strings(value)) if not character.isascii()}
        return _translated(value, {ord(each): code_point(each) for each in odd}), [*self.families[:1], LAST_RESORT]


def code_point(character: str) -> str:
    """``[U+1FAE9]``, behind a place where the line may break."""
    return f"\u200b[U+{ord(character):04X}]"


def unlike_the_pins(folders: Iterable[Path] = FONT_FOLDERS) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of pinned files that are missing, and of those whose content is none of the pinned ones. Reads all of
    them anew."""
    found = _digests(Typecase(folders).faces)
    wanted = {name: digests for faces in pins().values() for name, digests in faces.items()}
    missing = tuple(name for name in wanted if name not in found)
    return missing, tuple(name for name, digest in found.items() if digest not in wanted.get(name, {}))


def cache_file() -> Path | None:
    """Where what was found in the fonts is kept; ``None`` for an account without a home."""
    try:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "beadle" / "fonts.json"
    except RuntimeError:
        return None


def remembered(faces: tuple[Face, ...], families: tuple[str, ...], cache: Path | None) -> Contents:
    """The contents, from the cache if the files are as they were, else read and put there."""
    key = _key(faces)
    with suppress(OSError, ValueError, KeyError, TypeError, zlib.error):
        if cache is not None:
            kept = json.loads(cache.read_bytes())
            table = zlib.decompress(b64decode(kept["table"]))
            if kept["key"] == key and len(table) == _ENDING:
                return Contents(dict(kept["digests"]), table)
    contents = Contents(_digests(faces), _table(faces, families))
    if cache is not None:
        with suppress(OSError):  # without a cache the next start takes a second longer, no more
            _keep(cache, key, contents)
    return contents


def _upright(fonts: Iterable[typst.FontInfo]) -> Iterator[Face]:
    pinned = {(family, name) for family, faces in pins().items() for name in faces}
    for each in fonts:
        if each.path is None or each.weight not in _WEIGHTS or each.stretch != 1.0:
            continue
        if (each.family, Path(each.path).name) in pinned:
            yield Face(each.family, Path(each.path), each.index)


def _key(faces: Iterable[Face]) -> str:
    stats = [(face.family, str(face.path), face.index, face.path.stat()) for face in faces]
    return sha256(canonical([[*pins()], *([*name, at.st_size, at.st_mtime_ns, at.st_ino] for *name, at in stats)]))


def _digests(faces: Iterable[Face]) -> dict[str, str]:
    found = {}
    for path in sorted({face.path for face in faces}, key=lambda path: path.name):
        with path.open("rb") as file:
            found[path.name] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _table(faces: Iterable[Face], families: tuple[str, ...]) -> bytes:
    """The regular and the bold of a family both have to have a character, or it would be a box in a bold name."""
    characters: dict[str, set[int]] = {}
    for face in faces:
        has = _characters(face)
        characters[face.family] = characters.get(face.family, has) & has
    table = bytearray(_ENDING)
    for place in range(len(families), 0, -1):
        for code in characters[families[place - 1]]:
            table[code] = place
    return bytes(table)


def _characters(face: Face) -> set[int]:
    from fontTools.ttLib import TTFont, TTLibError  # takes a tenth of a second, and only this needs it

    try:
        with TTFont(face.path, fontNumber=face.index, lazy=True) as font:
            return set(font.getBestCmap() or ())
    except (TTLibError, LookupError, ValueError, struct.error, AssertionError) as error:
        events.warning("a font of the card is damaged", font=face.path.name, why=str(error)[:200])
        return set()


def _keep(cache: Path, key: str, contents: Contents) -> None:
    table = b64encode(zlib.compress(contents.table)).decode()
    cache.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=cache.parent, prefix=".fonts-")
    with open(descriptor, "w", encoding="ascii") as file:
        json.dump({"key": key, "digests": dict(contents.digests), "table": table}, file)
    os.replace(scratch, cache)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _strings(each)


def _translated(value: Any, spelled: Mapping[int, str]) -> Any:
    if not spelled:
        return value
    if isinstance(value, str):
        return value.translate(spelled)
    if isinstance(value, Mapping):
        return {name: _translated(each, spelled) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_translated(each, spelled) for each in value]
    return value
