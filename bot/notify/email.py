"""Mail by SMTP, with the trust store of the system. Connects only while it sends."""

from __future__ import annotations

import hashlib
import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from urllib.parse import parse_qs, unquote, urlsplit

import truststore

from bot.errors import BeadleError, ConfigError
from bot.notify.quoted import one_line

URL_SHAPE = (
    "BEADLE_SMTP_URL must look like smtp://user:password@mail.example.gov:587 or smtps://…:465 "
    "(write %40 for @, %2F for / and %3A for : inside the password)."
)
ODD_OPTION = 'BEADLE_SMTP_URL knows one option, starttls=always or starttls=never, not "{option}".'
UNENCRYPTED = "BEADLE_SMTP_URL would send the password unencrypted: use starttls=always or smtps://."
BAD_ADDRESS = (
    '"{address}" is no mail address: write one such as beadle@example.gov (in BEADLE_MAIL_FROM or people.yaml).'
)
NO_RECIPIENT = "Nobody is to receive this mail: give somebody in config/people.yaml the role chief_of_staff."
UNREACHABLE = "The mail server {host} can't be reached just now; the mail is tried again by itself."
LATER = "The mail server {host} asks to try again later ({code})."
BAD_CERTIFICATE = (
    "The certificate of {host} can't be verified: "
    "add your city's own certificate authority to the system's trust store."
)
NO_STARTTLS = (
    "The mail server {host} offers no encryption: use smtps://, or starttls=never for a relay in your own house."
)
BAD_LOGIN = "The mail server {host} does not take the user name and password ({code}): correct BEADLE_SMTP_URL."
REFUSED = "The mail server {host} refused the mail ({code}): check BEADLE_MAIL_FROM and the recipients' addresses."

SENDER = "beadle@localhost.localdomain"
"""Where mail comes from, when the city names no address."""

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_ADDRESS = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+")
_PORTS = {"smtp": 587, "smtps": 465}


class MailUnavailable(BeadleError):
    """The mail is not known to have been taken. Try again; the same Message-ID lets readers' programs see one mail."""


class MailRefused(BeadleError):
    """The mail server won't until a person mends something."""


@dataclass(frozen=True, slots=True)
class Server:
    """Where mail goes. ``tls``: at once, by STARTTLS, or never."""

    host: str
    port: int
    tls: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def server(url: str) -> Server:
    """Read ``smtp://user:password@host:587?starttls=always`` or ``smtps://…``. Raises ``ConfigError``.

    ``starttls`` is ``always``, or ``never`` for a relay without a password; a loopback server needs neither.
    """
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        # The cause repeats a piece of the address, which may be a piece of the password.
        raise ConfigError(URL_SHAPE) from None
    if parts.scheme not in _PORTS or not host or parts.path not in ("", "/") or parts.fragment:
        raise ConfigError(URL_SHAPE)
    tls = _tls(parts.scheme, host, parts.query)
    password = unquote(parts.password) if parts.password else None
    if password and tls == "never" and host not in _LOOPBACK:
        raise ConfigError(UNENCRYPTED)
    user = unquote(parts.username) if parts.username else None
    return Server(host, port or _PORTS[parts.scheme], tls, user, password)


def _tls(scheme: str, host: str, query: str) -> str:
    options = parse_qs(query, keep_blank_values=True)
    chosen = options.pop("starttls", ["never" if host in _LOOPBACK else "always"])[-1]
    odd = next(iter(options), None) or (chosen if chosen not in {"always", "never"} else None)
    if odd:
        raise ConfigError(ODD_OPTION.format(option=one_line(odd, limit=20)))
    return "at_once" if scheme == "smtps" else chosen


def message_id(city: str, day: str, sender: str = "beadle@beadle.invalid", kind: str = "digest") -> str:
    """The same Message-ID for the same city and day: a digest that is sent twice is one mail to its readers."""
    mark = hashlib.sha256(f"{city}\n{day}".encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"<{kind}.{day}.{mark}@{sender.rpartition('@')[2].rstrip('> ')}>"


def compose(
    *,
    sender: str,
    to: tuple[str, ...],
    subject: str,
    html: str,
    text: str,
    identity: str,
    now: datetime,
    files: Mapping[str, bytes] | None = None,
    pictures: Mapping[str, bytes] | None = None,
) -> EmailMessage:
    """A mail in two forms, plain first, and ``files`` as they are. The same arguments give the same bytes.

    ``pictures``: PNG by content id, shown where the HTML says ``src="cid:<id>"``; they travel inside the mail.
    """
    if not to:
        raise ConfigError(NO_RECIPIENT)
    message = EmailMessage()
    message["From"] = _address(sender)
    message["To"] = ", ".join(_address(each) for each in to)
    message["Subject"] = one_line(subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = identity
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    boundary = "beadle-" + hashlib.sha256((text + html).encode()).hexdigest()[:32]
    message.set_boundary(boundary)
    if pictures:
        _put_in(message, pictures, f"{boundary}-shown")
    for name, data in (files or {}).items():
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
        message.set_boundary(f"{boundary}-with")
    return message


def _put_in(message: EmailMessage, pictures: Mapping[str, bytes], boundary: str) -> None:
    """Beside the HTML, in a part of both (RFC 2387), so that no mail program lists them as attachments."""
    page = message.get_body(("html",))
    assert isinstance(page, EmailMessage)
    for name, data in pictures.items():
        page.add_related(
            data, "image", "png", cid=f"<{name}>", disposition="inline", filename=f"{name.split('@')[0]}.png"
        )
    page.set_boundary(boundary)


def _address(written: str) -> str:
    found = [address for _, address in getaddresses([written])]
    if not written.isprintable() or len(found) != 1 or not _ADDRESS.fullmatch(found[0]):
        raise ConfigError(BAD_ADDRESS.format(address=one_line(written, limit=80)))
    return written


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a mail for each of its recipients. ``later`` and ``refused`` give the server's answer (a code)."""

    taken: tuple[str, ...]
    later: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)


class Mailer:
    """Sends mail through one server. ``url``: see ``server``; ``sender``: the From address; ``timeout``: seconds."""

    def __init__(self, url: str, sender: str, timeout: float = 20.0) -> None:
        self._server = server(url)
        self.sender = _address(sender)
        self._timeout = timeout

    def __repr__(self) -> str:
        return f"Mailer({self._server!r}, sender={self.sender!r})"

    def send(self, message: EmailMessage) -> tuple[str, ...]:
        """Send a mail; the addresses that the server would not take are returned, the others have it.

        Raises ``MailUnavailable`` (try again) or ``MailRefused`` (a person mends something).
        """
        with self._named_errors(), self._talk() as smtp:
            return tuple(smtp.send_message(message))

    def deliver(self, mime: bytes, sender: str, to: tuple[str, ...], patience_s: float) -> Delivery:
        """Hand over a mail as it is, for these recipients, within ``patience_s`` seconds.

        Raises ``MailUnavailable`` or ``MailRefused`` for what concerns the server or the mail as a whole.
        """
        with self._named_errors(), self._talk(patience_s) as smtp:
            try:
                unwanted = smtp.sendmail(sender, to, mime, _eight_bit(smtp, mime))
            except smtplib.SMTPRecipientsRefused as nobody:
                unwanted = nobody.recipients
        return _sorted(to, {address: code for address, (code, _) in unwanted.items()})

    def check(self) -> None:
        """Connect, encrypt and log in, and send nothing. Raises as ``send`` does."""
        with self._named_errors(), self._talk() as smtp:
            smtp.noop()

    @contextmanager
    def _named_errors(self) -> Iterator[None]:
        host = self._server.host
        try:
            yield
        except smtplib.SMTPAuthenticationError as error:
            raise MailRefused(BAD_LOGIN.format(host=host, code=error.smtp_code)) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(NO_STARTTLS.format(host=host)) from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(host, [code for code, _ in error.recipients.values()]) from error
        except smtplib.SMTPResponseException as error:
            raise _refusal(host, [error.smtp_code]) from error
        except ssl.SSLCertVerificationError as error:
            raise MailRefused(BAD_CERTIFICATE.format(host=host)) from error
        except (OSError, smtplib.SMTPException) as error:
            raise MailUnavailable(UNREACHABLE.format(host=host), cause=type(error).__name__) from error

    @contextmanager
    def _talk(self, patience_s: float | None = None) -> Iterator[smtplib.SMTP]:
        smtp = self._unconnected()
        hang_up = threading.Timer(patience_s or 0.0, _hang_up, (smtp,))
        hang_up.daemon = True
        if patience_s is not None:
            hang_up.start()
        try:
            smtp.connect(self._server.host, self._server.port)
            if self._server.tls == "always":
                smtp.starttls(context=_trust())
            if self._server.user and self._server.password:
                smtp.login(self._server.user, self._server.password)
            yield smtp
        finally:
            hang_up.cancel()
            # The mail was taken, or not, before this: a server that is rude at the farewell changes nothing.
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _unconnected(self) -> smtplib.SMTP:
        name = _greeting()
        if self._server.tls == "at_once":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=name, timeout=self._timeout, context=_trust())
        else:
            smtp = smtplib.SMTP(local_hostname=name, timeout=self._timeout)
        # The constructor that is told the host connects at once, and a server may keep it there for ever; the name is
        # what certificates are held against.
        smtp._host = self._server.host  # type: ignore[attr-defined]
        return smtp


def _hang_up(smtp: smtplib.SMTP) -> None:
    """End a conversation that never comes to its end: each answer in time, and the mail still not taken."""
    if smtp.sock is not None:
        with suppress(OSError):
            # Not the method of an encrypted socket, which lets go of its state while another thread reads from it.
            socket.socket.shutdown(smtp.sock, socket.SHUT_RDWR)


def _eight_bit(smtp: smtplib.SMTP, mime: bytes) -> tuple[str, ...]:
    """RFC 6152: said only where the server knows of it and the mail needs it."""
    return ("BODY=8BITMIME",) if not mime.isascii() and smtp.has_extn("8bitmime") else ()


def _sorted(to: tuple[str, ...], unwanted: Mapping[str, int]) -> Delivery:
    """RFC 5321 4.2.1: 5yz is for good, whatever else is for now."""
    return Delivery(
        taken=tuple(each for each in to if each not in unwanted),
        later={address: code for address, code in unwanted.items() if not 500 <= code < 600},
        refused={address: code for address, code in unwanted.items() if 500 <= code < 600},
    )


def _trust() -> ssl.SSLContext:
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _greeting() -> str:
    """How we name ourselves in EHLO. The library would ask DNS, which may take half a minute to say nothing."""
    name = socket.gethostname()
    return name if "." in name and name.isascii() else "[127.0.0.1]"


def _refusal(host: str, codes: list[int]) -> MailUnavailable | MailRefused:
    """RFC 5321 4.2.1: 4yz asks to try again, 5yz does not."""
    if any(500 <= code < 600 for code in codes):
        return MailRefused(REFUSED.format(host=host, code=max(codes)), codes=codes)
    return MailUnavailable(LATER.format(host=host, code=max(codes, default=0)), codes=codes)
