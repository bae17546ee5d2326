"""The script of a day in the made-up town: who says what under which post, and when.

A folder holds ``posts.yaml``, ``accounts.yaml`` and ``comments.yaml``; ``Script.load`` refuses what it doesn't know and
names file and line. ``Script.from_jsonl`` makes a day of any file of comments, one JSON object to a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.demo.rows import Row, ScriptError, read_named_rows, read_rows

PAGE = "page"
"""The account key under which the town itself comments and posts."""

ATTACHMENT_KINDS = ("photo", "video", "sticker", "animation", "link")
OPENING, CLOSING = 7 * 60, 20 * 60
"""A file of bare comments is spread over these minutes of the day."""
COMMENTS_PER_POST, MOST_POSTS = 200, 25


@dataclass(frozen=True, slots=True)
class Account:
    """Who is shown beside a comment. ``anonymous``: the platform keeps the account's name and id to itself."""

    key: str
    name: str
    id: str | None = None
    anonymous: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """What hangs on a comment. ``kind`` is one of ``ATTACHMENT_KINDS``."""

    kind: str
    title: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """The words that a comment is changed to, and the minute of the day at which that happens."""

    minute: int
    text: str
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ScriptedPost:
    """A post. ``day`` is 0 today and negative before; ``by`` is ``PAGE`` or a visitor's account key."""

    id: str
    text: str
    day: int
    minute: int
    by: str = PAGE


@dataclass(frozen=True, slots=True)
class ScriptedComment:
    """A comment with all that happens to it. ``twin`` and ``expect`` are for whoever plays the day, and unread here."""

    id: str
    minute: int
    post: str
    by: str
    text: str
    lang: str | None = None
    reply_to: str | None = None
    edit: Edit | None = None
    deleted_minute: int | None = None
    attachment: Attachment | None = None
    twin: str | None = None
    expect: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    """A day to play. ``skipped`` has one sentence for every line of a JSONL file that couldn't be used."""

    accounts: Mapping[str, Account]
    posts: tuple[ScriptedPost, ...]
    comments: tuple[ScriptedComment, ...]
    skipped: tuple[str, ...] = ()

    @classmethod
    def empty(cls) -> Script:
        """A day with one post and no comment: what tests that write their own comments begin with."""
        post = ScriptedPost("notice", "Town Hall is open from 8:30 to 4:30 today.", day=-1, minute=9 * 60)
        return cls(accounts={}, posts=(post,), comments=())

    @classmethod
    def load(cls, folder: Path) -> Script:
        """Read the three files of ``folder``. Raises ``ScriptError`` with file and line."""
        accounts = {key: _account(key, row) for key, row in read_named_rows(folder / "accounts.yaml")}
        posts = _posts(read_rows(folder / "posts.yaml"), accounts)
        comments = _comments(read_rows(folder / "comments.yaml"), accounts, posts)
        return cls(accounts, tuple(posts.values()), tuple(comments.values()))

    @classmethod
    def from_jsonl(cls, path: Path, *, posts: int | None = None) -> Script:
        """Make a day of a file of ``{"text", "author"?, "lang"?}`` lines, spread over ``posts`` posts.

        A line that can't be read is skipped and named in ``skipped``. Raises ``ScriptError`` when no line can be used.
        """
        spoken, skipped = _read_lines(path)
        if not spoken:
            raise ScriptError(f'{path.name} has no usable line; write one JSON object a line: {{"text": "..."}}.')
        return _spread(spoken, posts or _post_count(len(spoken)), path.stem, tuple(skipped))


def _account(key: str, row: Row) -> Account:
    row.only("name", "id", "anonymous")
    anonymous = row.values.get("anonymous", False)
    if not isinstance(anonymous, bool):
        raise row.error('"anonymous" must be true or false.')
    return Account(key, row.text("name"), row.text_or_none("id"), anonymous)


def _posts(rows: Sequence[Row], accounts: Mapping[str, Account]) -> dict[str, ScriptedPost]:
    posts: dict[str, ScriptedPost] = {}
    for row in rows:
        post = _post(row)
        _check_new(post.id, posts, row)
        _check_account(post.by, accounts, row)
        posts[post.id] = post
    return posts


def _post(row: Row) -> ScriptedPost:
    row.only("id", "text", "at", "by")
    match = re.fullmatch(r"(?:-(\d{1,3})d )?(\d?\d:\d\d)", row.text("at"))
    if not match:
        raise row.error('"at" must be a time such as "07:30", or days before it such as "-2d 15:00".')
    minute = row.minute_of(match[2], "at")
    return ScriptedPost(row.text("id"), row.text("text"), -int(match[1] or 0), minute, row.text_or_none("by") or PAGE)


def _comments(
    rows: Sequence[Row], accounts: Mapping[str, Account], posts: Mapping[str, ScriptedPost]
) -> dict[str, ScriptedComment]:
    comments: dict[str, ScriptedComment] = {}
    for row in rows:
        comment = _comment(row)
        _check_new(comment.id, comments, row)
        _check_account(comment.by, accounts, row)
        if comment.post not in posts:
            raise row.error(f'post "{comment.post}" is not in posts.yaml.')
        _check_reply(comment, comments, row)
        comments[comment.id] = comment
    return comments


def _comment(row: Row) -> ScriptedComment:
    row.only(
        "id", "at", "post", "by", "text", "text_repeat", "lang", "reply_to", "edit", "deleted_at", "attachment", "twin",
        "expect",
    )  # fmt: skip
    return ScriptedComment(
        id=row.text("id"),
        minute=row.minute("at"),
        post=row.text("post"),
        by=row.text("by"),
        text=_words(row),
        lang=row.text_or_none("lang"),
        reply_to=row.text_or_none("reply_to"),
        edit=_edit(row.inner("edit")),
        deleted_minute=row.minute_or_none("deleted_at"),
        attachment=_attachment(row.inner("attachment")),
        twin=row.text_or_none("twin"),
        expect=row.mapping("expect"),
    )


def _words(row: Row) -> str:
    """``text``, or ``text_repeat: {text, times}`` for what is too long to write out."""
    repeated = row.inner("text_repeat")
    if repeated is None:
        return row.text("text")
    repeated.only("text", "times")
    return repeated.text("text") * repeated.whole("times")


def _edit(row: Row | None) -> Edit | None:
    if row is None:
        return None
    row.only("at", "text", "expect")
    return Edit(row.minute("at"), row.text("text"), row.mapping("expect"))


def _attachment(row: Row | None) -> Attachment | None:
    if row is None:
        return None
    row.only("kind", "title", "url")
    kind = row.text("kind")
    if kind not in ATTACHMENT_KINDS:
        raise row.error(f'attachment kind "{kind}" is unknown; known are {", ".join(ATTACHMENT_KINDS)}.')
    return Attachment(kind, row.text_or_none("title"), row.text_or_none("url"))


def _check_new(one: str, known: Mapping[str, object], row: Row) -> None:
    if one in known:
        raise row.error(f'the id "{one}" is used twice.')


def _check_account(key: str, accounts: Mapping[str, Account], row: Row) -> None:
    if key != PAGE and key not in accounts:
        raise row.error(f'account "{key}" is not in accounts.yaml.')


def _check_reply(comment: ScriptedComment, earlier: Mapping[str, ScriptedComment], row: Row) -> None:
    if comment.reply_to is None:
        return
    parent = earlier.get(comment.reply_to)
    if parent is None:
        raise row.error(f'it replies to "{comment.reply_to}", which does not stand above it.')
    if parent.post != comment.post:
        raise row.error(f'it replies to "{comment.reply_to}", which is under another post.')


def _read_lines(path: Path) -> tuple[list[Mapping[str, Any]], list[str]]:
    try:
        lines = path.read_text("utf-8-sig", errors="replace").split("\n")
    except OSError as error:
        raise ScriptError(f"{path} can't be read.") from error
    spoken: list[Mapping[str, Any]] = []
    skipped: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        problem, row = _spoken(line)
        if problem:
            skipped.append(f"{path.name}, line {number}: {problem}; the line is skipped.")
        else:
            spoken.append({**row, "line": number})
    return spoken, skipped


def _spoken(line: str) -> tuple[str, Mapping[str, Any]]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return "not valid JSON", {}
    if not isinstance(row, dict):
        return "not a JSON object", {}
    if not isinstance(row.get("text"), str):
        return '"text" is missing or not a text', {}
    for key in ("author", "lang"):
        if not isinstance(row.get(key), str | None):
            return f'"{key}" is not a text', {}
    return "", row


def _post_count(comments: int) -> int:
    return max(1, min(MOST_POSTS, comments // COMMENTS_PER_POST))


def _spread(spoken: Sequence[Mapping[str, Any]], post_count: int, title: str, skipped: tuple[str, ...]) -> Script:
    names = dict.fromkeys(_speaker(row) for row in spoken)
    accounts = {f"a{n}": Account(f"a{n}", name) for n, name in enumerate(names, start=1)}
    keys = {account.name: account.key for account in accounts.values()}
    posts = tuple(
        ScriptedPost(f"p{n}", f"{title} ({n} of {post_count})", day=-1, minute=9 * 60) for n in range(1, post_count + 1)
    )
    comments = tuple(
        ScriptedComment(
            id=f"line {row['line']}",
            minute=OPENING + n * (CLOSING - OPENING) // len(spoken),
            post=posts[n % post_count].id,
            by=keys[_speaker(row)],
            text=row["text"],
            lang=row.get("lang"),
        )
        for n, row in enumerate(spoken)
    )
    return Script(accounts, posts, comments, skipped)


def _speaker(row: Mapping[str, Any]) -> str:
    """Who is shown. Comments without an author are different people's, or each would repeat the one before."""
    return row.get("author") or f"Resident {row['line']}"
