from __future__ import annotations

from pathlib import Path

import pytest

from bot.demo.rows import ScriptError
from bot.demo.script import Script

POSTS = '- {id: snow, text: "Snow tonight", at: "-2d 15:00"}\n- {id: budget, text: "Budget", at: "07:30"}\n'
ACCOUNTS = 'ann: {name: "Ann Roe", id: "77"}\nx: {name: "Shy", anonymous: true}\n'


def written(folder: Path, comments: str, *, posts: str = POSTS, accounts: str = ACCOUNTS) -> Path:
    for name, text in (("posts", posts), ("accounts", accounts), ("comments", comments)):
        (folder / f"{name}.yaml").write_text(text, "utf-8")
    return folder


def test_a_script_is_read_with_all_that_can_happen_to_a_comment(tmp_path: Path) -> None:
    """Replies, edits, deletions, attachments, and what is passed on unread."""
    folder = written(
        tmp_path,
        """
- {id: c1, at: "07:12", post: snow, by: ann, text: "hello", lang: en, deleted_at: "09:00"}
- id: c2
  at: "07:13"
  post: snow
  by: page
  reply_to: c1
  text_repeat: {text: "ab", times: 3}
  edit: {at: "07:20", text: "better", expect: {outcome: clear}}
  attachment: {kind: photo}
  twin: t1
  expect: {outcome: act}
""",
    )

    script = Script.load(folder)

    first, second = script.comments
    assert (first.minute, first.lang, first.deleted_minute) == (432, "en", 540)
    assert (second.text, second.by, second.reply_to, second.twin) == ("ababab", "page", "c1", "t1")
    assert second.edit is not None
    assert (second.edit.minute, second.edit.text, second.edit.expect) == (440, "better", {"outcome": "clear"})
    assert second.attachment is not None
    assert second.attachment.kind == "photo"
    assert second.expect == {"outcome": "act"}
    assert [(post.day, post.minute) for post in script.posts] == [(-2, 900), (0, 450)]
    assert script.accounts["x"].anonymous
    assert script.accounts["ann"].id == "77"


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ('{id: c2, at: "7.30", post: snow, by: ann, text: "x"}', "not a time of day"),
        ('{id: c2, at: "07:30", post: rain, by: ann, text: "x"}', 'post "rain" is not in posts.yaml'),
        ('{id: c2, at: "07:30", post: snow, by: bob, text: "x"}', 'account "bob" is not in accounts.yaml'),
        ('{id: c2, at: "07:30", post: snow, by: ann, text: "x", reply_to: c3}', "does not stand above it"),
        ('{id: c2, at: "07:30", post: budget, by: ann, text: "x", reply_to: c1}', "under another post"),
        ('{id: c1, at: "07:30", post: snow, by: ann, text: "x"}', "used twice"),
        ('{id: c2, at: "07:30", post: snow, by: ann, txt: "x"}', 'unknown key "txt"'),
        ('{id: c2, at: "07:30", post: snow, by: ann, text: 5}', '"text" must be a text'),
        ('{id: c2, at: "07:30", post: snow, by: ann, text: "x", edit: later}', '"edit" must be a mapping'),
        ('{id: c2, at: "07:30", post: snow, by: ann, text: "x", attachment: {kind: smell}}', '"smell" is unknown'),
        ('{id: c2, at: "07:30", post: snow, by: ann, text_repeat: {text: "x", times: no}}', "whole number"),
        ("just words", "must be a mapping"),
    ],
)
def test_a_mistake_is_refused_with_its_file_and_line(tmp_path: Path, row: str, complaint: str) -> None:
    """The writer of a script is led to the line."""
    first = '- {id: c1, at: "07:12", post: snow, by: ann, text: "hello"}\n\n'

    with pytest.raises(ScriptError) as caught:
        Script.load(written(tmp_path, f"{first}- {row}\n"))

    assert str(caught.value).startswith("comments.yaml, line 3: ")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("posts", "complaint"),
    [
        ('- {id: a, text: b, at: "yesterday"}\n', "posts.yaml, line 1: "),
        ('- {id: a, text: b, at: "07:30", by: bob}\n', 'account "bob"'),
        ("- {id: a,\n", "posts.yaml, line 2: not valid YAML"),
        ("words", "posts.yaml, line 1: must be a list"),
    ],
)
def test_a_mistake_in_the_posts_is_refused(tmp_path: Path, posts: str, complaint: str) -> None:
    """Broken YAML too has a line."""
    with pytest.raises(ScriptError) as caught:
        Script.load(written(tmp_path, "[]", posts=posts))

    assert complaint in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """A script is three files."""
    with pytest.raises(ScriptError, match=r"accounts\.yaml can't be read"):
        Script.load(tmp_path)


def test_a_file_of_bare_comments_becomes_a_day(tmp_path: Path) -> None:
    """One object to a line, spread over the day in the order of the file."""
    path = tmp_path / "wild.jsonl"
    path.write_text('{"text": "a", "author": "Ann"}\n\n{"text": "b", "lang": "es"}\n{"text": "c", "author": "Ann"}\n')

    script = Script.from_jsonl(path)

    assert [comment.text for comment in script.comments] == ["a", "b", "c"]
    assert [script.accounts[comment.by].name for comment in script.comments] == ["Ann", "Resident 3", "Ann"]
    assert script.comments[0].minute == 7 * 60
    assert script.comments[0].minute < script.comments[1].minute < script.comments[2].minute < 20 * 60
    assert script.skipped == ()


def test_a_bad_line_is_skipped_and_named(tmp_path: Path) -> None:
    """One sentence for each, and the rest goes on."""
    path = tmp_path / "wild.jsonl"
    path.write_bytes(
        b'{"text": "a"}\nnot json\n["text"]\n{"txt": "b"}\n{"text": "c", "author": 5}\n\xff\xfe\n{"text": ""}\n'
    )

    script = Script.from_jsonl(path)

    assert [comment.text for comment in script.comments] == ["a", ""]
    assert [sentence.split(":")[0] for sentence in script.skipped] == [f"wild.jsonl, line {n}" for n in (2, 3, 4, 5, 6)]


def test_a_file_without_a_usable_line_is_refused(tmp_path: Path) -> None:
    """An empty day would look like a quiet town."""
    path = tmp_path / "wild.jsonl"
    path.write_text("nothing\n")

    with pytest.raises(ScriptError, match="no usable line"):
        Script.from_jsonl(path)


def test_many_comments_are_spread_over_several_posts(tmp_path: Path) -> None:
    """A thousand comments come under five posts, or under as many as are asked for."""
    path = tmp_path / "wild.jsonl"
    path.write_text('{"text": "a"}\n' * 1000)

    assert len(Script.from_jsonl(path).posts) == 5
    one = Script.from_jsonl(path, posts=1)
    assert {comment.post for comment in one.comments} == {one.posts[0].id}
