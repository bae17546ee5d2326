from __future__ import annotations

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bot.demo.mail import MailFault, PostOffice
from bot.demo.picture import picture


@pytest.fixture
def office(tmp_path: Path) -> Iterator[PostOffice]:
    """A running mail server."""
    office = PostOffice(tmp_path / "mail")
    office.start()
    yield office
    office.stop()


def letter(subject: str = "Daily digest") -> EmailMessage:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "beadle@millbrook.example", "clerk@millbrook.example"
    message.set_content("Nothing to report.\n.\nEnd")
    return message


def send(office: PostOffice, message: EmailMessage) -> None:
    address = urlsplit(office.url)
    with smtplib.SMTP(address.hostname or "", address.port or 0, timeout=5) as smtp:
        smtp.send_message(message, to_addrs=["clerk@millbrook.example", "mayor@millbrook.example"])


def test_a_mail_is_kept_as_a_file_as_it_came(office: PostOffice) -> None:
    """Subject in the name of the file, dots and all in its text, recipients as said on the wire."""
    send(office, letter("Daily digest: ../../etc/passwd\u00e9"))

    (path,), (message,) = office.paths, office.messages
    assert path.name == "0001-daily-digest-etc-passwd.eml"
    assert b"\r\n.\r\n" in path.read_bytes()
    assert message["to"] == "clerk@millbrook.example"
    assert office.envelopes == [
        ("beadle@millbrook.example", ("clerk@millbrook.example", "mayor@millbrook.example")),
    ]


def test_the_html_part_is_written_beside_it_with_its_pictures(office: PostOffice) -> None:
    """A file to open in a browser: cid: pictures become data: addresses."""
    message = letter()
    message.add_alternative('<img src="cid:shot@beadle"><img src="cid:other">', subtype="html")
    part = message.get_payload()[1]  # type: ignore[index]
    part.add_related(picture("1"), "image", "png", cid="<shot@beadle>")  # type: ignore[union-attr]

    send(office, message)

    html = office.paths[0].with_suffix(".html").read_text("utf-8")
    assert '<img src="data:image/png;base64,' in html
    assert '<img src="cid:other">' in html


def test_a_mail_without_html_has_no_page(office: PostOffice) -> None:
    """Only the .eml is there."""
    send(office, letter())

    assert not office.paths[0].with_suffix(".html").exists()


@pytest.mark.parametrize(("fault", "code"), [(MailFault.REFUSE, 550), (MailFault.LATER, 451)])
def test_a_refused_mail_is_not_kept(office: PostOffice, fault: MailFault, code: int) -> None:
    """For good or for now; the mail after it is taken."""
    office.next(fault)

    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(office, letter())
    send(office, letter())

    assert caught.value.smtp_code == code
    assert len(office.messages) == 1


def test_a_mail_whose_answer_was_lost_is_kept(office: PostOffice) -> None:
    """The sender hears nothing and the mail is there: who sends again sends twice."""
    office.next(MailFault.LOST_ANSWER)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)):
        send(office, letter())

    assert len(office.messages) == 1


def test_a_stopped_office_takes_mail_again_on_its_port(office: PostOffice) -> None:
    """An outage, also in the middle of a conversation."""
    address = urlsplit(office.url)
    idle = smtplib.SMTP(address.hostname or "", address.port or 0, timeout=5)
    office.stop()
    with pytest.raises(ConnectionRefusedError):
        send(office, letter())

    office.start()
    send(office, letter())

    idle.close()
    assert len(office.messages) == 1
