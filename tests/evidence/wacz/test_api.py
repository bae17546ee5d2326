"""The platform's interface as a WARC: what was asked and what was answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from bot.evidence.wacz.api import api_warc
from connectors.contract import Exchange
from tests.evidence.wacz import reading
from tests.evidence.wacz.pages import PACKAGE


def test_each_exchange_is_a_response_and_a_request(exchange: Exchange, tmp_path: Path) -> None:
    """In the order in which they happened, each request naming its response; warcio finds every digest right."""
    second = replace(exchange, method="POST", status=400, body=b'{"error":{}}')

    warc = api_warc((exchange, second), PACKAGE)

    found = reading.read(warc)
    assert [record.rec_type for record in found] == ["warcinfo", "response", "request", "response", "request"]
    assert [record.body for record in found if record.rec_type == "response"] == [exchange.body, second.body]
    asked = found[2]
    assert asked.http_headers.to_str().startswith(
        "GET /v26.0/777_55501?fields=id,message HTTP/1.1\r\nHost: graph.example"
    )
    assert asked.rec_headers.get_header("WARC-Concurrent-To") == found[1].rec_headers.get_header("WARC-Record-ID")
    assert reading.warcio_check(warc, tmp_path).count("digest pass") == 5


def test_the_answer_is_stored_as_received(exchange: Exchange) -> None:
    """Decoded, with the headers of the wire renamed; masked secrets are counted."""
    packed = replace(
        exchange,
        headers=(("content-encoding", "gzip"), ("transfer-encoding", "chunked"), ("content-length", "7")),
        masked=2,
        http_version="HTTP/2",
    )

    response = reading.read(api_warc((packed,), PACKAGE))[1]

    assert response.body == exchange.body
    names = [name for name, _ in response.http_headers.headers]
    assert names == ["x-orig-content-encoding", "x-orig-transfer-encoding", "x-orig-content-length"]
    assert response.rec_headers.get_header("Beadle-Masked") == "2"
    assert response.rec_headers.get_header("WARC-Protocol") == "http/2"


def test_the_same_exchanges_give_the_same_bytes(exchange: Exchange) -> None:
    """Nothing of the moment or the machine is in the file."""
    assert api_warc((exchange,), PACKAGE) == api_warc((replace(exchange),), PACKAGE)
    assert api_warc((exchange,), PACKAGE) != api_warc((exchange,), PACKAGE[:-1] + "a")


def test_no_exchange_gives_no_file() -> None:
    """An archive of nothing isn't written."""
    assert api_warc((), PACKAGE) == b""
