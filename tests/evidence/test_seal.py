"""Sealing, proving and supplementing."""

from __future__ import annotations

import base64
import gzip
import hashlib
import stat
import threading
from collections import namedtuple
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from bot.errors import EvidenceError
from bot.evidence.capture import Capture
from connectors.contract import Exchange

SECRET = "EAAB/secret+token=1234567890"
DISGUISES = [
    SECRET.encode(),
    quote(SECRET, safe="").encode(),
    base64.b64encode(b"x" + SECRET.encode()),
    base64.b64encode(b"xy:" + SECRET.encode()),
    base64.urlsafe_b64encode(b"user" + SECRET.encode() + b"!"),
    SECRET.replace("/", "\\/").encode(),
]
Usage = namedtuple("Usage", "total used free")


def test_a_sealed_case_is_on_the_disk_and_can_be_proven(make_archive: Any, make_dossier: Any) -> None:
    """``seal`` returns a reference whose package and line are there, and ``prove`` returns without complaint."""
    archive = make_archive()

    ref = archive.seal(make_dossier(), None)

    archive.prove(ref)
    archive.prove_package(ref.package_id, ref.sha256)
    assert archive.read(ref.package_id).record["case_id"] == "case-1"
    assert (archive.root / ref.path).is_file()


def test_the_same_case_is_sealed_once(make_archive: Any, make_dossier: Any) -> None:
    """A second seal of a case, here or from another process, returns the first package and writes nothing."""
    first = make_archive().seal(make_dossier(), None)

    again = make_archive().seal(make_dossier(text="other words"), None)

    assert again == first
    assert len(list((make_archive().root / "packages").rglob("*.zip"))) == 1


def test_threads_that_seal_the_same_case_at_once_seal_it_once(make_archive: Any, make_dossier: Any) -> None:
    """Two workers given the same case by mistake make one package between them."""
    archive = make_archive()
    found: list[Any] = []
    threads = [threading.Thread(target=lambda: found.append(archive.seal(make_dossier(), None))) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len({ref.package_id for ref in found}) == 1
    assert archive.head().lines == 1


def test_what_is_sealed_can_be_changed_by_nobody_by_mistake(make_archive: Any, make_dossier: Any) -> None:
    """Packages are read-only and the directories are closed to others."""
    archive = make_archive()

    ref = archive.seal(make_dossier(), None)

    path = archive.root / ref.path
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:5]} == {0o750}


def test_a_changed_package_is_not_proven(make_archive: Any, make_dossier: Any) -> None:
    """One flipped bit in the ZIP, and no act may follow."""
    archive = make_archive()
    ref = archive.seal(make_dossier(), None)
    path = archive.root / ref.path
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)

    with pytest.raises(EvidenceError, match="is not what was sealed"):
        archive.prove(ref)
    with pytest.raises(EvidenceError, match="is not what was sealed"):
        archive.seal(make_dossier(), None)


def test_a_package_that_is_gone_is_not_proven(make_archive: Any, make_dossier: Any) -> None:
    """A missing file is an error that says so, not an empty answer."""
    archive = make_archive()
    ref = archive.seal(make_dossier(), None)
    (archive.root / ref.path).unlink()

    with pytest.raises(EvidenceError, match="can't be read"):
        archive.prove(ref)


def test_a_package_without_its_line_is_not_proven(make_archive: Any, make_dossier: Any) -> None:
    """The ZIP alone is not a seal: a log from which the line was taken proves nothing."""
    archive = make_archive()
    ref = archive.seal(make_dossier(), None)
    (archive.root / "log" / "entries.jsonl").write_bytes(b"")

    with pytest.raises(EvidenceError, match="cut or changed"):
        archive.prove(ref)
    with pytest.raises(EvidenceError, match="has no line"):
        make_archive().prove(ref)


def test_a_reference_that_says_otherwise_than_the_log_is_not_proven(make_archive: Any, make_dossier: Any) -> None:
    """A reference can't be bent to another file or another case."""
    archive = make_archive()
    first = archive.seal(make_dossier("case-1"), None)
    second = archive.seal(make_dossier("case-2"), None)

    with pytest.raises(EvidenceError, match="says otherwise"):
        archive.prove(replace(first, path=second.path, sha256=second.sha256))
    with pytest.raises(EvidenceError, match="says otherwise"):
        archive.prove(replace(first, case_id="case-2"))
    with pytest.raises(EvidenceError, match="says otherwise"):
        archive.prove_package(first.package_id, second.sha256)


def test_nothing_is_sealed_on_a_disk_that_is_nearly_full(make_archive: Any, make_dossier: Any) -> None:
    """Below the reserve it refuses with what to do, and leaves nothing behind."""
    archive = make_archive(reserve=0.05, disk_usage=lambda path: Usage(1000_000_000, 960_000_000, 40_000_000))

    with pytest.raises(EvidenceError, match="disk of the archive is nearly full"):
        archive.seal(make_dossier(), None)

    assert list(archive.root.rglob("*.zip")) + list(archive.root.rglob("*.part")) == []
    assert archive.head().lines == 0


def test_a_disk_that_refuses_the_write_is_an_evidence_error(
    make_archive: Any, make_dossier: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the system says that the file can't be written through, there is no seal, and the next try may succeed."""
    archive = make_archive()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("os.fsync", full)
        with pytest.raises(EvidenceError, match="No space left on device"):
            archive.seal(make_dossier(), None)

    assert list(archive.root.rglob("*.part")) == []
    archive.prove(archive.seal(make_dossier(), None))


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_secret_is_never_sealed_however_it_is_dressed(make_archive: Any, make_dossier: Any, disguise: bytes) -> None:
    """A token in words of our own, as it is, URL-encoded, in JSON or in base64, stops the seal unnamed."""
    archive = make_archive(secrets=[SECRET])
    dossier = make_dossier(effect=f"See {disguise.decode()} there.")

    with pytest.raises(EvidenceError, match=r"data/record\.json") as caught:
        archive.seal(dossier, None)

    assert SECRET not in str(caught.value) + repr(caught.value.facts)
    assert SECRET not in repr(archive.__dict__)
    assert list(archive.root.rglob("*.zip")) == []


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_secret_in_an_answer_of_the_platform_is_masked_and_said_so(
    make_archive: Any, make_dossier: Any, disguise: bytes
) -> None:
    """What a platform repeats to us must not stop the seal: as many asterisks stand in its place, and the record says
    where. The digest of what was received is kept beside that of what is sealed."""
    archive = make_archive(secrets=[SECRET])
    body = b'{"next":"' + disguise + b'"}'
    exchange = replace(make_dossier().exchanges[0], body=body)

    package = archive.read(archive.seal(make_dossier(exchanges=(exchange,)), None).package_id)

    sealed = package.members["data/api/001-response.body"]
    (mask,) = package.record["secrets_masked"]
    ((start, end),) = mask["spans"]
    assert len(sealed) == len(body)
    assert sealed == body[:start] + b"*" * (end - start) + body[end:]
    assert (mask["member"], mask["part"]) == ("data/api/001-response.body", "body")
    assert package.record["api"][0]["received_sha256"] == hashlib.sha256(body).hexdigest()
    assert package.record["api"][0]["body_sha256"] == hashlib.sha256(sealed).hexdigest()
    assert disguise not in gzip.decompress(package.members["data/api/api.warc.gz"])


def test_a_short_secret_does_not_stop_every_seal(make_archive: Any, make_dossier: Any) -> None:
    """A four-letter password would be found in every text by chance; it isn't looked for."""
    archive = make_archive(secrets=["this", ""])

    archive.prove(archive.seal(make_dossier(), None))


def test_a_supplement_never_changes_its_parent(make_archive: Any, make_dossier: Any) -> None:
    """What happened afterwards is a package of its own, which cites the parent's digest."""
    archive = make_archive()
    parent = archive.seal(make_dossier(), None)
    before = (archive.root / parent.path).read_bytes()

    line = archive.head()
    made = archive.supplement(parent.package_id, "rule:hide", "action", {"visibility_after": "hidden_by_city"})

    assert (archive.root / parent.path).read_bytes() == before
    record = archive.read(made.package_id).record
    assert record["parent"] == {
        "package_id": parent.package_id,
        "sha256": parent.sha256,
        "tagmanifest_sha256": archive.read(parent.package_id).tagmanifest_sha256,
        "log_line": line.lines - 1,
        "log_line_sha256": line.sha256,
    }
    assert record["facts"] == {"visibility_after": "hidden_by_city"}
    assert archive.read(made.package_id).faults() == ()


def test_the_same_supplement_is_sealed_once(make_archive: Any, make_dossier: Any, exchange: Exchange) -> None:
    """Asked again after a crash, it returns the first; another key or kind is another supplement."""
    archive = make_archive()
    parent = archive.seal(make_dossier(), None)
    first = archive.supplement(parent.package_id, "rule:hide", "action", {}, (exchange,))

    again = make_archive().supplement(parent.package_id, "rule:hide", "action", {"other": 1})
    other = archive.supplement(parent.package_id, "person:restore", "action", {})

    assert again == first
    assert other.package_id != first.package_id
    assert archive.read(first.package_id).members["data/api/001-response.body"] == exchange.body


def test_a_supplement_to_nothing_is_refused(make_archive: Any, make_dossier: Any) -> None:
    """There is no act on record without the evidence that it rests on."""
    archive = make_archive()
    parent = archive.seal(make_dossier(), None)
    child = archive.supplement(parent.package_id, "a", "action", {})

    with pytest.raises(EvidenceError, match="has no line for package ev-nothing"):
        archive.supplement("ev-nothing", "a", "action", {})
    with pytest.raises(EvidenceError, match="not the package of a case"):
        archive.supplement(child.package_id, "a", "action", {})


def test_a_picture_that_shows_the_comment_is_in_the_package(make_archive: Any, make_dossier: Any) -> None:
    """``Package.picture`` is the comment's picture if there is one, else the page's, else nothing."""
    archive = make_archive()
    both = Capture(status="captured", viewport_png=b"page", comment_png=b"comment", comment_text_visible=True)
    page = replace(both, comment_png=None, comment_text_visible=False)

    pictures = [
        archive.read(archive.seal(make_dossier(f"case-{number}"), capture).package_id).picture
        for number, capture in enumerate([both, page, None])
    ]

    assert pictures == [b"comment", b"page", None]


@pytest.mark.parametrize("case_id", ["", "a b", "a\nb", "é", "x" * 301])
def test_a_case_id_that_could_not_stand_in_a_line_is_refused(
    make_archive: Any, make_dossier: Any, case_id: str
) -> None:
    """The id goes into the log and the bag's labels; it is plain, or it isn't sealed."""
    with pytest.raises(EvidenceError, match="A case id must be"):
        make_archive().seal(make_dossier(case_id), None)


def test_no_platform_text_is_part_of_a_path(make_archive: Any, make_dossier: Any, tmp_path: Path) -> None:
    """A comment id made of dots and slashes changes nothing about where the package lies."""
    archive = make_archive()
    dossier = make_dossier("facebook:1:../../../../etc/passwd:abc")

    ref = archive.seal(dossier, None)

    assert (archive.root / ref.path).resolve().is_relative_to(archive.root / "packages" / "2026" / "11" / "20")
    assert ref.path == f"packages/2026/11/20/{ref.package_id}.zip"


def test_a_note_with_a_key_is_written_once(make_archive: Any) -> None:
    """An export noted twice stands in the log once; without a key each note is a line."""
    archive = make_archive()

    for _ in range(2):
        archive.note("export", {"packages": 3}, key="export-7")
        archive.note("fixity", {"checked": 3})

    assert archive.head().lines == 3
