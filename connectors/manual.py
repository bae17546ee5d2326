"""Whatever has no interface of its own: comments that people export or write down, imported from files.

Nextdoor, Snapchat, message boards, platforms' own data exports. ``options["inbox"]`` is the folder; each file in it is
read once, again when it changes, and never moved or deleted. docs/platforms/manual.md lists the columns.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors._calls import CallLedger
from connectors._findings import Findings
from connectors._manual.files import Refusal, Refused, content_of, tables_of
from connectors._manual.rows import PLATFORM as PLATFORM
from connectors._manual.rows import comments_in
from connectors._setup import Setup
from connectors._sweep import Sweep
from connectors._values import an_id
from connectors.connection import Connection
from connectors.contract import (
    ArchivePolicy,
    AuthFailed,
    Batch,
    Capabilities,
    Comment,
    CommentRef,
    Health,
    Reading,
    Unsupported,
)

MOST_FILES = 2000
# Half-written files and those that programs leave lying about.
SKIPPED = (".part", ".partial", ".crdownload", ".tmp", "~")

WITHOUT_LOGIN = 'Imported files need no token; write "none".'
NO_INBOX = "An imported page needs the option inbox: the folder that its files are put into."
NO_ZONE = "There is no time zone called {zone!r}; write one such as America/New_York."
NOT_A_FOLDER = "The inbox is no folder that Beadle can read; create it and let Beadle's account read it."
TOO_MANY = "The inbox holds more than {most} files; only the first were read, move old ones away."
ANOTHER_PAGE = "This comment belongs to another page than {page}; this connection can't speak for it."
FILE_IS_GONE = "No file in the inbox holds this comment any more; put the file back, or look at the comment itself."

CAPABILITIES = Capabilities(
    hide="none",
    hide_scope="none",
    delete="none",
    block="none",
    unblock=False,
    identity="what the imported file says, and no more",
    embed="none",
    effect="An imported file changes nothing on its platform: nothing happens by itself, every case goes to a person.",
    by_hand=(
        "Open the comment on the platform that its row names, as the city's account, and hide, delete or report it "
        "there as far as that platform lets an agency (Nextdoor: report only); write down what was done."
    ),
    archive=ArchivePolicy(
        keep="whole", terms="The terms of the platform that the export comes from; the city's records law."
    ),
    reads=("rows of CSV and JSON files, also in ZIP archives", "Facebook's own export of information, as JSON"),
    hidden_state="none",
    notice_why="An imported file is no way back to whoever wrote; a person writes on the platform itself.",
    poll_every=timedelta(minutes=5),
    least_poll=timedelta(seconds=5),
    pictures=False,
)


@dataclass(frozen=True, slots=True)
class Import:
    """What a file brought: its comments, and a sentence for each row or part that was refused."""

    comments: tuple[Comment, ...]
    refused: tuple[Refusal, ...]


def connect(setup: Setup) -> Connection:
    """One inbox. Errors: ``AuthFailed`` for a token, ``ValueError`` for a missing inbox or an unknown zone."""
    if setup.token.strip().lower() != "none":
        raise AuthFailed(WITHOUT_LOGIN)
    if not setup.options.get("inbox"):
        raise ValueError(NO_INBOX)
    return Connection(Inbox(setup), None, None, None, CallLedger(PLATFORM), lambda: None)


def read_file(path: Path, *, page_id: str = "import", timezone: str | None = None) -> Import:
    """The comments of one file. Nothing raises but a zone that does not exist (``ValueError``): refusals are told."""
    zone = _zone(timezone)
    try:
        return _read(path.name, content_of(path), page_id, zone)
    except Refused as error:
        return Import((), (Refusal(path.name, None, str(error)),))


class Inbox:
    """Reads the files of one folder."""

    platform = PLATFORM
    capabilities = CAPABILITIES

    def __init__(self, setup: Setup) -> None:
        self._setup, self._page_id = setup, setup.page_id
        self._folder = Path(setup.options["inbox"])
        self._zone = _zone(setup.options.get("timezone"))

    def poll(self, cursor: str | None) -> Iterator[Batch]:
        """The files that were not read yet, by name. What is refused is a gap, and the file stays."""
        sweep = Sweep(cursor, now=self._setup.clock(), first_visit=self._setup.lookback)
        known = {str(each) for each in sweep.state.get("read") or () if isinstance(each, str)}
        present = set()
        for path in self._files(sweep):
            told = self._digested(path)
            digest = told[0]
            present.add(digest)
            if digest in known:
                continue
            self._take(sweep, path, told[1])
            if sweep.is_full:
                yield sweep.batch()
        # Files that went are forgotten, or the cursor would grow with the years.
        sweep.state["read"] = sorted(present)
        yield sweep.last_batch()

    def read(self, ref: CommentRef) -> Reading:
        """One comment as the newest file that holds it says it."""
        if (ref.platform, ref.page_id) != (PLATFORM, self._page_id):
            raise Unsupported(ANOTHER_PAGE.format(page=self._page_id))
        own = an_id(ref.comment_id, PLATFORM)
        for path in sorted(self._files(None), key=_changed_at, reverse=True):
            imported = read_file(path, page_id=self._page_id, timezone=self._setup.options.get("timezone"))
            found = next((each for each in imported.comments if each.ref.comment_id == own), None)
            if found is not None:
                return Reading(found, None, ())
        raise Unsupported(FILE_IS_GONE)

    def check(self) -> Health:
        """Whether the folder is there and can be read."""
        findings = Findings(PLATFORM, self._setup.clock())
        try:
            next(self._folder.iterdir(), None)
        except OSError:
            findings.fatal.append(NOT_A_FOLDER)
        return findings.health()

    def _files(self, sweep: Sweep | None) -> list[Path]:
        try:
            paths = sorted(path for path in self._folder.iterdir() if _is_offered(path))
        except OSError:
            if sweep is not None:
                sweep.hole(NOT_A_FOLDER)
            return []
        if sweep is not None and len(paths) > MOST_FILES:
            sweep.hole(TOO_MANY.format(most=MOST_FILES))
        return paths[:MOST_FILES]

    def _digested(self, path: Path) -> tuple[str, bytes | Refused]:
        """A file's digest, with its content or the reason why it can't be had."""
        try:
            content = content_of(path)
        except Refused as error:
            return hashlib.sha256(f"{path.name}: {error}".encode()).hexdigest()[:16], error
        return hashlib.sha256(path.name.encode() + b"\0" + content).hexdigest()[:16], content

    def _take(self, sweep: Sweep, path: Path, content: bytes | Refused) -> None:
        try:
            if isinstance(content, Refused):
                raise content
            imported = _read(path.name, content, self._page_id, self._zone)
        except Refused as error:
            imported = Import((), (Refusal(path.name, None, str(error)),))
        for refusal in imported.refused:
            sweep.unreadable(refusal.sentence)
        for comment in imported.comments:
            sweep.take(comment)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._page_id!r})"


def _read(name: str, content: bytes, page_id: str, zone: ZoneInfo | None) -> Import:
    comments: list[Comment] = []
    refused: list[Refusal] = []
    for table in tables_of(name, content):
        if isinstance(table, Refusal):
            refused.append(table)
            continue
        for each in comments_in(table, page_id, zone):
            if isinstance(each, Comment):
                comments.append(each)
            else:
                refused.append(each)
    return Import(tuple(comments), tuple(refused))


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(NO_ZONE.format(zone=str(name)[:60])) from error


def _is_offered(path: Path) -> bool:
    hidden = path.name.startswith(".") or path.name.lower().endswith(SKIPPED)
    return not hidden and (path.is_symlink() or path.is_file())


def _changed_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0
