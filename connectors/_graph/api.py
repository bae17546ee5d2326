"""What the Meta platforms share: calls to the Graph API, their errors, limits and times.

facebook-sdk 3.1.0 builds the requests; the transport sends them; the answers are read here, because the SDK loses
the status, the subcode and the headers, and fails on answers without a content type.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import requests
import stamina

from connectors._answers import Throttled
from connectors._graph.batch import Ask, batch_of, parts_of, read_many
from connectors._graph.errors import FACEBOOK, TooMuchData, Wording, read_answer
from connectors._graph.usage import ACT_CEILING, POLL_CEILING, SPENT, Throttle, Usage, read_usage
from connectors._requests import through
from connectors.contract import AuthFailed, ConnectorError, Exchange, Malformed, RateLimited, Unavailable
from connectors.transport import Transport, utc_now

with warnings.catch_warnings():
    # The SDK spells a pattern "\d": a warning at its first compilation, an error under -W error.
    warnings.simplefilter("ignore")
    import facebook  # type: ignore[import-untyped, unused-ignore]

GRAPH_VERSION = "v26.0"
ATTEMPTS = 3
# A read may wait this long in place for a limit to end; anything longer is the scheduler's to wait for.
PATIENCE = timedelta(seconds=5)

UNLIKELY_SHAPE = "The stored token has characters that no token has; store it again, alone and on one line."
NOT_AN_ID = "An id with characters that no Graph id has came up; it is not sent on."
NO_TIME = "A time in the answer can't be read."

_T = TypeVar("_T")

_TOKEN = re.compile(r"[\x21-\x7e]+")
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,200}")


@dataclass(frozen=True, slots=True)
class Answer:
    """The object of an answer, and the exchange it came in."""

    data: Mapping[str, Any]
    exchange: Exchange


class Graph:
    """The Graph API for one token.

    The token travels in the ``Authorization`` header only, so it stands in no address. Errors of every method: the
    tree of ``connectors.contract``.
    """

    def __init__(
        self,
        transport: Transport,
        token: str,
        *,
        version: str = GRAPH_VERSION,
        attempts: int = ATTEMPTS,
        clock: Callable[[], datetime] = utc_now,
        wording: Wording = FACEBOOK,
    ) -> None:
        self.transport = transport
        self.throttle = Throttle()
        self._token = token
        self._attempts = attempts
        self._clock = clock
        self._wording = wording
        session = through(transport, facebook.FACEBOOK_GRAPH_URL)
        session.auth = _Bearer(token)
        self._session = session
        self._sdk = facebook.GraphAPI(session=session)
        # The SDK refuses every version after 3.1 in its constructor; its calls read the attribute.
        self._sdk.version = version

    @property
    def usage(self) -> Usage | None:
        """How much of the quota is spent, as last told; ``None`` before the first answer."""
        return self.throttle.usage

    def use(self, token: str) -> None:
        """Go on with another token: the platform renewed it."""
        self._token = token
        self._session.auth = _Bearer(token)

    def now(self) -> datetime:
        """The clock that this connector was given."""
        return self._clock()

    def get(self, path: str, args: Mapping[str, str] | None = None, *, ceiling: float = ACT_CEILING) -> Answer:
        """Read; passing trouble is tried again a few times, briefly. Nothing is sent from ``ceiling`` % usage on."""
        return self._retried(lambda: self._call("GET", path, args, ceiling))

    def poll(self, path: str, args: Mapping[str, str] | None = None) -> Answer:
        """Read what can wait: stops at 90 % of the quota."""
        return self.get(path, args, ceiling=POLL_CEILING)

    def many(self, asks: Sequence[Ask], *, ceiling: float = POLL_CEILING) -> list[Answer | ConnectorError]:
        """Read, up to fifty in one call; for each an answer or its error, in the order of ``asks``.

        Errors: raised only where the call as a whole fails.
        """
        parts = read_many(asks, lambda some: self._retried(lambda: parts_of(self._batched(some, ceiling), len(some))))
        return [part if isinstance(part, ConnectorError) else self._one_of_many(part) for part in parts]

    def post(self, path: str, args: Mapping[str, str]) -> Answer:
        """Write, once: after a lost answer only a read can tell whether it was carried out."""
        return self._call("POST", path, args, ACT_CEILING)

    def tell(self, path: str, form: Mapping[str, str]) -> Answer:
        """Write, once, with what is said in the body: words for a resident stand in no address."""
        self.throttle.admit(self.now(), ceiling=ACT_CEILING)
        return self._read(self._exchange("POST", path, None, form))

    def delete(self, path: str, args: Mapping[str, str] | None = None) -> Answer:
        """Delete, once, as for ``post``."""
        return self._call("DELETE", path, args, ACT_CEILING)

    def inspect_token(self) -> Answer:
        """What the platform tells about this token (``/debug_token``), where it tells a token about itself.

        Asked inside a batch, whose body holds what would else stand in an address: the token.
        """
        (found,) = self.many([("debug_token", {"input_token": self._token})], ceiling=ACT_CEILING)
        if isinstance(found, ConnectorError):
            raise found
        return found

    def _retried(self, call: Callable[[], _T]) -> _T:
        for attempt in stamina.retry_context(
            on=self._pause, attempts=self._attempts, timeout=45, wait_initial=0.2, wait_max=2, wait_jitter=0.3
        ):
            with attempt:
                return call()
        raise AssertionError("stamina returns or raises")

    def _call(self, method: str, path: str, args: Mapping[str, str] | None, ceiling: float) -> Answer:
        self.throttle.admit(self.now(), ceiling=ceiling)
        return self._read(self._exchange(method, path, args))

    def _batched(self, asks: Sequence[Ask], ceiling: float) -> Exchange:
        self.throttle.admit(self.now(), ceiling=ceiling)
        # In the body, not in the address: fifty reads are longer than an address may be.
        exchange = self._exchange("POST", "", None, {"batch": batch_of(asks), "include_headers": "true"})
        if not exchange.body.lstrip().startswith(b"["):
            self._read(exchange)
        self.throttle.note(read_usage(exchange), self.now())
        return exchange

    def _one_of_many(self, exchange: Exchange) -> Answer | ConnectorError:
        try:
            return self._read(exchange)
        except ConnectorError as error:
            return error

    def _read(self, exchange: Exchange) -> Answer:
        usage = read_usage(exchange)
        self.throttle.note(usage, self.now())
        try:
            return Answer(read_answer(exchange, self._wording), exchange)
        except Throttled as error:
            raise self._limited(usage, error) from error

    def _exchange(
        self, method: str, path: str, args: Mapping[str, str] | None, form: Mapping[str, str] | None = None
    ) -> Exchange:
        with self.transport.recording() as exchanges:
            try:
                # Arguments go into the address of writes too: there the archived exchange shows what was asked.
                self._sdk.request(f"{self._sdk.version}/{path}", args=dict(args or {}), post_args=form, method=method)
            except (facebook.GraphAPIError, requests.RequestException, KeyError, ValueError, RecursionError):
                if not exchanges:
                    raise
                # The SDK could not read the answer; read_answer says why.
        return exchanges[-1]

    def _limited(self, usage: Usage | None, error: Throttled) -> RateLimited:
        until = self.throttle.refuse(usage, self.now())
        return RateLimited(SPENT.format(until=until), until=until, exchange=error.exchange, **error.facts)

    def _pause(self, error: Exception) -> bool | float:
        if isinstance(error, RateLimited):
            left = error.until - self.now()
            return left.total_seconds() if timedelta(0) <= left <= PATIENCE else False
        return isinstance(error, Unavailable) and not isinstance(error, TooMuchData)


class _Bearer(requests.auth.AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def checked_token(token: str) -> str:
    """The token without the white space that files and forms add. ``AuthFailed`` when it can't be one."""
    # Refused here: further down the error of the HTTP library would quote it.
    if not _TOKEN.fullmatch(token.strip()):
        raise AuthFailed(UNLIKELY_SHAPE)
    return token.strip()


def checked_id(value: object) -> str:
    """``value`` as an id that may stand in a path. ``Malformed`` otherwise: ids come from outside."""
    text = str(value)
    if isinstance(value, str | int) and not isinstance(value, bool) and _ID.fullmatch(text) and text.strip("."):
        return text
    raise Malformed(NOT_AN_ID)


def graph_time(value: object) -> datetime:
    """``2026-11-19T10:00:00+0000`` or whole Unix seconds, as an aware UTC time. ``Malformed`` otherwise."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        moment = datetime.fromisoformat(str(value))
        # A time without a zone would be read in the machine's own: better none than a wrong one.
        return moment.astimezone(UTC) if moment.tzinfo else _refuse()
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(NO_TIME) from error


def _refuse() -> datetime:
    raise ValueError("a time without a zone")
