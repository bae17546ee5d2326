"""From a case's file to the dossier that is sealed: who, what, when, under which clause, made by which software."""

from __future__ import annotations

import platform
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from importlib import metadata

from bot import __version__
from bot.desk import Desk
from bot.evidence.capture import Capturer
from bot.evidence.card.printer import fonts_digest
from bot.evidence.dossier import Clock, Dossier, Host, PolicyText, Site, Software
from bot.ledger.cases import File
from bot.moderation.policy import PolicyPack
from connectors.contract import Exchange, Reading

_CUSTODIAN = "records custodian"


@dataclass(frozen=True, slots=True)
class Dossiers:
    """Builds dossiers. ``pack`` finds a policy by slug and version."""

    city: str
    clock: Callable[[], datetime]
    pack: Callable[[str, str], PolicyPack]
    software: Software
    host: Host

    def __call__(
        self, desk: Desk, file: File, reading: Reading | None, earlier: Sequence[str], gaps: Sequence[str]
    ) -> Dossier:
        """The dossier of one case. ``reading`` is the comment read again just now, ``None`` if that failed."""
        exchanges = reading.exchanges if reading is not None else ()
        now = self.clock()
        return Dossier(
            case_id=file.case.case_id,
            site=Site(desk.page.slug, desk.page.name, file.comment.platform, file.comment.page_id, self.city),
            comment=file.as_comment(),
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
            clock=Clock("system clock", _skew(exchanges)),
            previous=tuple(earlier),
            gaps=tuple(gaps),
        )


def this_host() -> Host:
    """The machine that we run on."""
    return Host(name=socket.gethostname(), os=platform.platform(), timezone=time.tzname[0])


def this_software(capturer: Capturer) -> Software:
    """What makes the packages."""
    return Software(
        version=__version__,
        commit=None,
        python=platform.python_version(),
        typst=metadata.version("typst"),
        browser=capturer.browser,
        fonts=fonts_digest(),
    )


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
