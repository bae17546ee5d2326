"""How the proof of the log stands, in sentences for the digest and for ``beadle doctor``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.evidence.chain.checkpoint import Note
from bot.evidence.chain.keys import KnownKey
from bot.evidence.chain.stamping import ALARM_AFTER, Owed

NO_AUTHORITY = (
    "No time stamp authority is named, so nobody outside says when a checkpoint was there, but for whoever keeps the"
    " daily mail. Set BEADLE_TIMESTAMP_URLS and BEADLE_TIMESTAMP_ROOTS."
)
STAMPED = "{host} stamped the checkpoint of {lines}, {ago} ago"
NEVER = "{host} has stamped no checkpoint yet"
WAITS = "; one has waited for {ago}: {why}"


@dataclass(frozen=True, slots=True)
class Standing:
    """The newest checkpoint, how many lines the log has, the key that it names, what is wrong, what is owed."""

    note: Note | None
    lines: int
    key: KnownKey | None
    trouble: str | None
    owed: tuple[Owed, ...]

    @property
    def uncovered(self) -> int:
        """How many lines no checkpoint covers yet."""
        return max(self.lines - (self.note.checkpoint.size if self.note else 0), 0)

    def stamps(self, now: datetime) -> tuple[str, ...]:
        """One sentence for each authority; one that says so where there is none."""
        return tuple(_stamps(owed, now) for owed in self.owed) or (NO_AUTHORITY,)

    def problems(self, now: datetime) -> Iterator[str]:
        """What a person should see to."""
        if self.trouble is not None:
            yield self.trouble
        yield from (_stamps(owed, now) for owed in self.owed if is_late(owed, now))


def is_late(owed: Owed, now: datetime) -> bool:
    """Whether an authority has owed a stamp for so long that a person should look."""
    return owed.waiting_since is not None and now - owed.waiting_since >= ALARM_AFTER


def _stamps(owed: Owed, now: datetime) -> str:
    said = NEVER.format(host=owed.authority.host)
    if owed.stamped is not None and owed.at is not None:
        lines = "1 line" if owed.stamped == 1 else f"{owed.stamped:,} lines"
        said = STAMPED.format(host=owed.authority.host, lines=lines, ago=ago(now - owed.at))
    if owed.waiting_since is not None:
        return said + WAITS.format(ago=ago(now - owed.waiting_since), why=owed.why)
    return f"{said}."


def ago(length: timedelta) -> str:
    """``40 s``, ``12 min``, ``5 h``, ``3 days``."""
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    return f"{seconds // 3600} h" if seconds < 48 * 3600 else f"{seconds // 86400} days"
