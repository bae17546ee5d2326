"""The appeals' mailbox over a real IMAP server: what is seen and marked, and what is said when it can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.errors import ConfigError
from bot.residents.mailbox import EVERY, Mail, Mailbox, MailboxTrouble, Round, place
from tests.office import NOW
from tests.residents.conftest import House, PostBox, mail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for localhost that nobody trusts, and its key."""
    folder, key = tmp_path_factory.mktemp("tls"), ec.generate_private_key(ec.SECP256R1())
    name, today = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
    made = made.add_extension(names, critical=False).add_extension(x509.BasicConstraints(True, None), critical=True)
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
    return cert_file, key_file


@pytest.fixture(params=["starttls", "imaps"])
def encrypted(request: pytest.FixtureRequest, certificate: tuple[Path, Path]) -> Iterator[tuple[PostBox, str]]:
    """A server with that certificate, and its address."""
    at_once = request.param == "imaps"
    cert, key = (str(each) for each in certificate)
    opened = PostBox("--cert", cert, "--key", key, *(["--imaps"] if at_once else []))
    yield opened, opened.url("imaps") if at_once else opened.url(query="?starttls=always")
    opened.close()


def test_each_unseen_mail_becomes_one_appeal_and_is_seen_afterwards(house: House, post_box: PostBox) -> None:
    """Also when the same one arrives twice; machines' mail is left with a reason and seen too."""
    for message in (mail("Unfair."), mail("Unfair."), mail("Away.", identity="<two@x>", Auto_Submitted="auto-replied")):
        post_box.put(message.as_bytes())
    box = Mailbox(post_box.url())

    assert house.counter.appeals.look(box) == 3
    assert house.counter.appeals.look(box) == 0
    assert [each.number for each in house.counter.appeals.waiting()] == ["A-2026-0001"]
    assert len(house.letters()) == 1


def test_a_mail_is_marked_only_after_what_it_became_is_committed(house: House, post_box: PostBox) -> None:
    """The process dies in between: it comes again, and is the same appeal."""
    post_box.put(mail("Unfair.").as_bytes())
    box = Mailbox(post_box.url())

    def die(_mail: Mail) -> bool:
        assert post_box.unseen() == 1, "reading marks nothing"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        box.unseen(10_000, die)
    assert post_box.unseen() == 1
    house.counter.appeals.look(box)
    assert post_box.unseen() == 0


def test_a_mail_that_is_too_large_is_left_without_being_fetched(house: House, post_box: PostBox) -> None:
    """It is said, and a person reads it in the mailbox."""
    post_box.put(mail("x" * 5000).as_bytes())
    seen: list[Mail] = []
    Mailbox(post_box.url()).unseen(1000, lambda each: not seen.append(each))  # type: ignore[func-returns-value]

    assert (seen[0].raw, seen[0].size > 5000) == (None, True)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [("p%40ss", "wrong", "does not take the user name"), ("/Appeals", "/Nowhere", 'no folder "Nowhere"')],
)
def test_what_a_person_has_to_mend_is_said_without_the_password(
    post_box: PostBox, before: str, after: str, says: str
) -> None:
    """The sentence names the server and what to correct."""
    url = post_box.url(folder="Appeals" if "Appeals" in before else "").replace(before, after)

    with pytest.raises(MailboxTrouble, match=says) as caught:
        Mailbox(url).check()
    assert "p@ss" not in str(caught.value) + repr(Mailbox(url))


def test_a_certificate_that_nobody_trusts_gets_no_password(encrypted: tuple[PostBox, str]) -> None:
    """By STARTTLS and at once: the sentence says where the city's own authority belongs."""
    with pytest.raises(MailboxTrouble, match="certificate of localhost can't be verified"):
        Mailbox(encrypted[1]).check()


def test_a_trusted_certificate_opens_the_mailbox(
    encrypted: tuple[PostBox, str], certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same servers, once the city's authority is in the trust store."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    Mailbox(encrypted[1]).check()


def test_a_server_without_encryption_gets_no_password(post_box: PostBox) -> None:
    """Where encryption is asked for and not offered, nothing is sent."""
    with pytest.raises(MailboxTrouble, match="offers no encryption"):
        Mailbox(post_box.url(query="?starttls=always")).check()


@pytest.mark.parametrize(
    "url",
    ["smtp://a:b@c", "imaps://mail.example.gov", "imaps://a@mail.example.gov", "imap://a:b@[::1", "imaps://a:b@:993"],
)
def test_an_address_that_can_not_be_right_is_refused_with_an_example(url: str) -> None:
    """Before anything is connected."""
    with pytest.raises(ConfigError, match="imaps://user:password@"):
        place(url)


def test_an_address_is_taken_apart_and_only_this_machine_goes_unencrypted() -> None:
    """Ports, folder and escapes; a password elsewhere always travels encrypted."""
    found = place("imaps://a%40b:p%2Fw@mail.example.gov/INBOX/Appeals")

    assert (found.host, found.port, found.tls, found.user) == ("mail.example.gov", 993, "at_once", "a@b")
    assert (found.password, found.folder) == ("p/w", "INBOX/Appeals")
    assert (place("imap://a:b@mail.example.gov").tls, place("imap://a:b@127.0.0.1").tls) == ("always", "never")
    assert place("imap://a:b@mail.example.gov?starttls=never").tls == "always"
    assert "p/w" not in repr(found)


def test_a_mailbox_that_is_down_says_so_once_and_once_when_it_mends(house: House) -> None:
    """A night without the mail server is two lines; what arrived meanwhile is taken."""
    box = PostBox()
    round_ = Round(Mailbox(box.url(), timeout=5.0), house.counter.appeals.look, lambda said, key: told.append(said))
    told: list[str] = []
    now = NOW
    round_.see_to(now)
    port, process = box.port, box
    process.close()
    for _ in range(4):
        now += EVERY
        round_.see_to(now)
        round_.see_to(now + timedelta(seconds=1))
    assert len(told) == 1
    assert "can't be reached" in told[0]
    again = PostBox()
    round_ = _moved(round_, again)
    again.put(mail("Unfair.").as_bytes())
    for _ in range(2):
        now += EVERY
        round_.see_to(now)
    again.close()

    assert port
    assert len(told) == 2
    assert "can be read again" in told[1]
    assert len(house.counter.appeals.waiting()) == 1


def _moved(round_: Round, box: PostBox) -> Round:
    """The same round, now that the server is back (on a port of its own)."""
    round_._mailbox = Mailbox(box.url())
    return round_
