"""record.json: complete, explained field by field, and never a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.evidence.capture import Capture
from bot.evidence.dossier import Clock, Medium
from bot.evidence.packing.answers import LARGEST_BODY, fit
from bot.evidence.packing.circumstances import PublicKey
from bot.evidence.packing.leaks import Leaks
from bot.evidence.packing.record import record_of
from bot.evidence.packing.supplements import Cited, Later, supplement_record
from connectors.contract import Attachment, Author, Comment, CommentRef, Exchange, Visibility
from tests.evidence.conftest import NOW

PAGE = Path(__file__).parents[3] / "docs" / "record.md"
PACKAGE = "ev-20261120T110214Z-aaaaaaaaaaaaa"
SECRET = "xoxb-1234567890-abcdefghij"
KEY = PublicKey("0a1b2c3d", "-----BEGIN PUBLIC KEY-----\n")
FREE = {"capture.facts", "facts", "verdict.labels", "provenance.page_tls"}
"""What a platform, a page or an act brings as it is; the page explains where it comes from."""


def full(make_dossier: Any, **more: Any) -> dict[str, Any]:
    """A record in which every list has an entry."""
    dossier = make_dossier(**more)
    parent = Comment(CommentRef("facebook", "1029384756", "777_1"), "p", Author("9", "Sam"), "Why?", NOW)
    exchange = replace(dossier.exchanges[0], body=SECRET.encode())
    medium = Medium("https://x/1.jpg", None, 200, "image/jpeg", "image/jpeg", "jpg", 3, "0" * 64, NOW, data=b"abc")
    dossier = replace(
        dossier,
        comment=replace(dossier.comment, attachments=(Attachment("photo", "https://x/1.jpg"),)),
        parent=parent,
        media=(medium,),
        stands=Visibility.VISIBLE,
    )
    capture = Capture("captured", facts={"certificate": {"issuer": "X"}}, comment_text_visible=True)
    return record_of(dossier, capture, PACKAGE, answers=fit([exchange], Leaks([SECRET])), key=KEY)


def paths(value: object, above: str = "") -> Iterator[str]:
    """Every field by its path: ``comment.text``, ``api[].status``."""
    if above in FREE or not isinstance(value, dict | list) or not value:
        yield above
    elif isinstance(value, list):
        for each in value:
            yield from paths(each, f"{above}[]")
    else:
        for name, each in value.items():
            yield from paths(each, f"{above}.{name}" if above else name)


def explained(heading: str) -> list[str]:
    """The fields that a table of the page explains, in its order."""
    section = PAGE.read_text("utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


def test_the_page_explains_every_field_of_a_record_and_no_other(make_dossier: Any) -> None:
    """Whoever reads a record in six years finds each of its fields in docs/record.md."""
    there = [re.sub(r"(\[\])+$", "", path) for path in paths(full(make_dossier))]

    assert sorted(set(explained("The record of a package"))) == sorted(set(there))
    assert len(explained("The record of a package")) == len(set(explained("The record of a package")))


def test_the_page_explains_every_field_of_a_supplement_and_no_other(exchange: Exchange) -> None:
    """The same for the records of what happened later."""
    cited = Cited(PACKAGE, "case-1", "0" * 64, "1" * 64, 3, "2" * 64)
    later = Later("k", "look", {"a": 1}, Capture("captured", facts={"a": 1}), {"a.txt": b"x"})
    answers = fit([replace(exchange, body=SECRET.encode())], Leaks([SECRET]))
    record = supplement_record(PACKAGE, cited, later, answers, "t", ["gap"])
    there = {re.sub(r"(\[\])+$", "", path) for path in paths(record) if not path.startswith(("api[]", "capture."))}
    there -= {path for path in there if path.startswith("secrets_masked[]")}

    assert sorted(explained("The record of a supplement")) == sorted(there | {"api", "secrets_masked", "capture"})


def test_what_is_not_known_is_empty_with_its_reason(make_dossier: Any) -> None:
    """Nothing is invented: each empty field that the law asks for says beside it why it is empty."""
    record = record_of(make_dossier(), None, PACKAGE)
    comment = record["comment"]

    for field in ("reply_count", "reaction_count", "visibility_at_capture"):
        assert comment[field] is None
        assert comment[f"{field}_why"]
    assert comment["account_displayed_as"]["profile_url_why"]
    assert record["retention"]["series"] is None
    assert record["retention"]["why"]
    assert (record["signing"]["key_id"], record["holds_at_capture"]) == (None, [])
    assert record["signing"]["why"]
    assert record["provenance"]["public_ip"] is None
    assert record["provenance"]["public_ip_why"]
    assert record["software"]["commit_why"]


def test_a_picture_without_the_words_is_no_picture_of_the_comment(make_dossier: Any) -> None:
    """``image_kind`` names the capture only where the words are in it; the rendering is always there."""
    seen = Capture("captured", comment_text_visible=True)

    assert record_of(make_dossier(), seen, PACKAGE)["image_kind"] == ["platform_page_capture", "api_rendering"]
    for other in (None, replace(seen, comment_text_visible=False), Capture("blocked", "wall")):
        assert record_of(make_dossier(), other, PACKAGE)["image_kind"] == ["api_rendering"]


def test_the_times_stand_in_utc_and_on_the_citys_clocks(make_dossier: Any) -> None:
    """EV-19: RFC 3339 in UTC, and beside it what the clock in town hall showed, with its offset."""
    dossier = make_dossier()
    times = record_of(
        replace(dossier, site=replace(dossier.site, timezone="America/New_York")), None, PACKAGE
    )["times"]  # fmt: skip

    assert times["captured_at"] == "2026-11-20T11:02:14.123456Z"
    assert times["local"] == {
        "timezone": "America/New_York",
        "captured_at": "2026-11-20T06:02:14-05:00",
        "posted_at": "2026-11-20T06:00:14-05:00",
    }


@pytest.mark.parametrize(
    ("clock", "warned"),
    [
        (Clock("system clock", 0.4, True, 12.0), False),
        (Clock("system clock", -2.5, True, 12.0), True),
        (Clock("system clock", None, True, 2_100.0), True),
        (Clock("system clock", None, False), True),
        (Clock("system clock", None, why_not="not told"), False),
    ],
)
def test_a_clock_that_is_off_by_more_than_two_seconds_is_warned_of(
    make_dossier: Any, clock: Clock, warned: bool
) -> None:
    """Against the time service or against the platform's answer; one that nobody keeps, too."""
    found = record_of(make_dossier(clock=clock), None, PACKAGE)["clock"]

    assert bool(found["warning"]) is warned
    assert (found["synchronised"], found["offset_ms"]) == (clock.synchronised, clock.offset_ms)


def test_a_comment_that_was_gone_at_capture_is_missing_and_nobody_is_blamed(make_dossier: Any) -> None:
    """EV-21: what stood there is sealed; that it is missing now is said, and by whom isn't known."""
    record = record_of(make_dossier(stands=Visibility.MISSING_UNKNOWN, gaps=("It was gone.",)), None, PACKAGE)

    assert record["comment"]["visibility_before"] == "visible"
    assert record["comment"]["visibility_at_capture"] == "missing_unknown"
    assert record["gaps"] == ["It was gone."]


def test_an_endless_answer_is_cut_and_said_so(make_dossier: Any, exchange: Exchange) -> None:
    """The first part is kept; size and digest of the whole stand beside it."""
    body = b"x" * (LARGEST_BODY + 1)
    record = record_of(make_dossier(), None, PACKAGE, answers=fit([replace(exchange, body=body)], Leaks(())))

    assert (record["api"][0]["body_bytes"], record["api"][0]["received_bytes"]) == (LARGEST_BODY, LARGEST_BODY + 1)
    assert "5,242,881 bytes; the first 5,242,880 are kept" in record["gaps"][0]


def test_the_same_words_in_another_unicode_form_have_the_same_second_digest(make_dossier: Any) -> None:
    """EV-04: the digest of the composed form lets two deliveries of the same words be recognised."""
    one, two = (record_of(make_dossier(text=text, spans=()), None, PACKAGE) for text in ("caf\u00e9", "cafe\u0301"))

    assert one["comment"]["text_nfc_sha256"] == two["comment"]["text_nfc_sha256"]
    assert one["comment"]["text_sha256"] != two["comment"]["text_sha256"]


def test_the_account_is_displayed_as_and_never_the_author(make_dossier: Any) -> None:
    """EV-18, in the catalogue entry too: the account may be anybody's."""
    core = record_of(make_dossier(), None, PACKAGE)["dublin_core"]

    assert core["creator"] == "account displayed as Mallory Reyes (platform id 88123)"
    assert core["publisher"] == "Millbrook, Connecticut"


def test_latency_is_what_lies_between_first_sight_and_capture(make_dossier: Any) -> None:
    """52-180 asks for "within reasonable time": the figure is on record."""
    dossier = make_dossier(first_seen_at=NOW - timedelta(seconds=90))

    assert record_of(dossier, None, PACKAGE)["times"]["capture_latency_s"] == 90.0
