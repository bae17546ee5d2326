"""A desk: one page, and exactly what may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.moderation.judge import Judge
from bot.pages import Page
from connectors.contract import Connector, Hider, Remover, Replier


def nothing_earned(_policy: str) -> frozenset[str]:
    """No score may act: where nobody counts what people decided."""
    return frozenset()


BY_TERMS = (
    "The terms of {platform} ({terms}) let Beadle keep ids, times and digests only, so no words are kept and no "
    "evidence is sealed: a person looks at the comment itself. By hand: {by_hand}"
)


@dataclass(frozen=True, slots=True)
class Desk:
    """A page and its hands. ``hider`` is ``None`` where the platform can't hide; ``remover`` is there for removals by
    two people; ``auto_remover`` only where the city signed ``auto_remove`` and the platform can't hide. Nobody gets a
    ``Blocker``. ``judge_at`` finds the judge of the policy version in force when a comment was posted, ``None`` before
    the first version. ``earned`` gives, for the digest of a policy version, the ids of its score rules that have
    earned hiding by themselves, as of now. ``replier`` writes privately to whoever wrote a comment: for notices that a
    person sends."""

    page: Page
    connector: Connector
    hider: Hider | None
    remover: Remover | None
    auto_remover: Remover | None
    judge_at: Callable[[datetime], Judge | None]
    earned: Callable[[str], frozenset[str]] = nothing_earned
    replier: Replier | None = None

    @property
    def withheld(self) -> str | None:
        """Why no words of this page's comments may be stored or passed on; ``None`` where they may be."""
        can = self.connector.capabilities
        if can.archive.keep == "whole" or self.page.legal_basis is not None:
            return None
        return BY_TERMS.format(platform=self.page.platform, terms=can.archive.terms, by_hand=can.by_hand)
