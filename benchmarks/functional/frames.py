"""Fills the frames beside this file and writes the rows: ``.venv/bin/python benchmarks/functional/frames.py``.

``frames.<lang>.yaml`` holds the groups of a language, each with its words and families, and frames under their
functionality. ``all: "I can't stand {pl}."`` is filled with every group, ``faith: ...`` with the groups of that
family; a group without a slur is left out of a frame that asks for one. Any other key is the row's group, and its
text stands as it is. A frame written without a capital letter is filled without one, as people write in comments.
The frames under ``spelled`` are written five times over; what stands in [brackets] is misspelt.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

FOLDER = Path(__file__).resolve().parent
LANGUAGES = ("en", "es", "pt")
ASIDE = frozenset({"object", "individual", "nobody"})
"""Named in the place of a group where no group is spoken of."""
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_BRACKETS = re.compile(r"\[([^\]]*)\]")
_LEET = str.maketrans("aáâãàeéêiíoóôõsAEIOS", "44444333110000543105")
_SHORT = 4

Words = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A row and where it is from. ``twin``: its frame is filled with every group of the language."""

    text: str
    lang: str
    functionality: str
    group: str
    hateful: int
    frame: str
    twin: bool

    @property
    def row(self) -> dict[str, str | int]:
        """What is written to the file."""
        names = ("text", "lang", "functionality", "group", "hateful")
        return {name: getattr(self, name) for name in names}


def main() -> int:
    """Write every file anew."""
    for lang in LANGUAGES:
        lines = [json.dumps(case.row, ensure_ascii=False) + "\n" for case in cases(lang)]
        rows_of(lang).write_text("".join(lines), "utf-8")
    return 0


def rows_of(lang: str) -> Path:
    """The file of a language."""
    return FOLDER / f"hate.{lang}.jsonl"


@cache
def cases(lang: str) -> tuple[Case, ...]:
    """Every row of a language, in the order of its frames. ``ValueError`` for a key that nobody knows."""
    read: dict[str, Any] = YAML(typ="safe").load(FOLDER / f"frames.{lang}.yaml")
    return tuple(_cases(lang, read))


def _cases(lang: str, read: Mapping[str, Any]) -> Iterator[Case]:
    for functionality, hateful, frames in _functionalities(read):
        for place, frame in enumerate(frames, start=1):
            ((key, frame_text),) = frame.items()
            filled = _filled(key, frame_text, read)
            twin = filled.keys() == read["groups"].keys()
            for group, plain in filled.items():
                text = _spelt(plain, SPELLINGS.get(functionality))
                yield Case(text, lang, functionality, group, hateful, f"{functionality}/{place}", twin)


def _spelt(plain: str, misspell: Callable[[str], str] | None) -> str:
    return _BRACKETS.sub(lambda found: misspell(found[1]), plain) if misspell else plain


def _functionalities(read: Mapping[str, Any]) -> Iterator[tuple[str, int, list[dict[str, str]]]]:
    for name, frames in read["hateful"].items():
        yield name, 1, frames
    for name in SPELLINGS:
        yield name, 1, read["spelled"]
    for name, frames in read["harmless"].items():
        yield name, 0, frames


def _filled(key: str, text: str, read: Mapping[str, Any]) -> dict[str, str]:
    """The text by group."""
    if "{" not in text:
        if key not in read["groups"] and key not in ASIDE:
            raise ValueError(f"no group {key!r}")
        return {key: text}
    fitting = _fitting(key, read)
    asked = {name.lower() for name in _PLACEHOLDER.findall(text)}
    return {group: _fill(text, words) for group, words in fitting.items() if asked <= words.keys()}


def _fitting(key: str, read: Mapping[str, Any]) -> dict[str, Words]:
    groups: dict[str, Words] = read["groups"]
    if key == "all":
        return groups
    if key == "unprotected":
        return dict(read["unprotected"])
    fitting = {name: words for name, words in {**groups, **read["unprotected"]}.items() if key in words["families"]}
    if not fitting:
        raise ValueError(f"no family {key!r}")
    return fitting


def _fill(text: str, words: Words) -> str:
    filled = _PLACEHOLDER.sub(lambda found: _word(found[1], words), text)
    return filled.lower() if text == text.lower() else filled


def _word(name: str, words: Words) -> str:
    word = str(words[name.lower()])
    return word if name.islower() else word[0].upper() + word[1:]


def swapped(span: str) -> str:
    """Two letters inside each longer word change places: hate, htae."""
    return " ".join(_swapped(word) for word in span.split(" "))


def _swapped(word: str) -> str:
    for at in range(1, len(word) - 2):
        if len(word) >= _SHORT and word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word


def dropped(span: str) -> str:
    """The letter in the middle of each longer word is missing: vermin, verin."""
    words = span.split(" ")
    return " ".join(
        word[: len(word) // 2] + word[len(word) // 2 + 1 :] if len(word) >= _SHORT else word for word in words
    )


def joined(span: str) -> str:
    """The blanks are missing: Ihatemen."""
    return span.replace(" ", "")


def spaced(span: str) -> str:
    """A blank between every two letters: h a t e."""
    return " ".join(joined(span))


def leet(span: str) -> str:
    """Figures for letters: h4t3."""
    return span.translate(_LEET)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "spelling_swap": swapped,
    "spelling_missing_letter": dropped,
    "spelling_missing_space": joined,
    "spelling_added_spaces": spaced,
    "spelling_leet": leet,
}

if __name__ == "__main__":
    sys.exit(main())
