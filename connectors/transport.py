"""The one door to a platform's network.

Every call goes through one ``httpx.Client``: time limits on every wait and on the whole answer, certificates judged by
the system's store, no other host than the configured one, secrets masked before anything is handed on, every call
counted, every answer kept for the archive.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpx
import truststore

from connectors._calls import CallLedger
from connectors._deadline import keep_deadlines, within
from connectors._masking import LogMask, Mask
from connectors.contract import ConnectorError, Exchange, Malformed, Unavailable

LARGEST_ANSWER = 25 * 1024 * 1024
MOST_REDIRECTS = 5
USER_AGENT = "beadle (city page moderation and public records)"

NO_ANSWER = "{host} did not answer in time; the call is tried again at the next round."
CUT_OFF = "The connection to {host} broke off ({detail}); the call is tried again at the next round."
NOT_REACHED = "{host} can't be reached ({detail}); check the network, the name server and the proxy of this machine."
BAD_CERTIFICATE = (
    "The certificate of {host} could not be verified: {detail}; if the city inspects its traffic, "
    "add the city's inspection CA to the system store."
)
ELSEWHERE = "{host} sent us on to another address ({elsewhere}), which is refused; check the proxy and the base URL."
TOO_MANY_REDIRECTS = "{host} sent us in a circle; check the proxy and the base URL."
TOO_LARGE = "{host} answered with more than {limit} bytes; tell the maintainers which call it was."
NOT_HTTP = "{host} sent what is not an HTTP answer ({detail}); check the proxy of this machine."

# The fields of a header, as received.
Pairs = list[tuple[str, str]]

_recordings: ContextVar[tuple[list[Exchange], ...]] = ContextVar("_recordings", default=())


def utc_now() -> datetime:
    """The machine's clock, aware, in UTC."""
    return datetime.now(UTC)


class Transport:
    """Sends requests to one platform and returns each answer as an ``Exchange`` without secrets.

    Nothing is sent but to ``base_url``'s host and to those of ``also``.
    ``timeout`` bounds every wait and ``deadline`` (seconds; three time-outs unless given) the whole exchange.
    ``on_exchange`` sees every answer. Errors: ``Unavailable`` for everything that is not an answer, ``Malformed``
    for an answer above ``LARGEST_ANSWER`` bytes. HTTP statuses are answers, not errors.
    """

    def __init__(
        self,
        platform: str,
        base_url: str,
        *,
        secrets: Iterable[str] = (),
        also: Iterable[str] = (),
        timeout: float = 10.0,
        deadline: float | None = None,
        on_exchange: Callable[[Exchange], None] | None = None,
        clock: Callable[[], datetime] = utc_now,
        cost_per_call_usd: float = 0.0,
        largest_answer: int = LARGEST_ANSWER,
    ) -> None:
        self.platform = platform
        self.base_url = base_url.rstrip("/")
        self.calls = CallLedger(platform)
        self._origin = _origin(httpx.URL(self.base_url))
        self._origins = {self._origin, *(_origin(httpx.URL(each)) for each in also)}
        self._mask = Mask(secrets)
        self._deadline = deadline or 3 * timeout
        self._on_exchange = on_exchange
        self._clock = clock
        self._cost = cost_per_call_usd
        self._largest = largest_answer
        self._log_mask = LogMask(self._mask)
        self._log_mask.attach()
        self._client = _client(timeout)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Exchange:
        """One request to an absolute ``url`` of a known host; redirects inside that host are followed for reads."""
        for _ in range(MOST_REDIRECTS + 1):
            exchange, elsewhere = self._send_once(method, url, headers, content)
            if elsewhere is None:
                return exchange
            if method not in ("GET", "HEAD") or _origin(elsewhere) != _origin(httpx.URL(url)):
                raise self._refusal(ELSEWHERE, exchange, elsewhere=elsewhere.host)
            url = str(elsewhere)
        raise self._refusal(TOO_MANY_REDIRECTS, exchange)

    def fetch_secrets(
        self,
        method: str,
        url: str,
        names: Iterable[str],
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> tuple[Exchange, dict[str, str]]:
        """One request whose answer brings new credentials: the texts of these names in its JSON object.

        They are masked from then on, already in the exchange that is returned: nobody but the caller has them.
        """
        found: dict[str, str] = {}

        def learn(_: Pairs, body: bytes) -> None:
            found.update(_texts(body, frozenset(names)))
            self.hide(*found.values())

        exchange, elsewhere = self._send_once(method, url, headers, content, learn)
        if elsewhere is not None:
            raise self._refusal(ELSEWHERE, exchange, elsewhere=elsewhere.host)
        return exchange, found

    def confide(
        self,
        method: str,
        url: str,
        learn: Callable[[Pairs, bytes], None],
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
    ) -> Exchange:
        """One request whose answer carries secrets in its header or in a page: ``learn`` sees it before the mask.

        What ``learn`` finds it hides, so that the exchange is without it. A redirect is an answer, not followed.
        """
        return self._send_once(method, url, headers, content, learn)[0]

    @contextmanager
    def recording(self) -> Iterator[list[Exchange]]:
        """Collects the exchanges made inside the block by the same thread or task, in order."""
        heard: list[Exchange] = []
        token = _recordings.set((*_recordings.get(), heard))
        try:
            yield heard
        finally:
            _recordings.reset(token)

    def hide(self, *secrets: str) -> None:
        """Mask these too from now on: a token that was renewed."""
        self._mask.add(secrets)

    def hide_shape(self, pattern: str) -> None:
        """Mask whatever looks like this from now on: keys that a server makes anew for each page."""
        self._mask.add_pattern(pattern)

    def masked(self, words: str) -> str:
        """``words`` without this transport's secrets."""
        return self._mask.text(words)

    def close(self) -> None:
        """Close the connections; the transport can't be used afterwards."""
        self._client.close()
        self._log_mask.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Transport({self.platform!r}, {self.masked(self.base_url)!r})"

    def _send_once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        learn: Callable[[Pairs, bytes], None] | None = None,
    ) -> tuple[Exchange, httpx.URL | None]:
        target = httpx.URL(url)
        if _origin(target) not in self._origins:
            raise Unavailable(ELSEWHERE.format(host=self._host, elsewhere=target.host))
        request = self._client.build_request(method, target, headers=headers, content=content)
        exchange, elsewhere = self._exchange(request, learn)
        self.calls.add(str(exchange.status), received_bytes=len(exchange.body), cost_usd=self._cost)
        for heard in _recordings.get():
            heard.append(exchange)
        if self._on_exchange:
            self._on_exchange(exchange)
        return exchange, elsewhere

    def _exchange(
        self, request: httpx.Request, learn: Callable[[Pairs, bytes], None] | None
    ) -> tuple[Exchange, httpx.URL | None]:
        started_at, begun = self._clock(), time.perf_counter()
        try:
            with within(self._deadline):
                response = self._client.send(request, stream=True)
                try:
                    body = self._body(response)
                finally:
                    response.close()
                if learn:
                    learn(response.headers.multi_items(), body)
        except httpx.HTTPError as error:
            self.calls.add(type(error).__name__)
            failure = self._failure(error, request)
        else:
            elapsed_ms = (time.perf_counter() - begun) * 1000
            elsewhere = response.next_request.url if response.next_request else None
            return self._kept(request, response, body, started_at, elapsed_ms), elsewhere
        raise failure from failure.__cause__

    def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > self._largest:
                self.calls.add("too large", received_bytes=len(body), cost_usd=self._cost)
                raise Malformed(TOO_LARGE.format(host=self._host, limit=self._largest), status=response.status_code)
        return bytes(body)

    def _kept(
        self, request: httpx.Request, response: httpx.Response, body: bytes, started_at: datetime, elapsed_ms: float
    ) -> Exchange:
        masked_body, masked = self._mask.data(body)
        return Exchange(
            method=request.method,
            url=self._mask.text(str(request.url)),
            request_headers=self._mask.headers(request.headers.multi_items()),
            status=response.status_code,
            headers=self._mask.headers(response.headers.multi_items()),
            body=masked_body,
            started_at=started_at,
            elapsed_ms=round(elapsed_ms, 3),
            http_version=response.http_version,
            masked=masked,
        )

    def _failure(self, error: httpx.HTTPError, request: httpx.Request) -> Unavailable:
        detail = self._mask.text(str(error)) or type(error).__name__
        sentence = _sentence(error).format(host=self._host, detail=detail)
        failure = Unavailable(
            sentence, method=request.method, path=self._mask.text(request.url.path), kind=type(error).__name__
        )
        # A cause is printed with its own words: one that names a secret is left out.
        failure.__cause__ = error if self._mask.text(str(error)) == str(error) else None
        return failure

    def _refusal(self, sentence: str, exchange: Exchange, **words: str) -> ConnectorError:
        return Unavailable(sentence.format(host=self._host, **words), exchange=exchange, status=exchange.status)

    @property
    def _host(self) -> str:
        return self._origin[1]


def _client(timeout: float) -> httpx.Client:
    client = httpx.Client(
        verify=truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        timeout=timeout,
        follow_redirects=False,
        # A proxy for the outside is no way to a server on this machine.
        mounts={"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None},
        cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
        headers={"user-agent": USER_AGENT, "accept-encoding": "gzip, deflate"},
    )
    keep_deadlines(client)
    return client


def _texts(body: bytes, names: frozenset[str]) -> dict[str, str]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    # TikTok wraps all that it answers in one more object.
    inner = told.get("data") if isinstance(told, dict) else None
    pairs = [*(told.items() if isinstance(told, dict) else ()), *(inner.items() if isinstance(inner, dict) else ())]
    return {name: value for name, value in pairs if name in names and isinstance(value, str)}


def _origin(url: httpx.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme, 0)


def _sentence(error: httpx.HTTPError) -> str:
    if _is_certificate(error):
        return BAD_CERTIFICATE
    if isinstance(error, httpx.TimeoutException):
        return NO_ANSWER
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return NOT_REACHED
    return NOT_HTTP if isinstance(error, httpx.DecodingError | httpx.UnsupportedProtocol) else CUT_OFF


def _is_certificate(error: BaseException | None) -> bool:
    chain: list[BaseException] = []
    # Causes may form a circle.
    while error is not None and error not in chain:
        chain.append(error)
        error = error.__cause__ or error.__context__
    return any(isinstance(link, ssl.SSLCertVerificationError) for link in chain)
