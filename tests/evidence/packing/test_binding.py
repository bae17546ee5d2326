"""A package is bound from a dossier: the same bytes wherever that is done, with its custody and its context."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import bagit
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from warcio.archiveiterator import ArchiveIterator

from bot.errors import EvidenceError
from bot.evidence.binder import LARGEST_PICTURE, NOT_PICTURED, Binder
from bot.evidence.capture import Capture, PageExchange
from bot.evidence.dossier import Medium
from bot.evidence.packing import package as bag
from bot.evidence.packing.circumstances import PublicKey
from bot.evidence.packing.custody import CAPTURE, CREATION, DIGEST, SIGNATURE
from bot.evidence.packing.leaks import Leaks
from bot.evidence.packing.refs import PROFILE
from bot.evidence.packing.supplements import KINDS
from connectors.contract import Attachment, Author, Comment, CommentRef, Exchange
from tests.evidence.conftest import NOW, PlainPrinter, dossier

ROOT = Path(__file__).parents[3]
PACKAGE = "ev-20261120T110214Z-aaaaaaaaaaaaa"
KEY = PublicKey("0a1b2c3d", "-----BEGIN PUBLIC KEY-----\nx\n-----END PUBLIC KEY-----\n")
FETCHED = PageExchange("https://social.example/", "GET", (), 200, (("content-type", "text/html"),), b"<p>", NOW)
SEEN = Capture("captured", viewport_png=b"\x89PNG", dom_html="<p>", comment_text_visible=True, exchanges=(FETCHED,))


def signer(text: bytes) -> tuple[bytes, bytes]:
    """A signature of the right size; that real ones are good is a test of the WACZ's own."""
    key = ec.derive_private_key(7, ec.SECP384R1()).public_key()
    return hashlib.sha384(text).digest() * 2, key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def bound() -> bag.Bag:
    """A package with everything in it."""
    parent = Comment(CommentRef("facebook", "1", "777_1"), "1_777", Author("9", "Sam"), "Why?", NOW)
    media = (
        Medium("https://x/1", None, 200, "image/jpeg", "image/jpeg", "jpg", 3, "0" * 64, NOW, data=b"abc"),
        Medium("https://x/3", None, None, None, None, "bin", None, None, NOW, error="It did not answer."),
    )
    case = dossier(parent=parent, media=media)
    return Binder(PlainPrinter(), Leaks(()), lambda: KEY, signer).package(case, SEEN, PACKAGE)


@pytest.fixture
def package(tmp_path: Path) -> bag.Package:
    """The same, written and read."""
    path = tmp_path / f"{PACKAGE}.zip"
    path.write_bytes(bound().data)
    return bag.read(path)


def custody(package: bag.Package) -> list[dict[str, Any]]:
    return [json.loads(line) for line in package.members["custody.jsonl"].splitlines()]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_another_process_in_another_time_zone_binds_the_same_bytes(zone: str) -> None:
    """Neither clock, zone, locale nor the seed of hashes leaves a trace."""
    code = "from tests.evidence.packing.test_binding import bound; print(bound().sha256)"
    environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "77", "LC_ALL": "C"}
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == bound().sha256


def test_custody_is_a_chain_of_premis_events_up_to_the_sealing(package: bag.Package) -> None:
    """EV-13: each line names the event, when, by what, on which file, with which outcome, and the line before it."""
    before = "0" * 64
    for line in package.members["custody.jsonl"].splitlines():
        assert json.loads(line)["prev"] == before
        before = hashlib.sha256(line).hexdigest()
    events = custody(package)

    types = [event["type"] for event in events]
    assert types == [CAPTURE] * 4 + [SIGNATURE, DIGEST, CREATION]
    assert package.manifest_sha256 in events[-2]["detail"]
    assert events[-1]["objects"] == [PACKAGE]
    assert {event["agent"]["on_behalf_of"] for event in events} == {"records custodian"}
    assert [event["outcome"] for event in events[1:3]] == ["success", "not kept"]
    named = {name for event in events for name in event["objects"] if name.startswith("data/")}
    assert named <= set(package.members)


def test_custody_is_a_tag_file_that_the_tag_manifest_covers(package: bag.Package) -> None:
    """Not a byte of it can change unnoticed, and it is no part of the payload that it speaks of."""
    assert b"  custody.jsonl\n" in package.members["tagmanifest-sha256.txt"]
    assert package.faults() == ()
    altered = replace(package, members={**package.members, "custody.jsonl": b"{}\n"})
    without = replace(package, members={k: v for k, v in package.members.items() if k != "custody.jsonl"})
    assert altered.faults() == ("custody.jsonl is not what was sealed.",)
    assert without.faults() == ("custody.jsonl is in tagmanifest-sha256.txt and not in the bag.",)


def test_a_tag_file_that_is_not_ours_is_a_fault(package: bag.Package) -> None:
    """Nothing hides beside the manifests."""
    more = replace(package, members={**package.members, "note.txt": b"x"})

    assert any("note.txt doesn't belong into the bag" in fault for fault in more.faults())


def test_the_context_of_the_comment_is_in_the_package(package: bag.Package) -> None:
    """The post that it stood under and the comment that it answers, each in a file of its own."""
    assert json.loads(package.members["data/post.json"])["post"]["text"] == "Snow routes are out."
    parent = json.loads(package.members["data/parent-comment.json"])["comment"]
    assert (parent["text"], parent["account_displayed_as"]["display_name"]) == ("Why?", "Sam")


def test_media_lie_under_names_of_ours(package: bag.Package) -> None:
    """By number and digest; of the one that could not be had there is a description and no byte."""
    described = json.loads(package.members["data/media.json"])
    files = [name for name in package.members if name.startswith("data/media/")]

    assert files == [f"data/media/01-{hashlib.sha256(b'abc').hexdigest()[:12]}.jpg"]
    assert [each["file"] for each in described] == [files[0], None]
    assert described == package.record["media"]
    assert described[1]["error"] == "It did not answer."


def test_what_may_not_be_copied_is_only_described_and_never_pictured() -> None:
    """EV-20: digest and size, no byte of it; and no picture of the page that could show it, whoever took one."""
    restricted = Medium("https://x/2", None, 200, "image/jpeg", "image/jpeg", "jpg", 3, "1" * 64, NOW, restricted=True)
    case = dossier(media=(replace(restricted, data=b"by mistake"),))
    built = Binder(PlainPrinter(), Leaks(())).package(case, SEEN, PACKAGE)
    with zipfile.ZipFile(io.BytesIO(built.data)) as archive:
        record = json.loads(archive.read(f"{PACKAGE}/data/record.json"))
        names = {name.partition("/")[2] for name in archive.namelist()}

    assert (record["media"][0]["restricted"], record["media"][0]["sha256"]) == (True, "1" * 64)
    assert record["media"][0]["file"] is None
    assert {name for name in names if name.startswith(("data/media/", "data/capture/"))} == {
        "data/capture/capture.json",
        "data/capture/dom.html",
    }
    assert b"by mistake" not in built.data
    assert NOT_PICTURED in record["gaps"]
    assert record["image_kind"] == ["api_rendering"]


def test_the_key_in_use_lies_beside_the_evidence(package: bag.Package) -> None:
    """EV-10: whoever has only this file has the public half of the key that signs the log."""
    assert package.members["data/keys/0a1b2c3d.pub.pem"] == KEY.pem.encode()
    assert package.record["signing"]["public_key"] == "data/keys/0a1b2c3d.pub.pem"


def test_the_web_archive_of_the_exchange_is_read_by_warcio(package: bag.Package) -> None:
    """A request and a response for each exchange, with the body as it is sealed beside it."""
    records = list(ArchiveIterator(io.BytesIO(package.members["data/api/api.warc.gz"])))
    kinds = [record.rec_type for record in records]

    assert sorted(kinds) == ["request", "response", "warcinfo"]
    bodies = []
    for record in ArchiveIterator(io.BytesIO(package.members["data/api/api.warc.gz"])):
        content = record.content_stream().read()
        if record.rec_type == "response":
            bodies.append(content)
    assert bodies == [package.members["data/api/001-response.body"]]


def test_bag_info_is_a_catalogue_entry(package: bag.Package) -> None:
    """EV-16: Dublin Core labels and the profile that the bag keeps."""
    info = dict(line.split(": ", 1) for line in package.members["bag-info.txt"].decode().splitlines())

    assert info["DC-Creator"] == "account displayed as Mallory Reyes (platform id 88123)"
    assert info["DC-Publisher"] == "Millbrook, Connecticut"
    assert info["BagIt-Profile-Identifier"] == PROFILE
    assert {f"DC-{term}" for term in ("Title", "Date", "Type", "Format", "Identifier", "Source", "Rights")} <= set(info)


def test_the_profile_in_the_docs_is_the_one_that_bags_name_and_keep() -> None:
    """docs/bagit-profile.json: its identifier, and every label that it requires."""
    profile = json.loads((ROOT / "docs" / "bagit-profile.json").read_text("utf-8"))
    built = bound()
    with zipfile.ZipFile(io.BytesIO(built.data)) as archive:
        info = archive.read(f"{PACKAGE}/bag-info.txt").decode()
        names = {name.partition("/")[2] for name in archive.namelist()}

    assert profile["BagIt-Profile-Info"]["BagIt-Profile-Identifier"] == PROFILE
    required = [label for label, rule in profile["Bag-Info"].items() if rule["required"]]
    assert len(required) >= 5
    assert [label for label in required if f"\n{label}: " not in f"\n{info}"] == []
    assert set(profile["Tag-Files-Required"]) <= names


def test_the_full_package_is_a_valid_bag(tmp_path: Path) -> None:
    """With custody, keys, media and archives in it, by the Library of Congress's own program."""
    with zipfile.ZipFile(io.BytesIO(bound().data)) as archive:
        archive.extractall(tmp_path)

    assert bagit.Bag(str(tmp_path / PACKAGE)).validate()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(
            ["sha256sum", "--strict", "-c", manifest], cwd=tmp_path / PACKAGE, check=True, capture_output=True
        )


def test_a_picture_out_of_all_proportion_is_left_out_and_said_so() -> None:
    """A page of a million pixels must not fill the archive."""
    huge = replace(SEEN, viewport_png=b"\x89" * (LARGEST_PICTURE + 1))
    built = Binder(PlainPrinter(), Leaks(())).package(dossier(), huge, PACKAGE)
    with zipfile.ZipFile(io.BytesIO(built.data)) as archive:
        record = json.loads(archive.read(f"{PACKAGE}/data/record.json"))
        names = archive.namelist()

    assert f"{PACKAGE}/data/capture/viewport.png" not in names
    assert record["capture"]["viewport_sha256"] is None
    assert "data/capture/viewport.png had 20,971,521 bytes" in record["gaps"][0]


# ── supplements ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_supplement_of_an_unknown_kind_is_refused(make_archive: Any) -> None:
    """The list is closed: whoever reads supplements in ten years knows every kind that there is."""
    archive = make_archive()
    parent = archive.seal(dossier(), None)
    before = archive.head()

    with pytest.raises(EvidenceError, match='"shred" is no kind of supplement; there are: decision'):
        archive.supplement(parent.package_id, "k", "shred", {})

    assert archive.head() == before
    for kind in KINDS:
        archive.supplement(parent.package_id, "k", kind, {})
    assert archive.head().lines == before.lines + len(KINDS)


def test_a_supplement_carries_a_picture_exchanges_and_files(make_archive: Any, exchange: Exchange) -> None:
    """A look after the act, the platform's answer, a notice as it was sent: each in its place, with its custody."""
    archive = make_archive()
    parent = archive.seal(dossier(), None)

    ref = archive.supplement(
        parent.package_id, "k", "notice", {"to": "account"}, (exchange,), capture=SEEN, files={"notice.pdf": b"%PDF"}
    )
    package = archive.read(ref.package_id)

    assert package.members["data/files/notice.pdf"] == b"%PDF"
    assert package.members["data/capture/viewport.png"] == b"\x89PNG"
    assert package.members["data/api/api.warc.gz"][:2] == b"\x1f\x8b"
    assert package.members["data/capture/page.wacz"][:2] == b"PK"
    assert package.record["files"] == ["data/files/notice.pdf"]
    assert [event["type"] for event in custody(package)] == [CAPTURE, CAPTURE, DIGEST, CREATION]
    assert package.faults() == ()


@pytest.mark.parametrize("name", ["../x.txt", "a b.txt", "Ü.txt", "x", "a/b.txt", "CON.txt\n"])
def test_a_file_of_a_supplement_has_a_plain_name_of_ours(make_archive: Any, name: str) -> None:
    """A name out of a stranger's mail is never part of a path."""
    archive = make_archive()
    parent = archive.seal(dossier(), None)

    with pytest.raises(EvidenceError, match="plain name of ours"):
        archive.supplement(parent.package_id, "k", "appeal", {}, files={name: b"x"})


def test_a_secret_is_not_sealed_in_a_supplement_either(make_archive: Any, exchange: Exchange) -> None:
    """Masked in the platform's answer; refused in words of ours."""
    archive = make_archive(secrets=["xoxb-1234567890"])
    parent = archive.seal(dossier(), None)
    leaking = replace(exchange, body=b"token xoxb-1234567890")

    ref = archive.supplement(parent.package_id, "k", "action", {}, (leaking,))
    with pytest.raises(EvidenceError, match=r"data/record\.json"):
        archive.supplement(parent.package_id, "k", "decision", {"reason": "xoxb-1234567890"})

    assert archive.read(ref.package_id).members["data/api/001-response.body"] == b"token ***************"


def test_a_package_logged_before_its_second_digest_was_is_still_cited_by_it(make_archive: Any) -> None:
    """Old lines lack the digest of the tag manifest; then the package itself tells it."""
    archive = make_archive()
    parent = archive.seal(dossier(), None)
    tags = archive.read(parent.package_id).tagmanifest_sha256
    log = archive.root / "log" / "entries.jsonl"
    log.write_text(log.read_text().replace(f',"tagmanifest_sha256":"{tags}"', ""))

    ref = make_archive().supplement(parent.package_id, "k", "action", {})

    assert make_archive().read(ref.package_id).record["parent"]["tagmanifest_sha256"] == tags


def test_a_comment_with_an_attachment_that_nobody_fetched_says_so() -> None:
    """A gap, not silence."""
    case = dossier()
    case = replace(case, comment=replace(case.comment, attachments=(Attachment("photo", "https://x/1.jpg"),)))
    built = Binder(PlainPrinter(), Leaks(())).package(case, None, PACKAGE)

    assert b"The comment carries 1 attachments; none of them was fetched." in built.data
