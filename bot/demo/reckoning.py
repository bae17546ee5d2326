"""What the played day came to: what was promised, held against what happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.demo.play import Played
from bot.ledger.fates import Fate

PROTECTED = frozenset({"praise", "criticism", "question", "joke", "talk", "idiom", "protected", "page", "people_only"})


@dataclass(frozen=True, slots=True)
class Row:
    """One comment of the script and its fate. ``right``: as the script expects, ``None`` where it is silent."""

    number: int
    script_id: str
    kind: str
    expected: str | None
    fate: Fate | None
    left_up: bool
    right: bool | None


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The demo's own report. ``wrongs`` are sentences; none means that every promise was kept."""

    rows: tuple[Row, ...]
    acts: int
    acts_unproven: tuple[str, ...]
    criticism: int
    criticism_hidden: tuple[str, ...]
    planted: int
    planted_missed: tuple[str, ...]
    differing: tuple[str, ...]
    kinds: Mapping[str, int]
    cases: int
    shown: int

    @property
    def wrongs(self) -> tuple[str, ...]:
        """What must never be, and was."""
        return (
            *(f"{each}: acted on without proven evidence" for each in self.acts_unproven),
            *(f"{each}: protected speech was hidden" for each in self.criticism_hidden),
            *(f"{each}: a planted violation of an enumerable rule was missed" for each in self.planted_missed),
        )


def reckon(played: Played) -> Reckoning:
    """Hold the script against what happened."""
    rows = tuple(_row(number, comment, played) for number, comment in enumerate(played.script.comments, start=1))
    protected = [row for row in rows if row.kind in PROTECTED or row.kind == "twin"]
    planted = [row for row in rows if _is_planted(played, row)]
    return Reckoning(
        rows=rows,
        acts=played.witness.seen,
        acts_unproven=tuple(played.witness.unproven),
        criticism=sum(row.kind in PROTECTED for row in rows),
        criticism_hidden=tuple(row.script_id for row in protected if row.expected == "clear" and _is_hidden(row.fate)),
        planted=len(planted),
        planted_missed=tuple(row.script_id for row in planted if row.fate is None or row.fate.outcome != "act"),
        differing=tuple(row.script_id for row in rows if row.right is False),
        kinds=Counter(row.kind for row in rows if row.kind),
        cases=sum(fate.case_id is not None for fate in played.fates),
        shown=played.shown,
    )


def _row(number: int, comment: Any, played: Played) -> Row:
    expected = (comment.expect or {}).get("outcome")
    try:
        platform_id = played.town.id_of(comment.id)
    except KeyError:
        return Row(number, comment.id, str(comment.expect.get("kind", "")), expected, None, False, None)
    # What was edited or taken away between two polls was never seen as it was written; the script has no word on that.
    fates = [fate for fate in played.fates if fate.comment_id == platform_id]
    fate = next((fate for fate in fates if fate.text == _as_delivered(comment.text)), None)
    return Row(
        number=number,
        script_id=comment.id,
        kind=str((comment.expect or {}).get("kind", "")),
        expected=expected,
        fate=fate,
        left_up=fate is not None and fate.visibility == "visible",
        right=None if expected is None or fate is None else fate.outcome == expected,
    )


def _as_delivered(text: str) -> str:
    """A null character can't be delivered; the connector shows that one stood there."""
    return text.replace("\x00", "\ufffd")


def _is_planted(played: Played, row: Row) -> bool:
    return row.expected == "act" and row.fate is not None


def _is_hidden(fate: Fate | None) -> bool:
    """Hidden for these words; an edit that came later is another fate."""
    return fate is not None and fate.status == "hidden"
