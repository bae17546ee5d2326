"""Opens the desk of every page, and keeps apart what no desk may have: the hands that block."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from bot.bench import Bench
from bot.desk import Desk
from bot.desks import Minds, Renewals, Spending, closed_desk, connect, open_desk, with_kin
from bot.errors import ConfigError
from bot.moderation.policy import PolicyShelf
from bot.pages import Page
from bot.trust import Trust
from connectors.contract import Blocker


@dataclass(frozen=True, slots=True)
class Opener:
    """One page that can't be opened is refused like one with a mistake; the others go on. ``blockers`` fills by page
    as the desks open."""

    pages: tuple[Page, ...]
    shelf: PolicyShelf
    inboxes: Path
    trust: Trust
    spending: Spending
    renewals: Renewals
    blockers: dict[str, Blocker] = field(default_factory=dict)

    def open_all(self, desks: dict[str, Desk], stack: ExitStack, *, acts: bool) -> tuple[ConfigError, ...]:
        """Fill ``desks``; what had to be refused comes back."""
        bench = Bench(self.shelf)
        refused: list[ConfigError] = []
        for page in (with_kin(each, self.pages) for each in self.pages):
            earned, earned_now = (partial(each, page.slug) for each in (self.trust.earned, self.trust.earned_now))
            minds = Minds(partial(bench.judge_at, page.policy, earned=earned), earned_now)
            try:
                desks[page.slug] = self._open(page, minds, stack) if acts else closed_desk(page, minds)
            except ConfigError as error:
                refused.append(error)
        return tuple(refused)

    def _open(self, page: Page, minds: Minds, stack: ExitStack) -> Desk:
        connection = connect(page, self.spending, self.renewals.of(page), self.inboxes)
        stack.callback(connection.close)
        if connection.blocker is not None:
            self.blockers[page.slug] = connection.blocker
        return open_desk(page, connection, minds)
