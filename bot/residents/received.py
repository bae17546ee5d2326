"""What came in: a mail read as an appeal, or the reason why it is none. Every line of it is hostile until shown safe.

Pure: bytes in, values out. Nothing of a mail names a file, a header or a number of ours.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage, Message
from email.utils import format_datetime, getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Literal

from bot.notify.quoted import one_line

Door = Literal["mail", "web", "clerk"]

MOST_BYTES = 20_000_000
MOST_WORDS = 20_000
MOST_SUBJECT = 200
MOST_FILES = 20
MOST_FILE_BYTES = 5_000_000

BOUNCE = "It is a report on a mail that could not be delivered."
AUTOMATIC = "It was written by a machine (an automatic answer, or mail for a list)."
NO_SENDER = "It names no sender who could be answered."
EMPTY = "There is nothing in it."
CUT = "\n[… {count} more characters; the mail itself has them …]"
NOT_KEPT_SIZE = "not kept: {size} bytes are more than the {most} that are taken"
NOT_KEPT_COUNT = "not kept: it came after the first {most}"

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_IDENTITY = re.compile(r"<[!-;=?-~]{3,250}>")
_ROBOTS = re.compile(r"(mailer-daemon|postmaster|no-?reply|do-?not-?reply|bounces?)([+=._-].*)?", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n{3,}")
_KEPT = frozenset("\n\t\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A file that hung on a mail: a name to be shown, its digest, and its bytes where they are taken."""

    name: str
    size: int
    sha256: str
    why_not_kept: str = ""
    data: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Received:
    """What a resident sent. ``source`` makes the same thing twice one appeal; ``reply_to`` is the mail's own id,
    ``address`` where a written answer can go, empty where there is none."""

    source: str
    door: Door
    received_at: datetime
    contact: str = field(repr=False)
    subject: str = field(repr=False)
    words: str = field(repr=False)
    enclosed: tuple[Enclosed, ...] = ()
    reply_to: str = ""
    case_id: str | None = None

    @property
    def address(self) -> str:
        """The mail address among the contact, if it is one."""
        return self.contact if is_address(self.contact) else ""


@dataclass(frozen=True, slots=True)
class Left:
    """A mail that is no appeal, and why."""

    source: str
    because: str


def read_mail(raw: bytes, now: datetime, own: frozenset[str] = frozenset()) -> Received | Left:
    """A mail as an appeal. ``own``: addresses that are ours; a mail of our own is never answered.

    Never raises for what a stranger can send: what can't be read is left out, and said.
    """
    mail = _parsed(raw)
    source = source_of(mail, raw)
    sender = _sender(mail)
    because = _why_none(mail, sender, own)
    words, subject = words_of(mail), _header(mail, "Subject")
    enclosed = tuple(_enclosed(mail))
    if because is None and not (words.strip() or subject.strip() or enclosed):
        because = EMPTY
    if because is not None:
        return Left(source, because)
    identity = _header(mail, "Message-ID").strip()
    return Received(
        source=source,
        door="mail",
        received_at=_received_at(mail, now),
        contact=sender,
        subject=one_line(subject, limit=MOST_SUBJECT),
        words=words,
        enclosed=enclosed,
        reply_to=identity if _IDENTITY.fullmatch(identity) else "",
    )


def is_address(text: str) -> bool:
    """Whether a text is one mail address and nothing else that a header could be made of."""
    return len(text) <= 254 and bool(_ADDRESS.fullmatch(text)) and ".." not in text


def source_of(mail: Message, raw: bytes) -> str:
    """What makes the same mail one appeal: its Message-ID, or else its bytes."""
    identity = _header(mail, "Message-ID").strip()
    if _IDENTITY.fullmatch(identity):
        return f"mail:{identity}"
    return f"mail:sha256:{hashlib.sha256(raw).hexdigest()}"


def clean(text: str, limit: int = MOST_WORDS) -> str:
    """A resident's words without control and direction characters, cut with a note where they are very long."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(each for each in lines if each in _KEPT or unicodedata.category(each) not in _INVISIBLE)
    calm = _BLANK_LINES.sub("\n\n", kept).strip()
    return calm if len(calm) <= limit else calm[:limit] + CUT.format(count=len(calm) - limit)


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def words_of(mail: Message) -> str:
    """The words of a mail: its plain text, or what its HTML shows."""
    plain = [_text(part) for part in _shown(mail, "text/plain")]
    if any(each.strip() for each in plain):
        return clean("\n".join(plain))
    return clean("\n".join(_without_markup(_text(part)) for part in _shown(mail, "text/html")))


def _parsed(raw: bytes) -> Message:
    # compat32: the newer policy raises from inside its headers on what strangers send.
    return message_from_bytes(raw[:MOST_BYTES], policy=policy.compat32)


def _header(mail: Message, name: str) -> str:
    """A header in readable words, on one line; empty where it is missing or can't be read."""
    try:
        value = mail.get(name, "")
        return " ".join(str(make_header(decode_header(str(value)))).split())
    except (LookupError, ValueError, UnicodeError, TypeError):
        return " ".join(str(mail.get(name, "")).encode("ascii", "replace").decode().split())


def _sender(mail: Message) -> str:
    """Where an answer goes: Reply-To, which a form that forwards sets, or From. Lower case, so that it is one."""
    for name in ("Reply-To", "From"):
        found = [address for _, address in getaddresses([_header(mail, name)]) if is_address(address)]
        if len(found) == 1:
            return found[0].lower()
    return ""


def _why_none(mail: Message, sender: str, own: frozenset[str]) -> str | None:
    kind = mail.get_content_type()
    if kind == "multipart/report" or _header(mail, "Return-Path") == "<>" or mail.get("X-Failed-Recipients"):
        return BOUNCE
    submitted = _header(mail, "Auto-Submitted").lower().partition(";")[0].strip()
    precedence = _header(mail, "Precedence").lower()
    if submitted not in ("", "no") or precedence in ("bulk", "list", "junk", "auto_reply"):
        return AUTOMATIC
    if mail.get("List-Id") or mail.get("X-Autoreply") or mail.get("X-Autorespond"):
        return AUTOMATIC
    if not sender:
        return NO_SENDER
    if sender in own or _ROBOTS.fullmatch(sender.partition("@")[0]):
        return AUTOMATIC
    return None


def _received_at(mail: Message, now: datetime) -> datetime:
    """When our side's server took it, by the topmost Received header; never later than now. The Date header is the
    sender's own word and would decide whether an appeal is late."""
    stamped = _header(mail, "Received").rpartition(";")[2].strip()
    try:
        found = parsedate_to_datetime(stamped)
    except (TypeError, ValueError, IndexError, OverflowError):
        return now
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    return min(found, now)


def _parts(mail: Message) -> Iterator[Message]:
    for number, part in enumerate(mail.walk()):
        if number > 500:
            return
        if not part.is_multipart():
            yield part


def _is_file(part: Message) -> bool:
    kind = part.get_content_type()
    return part.get_content_disposition() == "attachment" or kind not in ("text/plain", "text/html")


def _shown(mail: Message, kind: str) -> Iterator[Message]:
    return (part for part in _parts(mail) if part.get_content_type() == kind and not _is_file(part))


def _payload(part: Message) -> bytes:
    try:
        found = part.get_payload(decode=True)
    except (ValueError, LookupError, UnicodeError, TypeError):
        found = None
    return found if isinstance(found, bytes) else b""


def _text(part: Message) -> str:
    data = _payload(part)
    charset = str(part.get_param("charset") or "utf-8")
    try:
        return data.decode(charset)
    except (LookupError, UnicodeError, ValueError):
        return data.decode("utf-8", "replace")


def _enclosed(mail: Message) -> Iterator[Enclosed]:
    files = [part for part in _parts(mail) if _is_file(part)]
    for number, part in enumerate(files):
        data = _payload(part)
        digest = hashlib.sha256(data).hexdigest()
        name = one_line(_file_name(part) or f"file {number + 1}", limit=80)
        if number >= MOST_FILES:
            yield Enclosed(name, len(data), digest, NOT_KEPT_COUNT.format(most=MOST_FILES))
        elif len(data) > MOST_FILE_BYTES:
            why = NOT_KEPT_SIZE.format(size=len(data), most=MOST_FILE_BYTES)
            yield Enclosed(name, len(data), digest, why)
        else:
            yield Enclosed(name, len(data), digest, "", data)


def _file_name(part: Message) -> str:
    try:
        return part.get_filename() or ""
    except (ValueError, LookupError, UnicodeError, TypeError, AttributeError):
        return ""


class _Reader(HTMLParser):
    """What a reader of an HTML mail sees, as lines of text."""

    _BREAKS = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "blockquote"})
    _UNSEEN = frozenset({"script", "style", "head", "title", "template"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in self._UNSEEN
        if tag in self._BREAKS:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._UNSEEN:
            self._unseen = max(self._unseen - 1, 0)

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.said.append(" ".join(data.split()) + (" " if data[-1:].isspace() else ""))


def _without_markup(html: str) -> str:
    reader = _Reader()
    reader.feed(html[: MOST_WORDS * 50])
    reader.close()
    return "".join(reader.said)


def plain_mail(sender: str, to: str, subject: str, text: str, identity: str, now: datetime) -> EmailMessage:
    """A letter of ours in plain text."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, one_line(subject)
    mail["Date"], mail["Message-ID"] = format_datetime(now), identity
    mail.set_content(text, cte="quoted-printable")
    return mail
