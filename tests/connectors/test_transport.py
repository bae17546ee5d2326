"""The one door to the network, against real sockets."""

from __future__ import annotations

import gzip
import logging
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.contract import Exchange, Malformed, Unavailable
from connectors.transport import Transport

SECRET = "EAAK/secret+PageToken=0123"


@pytest.fixture
def heard() -> list[Exchange]:
    """What the archive was given."""
    return []


@pytest.fixture
def transport(loopback: Any, heard: list[Exchange]) -> Iterator[Transport]:
    """A transport to the loopback server with very short time limits."""
    with Transport(
        "facebook", loopback.url, secrets=[SECRET], timeout=0.3, deadline=0.6, on_exchange=heard.append
    ) as made:
        yield made


class TestLimits:
    """No server can hold us."""

    def test_a_server_that_never_answers_is_given_up(self, loopback: Any, transport: Transport) -> None:
        """The time-out is on every request."""
        loopback.behaviour = loopback.hang

        with pytest.raises(Unavailable, match="did not answer in time"):
            transport.send("GET", f"{loopback.url}/x")

        assert dict(transport.calls.count().by_status) == {"ReadTimeout": 1}

    def test_a_server_that_drips_is_given_up(self, loopback: Any, transport: Transport) -> None:
        """Each byte comes in time, the whole never does: the deadline ends it."""
        loopback.behaviour = loopback.drip

        with pytest.raises(Unavailable, match="did not answer in time"):
            transport.send("GET", f"{loopback.url}/x")

    def test_an_answer_without_end_is_cut(self, loopback: Any) -> None:
        """More than the limit is not kept in memory, packed or not."""
        body = gzip.compress(b"a" * 500_000)
        head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(body)}\r\n\r\n"
        loopback.behaviour = loopback.send(head.encode() + body)

        with (
            Transport("facebook", loopback.url, largest_answer=100_000) as transport,
            pytest.raises(Malformed, match="100000 bytes"),
        ):
            transport.send("GET", f"{loopback.url}/x")

    def test_a_reset_connection_is_unavailable(self, loopback: Any, transport: Transport) -> None:
        """Nothing is known to have happened."""
        loopback.behaviour = loopback.reset

        with pytest.raises(Unavailable, match="broke off"):
            transport.send("POST", f"{loopback.url}/x")

    def test_an_answer_cut_in_its_body_is_unavailable(self, loopback: Any, transport: Transport) -> None:
        """Fewer bytes than announced are no answer."""
        loopback.behaviour = loopback.send(b'HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"data": [')

        with pytest.raises(Unavailable):
            transport.send("GET", f"{loopback.url}/x")

    def test_a_closed_port_says_what_to_look_at(self, loopback: Any, transport: Transport) -> None:
        """Network, name server, proxy."""
        loopback.stop()

        with pytest.raises(Unavailable, match="proxy") as caught:
            transport.send("GET", f"{loopback.url}/x")

        assert isinstance(caught.value.__cause__, httpx.ConnectError)

    def test_a_proxy_for_the_outside_is_not_asked_for_this_machine(
        self, loopback: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Sandboxes on loopback work behind a city's proxy."""
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
        loopback.behaviour = loopback.json("{}")

        with Transport("facebook", loopback.url) as transport:
            assert transport.send("GET", f"{loopback.url}/x").status == 200


class TestHosts:
    """One transport, one host."""

    def test_another_host_is_not_spoken_to(self, transport: Transport) -> None:
        """Whatever an answer contains, requests stay at the configured host."""
        with pytest.raises(Unavailable, match="refused"):
            transport.send("GET", "https://evil.example/v26.0/me")

    def test_a_redirect_to_another_host_is_refused(self, loopback: Any, transport: Transport) -> None:
        """The token would go along."""
        loopback.behaviour = loopback.send(
            b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.2:9/\r\ncontent-length: 0\r\n\r\n"
        )

        with pytest.raises(Unavailable, match=r"127\.0\.0\.2"):
            transport.send("GET", f"{loopback.url}/x")

    def test_a_redirect_inside_the_host_is_followed_for_reads_only(self, loopback: Any, transport: Transport) -> None:
        """A write is never sent twice."""

        def behave(connection: Any, request: bytes) -> None:
            moved = b"HTTP/1.1 307 Moved\r\nlocation: /there\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
            there = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"
            connection.sendall(there if b" /there " in request else moved)

        loopback.behaviour = behave

        assert transport.send("GET", f"{loopback.url}/here").status == 200
        with pytest.raises(Unavailable):
            transport.send("POST", f"{loopback.url}/here")
        assert [request.split()[0] for request in loopback.requests] == [b"GET", b"GET", b"POST"]

    def test_a_circle_of_redirects_ends(self, loopback: Any, transport: Transport) -> None:
        """Every loop is bounded."""
        loopback.behaviour = loopback.send(
            b"HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        )

        with pytest.raises(Unavailable, match="circle"):
            transport.send("GET", f"{loopback.url}/x")


class TestRecords:
    """What is kept of an exchange."""

    def test_an_exchange_is_what_went_over_the_wire(
        self, loopback: Any, transport: Transport, heard: list[Exchange]
    ) -> None:
        """Status, headers, body and address as they were; the archive gets the same."""
        loopback.behaviour = loopback.json('{"a": 1}', "400 Bad Request")

        exchange = transport.send("GET", f"{loopback.url}/v26.0/1?fields=id", headers={"x-asked": "yes"})

        assert (exchange.status, exchange.body) == (400, b'{"a": 1}')
        assert exchange.url == f"{loopback.url}/v26.0/1?fields=id"
        assert ("x-asked", "yes") in exchange.request_headers
        assert exchange.header("Content-Type") == "application/json"
        assert exchange.started_at.tzinfo is not None
        assert heard == [exchange]

    def test_a_recording_hears_only_what_happens_inside(self, loopback: Any, transport: Transport) -> None:
        """Recordings nest, and other threads are not overheard."""
        loopback.behaviour = loopback.json("{}")
        with transport.recording() as outer:
            transport.send("GET", f"{loopback.url}/1")
            with transport.recording() as inner:
                transport.send("GET", f"{loopback.url}/2")
            other = threading.Thread(target=transport.send, args=("GET", f"{loopback.url}/3"))
            other.start()
            other.join()

        transport.send("GET", f"{loopback.url}/4")

        assert [exchange.url[-1] for exchange in outer] == ["1", "2"]
        assert [exchange.url[-1] for exchange in inner] == ["2"]
        assert transport.calls.count().calls == 4

    def test_secrets_are_masked_in_address_headers_body_and_log(
        self, loopback: Any, transport: Transport, caplog: pytest.LogCaptureFixture
    ) -> None:
        """The HTTP library logs whole addresses by itself."""
        caplog.set_level(logging.DEBUG)
        caplog.set_level(logging.DEBUG, logger="httpx")
        loopback.behaviour = loopback.json('{"next": "http:\\/\\/h\\/?access_token=EAAK%2Fsecret%2BPageToken%3D0123"}')

        exchange = transport.send(
            "GET",
            f"{loopback.url}/x?access_token=EAAK%2Fsecret%2BPageToken%3D0123",
            headers={"authorization": f"Bearer {SECRET}"},
        )

        assert b"secret%2BPageToken" in loopback.requests[0]
        assert "HTTP Request" in caplog.text
        for kept in (repr(exchange), caplog.text, repr(transport)):
            assert "secret" not in kept

    def test_an_error_that_quotes_a_secret_is_masked_and_loses_its_cause(
        self, loopback: Any, transport: Transport
    ) -> None:
        """A traceback prints causes in their own words."""
        with pytest.raises(Unavailable) as caught:
            transport.send("GET", f"{loopback.url}/x", headers={"x-key": f"{SECRET}\n"})

        assert "secret" not in str(caught.value)
        assert caught.value.__cause__ is None


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl program to make a certificate")
def test_a_certificate_that_nobody_vouches_for_is_named_as_such(tmp_path: Path) -> None:
    """The sentence says what to do where the city inspects its traffic."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    asked_for = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *asked_for], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with (
        TlsServer(context) as url,
        Transport("facebook", url, timeout=2) as transport,
        pytest.raises(Unavailable, match=r"certificate of 127\.0\.0\.1 could not be verified") as caught,
    ):
        transport.send("GET", f"{url}/x")

    assert "inspection CA" in caught.value.sentence


class TlsServer:
    """A port that speaks TLS with the given context until the block ends."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"https://127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        try:
            connection, _ = self._listener.accept()
            self._context.wrap_socket(connection, server_side=True)
        except OSError:
            return
