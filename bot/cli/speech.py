"""How the command line speaks: one sentence for an error, neutralised text for what strangers wrote."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.text import Text

from bot.errors import BeadleError

DATABASE_LOST = "the database does not answer ({kind}); check BEADLE_DATABASE_URL and that the database runs."
_KEEP = {"\n", "\t"}


def console(*, stderr: bool = False) -> Console:
    """A console that reads no markup in what it prints."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn an error of ours into one sentence on standard error and exit status 1."""
    try:
        yield
    except BeadleError as error:
        _say_and_leave(error.sentence)
    except Exception as error:
        if not _is_database_lost(error):
            raise
        cause = getattr(error, "orig", None)
        _say_and_leave(DATABASE_LOST.format(kind=type(cause).__name__ if cause else "no answer"))


def _is_database_lost(error: Exception) -> bool:
    # Asked by name: a command that needs no database must not load all of SQLAlchemy to say so.
    loaded = sys.modules.get("sqlalchemy.exc")
    return loaded is not None and isinstance(error, loaded.OperationalError)


def _say_and_leave(sentence: str) -> None:
    console(stderr=True).print(Text(f"beadle: {sentence}"), soft_wrap=True)
    sys.exit(1)


def harmless(text: str, limit: int | None = None) -> str:
    """Text of a stranger, safe for a terminal: control, bidirectional and unassigned characters are written out.

    ``limit`` characters at most, and then how many more there are.
    """
    cut = text if limit is None or len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more characters)"
    return "".join(each if each in _KEEP or _is_plain(each) else f"[U+{ord(each):04X}]" for each in cut)


def one_line(text: str, limit: int) -> str:
    """``harmless``, on one line."""
    return harmless(" ".join(text.split()), limit)


def _is_plain(character: str) -> bool:
    return unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"} or character == "\u200d"
