"""Takes secrets out of everything that leaves the transport: addresses, headers, bodies, sentences and log records."""

from __future__ import annotations

import html
import json
import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

# A "secret" shorter than this stands in ordinary words: masking it would deface the evidence and protect nothing.
SHORTEST = 6

# Credentials that we were never told of, by the names under which platforms deliver them.
CREDENTIAL_NAMES = "access_token|input_token|client_secret|appsecret_proof|fb_exchange_token|refresh_token|id_token"
SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "x-set-cookie"})

_IN_QUERY = rf"(?<=[?&])(?:{CREDENTIAL_NAMES})=([^&\s\"'\\<>#]+)"
_IN_JSON = rf"\"(?:{CREDENTIAL_NAMES})\"\s*:\s*\"((?:[^\"\\]|\\.)+)\""


class Mask:
    """Replaces secrets by asterisks of the same length, so that lengths and offsets in the archive stay true.

    A configured secret is found raw, percent-encoded, JSON-escaped (also with ``\\/``) and HTML-escaped;
    credentials with a known parameter name are found without being configured.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._shapes: set[str] = set()
        self._patterns: list[str] = []
        self.add(secrets)

    def add_pattern(self, pattern: str) -> None:
        """Mask what a regular expression without groups finds, too."""
        self._patterns.append(pattern)
        self.add(())

    def add(self, secrets: Iterable[str]) -> None:
        """Mask these too."""
        self._shapes |= {shape for secret in secrets if len(secret) >= SHORTEST for shape in _shapes(secret)}
        words = [re.escape(shape) for shape in sorted(self._shapes, key=len, reverse=True)]
        shaped = [f"({shape})" for shape in self._patterns]
        pattern = "|".join([*(f"({word})" for word in words), *shaped, _IN_QUERY, _IN_JSON])
        self._text = re.compile(pattern)
        self._bytes = re.compile(pattern.encode())

    def text(self, value: str) -> str:
        """The same words without secrets."""
        return self._text.sub(_starred, value)

    def data(self, value: bytes) -> tuple[bytes, int]:
        """The same bytes without secrets, and how many were replaced."""
        return self._bytes.subn(_starred_bytes, value)

    def headers(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Header fields without secrets; those that only ever carry credentials are masked whole."""
        return tuple((name, self._header(name, value)) for name, value in pairs)

    def _header(self, name: str, value: str) -> str:
        return "*" * len(value) if name.lower() in SECRET_HEADERS else self.text(value)

    def __repr__(self) -> str:
        return "Mask(...)"


class LogMask(logging.Filter):
    """Masks the records of libraries that write whole addresses and headers to their log."""

    LOGGERS = ("httpx", "tweepy.client", "requests_oauthlib.oauth1_auth", "oauthlib.oauth1.rfc5849")

    def __init__(self, mask: Mask) -> None:
        super().__init__()
        self._mask = mask

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass, without its secrets."""
        record.msg, record.args = self._mask.text(record.getMessage()), ()
        return True

    def attach(self) -> None:
        """Begin: a filter sees only what is logged by its own logger, so each is named."""
        for name in self.LOGGERS:
            logging.getLogger(name).addFilter(self)

    def detach(self) -> None:
        """End."""
        for name in self.LOGGERS:
            logging.getLogger(name).removeFilter(self)


def _shapes(secret: str) -> set[str]:
    escaped = json.dumps(secret)[1:-1]
    encoded = quote(secret, safe="")
    lower = re.sub(r"%[0-9A-F]{2}", lambda found: found.group().lower(), encoded)
    slashed = escaped.replace("/", "\\/")
    # Answers to a batch are JSON inside JSON.
    twice = {shape for inner in (escaped, slashed) for shape in _in_json(json.dumps(inner)[1:-1])}
    return {secret, encoded, lower, quote_plus(secret), escaped, slashed, html.escape(secret), *twice}


def _in_json(escaped: str) -> set[str]:
    return {escaped, escaped.replace("/", "\\/")}


def _starred(found: re.Match[str]) -> str:
    group = found.lastindex or 0
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    whole = found.group()
    return whole[:start] + "*" * (end - start) + whole[end:]


def _starred_bytes(found: re.Match[bytes]) -> bytes:
    group = found.lastindex or 0
    start, end = found.start(group) - found.start(), found.end(group) - found.start()
    whole = found.group()
    return whole[:start] + b"*" * (end - start) + whole[end:]
