"""Cases: what is known of one, and how it moves from status to status."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlmodel import Session, col, func, select, update

from bot.errors import NotAllowed
from bot.ledger.tables import (
    Act,
    AlertRow,
    Case,
    CaseStatus,
    CommentReport,
    CommentRow,
    Decision,
    Evidence,
    PostRevision,
    PostRow,
    Revision,
    Strike,
)
from bot.ledger.verdicts import of_case
from bot.moderation.verdict import Span, Verdict
from connectors.contract import Attachment, Author, Comment, CommentRef, Post, Visibility

FINAL = frozenset(
    {
        CaseStatus.KEPT,
        CaseStatus.RESTORED,
        CaseStatus.REMOVED,
        CaseStatus.GONE,
        CaseStatus.SUPERSEDED,
        CaseStatus.BY_HAND,
    }
)
NOT_QUOTED = frozenset({"pii", "sexual", "abuse"})
"""What a list never quotes."""
SETTLING = ("keep", "hide", "restore", "remove", "approve", "by_hand")
"""The verbs that say what becomes of a comment. After one of them nothing acts on it by rule any more."""

OPEN_FOR_PEOPLE = (CaseStatus.WAITING, CaseStatus.PAUSED, CaseStatus.QUARANTINED)


@dataclass(frozen=True, slots=True)
class File:
    """Everything that the ledger holds of one case."""

    case: Case
    comment: CommentRow
    revision: Revision
    verdict: Verdict
    post: PostRow | None
    post_text: str
    post_raw: object
    evidence: Evidence | None
    acts: tuple[Act, ...]
    decisions: tuple[Decision, ...]
    strike: Strike | None
    alert: AlertRow | None
    parent: tuple[CommentRow, Revision] | None = None
    report: CommentReport | None = None

    @property
    def settling(self) -> tuple[Decision, ...]:
        """The decisions that say what becomes of the comment; not those that only pass it on or doubt the rule."""
        return tuple(each for each in self.decisions if each.verb in SETTLING)

    @property
    def stand(self) -> str:
        """How the case stands, to be compared with how it stood when a person saw it."""
        return f"{self.case.status}.{len(self.settling)}"

    @property
    def ref(self) -> CommentRef:
        """Where the comment stands on its platform."""
        return CommentRef(self.comment.platform, self.comment.page_id, self.comment.comment_id)

    def as_comment(self) -> Comment:
        """The judged revision as the connector delivered it."""
        return _comment(self.comment, self.revision)

    def as_parent(self) -> Comment | None:
        """The comment that this one answers, as last seen; ``None`` where it answers none, or one never seen."""
        return None if self.parent is None else _comment(*self.parent)

    def as_post(self) -> Post | None:
        """The post that the comment answers, as last seen."""
        if self.post is None:
            return None
        return Post(
            platform=self.comment.platform,
            page_id=self.comment.page_id,
            post_id=self.post.post_id,
            text=self.post_text,
            posted_at=self.post.posted_at,
            permalink=self.post.permalink,
            comment_count=self.post.comment_count,
            by_page=self.post.by_page,
            raw=self.post_raw if isinstance(self.post_raw, dict) else {},
        )


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of ``beadle cases``."""

    case_id: str
    page: str
    status: str
    clauses: tuple[str, ...]
    urgent: bool
    opened_at: datetime
    author: str | None
    text: str
    because: str
    spans: tuple[Span, ...] = ()
    may_be_quoted: bool = True


def exists(session: Session, case_id: str) -> bool:
    """Whether there is such a case."""
    return session.get(Case, case_id) is not None


def of_comment(session: Session, ref: CommentRef) -> str | None:
    """The id of the newest case of a comment; ``None`` when it has none."""
    query = (
        select(Case.case_id)
        .join(Revision, col(Case.revision) == col(Revision.id))
        .join(CommentRow, col(Revision.comment) == col(CommentRow.id))
        .where(
            CommentRow.platform == ref.platform,
            CommentRow.page_id == ref.page_id,
            CommentRow.comment_id == ref.comment_id,
        )
        .order_by(col(Case.opened_at).desc())
    )
    return session.exec(query).first()


def open_file(session: Session, case_id: str) -> File:
    """The whole file of a case. Raises ``NotAllowed`` with what to do when there is none."""
    case = session.get(Case, case_id)
    if case is None:
        raise NotAllowed(f'there is no case "{case_id}"; `beadle cases --all` lists those there are.')
    revision = session.get_one(Revision, case.revision)
    comment = session.get_one(CommentRow, revision.comment)
    post = session.exec(select(PostRow).where(PostRow.page == comment.page, PostRow.post_id == comment.post_id)).first()
    said = _post_revision(session, post)
    return File(
        case=case,
        comment=comment,
        revision=revision,
        verdict=of_case(case, revision),
        post=post,
        post_text=said.text if said else "",
        post_raw=said.raw if said else {},
        evidence=session.get(Evidence, case_id),
        acts=tuple(session.exec(select(Act).where(Act.case_id == case_id).order_by(col(Act.done_at))).all()),
        decisions=tuple(decisions(session, case_id)),
        strike=session.get(Strike, case_id),
        alert=session.get(AlertRow, case_id),
        report=session.get(CommentReport, case_id),
        parent=_parent(session, comment),
    )


def page_of(session: Session, case_id: str) -> str:
    """The slug of the page that a case is about."""
    return session.get_one(Case, case_id).page


def decisions(session: Session, case_id: str) -> Sequence[Decision]:
    """What people said of a case, oldest first."""
    return session.exec(select(Decision).where(Decision.case_id == case_id).order_by(col(Decision.id))).all()


def move(session: Session, case_id: str, status: CaseStatus, because: str, now: datetime) -> None:
    """Set where a case stands, and why. Closed statuses note when."""
    case = session.get_one(Case, case_id)
    case.status, case.because = status, because
    case.closed_at = now if status in FINAL else None
    session.add(case)


def mark_urgent(session: Session, case_id: str) -> None:
    """Put a case first in every list, whatever its rules say of urgency."""
    case = session.get_one(Case, case_id)
    case.urgent = True
    session.add(case)


def next_order(session: Session, case_id: str) -> int:
    """The number of the next order of a case, counted up in the caller's transaction."""
    # One statement, not a read and a write: on PostgreSQL two transactions would count up to the same number.
    counting = update(Case).where(col(Case.case_id) == case_id).values(orders=Case.orders + 1)
    counted = counting.returning(col(Case.orders))
    number: int = session.exec(counted).one()[0]
    return number


def decided_by_person(session: Session, case_id: str) -> bool:
    """Whether a person has spoken: then nothing acts by rule on this revision any more."""
    said = select(Decision.id).where(Decision.case_id == case_id, col(Decision.verb).in_(SETTLING))
    return session.exec(said).first() is not None


def hold(session: Session, case_id: str) -> None:
    """Let nobody else decide this case until the caller's transaction ends. SQLite has one writer anyway."""
    session.exec(select(Case.case_id).where(Case.case_id == case_id).with_for_update()).first()


def by_press(session: Session, press: str) -> Decision | None:
    """The decision that this press recorded, if it did."""
    return session.exec(select(Decision).where(Decision.press == press)).first() if press else None


def listed(
    session: Session,
    *,
    statuses: Sequence[str] = (),
    page: str | None = None,
    limit: int | None = None,
    contested: bool = False,
    closed: Callable[[str], bool] = lambda case_id: False,
    pages: Collection[str] | None = None,
    offset: int = 0,
) -> list[Listed]:
    """Cases for a list, urgent and oldest first. ``closed`` says of a case that it is restricted: not to be quoted."""
    query = (
        select(Case, Revision, CommentRow)
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .order_by(col(Case.urgent).desc(), col(Case.opened_at))
    )
    if statuses:
        query = query.where(col(Case.status).in_(list(statuses)))
    if page:
        query = query.where(Case.page == page)
    if pages is not None:
        query = query.where(col(Case.page).in_(sorted(pages)))
    if contested:
        query = query.where(col(Case.case_id).in_(select(Decision.case_id).where(Decision.verb == "contest")))
    if limit:
        query = query.limit(limit).offset(offset)
    found = [_line(case, revision, comment) for case, revision, comment in session.exec(query).all()]
    return [replace(each, may_be_quoted=False) if closed(each.case_id) else each for each in found]


def by_status(session: Session, status: CaseStatus, page: str | None = None) -> list[str]:
    """The ids of the cases that stand so, oldest first."""
    query = select(Case.case_id).where(Case.status == status).order_by(col(Case.opened_at))
    if page:
        query = query.where(Case.page == page)
    return list(session.exec(query).all())


def how_many(session: Session, statuses: Sequence[str], pages: Collection[str]) -> int:
    """How many cases of these pages stand so."""
    query = select(func.count()).select_from(Case).where(col(Case.status).in_(list(statuses)))
    return session.exec(query.where(col(Case.page).in_(sorted(pages)))).one()


def counts(session: Session) -> dict[str, int]:
    """How many cases stand where."""
    rows = session.exec(select(Case.status, func.count()).group_by(Case.status)).all()
    return {str(status): count for status, count in rows}


def sealed_packages_of_author(session: Session, platform: str, author_id: str | None, before: datetime) -> list[str]:
    """The package ids of earlier cases of the same account on the same platform."""
    if author_id is None:
        return []
    query = (
        select(Evidence.package_id)
        .join(Case, col(Case.case_id) == col(Evidence.case_id))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .where(
            CommentRow.platform == platform,
            CommentRow.author_id == author_id,
            Evidence.sealed_at < before,
        )
        .order_by(col(Evidence.sealed_at))
    )
    return list(session.exec(query).all())


def evidence_of_comment(session: Session, comment_id: str) -> list[Evidence]:
    """The sealed packages of every case of one comment, by the platform's id of it."""
    query = (
        select(Evidence)
        .join(Case, col(Case.case_id) == col(Evidence.case_id))
        .join(Revision, col(Revision.id) == col(Case.revision))
        .join(CommentRow, col(CommentRow.id) == col(Revision.comment))
        .where(CommentRow.comment_id == comment_id)
    )
    return list(session.exec(query).all())


def _comment(row: CommentRow, said: Revision) -> Comment:
    return Comment(
        ref=CommentRef(row.platform, row.page_id, row.comment_id),
        post_id=row.post_id,
        author=Author(row.author_id, row.author_name, row.author_handle, row.author_unavailable),
        text=said.text,
        posted_at=row.posted_at,
        parent_id=row.parent_id,
        edited_at=said.edited_at,
        permalink=row.permalink,
        attachments=tuple(Attachment(**each) for each in said.attachments or ()),
        visibility=Visibility(row.visibility),
        by_page=row.by_page,
        raw=said.raw or {},
    )


def _parent(session: Session, comment: CommentRow) -> tuple[CommentRow, Revision] | None:
    if comment.parent_id is None:
        return None
    query = (
        select(CommentRow, Revision)
        .join(Revision, (col(Revision.comment) == col(CommentRow.id)) & (col(Revision.digest) == col(CommentRow.says)))
        .where(
            CommentRow.platform == comment.platform,
            CommentRow.page_id == comment.page_id,
            CommentRow.comment_id == comment.parent_id,
        )
    )
    found = session.exec(query).first()
    return None if found is None else (found[0], found[1])


def _post_revision(session: Session, post: PostRow | None) -> PostRevision | None:
    if post is None:
        return None
    query = select(PostRevision).where(PostRevision.post == post.id).order_by(col(PostRevision.id).desc())
    return session.exec(query).first()


def _line(case: Case, revision: Revision, comment: CommentRow) -> Listed:
    verdict = of_case(case, revision)
    return Listed(
        case_id=case.case_id,
        page=case.page,
        status=case.status,
        clauses=verdict.clauses,
        urgent=case.urgent,
        opened_at=case.opened_at,
        author=comment.author_name,
        text=revision.text,
        because=case.because,
        spans=tuple(span for finding in verdict.findings for span in finding.spans),
        may_be_quoted=not {finding.category for finding in verdict.findings} & NOT_QUOTED,
    )
