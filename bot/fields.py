"""The kinds of value that configuration is written in. Each refuses with what follows the key's name in a sentence.

Nothing here repairs: a value is taken as it stands or refused.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import time, timedelta
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

from bot.mistakes import did_you_mean, printable

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CHANNEL = re.compile(r"#?[\w.-]{1,80}")
_DURATION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)(s|m|h)")
_SECONDS = {"s": 1, "m": 60, "h": 3600}
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_OWN_NETWORK = frozenset({"localhost", "local", "internal", "lan", "home", "corp", "intranet"})
_HOST = re.compile(r"(?=.{1,253}(?::|$))(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9-]{1,63}(?::[0-9]{1,5})?")
_BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](?:/[A-Za-z0-9._-]+)*/?")
_KEYRING = re.compile(r"keyring:[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def slug(value: str) -> str:
    """A short name for files and commands: small letters, digits and single hyphens, 64 at most."""
    if not _SLUG.fullmatch(value) or len(value) > 64:
        raise ValueError(f'is "{printable(value)}"; write small letters, digits and hyphens, for example main-street.')
    return value


def line(value: str) -> str:
    """One line of text that people read: 1 to 120 characters, none of them invisible."""
    if not value.strip() or value != value.strip():
        raise ValueError("is empty or has spaces at an end; write it without them.")
    if len(value) > 120 or not value.isprintable():
        raise ValueError(f'is "{printable(value)}"; write one line of at most 120 visible characters.')
    return value


def identifier(value: str) -> str:
    """An id as a platform, Slack or the operating system gave it: visible characters without spaces."""
    if not value or len(value) > 200 or not value.isprintable() or any(c.isspace() for c in value):
        raise ValueError(f'is "{printable(value)}"; write it exactly as it was given, without spaces.')
    return value


def page_id(value: str) -> str:
    """A page's id: a number, a name, an address, an at-uri or URN, as the platform gives it."""
    if not value or len(value) > 500 or not value.isprintable() or any(c.isspace() for c in value):
        raise ValueError(f'is "{printable(value)}"; write it exactly as it was given, without spaces.')
    return value


def zone(value: str) -> str:
    """A key of the IANA time zone database."""
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError):
        near = did_you_mean(value, available_timezones())
        hint = f'did you mean "{near}"?' if near else "write one such as America/New_York."
        raise ValueError(f'is "{printable(value)}", which is not a time zone of the IANA database; {hint}') from None
    return value


def clock(value: str) -> str:
    """A time of day, ``HH:MM``, of 24 hours."""
    if not _CLOCK.fullmatch(value):
        raise ValueError(f'is "{printable(value)}"; write hours and minutes of 24 hours, for example "07:30".')
    return value


def as_time(written: str) -> time:
    """The time of day that a ``Clock`` says."""
    return time.fromisoformat(written)


def quiet_hours(value: str) -> str:
    """Two times of day with a hyphen between, ``HH:MM-HH:MM``; the second may be of the next day."""
    begin, hyphen, end = value.partition("-")
    if not hyphen or not _CLOCK.fullmatch(begin) or not _CLOCK.fullmatch(end) or begin == end:
        raise ValueError(f'is "{printable(value)}"; write two times of day, for example "22:00-06:30".')
    return value


def as_hours(written: str) -> tuple[time, time]:
    """The two times of day that ``QuietHours`` say."""
    begin, _, end = written.partition("-")
    return as_time(begin), as_time(end)


def duration(value: str) -> str:
    """A length of time: a number and s, m or h; more than nothing, a day at most."""
    found = _DURATION.fullmatch(value)
    if not found or not 0 < float(found[1]) * _SECONDS[found[2]] <= 86_400:
        raise ValueError(f'is "{printable(value)}"; write a number and s, m or h, for example 30s, 2m or 1h.')
    return value


def as_timedelta(written: str) -> timedelta:
    """The length of time that a ``Duration`` says."""
    return timedelta(seconds=float(written[:-1]) * _SECONDS[written[-1]])


def as_duration(seconds: float) -> str:
    """A length of time as a ``Duration`` is written."""
    for unit in ("h", "m"):
        if seconds >= _SECONDS[unit] and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:g}{unit}"
    return f"{seconds:g}s"


def channel(value: str) -> str:
    """A Slack channel: its id or its name."""
    if not _CHANNEL.fullmatch(value):
        raise ValueError(f'is "{printable(value)}"; write the id of a Slack channel or its name, for example "#town".')
    return value


def mailbox(value: str) -> str:
    """A bare e-mail address, ASCII, whose domain has a dot."""
    try:
        found = Address(addr_spec=value)
    except (HeaderParseError, ValueError, IndexError):
        found = None
    if found is None or "." not in found.domain or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(f'is "{printable(value)}", which is not an e-mail address; write one like clerk@town.gov.')
    return value


def sender(value: str) -> str:
    """A sender as mail programs show it: ``Name <address>``, or an address alone."""
    name, bare = parseaddr(value)
    if not value.isprintable() or value not in (bare, f"{name} <{bare}>"):
        raise ValueError(f'is "{printable(value)}"; write a name and an address, like Beadle <beadle@town.gov>.')
    mailbox(bare)
    return value


def address(value: str) -> str:
    """An ``https`` address of a server; ``http`` only of this machine itself. No password, query or fragment in it."""
    parts = _split(value)
    if parts is None or not parts.hostname or parts.scheme not in ("https", "http"):
        raise ValueError("is not an address; write one such as https://www.town.gov/.")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("has more in it than a server and a path; take the password, query or fragment out.")
    if parts.scheme == "http" and not is_loopback(value):
        raise ValueError(f'is "{printable(value)}", which anybody on the way can read; write it with https.')
    return value


def stamp_address(value: str) -> str:
    """The address of a time stamp authority. Plain ``http`` will do: its answer is signed, and hides nothing."""
    parts = _split(value)
    if parts is None or not parts.hostname or parts.scheme not in ("https", "http") or parts.username:
        raise ValueError(f'holds "{printable(value)}"; write addresses such as http://timestamp.example.org.')
    return value


def words(value: object) -> object:
    """One line of several values as the values: they stand between blanks or commas."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


def bucket(value: str) -> str:
    """``s3://bucket`` or ``s3://bucket/prefix``, without a slash at the end."""
    if not _BUCKET.fullmatch(value):
        raise ValueError("is not a bucket; write s3://bucket or s3://bucket/prefix.")
    return value.rstrip("/")


def key_source(value: str) -> str:
    """Where a key lies: an absolute path, or ``keyring:NAME``."""
    if value.startswith("keyring:"):
        if not _KEYRING.fullmatch(value):
            raise ValueError("is not a name in the keyring; write keyring:beadle-evidence.")
        return value
    return str(Path(value).expanduser().absolute())


def is_loopback(url: str | None) -> bool:
    """Whether an address leads to this machine itself."""
    parts = _split(url or "")
    host = (parts.hostname or "") if parts else ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host(value: str) -> str:
    """A host name, or ``host:port``, in small letters."""
    if not _HOST.fullmatch(value):
        raise ValueError(f'holds "{printable(value)}"; write host names alone, for example www.facebook.com.')
    return value


def listen(value: str) -> str:
    """Where a server of ours listens: an address of this machine and a port."""
    name, _, port = value.rpartition(":")
    try:
        ipaddress.ip_address(name.strip("[]"))
        good = port.isdecimal() and 0 < int(port) < 65_536
    except ValueError:
        good = False
    if not good:
        raise ValueError(f'is "{printable(value)}"; write an address of this machine and a port, like 127.0.0.1:8443.')
    return value


def distinct(value: tuple[str, ...]) -> tuple[str, ...]:
    """A list with something in it, and nothing twice."""
    if not value:
        raise ValueError("is an empty list; write at least one.")
    for item in value:
        if value.count(item) > 1:
            raise ValueError(f'holds "{printable(item)}" twice; keep one.')
    return value


def is_public_name(value: str) -> bool:
    """Whether a ``host[:port]`` is a name in the public tree, not a number or a name of this network's own."""
    labels = value.split(":")[0].split(".")
    return len(labels) > 1 and labels[-1][0].isalpha() and labels[-1] not in _OWN_NETWORK


def _split(url: str) -> SplitResult | None:
    if not url.isprintable() or " " in url:
        return None
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


Slug = Annotated[str, AfterValidator(slug)]
Line = Annotated[str, AfterValidator(line)]
Identifier = Annotated[str, AfterValidator(identifier)]
PageId = Annotated[str, AfterValidator(page_id)]
Zone = Annotated[str, AfterValidator(zone)]
Clock = Annotated[str, AfterValidator(clock)]
QuietHours = Annotated[str, AfterValidator(quiet_hours)]
Duration = Annotated[str, AfterValidator(duration)]
Channel = Annotated[str, AfterValidator(channel)]
Sender = Annotated[str, AfterValidator(sender)]
Mailbox = Annotated[str, AfterValidator(mailbox)]
HttpsAddress = Annotated[str, AfterValidator(address)]
StampAddress = Annotated[str, AfterValidator(stamp_address)]
Bucket = Annotated[str, AfterValidator(bucket)]
Listen = Annotated[str, AfterValidator(listen)]
KeySource = Annotated[str, AfterValidator(key_source)]
Host = Annotated[str, AfterValidator(host)]
