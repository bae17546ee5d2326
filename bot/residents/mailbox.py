"""The appeals' mailbox, by IMAP, with the trust store of the system. Connects only while it looks.

A mail is marked as seen after what it became is committed: a crash between the two brings it again, and its Message-ID
makes it the same appeal.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote, urlsplit

import imap_tools
import structlog
import truststore

from bot.errors import BeadleError, ConfigError

log = structlog.get_logger(__name__)

URL_SHAPE = (
    "BEADLE_IMAP_URL must look like imaps://user:password@mail.example.gov/Appeals, or imap://… for STARTTLS "
    "(write %40 for @, %2F for / and %3A for : inside the password)."
)
UNREACHABLE = "The appeals' mailbox on {host} can't be reached just now ({kind}); it is tried again by itself."
BAD_CERTIFICATE = (
    "The certificate of {host} can't be verified, so no password was sent: add your city's own certificate authority "
    "to the system's trust store."
)
NO_STARTTLS = "The mail server {host} offers no encryption, so no password was sent: use imaps:// in BEADLE_IMAP_URL."
BAD_LOGIN = "The mail server {host} does not take the user name and password: correct BEADLE_IMAP_URL."
NO_FOLDER = 'The mailbox on {host} has no folder "{folder}": correct BEADLE_IMAP_URL or make the folder.'
MENDED = "The appeals' mailbox on {host} can be read again."

EVERY = timedelta(minutes=2)
AT_ONCE = 50
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_PORTS = {"imap": 143, "imaps": 993}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class MailboxTrouble(BeadleError):
    """The mailbox can't be read. The sentence says whether a person has to mend something."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where appeals arrive. ``tls``: at once, by STARTTLS, or never (on this machine only)."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


@dataclass(frozen=True, slots=True)
class Mail:
    """One unseen mail. ``raw`` is ``None`` where it is too large to be fetched."""

    uid: str
    size: int
    raw: bytes | None = field(repr=False)


def place(url: str) -> Place:
    """Read ``imaps://user:password@host[:port]/Folder``. Raises ``ConfigError``."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise ConfigError(URL_SHAPE) from error
    if parts.scheme not in _PORTS or not host or not parts.username or not parts.password:
        raise ConfigError(URL_SHAPE)
    plain = "always" if host not in _LOOPBACK or "starttls=always" in parts.query else "never"
    return Place(
        host,
        port or _PORTS[parts.scheme],
        "at_once" if parts.scheme == "imaps" else plain,
        unquote(parts.username),
        unquote(parts.password),
        unquote(parts.path.strip("/")) or "INBOX",
    )


class Mailbox:
    """Looks for mail. ``timeout``: seconds that one answer may take."""

    def __init__(self, url: str, timeout: float = 20.0) -> None:
        self.place = place(url)
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"Mailbox({self.place!r})"

    def unseen(self, largest: int, done: Callable[[Mail], bool]) -> int:
        """Give every unseen mail to ``done``, oldest first, and mark it as seen when that returns ``True``; how many.

        A mail over ``largest`` bytes is not fetched. Raises ``MailboxTrouble``.
        """
        count = 0
        with self._named_errors(), self._open() as box:
            for uid in box.uids(imap_tools.AND(seen=False))[:AT_ONCE]:
                mail = _fetch(box, uid, largest)
                if mail is not None and done(mail):
                    box.flag([uid], imap_tools.MailMessageFlags.SEEN, True)
                    count += 1
        return count

    def check(self) -> None:
        """Connect, log in, open the folder and read nothing. Raises ``MailboxTrouble``."""
        with self._named_errors(), self._open():
            pass

    @contextmanager
    def _open(self) -> Iterator[imap_tools.BaseMailBox]:
        box = self._connect()
        try:
            box.login(self.place.user, self.place.password, initial_folder=None)
            box.folder.set(self.place.folder)
            yield box
        finally:
            with suppress(OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError):
                box.client.shutdown()

    def _connect(self) -> imap_tools.BaseMailBox:
        host, port = self.place.host, self.place.port
        if self.place.tls == "at_once":
            return imap_tools.MailBox(host, port, timeout=self._timeout, ssl_context=_trust())
        if self.place.tls == "always":
            return self._encrypted(host, port)
        return imap_tools.MailBoxUnencrypted(host, port, timeout=self._timeout)

    def _encrypted(self, host: str, port: int) -> imap_tools.BaseMailBox:
        try:
            return imap_tools.MailBoxStartTls(host, port, timeout=self._timeout, ssl_context=_trust())
        except imaplib.IMAP4.abort as error:
            if "TLS not supported" in str(error):
                raise MailboxTrouble(NO_STARTTLS.format(host=host)) from error
            raise

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        host = self.place.host
        try:
            yield
        except ssl.SSLCertVerificationError as error:
            raise MailboxTrouble(BAD_CERTIFICATE.format(host=host)) from error
        except imap_tools.MailboxStarttlsError as error:
            raise MailboxTrouble(NO_STARTTLS.format(host=host)) from error
        except imap_tools.MailboxLoginError as error:
            raise MailboxTrouble(BAD_LOGIN.format(host=host)) from error
        except imap_tools.MailboxFolderSelectError as error:
            raise MailboxTrouble(NO_FOLDER.format(host=host, folder=self.place.folder)) from error
        except (OSError, imaplib.IMAP4.error, imap_tools.ImapToolsError) as error:
            raise MailboxTrouble(UNREACHABLE.format(host=host, kind=type(error).__name__)) from error


class Round:
    """Looks at a mailbox every two minutes; says once that it can't be read, and once that it can again."""

    def __init__(self, mailbox: Mailbox, look: Callable[[Mailbox], int], tell: Callable[[str, str], None]) -> None:
        self._mailbox, self._look, self._tell = mailbox, look, tell
        self._next: datetime | None = None
        self._trouble: str | None = None

    def see_to(self, now: datetime) -> None:
        """Look, if it is time."""
        if self._next is not None and now < self._next:
            return
        self._next = now + EVERY
        try:
            taken = self._look(self._mailbox)
        except MailboxTrouble as trouble:
            self._say(trouble.sentence)
            return
        if self._trouble is not None:
            self._trouble = None
            sentence = MENDED.format(host=self._mailbox.place.host)
            log.info("the appeals' mailbox can be read again")
            self._tell(sentence, "appeals-mailbox-mended")
        if taken:
            log.info("mail taken from the appeals' mailbox", mails=taken)

    def _say(self, sentence: str) -> None:
        if self._trouble is None:
            log.error("the appeals' mailbox can't be read", because=sentence)
            self._tell(sentence, "appeals-mailbox")
        self._trouble = sentence


def _fetch(box: imap_tools.BaseMailBox, uid: str, largest: int) -> Mail | None:
    """One mail without marking it; ``None`` where it is gone by now."""
    size = _size(box.client.uid("FETCH", uid, "(RFC822.SIZE)"))
    if size is None:
        return None
    if size > largest:
        return Mail(uid, size, None)
    _, told = box.client.uid("FETCH", uid, "(BODY.PEEK[])")
    raw = next((part[1] for part in told or () if isinstance(part, tuple) and len(part) > 1), None)
    return None if raw is None else Mail(uid, size, raw)


def _size(answer: object) -> int | None:
    for part in answer[1] if isinstance(answer, tuple) else ():
        line = part[0] if isinstance(part, tuple) else part
        if isinstance(line, bytes) and (found := _SIZE.search(line)):
            return int(found[1])
    return None


def _trust() -> ssl.SSLContext:
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
