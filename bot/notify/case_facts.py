"""The facts of one case, as an alert tells them: frozen values, nothing here is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Literal

from bot.ledger.tables import CaseStatus
from bot.moderation.verdict import Span

WITHOUT_WORDS = frozenset({"abuse"})
WITHOUT_PICTURE = frozenset({"pii", "sexual"}) | WITHOUT_WORDS
NOT_QUOTED_ELSEWHERE = WITHOUT_PICTURE
"""What is quoted in no message but that of its own case."""


class Standing(StrEnum):
    """Where the case stands, as the alert says it."""

    HIDDEN = "hidden"
    WAITS = "waits"
    NOT_HIDDEN = "not_hidden"
    GONE = "gone"
    KEPT = "kept"
    RESTORED = "restored"
    REMOVED = "removed"
    CLOSED = "closed"
    BY_HAND = "by_hand"


STANDING = {
    CaseStatus.HIDDEN: Standing.HIDDEN,
    CaseStatus.WAITING: Standing.WAITS,
    CaseStatus.OPENED: Standing.WAITS,
    CaseStatus.SEALED: Standing.WAITS,
    CaseStatus.PAUSED: Standing.NOT_HIDDEN,
    CaseStatus.QUARANTINED: Standing.NOT_HIDDEN,
    CaseStatus.GONE: Standing.GONE,
    CaseStatus.KEPT: Standing.KEPT,
    CaseStatus.RESTORED: Standing.RESTORED,
    CaseStatus.REMOVED: Standing.REMOVED,
    CaseStatus.SUPERSEDED: Standing.CLOSED,
    CaseStatus.BY_HAND: Standing.BY_HAND,
}

CALLS_FOR_PEOPLE = frozenset({Standing.HIDDEN, Standing.WAITS, Standing.NOT_HIDDEN})
"""While a case stands so, somebody may still have to do something about it."""


@dataclass(frozen=True, slots=True)
class Recent:
    """Another comment of the same account. ``age`` is told from the comment of the case, ``stands`` is its state."""

    text: str
    page: str
    age: str
    stands: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """What a person decided: ``verb`` as recorded, ``code`` where the policy wants one."""

    verb: str
    name: str
    roles: str
    at: datetime
    reason: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """The facts of one case. Spans count characters of ``text``; ``posted_at`` is aware.

    ``restricted``: a file on the comment may not be copied (EV-20), so neither words nor pictures nor a link are shown.
    ``private`` marks what is masked; a case of category ``pii`` without it is masked at all its ``spans``.
    ``because`` says why the case stands as it does. ``digest`` is the SHA-256 of the sealed package, ``None`` as long
    as it isn't sealed. ``withheld``: the platform's terms let no words be kept or passed on. ``picture`` says what the
    sealed picture is worth, ``picture_reason`` why it isn't proof.

    ``scores``: category and value where a score spoke. ``words`` are people's decisions, the oldest first; ``request``
    is a removal that waits for its second person. ``call``: the Slack members on call, of an urgent case. ``stand`` is
    how the case stood when this was made (``File.stand``). ``answers``: presses in Slack are received. ``notice``: the
    platform lets the city write to the commenter.
    """

    case_id: str
    city: str
    page: str
    platform: str
    clauses: tuple[tuple[str, str], ...]
    policy: str
    policy_version: str
    reasons: tuple[str, ...]
    categories: frozenset[str]
    text: str
    posted_at: datetime
    standing: Standing
    because: str = ""
    effect: str = ""
    urgent: bool = False
    restricted: bool = False
    spans: tuple[Span, ...] = ()
    private: tuple[Span, ...] = ()
    author: str | None = None
    author_id: str | None = None
    post_text: str = ""
    permalink: str | None = None
    digest: str | None = None
    picture: Literal["proof", "kept", "none"] = "none"
    picture_reason: str = ""
    strikes: int = 0
    strikes_provisional: int = 0
    withheld: bool = False
    can_hide: bool = True
    can_remove: bool = False
    scores: tuple[tuple[str, float], ...] = ()
    recent: tuple[Recent, ...] = ()
    words: tuple[Word, ...] = ()
    request: Word | None = None
    call: tuple[str, ...] = ()
    stand: str = ""
    answers: bool = False
    notice: bool = False
    timezone: tzinfo = UTC

    @property
    def shows_picture(self) -> bool:
        """Whether a picture may be posted: never for private data, sexual content or suspected abuse."""
        return not self.restricted and not self.withheld and not self.categories & WITHOUT_PICTURE

    @property
    def shows_words(self) -> bool:
        """Whether the words may be posted: not for suspected abuse."""
        return not self.restricted and not self.categories & WITHOUT_WORDS

    @property
    def masked(self) -> tuple[Span, ...]:
        """The spans that are shown as dots."""
        return self.private or (self.spans if "pii" in self.categories else ())
