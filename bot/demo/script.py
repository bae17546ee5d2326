"""The script of a day in the made-up town: who says what under which post, and when.

A folder holds ``posts.yaml``, ``accounts.yaml`` and ``comments.yaml``; ``Script.load`` refuses what it doesn't know and
names file and line. ``Script.from_jsonl`` makes a day of any file of comments, one JSON object to a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

PAGE = "page"
"""The account key under which the town itself comments and posts."""

ATTACHMENT_KINDS = ("photo", "video", "sticker", "animation", "link")
OPENING, CLOSING = 7 * 60, 20 * 60
"""A file of bare comments is spread over these minutes of the day."""
COMMENTS_PER_POST, MOST_POSTS = 200, 25


class ScriptError(Exception):
    """A script that can't be played. The sentence names the file, the line and what would be right."""


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
    """A comment with all that happens to it. ``expect`` is passed on to whoever plays the day, unread."""

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
        accounts = {key: _account(key, row) for key, row in _named_rows(folder / "accounts.yaml")}
        posts = tuple(_post(row) for row in _rows(folder / "posts.yaml"))
        comments = tuple(_comment(row) for row in _rows(folder / "comments.yaml"))
        script = cls(accounts, posts, comments)
        _check_references(script, folder)
        return script

    @classmethod
    def from_jsonl(cls, path: Path, *, posts: int | None = None) -> Script:
        """Make a day of a file of ``{"text", "author"?, "lang"?}`` lines, spread over ``posts`` posts.

        A line that can't be read is skipped and named in ``skipped``. Raises ``ScriptError`` when no line can be used.
        """
        spoken, skipped = _read_lines(path)
        if not spoken:
            raise ScriptError(f'{path.name} has no usable line; write one JSON object a line: {{"text": "..."}}.')
        return _spread(spoken, posts or _post_count(len(spoken)), path.stem, tuple(skipped))


def minute_of(clock: str) -> int:
    """Minutes since midnight of ``"07:12"``. Raises ``ValueError``."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", clock)
    if not match:
        raise ValueError(f'"{clock}" is not a time of day such as "07:12"')
    return int(match[1]) * 60 + int(match[2])


@dataclass(frozen=True)
class _Row:
    """One mapping of a YAML file, with the place that an error has to name."""

    values: Mapping[str, Any]
    file: str
    line: int

    def error(self, what: str) -> ScriptError:
        return ScriptError(f"{self.file}, line {self.line}: {what}")

    def only(self, *known: str) -> None:
        for key in self.values:
            if key not in known:
                raise self.error(f'unknown key "{key}"; known are {", ".join(known)}.')

    def text(self, key: str) -> str:
        value = self.values.get(key)
        if not isinstance(value, str) or (not value and key != "text"):
            raise self.error(f'"{key}" must be a text in quotes.')
        return value

    def text_or_none(self, key: str) -> str | None:
        return None if self.values.get(key) is None else self.text(key)

    def minute(self, key: str) -> int:
        try:
            return minute_of(self.text(key))
        except ValueError as error:
            raise self.error(f'"{key}": {error}.') from error

    def minute_or_none(self, key: str) -> int | None:
        return None if self.values.get(key) is None else self.minute(key)

    def inner(self, key: str) -> _Row | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.error(f'"{key}" must be a mapping.')
        return _Row(value, self.file, self.line)


def _account(key: str, row: _Row) -> Account:
    row.only("name", "id", "anonymous")
    anonymous = row.values.get("anonymous", False)
    if not isinstance(anonymous, bool):
        raise row.error('"anonymous" must be true or false.')
    return Account(key, row.text("name"), row.text_or_none("id"), anonymous)


def _post(row: _Row) -> ScriptedPost:
    row.only("id", "text", "at", "by")
    day, minute = _day_and_minute(row)
    return ScriptedPost(row.text("id"), row.text("text"), day, minute, row.text_or_none("by") or PAGE)


def _day_and_minute(row: _Row) -> tuple[int, int]:
    day, _, clock = row.text("at").rpartition(" ")
    if day and not re.fullmatch(r"-\d+d", day):
        raise row.error('"at" must be a time such as "07:30", or days before it such as "-2d 15:00".')
    try:
        return int(day[:-1] or 0) if day else 0, minute_of(clock)
    except ValueError as error:
        raise row.error(f'"at": {error}.') from error


def _comment(row: _Row) -> ScriptedComment:
    row.only("id", "at", "post", "by", "text", "lang", "reply_to", "edit", "deleted_at", "attachment", "expect")
    return ScriptedComment(
        id=row.text("id"),
        minute=row.minute("at"),
        post=row.text("post"),
        by=row.text("by"),
        text=row.text("text"),
        lang=row.text_or_none("lang"),
        reply_to=row.text_or_none("reply_to"),
        edit=_edit(row.inner("edit")),
        deleted_minute=row.minute_or_none("deleted_at"),
        attachment=_attachment(row.inner("attachment")),
        expect=dict(row.values.get("expect") or {}),
    )


def _edit(row: _Row | None) -> Edit | None:
    if row is None:
        return None
    row.only("at", "text")
    return Edit(row.minute("at"), row.text("text"))


def _attachment(row: _Row | None) -> Attachment | None:
    if row is None:
        return None
    row.only("kind", "title", "url")
    kind = row.text("kind")
    if kind not in ATTACHMENT_KINDS:
        raise row.error(f'attachment kind "{kind}" is unknown; known are {", ".join(ATTACHMENT_KINDS)}.')
    return Attachment(kind, row.text_or_none("title"), row.text_or_none("url"))


def _rows(path: Path) -> list[_Row]:
    listed = _read_yaml(path)
    if not isinstance(listed, Sequence) or isinstance(listed, str):
        raise ScriptError(f"{path.name}, line 1: must be a list.")
    rows = []
    for index, values in enumerate(listed):
        row = _Row(values, path.name, listed.lc.item(index)[0] + 1)  # type: ignore[attr-defined]
        if not isinstance(values, Mapping):
            raise row.error("must be a mapping.")
        rows.append(row)
    return rows


def _named_rows(path: Path) -> list[tuple[str, _Row]]:
    named = _read_yaml(path)
    if not isinstance(named, Mapping):
        raise ScriptError(f"{path.name}, line 1: must be a mapping of account keys.")
    rows = []
    for key, values in named.items():
        row = _Row(values, path.name, named.lc.key(key)[0] + 1)  # type: ignore[attr-defined]
        if not isinstance(values, Mapping):
            raise row.error(f'account "{key}" must be a mapping.')
        rows.append((str(key), row))
    return rows


def _read_yaml(path: Path) -> object:
    try:
        return YAML(typ="rt").load(path.read_text("utf-8"))
    except OSError as error:
        raise ScriptError(f"{path} can't be read; the script needs it.") from error
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScriptError(f"{path.name}, line {line}: not valid YAML, {error.problem}.") from error


def _check_references(script: Script, folder: Path) -> None:
    _refuse_doubles((p.id for p in script.posts), folder / "posts.yaml")
    _refuse_doubles((c.id for c in script.comments), folder / "comments.yaml")
    posts, earlier = {p.id for p in script.posts}, dict[str, ScriptedComment]()
    for comment in script.comments:
        if problem := _problem(comment, script.accounts, posts, earlier):
            raise ScriptError(f'comments.yaml, comment "{comment.id}": {problem}')
        earlier[comment.id] = comment
    for post in script.posts:
        if post.by != PAGE and post.by not in script.accounts:
            raise ScriptError(f'posts.yaml, post "{post.id}": account "{post.by}" is not in accounts.yaml.')


def _problem(
    comment: ScriptedComment, accounts: Mapping[str, Account], posts: set[str], earlier: Mapping[str, ScriptedComment]
) -> str | None:
    if comment.post not in posts:
        return f'post "{comment.post}" is not in posts.yaml.'
    if comment.by != PAGE and comment.by not in accounts:
        return f'account "{comment.by}" is not in accounts.yaml.'
    if comment.reply_to is None:
        return None
    parent = earlier.get(comment.reply_to)
    if parent is None:
        return f'it replies to "{comment.reply_to}", which does not stand above it.'
    if parent.post != comment.post:
        return f'it replies to "{comment.reply_to}", which is under another post.'
    return None


def _refuse_doubles(ids: Iterable[str], path: Path) -> None:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            raise ScriptError(f'{path.name}: the id "{one}" is used twice.')
        seen.add(one)


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
            spoken.append(row)
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
    names = dict.fromkeys(row.get("author") or "Resident" for row in spoken)
    accounts = {f"a{n}": Account(f"a{n}", name) for n, name in enumerate(names, start=1)}
    keys = {account.name: account.key for account in accounts.values()}
    posts = tuple(
        ScriptedPost(f"p{n}", f"{title} ({n} of {post_count})", day=-1, minute=9 * 60)
        for n in range(1, post_count + 1)
    )
    comments = tuple(
        ScriptedComment(
            id=f"c{n + 1}",
            minute=OPENING + n * (CLOSING - OPENING) // len(spoken),
            post=posts[n % post_count].id,
            by=keys[row.get("author") or "Resident"],
            text=row["text"],
            lang=row.get("lang"),
        )
        for n, row in enumerate(spoken)
    )
    return Script(accounts, posts, comments, skipped)
