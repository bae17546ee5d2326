"""Signs the log now and then, and has the signature time-stamped by authorities outside.

A checkpoint covers every line before it, so that one of them (and one time stamp over it) vouches for all that was
sealed until then. None of this stands between a comment and its seal: what an authority owes is asked for later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from bot.errors import BeadleError, ConfigError, EvidenceError
from bot.evidence.chain.checkpoint import Checkpoint, Note, signed
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.keys import EvidenceKey, KnownKey
from bot.evidence.chain.log import Log, Pen
from bot.evidence.chain.reading import Reading
from bot.evidence.chain.signing import Signing
from bot.evidence.chain.stamping import Stamping, Tell
from bot.evidence.chain.standing import Standing

log = structlog.get_logger(__name__)

LINES = 100
EVERY = timedelta(seconds=60)
READ_AGAIN = timedelta(hours=1)

CUT = (
    "The evidence log has {found} lines, and its last checkpoint {size}: lines were cut off, or an old copy was put"
    " back. Nothing more is signed; run `beadle verify --all`."
)
REWRITTEN = (
    "The evidence log is not what its checkpoint of {size} lines says: lines were changed. Nothing more is signed; run"
    " `beadle verify --all`."
)
TAKEN_AWAY = (
    "The checkpoint of {size} lines is gone from {directory}. Nothing more is signed; put it back, and run"
    " `beadle verify --all`."
)
STRANGER = (
    "The checkpoint of {size} lines is not signed by the key that the log names. Nothing more is signed; run"
    " `beadle verify --all`."
)
WELL_AGAIN = "Checkpoints of the evidence log are signed again."


class NotTheLog(EvidenceError):
    """The log on the disk is not the one that was signed: cut, rewritten, or signed by a stranger."""


class Notary:
    """Makes checkpoints of the log of an archive, and sees to their time stamps. Several processes may each have one.

    ``key``: a path or ``keyring:NAME``. ``authorities``: addresses, whose time stamps must lead to a certificate in the
    file ``roots``. ``tell`` is told in a sentence what breaks, once, and when it is mended.
    """

    def __init__(
        self,
        root: Path,
        entries: Log,
        key: str,
        authorities: Sequence[str] = (),
        roots: Path | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        tell: Tell = lambda *_: None,
    ) -> None:
        self.folder = CheckpointFolder(root)
        self.signing = Signing(key)
        self.stamping = Stamping(self.folder, authorities, roots, clock)
        self._log, self._clock, self._tell = entries, clock, tell
        self._path = root / "log" / "entries.jsonl"
        self._reading = Reading(self._path)
        self._read_at = self._made_at = self._tried_at = datetime.min.replace(tzinfo=UTC)
        self._last: Note | None = None
        self._trouble: BeadleError | None = None

    @contextmanager
    def on_duty(self) -> Iterator[None]:
        """From the start to the end of a daemon. Raises ``ConfigError`` when the key can't be had.

        The key is named in the log at once, so that the first package can say which key will vouch for it. At the end
        what is new is signed, and the authorities are asked once more for what they owe.
        """
        self._told(lambda: self._begin(self._clock()))
        if isinstance(self._trouble, ConfigError):
            raise self._trouble
        try:
            yield
        finally:
            self.close()

    def why_not(self) -> str | None:
        """Why nothing may be done on the strength of this log: it isn't the one that was signed. Else ``None``."""
        return self._trouble.sentence if isinstance(self._trouble, NotTheLog) else None

    def tick(self, now: datetime) -> None:
        """What is due: a checkpoint after 100 lines or a minute, then time stamps. Raises nothing that it can tell."""
        self._if_due(now)
        self._stamp(now)

    def close(self) -> None:
        """At exit: sign what is new, and ask once more for what the authorities owe."""
        now = self._clock()
        self._told(lambda: self.checkpoint(now))
        self._stamp(now)

    def checkpoint(self, now: datetime) -> Note | None:
        """A checkpoint of all lines; the last one where it covers them; ``None`` for an archive without a line.

        Raises ``NotTheLog`` (an ``EvidenceError``) when it isn't the one that was signed, ``ConfigError`` for the key.
        """
        self._read_anew(now)
        with self._log.writing() as pen:
            last = self._checked_last()
            if not self._reading.tree.size or (last and last.checkpoint.size == self._reading.tree.size):
                return last
            return self._signed(pen, now)

    def rotate(self, now: datetime) -> KnownKey:
        """Hand on to a new key. What is in the log is signed by the old one first. Raises as ``checkpoint``."""
        self.checkpoint(now)
        with self._log.writing() as pen:
            self._checked_last()
            if not self._reading.history.keys:
                self._named(pen, now)
            self.signing.rotate(self._reading.history, pen, now)
            self._reading.catch_up()
            self._signed(pen, now)
        return self._reading.history.keys[-1]

    def keys(self) -> tuple[KnownKey, ...]:
        """Every key of the log, read from the disk. Raises ``EvidenceError``."""
        reading = Reading(self._path)
        reading.catch_up()
        return tuple(reading.history.keys)

    def standing(self) -> Standing:
        """How the proof stands: everything is read from the disk again, and nothing written. What is wrong is in it.

        Raises ``EvidenceError`` where the disk can't be read.
        """
        reading, note, owed = Reading(self._path), None, self.stamping.standing()
        try:
            reading.catch_up()
            note = self.folder.newest()
            if note is not None:
                _require_same_log(note, reading)
            self.signing.examine(reading.history)
        except BeadleError as error:
            return Standing(note, reading.tree.size, reading.history.current, error.sentence, owed)
        return Standing(note, reading.tree.size, reading.history.current, None, owed)

    def _begin(self, now: datetime) -> None:
        self._read_anew(now)
        with self._log.writing() as pen:
            self._checked_last()
            self._named(pen, now)
            self.folder.put_keys(self._reading.history.keys)

    def _stamp(self, now: datetime) -> None:
        try:
            self.stamping.tick(now, self._tell)
        except EvidenceError as error:
            log.warning("no time stamp was asked for", because=error.sentence)

    def _if_due(self, now: datetime) -> None:
        if self._trouble is not None and now - self._tried_at < EVERY:
            return
        self._tried_at = now
        self._told(lambda: self._make_due(now))

    def _make_due(self, now: datetime) -> None:
        lines = self._log.head().lines
        last = self._last or self.folder.newest()
        new = lines - (last.checkpoint.size if last else 0)
        # What is wrong is over when a look at everything says so, not when there is nothing new to sign.
        if self._trouble is not None or new >= LINES or (new != 0 and now - self._made_at >= EVERY):
            self.checkpoint(now)

    def _told(self, work: Callable[[], object]) -> None:
        """Do it; say a trouble once when it comes and once when it goes."""
        try:
            work()
        except BeadleError as error:
            self._failed(error)
            return
        if self._trouble is not None:
            self._trouble = None
            log.info("checkpoints are made again")
            self._tell(WELL_AGAIN, "checkpoints-again")

    def _failed(self, error: BeadleError) -> None:
        before, self._trouble = self._trouble, error
        if before is not None and before.sentence == error.sentence:
            return
        log.error("no checkpoint is made", because=error.sentence)
        # Whoever seals says that the disk fails; twice would be once too often.
        if not isinstance(error.__cause__, OSError):
            self._tell(error.sentence, "checkpoints")

    def _signed(self, pen: Pen, now: datetime) -> Note:
        key = self._named(pen, now)
        origin = self._reading.history.origin
        assert origin is not None, "a key was just named"
        size = self._reading.tree.size
        note = signed(Checkpoint(origin, size, self._reading.tree.root()), key)
        self.folder.put_keys(self._reading.history.keys)
        self.folder.put(note)
        self._last, self._made_at = note, now
        return note

    def _named(self, pen: Pen, now: datetime) -> EvidenceKey:
        key = self.signing.key(self._reading.history, pen, now)
        self._reading.catch_up()
        return key

    def _read_anew(self, now: datetime) -> None:
        """Now and then: what stands in memory can't notice a line that is changed on the disk. Before the lock is
        taken, so that nobody who seals waits for it."""
        if self._trouble is not None or now - self._read_at >= READ_AGAIN:
            reading = Reading(self._path)
            reading.catch_up()
            self._reading, self._read_at = reading, now

    def _checked_last(self) -> Note | None:
        """The newest checkpoint on the disk, once the log on the disk was held against it. Under the lock."""
        self._reading.catch_up()
        last = self.folder.newest()
        if self._last and (last is None or last.checkpoint.size < self._last.checkpoint.size):
            size = self._last.checkpoint.size
            raise NotTheLog(TAKEN_AWAY.format(size=size, directory=self.folder.directory))
        if last is not None:
            _require_same_log(last, self._reading)
        self._last = last
        return last


def _require_same_log(note: Note, reading: Reading) -> None:
    """Raises ``NotTheLog`` unless the log begins with what the checkpoint says, signed by the key that it names."""
    size, tree, history = note.checkpoint.size, reading.tree, reading.history
    if size > tree.size:
        raise NotTheLog(CUT.format(found=tree.size, size=size))
    if tree.root(size) != note.checkpoint.root:
        raise NotTheLog(REWRITTEN.format(size=size))
    known = history.at(size)
    if known is None or note.checkpoint.origin != history.origin or not note.signed_by(known.public):
        raise NotTheLog(STRANGER.format(size=size))
