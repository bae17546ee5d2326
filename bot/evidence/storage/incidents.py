"""Incidents: evidence that is not what was sealed. Nothing is mended by itself, and nothing is sealed anew.

An incident is a line of the log, so it survives every restart. One in the archive itself stops all acts until a person
clears it; one in the second copy stops none, because what acts rest on is proven against the archive each time.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import structlog

from bot.errors import BeadleError, EvidenceError, NotAllowed
from bot.evidence.canonical import canonical, sha256, utc
from bot.evidence.storage import durable
from bot.evidence.storage.entries import Entries, Entry, Follower, Sealed
from bot.evidence.storage.fetch import fetched
from bot.evidence.storage.replica import Replica, Tell, say_nothing

log = structlog.get_logger(__name__)

INCIDENT, CLEARED, RESTORED = "incident", "incident-cleared", "restored"

WHAT = {
    ("archive", "altered"): "{path} is not what was sealed.",
    ("archive", "missing"): "{path} is in the log and not in the archive.",
    ("archive", "unreadable"): "{path} can't be read from the disk.",
    ("copy", "altered"): "The second copy of {path} is not what was sealed; the archive's own is not touched by that.",
    ("copy", "missing"): "The second copy of {path} is gone; the archive's own is not touched by that.",
}
STOPPED = (
    "The evidence store is not sound (incident {number}, package {package}): nothing is hidden by itself until a person"
    " has looked and said `beadle evidence incident clear {number}`."
)
GOOD_COPY = (
    "The second copy at {target} is good: `beadle evidence incident restore {number}` puts it in its place and keeps"
    " the damaged file aside."
)
BAD_COPY = "The second copy at {target} is not good either ({why}). Look for another backup before anything else."
NOT_SEEN = "Whether the second copy is good can't be seen now: {why}"
NO_COPY = "There is no second copy. Look for the file in a backup; `sha256sum` must give {sha256}."
PUT_AGAIN = "Look at its older versions at {target}; then `beadle evidence incident clear {number}`."
NO_INCIDENT = "There is no open incident {number}; `beadle evidence incident list` has those there are."
NOT_OF_THE_ARCHIVE = "Incident {number} is about the second copy; there is nothing to restore in the archive."
NO_REASON = "Say in a sentence what you found: --reason."

Where = Literal["archive", "copy"]
What = Literal["altered", "missing", "unreadable"]


@dataclass(frozen=True, slots=True)
class Flaw:
    """What was found. ``found``: the SHA-256 of what lies there, ``None`` where nothing could be read."""

    where: Where
    what: What
    package: Sealed
    found: str | None = None

    @property
    def sentence(self) -> str:
        """For people."""
        return WHAT[self.where, self.what].format(path=self.package.path)


@dataclass(frozen=True, slots=True)
class Incident:
    """One that is open. ``number`` is its line in the log, by which people name it; ``since`` in RFC 3339."""

    number: int
    flaw: Flaw
    since: str

    @property
    def stops_acts(self) -> bool:
        """Whether nothing may be hidden while it is open."""
        return self.flaw.where == "archive"

    @property
    def sentence(self) -> str:
        """What is wrong, with the number by which it is cleared."""
        return f"Incident {self.number}: {self.flaw.sentence}"


class Incidents:
    """Raises, lists, restores and clears. ``tell`` says what is urgent. Safe for many threads and processes."""

    def __init__(
        self,
        archive: Entries,
        replica: Replica | None = None,
        tell: Tell = say_nothing,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._archive, self._replica, self._tell, self._clock = archive, replica, tell, clock
        self._follower = Follower(archive)
        self._packages: dict[str, Sealed] = {}
        self._open: dict[int, Incident] = {}
        self._keys: set[str] = set()
        self._restored: dict[str, int] = {}

    def open(self) -> tuple[Incident, ...]:
        """Those that nobody has cleared, oldest first. Raises ``EvidenceError`` on a broken log."""
        with self._follower.lock:
            for entry in self._follower.fresh():
                self._take(entry)
            return tuple(self._open.values())

    def why_not(self) -> str | None:
        """Why nothing may be acted on by rule, or ``None``. Asked before each act, so it reads only what is new."""
        try:
            found = next((each for each in self.open() if each.stops_acts), None)
        except EvidenceError as error:
            return error.sentence
        return None if found is None else STOPPED.format(number=found.number, package=found.flaw.package.package_id)

    def report(self, flaw: Flaw) -> None:
        """Raise an incident, once for each flaw: a line in the log, an error, an urgent word to people."""
        self.open()
        key = self._key(flaw)
        if key in self._keys:
            return
        package = flaw.package
        facts = {"where": flaw.where, "what": flaw.what, "package": package.package_id, "found": flaw.found}
        self._archive.note(INCIDENT, facts, key=key)
        found = next(each for each in self.open() if each.flaw == flaw)
        log.error("evidence incident", incident=found.number, where=flaw.where, what=flaw.what, path=package.path)
        self._tell(f"URGENT. {found.sentence} {self.advice(found)}", f"incident-{found.number}")

    def advice(self, incident: Incident) -> str:
        """What a person can do now. Looks whether the second copy is good."""
        flaw, number = incident.flaw, incident.number
        if self._replica is None:
            return NO_COPY.format(sha256=flaw.package.sha256)
        target = self._replica.target
        if flaw.where == "copy":
            return PUT_AGAIN.format(target=target, number=number)
        try:
            why = self._why_copy_is_bad(self._replica, flaw.package)
        except BeadleError as error:
            return NOT_SEEN.format(why=error.sentence)
        return BAD_COPY.format(target=target, why=why) if why else GOOD_COPY.format(target=target, number=number)

    def clear(self, number: int, person: str, role: str, reason: str) -> None:
        """A person has looked and answers for it: acts may go on. Raises ``NotAllowed`` and ``EvidenceError``.

        The log takes the role alone; name and reason lie in a file that the log names by its digest.
        """
        self._one(number)
        if not reason.strip():
            raise NotAllowed(NO_REASON)
        kept = self._keep_reason(number, person, role, reason.strip())
        self._archive.note(CLEARED, {"incident": number, "role": role, "kept_as": kept[0], "sha256": kept[1]})
        log.warning("evidence incident cleared", incident=number, role=role)

    def restore(self, number: int, role: str) -> Path:
        """Put the second copy in the place of what is damaged, which is kept aside; returns the restored file.

        The copy is downloaded and checked first. The incident stays open: a person clears it. Raises ``NotAllowed``,
        ``EvidenceError``, ``ReplicaAway`` and ``ReplicaRefused``.
        """
        incident = self._one(number)
        package = incident.flaw.package
        if self._replica is None or not incident.stops_acts:
            raise NotAllowed((NO_COPY if incident.stops_acts else NOT_OF_THE_ARCHIVE).format(
                number=number, sha256=package.sha256))  # fmt: skip
        place = self._archive.root / package.path
        with durable.disk():
            good = self._good_copy(self._replica, package)
            aside = self._put_aside(place, number)
            durable.make_directory(place.parent)
            durable.move(good, place)
        facts = {"incident": number, "package": package.package_id, "sha256": package.sha256, "role": role}
        self._archive.note(RESTORED, {**facts, "from": self._replica.target, "aside": aside})
        return place

    def _take(self, entry: Entry) -> None:
        if entry.sealed is not None:
            self._packages[entry.sealed.package_id] = entry.sealed
        elif entry.kind == INCIDENT:
            self._keys.add(str(entry.facts.get("key")))
            package = self._packages[entry.facts["package"]]
            flaw = Flaw(entry.facts["where"], entry.facts["what"], package, entry.facts.get("found"))
            self._open[entry.number] = Incident(entry.number, flaw, str(entry.facts.get("time")))
        elif entry.kind == CLEARED:
            self._open.pop(int(entry.facts["incident"]), None)
        elif entry.kind == RESTORED:
            self._restored[str(entry.facts["package"])] = entry.number

    def _key(self, flaw: Flaw) -> str:
        """What makes it the same incident: a flaw that a person cleared as it stands is not raised every month."""
        since = self._restored.get(flaw.package.package_id, 0)
        return f"{flaw.where}/{flaw.package.package_id}/{flaw.what}/{(flaw.found or '-')[:16]}/{since}"

    def _one(self, number: int) -> Incident:
        found = next((each for each in self.open() if each.number == number), None)
        if found is None:
            raise NotAllowed(NO_INCIDENT.format(number=number))
        return found

    def _why_copy_is_bad(self, replica: Replica, package: Sealed) -> str | None:
        found = fetched(replica, package.path, most=package.size).sha256
        if found is None:
            return "it was never copied, or is gone"
        return None if found == package.sha256 else "its bytes are other ones"

    def _good_copy(self, replica: Replica, package: Sealed) -> Path:
        temp = self._archive.root / "incoming" / f"restore-{package.package_id}.zip"
        durable.make_directory(temp.parent)
        temp.unlink(missing_ok=True)
        got = fetched(replica, package.path, temp, package.size)
        if got.sha256 != package.sha256:
            temp.unlink(missing_ok=True)
            raise EvidenceError(BAD_COPY.format(target=replica.target, why="its bytes are other ones"))
        durable.settle(temp)
        return temp

    def _put_aside(self, place: Path, number: int) -> str | None:
        if not place.exists():
            return None
        aside = self._archive.root / "aside" / f"incident-{number}-{place.name}"
        durable.make_directory(aside.parent)
        durable.move(place, aside)
        return str(aside.relative_to(self._archive.root))

    def _keep_reason(self, number: int, person: str, role: str, reason: str) -> tuple[str, str]:
        written = {"incident": number, "person": person, "role": role, "reason": reason, "at": utc(self._clock())}
        data = canonical(written)
        name = f"log/incidents/{number:012}-{sha256(data)[:12]}.json"
        with durable.disk(), suppress(FileExistsError):
            durable.make_directory((self._archive.root / name).parent)
            durable.write_new(self._archive.root / name, data)
            durable.sync_directory((self._archive.root / name).parent)
        return name, sha256(data)
