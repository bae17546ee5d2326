"""The platform's interface as a web archive: what we asked and what it answered, as received."""

from __future__ import annotations

from collections.abc import Sequence

from bot.evidence.wacz.warc import Call, packed, records
from connectors.contract import Exchange

_FILE = "api.warc.gz"


def api_warc(exchanges: Sequence[Exchange], package_id: str) -> bytes:
    """``data/api/api.warc.gz``: a response and a request record for each exchange; no bytes when there are none.

    ``Beadle-Masked`` in a record counts the secrets that were replaced before the exchange reached us.
    """
    if not exchanges:
        return b""
    calls = [_call(exchange) for exchange in exchanges]
    data, _ = packed(records(calls, package_id, _FILE, exchanges[0].started_at))
    return data


def _call(exchange: Exchange) -> Call:
    return Call(
        exchange.method,
        exchange.url,
        exchange.request_headers,
        exchange.status,
        exchange.headers,
        exchange.body,
        exchange.started_at,
        exchange.http_version,
        {"Beadle-Masked": str(exchange.masked)} if exchange.masked else {},
    )
