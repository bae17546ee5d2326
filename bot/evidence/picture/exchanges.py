"""What the capture process recorded, as the daemon reads it: a page may have got the better of that process."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.evidence.capture import PageExchange

_MOST = 1_000
_LONGEST = 300


def read(told: object) -> tuple[PageExchange, ...]:
    """The exchanges that can be read, in order; what isn't one is left out."""
    listed = told[:_MOST] if isinstance(told, list) else []
    return tuple(found for each in listed if (found := _exchange(each)) is not None)


def _exchange(told: object) -> PageExchange | None:
    try:
        return _read(told) if isinstance(told, dict) else None
    except (KeyError, TypeError, ValueError, OverflowError, OSError, binascii.Error):
        return None


def _read(told: Mapping[str, Any]) -> PageExchange:
    return PageExchange(
        url=_text(told["url"]),
        method=_short(told["method"]),
        request_headers=_headers(told["request_headers"]),
        status=_status(told["status"]),
        response_headers=_headers(told["response_headers"]),
        body=base64.b64decode(told["body"], validate=True),
        started_at=datetime.fromtimestamp(float(told["at"]), UTC),
        remote_ip=None if told["ip"] is None else _address(told["ip"]),
        mime=None if told["mime"] is None else _short(told["mime"]),
        truncated=bool(told["truncated"]),
        resource_type=_short(told["kind"]),
        http_version=_short(told["protocol"]),
        error=_short(told["error"]),
    )


def _headers(told: list[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((_text(name), _text(value)) for name, value in told)


def _address(told: object) -> str:
    return str(ipaddress.ip_address(_text(told).partition("%")[0]))  # behind it anything may stand


def _status(told: object) -> int:
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told <= 999:
        raise ValueError("no status of HTTP")
    return told


def _short(told: object) -> str:
    return _text(told)[:_LONGEST]


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError("not a text")
    return told
