"""From a case's file to the alert that people read: where it stands, under which clause, and what is proven."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import islice
from typing import Literal, cast

from sqlmodel import Session

import connectors
from bot.desk import Desk
from bot.errors import EvidenceError
from bot.evidence.media.thumbnail import thumbnail
from bot.evidence.store import Archive
from bot.ledger import offenders, recent
from bot.ledger.cases import File
from bot.ledger.offenders import Court
from bot.ledger.residents import under_appeal
from bot.ledger.tables import CaseStatus, Decision
from bot.ledger.tally import Standing
from bot.moderation.policy import PolicyPack
from bot.moderation.verdict import Verdict
from bot.notify.case_facts import NOT_QUOTED_ELSEWHERE, STANDING, Alert, Recent, Word
from bot.pages import Mode, Page
from bot.people import People
from bot.tell.wishes import Wishes

# ── what people read ─────────────────────────────────────────────────────────────────────────────────────────────────

EARLIER, LATER = "{age} earlier", "{age} later"
AT_ONCE = "at the same time"
REMOVED_MEANS = "It is gone from the platform for everybody and can't be brought back there; the sealed evidence stays."
STANDS = {
    "visible": "stands",
    "hidden_by_city": "hidden",
    "deleted_by_city": "removed",
    "deleted_by_author": "deleted by the account",
    "removed_by_platform": "removed by the platform",
    "missing_unknown": "gone",
}

_RECENT = 3
_LOOKED_AT = 12


@dataclass(frozen=True, slots=True)
class Alerts:
    """Builds alerts. ``pack`` finds a policy by slug and version; ``restricted`` says of a case whether its media may
    be shown (``Archive.restricted``). ``names`` are those of the pages, by slug; ``answers``: presses are received."""

    city: str
    pack: Callable[[str, str], PolicyPack]
    restricted: Callable[[str], bool]
    timezone: tzinfo = UTC
    people: People = field(default_factory=lambda: People(()))
    names: Mapping[str, str] = field(default_factory=dict)
    answers: bool = False
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def __call__(self, desk: Desk, file: File, session: Session) -> Alert:
        """The alert of one case as it stands now."""
        verdict, comment = file.verdict, file.comment
        pack = self.pack(verdict.policy.slug, verdict.policy.version)
        strikes = self._strikes(session, comment.platform, comment.author_id)
        request = _open_request(file)
        private = tuple(span for f in verdict.findings if f.category == "pii" for span in f.spans)
        return Alert(
            case_id=file.case.case_id,
            city=self.city,
            page=desk.page.name,
            platform=connectors.spoken(comment.platform),
            clauses=tuple((clause, pack.clause(clause).summary) for clause in verdict.clauses),
            policy=pack.title,
            policy_version=verdict.policy.version,
            reasons=tuple(dict.fromkeys(finding.reason for finding in verdict.findings)),
            categories=frozenset(finding.category for finding in verdict.findings),
            text=file.revision.text,
            posted_at=comment.posted_at,
            standing=STANDING[CaseStatus(file.case.status)],
            because=file.case.because,
            effect=_effect(desk, file),
            urgent=file.case.urgent,
            restricted=self.restricted(file.case.case_id),
            spans=tuple(span for finding in verdict.findings for span in finding.spans),
            private=private,
            author=comment.author_name,
            author_id=comment.author_id,
            post_text=file.post_text,
            permalink=comment.permalink,
            digest=file.evidence.sha256 if file.evidence else None,
            picture=_worth(file),
            picture_reason=file.evidence.picture_reason if file.evidence else "",
            strikes=strikes.total,
            strikes_provisional=strikes.provisional,
            withheld=desk.withheld is not None,
            can_hide=desk.hider is not None and _may_be_acted_on(desk),
            can_remove=desk.remover is not None and _may_be_acted_on(desk),
            scores=_scores(verdict),
            recent=() if desk.withheld is not None else tuple(self._recent(session, file)),
            words=tuple(self._word(each) for each in file.decisions if each is not request),
            request=None if request is None else self._word(request),
            call=self._call(desk.page.slug) if file.case.urgent else (),
            stand=file.stand,
            answers=self.answers,
            notice=_may_be_noticed(desk, file),
            timezone=self.timezone,
        )

    def _strikes(self, session: Session, platform: str, author_id: str | None) -> Standing:
        """What counts now: inside the policy's window, confirmed, and under no open appeal."""
        return offenders.standing(session, Court(self.pack, under_appeal), platform, author_id or "", self.clock())

    def _recent(self, session: Session, file: File) -> list[Recent]:
        """What may be quoted of what the account said lately: nothing private, sexual, abusive or restricted."""
        found = recent.of_author(session, file.comment.platform, file.comment.author_id, file.comment.id, _LOOKED_AT)
        quotable = (each for each in found if each.text.strip() and self._may_be_quoted(each))
        return [self._as_recent(each, file.comment.posted_at) for each in islice(quotable, _RECENT)]

    def _may_be_quoted(self, said: recent.Comment) -> bool:
        categories = {finding.category for finding in said.verdict.findings}
        return not categories & NOT_QUOTED_ELSEWHERE and not (said.case_id and self.restricted(said.case_id))

    def _as_recent(self, said: recent.Comment, of_case: datetime) -> Recent:
        page = self.names.get(said.page, said.page)
        return Recent(said.text, page, _age(said.posted_at - of_case), STANDS.get(said.visibility, ""))

    def _word(self, row: Decision) -> Word:
        person = self.people.find(row.person)
        return Word(row.verb, person.name if person else row.person, row.roles, row.at, row.reason, row.code)

    def _call(self, page: str) -> tuple[str, ...]:
        return tuple(each.slack_id for each in self.people.on_call() if each.slack_id and each.has(page))


def alerts_of(
    wishes: Wishes, pages: Iterable[Page], pack: Callable[[str, str], PolicyPack], restricted: Callable[[str], bool]
) -> Alerts:
    """The builder of alerts for a city."""
    names = {page.slug: page.name for page in pages}
    return Alerts(wishes.city, pack, restricted, wishes.timezone, wishes.people, names, wishes.answers)


@dataclass(frozen=True, slots=True)
class Pictures:
    """Finds the picture for an alert in the sealed package; the rendering, where there is no picture.

    A picture of a stranger's page is never handed on as it is: ``small`` makes it anew, small and without metadata, and
    gives ``None`` for one that is better not looked at.
    """

    archive: Archive
    rendering: Callable[[dict[str, object]], bytes]
    small: Callable[[bytes], bytes | None] = thumbnail

    def __call__(self, file: File) -> bytes | None:
        """PNG bytes, or ``None`` before the seal, and for what is restricted."""
        if file.evidence is None or self.archive.restricted(file.evidence.package_id):
            return None
        try:
            package = self.archive.read(file.evidence.package_id)
        except EvidenceError:
            return None  # the alert goes out all the same and says what the evidence is worth
        made = None if package.picture is None else self.small(package.picture)
        return made or self.rendering(package.record)


def _open_request(file: File) -> Decision | None:
    """A removal that waits for its second person: asked last, and neither approved nor overtaken."""
    last = file.settling[-1] if file.settling else None
    return last if last is not None and last.verb == "remove" else None


def _effect(desk: Desk, file: File) -> str:
    if file.case.status == CaseStatus.REMOVED:
        return REMOVED_MEANS
    return desk.connector.capabilities.effect if file.case.status == CaseStatus.HIDDEN else ""


def _may_be_acted_on(desk: Desk) -> bool:
    """Whether anything is changed on this page at all, by whomever."""
    return desk.page.mode is not Mode.OBSERVE and desk.withheld is None


def _may_be_noticed(desk: Desk, file: File) -> bool:
    """Whether something was done that the commenter can be told of there."""
    can = getattr(desk.connector.capabilities, "notice", "none")
    return can != "none" and desk.withheld is None and bool(file.acts)


def _scores(verdict: Verdict) -> tuple[tuple[str, float], ...]:
    """The scores that spoke: those of rules whose content can't be printed, the surest of each category."""
    found: dict[str, float] = {}
    for finding in verdict.findings:
        if not finding.enumerable:
            found[finding.category] = max(finding.score, found.get(finding.category, 0.0))
    return tuple(found.items())


def _age(apart: timedelta) -> str:
    minutes = int(abs(apart).total_seconds() // 60)
    if minutes == 0:
        return AT_ONCE
    count, unit = next((minutes // size, name) for size, name in _UNITS if minutes >= size)
    words = f"{count} {unit}" if count == 1 else f"{count} {unit}s"
    return (EARLIER if apart < timedelta() else LATER).format(age=words)


_UNITS = ((60 * 24, "day"), (60, "hour"), (1, "minute"))


def _worth(file: File) -> Literal["proof", "kept", "none"]:
    found = file.evidence.picture if file.evidence else "none"
    return cast(Literal["proof", "kept", "none"], found)
