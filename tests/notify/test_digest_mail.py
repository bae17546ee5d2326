"""The digest as a mail: what lies in it and beside it, and who keeps the records."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from bot.notify import trend
from bot.notify.digest import CHECKPOINT_FILE, Digest, keepsake, mail, pictures_in, render, repeated
from tests.notify.reading import BUSY, FULL, LAST_POLL, NOTE, TREND, Page

SENDER = "beadle@millbrook.example"
TO = ("chief@millbrook.example",)


def test_the_checkpoint_is_attached_byte_for_byte() -> None:
    """Mail programs fold and bend the lines of a text; the file beside it is what can be checked."""
    sent = mail(BUSY, "beadle@millbrook.example", ("chief@millbrook.example",), LAST_POLL)
    read = message_from_bytes(sent.as_bytes(), policy=default)

    (file,) = read.iter_attachments()
    assert file.get_filename() == CHECKPOINT_FILE
    assert file.get_content() == NOTE.encode()
    body = read.get_body(("plain",))
    assert body is not None
    assert NOTE in body.get_content()
    assert Page(render(BUSY).html).every("pre")


def test_a_digest_without_a_checkpoint_has_no_file_and_still_its_number() -> None:
    """Before the first checkpoint the head of the log is all there is to keep."""
    early = replace(BUSY, checkpoint=None, stamps=())
    sent = mail(early, "beadle@millbrook.example", ("chief@millbrook.example",), LAST_POLL)

    assert list(sent.iter_attachments()) == []
    assert "Keep this mail: the number below" in render(early).text
    assert "checkpoint.note" not in render(early).text


def test_who_keeps_the_records_is_mailed_the_checkpoint_alone() -> None:
    """What to do with it, the lines, the file; nothing of the day's cases. Twice is the same mail."""

    def written() -> EmailMessage:
        return keepsake(BUSY, "beadle@millbrook.example", ("clerk@millbrook.example",), LAST_POLL)

    sent = message_from_bytes(written().as_bytes(), policy=default)
    forms = [sent.get_body((form,)) for form in ("plain", "html")]
    said = [form.get_content() for form in forms if form is not None]

    assert sent["Subject"] == "Town of Millbrook: evidence checkpoint to keep, Sat 21 Nov 2026"
    assert sent["To"] == "clerk@millbrook.example"
    assert len(said) == 2
    for text in said:
        assert "Please keep this mail with the city" in text
        assert "beadle/0123456789abcdef" in text
        assert "fa-bbbbbbbbbbbb" not in text
        assert "Rusty Nail" not in text
    assert [file.get_content() for file in sent.iter_attachments()] == [NOTE.encode()]
    assert Page(said[1]).crossed == []
    assert "http" not in said[1]
    assert written().as_bytes() == written().as_bytes()
    assert sent["Message-ID"] != mail(BUSY, "beadle@millbrook.example", ("x@y.example",), LAST_POLL)["Message-ID"]


def test_how_the_second_copy_stands_is_said_where_there_is_one() -> None:
    """In both bodies; a city without one reads nothing of it."""
    stands = "1,204 of 1,204 packages lie at s3://city-evidence."
    with_copy = render(replace(BUSY, second_copy=stands))

    assert f"Second copy: {stands}" in with_copy.text
    assert f"Second copy: {stands}" in " ".join(Page(with_copy.html).words)
    assert "Second copy" not in render(BUSY).text + render(BUSY).html


def test_the_picture_travels_inside_the_mail_beside_the_page_that_shows_it() -> None:
    """No mail program has to fetch anything; the words of the picture stand with it, and in the plain text."""
    sent = message_from_bytes(mail(FULL, SENDER, TO, LAST_POLL).as_bytes(), policy=default)
    page = sent.get_body(("html",))
    assert page is not None
    shown = Page(page.get_content()).every("img")

    assert [each.get_content_type() for each in sent.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "application/octet-stream",
    ]
    assert [(each["src"], each["alt"]) for each in shown] == [
        ("cid:trend.2026-11-21@beadle.invalid", trend.in_words(TREND))
    ]
    assert trend.in_words(TREND) in render(FULL).text
    assert pictures_in(sent.as_bytes()) == {"trend.2026-11-21@beadle.invalid": trend.draw(TREND)}


def test_a_mail_with_its_picture_is_the_same_bytes_each_time_and_small() -> None:
    """Far below the size at which Gmail cuts a page off (102 kB)."""
    written = mail(FULL, SENDER, TO, LAST_POLL).as_bytes()

    assert written == mail(FULL, SENDER, TO, LAST_POLL).as_bytes()
    assert len(render(FULL).html.encode()) < 60_000
    assert len(written) < 90_000


def test_a_picture_that_can_not_be_drawn_costs_the_mail_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The words of it are there all the same."""

    def broken(_: object) -> bytes:
        raise RuntimeError("no fonts")

    monkeypatch.setattr(trend, "draw", broken)
    made = render(FULL)

    assert made.picture is None
    assert not Page(made.html).every("img")
    assert trend.in_words(TREND) in made.text


def test_a_page_of_its_own_shows_the_picture_without_the_mail() -> None:
    """For a preview, and for the record."""
    shown = Page(render(FULL).page).every("img")

    assert [str(each["src"]).partition(",")[0] for each in shown] == ["data:image/png;base64"]


def test_a_repeat_is_the_same_mail_to_who_reads_it_now() -> None:
    """The same Message-ID, words and picture; where no letter was kept, what the record has."""
    first = mail(FULL, SENDER, TO, LAST_POLL)
    second = repeated(first.as_bytes(), Digest("", "", ""), "", SENDER, ("new@millbrook.example",), LAST_POLL)
    bare = repeated(None, Digest("s", "<p>h</p>", "t"), "<a@b>", SENDER, TO, LAST_POLL)

    assert second["To"] == "new@millbrook.example"
    assert (second["Message-ID"], second["Subject"]) == (first["Message-ID"], first["Subject"])
    assert pictures_in(second.as_bytes()) == pictures_in(first.as_bytes())
    assert (bare["Message-ID"], bare["Subject"]) == ("<a@b>", "s")
