"""Writes ``bot/moderation/words.txt``: the words of our own training text, the commonest first.

What a disguised word may say: python -m bot.moderation.learning.words
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from bot.moderation.text import fold

TRAINING = Path(__file__).resolve().parents[3] / "training"
WORDS = Path(__file__).resolve().parents[1] / "words.txt"
_WORD = re.compile(r"[^\W\d_]{2,24}")
_HEAD = (
    "# What a disguised word may say: the words of our own training text, folded, the commonest first.\n"
    "# Written by: python -m bot.moderation.learning.words\n"
)
_WIDTH = 120


def words_of(folder: Path) -> list[str]:
    """Every word of the rows in a folder of ``.jsonl`` files, the commonest first, then by the alphabet."""
    count: Counter[str] = Counter()
    for text in _texts(folder):
        count.update(_WORD.findall(fold(text).text))
    return sorted(count, key=lambda word: (-count[word], word))


def page_of(words: list[str]) -> str:
    """The words as lines of at most 120 characters, under a heading."""
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) >= _WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return _HEAD + "\n".join([*lines, line]) + "\n"


def _texts(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.jsonl")):
        for row in path.read_text(encoding="utf-8").splitlines():
            text = json.loads(row)["text"]
            assert isinstance(text, str)
            yield text


if __name__ == "__main__":
    WORDS.write_text(page_of(words_of(TRAINING)), encoding="utf-8")
