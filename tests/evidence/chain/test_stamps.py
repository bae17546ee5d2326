"""Time stamps: a real authority's hold, nobody else's do, and no answer keeps us waiting."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cryptography import x509

from bot.evidence.chain.stamps import Authority, NotChecked, StampError, check, query_for, roots_in
from tests.evidence.chain.authority import Stamper
from tests.evidence.chain.conftest import OpenDesk

NOTE = b"beadle/0123456789abcdef\n8\n"


@pytest.fixture
def trusted(alpha: Stamper) -> list[x509.Certificate]:
    """Alpha's root, and nobody else's."""
    return roots_in(alpha.root, "roots.pem")


def test_a_stamp_says_when_and_by_whom(alpha: Stamper, trusted: list[x509.Certificate], open_desk: OpenDesk) -> None:
    """Asked over the wire, checked by the library: the authority's own time and name."""
    query = query_for(NOTE)

    reply = Authority(1, open_desk(alpha).url).ask(query)
    stamp = check(NOTE, reply, trusted, query)

    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (stamp.authority, stamp.checked_by) == ("Alpha", "rfc3161-client")
    assert check(NOTE, reply, trusted) == stamp


def test_an_authority_whose_order_the_library_refuses_is_checked_by_openssl(beta: Stamper) -> None:
    """Certificates in the order of the chain, as OpenSSL sends them, and two steps up to the root."""
    query = query_for(NOTE)

    stamp = check(NOTE, beta.answer(query), roots_in(beta.root, "roots.pem"), query)

    assert abs(stamp.at - datetime.now(UTC)) < timedelta(minutes=1)
    assert (stamp.authority, stamp.checked_by) == ("Beta", "openssl")


def test_without_openssl_such_a_stamp_is_not_called_false(beta: Stamper, monkeypatch: pytest.MonkeyPatch) -> None:
    """What can't be checked is said to be unchecked: neither good nor bad."""
    query = query_for(NOTE)
    reply = beta.answer(query)
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    with pytest.raises(NotChecked, match="without openssl"):
        check(NOTE, reply, roots_in(beta.root, "roots.pem"), query)


@pytest.mark.parametrize("which", ["alpha", "beta"])
def test_the_command_of_the_documentation_agrees(which: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """openssl ts -verify over the raw answer and the note, and nothing of ours; not over another note."""
    stamper: Stamper = request.getfixturevalue(which)
    (tmp_path / "8.note").write_bytes(NOTE)
    (tmp_path / "9.note").write_bytes(NOTE + b"!")
    (tmp_path / "8.tsr").write_bytes(stamper.answer(query_for(NOTE)))
    (tmp_path / "tsa-roots.pem").write_bytes(stamper.root)

    def verdict(note: str) -> tuple[int, str]:
        command = ["openssl", "ts", "-verify", "-in", "8.tsr", "-data", note, "-CAfile", "tsa-roots.pem"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        return done.returncode, done.stdout.strip()

    assert verdict("8.note") == (0, "Verification: OK")
    assert verdict("9.note")[0] != 0


@pytest.mark.parametrize("which", ["alpha", "beta"])
def test_a_stamp_over_something_else_does_not_hold(which: str, request: pytest.FixtureRequest) -> None:
    """Whichever of the two readers looks at it."""
    stamper: Stamper = request.getfixturevalue(which)
    query = query_for(NOTE)

    with pytest.raises(StampError, match=r"over something else|imprint mismatch"):
        check(NOTE + b"!", stamper.answer(query), roots_in(stamper.root, "roots.pem"))


@pytest.mark.parametrize("which", ["alpha", "beta"])
def test_the_answer_to_another_question_does_not_hold(which: str, request: pytest.FixtureRequest) -> None:
    """An old answer that is played again carries an old nonce."""
    stamper: Stamper = request.getfixturevalue(which)

    with pytest.raises(StampError, match="nonce"):
        check(NOTE, stamper.answer(query_for(NOTE)), roots_in(stamper.root, "roots.pem"), query_for(NOTE))


@pytest.mark.parametrize("which", ["alpha", "beta"])
def test_an_authority_that_no_root_vouches_for_does_not_count(
    which: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Anybody can run an authority of the same name."""
    stamper: Stamper = request.getfixturevalue(which)
    impostor = Stamper(tmp_path / "impostor", "Alpha", send_chain=which == "beta")
    query = query_for(NOTE)

    with pytest.raises(StampError, match="does not hold"):
        check(NOTE, impostor.answer(query), roots_in(stamper.root, "roots.pem"), query)


def test_a_signer_that_vouches_for_itself_counts_only_where_it_is_named(
    tmp_path: Path, trusted: list[x509.Certificate]
) -> None:
    """A self-signed certificate inside the token proves nothing; named among the roots, it does."""
    alone = Stamper(tmp_path / "alone", "Alone", self_signed=True)
    query = query_for(NOTE)
    reply = alone.answer(query)

    with pytest.raises(StampError, match="none of the roots"):
        check(NOTE, reply, trusted, query)
    assert check(NOTE, reply, roots_in(alone.root, "roots.pem"), query).authority == "Alone"


def test_granted_with_changes_is_a_stamp_and_a_refusal_is_none(alpha: Stamper, trusted: list[x509.Certificate]) -> None:
    """RFC 3161, 2.4.2: a token comes with the first two answers alone."""
    query = query_for(NOTE)
    granted = alpha.answer(query)

    found = {}
    for status in range(7):
        try:
            found[status] = check(NOTE, _with_status(granted, status), trusted, query).authority
        except StampError as error:
            found[status] = error.sentence.rpartition(": ")[2]

    assert found == {
        0: "Alpha",
        1: "Alpha",
        2: "rejected.",
        3: "waiting.",
        4: "revocation is near.",
        5: "revoked.",
        6: "status 6.",
    }


def test_a_real_refusal_is_none(alpha: Stamper, trusted: list[x509.Certificate]) -> None:
    """The authority's own answer to a question that it does not understand carries no token."""
    with pytest.raises(StampError, match="rejected"):
        check(NOTE, alpha.answer(b"what time is it?"), trusted)


def test_every_changed_byte_is_found_or_changes_nothing(
    alpha: Stamper, trusted: list[x509.Certificate], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One bit in each byte: refused, unreadable, or outside what is signed; never another time or authority."""
    query = query_for(NOTE)
    reply = alpha.answer(query)
    true = check(NOTE, reply, trusted, query)
    monkeypatch.setattr(shutil, "which", lambda _name: None)

    unnoticed = 0
    for at in range(len(reply)):
        bent = reply[:at] + bytes([reply[at] ^ 1]) + reply[at + 1 :]
        try:
            assert check(NOTE, bent, trusted, query) == true, at
        except (StampError, NotChecked):
            continue
        unnoticed += 1

    assert unnoticed < 20


@pytest.mark.parametrize("junk", [b"", b"0", b"<html>" * 99, b"\x30\x84\xff\xff\xff\xff", b"\x30\x80" * 5000])
def test_what_is_no_answer_is_refused(junk: bytes, trusted: list[x509.Certificate]) -> None:
    """Empty, a page, a length that lies, a nest without end."""
    with pytest.raises(StampError):
        check(NOTE, junk, trusted)


def test_an_answer_without_end_is_not_even_read(trusted: list[x509.Certificate]) -> None:
    """A megabyte is the most that is looked at."""
    with pytest.raises(StampError, match="length"):
        check(NOTE, bytes(2 << 20), trusted)


def test_without_roots_nothing_holds(alpha: Stamper) -> None:
    """And the sentence names the setting."""
    with pytest.raises(StampError, match="BEADLE_TIMESTAMP_ROOTS"):
        check(NOTE, alpha.answer(query_for(NOTE)), [])
    for pem in (b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"):
        with pytest.raises(StampError, match=r"roots\.pem holds no certificates"):
            roots_in(pem, "roots.pem")


@pytest.mark.parametrize("send_chain", [False, True])
def test_a_stamp_outlives_its_certificate_and_a_dead_certificate_makes_none(tmp_path: Path, send_chain: bool) -> None:
    """What counts is whether the certificate was good when it stamped, for whichever reader."""
    stamper = Stamper(tmp_path / "old", "Old", send_chain=send_chain)
    roots = roots_in(stamper.root, "roots.pem")
    query = query_for(NOTE)

    stamper.end_at(datetime.now(UTC) + timedelta(seconds=2))
    while_it_lived = stamper.answer(query)
    time.sleep(2.1)
    after_its_death = stamper.answer(query)

    assert check(NOTE, while_it_lived, roots, query).checked_by == ("openssl" if send_chain else "rfc3161-client")
    with pytest.raises(StampError, match="does not hold"):
        check(NOTE, after_its_death, roots, query)


def _hang(_: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


def _drip(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    for _ in range(30):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


def _flood(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(50 << 20))
    handler.end_headers()
    for _ in range(50):
        handler.wfile.write(bytes(1 << 20))


def _page(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(503)
    handler.end_headers()
    handler.wfile.write(b"<h1>Sorry</h1>")


def _elsewhere(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "http://169.254.169.254/latest/meta-data/")
    handler.end_headers()


def _slam(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.close()


@pytest.mark.parametrize("instead", [_hang, _drip, _flood, _page, _elsewhere, _slam])
def test_an_authority_that_misbehaves_costs_a_second_and_no_more(
    instead: Callable[[BaseHTTPRequestHandler], None], alpha: Stamper, open_desk: OpenDesk
) -> None:
    """It hangs, drips, floods, fails, sends us on, slams the door: one error, in time."""
    desk = open_desk(alpha)
    desk.instead = instead
    begun = time.monotonic()

    with pytest.raises(StampError, match=r"127\.0\.0\.1"):
        Authority(1, desk.url).ask(query_for(NOTE), seconds=1.0)

    assert time.monotonic() - begun < 2.5


def test_an_authority_that_is_not_there_is_an_error() -> None:
    """Nobody listens on the port."""
    with pytest.raises(StampError, match="can't be reached"):
        Authority(1, "http://127.0.0.1:9/tsr").ask(query_for(NOTE), seconds=1.0)


def _with_status(reply: bytes, status: int) -> bytes:
    """The same answer under another status: the one byte after the first INTEGER of one byte."""
    at = reply.index(b"\x02\x01\x00") + 2
    return reply[:at] + bytes([status]) + reply[at + 1 :]
