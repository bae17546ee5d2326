"""From an attachment to a medium: fetched once, at capture, through the guard, as bytes that nobody here decodes.

What can't be had is a medium with the reason, never an exception: evidence doesn't wait for a picture server.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from urllib.parse import urljoin, urlsplit

import httpx
import truststore

from bot import __version__
from bot.evidence.canonical import sha256
from bot.evidence.dossier import Medium
from bot.evidence.egress.guard import Caps, Guard, Passage
from bot.evidence.egress.hosts import Hosts
from bot.evidence.media.hashes import NeverCopy
from bot.evidence.media.sniff import ENOUGH, sniff
from connectors.contract import Attachment

# ── what is said of a file that isn't there ──────────────────────────────────────────────────────────────────────────

NO_ADDRESS = "The platform gave no address for it."
NOT_FETCHED = "It is of a kind that is not fetched."
TOO_MANY = "More than {files} files hang on the comment; this one was not fetched."
WRONG_HOST = "{host} is not a host that this page's media are fetched from, or its address is not plain https."
TOO_LARGE = "It is larger than {megabytes} MB, or the comment's files are together; it was not kept."
TOO_LATE = "It did not arrive within {seconds:g} seconds."
REDIRECTED = "It was redirected more than {redirects} times."
ANSWERED = "The server answered {status}."
PACKED = "The server sent it packed, and nothing is unpacked here."
UNVERIFIED = "The server's certificate could not be verified."
BROKEN = "The connection failed."
CUT_SHORT = "The connection broke off before all of it was there."
WITHHELD = "Not kept, because another file of this comment may not be copied."

_FETCHED = frozenset({"photo", "video", "sticker", "animation"})
_MEGABYTE = 1_000_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LONGEST_TYPE = 100
_HOST_SHOWN = 100
_HEADERS = {"User-Agent": f"Beadle/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Limits:
    """``files`` of a comment, each at most ``each`` bytes and together ``in_all``, in ``seconds`` for all of them."""

    files: int = 4
    each: int = 25 * _MEGABYTE
    in_all: int = 50 * _MEGABYTE
    seconds: float = 10.0
    redirects: int = 5


class Fetcher:
    """Fetches what hangs on a comment. Safe for many threads; holds nothing between two comments.

    ``never`` is the city's list; ``not_copied`` says the same of digests that people marked. ``open_guard`` makes the
    guard (tests give it another resolver).
    """

    def __init__(
        self,
        never: NeverCopy,
        not_copied: Callable[[str], bool],
        clock: Callable[[], datetime],
        *,
        limits: Limits = Limits(),
        open_guard: Callable[..., Guard] = Guard,
    ) -> None:
        self._never = never
        self._not_copied = not_copied
        self._clock = clock
        self._limits = limits
        self._open_guard = open_guard

    def __call__(self, attachments: Sequence[Attachment], hosts: Sequence[str]) -> tuple[Medium, ...]:
        """The media of a comment, in its order. Speaks to ``hosts`` alone (see ``egress.hosts``)."""
        wanted = [each for each in attachments if each.kind != "link" or each.preview]
        if not any(_address(each) for each in wanted[: self._limits.files]):
            return tuple(self._without(each, _why_not(each)) for each in wanted)
        fetched = self._fetch_all(wanted[: self._limits.files], Hosts(tuple(hosts)))
        late = TOO_MANY.format(files=self._limits.files)
        return _withheld((*fetched, *(self._without(each, late) for each in wanted[self._limits.files :])))

    def _fetch_all(self, attachments: Sequence[Attachment], hosts: Hosts) -> list[Medium]:
        """All at once: one server that stalls takes no time from the other files."""
        allowance = _Allowance(self._limits.in_all)
        with self._guarded(hosts) as (guard, ended), ThreadPoolExecutor(len(attachments)) as pool:
            found = list(pool.map(partial(self._medium, guard, hosts, allowance, ended), attachments))
            passages = () if ended.is_set() else guard.take()
        return [_explained(medium, passages) for medium in found]

    @contextmanager
    def _guarded(self, hosts: Hosts) -> Iterator[tuple[Guard, threading.Event]]:
        """A guard that is shut when the time is over, which ends every connection, however slowly it drips."""
        limits, ended = self._limits, threading.Event()
        caps = Caps(
            connections=2 * limits.files,
            passages=limits.files * (limits.redirects + 2),
            total=2 * limits.in_all,
            each=limits.each + _MEGABYTE,
            seconds=limits.seconds,
        )
        with self._open_guard(hosts, caps=caps) as guard:

            def end() -> None:
                ended.set()
                guard.close()

            alarm = threading.Timer(limits.seconds, end)
            alarm.start()
            try:
                yield guard, ended
            finally:
                alarm.cancel()
                alarm.join()

    def _medium(
        self, guard: Guard, hosts: Hosts, allowance: _Allowance, ended: threading.Event, attachment: Attachment
    ) -> Medium:
        address = _address(attachment)
        if address is None:
            return self._without(attachment, _why_not(attachment))
        answer = _Answer(address)
        try:
            with _client(guard.proxy, self._limits.seconds) as client:
                self._download(client, hosts, allowance, answer)
        except _Unfetched as error:
            return self._failed(attachment, answer, str(error))
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, ValueError) as error:
            return self._failed(attachment, answer, self._sentence(error, ended.is_set(), answer))
        return self._kept(attachment, answer)

    def _download(self, client: httpx.Client, hosts: Hosts, allowance: _Allowance, answer: _Answer) -> None:
        for _ in range(self._limits.redirects + 1):
            _refuse_elsewhere(hosts, answer.address)
            client.cookies.clear()
            with client.stream("GET", answer.address) as response:
                answer.status = response.status_code
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    answer.address = urljoin(answer.address, response.headers["location"])
                    continue
                answer.declared_type = response.headers.get("content-type")
                self._take(response, allowance, answer)
                return
        raise _Unfetched(REDIRECTED.format(redirects=self._limits.redirects))

    def _take(self, response: httpx.Response, allowance: _Allowance, answer: _Answer) -> None:
        if response.status_code != 200:
            raise _Unfetched(ANSWERED.format(status=response.status_code))
        if response.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise _Unfetched(PACKED)
        for piece in response.iter_raw():
            answer.body += piece
            if len(answer.body) > self._limits.each or not allowance.take(len(piece)):
                answer.body.clear()
                raise _Unfetched(TOO_LARGE.format(megabytes=self._limits.each // _MEGABYTE))

    def _kept(self, attachment: Attachment, answer: _Answer) -> Medium:
        data, kind = bytes(answer.body), sniff(bytes(answer.body[:ENOUGH]))
        answer.body.clear()
        digest = sha256(data)
        restricted = self._never.names(data) or self._not_copied(digest)
        return Medium(
            url=_address(attachment) or "",
            final_url=answer.address,
            status=answer.status,
            declared_type=_declared(answer),
            sniffed=kind.mime,
            extension=kind.extension,
            size=len(data),
            sha256=digest,
            fetched_at=self._clock(),
            restricted=restricted,
            data=None if restricted else data,
        )

    def _failed(self, attachment: Attachment, answer: _Answer, because: str) -> Medium:
        medium = self._without(attachment, because)
        final = answer.address if answer.status is not None else None
        return replace(medium, final_url=final, status=answer.status, declared_type=_declared(answer))

    def _without(self, attachment: Attachment, because: str) -> Medium:
        return Medium(
            url=_address(attachment) or attachment.url or "",
            final_url=None,
            status=None,
            declared_type=None,
            sniffed=None,
            extension="bin",
            size=None,
            sha256=None,
            fetched_at=self._clock(),
            error=because,
        )

    def _sentence(self, error: Exception, ended: bool, answer: _Answer) -> str:
        if ended or isinstance(error, httpx.TimeoutException):
            return TOO_LATE.format(seconds=self._limits.seconds)
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return UNVERIFIED
        return CUT_SHORT if answer.status == 200 else BROKEN


class _Unfetched(Exception):
    """This file is not to be had; the text says why."""


@dataclass(slots=True)
class _Answer:
    """What is known so far of one file. ``address`` follows the redirects."""

    address: str
    status: int | None = None
    declared_type: str | None = None
    body: bytearray = field(default_factory=bytearray)


class _Allowance:
    """So many bytes for all the files of a comment together."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        with self._lock:
            self._left -= count
            return self._left >= 0


def _address(attachment: Attachment) -> str | None:
    """Where the file lies. A link card is never followed: only the preview that the platform itself delivers."""
    if attachment.kind == "link":
        return attachment.preview
    return attachment.url if attachment.kind in _FETCHED else None


def _why_not(attachment: Attachment) -> str:
    return NO_ADDRESS if attachment.kind in _FETCHED else NOT_FETCHED


def _refuse_elsewhere(hosts: Hosts, address: str) -> None:
    if hosts.refusal(address) is not None:
        raise _Unfetched(WRONG_HOST.format(host=_host(address) or "Its address"))


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "")[:_HOST_SHOWN]
    except ValueError:
        return ""


def _client(proxy: str, seconds: float) -> httpx.Client:
    """As little as can be said: no cookies, no environment, no compression; certificates by the system's store."""
    verify = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(proxy=proxy, trust_env=False, verify=verify, timeout=seconds, headers=_HEADERS)


def _declared(answer: _Answer) -> str | None:
    return None if answer.declared_type is None else answer.declared_type[:_LONGEST_TYPE]


def _explained(medium: Medium, passages: Sequence[Passage]) -> Medium:
    """Why a connection failed, where the guard knows more than the client."""
    if medium.error != BROKEN:
        return medium
    host = _host(medium.final_url or medium.url)
    because = next((each.refused for each in passages if each.refused and each.host == host), None)
    return replace(medium, error=because or BROKEN)


def _withheld(media: tuple[Medium, ...]) -> tuple[Medium, ...]:
    """Where one file may not be copied, none of its neighbours is: they came from the same hand."""
    if not any(medium.restricted for medium in media):
        return media
    return tuple(
        replace(each, data=None, error=each.error or (None if each.restricted else WITHHELD)) for each in media
    )
