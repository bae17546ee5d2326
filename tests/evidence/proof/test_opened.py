"""The page of a package: what it shows, and that nothing a stranger put into a package can act on whoever looks."""

from __future__ import annotations

import html
import json
import re
import stat
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.errors import EvidenceError
from bot.evidence.canonical import canonical
from bot.evidence.capture import Capture
from bot.evidence.dossier import Medium
from bot.evidence.proof.marked import marked, shown
from bot.evidence.proof.opened import lay_open, package_of
from connectors.contract import Author
from tests.evidence.conftest import NOW, dossier
from tests.evidence.proof.scene import Scene, forge_record, rezip

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202egnp.exe\x1b[31m\x00"


class Tags(HTMLParser):
    """Collects every tag with its attributes, and the text."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def sealed(make_archive: Any, tmp_path: Path) -> Any:
    """Seals a case and lays its package open."""
    archive = make_archive()

    def seal(capture: Capture | None = None, **more: Any) -> Path:
        ref = archive.seal(dossier(**more), capture)
        folder = tmp_path / "laid open"
        folder.mkdir()
        return lay_open(archive.root / ref.path, folder).page

    return seal


def _comment(**changes: Any) -> Any:
    return replace(dossier().comment, **changes)


def test_it_shows_what_a_reader_needs(sealed: Any) -> None:
    """Account, clause, times, the comment with its matched words marked, the check, and how to repeat it."""
    made = sealed()
    page = Tags(made)

    for words in (
        "Account displayed as",
        "Mallory Reyes",
        "3.4.3.A",
        "Comments may not contain vulgar or obscene language.",
        "2026-11-20 11:00:14 UTC",
        "Everything is as it was sealed.",
        "Line 1 of 1 in the city",
        "sha256sum -c manifest-sha256.txt",
        "an account is not a person",
    ):
        assert words in page.text
    assert '<mark id="match">bullshit</mark>' in made.read_text("utf-8")
    assert "wrote" not in page.text


def test_a_hostile_name_and_text_stay_text(sealed: Any) -> None:
    """No tag, no attribute and no template of theirs comes to life; what can't be seen is written out."""
    page = sealed(comment=_comment(text=HOSTILE, author=Author("1", HOSTILE, handle=HOSTILE)), spans=((0, 8),))
    found = Tags(page)

    assert {tag for tag, _ in found.tags} & {"script", "iframe", "object", "embed", "form", "link", "base"} == set()
    assert [name for _, attributes in found.tags for name in attributes if name.startswith("on")] == []
    assert "alert(1)" in found.text
    assert "{{7*7}}" in found.text
    assert "[U+202E]" in found.text
    for character in "\u202e\x1b\x00":
        assert character not in page.read_text("utf-8")


def test_the_page_can_load_and_run_nothing(sealed: Any) -> None:
    """Its policy says so, and it has nothing to load but its own pictures."""
    page = Tags(sealed(Capture("captured", viewport_png=PNG, comment_png=PNG, comment_text_visible=True)))
    policy = next(each["content"] for tag, each in page.tags if tag == "meta" and each.get("http-equiv"))

    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    sources = [str(each.get("src")) for tag, each in page.tags if tag == "img"]
    assert len(sources) == 2
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    links = [str(each["href"]) for tag, each in page.tags if tag == "a"]
    assert [link for link in links if re.match(r"[a-z]+:|//", link)] == []


def test_it_can_be_read_by_everybody(sealed: Any) -> None:
    """A language, one main heading and none left out, headers that say of what, pictures with words."""
    page = Tags(sealed(Capture("captured", viewport_png=PNG, comment_text_visible=True)))
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]

    assert ("html", {"lang": "en"}) in page.tags
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    assert [each for tag, each in page.tags if tag == "th" and each.get("scope") not in ("row", "col")] == []
    assert [each for tag, each in page.tags if tag == "img" and not each.get("alt")] == []


@pytest.mark.parametrize(
    ("capture", "says"),
    [
        (Capture("captured", viewport_png=PNG, comment_text_visible=True), "the words of the comment stood in it"),
        (Capture("captured", viewport_png=PNG), "no proof"),
        (Capture("blocked", "A login wall lies over it."), "A login wall lies over it."),
        (None, "There is no picture of the page"),
    ],
)
def test_a_picture_is_called_a_proof_only_if_it_is_one(sealed: Any, capture: Capture | None, says: str) -> None:
    """A picture without the words is shown, and said to prove nothing."""
    assert says in " ".join(Tags(sealed(capture)).text.split())


def test_what_a_browser_would_run_is_unpacked_as_text(sealed: Any) -> None:
    """The HTML of the page, as the platform sent it, would run in whoever's browser opened it."""
    page = sealed(Capture("captured", dom_html="<script>alert(1)</script>"))
    unpacked = sorted(path.name for path in page.parent.rglob("*") if path.is_file())

    assert "dom.html.txt" in unpacked
    assert "001-response.body.txt" in unpacked
    assert [name for name in unpacked if name.endswith((".html", ".htm", ".svg", ".xml", ".js"))] == ["index.html"]


def test_what_is_laid_open_is_closed_to_others(sealed: Any) -> None:
    """The files hold what the public does not see."""
    for path in sealed().parent.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_attachments_are_links_with_a_word_of_warning(sealed: Any) -> None:
    """They are not shown in the page; one that may not be shown is neither linked nor unpacked."""
    kept = Medium(
        url="https://m.example/1",
        final_url=None,
        status=200,
        declared_type="image/jpeg",
        sniffed="image/jpeg",
        extension="jpg",
        size=4,
        sha256="a" * 64,
        fetched_at=NOW,
        data=b"jpeg",
    )
    closed = replace(kept, data=None, restricted=True, sha256="b" * 64)
    page = sealed(media=(kept, closed))
    found = Tags(page)

    assert "may be disturbing" in found.text
    assert "Restricted." in found.text
    assert [path.read_bytes() for path in page.parent.rglob("*.jpg")] == [b"jpeg"]
    assert not [1 for tag, each in found.tags if tag == "img"]


def test_of_a_restricted_case_no_picture_is_shown_or_unpacked(scene: Scene, make_archive: Any, tmp_path: Path) -> None:
    """Neither attachments nor pictures nor the card, which may show one; the record and its digests stay."""
    archive = make_archive()
    ref = archive.seal(dossier(), Capture("captured", viewport_png=PNG, comment_png=PNG))
    archive.note("restricted", {"package": ref.package_id, "case_id": ref.case_id, "media": []})
    folder = tmp_path / "open"
    folder.mkdir()
    page = Tags(lay_open(archive.root / ref.path, folder).page)

    names = {path.name for path in folder.rglob("*") if path.is_file()}
    assert "may not be shown, copied or handed on" in page.text
    assert names & {"viewport.png", "comment.png", "evidence.pdf", "dom.html.txt"} == set()
    assert "record.json" in names
    assert not [1 for tag, each in page.tags if tag == "img"]


def test_what_happened_after_is_on_the_same_page(scene: Scene, tmp_path: Path) -> None:
    """Supplements in the order of the log, and to whom it was handed out; asked for by a supplement, too."""
    for number, path in enumerate((scene.packages()[0], scene.packages("supplement")[0])):
        folder = tmp_path / str(number)
        folder.mkdir()
        page = Tags(lay_open(path, folder).page)

        assert scene.packages()[0].stem in page.text
        assert re.search(r"Action\s+20", page.text)
        assert "Handed out in an export on" in page.text
        assert "A time stamp authority outside the city has stamped that log" in page.text


def test_an_altered_package_is_shown_with_what_is_wrong(scene: Scene, tmp_path: Path) -> None:
    """The page says at its top that it isn't what was sealed, in words and not in colour alone."""
    forge_record(scene.packages()[0])
    opened = lay_open(scene.packages()[0], tmp_path)

    assert opened.report.exit_code == 2
    text = Tags(opened.page).text
    assert "Something is wrong with this evidence." in text
    assert "is not what was sealed." in text


def test_a_package_of_an_export_is_shown_with_what_lies_beside_it(untouched: Scene, tmp_path: Path) -> None:
    """There is no log in an export; the supplements are found by what they cite."""
    path = untouched.export / "data" / "packages" / untouched.packages()[0].name
    page = Tags(lay_open(path, tmp_path).page)

    assert re.search(r"Action\s+20", page.text)
    assert "Checked by itself" in page.text


def test_what_is_no_package_is_refused(tmp_path: Path) -> None:
    """In one sentence; there is nothing to show."""
    path = tmp_path / "ev-20261120T000000Z-aaaaaaaaaaaaa.zip"
    path.write_bytes(b"PK no")

    with pytest.raises(EvidenceError, match="can't be read as a package"):
        lay_open(path, tmp_path)


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"comment": "no", "verdict": [], "times": 7, "api": {"a": 1}, "media": "x", "gaps": [None, {"a": []}]},
        {"comment": {"text": 5, "account_displayed_as": []}, "verdict": {"findings": [{"spans": [[9, 1], ["a"], 3]}]}},
        {"comment": {"text": "x" * 50}, "verdict": {"findings": [{"spans": [[-5, 10**30]]}]}, "site": [[]]},
    ],
)
def test_any_record_at_all_is_shown(scene: Scene, tmp_path: Path, record: dict[str, Any]) -> None:
    """A forger may write anything into a record; the page is made all the same, and says that it is forged."""
    path = scene.packages()[0]
    made = canonical({**record, "package_id": path.stem})
    rezip(path, lambda members: members.update({"data/record.json": made}))

    assert lay_open(path, tmp_path).report.exit_code == 2


def test_a_package_is_found_by_its_id_and_by_its_case(untouched: Scene) -> None:
    """A case leads to its package, not to a supplement."""
    path = untouched.packages()[0]

    assert package_of(untouched.root, path.stem) == path
    assert package_of(untouched.root, "case-0") == path
    assert package_of(untouched.root, "case-77") is None


def test_marked_words_are_those_of_the_spans() -> None:
    """The text is as it was, but for what can't be seen; lines are kept."""
    lines = marked("one two\r\nthr\u202eee", [(4, 7), (9, 13)])

    assert [[(run.text, run.hit) for run in line] for line in lines] == [
        [("one ", False), ("two", True)],
        [("thr", True), ("[U+202E]", True), ("ee", False)],
    ]


def test_a_tower_of_marks_is_cut() -> None:
    """A letter with a hundred marks would be painted over the lines around it."""
    (line,) = marked("a" + "\u0301" * 100 + "b")

    assert "".join(run.text for run in line) == "a" + "\u0301" * 6 + "[…]" + "b"


def test_a_short_text_is_one_line() -> None:
    """Newlines become blanks, and what is cut is said to be."""
    assert shown("a\nb\tc", 10) == "a b c"
    assert shown("x" * 11, 10) == "x" * 10 + "…"


def test_a_megabyte_of_marks_and_matches_is_shown_in_bounded_time(sealed: Any) -> None:
    """Work grows with the text and not faster; 60,000 characters is the longest that a platform takes."""
    text = "a\u0301\u202e\n" * 15_000
    page = sealed(comment=_comment(text=text), spans=tuple((at, at + 1) for at in range(0, 5_000, 2)))

    assert len(page.read_bytes()) < 5_000_000
    assert html.unescape(page.read_text("utf-8")).count("[U+202E]") >= 15_000


def test_the_record_is_there_as_it_was_sealed(sealed: Any) -> None:
    """What the page makes readable stays untouched beside it."""
    page = sealed(comment=_comment(text=HOSTILE))
    record = json.loads(next(page.parent.rglob("record.json")).read_bytes())

    assert record["comment"]["text"] == HOSTILE
