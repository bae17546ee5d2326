"""The package: one valid bag, byte for byte the same for the same content."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest

from bot.errors import EvidenceError
from bot.evidence.capture import Capture
from bot.evidence.packing import package as bag
from bot.evidence.packing.record import NO_PROFILE, NOTHING_FETCHED
from connectors.contract import Attachment, Author

PACKAGE = "ev-20261120T110214Z-aaaaaaaaaaaaa"


@pytest.fixture
def unpacked(make_archive: Any, make_dossier: Any, tmp_path: Path) -> Path:
    """The bag of a sealed case with a picture, unpacked as a lawyer would."""
    archive = make_archive()
    capture = Capture(status="captured", viewport_png=b"\x89PNG page", comment_png=b"\x89PNG", dom_html="<p>\ud83d</p>")
    ref = archive.seal(make_dossier(), capture)
    with zipfile.ZipFile(archive.root / ref.path) as zipped:
        zipped.extractall(tmp_path / "out")
    return tmp_path / "out" / str(ref.package_id)


def test_the_package_is_a_valid_bag_to_the_library_of_congress(unpacked: Path) -> None:
    """bagit.py, which is theirs, finds nothing to complain of."""
    assert bagit.Bag(str(unpacked)).validate()


def test_the_package_can_be_checked_with_sha256sum_alone(unpacked: Path) -> None:
    """The two commands that README.txt names succeed."""
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "-c", manifest], cwd=unpacked, check=True, capture_output=True)


def test_the_package_holds_what_its_readme_says(unpacked: Path) -> None:
    """Every kind of file that README.txt speaks of is there, and nothing else."""
    found = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}

    assert found == {
        "bagit.txt",
        "bag-info.txt",
        "manifest-sha256.txt",
        "tagmanifest-sha256.txt",
        "data/README.txt",
        "data/record.json",
        "data/policy.yaml",
        "data/policy.json",
        "data/api/001-request.http",
        "data/api/001-response.http",
        "data/api/001-response.body",
        "data/api/api.warc.gz",
        "data/post.json",
        "custody.jsonl",
        "data/capture/capture.json",
        "data/capture/viewport.png",
        "data/capture/comment.png",
        "data/capture/dom.html",
        "data/card/evidence.pdf",
    }


def test_the_answer_of_the_platform_is_kept_as_received(make_archive: Any, make_dossier: Any, exchange: Any) -> None:
    """The body byte for byte, whatever it holds; the heads as they went over the wire."""
    body = bytes(range(256))
    archive = make_archive()

    ref = archive.seal(make_dossier(exchanges=(exchange, replace(exchange, body=body))), None)

    members = archive.read(ref.package_id).members
    assert members["data/api/002-response.body"] == body
    assert members["data/api/001-request.http"] == (
        b"GET /v26.0/777_55501?fields=id,message HTTP/1.1\r\nHost: graph.example\r\naccept: application/json\r\n\r\n"
    )
    assert members["data/api/001-response.http"].startswith(b"HTTP/1.1 200\r\ncontent-type: application/json\r\n")


def test_the_same_content_is_the_same_bytes(exchange: Any) -> None:
    """Order of insertion and the clock of the machine leave no trace in the ZIP."""
    members = {"data/record.json": b"{}", "data/api/001-response.body": b"x"}

    one = bag.build(PACKAGE, members, {"Source-Organization": "A"}, exchange.started_at)
    two = bag.build(PACKAGE, dict(reversed(members.items())), {"Source-Organization": "A"}, exchange.started_at)

    assert one == two
    assert one.sha256 == hashlib.sha256(one.data).hexdigest()


@pytest.mark.parametrize("name", ["data/../x", "/etc/passwd", "data/a b", "data/\x00", "data/Ü.txt", "record.json"])
def test_a_name_that_is_not_ours_is_never_a_member(exchange: Any, name: str) -> None:
    """Even our own mistakes can't put a stranger's text into a path."""
    with pytest.raises(ValueError, match="not a name for a member"):
        bag.build(PACKAGE, {name: b""}, {}, exchange.started_at)


def test_a_label_of_the_bag_cannot_be_forged_by_a_name(exchange: Any, tmp_path: Path) -> None:
    """A page called "X<newline>Payload-Oxum: 0.0" stays one line of bag-info.txt."""
    built = bag.build(
        PACKAGE, {"data/a.txt": b"1"}, {"Source-Organization": "X\r\nPayload-Oxum: 0.0"}, exchange.started_at
    )
    path = tmp_path / f"{PACKAGE}.zip"
    path.write_bytes(built.data)

    info = bag.read(path).members["bag-info.txt"].decode().splitlines()

    assert "Payload-Oxum: 1.1" in info
    assert "Source-Organization: X  Payload-Oxum: 0.0" in info


def test_a_zip_bomb_under_a_packages_name_is_not_unpacked(tmp_path: Path) -> None:
    """Ours are never compressed; one that is was not written by us, and is not inflated to find out."""
    path = tmp_path / f"{PACKAGE}.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{PACKAGE}/data/record.json", b"0" * 10_000_000)

    with pytest.raises(EvidenceError, match="is compressed"):
        bag.read(path)


def test_the_record_says_who_what_when_and_under_which_clause(make_archive: Any, make_dossier: Any) -> None:
    """EV-04: the fields that a court asks for, with the words that matched."""
    archive = make_archive()

    record = archive.read(archive.seal(make_dossier(), None).package_id).record

    assert record["comment"]["account_displayed_as"]["display_name"] == "Mallory Reyes"
    assert record["verdict"]["clauses"] == [
        {"id": "3.4.3.A", "summary": "Comments may not contain vulgar or obscene language."}
    ]
    assert record["verdict"]["findings"][0]["matched"] == ["bullshit"]
    assert record["verdict"]["findings"][0]["spans"] == [[17, 25]]
    assert record["policy"]["version"] == "2021-03"
    assert record["times"]["captured_at"] == "2026-11-20T11:02:14.123456Z"
    assert record["comment"]["visibility_before"] == "visible"
    assert record["capture"]["status"] == "not_asked"
    assert "author" not in json.dumps(record).lower().replace("authority", "")


def test_an_account_that_the_platform_does_not_name_is_recorded_as_such(make_archive: Any, make_dossier: Any) -> None:
    """Hartford 012 v: identity when available; when not, the reason stands in the record."""
    archive = make_archive()
    nobody = Author(unavailable_reason="The platform delivers no name to this token.")

    record = archive.read(archive.seal(make_dossier(author=nobody), None).package_id).record

    assert record["comment"]["account_displayed_as"] == {
        "platform_id": None,
        "display_name": None,
        "handle": None,
        "profile_url": None,
        "profile_url_why": NO_PROFILE,
        "unavailable_reason": "The platform delivers no name to this token.",
    }


@pytest.mark.parametrize(
    "text",
    ["\ud83d half an emoji", "null \x00 byte", "\u202ereversed", "<script>alert(1)</script>", "=1+1", "x" * 60_000, ""],
)
def test_a_strangers_text_comes_back_from_the_record_as_it_was(make_archive: Any, make_dossier: Any, text: str) -> None:
    """Whatever was written is sealed unaltered, and the JSON stays valid UTF-8."""
    archive = make_archive()

    package = archive.read(archive.seal(make_dossier(text=text, spans=()), None).package_id)

    assert package.record["comment"]["text"] == text
    package.members["data/record.json"].decode("utf-8")
    assert package.faults() == ()


def test_attachments_and_gaps_are_on_record(make_archive: Any, make_dossier: Any) -> None:
    """What hung on the comment is named, and so is what could not be had."""
    archive = make_archive()
    dossier = make_dossier(gaps=("The comment was gone when it was read again at capture.",), post=None)
    dossier = replace(dossier, comment=replace(dossier.comment, attachments=(Attachment("photo", "https://x/1.jpg"),)))

    record = archive.read(archive.seal(dossier, None).package_id).record

    photo = {"kind": "photo", "url": "https://x/1.jpg", "title": None, "preview": None}
    assert record["comment"]["attachments"] == [photo]
    assert record["gaps"] == [
        "The comment was gone when it was read again at capture.",
        NOTHING_FETCHED.format(count=1),
    ]
    assert record["post"] is None
