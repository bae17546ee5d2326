"""From a case's file to the dossier that is sealed: who, what, when, under which clause, made by which software."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime

from bot.desk import Desk
from bot.evidence.dossier import Dossier, Host, PolicyText, Site, Software
from bot.ledger.cases import File
from bot.machine import this_clock
from bot.moderation.policy import PolicyPack
from connectors.contract import Comment, Exchange, Reading, Visibility

_CUSTODIAN = "records custodian"


@dataclass(frozen=True, slots=True)
class Dossiers:
    """Builds dossiers. ``pack`` finds a policy by slug and version; ``timezone`` is the city's."""

    city: str
    clock: Callable[[], datetime]
    pack: Callable[[str, str], PolicyPack]
    software: Software
    host: Host
    timezone: str = "UTC"

    def __call__(
        self, desk: Desk, file: File, reading: Reading | None, earlier: Sequence[str], gaps: Sequence[str]
    ) -> Dossier:
        """The dossier of one case. ``reading`` is the comment read again just now, ``None`` if that failed."""
        exchanges = reading.exchanges if reading is not None else ()
        now = self.clock()
        return Dossier(
            case_id=file.case.case_id,
            site=self._site(desk, file),
            comment=_comment(file, reading),
            post=file.as_post(),
            first_seen_at=file.comment.first_seen_at,
            captured_at=now,
            exchanges=exchanges,
            policy=_policy(self.pack(file.verdict.policy.slug, file.verdict.policy.version)),
            verdict=file.verdict,
            mode=desk.page.mode.value,
            custodian_role=_CUSTODIAN,
            effect=desk.connector.capabilities.effect,
            software=self.software,
            host=self.host,
            clock=this_clock(_skew(exchanges)),
            previous=tuple(earlier),
            gaps=tuple(gaps),
            parent=file.as_parent(),
            stands=_stands(reading),
        )

    def _site(self, desk: Desk, file: File) -> Site:
        page, comment = desk.page, file.comment
        return Site(page.slug, page.name, comment.platform, comment.page_id, self.city, self.timezone)


def _comment(file: File, reading: Reading | None) -> Comment:
    """The judged words, with what only the platform's latest answer says of them."""
    judged, now = file.as_comment(), reading.comment if reading is not None else None
    if now is None:
        return judged
    author = judged.author
    if author.author_id is not None and author.author_id == now.author.author_id:
        author = replace(author, profile_url=now.author.profile_url)
    return replace(judged, author=author, reply_count=now.reply_count, reaction_count=now.reaction_count)


def _stands(reading: Reading | None) -> Visibility | None:
    """How the comment stood when it was read again. What is gone is missing; nobody knows by whose hand (EV-21)."""
    if reading is None:
        return None
    return Visibility.MISSING_UNKNOWN if reading.comment is None else reading.comment.visibility


def _policy(pack: PolicyPack) -> PolicyText:
    return PolicyText(
        slug=pack.slug,
        version=pack.version,
        digest=pack.digest,
        effective_at=pack.effective_at,
        clauses={clause.id: clause.summary for clause in pack.clauses},
        source=pack.source,
        title=pack.title,
    )


def _skew(exchanges: Sequence[Exchange]) -> float | None:
    """Our clock less the platform's, in seconds, by the last answer's ``Date`` header (whole seconds)."""
    for exchange in reversed(exchanges):
        date = exchange.header("date")
        if date is None:
            continue
        try:
            theirs = parsedate_to_datetime(date)
        except ValueError:
            continue
        return round((exchange.started_at - theirs).total_seconds(), 1)
    return None
