"""What is special to imports: files from anywhere, read strictly, refused in whole sentences, never lost."""

from __future__ import annotations

import io
import json
import os
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import connectors
from connectors.connection import Connection
from connectors.contract import Unsupported
from connectors.manual import Import, read_file
from tests.connectors.asking import comments_of, swept
from tests.connectors.wire import FIXTURES

SAMPLES = FIXTURES / "manual"
HEAD = "text,posted_at\n"
ROW = "no,2026-11-20T11:00:00Z\n"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """An empty folder."""
    made = tmp_path / "inbox"
    made.mkdir()
    return made


@pytest.fixture
def imports(inbox: Path) -> Connection:
    """A connection to it."""
    return connectors.connect("manual", page_id="board", token="none", options={"inbox": str(inbox)})


def imported(folder: Path, content: str | bytes, name: str = "board.csv", **more: Any) -> Import:
    """A file, read."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, **more)


def zipped(**members: bytes | str) -> bytes:
    """A ZIP with these entries; in names, a double underscore stands for a dot."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return held.getvalue()


def refusals(found: Import) -> list[str]:
    """The sentences."""
    return [refusal.sentence for refusal in found.refused]


def gaps(batches: list[Any]) -> list[str]:
    """What a poll could not read."""
    return [gap.reason for batch in batches for gap in batch.gaps]


class TestRows:
    """Strictly, because nobody can be asked again what was meant."""

    def test_a_spreadsheets_file_is_read(self) -> None:
        """Line breaks in quotes, zones, the platform's own id and address."""
        found = read_file(SAMPLES / "board.csv", page_id="board")

        first, second = found.comments
        assert found.refused == ()
        assert first.ref.comment_id == "nextdoor:17"
        assert first.posted_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
        assert (first.author.display_name, first.permalink) == ("Ann Roe", "https://nextdoor.com/p/abc?comment=17")
        assert (second.text, second.by_page, second.permalink) == ("We are on our way.\nTwo hours.", True, None)
        assert first.post_id == second.post_id == "Snow"
        assert (first.raw["file"], first.raw["line"], first.raw["platform"]) == ("board.csv", 2, "Nextdoor")

    @pytest.mark.parametrize(
        "content",
        [
            (HEAD + ROW).encode("utf-8-sig"),
            (HEAD + ROW).encode("utf-16"),
            (HEAD + ROW).replace(",", ";").encode(),
            (HEAD + ROW).replace(",", "\t").replace("\n", "\r\n").encode(),
        ],
        ids=["bom", "utf-16", "semicolons", "tabs"],
    )
    def test_what_spreadsheets_make_of_csv_is_read(self, tmp_path: Path, content: bytes) -> None:
        """Marks, encodings and separators differ by program and language."""
        assert [comment.text for comment in imported(tmp_path, content).comments] == ["no"]

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            ("text\nno\n", "board.csv, line 1: the column 'posted_at' is missing"),
            ("text,posted_at,user\nno,2026-11-20T11:00:00Z,x\n", "line 1: the column 'user' is unknown"),
            ("text,text,posted_at\n", "stands twice"),
            (HEAD + "a,b,2026-11-20T11:00:00Z\n", "line 2: the row has 3 fields, the first line 2"),
            (HEAD + ",2026-11-20T11:00:00Z\n", "line 2: the text is missing"),
            (HEAD + "no,2026-11-20 11:00\n", "write it with its zone"),
            (HEAD + "no,yesterday\n", "can't be read ('yesterday')"),
            ("text,posted_at,permalink\nno,2026-11-20T11:00:00Z,javascript:x\n", "no web address"),
            ("text,posted_at,by_city\nno,2026-11-20T11:00:00Z,maybe\n", "neither yes nor no"),
            ("text,posted_at,comment_id\nno,2026-11-20T11:00:00Z,../me\n", "signs that no id has"),
            (HEAD + '"no,2026-11-20T11:00:00Z\n', "no CSV that can be read"),
            (HEAD + "x" * 100_001 + ",2026-11-20T11:00:00Z\n", "more than 100000 signs"),
            ("", "is empty"),
            (b"text,posted_at\n\xff\xff,x\n", "neither UTF-8 nor UTF-16"),
        ],
    )
    def test_what_is_refused_says_where_and_what_would_be_right(
        self, tmp_path: Path, content: str | bytes, why: str
    ) -> None:
        """One sentence each, and nothing is half taken."""
        found = imported(tmp_path, content)

        assert found.comments == ()
        assert len(found.refused) == 1
        assert why in refusals(found)[0]

    def test_one_bad_row_does_not_stop_the_others(self, tmp_path: Path) -> None:
        """The rest of the file is taken."""
        found = imported(tmp_path, HEAD + ROW + "no,never\n" + ROW.replace("no", "yes"))

        assert [comment.text for comment in found.comments] == ["no", "yes"]
        assert refusals(found)[0].startswith("board.csv, line 3: ")

    def test_a_zone_for_all_files_can_be_named(self, tmp_path: Path) -> None:
        """Many exports leave it out."""
        found = imported(tmp_path, HEAD + "no,2026-11-20 06:00\n", timezone="America/New_York")

        assert found.comments[0].posted_at == datetime(2026, 11, 20, 11, tzinfo=UTC)
        with pytest.raises(ValueError, match="Mars"):
            imported(tmp_path, HEAD, timezone="Mars/Olympus")

    def test_rows_without_an_id_are_named_by_what_they_say(self, tmp_path: Path) -> None:
        """Twice the same file is the same comments; twice the same row is two comments."""
        first, again = (imported(tmp_path, HEAD + ROW + ROW).comments for _ in range(2))

        assert first == again
        assert len({comment.ref for comment in first}) == 2


class TestArchives:
    """Opened in memory, looked at whole before a part is read."""

    def test_facebooks_export_is_read(self, tmp_path: Path) -> None:
        """Deep inside, with its letters put together again; what holds no comments is passed over."""
        content = zipped(
            **{"your_facebook_activity/comments.json": (SAMPLES / "facebook_comments.json").read_bytes()},
            **{"your_facebook_activity/posts/media/a.jpg": b"\xff\xd8"},
        )

        found = imported(tmp_path, content, "facebook-cityofx.zip")

        assert refusals(found) == []
        assert [comment.text for comment in found.comments] == ["Caf\u00e9 closed \U0001f621", "thanks"]
        assert found.comments[0].posted_at == datetime(2026, 11, 20, 11, tzinfo=UTC)

    @pytest.mark.parametrize("name", ["../../etc/cron.d/x.csv", "/etc/x.csv", "C:/x.csv", "a/../../x.csv"])
    def test_a_path_that_leads_out_refuses_the_whole(self, tmp_path: Path, name: str) -> None:
        """Whoever made that archive meant no good."""
        found = imported(tmp_path, zipped(**{name: HEAD + ROW, "good.csv": HEAD + ROW}), "a.zip")

        assert found.comments == ()
        assert "leads out" in refusals(found)[0]

    def test_a_bomb_is_not_unpacked(self, tmp_path: Path) -> None:
        """A thousand times its size, and nothing of the archive is read."""
        found = imported(tmp_path, zipped(**{"a.csv": "0" * 20_000_000, "b.csv": HEAD + ROW}), "a.zip")

        assert found.comments == ()
        assert "far more" in refusals(found)[0]

    @pytest.mark.parametrize(
        ("members", "why"),
        [
            ({"inner.zip": b"PK", "b.csv": HEAD + ROW}, "archive inside the archive"),
            ({"comments.html": "<html>", "b.csv": HEAD + ROW}, "export as JSON"),
            ({"a.xlsx": b"PK", "b.csv": HEAD + ROW}, "save it as .csv"),
            ({"a.json": b"{", "b.csv": HEAD + ROW}, "is no JSON"),
        ],
    )
    def test_a_part_that_is_refused_leaves_the_others(self, tmp_path: Path, members: dict[str, Any], why: str) -> None:
        """It is named; the rest is taken."""
        found = imported(tmp_path, zipped(**members), "a.zip")

        assert [comment.text for comment in found.comments] == ["no"]
        assert [why in sentence for sentence in refusals(found)] == [True]

    @pytest.mark.parametrize("content", [b"PK\x03\x04 no archive", zipped()[:-4], zipped(**{"a.jpg": b"x"})])
    def test_an_archive_that_holds_nothing_is_told(self, tmp_path: Path, content: bytes) -> None:
        """Silence would look like success."""
        found = imported(tmp_path, content, "a.zip")

        assert (found.comments, len(found.refused)) == ((), 1)

    @pytest.mark.parametrize("content", ["[" * 100_000, "{}", "null", "[1, 2]", '{"comments": [[]]}', '"x"'])
    def test_json_of_another_shape_is_told(self, tmp_path: Path, content: str) -> None:
        """With what would be right."""
        found = imported(tmp_path, content, "a.json")

        assert found.comments == ()
        assert found.refused

    def test_a_link_is_not_followed(self, tmp_path: Path) -> None:
        """It may lead to what nobody meant to import."""
        (tmp_path / "secret").write_text(HEAD + ROW)
        (tmp_path / "board.csv").symlink_to(tmp_path / "secret")

        assert read_file(tmp_path / "board.csv").comments == ()


class TestInbox:
    """Each file once, again when it changes, and never touched."""

    def test_a_file_is_read_once(self, inbox: Path, imports: Connection) -> None:
        """And stays where it is."""
        shutil.copy(SAMPLES / "board.csv", inbox)

        first = swept(imports)
        second = swept(imports, first[-1].cursor)

        assert (len(comments_of(first)), len(comments_of(second))) == (2, 0)
        assert (inbox / "board.csv").exists()

    def test_a_refused_row_is_a_gap_that_is_told_once(self, inbox: Path, imports: Connection) -> None:
        """Until the file is mended, which is read again."""
        (inbox / "a.csv").write_text(HEAD + "no,never\n")

        first = swept(imports)
        second = swept(imports, first[-1].cursor)
        (inbox / "a.csv").write_text(HEAD + ROW)
        third = swept(imports, second[-1].cursor)

        assert (len(gaps(first)), gaps(second), gaps(third)) == (1, [], [])
        assert "a.csv, line 2" in gaps(first)[0]
        assert [comment.text for comment in comments_of(third)] == ["no"]

    def test_the_newest_file_that_holds_a_comment_speaks_for_it(self, inbox: Path, imports: Connection) -> None:
        """An export of next month may tell an edit."""
        columns = "comment_id," + HEAD
        (inbox / "a.csv").write_text(columns + "1,before,2026-11-20T11:00:00Z\n")
        (ref,) = (comment.ref for comment in comments_of(swept(imports)))
        (inbox / "b.csv").write_text(columns + "1,after,2026-11-20T11:00:00Z\n")
        os.utime(inbox / "a.csv", (1, 1))

        reading = imports.connector.read(ref)

        assert reading.comment is not None
        assert reading.comment.text == "after"

    def test_a_comment_whose_file_went_is_not_called_gone(self, inbox: Path, imports: Connection) -> None:
        """It may stand on its platform as ever."""
        (inbox / "a.csv").write_text(HEAD + ROW)
        (ref,) = (comment.ref for comment in comments_of(swept(imports)))
        (inbox / "a.csv").unlink()

        with pytest.raises(Unsupported, match="put the file back"):
            imports.connector.read(ref)

    def test_half_written_files_are_left_alone(self, inbox: Path, imports: Connection) -> None:
        """A download in progress is no file yet."""
        for name in (".a.csv", "a.csv.part", "a.csv~"):
            (inbox / name).write_text("text")

        assert gaps(swept(imports)) == []

    def test_a_missing_folder_is_a_gap_and_a_fault(self, inbox: Path, imports: Connection) -> None:
        """An empty poll would look like a quiet board."""
        inbox.rmdir()

        batches = swept(imports)

        assert len(gaps(batches)) == 1
        assert not imports.connector.check().ok
        assert json.loads(batches[-1].cursor)

    def test_an_inbox_has_to_be_named(self) -> None:
        """The sentence says what it is."""
        with pytest.raises(ValueError, match="folder"):
            connectors.connect("manual", page_id="board", token="none")
