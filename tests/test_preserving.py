"""Preserving a case: in which order, what is fetched, and what happens where a file may not be copied (EV-20)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot import preserving
from bot.evidence.capture import Capture
from bot.evidence.dossier import Medium
from bot.evidence.store import Archive
from bot.ledger.tables import CaseStatus
from connectors.contract import Attachment, Exchange, Unavailable
from tests.office import COARSE, KIND, NOW, Office, open_office, printer

PICTURE = b"\x89PNG\r\n\x1a\nthe bytes of a picture"
DIGEST = hashlib.sha256(PICTURE).hexdigest()
PHOTO = Attachment("photo", "https://scontent.example.net/a.jpg?sig=1")


class Shelf:
    """Delivers media and keeps the journal. ``restricted``: what it delivers is on the list."""

    def __init__(self, journal: list[str], *, restricted: bool = False) -> None:
        self.journal, self.restricted = journal, restricted
        self.asked: list[tuple[Attachment, ...]] = []
        self.hosts: list[tuple[str, ...]] = []

    def __call__(self, attachments: Sequence[Attachment], hosts: Sequence[str]) -> tuple[Medium, ...]:
        self.journal.append("media")
        self.asked.append(tuple(attachments))
        self.hosts.append(tuple(hosts))
        return tuple(self._medium(each) for each in attachments)

    def _medium(self, attachment: Attachment) -> Medium:
        return Medium(
            url=attachment.url or "",
            final_url=attachment.url,
            status=200,
            declared_type="image/png",
            sniffed="image/png",
            extension="png",
            size=len(PICTURE),
            sha256=DIGEST,
            fetched_at=NOW,
            restricted=self.restricted,
            data=None if self.restricted else PICTURE,
        )


@pytest.fixture
def office(sqlite_url: str, tmp_path: Path) -> Iterator[Office]:
    """An office whose page is in enforce."""
    with open_office(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def shelf(office: Office) -> Shelf:
    """The office fetches media from here."""
    made = Shelf(office.journal)
    office.route = replace(office.route, media=made)
    return made


# ── the order ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_media_are_fetched_after_the_second_reading_and_before_the_picture(office: Office, shelf: Shelf) -> None:
    """With the addresses of this minute; and what they show decides whether a picture is taken at all."""
    case_id = office.preserved_case(attachments=(PHOTO,))

    assert office.journal == ["poll", "read", "media", "picture"]
    assert _record(office, case_id)["media"][0]["sha256"] == DIGEST
    assert PICTURE in _members(office, case_id).values()


def test_a_clear_comments_media_are_never_fetched(office: Office, shelf: Shelf) -> None:
    """Beadle copies what it needs as evidence, and nothing else of what residents post."""
    office.platform.say(KIND, attachments=(PHOTO,))
    office.poll()
    office.work()

    assert shelf.asked == []


def test_a_comment_without_attachments_asks_for_none(office: Office, shelf: Shelf) -> None:
    """No guard is opened, no host is asked."""
    office.preserved_case()

    assert shelf.asked == []


def test_the_addresses_of_the_second_reading_are_used(office: Office, shelf: Shelf) -> None:
    """Platforms sign them for a while only; the first ones may have run out while the case waited."""
    case_id = office.open_case(attachments=(PHOTO,))
    fresh = replace(PHOTO, url="https://scontent.example.net/a.jpg?sig=2")
    (ref,) = office.platform.comments
    office.platform.comments[ref] = replace(office.platform.comments[ref], attachments=(fresh,))
    office.run("preserve", case_id)

    assert shelf.asked == [(fresh,)]


def test_of_an_edited_or_vanished_comment_the_judged_media_are_tried(office: Office, shelf: Shelf) -> None:
    """What was judged is what is preserved, not what stands there now."""
    edited = office.open_case(attachments=(PHOTO,))
    (ref,) = office.platform.comments
    office.platform.comments[ref] = replace(
        office.platform.comments[ref], text="never mind", attachments=(Attachment("photo", "https://other.example/"),)
    )
    office.run("preserve", edited)
    office.platform.comments.clear()
    office.pad.open.clear()
    gone = office.open_case(COARSE, attachments=(PHOTO,))
    office.platform.comments.clear()
    office.run("preserve", gone)

    assert [[each.url for each in asked] for asked in shelf.asked] == [[PHOTO.url], [PHOTO.url]]


def test_only_the_pages_hosts_and_its_platforms_are_named(office: Office, shelf: Shelf) -> None:
    """A page in a sandbox leaves the real platform alone."""
    office.rearrange(public_hosts=("www.facebook.com",))
    office.preserved_case(attachments=(PHOTO,))
    office.rearrange(base_url="http://127.0.0.1:9000", public_hosts=("127.0.0.1:9000",))
    office.preserved_case(COARSE, attachments=(PHOTO,))

    assert shelf.hosts == [("www.facebook.com", "*.fbcdn.net", "*.cdninstagram.com"), ("127.0.0.1:9000",)]


def test_where_no_picture_may_be_taken_the_platforms_own_text_is_sealed(office: Office) -> None:
    """X forbids pictures by a program: its answer for embedding is sealed beside the record, or why there is none."""
    answer = Exchange("GET", "https://publish.x.com/oembed", (), 200, (), b'{"html":"<p>words</p>"}', NOW, 5.0)
    asked: list[tuple[str, str | None]] = []

    def embedded(platform: str, permalink: str | None, hosts: Sequence[str]) -> Exchange | str | None:
        asked.append((platform, permalink))
        return answer if len(asked) == 1 else "The platform did not answer."

    office.route = replace(office.route, embedded=embedded)
    first, second = office.preserved_case(), office.preserved_case(text=f"{COARSE} again")

    assert answer.body in _members(office, first).values()
    assert _record(office, second)["gaps"][-1].endswith("could not be had: The platform did not answer.")


def test_no_file_is_named_by_a_stranger(office: Office, shelf: Shelf) -> None:
    """Neither the address nor the title of an attachment is part of a name in the package, or on the disk."""
    hostile = Attachment("photo", "https://x.example/../../etc/cron.d/evil.sh?a=\x1b[31m", "..\\..\\CON \u202egnp.exe")
    case_id = office.preserved_case(attachments=(hostile,))
    root = office.route.archive.root

    assert any(name.startswith("data/media/01-") and name.endswith(".png") for name in _members(office, case_id))
    names = [*_members(office, case_id), *(str(path.relative_to(root)) for path in root.rglob("*"))]
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9._/-]+", name) or ".." in name] == []
    assert [name for name in names if "evil" in name or "gnp" in name] == []


# ── twice ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_second_run_says_what_was_sealed_and_asks_the_world_nothing(office: Office, shelf: Shelf) -> None:
    """After a crash the first run's package stands; a picture that would be taken now is not in it."""
    case_id = office.open_case(attachments=(PHOTO,))
    first = office.route.preserve(case_id)
    before = list(office.journal)
    office.platform.fail("read", Unavailable("down"))
    office.camera.sees = Capture("captured", comment_text_visible=True, viewport_png=b"png")

    assert office.route.preserve(case_id) == first
    assert office.journal == before
    assert first["picture"] == "none"


@pytest.mark.parametrize("point", ["read", "media", "picture", "seal", "note"])
def test_a_stop_at_any_point_leaves_nothing_outside_the_archive(office: Office, tmp_path: Path, point: str) -> None:
    """Nothing is tidied up on the way out; the next run seals and restricts, and the folder holds what it held."""
    case_id = office.open_case(attachments=(PHOTO,))
    office.route = replace(office.route, media=Shelf(office.journal, restricted=True))
    route = office.route
    with pytest.MonkeyPatch.context() as patch:
        _stop_at(point, office, patch)
        with pytest.raises(Stopped):
            office.route.preserve(case_id)
        assert office.file(case_id).evidence is None
    office.route = replace(route, archive=Archive(route.archive.root, printer(), reserve=0.0, clock=office.clock))

    office.run("preserve", case_id)

    assert office.route.archive.restricted(case_id)
    assert office.route.archive.not_copied(DIGEST)
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"archive", "beadle.db"}
    assert len(_lines(office, "restricted")) == len(_lines(office, "package")) == 1


# ── what may not be copied ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_listed_file_means_no_picture_and_no_bytes_anywhere(office: Office, shelf: Shelf) -> None:
    """The page could show it, so no picture of it is taken; digest and size are all that is kept."""
    shelf.restricted = True
    case_id = office.preserved_case(attachments=(PHOTO,))
    record, members = _record(office, case_id), _members(office, case_id)

    assert "picture" not in office.journal
    assert not [name for name in members if name.startswith("data/media/") or name.endswith((".png", ".wacz"))]
    assert (record["media"][0]["sha256"], record["media"][0]["restricted"]) == (DIGEST, True)
    assert record["capture"]["reason"] == preserving.NO_PICTURE
    assert _found_on_disk(office.route.archive.root, PICTURE) == []


def test_the_log_says_that_the_package_is_restricted(office: Office, shelf: Shelf) -> None:
    """Whoever opens, exports, posts or replicates asks the log; a second run adds no second line."""
    shelf.restricted = True
    case_id = office.preserved_case(attachments=(PHOTO,))
    office.route.preserve(case_id)
    evidence = office.file(case_id).evidence
    assert evidence is not None

    (line,) = _lines(office, "restricted")
    assert (line["package"], line["case_id"], line["media"]) == (evidence.package_id, case_id, [DIGEST])
    assert line["by"] == "hash list"
    assert office.route.archive.restricted(evidence.package_id)
    assert not office.route.archive.restricted("another")


def test_people_are_told_at_once_and_the_verdict_stands(office: Office, shelf: Shelf) -> None:
    """Urgent before the act; and the act is the policy's, neither more nor less."""
    shelf.restricted = True
    office.platform.fail("hide", Unavailable("down"))
    case_id = office.settled_case(attachments=(PHOTO,))

    (message,) = office.channel.messages[case_id]
    assert (message.urgent, message.restricted, message.shows_picture, message.shows_words) == (
        True,
        True,
        False,
        False,
    )
    assert office.case(case_id).status == CaseStatus.SEALED
    office.work_later()
    assert office.case(case_id).status == CaseStatus.HIDDEN


def test_what_waits_for_a_person_still_waits_and_is_urgent(office: Office, shelf: Shelf) -> None:
    """No clause is stretched: a matter for people stays one."""
    shelf.restricted = True
    case_id = office.settled_case(COARSE, attachments=(PHOTO,))

    assert (office.case(case_id).status, office.case(case_id).urgent) == (CaseStatus.WAITING, True)
    assert office.writes() == []


def test_an_ordinary_photo_makes_nothing_urgent(office: Office, shelf: Shelf) -> None:
    """The same comment with a file that is on no list."""
    case_id = office.settled_case(COARSE, attachments=(PHOTO,))

    assert (office.case(case_id).urgent, office.route.archive.restricted(case_id)) == (False, False)
    assert _lines(office, "restricted") == []


class Stopped(BaseException):
    """The end of the process, as far as anything that catches errors can tell."""


def _stop_at(point: str, office: Office, patch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> Any:
        raise Stopped

    where: dict[str, tuple[object, str]] = {
        "read": (office.platform, "read"),
        "picture": (office.camera, "capture"),
        "seal": (Archive, "seal"),
        "note": (Archive, "note"),
    }
    if point == "media":
        office.route = replace(office.route, media=stop)
        return
    if point == "picture":
        office.route = replace(office.route, media=Shelf(office.journal))
    patch.setattr(*where[point], stop)


def _record(office: Office, case_id: str) -> dict[str, Any]:
    evidence = office.file(case_id).evidence
    assert evidence is not None
    return dict(office.route.archive.read(evidence.package_id).record)


def _members(office: Office, case_id: str) -> dict[str, bytes]:
    evidence = office.file(case_id).evidence
    assert evidence is not None
    return dict(office.route.archive.read(evidence.package_id).members)


def _lines(office: Office, kind: str) -> list[dict[str, Any]]:
    path = office.route.archive.root / "log" / "entries.jsonl"
    found = [json.loads(line) for line in path.read_text().splitlines()]
    return [line for line in found if line["type"] == kind]


def _found_on_disk(root: Path, what: bytes) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file() and what in path.read_bytes()]
