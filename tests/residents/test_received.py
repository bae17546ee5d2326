"""Mails of strangers, read as appeals or left with a reason. Nothing that they can write makes the reading fail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.residents.received import (
    AUTOMATIC,
    BOUNCE,
    EMPTY,
    MOST_FILE_BYTES,
    MOST_WORDS,
    NO_SENDER,
    Left,
    Received,
    is_address,
    read_mail,
)
from tests.residents.conftest import RESIDENT, mail

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
OWN = frozenset({"appeals@millbrook.example"})


def taken(message: EmailMessage | bytes) -> Received:
    """The mail as an appeal."""
    raw = message if isinstance(message, bytes) else message.as_bytes()
    found = read_mail(raw, NOW, OWN)
    assert isinstance(found, Received), found
    return found


def left(message: EmailMessage | bytes) -> str:
    """Why the mail is none."""
    found = read_mail(message if isinstance(message, bytes) else message.as_bytes(), NOW, OWN)
    assert isinstance(found, Left)
    return found.because


def test_a_plain_mail_is_an_appeal_with_an_address_to_answer() -> None:
    """Words, subject, sender in small letters, and the mail's own id."""
    found = taken(mail("It was unfair.", sender="Mallory <Mallory@Home.Example>", subject="My  appeal"))

    assert (found.words, found.subject, found.address) == ("It was unfair.", "My appeal", RESIDENT)
    assert (found.source, found.reply_to) == ("mail:<one@home.example>", "<one@home.example>")


def test_a_form_that_forwards_is_answered_where_it_says() -> None:
    """The form's own server sends it; Reply-To names the resident."""
    found = taken(mail("Unfair.", sender="forms@vendor.example", Reply_To=RESIDENT))

    assert found.address == RESIDENT


def test_a_mail_in_html_alone_is_read_as_its_reader_sees_it() -> None:
    """No tags, no scripts, no styles; lines stay lines."""
    made = mail("")
    made.set_content("<style>p{}</style><p>First &amp; last.</p><script>alert(1)</script><p>Case</p>", subtype="html")

    assert taken(made).words == "First & last.\nCase"


@pytest.mark.parametrize(
    ("charset", "body"),
    [("iso-8859-1", "teléfono".encode("latin-1")), ("klingon-8", "teléfono".encode()), ("utf-8", b"tel\xe9fono")],
)
def test_an_odd_character_set_is_read_as_well_as_can_be(charset: str, body: bytes) -> None:
    """One that nobody knows, or that is not the one it says, loses a letter and no mail."""
    head = f"From: {RESIDENT}\r\nContent-Type: text/plain; charset={charset}\r\n\r\n".encode()

    assert taken(head + body).words in ("teléfono", "tel\ufffdfono")


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Auto-Submitted": "auto-replied"}, AUTOMATIC),
        ({"Precedence": "bulk"}, AUTOMATIC),
        ({"List-Id": "<news.example>"}, AUTOMATIC),
        ({"Return-Path": "<>"}, BOUNCE),
        ({"X-Failed-Recipients": "a@b.example"}, BOUNCE),
    ],
)
def test_machines_are_left_and_never_answered(headers: dict[str, str], why: str) -> None:
    """An answer to an automatic answer would go round for ever."""
    made = mail("I am away.")
    for name, value in headers.items():
        made[name] = value

    assert left(made) == why


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@mx.example", "no-reply@shop.example", "appeals@millbrook.example"])
def test_mail_of_servers_and_of_our_own_is_left(sender: str) -> None:
    """Whoever could only be answered by a loop is not taken as an appeal."""
    assert left(mail("Delivery failed.", sender=sender)) == AUTOMATIC


def test_a_delivery_report_is_left_whoever_sent_it() -> None:
    """multipart/report is what RFC 3464 makes bounces of."""
    raw = mail("Failed.").as_bytes().replace(b"text/plain", b"multipart/report; boundary=x")

    assert left(raw) == BOUNCE


def test_a_mail_without_sender_or_words_is_left() -> None:
    """Nobody could be answered; nothing is asked."""
    assert left(b"Subject: Appeal\r\n\r\nUnfair.") == NO_SENDER
    assert left(f"From: {RESIDENT}\r\n\r\n \r\n".encode()) == EMPTY


@pytest.mark.parametrize(
    "sender",
    ["a@b.example\r\nBcc: all@town.example", "a@b.example, c@d.example", "<script>@x", "a b@c.example", "a@b..example"],
)
def test_a_sender_that_is_no_single_address_is_no_address(sender: str) -> None:
    """What would make a second header, or a second recipient, is never written to."""
    assert not is_address(sender)


def test_hostile_headers_become_one_harmless_line() -> None:
    """Direction marks, colours for terminals and line breaks of a subject stay where they came from."""
    raw = (
        f"From: {RESIDENT}\r\nMessage-ID: <a@b>\x1b[2J\r\n"
        "Subject: =?utf-8?b?4oCuZ25paHRvbg0KQmNjOiB4QHku?= \x1b]0;owned\x07\r\n\r\nWords \x1b[31mred\u202e.\r\n"
    ).encode()
    found = taken(raw)

    assert found.reply_to == ""
    assert found.source.startswith("mail:sha256:")
    assert all(each.isprintable() for each in found.subject)
    assert "\u202e" not in found.subject + found.words
    assert "\x1b" not in found.words


def test_files_are_kept_within_limits_and_named_beyond_them() -> None:
    """Small ones with their bytes, large ones by name and digest; a name never is a path."""
    made = mail("See the pictures.")
    made.add_attachment(b"small", maintype="image", subtype="png", filename="../../etc/passwd\u202e")
    made.add_attachment(b"x" * (MOST_FILE_BYTES + 1), maintype="video", subtype="mp4", filename="long.mp4")
    small, large = taken(made).enclosed

    assert (small.data, small.why_not_kept) == (b"small", "")
    assert "\u202e" not in small.name
    assert (large.data, large.size, len(large.sha256)) == (b"", MOST_FILE_BYTES + 1, 64)
    assert "not kept" in large.why_not_kept


def test_very_long_words_are_cut_with_a_note() -> None:
    """What was left out is said; the mail itself has it."""
    found = taken(mail("w " * MOST_WORDS))

    assert len(found.words) < MOST_WORDS + 100
    assert "more characters" in found.words


def test_the_day_is_our_servers_and_not_the_senders() -> None:
    """A Date header that is dated back does not make a late appeal an early one."""
    made = mail("Unfair.", Date="Mon, 02 Nov 2026 10:00:00 +0000")
    stamped = b"Received: from x by mx.town.example; Fri, 20 Nov 2026 10:00:00 -0500\r\n" + made.as_bytes()
    future = b"Received: from x by y; Fri, 20 Nov 2099 10:00:00 -0500\r\n" + made.as_bytes()

    assert taken(made).received_at == NOW
    assert taken(stamped).received_at == datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert taken(future).received_at == NOW
    assert NOW - taken(stamped).received_at < timedelta(days=2)


@given(some.binary(max_size=2000))
def test_no_bytes_make_the_reading_fail(raw: bytes) -> None:
    """Whatever arrives is an appeal, or left with a reason."""
    assert isinstance(read_mail(raw, NOW, OWN), Received | Left)


@given(some.text(max_size=300), some.text(max_size=100))
def test_no_headers_make_the_reading_fail(value: str, subject: str) -> None:
    """Header by header, also those that no mail program would write."""
    raw = f"From: {value}\nReply-To: {value}\nSubject: {subject}\nReceived: {value}\nContent-Type: {value}\n\nWords"

    assert isinstance(read_mail(raw.encode("utf-8", "surrogatepass"), NOW, OWN), Received | Left)
