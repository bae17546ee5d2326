"""Everything that keeps the archive after the seal: second copy, fixity, incidents. Put together from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import EvidenceError
from bot.evidence.storage.copying import Copying, trouble
from bot.evidence.storage.entries import Entries
from bot.evidence.storage.fixity import Fixity
from bot.evidence.storage.incidents import Incidents
from bot.evidence.storage.replica import Looked, Tell, say_nothing
from bot.evidence.storage.s3 import Access, S3Replica
from bot.settings import Settings

BEHIND = timedelta(days=1)

NO_COPY = "not configured: the evidence lies on this machine alone; set BEADLE_REPLICA (docs/second-copy.md)."
ALL_COPIED = "{copied:,} of {total:,} packages lie at {target}"
LEFT_OUT = "; left out: {count:,} (damaged here, or restricted; `beadle evidence copies` names them)"
WAITING = "; waiting: {count:,}, the oldest since {oldest}"


@dataclass(frozen=True, slots=True)
class Keeping:
    """``copying`` is ``None`` where no second copy is configured."""

    archive: Entries
    incidents: Incidents
    fixity: Fixity
    copying: Copying | None

    def copied(self) -> str | None:
        """How the second copy stands, in a sentence; ``None`` where there is none. Asks the log, not the store."""
        if self.copying is None:
            return None
        try:
            found = self.copying.standing()
        except EvidenceError as error:
            return error.sentence
        said = ALL_COPIED.format(copied=found.copied, total=found.total, target=found.target)
        if found.left_out:
            said += LEFT_OUT.format(count=len(found.left_out))
        return (
            said
            + (WAITING.format(count=found.waiting, oldest=minute(found.oldest or "")) if found.waiting else "")
            + "."
        )

    def problems(self, now: datetime) -> Iterator[str]:
        """What a person should see to: open incidents, a store that fails, a copy that is a day behind."""
        try:
            for incident in self.incidents.open():
                yield f"{incident.sentence} `beadle evidence incident list` says what to do."
            yield from self._of_the_copy(now)
        except EvidenceError as error:
            yield error.sentence

    def examine(self, now: datetime) -> Iterator[Looked]:
        """The second copy for ``beadle doctor``: asks the store."""
        if self.copying is None:
            yield Looked("note", NO_COPY)
            return
        yield from self.copying.replica.examine(now)
        yield Looked("ok", self.copied() or "")

    def _of_the_copy(self, now: datetime) -> Iterator[str]:
        if self.copying is None:
            return
        failing = trouble(self.archive.root)
        if failing is not None:
            yield f"The second copy of the evidence stands still since {minute(failing.since)}: {failing.sentence}"
            return
        oldest = self.copying.standing().oldest
        if oldest is not None and now - datetime.fromisoformat(oldest) > BEHIND:
            yield "The second copy of the evidence is more than a day behind; `beadle evidence copies` says how far."


def minute(time: str) -> str:
    """A time in RFC 3339, for people: ``2026-11-20 11:02 UTC``."""
    return f"{datetime.fromisoformat(time).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def keeping(
    archive: Entries,
    settings: Settings,
    timezone: ZoneInfo,
    now: Callable[[], datetime],
    tell: Tell = say_nothing,
) -> Keeping:
    """Put it together. Opens no connection. Raises nothing: what is wrong is said when it is first used."""
    access = _access(settings)
    replica = None if access is None else S3Replica(access, now)
    incidents = Incidents(archive, replica, tell, now)
    copying = None if replica is None else Copying(archive, replica, incidents, now, tell)
    return Keeping(archive, incidents, Fixity(archive, incidents, copying, timezone), copying)


def _access(settings: Settings) -> Access | None:
    if settings.replica is None:
        return None
    return Access(
        address=settings.replica,
        endpoint=settings.replica_endpoint,
        key_id=settings.replica_key_id,
        key=settings.replica_key.get_secret_value() if settings.replica_key else None,
        lock=settings.replica_lock,
        lock_days=settings.replica_lock_days,
    )
