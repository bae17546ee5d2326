"""The guard: who may pass, what is checked before, and what the journal says afterwards."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bot.evidence.egress.door import Streams
from bot.evidence.egress.guard import Caps, Guard
from bot.evidence.egress.hosts import Hosts

USUAL = Caps()
HELLO = b"\x16\x03\x01 as TLS begins"


class Net:
    """A network of our own making: ``names`` lead where they say (each lookup takes the next answer), and whatever is
    connected to turns out to be the echo. ``lookups`` and ``connected`` say what was asked of it."""

    def __init__(self, echo: int, **names: Sequence[Sequence[str]]) -> None:
        self._echo = echo
        self._names = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.lookups: list[str] = []
        self.connected: list[tuple[str, int]] = []

    async def resolve(self, host: str, port: int) -> Sequence[str]:
        self.lookups.append(host)
        await asyncio.sleep(0.01)
        answers = self._names.get(host)
        if not answers:
            raise OSError("no such name")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    async def connect(self, address: str, port: int) -> Streams:
        self.connected.append((address, port))
        return await asyncio.open_connection("127.0.0.1", self._echo)


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that says back what it hears."""
    server = socket.create_server(("127.0.0.1", 0))

    def answer(client: socket.socket) -> None:
        with client:
            while heard := client.recv(65536):
                client.sendall(heard)

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(client,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield server.getsockname()[1]
    server.close()


def guarded(net: Net, *hosts: str, caps: Caps = USUAL) -> Guard:
    """A guard on that network."""
    return Guard(Hosts(hosts), caps=caps, resolve=net.resolve, connect=net.connect)


def say(guard: Guard, *pieces: bytes) -> bytes:
    """Send the first piece, then each next one after an answer came; all that came back, until the guard hangs up."""
    port = int(guard.proxy.rpartition(":")[2])
    heard = b""
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        for piece in pieces:
            client.sendall(piece)
            answer = client.recv(65536)
            heard += answer
            if not answer or b" 403 " in answer:
                return heard
        client.shutdown(socket.SHUT_WR)
        while more := client.recv(65536):
            heard += more
    return heard


def tunnel(host: str, port: int = 443) -> bytes:
    """The request for a tunnel."""
    return f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()


def test_a_tunnel_to_an_allowed_host_carries_tls_and_is_written_down(echo: int) -> None:
    """The name is looked up, the address connected to, and the journal has both, and the bytes."""
    net = Net(echo, www_example_org=[["93.184.216.34"]])
    with guarded(net, "www.example.org") as guard:
        heard = say(guard, tunnel("www.example.org"), HELLO)
        (passage,) = _journal(guard)

    assert heard == b"HTTP/1.1 200 Connection established\r\n\r\n" + HELLO
    assert net.connected == [("93.184.216.34", 443)]
    assert (passage.host, passage.port, passage.address) == ("www.example.org", 443, "93.184.216.34")
    assert (passage.sent, passage.received, passage.refused) == (len(HELLO), len(HELLO), None)


def test_a_name_that_changes_its_mind_is_looked_up_once(echo: int) -> None:
    """Rebinding: public at the first question, this machine at the second. There is no second, until the next look."""
    net = Net(echo, www_example_org=[["93.184.216.34"], ["127.0.0.1"]])
    with guarded(net, "www.example.org") as guard:
        for _ in range(3):
            say(guard, tunnel("www.example.org"), HELLO)
        first = net.lookups.copy()
        guard.take()
        heard = say(guard, tunnel("www.example.org"))
        (passage,) = _journal(guard)

    assert first == ["www.example.org"]
    assert net.connected == [("93.184.216.34", 443)] * 3
    assert heard.startswith(b"HTTP/1.1 403")
    assert passage.refused == "The name www.example.org leads to 127.0.0.1, which is this machine."


def test_many_at_once_share_one_lookup(echo: int) -> None:
    """Six connections of a browser in the same moment get one answer, not six that may differ."""
    net = Net(echo, www_example_org=[["93.184.216.34"], ["10.0.0.1"]])
    with guarded(net, "www.example.org") as guard:
        crowd = [threading.Thread(target=say, args=(guard, tunnel("www.example.org"), HELLO)) for _ in range(6)]
        for each in crowd:
            each.start()
        for each in crowd:
            each.join()

    assert net.lookups == ["www.example.org"]
    assert net.connected == [("93.184.216.34", 443)] * 6


@pytest.mark.parametrize(
    "bad", ["10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "nonsense"]
)
def test_one_private_address_among_public_ones_refuses_the_name(echo: int, bad: str) -> None:
    """All the addresses are checked, not the first: which one would be used is up to the name's owner."""
    net = Net(echo, www_example_org=[["93.184.216.34", bad]])
    with guarded(net, "www.example.org") as guard:
        heard = say(guard, tunnel("www.example.org"))

    assert heard.startswith(b"HTTP/1.1 403")
    assert net.connected == []


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "example.org",
        "evil-www.example.org",
        "www.example.org.evil.com",
        "localhost",
        "127.0.0.1",
        "10.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "169.254.169.254",
    ],
)
def test_nobody_else_is_even_looked_up(echo: int, host: str) -> None:
    """A host that isn't allowed costs no question to the name server: that would be a message, too."""
    net = Net(echo)
    with guarded(net, "www.example.org", "*.nip.io") as guard:
        heard = say(guard, tunnel(host))
        (passage,) = _journal(guard)

    assert heard.startswith(b"HTTP/1.1 403")
    assert (net.lookups, net.connected) == ([], [])
    assert passage.refused


def test_a_wildcard_does_not_let_a_private_address_in(echo: int) -> None:
    """``127.0.0.1.nip.io`` is a real name below a listed one; where it leads is what counts."""
    net = Net(echo, **{"127_0_0_1_nip_io": [["127.0.0.1"]]})
    with guarded(net, "*.nip.io") as guard:
        assert say(guard, tunnel("127.0.0.1.nip.io")).startswith(b"HTTP/1.1 403")

    assert net.connected == []


@pytest.mark.parametrize(
    "request_",
    [
        b"CONNECT [::1]:443 HTTP/1.1\r\n\r\n",
        b"CONNECT www.example.org HTTP/1.1\r\n\r\n",
        b"CONNECT www.example.org:0 HTTP/1.1\r\n\r\n",
        b"CONNECT www.example.org:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT www.example.org:80 HTTP/1.1\r\n\r\n",
        b"CONNECT www.example.org:443@evil:443 HTTP/1.1\r\n\r\n",
        b"GET http://www.example.org/ HTTP/1.1\r\n\r\n",
        b"GET https://www.example.org/ HTTP/1.1\r\n\r\n",
        b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: www.example.org\r\n\r\n",
        b"GET http://u:p@127.0.0.1:8080/ HTTP/1.1\r\n\r\n",
        b"GET http://127.0.0.1:8080/ HTTP/1.1\r\nUpgrade: websocket\r\n\r\n",
        b"POST http://127.0.0.1:8080/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST http://127.0.0.1:8080/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST http://127.0.0.1:8080/ HTTP/1.1\r\nContent-Length: 9999999999\r\n\r\n",
        b"GET http://127.0.0.1:8080/ HTTP/1.1\r\nx\ny: z\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\r\n\r\n",
        b"\x05\x01\x00\r\n\r\n",
        b"A" * 70_000,
    ],
)
def test_whatever_else_is_asked_is_refused_and_reaches_nobody(echo: int, request_: bytes) -> None:
    """Other ports, other schemes, smuggled lengths, sockets, no HTTP at all: nothing is connected to."""
    net = Net(echo, www_example_org=[["93.184.216.34"]])
    with guarded(net, "www.example.org", "127.0.0.1:8080") as guard:
        heard = say(guard, request_)
        (passage,) = _journal(guard)

    assert heard == b"" or heard.startswith(b"HTTP/1.1 403")
    assert net.connected == []
    assert passage.refused


def test_only_tls_goes_through_a_tunnel(echo: int) -> None:
    """An unencrypted socket through a tunnel, as ``ws:`` makes one, ends at its first byte."""
    net = Net(echo, **{"127_0_0_1": [["127.0.0.1"]]})
    with guarded(net, "127.0.0.1:8080") as guard:
        heard = say(guard, tunnel("127.0.0.1", 8080), b"GET /socket HTTP/1.1\r\nUpgrade: websocket\r\n\r\n")
        (passage,) = _journal(guard)

    assert heard == b"HTTP/1.1 200 Connection established\r\n\r\n"
    assert (passage.refused, passage.sent) == ("Only TLS goes through a tunnel.", 0)


def test_a_sandbox_on_this_machine_is_spoken_to_in_plain_http(site: Any) -> None:
    """A listed loopback port answers; the neighbour port doesn't, and the guard's word is not taken for a page's."""
    url = site.show("/page", "<p>hello</p>")
    other = f"http://127.0.0.1:{site.server_port + 1}/page"
    with Guard(Hosts((site.host,))) as guard, httpx.Client(proxy=guard.proxy, trust_env=False) as client:
        answers = [client.get(url) for _ in range(3)]
        posted = client.post(url, content=b"x" * 1000)
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(other)
        journal = _journal(guard, 5)

    assert [answer.text for answer in answers] == ["<p>hello</p>"] * 3
    assert posted.status_code == 501
    # They are noted as they end, which needn't be the order in which they began.
    assert [passage.refused for passage in journal if passage.port == site.server_port] == [None] * 4
    assert [each.refused for each in journal if each.port != site.server_port] == [
        "The host is not among those allowed."
    ]


def test_a_second_request_cannot_ride_on_the_first(site: Any, stranger: Any) -> None:
    """Pipelined behind an allowed one, a request to somebody else is not read at all."""
    site.show("/page", "hello")
    first = f"GET http://{site.host}/page HTTP/1.1\r\n\r\n"
    second = f"GET http://{stranger.host}/page HTTP/1.1\r\n\r\n"
    with Guard(Hosts((site.host,))) as guard:
        say(guard, (first + second).encode())

    assert stranger.connections == 0
    assert site.asked in ([], ["/page"])


def test_a_certificate_is_checked_by_the_client_as_without_a_guard(tmp_path: Path) -> None:
    """The tunnel carries TLS end to end: the guard can't read it, and a wrong certificate fails as ever."""
    server, certificate = _tls_server(tmp_path)
    trusting = ssl.create_default_context(cafile=str(certificate))
    try:
        with Guard(Hosts((f"127.0.0.1:{server.getsockname()[1]}",))) as guard:
            url = f"https://127.0.0.1:{server.getsockname()[1]}/"
            with httpx.Client(proxy=guard.proxy, trust_env=False, verify=trusting) as client:
                assert client.get(url).text == "over TLS"
            with httpx.Client(proxy=guard.proxy, trust_env=False) as client, pytest.raises(httpx.ConnectError):
                client.get(url)
    finally:
        server.close()


def test_too_much_too_long_and_too_many_are_ended(echo: int) -> None:
    """A flood, a drip and a crowd: each ends at its cap, and the journal says which."""
    net = Net(echo, www_example_org=[["93.184.216.34"]])
    with guarded(net, "www.example.org", caps=Caps(each=1_000)) as guard:
        say(guard, tunnel("www.example.org"), HELLO + b"x" * 2_000)
        assert _journal(guard)[0].refused == "It was too large."
    with guarded(net, "www.example.org", caps=Caps(total=1_000)) as guard:
        say(guard, tunnel("www.example.org"), HELLO + b"x" * 700)
        assert _journal(guard)[0].refused == "Too much was fetched already."
    with guarded(net, "www.example.org", caps=Caps(seconds=0.3)) as guard:
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", int(guard.proxy.rpartition(":")[2]))) as client:
            client.sendall(tunnel("www.example.org") + HELLO)
            while client.recv(65536):
                pass
        assert time.monotonic() - started < 2
        assert _journal(guard)[0].refused == "It took too long."
    with guarded(net, "www.example.org", caps=Caps(passages=2)) as guard:
        answers = [say(guard, tunnel("www.example.org"), HELLO)[:12] for _ in range(3)]
        assert answers == [b"HTTP/1.1 200", b"HTTP/1.1 200", b"HTTP/1.1 403"]
        guard.take()
        assert say(guard, tunnel("www.example.org"), HELLO)[:12] == b"HTTP/1.1 200"


def test_a_name_server_that_never_answers_is_given_up(echo: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lookup has seconds; the look it belongs to goes on."""
    monkeypatch.setattr("bot.evidence.egress.door._LOOKUP_S", 0.1)

    async def never(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return ()

    with Guard(Hosts(("www.example.org",)), resolve=never) as guard:
        assert say(guard, tunnel("www.example.org")).startswith(b"HTTP/1.1 403")
        assert _journal(guard)[0].refused == "The name www.example.org was not found."


def test_closing_ends_what_is_under_way_and_can_be_done_twice(echo: int) -> None:
    """No thread and no connection stays behind."""
    net = Net(echo, www_example_org=[["93.184.216.34"]])
    before = threading.active_count()
    guard = guarded(net, "www.example.org")
    with socket.create_connection(("127.0.0.1", int(guard.proxy.rpartition(":")[2])), timeout=5) as client:
        client.sendall(tunnel("www.example.org") + HELLO)
        assert client.recv(12) == b"HTTP/1.1 200"
        guard.close()
        guard.close()
        assert _drained(client)
    assert not any(thread.name == "egress-guard" for thread in threading.enumerate())
    assert threading.active_count() <= before + 1  # the echo's


def _drained(client: socket.socket) -> bool:
    try:
        while client.recv(65536):
            pass
    except OSError:
        pass
    return True


def _journal(guard: Guard, at_least: int = 1) -> tuple[Any, ...]:
    """The journal, once the connections that are being closed have been written down."""
    found: tuple[Any, ...] = ()
    until = time.monotonic() + 5
    while len(found) < at_least and time.monotonic() < until:
        found += guard.take()
    return found


def _tls_server(folder: Path) -> tuple[socket.socket, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sandbox")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "certificate.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(private)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, folder / "key.pem")
    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_answer_tls, args=(listening, context), daemon=True).start()
    return listening, pem


def _answer_tls(listening: socket.socket, context: ssl.SSLContext) -> None:
    while True:
        try:
            client, _ = listening.accept()
        except OSError:
            return
        try:
            with context.wrap_socket(client, server_side=True) as secured:
                secured.recv(65536)
                secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\nover TLS")
        except OSError:
            continue
