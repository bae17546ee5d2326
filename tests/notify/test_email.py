"""Mail goes through a real server, says what is wrong in one sentence, and never shows its password."""

from __future__ import annotations

import socket
import ssl
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword

from bot.errors import ConfigError
from bot.notify.email import Mailer, MailRefused, MailUnavailable, compose, message_id, server

SENDER = "beadle@millbrook.example"
PASSWORD = "p@ss/w:rd"
NOW = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)


class Inbox:
    """What a server took, and what it says to the next sender, recipient or mail."""

    def __init__(self) -> None:
        self.taken: list[Envelope] = []
        self.says: dict[str, str] = {}

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        envelope.mail_from = address
        return self.says.get("MAIL", "250 OK")

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if address in self.says:
            return self.says[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.taken.append(envelope)
        return self.says.get("DATA", "250 OK")

    async def handle_QUIT(self, server: Any, session: Any, envelope: Any) -> str:
        if self.says.get("QUIT") == "hang up":
            server.transport.abort()
        return self.says.get("QUIT", "221 Bye")


def _login(server: Any, session: Any, envelope: Any, mechanism: str, data: LoginPassword) -> AuthResult:
    return AuthResult(handled=False, success=data.login == b"beadle" and data.password == PASSWORD.encode())


@contextmanager
def _listening(inbox: Inbox, **options: Any) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    controller = Controller(inbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    yield port
    controller.stop()


Listening = Callable[..., AbstractContextManager[int]]


@pytest.fixture
def inbox() -> Inbox:
    """An empty inbox."""
    return Inbox()


@pytest.fixture
def url(inbox: Inbox) -> Iterator[str]:
    """A plain server on a loopback port."""
    with _listening(inbox) as port:
        yield f"smtp://127.0.0.1:{port}"


def letter(**changes: Any) -> EmailMessage:
    """A small mail."""
    given: dict[str, Any] = {
        "sender": SENDER,
        "to": ("chief@millbrook.example", "clerk@millbrook.example"),
        "subject": "Millbrook, Sat 21 Nov 2026: 2 hidden",
        "html": "<p>mañana</p>",
        "text": "mañana\n",
        "identity": message_id("Town of Millbrook", "2026-11-21", SENDER),
        "now": NOW,
    }
    return compose(**{**given, **changes})


def test_a_mail_arrives_in_two_forms_plain_first(url: str, inbox: Inbox) -> None:
    """Everybody gets it, with its Message-ID, and every mail program finds a form that it can show."""
    refused = Mailer(url, SENDER).send(letter())

    (envelope,) = inbox.taken
    got = BytesParser(policy=policy.default).parsebytes(bytes(envelope.original_content or b""))
    assert refused == ()
    assert envelope.rcpt_tos == ["chief@millbrook.example", "clerk@millbrook.example"]
    assert got["Message-ID"] == message_id("Town of Millbrook", "2026-11-21", SENDER)
    assert got["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]
    assert [part.get_content().strip() for part in got.iter_parts()] == ["mañana", "<p>mañana</p>"]


def test_a_password_is_used_with_its_odd_characters(inbox: Inbox) -> None:
    """What is percent-encoded in the address is the password that the server gets."""
    with _listening(inbox, authenticator=_login, auth_require_tls=False) as port:
        Mailer(f"smtp://beadle:p%40ss%2Fw%3Ard@127.0.0.1:{port}", SENDER).send(letter())

    assert len(inbox.taken) == 1


def test_a_wrong_password_says_what_to_correct_and_does_not_show_it(inbox: Inbox) -> None:
    """The sentence names the setting; neither it nor its causes nor any repr holds the password."""
    word = "".join(["hush", "hush"])  # in two, for a traceback repeats the lines of this file
    with _listening(inbox, authenticator=_login, auth_require_tls=False) as port:
        mailer = Mailer(f"smtp://beadle:{word}@127.0.0.1:{port}", SENDER)
        with pytest.raises(MailRefused, match="correct BEADLE_SMTP_URL") as refused:
            mailer.send(letter())

    told = "".join(traceback.format_exception(refused.value)) + repr(mailer) + str(refused.value.facts)
    assert word not in told
    assert inbox.taken == []


def test_encryption_that_is_asked_for_and_not_offered_is_refused(url: str, inbox: Inbox) -> None:
    """A man in the middle who strips STARTTLS gets no mail."""
    with pytest.raises(MailRefused, match="offers no encryption"):
        Mailer(f"{url}?starttls=always", SENDER).send(letter())

    assert inbox.taken == []


@pytest.mark.parametrize(
    ("reply", "error"), [("550 no", MailRefused), ("451 later", MailUnavailable), ("421 busy", MailUnavailable)]
)
@pytest.mark.parametrize("stage", ["MAIL", "DATA", "chief@millbrook.example"])
def test_a_refusal_is_told_from_a_request_to_come_again(
    url: str, inbox: Inbox, stage: str, reply: str, error: type[Exception]
) -> None:
    """5yz waits for a person and 4yz for time (RFC 5321 4.2.1), wherever in the conversation it comes."""
    inbox.says[stage] = reply

    with pytest.raises(error):
        Mailer(url, SENDER).send(letter(to=("chief@millbrook.example",)))


def test_a_server_can_be_checked_without_a_mail(url: str, inbox: Inbox) -> None:
    """Connecting and logging in is tried; nothing is sent, and what is wrong is said as for a mail."""
    Mailer(url, SENDER).check()

    with pytest.raises(MailRefused, match="offers no encryption"):
        Mailer(f"{url}?starttls=always", SENDER).check()
    assert inbox.taken == []


def test_one_bad_address_does_not_keep_the_mail_from_the_others(url: str, inbox: Inbox) -> None:
    """The refused address is handed back; the others have the mail."""
    inbox.says["clerk@millbrook.example"] = "550 unknown"

    assert Mailer(url, SENDER).send(letter()) == ("clerk@millbrook.example",)
    assert inbox.taken[0].rcpt_tos == ["chief@millbrook.example"]


@pytest.mark.parametrize("farewell", ["500 go away", "hang up"])
def test_a_rude_farewell_changes_nothing(url: str, inbox: Inbox, farewell: str) -> None:
    """A mail that was taken is not sent again because of what QUIT answers, or that it doesn't."""
    inbox.says["QUIT"] = farewell

    Mailer(url, SENDER).send(letter())

    assert len(inbox.taken) == 1


def test_a_server_that_is_not_there_is_unavailable() -> None:
    """Nothing listens: try again, and the sentence names the host."""
    with pytest.raises(MailUnavailable, match=r"127\.0\.0\.1 can't be reached"):
        Mailer("smtp://127.0.0.1:9", SENDER, timeout=2).send(letter())


def test_a_server_that_speaks_no_tls_is_unavailable_to_smtps(url: str, inbox: Inbox) -> None:
    """smtps:// against a plain port fails before anything is said."""
    with pytest.raises(MailUnavailable):
        Mailer(url.replace("smtp:", "smtps:"), SENDER, timeout=5).send(letter())

    assert inbox.taken == []


def test_a_certificate_that_can_not_be_verified_is_for_a_person(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Trying again would not help: the sentence says where the certificate belongs."""

    def unverified(*_: object, **__: object) -> None:
        raise ssl.SSLCertVerificationError("self-signed certificate")

    monkeypatch.setattr("smtplib.SMTP_SSL", unverified)

    with pytest.raises(MailRefused, match="certificate authority"):
        Mailer(url.replace("smtp:", "smtps:"), SENDER).send(letter())


def test_an_address_of_a_server_is_read_with_its_defaults() -> None:
    """587 with STARTTLS, 465 with TLS at once, and no encryption on the machine itself."""
    assert (server("smtp://mail.example.gov").port, server("smtp://mail.example.gov").tls) == (587, "always")
    assert (server("smtps://mail.example.gov").port, server("smtps://mail.example.gov").tls) == (465, "at_once")
    assert (server("smtp://localhost:2525").port, server("smtp://localhost:2525").tls) == (2525, "never")
    assert server("smtp://relay.example.gov:25?starttls=never").tls == "never"
    assert server("smtp://127.0.0.1:25?starttls=always").tls == "always"


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ("", "must look like"),
        ("mail.example.gov", "must look like"),
        ("http://mail.example.gov", "must look like"),
        ("smtp://", "must look like"),
        ("smtp://u:hush/hush@mail.example.gov", "write %40 for @"),
        ("smtp://u:hush@mail.example.gov:port", "must look like"),
        ("smtp://mail.example.gov?starttls=maybe", "starttls=always or starttls=never"),
        ("smtp://mail.example.gov?tls=1", 'not "tls"'),
        ("smtp://u:hush@mail.example.gov?starttls=never", "password unencrypted"),
    ],
)
def test_a_bad_address_of_a_server_is_refused_without_repeating_it(bad: str, words: str) -> None:
    """One sentence, what would be right, and nothing of the password in it or in its cause."""
    with pytest.raises(ConfigError) as refused:
        server(bad)

    assert words in refused.value.sentence
    assert "hush" not in refused.value.sentence
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("bad", ["", "beadle", "a@b\r\nBcc: c@d", "a@b, c@d", "a b@c"])
def test_a_bad_sender_is_refused(bad: str) -> None:
    """One plain address, nothing that could grow into a header."""
    with pytest.raises(ConfigError):
        Mailer("smtp://localhost", bad)


def test_nobody_to_write_to_is_said_so() -> None:
    """A digest without readers names the role that gets one."""
    with pytest.raises(ConfigError, match="chief_of_staff"):
        letter(to=())


def test_no_subject_can_become_a_header(hostile: str) -> None:
    """Whatever a page or city is called: one Subject, no Bcc, and the mail can be written out."""
    written = letter(subject=hostile).as_bytes()

    got = BytesParser(policy=policy.default).parsebytes(written)
    assert got["Bcc"] is None
    assert len(got.get_all("Subject", [])) == 1
    assert got["To"] == "chief@millbrook.example, clerk@millbrook.example"


def test_the_same_mail_is_the_same_bytes() -> None:
    """Written twice, a mail doesn't differ, not even at its boundaries."""
    assert letter().as_bytes() == letter().as_bytes()
    assert letter(text="other").as_bytes() != letter().as_bytes()


def test_a_message_id_is_that_of_city_and_day() -> None:
    """Sent again it is the same mail; another day or another city is another."""
    one = message_id("Town of Millbrook", "2026-11-21", SENDER)

    assert one == message_id("Town of Millbrook", "2026-11-21", SENDER)
    assert one.startswith("<digest.2026-11-21.")
    assert one.endswith("@millbrook.example>")
    assert len({one, message_id("Town of Millbrook", "2026-11-22", SENDER), message_id("東京", "2026-11-21")}) == 3
