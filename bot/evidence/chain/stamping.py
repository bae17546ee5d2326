"""Sees to it that the newest checkpoint is time-stamped by every authority: later, if need be, but never as of earlier.

A stamp over a checkpoint vouches for every line that it covers. So only the newest is sent, at most one a minute; what
an outage delayed is stamped when it is over, with the time that it then is.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from bot.errors import EvidenceError
from bot.evidence.chain.folder import CheckpointFolder
from bot.evidence.chain.stamps import NO_ROOTS, Authority, Stamp, StampError, check, kept_roots, query_for, read_roots
from bot.evidence.storage import durable

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=60)
LONGEST_WAIT = timedelta(minutes=30)
ALARM_AFTER = timedelta(hours=6)
CLOCKS_DIFFER_S = 60.0

NONE_FOR = "{host} has given no time stamp for {hours} h: {why} Evidence is sealed all the same, and stamped later."
MENDED = "{host} gives time stamps again; what had waited is stamped as of {at:%Y-%m-%d %H:%M} UTC."
CLOCK = "The clock of this machine and that of {host} differ by {seconds:.0f} s; set this machine's clock (NTP)."

Tell = Callable[[str, str], None]
"""Says a sentence; the second string is its key: what has been said under it today is not said again."""

_PROBE = b"beadle doctor"
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class _Account:
    """What one authority owes. ``stamped`` is the size of the newest checkpoint that it has stamped, -1 for none."""

    authority: Authority
    stamped: int | None = None
    tries: int = 0
    not_before: datetime = _NEVER
    why: str = "it wasn't asked yet."
    alarmed: bool = False
    clock_told: bool = False


@dataclass(frozen=True, slots=True)
class Owed:
    """How an authority stands: its newest stamp (size and time) and since when a checkpoint waits for it."""

    authority: Authority
    stamped: int | None
    at: datetime | None
    waiting_since: datetime | None
    why: str


class Stamping:
    """The authorities of the configuration, in its order. ``roots`` is a file of certificates in PEM."""

    def __init__(
        self,
        folder: CheckpointFolder,
        urls: Sequence[str],
        roots: Path | None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        seconds: float = 20.0,
    ) -> None:
        self.authorities = tuple(Authority(place, url) for place, url in enumerate(urls, start=1))
        self._folder, self._roots, self._clock, self._seconds = folder, roots, clock, seconds
        self._accounts = tuple(_Account(authority) for authority in self.authorities)

    def tick(self, now: datetime, tell: Tell) -> None:
        """Ask each authority that owes a stamp and may be asked again. Another process at it: nothing."""
        due = [account for account in self._accounts if now >= account.not_before]
        if not due:
            return
        with self._alone() as alone:
            if alone:
                for account in due:
                    self._see_to(account, now, tell)

    def standing(self) -> tuple[Owed, ...]:
        """How each authority stands, read from the disk."""
        sizes = self._folder.sizes()
        return tuple(self._owed(account, sizes) for account in self._accounts)

    def probe(self, authority: Authority) -> Stamp:
        """Ask for a stamp over nothing of ours, check it and forget it: for whoever sets this up. Raises
        ``EvidenceError``."""
        query = query_for(_PROBE)
        return check(_PROBE, authority.ask(query, self._seconds), self._configured_roots(), query)

    def _see_to(self, account: _Account, now: datetime, tell: Tell) -> None:
        account.not_before = now + EVERY
        sizes = self._folder.sizes()
        if not sizes or self._newest_stamped(account) >= sizes[-1]:
            return
        try:
            stamp = self._stamp(account.authority, sizes[-1])
        except EvidenceError as error:
            self._failed(account, error, sizes, now, tell)
            return
        account.stamped = sizes[-1]
        self._succeeded(account, stamp, tell)

    def _stamp(self, authority: Authority, size: int) -> Stamp:
        """Question, answer, check; then both are kept, the answer last: where it lies, the stamp is whole. A question
        that lies there alone is of an attempt that a crash broke off; it is asked again."""
        note = self._folder.read(size).data
        roots = self._keep_roots()
        query = self._folder.read_query(size, authority.place) or query_for(note)
        reply = authority.ask(query, self._seconds)
        stamp = check(note, reply, roots, query)
        if not self._folder.query(size, authority.place).exists():
            self._folder.keep(self._folder.query(size, authority.place), query)
        self._folder.keep(self._folder.reply(size, authority.place), reply)
        log.info("checkpoint time-stamped", size=size, authority=authority.host, at=stamp.at.isoformat())
        return stamp

    def _keep_roots(self) -> list[x509.Certificate]:
        """The configured certificates; the archive's copy gets those that it lacks, and loses none."""
        roots = self._configured_roots()
        kept = kept_roots(self._folder.roots)
        missing = [root for root in roots if root not in kept]
        if missing:
            whole = b"".join(root.public_bytes(Encoding.PEM) for root in (*kept, *missing))
            with durable.disk():
                _replace(self._folder.roots, whole)
        return roots

    def _configured_roots(self) -> list[x509.Certificate]:
        if self._roots is None:
            raise StampError(NO_ROOTS)
        return read_roots(self._roots)

    def _failed(self, account: _Account, error: EvidenceError, sizes: list[int], now: datetime, tell: Tell) -> None:
        account.tries += 1
        account.why = error.sentence
        account.not_before = now + min(EVERY * 2 ** min(account.tries - 1, 10), LONGEST_WAIT)
        since = self._waiting_since(account, sizes)
        log.info("no time stamp yet", authority=account.authority.host, because=error.sentence, tries=account.tries)
        if since is not None and now - since >= ALARM_AFTER and not account.alarmed:
            account.alarmed = True
            hours = int((now - since) / timedelta(hours=1))
            sentence = NONE_FOR.format(host=account.authority.host, hours=hours, why=error.sentence)
            log.error("time stamps are missing", because=sentence)
            tell(sentence, f"stamps-{account.authority.place}")

    def _succeeded(self, account: _Account, stamp: Stamp, tell: Tell) -> None:
        account.tries = 0
        if account.alarmed:
            account.alarmed = False
            tell(MENDED.format(host=account.authority.host, at=stamp.at), f"stamps-{account.authority.place}-again")
        apart = abs((self._clock() - stamp.at).total_seconds())
        differ = apart > CLOCKS_DIFFER_S
        if differ and not account.clock_told:
            sentence = CLOCK.format(host=account.authority.host, seconds=apart)
            log.warning("clocks differ", because=sentence)
            tell(sentence, f"clock-{account.authority.place}")
        account.clock_told = differ

    def _owed(self, account: _Account, sizes: list[int]) -> Owed:
        stamped = self._newest_stamped(account, look=True)
        at, why = None, account.why
        if stamped >= 0:
            try:
                at = self._read_stamp(stamped, account.authority.place).at
            except EvidenceError as error:
                why = error.sentence
        since = self._waiting_since(account, sizes)
        return Owed(account.authority, stamped if stamped >= 0 else None, at, since, why)

    def _read_stamp(self, size: int, place: int) -> Stamp:
        note, reply = self._folder.read(size).data, self._folder.read_reply(size, place)
        return check(note, reply, kept_roots(self._folder.roots), self._folder.read_query(size, place))

    def _newest_stamped(self, account: _Account, look: bool = False) -> int:
        if account.stamped is None or look:
            place = account.authority.place
            mine = [reply.size for reply in self._folder.replies() if reply.place == place]
            account.stamped = max(mine, default=-1)
        return account.stamped

    def _waiting_since(self, account: _Account, sizes: list[int]) -> datetime | None:
        """When the oldest checkpoint was written that no stamp of this authority covers."""
        stamped = self._newest_stamped(account)
        oldest = next((size for size in sizes if size > stamped), None)
        if oldest is None:
            return None
        with durable.disk():
            return datetime.fromtimestamp(self._folder.note(oldest).stat().st_mtime, UTC)

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else is stamping in this archive; held until the end."""
        directory = self._folder.directory.parent
        with durable.disk():
            durable.make_directory(directory)
            descriptor = os.open(directory / "stamping.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            yield _held(descriptor)
        finally:
            os.close(descriptor)


def _held(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _replace(path: Path, data: bytes) -> None:
    temp = path.with_name(f".{path.name}.part")
    temp.unlink(missing_ok=True)
    durable.write_new(temp, data)
    temp.replace(path)
    durable.sync_directory(path.parent)
