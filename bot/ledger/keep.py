"""Keep what a poll brought: every post, comment and revision, with its verdict, its orders and the cursor, at once."""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, select

from bot.ledger import overruled
from bot.ledger.tables import (
    Case,
    CaseStatus,
    CommentRow,
    GapRow,
    PageRow,
    PostRevision,
    PostRow,
    Revision,
    Sighting,
)
from bot.ledger.verdicts import as_json, without_words
from bot.moderation.verdict import Outcome, Verdict
from connectors.contract import Attachment, Author, Batch, Comment, CommentRef, Gap, Post, Visibility

T = TypeVar("T")
_CHUNK = 400
_GONE = {
    Visibility.MISSING_UNKNOWN,
    Visibility.DELETED_BY_CITY,
    Visibility.DELETED_BY_AUTHOR,
    Visibility.REMOVED_BY_PLATFORM,
}


@dataclass(frozen=True, slots=True)
class Kept:
    """What one batch added. ``cases`` are the ids of the cases that it opened."""

    new_comments: int
    new_revisions: int
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A comment with its verdict and the fingerprint of its text. ``digest``: of its words, where they are withheld."""

    comment: Comment
    verdict: Verdict
    fingerprint: str
    digest: str | None = None

    @property
    def revision(self) -> str:
        """The digest of what a reader saw."""
        return self.digest or self.comment.revision


def case_id(ref: CommentRef, revision: str) -> str:
    """The key of a case: the same comment and revision give the same id, for ever. 60 bits, readable aloud."""
    digest = hashlib.sha256(f"{ref}:{revision}".encode("utf-8", "surrogatepass")).digest()
    return f"{ref.platform[:2]}-{base64.b32encode(digest)[:12].decode().lower()}"


def unknown(session: Session, comments: Sequence[Comment]) -> list[Comment]:
    """Those comments whose revision the ledger does not have yet, each once: only these need judging."""
    known = _known_revisions(session, comments)
    new = {(str(comment.ref), comment.revision): comment for comment in comments}
    return [comment for key, comment in new.items() if key not in known]


def copies(session: Session, page: str, items: Iterable[tuple[Comment, str]], window: timedelta) -> dict[str, int]:
    """How many earlier comments of the same account carry the same fingerprint, by ``str(ref)``.

    Counts kept ones inside ``window`` before each comment and those that stand earlier in ``items``.
    """
    found: dict[str, int] = {}
    ordered = sorted(items, key=lambda item: item[0].posted_at)
    before = _kept_copies(session, page, ordered, window)
    inside: Counter[tuple[str, str]] = Counter()
    for comment, fingerprint in ordered:
        author = comment.author.author_id
        if not fingerprint or author is None:
            continue
        key = (author, fingerprint)
        found[str(comment.ref)] = before[key] + inside[key]
        inside[key] += 1
    return found


def keep(
    session: Session,
    page: str,
    batch: Batch,
    judged: Sequence[Judged],
    order: Callable[[Session, str], None],
    now: datetime,
    withheld: str | None = None,
    tell: Callable[[Session, str], None] = lambda *_: None,
    shown: Collection[CommentRef] = (),
) -> Kept:
    """Store one batch in the caller's transaction and place an order for each case that it opens.

    A revision that is known already changes nothing but visibility, so a batch may come twice. ``withheld``: the
    platform's terms allow ids, times and digests only, so nothing else is stored; a case waits for a person at once,
    with this sentence. ``tell`` gets the cases whose comment somebody showed again on the platform; ``shown``
    are those of which a reading made sure.
    """
    for post in batch.posts:
        _keep_post(session, page, post if withheld is None else replace(post, text="", raw={}), post.revision, now)
    if withheld is not None:
        judged = [_bare(item) for item in judged]
    rows = _comment_rows(session, [item.comment for item in judged] + list(batch.comments))
    fresh = _keep_new_comments(session, page, judged, rows, now)
    opened = []
    for item, revision in _keep_revisions(session, judged, rows, now):
        if _opens_case(item):
            opened.append(_open_case(session, page, item, _id(revision.id), now, withheld))
    session.flush()
    opened += _reopened(session, batch.comments, rows)
    for case in opened:
        order(session, case)
    for case in _note_visibility(session, batch.comments, rows, shown, now):
        tell(session, case)
    _note_missing(session, page, batch, now)
    _note_gaps(session, page, batch.gaps, now)
    if batch.cursor:
        _move_cursor(session, page, batch.cursor)
    session.flush()
    return Kept(new_comments=fresh, new_revisions=len(judged), cases=tuple(opened))


def see(session: Session, comment: CommentRow, visibility: Visibility, by: str, now: datetime) -> None:
    """Note that a comment's visibility changed. The same visibility again is no news."""
    if comment.visibility == visibility:
        return
    comment.visibility = visibility
    session.add(comment)
    session.add(Sighting(comment=_id(comment.id), visibility=visibility, at=now, by=by))


def _bare(item: Judged) -> Judged:
    """Ids, times and digests of what was judged. The digest of the words is taken before they go."""
    author = Author(item.comment.author.author_id, unavailable_reason=item.comment.author.unavailable_reason)
    bare = replace(item.comment, text="", attachments=(), raw={}, author=author)
    return Judged(bare, without_words(item.verdict), item.fingerprint, item.revision)


def _keep_post(session: Session, page: str, post: Post, digest: str, now: datetime) -> PostRow:
    row = session.exec(select(PostRow).where(PostRow.page == page, PostRow.post_id == post.post_id)).first()
    if row is None:
        row = PostRow(
            page=page,
            post_id=post.post_id,
            posted_at=post.posted_at,
            permalink=post.permalink,
            by_page=post.by_page,
            first_seen_at=now,
        )
    row.comment_count = post.comment_count
    session.add(row)
    session.flush()
    known = select(PostRevision.id).where(PostRevision.post == row.id, PostRevision.digest == digest)
    if session.exec(known).first() is None:
        session.add(PostRevision(post=_id(row.id), digest=digest, text=post.text, raw=dict(post.raw), seen_at=now))
    return row


def _keep_new_comments(
    session: Session, page: str, judged: Sequence[Judged], rows: dict[str, CommentRow], now: datetime
) -> int:
    """Rows for comments never seen before, all in one insert; ``rows`` then has every one."""
    new = {str(item.comment.ref): item.comment for item in judged if str(item.comment.ref) not in rows}
    made = {ref: _new_comment(page, comment, now) for ref, comment in new.items()}
    session.add_all(made.values())
    session.flush()
    for ref, row in made.items():
        session.add(Sighting(comment=_id(row.id), visibility=new[ref].visibility, at=now, by="poll"))
    rows.update(made)
    return len(made)


def _keep_revisions(
    session: Session, judged: Sequence[Judged], rows: Mapping[str, CommentRow], now: datetime
) -> list[tuple[Judged, Revision]]:
    """The new revisions, all in one insert."""
    made = []
    for item in judged:
        row = rows[str(item.comment.ref)]
        row.says = item.revision
        session.add(row)
        made.append((item, _new_revision(_id(row.id), item, now)))
    session.add_all(revision for _, revision in made)
    session.flush()
    return made


def _new_revision(comment: int, item: Judged, now: datetime) -> Revision:
    return Revision(
        comment=comment,
        digest=item.revision,
        text=item.comment.text,
        attachments=[_attachment(each) for each in item.comment.attachments],
        edited_at=item.comment.edited_at,
        seen_at=now,
        fingerprint=item.fingerprint,
        raw=dict(item.comment.raw),
        outcome=item.verdict.outcome,
        verdict=as_json(item.verdict),
    )


def _opens_case(item: Judged) -> bool:
    return item.verdict.outcome is not Outcome.CLEAR and item.comment.visibility is Visibility.VISIBLE


def _reopened(session: Session, comments: Sequence[Comment], rows: Mapping[str, CommentRow]) -> list[str]:
    """Edited away and back again: the words of a superseded case stand once more, so its case goes on."""
    again = []
    for comment in comments:
        row = rows.get(str(comment.ref))
        if row is None or row.says == comment.revision:
            continue
        row.says = comment.revision
        session.add(row)
        case = session.get(Case, case_id(comment.ref, comment.revision))
        if case is not None and case.status == CaseStatus.SUPERSEDED:
            case.status, case.closed_at = CaseStatus.OPENED, None
            session.add(case)
            again.append(case.case_id)
    return again


def _open_case(session: Session, page: str, item: Judged, revision: int, now: datetime, withheld: str | None) -> str:
    key = case_id(item.comment.ref, item.revision)
    session.add(
        Case(
            case_id=key,
            page=page,
            revision=revision,
            status=CaseStatus.OPENED if withheld is None else CaseStatus.WAITING,
            because=withheld or "",
            outcome=item.verdict.outcome,
            urgent=any(finding.urgent for finding in item.verdict.findings),
            opened_at=now,
        )
    )
    return key


def _new_comment(page: str, comment: Comment, now: datetime) -> CommentRow:
    return CommentRow(
        page=page,
        platform=comment.ref.platform,
        page_id=comment.ref.page_id,
        comment_id=comment.ref.comment_id,
        post_id=comment.post_id,
        parent_id=comment.parent_id,
        author_id=comment.author.author_id,
        author_name=comment.author.display_name,
        author_handle=comment.author.handle,
        author_unavailable=comment.author.unavailable_reason,
        by_page=comment.by_page,
        posted_at=comment.posted_at,
        permalink=comment.permalink,
        visibility=comment.visibility,
        first_seen_at=now,
    )


def _note_visibility(
    session: Session,
    comments: Sequence[Comment],
    rows: Mapping[str, CommentRow],
    shown: Collection[CommentRef],
    now: datetime,
) -> list[str]:
    """The cases that somebody on the platform overruled."""
    restored = []
    for comment in comments:
        row = rows.get(str(comment.ref))
        if row is None:
            continue
        if row.visibility == Visibility.HIDDEN_BY_CITY and comment.visibility is Visibility.VISIBLE:
            if comment.ref not in shown:
                # The list was read before our act was recorded, perhaps a moment ago: it knows less than we do.
                continue
            restored += overruled.respect(session, row, now)
        see(session, row, comment.visibility, "poll", now)
    return restored


def _note_missing(session: Session, page: str, batch: Batch, now: datetime) -> None:
    """A known comment that a complete sweep did not bring is missing. Why, nobody told us (FOI-17)."""
    if not batch.last or batch.complete_since is None:
        return
    expected = select(CommentRow).where(
        CommentRow.page == page,
        CommentRow.posted_at >= batch.complete_since,
        CommentRow.first_seen_at < now,
        col(CommentRow.visibility).not_in(_GONE),
    )
    parts = [col(CommentRow.post_id).in_(posts) for posts in _chunks(sorted(batch.complete_posts))]
    for where in [sa.true()] if batch.every_post else parts:
        for row in session.exec(expected.where(where)).all():
            if row.comment_id not in batch.seen:
                see(session, row, Visibility.MISSING_UNKNOWN, "poll", now)


def _note_gaps(session: Session, page: str, gaps: Sequence[Gap], now: datetime) -> None:
    for gap in gaps:
        session.add(
            GapRow(page=page, reason=gap.reason, post_id=gap.post_id, since=gap.since, until=gap.until, noted_at=now)
        )


def _move_cursor(session: Session, page: str, cursor: str) -> None:
    # The cursor is saved with the comments, not after: a crash between the two would lose one.
    row = session.get_one(PageRow, page)
    row.cursor = cursor
    session.add(row)


def _known_revisions(session: Session, comments: Sequence[Comment]) -> set[tuple[str, str]]:
    known: set[tuple[str, str]] = set()
    for chunk in _chunks(comments):
        query = (
            select(CommentRow.platform, CommentRow.page_id, CommentRow.comment_id, Revision.digest)
            .join(Revision, col(Revision.comment) == col(CommentRow.id))
            .where(col(CommentRow.comment_id).in_([comment.ref.comment_id for comment in chunk]))
        )
        known |= {
            (str(CommentRef(platform, page_id, comment_id)), digest)
            for platform, page_id, comment_id, digest in session.exec(query).all()
        }
    return known


def _comment_rows(session: Session, comments: Sequence[Comment]) -> dict[str, CommentRow]:
    rows: dict[str, CommentRow] = {}
    for chunk in _chunks(comments):
        ids = [comment.ref.comment_id for comment in chunk]
        for row in session.exec(select(CommentRow).where(col(CommentRow.comment_id).in_(ids))).all():
            rows[str(CommentRef(row.platform, row.page_id, row.comment_id))] = row
    return rows


def _kept_copies(
    session: Session, page: str, items: Sequence[tuple[Comment, str]], window: timedelta
) -> Counter[tuple[str, str]]:
    counts: Counter[tuple[str, str]] = Counter()
    if not items:
        return counts
    since = items[0][0].posted_at - window
    for prints in _chunks(sorted({fingerprint for _, fingerprint in items if fingerprint})):
        query = (
            select(CommentRow.author_id, Revision.fingerprint)
            .join(Revision, col(Revision.comment) == col(CommentRow.id))
            .where(
                CommentRow.page == page,
                CommentRow.posted_at >= since,
                col(Revision.fingerprint).in_(prints),
                col(CommentRow.author_id).is_not(None),
            )
        )
        counts.update((author or "", fingerprint) for author, fingerprint in session.exec(query).all())
    return counts


def _attachment(attachment: Attachment) -> dict[str, str | None]:
    known = {"kind": attachment.kind, "url": attachment.url, "title": attachment.title}
    return {**known, "preview": attachment.preview} if attachment.preview else known


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[at : at + _CHUNK] for at in range(0, len(items), _CHUNK))


def _id(found: int | None) -> int:
    assert found is not None, "a row has its id once it is flushed"
    return found
