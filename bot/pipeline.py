"""The route of one comment. Read this file first.

    poll → judge → keep (with the cursor, in one transaction)
         → preserve: read again, media, picture or card, seal, verify
         → act:      prove the seal, ask permission, read again, hide, read back
         → tell
         → look:     a minute after an act, at the public page (``bot.looking``); holds nothing up

A stage takes an id, does its work and returns an outcome of plain JSON values: ids and reasons, never the text of a
comment. A stage may run twice; the second run finds the first one's work and adds nothing. Between the stages stand
the transactions (``record_*``), which place the next order in the same commit as the fact that it follows from: an act
without evidence can't even be asked for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa
import structlog
from sqlmodel import Session

from bot.acting import AWAY, LONGEST_RETRY_S, act_by_rule, backoff, is_moot, may_act, receipt_facts, refusal, take_leave
from bot.desk import Desk
from bot.errors import EvidenceError
from bot.evidence.capture import Capturer
from bot.evidence.dossier import Dossier
from bot.evidence.store import Archive
from bot.ledger import acts, cases, keep, leaves, overruled, switches, trust, watch
from bot.ledger.cases import File
from bot.ledger.keep import Judged, Kept
from bot.ledger.tables import Act, CaseStatus, Evidence, StrikeStatus
from bot.moderation.judge import Judge, fingerprint
from bot.moderation.verdict import Item, Measure, Outcome, PolicyRef, Verdict
from bot.notify.alerts import Alert
from bot.opinion.second import SecondOpinions
from bot.orders import LOOK_AFTER_S, Orders, Workflow, after_act
from bot.outcomes import Acted, Sealed, Told, acted, not_sealed
from bot.preserving import Embedded, Media, Preserving, no_media, not_embedded
from bot.tell.by_mail import ByMail
from bot.tell.gather import Gathers
from bot.tell.many import Summing
from bot.tell.stage import Notifier, Telling
from bot.tell.wishes import Wishes
from connectors.contract import (
    Action,
    Batch,
    Comment,
    CommentRef,
    ConnectorError,
    Reading,
    Receipt,
    Visibility,
)

log = structlog.get_logger(__name__)

REPEATS_WITHIN = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Route:
    """The stages of the route, with what each needs. Built once, by ``bot.app``."""

    desks: Mapping[str, Desk]
    reading: sa.Engine
    writing: sa.Engine
    archive: Archive
    capturer: Capturer
    notifier: Notifier | None
    orders: Orders
    dossier: Callable[[Desk, File, Reading | None, Sequence[str], Sequence[str]], Dossier]
    alert: Callable[[Desk, File, Session], Alert]
    picture: Callable[[File], bytes | None]
    unfit: Callable[[str], str | None]
    clock: Callable[[], datetime]
    opinions: SecondOpinions | None = None
    media: Media = no_media
    embedded: Embedded = not_embedded
    look_after_s: float = LOOK_AFTER_S
    wishes: Wishes = field(default_factory=Wishes)

    # ── poll, judge, keep ────────────────────────────────────────────────────────────────────────────────────────

    def ingest(self, desk: Desk) -> Iterator[Kept]:
        """Poll a page to the end; judge and keep batch by batch. Raises what the connector raises."""
        with Session(self.reading) as session:
            cursor = watch.cursor(session, desk.page.slug)
        for batch in desk.connector.poll(cursor):
            yield self.keep(desk, batch)

    def keep(self, desk: Desk, batch: Batch) -> Kept:
        """Judge what is new in a batch and store all of it, with its orders and the cursor, in one transaction."""
        shown = self._shown_again(desk, batch)
        with Session(self.reading) as session:
            new = keep.unknown(session, batch.comments)
            judged = self._judge(session, desk, new, {post.post_id: post.text for post in batch.posts})
        if self.opinions is not None and desk.withheld is None:
            # Between the transactions: a server elsewhere may take its time.
            judged = self.opinions.on(judged, desk.judge_at)
        with Session(self.writing) as session, session.begin():
            fresh = {str(comment.ref) + comment.revision for comment in keep.unknown(session, new)}
            still = [item for item in judged if str(item.comment.ref) + item.comment.revision in fresh]
            order = self._order_preserve if desk.withheld is None else self._order_tell
            tell = self._order_tell
            return keep.keep(session, desk.page.slug, batch, still, order, self.clock(), desk.withheld, tell, shown)

    def _shown_again(self, desk: Desk, batch: Batch) -> frozenset[CommentRef]:
        """What we hid and a list calls visible is read alone before anybody is taken to have shown it again.

        A list may be older than the act, and some platforms tell of no comment that it is hidden. In doubt it is
        hidden: nothing is concluded.
        """
        with Session(self.reading) as session:
            hidden = overruled.hidden_among(session, batch.comments)
        return frozenset(ref for ref in hidden if self._is_shown(desk, ref))

    def _is_shown(self, desk: Desk, ref: CommentRef) -> bool:
        if desk.connector.capabilities.hidden_state != "told":
            return False
        try:
            stands = desk.connector.read(ref).comment
        except ConnectorError:
            return False
        return stands is not None and stands.visibility is Visibility.VISIBLE

    def _judge(
        self, session: Session, desk: Desk, comments: Sequence[Comment], posts: Mapping[str, str]
    ) -> list[Judged]:
        prints = [(comment, fingerprint(comment.text)) for comment in comments]
        copies = keep.copies(session, desk.page.slug, prints, REPEATS_WITHIN)
        groups: dict[Judge | None, list[tuple[Comment, str]]] = defaultdict(list)
        for comment, mark in prints:
            groups[desk.judge_at(comment.posted_at)].append((comment, mark))
        judged = [Judged(comment, _unjudged(desk.page.policy), mark) for comment, mark in groups.pop(None, [])]
        for judge, group in groups.items():
            assert judge is not None
            items = [_item(comment, copies.get(str(comment.ref), 0), posts) for comment, _ in group]
            for (comment, mark), verdict in zip(group, judge.judge_all(items), strict=True):
                judged.append(Judged(comment, verdict, mark))
        return judged

    def _order_preserve(self, session: Session, case_id: str) -> None:
        self.orders.place(session, "preserve", case_id, cases.next_order(session, case_id))

    def _order_tell(self, session: Session, case_id: str) -> None:
        """Of what may not be stored no evidence is sealed, and nothing is done: a person looks."""
        self.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    # ── preserve ─────────────────────────────────────────────────────────────────────────────────────────────────

    def preserve(self, case_id: str) -> Sealed:
        """Read the comment again, fetch what hangs on it, picture it, seal and verify (``bot.preserving``). Acts on
        nothing."""
        with Session(self.reading) as session:
            file = cases.open_file(session, case_id)
            earlier = cases.sealed_packages_of_author(
                session, file.comment.platform, file.comment.author_id, file.case.opened_at
            )
        desk = self.desks.get(file.case.page)
        if desk is None:
            return not_sealed(AWAY.format(page=file.case.page))
        preserving = Preserving(self.archive, self.capturer, self.media, self.dossier, self.embedded)
        try:
            return preserving.case(desk, file, earlier)
        except EvidenceError as error:
            log.error("evidence could not be sealed", case=case_id, because=error.sentence)
            return not_sealed(error.sentence)

    def record_seal(self, session: Session, case_id: str, sealed: Sealed) -> None:
        """The seal becomes a fact, and the order to act is born in the same commit."""
        now = self.clock()
        if sealed["status"] == "later":
            self._again(session, "preserve", case_id, sealed["because"], None)
            return
        if session.get(Evidence, case_id) is None:
            facts = {key: sealed[key] for key in _EVIDENCE_FACTS}  # type: ignore[literal-required]
            session.add(Evidence(case_id=case_id, sealed_at=now, **facts))
            if sealed["restricted"]:
                # People are told at once, whatever becomes of the act: a platform that is down delays only the hide.
                cases.mark_urgent(session, case_id)
                self.orders.place(session, "tell", case_id, cases.next_order(session, case_id))
        file = cases.open_file(session, case_id)
        if file.case.status != CaseStatus.OPENED:
            return
        desk = self.desks.get(file.case.page)
        if desk is None:
            self._again(session, "preserve", case_id, AWAY.format(page=file.case.page), LONGEST_RETRY_S)
            return
        permission = may_act(desk, file, trust.stopped(session, file.case.page))
        if permission.allowed:
            cases.move(session, case_id, CaseStatus.SEALED, permission.because, now)
            self.orders.place(session, "act", case_id, cases.next_order(session, case_id))
        else:
            cases.move(session, case_id, CaseStatus.WAITING, permission.because, now)
            self.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    # ── act ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def act(self, case_id: str) -> Acted:
        """Prove the seal against the disk and ask permission, here and now; then read again, hide and read back."""
        with Session(self.reading) as session:
            file = cases.open_file(session, case_id)
            desk = self.desks.get(file.case.page)
            if desk is None:
                return acted("later", AWAY.format(page=file.case.page), retry_s=LONGEST_RETRY_S)
            refused = refusal(session, file, desk, self.unfit)
        if refused is None:
            with Session(self.writing) as session, session.begin():
                refused = take_leave(session, file, desk, self.clock())
        if refused is not None:
            return refused
        try:
            self.archive.prove_package(_evidence(file).package_id, _evidence(file).sha256)
            outcome, receipt = act_by_rule(desk, file, partial(self._judge_anew, desk), self.clock())
            if receipt is not None:
                self._seal_receipt(file, receipt)
        except EvidenceError as error:
            log.error("evidence could not be proven or sealed", case=case_id, because=error.sentence)
            return acted("later", error.sentence, retry_s=backoff(file.case.failures))
        return outcome

    def _judge_anew(self, desk: Desk, comment: Comment) -> None:
        self.keep(desk, Batch(comments=(comment,), posts=(), cursor="", last=False))

    def _seal_receipt(self, file: File, receipt: Receipt) -> None:
        facts = receipt_facts(file, receipt, _asked_by(file))
        key = f"action:rule:{receipt.action}"
        self.archive.supplement(_evidence(file).package_id, key, "action", facts, receipt.exchanges)

    def record_act(self, session: Session, case_id: str, outcome: Acted) -> None:
        """What became of the act becomes a fact: receipt, visibility, provisional strike, and the order to tell."""
        now = self.clock()
        file = cases.open_file(session, case_id)
        if outcome["status"] == "later" or is_moot(session, file, outcome):
            self._again(session, "act", case_id, outcome["because"], outcome["retry_s"])
            return
        if outcome["status"] == "asks" and file.case.status not in (CaseStatus.SEALED, CaseStatus.PAUSED):
            return
        if outcome["status"] == "done":
            self._record_done(session, file, outcome, now)
        else:
            leaves.give_back(session, case_id, now)
        if outcome["status"] == "blocked":
            switches.throw(session, file.case.page, "beadle", outcome["because"], now)
        elif outcome["status"] == "gone":
            keep.see(session, file.comment, Visibility.MISSING_UNKNOWN, "act", now)
        cases.move(session, case_id, _status(outcome), outcome["because"], now)
        if outcome["status"] == "done" and file.settling and file.settling[-1].verb == "keep":
            # A person said so while the act was on its way to the platform. Their word is final: it is taken back.
            self.orders.place(session, "carry_out", str(file.settling[-1].id), cases.next_order(session, case_id))
        elif outcome["status"] != "changed":
            self.orders.place(session, "tell", case_id, cases.next_order(session, case_id))

    def _record_done(self, session: Session, file: File, outcome: Acted, now: datetime) -> None:
        clause, policy = file.verdict.clause, file.verdict.policy
        act_key = f"rule:{file.case.case_id}:{outcome['action']}"
        acts.record(
            session,
            Act(
                act_key=act_key,
                case_id=file.case.case_id,
                action=outcome["action"],
                by=_asked_by(file),
                clause=clause,
                policy=f"{policy.slug} {policy.version}",
                outcome="done",
                already_done=outcome["already_done"],
                done_at=now,
            ),
        )
        after_act(self.orders, session, act_key, self.look_after_s)
        keep.see(session, file.comment, Visibility(outcome["visibility"]), "act", now)
        acts.strike(
            session,
            file.case.case_id,
            file.comment.platform,
            file.comment.author_id,
            clause,
            StrikeStatus.PROVISIONAL,
            now,
        )

    # ── tell ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def tell(self, case_id: str) -> Told:
        """Tell people of a case, alone or as one of many (``bot.tell``)."""
        return self.telling.tell(case_id)

    def record_told(self, session: Session, case_id: str, outcome: Told) -> None:
        """How people were told becomes a fact; a message that could not be sent becomes a later order."""
        self.telling.record(session, case_id, outcome)

    @property
    def telling(self) -> Telling:
        """The stage that tells of a case."""
        told = (self.desks, self.reading, self.notifier, self.orders, self.alert, self.picture, self.clock)
        return Telling(*told, self.wishes, self._mail)

    @property
    def gathers(self) -> Gathers:
        """The stage that tells of many cases in one message."""
        told = (self.desks, self.reading, self.notifier, self.orders, self.clock)
        return Gathers(*told, self._summing, self._mail)

    @property
    def _summing(self) -> Summing:
        return Summing(self.alert, self.archive.restricted, self.wishes)

    @property
    def _mail(self) -> ByMail:
        return ByMail(self.desks, self.alert, self.wishes, self._summing)

    # ── again

    def _again(self, session: Session, workflow: Workflow, case_id: str, because: str, retry_s: float | None) -> None:
        """Nothing waits inside the engine: what can't be done now is ordered again, later, and its slot is free."""
        case = cases.open_file(session, case_id).case
        case.failures += 1
        case.because = because
        session.add(case)
        delay = backoff(case.failures) if retry_s is None else retry_s
        self.orders.place(session, workflow, case_id, cases.next_order(session, case_id), delay_s=delay)
        log.warning("will try again", case=case_id, stage=workflow, in_seconds=round(delay), because=because)


_EVIDENCE_FACTS = ("package_id", "path", "sha256", "manifest_sha256", "picture", "picture_reason")
_STATUS = {
    "gone": CaseStatus.GONE,
    "changed": CaseStatus.SUPERSEDED,
    "paused": CaseStatus.PAUSED,
    "blocked": CaseStatus.PAUSED,
    "asks": CaseStatus.WAITING,
}


def _status(outcome: Acted) -> CaseStatus:
    if outcome["status"] == "done":
        return CaseStatus.REMOVED if outcome["action"] == Action.REMOVE else CaseStatus.HIDDEN
    return _STATUS[outcome["status"]]


def _item(comment: Comment, copies: int, posts: Mapping[str, str]) -> Item:
    return Item(
        text=comment.text,
        post=posts.get(comment.post_id),
        copies=copies,
        has_media=bool(comment.attachments),
        by_page=comment.by_page,
    )


def _asked_by(file: File) -> str:
    """A rule that can be printed, or scores alone: then a person confirms it within a day (``bot.lapse``)."""
    asking = [finding for finding in file.verdict.findings if finding.measure in (Measure.HIDE, Measure.REMOVE)]
    return acts.BY_RULE if any(finding.enumerable for finding in asking) else acts.BY_SCORE


def _unjudged(policy: str) -> Verdict:
    """For what was posted before the city's policy was in force: kept as a record, never judged by a later rule."""
    return Verdict(Outcome.CLEAR, Measure.NONE, (), PolicyRef(policy, "none in force", ""), "und")


def _evidence(file: File) -> Evidence:
    assert file.evidence is not None, "asked for only after the seal was recorded"
    return file.evidence
