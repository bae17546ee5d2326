"""The word lists that rules name: one text file each, readable by anybody who asks what exactly is blocked.

A file is called ``<name>.<language>@<number>.txt``. A published file is never edited: its successor gets the next
number, because a policy names each list with its digest. One entry a line::

    # a remark
    word            this word and no other
    word*           every word that begins so
    *word*          every word that holds it
    two words       these words, one after the other
    f???            this word with its last letters masked: f***, f#@!
    ~ word          only in a text that is surely in the file's language: elsewhere the word is innocent
    🖕              this picture, or ``two 💩``: a picture among words (those of ``letters.PICTURES``)
    ! word          never, although an entry above would find it
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import PolicyError, at_line
from bot.moderation.letters import PICTURES
from bot.moderation.text import fold

_PICTURE = re.compile(f"[{''.join(sorted(PICTURES))}]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a list. ``stem`` is folded; the flags say where it may go on."""

    stem: str
    open_left: bool = False
    open_right: bool = False
    own_language_only: bool = False

    def __str__(self) -> str:
        return f"{'~ ' * self.own_language_only}{'*' * self.open_left}{self.stem}{'*' * self.open_right}"


@dataclass(frozen=True, slots=True)
class WordList:
    """A list as read. ``digest`` is the SHA-256 of the file, in hexadecimal."""

    name: str
    lang: str
    entries: tuple[Entry, ...]
    exceptions: tuple[Entry, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class WordLists:
    """Every list of a folder, by name."""

    by_name: Mapping[str, WordList]

    @classmethod
    def load(cls, folder: Path) -> WordLists:
        """Read all ``*.txt`` of ``folder``. Raises ``PolicyError`` for a line that says nothing."""
        return cls({path.stem: read_list(path) for path in sorted(folder.glob("*.txt"))})


def read_list(path: Path) -> WordList:
    """Read one list. Raises ``PolicyError``: a name without language, an empty entry, one given twice."""
    content = path.read_bytes()
    _, _, lang = path.stem.split("@")[0].rpartition(".")
    if not lang or "@" not in path.stem:
        raise PolicyError(
            at_line(path, None, 'name the file "<name>.<language>@<number>.txt", e.g. "obscene.en@1.txt".')
        )
    entries: dict[Entry, int] = {}
    exceptions: list[Entry] = []
    for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
        line = line.split("#")[0].strip()
        if line.startswith("!"):
            exceptions.append(_entry(line[1:], path, number))
        elif line:
            entry = _entry(line, path, number)
            if entry in entries:
                raise PolicyError(
                    at_line(path, number, f'"{line}" stands on line {entries[entry]} already; take one out.')
                )
            entries[entry] = number
    return WordList(path.stem, lang, tuple(entries), tuple(exceptions), hashlib.sha256(content).hexdigest())


def _entry(line: str, path: Path, number: int) -> Entry:
    own = line.startswith("~")
    word = line.removeprefix("~").strip()
    stem = fold(" ".join(word.strip("*").replace("'", "").split())).text
    stem = " ".join(_PICTURE.sub(r" \g<0> ", stem).split())  # in a row each picture is a word
    if (len(stem) < 2 and stem not in PICTURES) or not all(c.isalnum() or c in " ?" or c in PICTURES for c in stem):
        raise PolicyError(
            at_line(
                path,
                number,
                f'"{line.strip()}" names no word; write one, letters and digits only, with * only at its ends.',
            )
        )
    return Entry(stem, word.startswith("*"), word.endswith("*"), own)
