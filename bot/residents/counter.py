"""The counter at which residents are served: notices go out, appeals come in and are answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.moderation.pack import PolicyPack
from bot.pages import City
from bot.pipeline import Route
from bot.residents.appeals import Appeals
from bot.residents.deciding import Deciding
from bot.residents.mailbox import Mailbox, Round
from bot.residents.notices import Notices
from bot.review import Review

_FINISH_EVERY = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Counter:
    """``sender``: the From address of letters, ``None`` without a mail server; ``folder``: for files of appeals."""

    route: Route
    review: Review
    city: City
    packs: Sequence[PolicyPack]
    sender: str | None
    folder: Path

    @property
    def notices(self) -> Notices:
        """Notices to accounts."""
        return Notices(self.route, self.review, self.city, self.packs)

    @property
    def appeals(self) -> Appeals:
        """Taking appeals in."""
        return Appeals(self.route, self.review, self.city, self.sender, self.folder)

    @property
    def deciding(self) -> Deciding:
        """Answering them."""
        return Deciding(self.route, self.review, self.city, self.packs, self.sender)

    def duty(self, imap_url: str | None, tell: Callable[[str, str], None]) -> Duty:
        """What is due besides the route: the mailbox, if the city has one, and what follows from decisions."""
        mail = None if imap_url is None else Round(Mailbox(imap_url), self.appeals.look, tell)
        return Duty(self.deciding, mail)


class Duty:
    """Called every second or so, and mostly does nothing. A mailbox that hangs holds up neither acts nor polls."""

    def __init__(self, deciding: Deciding, mail: Round | None) -> None:
        self._deciding, self._mail = deciding, mail
        self._next: datetime | None = None

    def see_to(self, now: datetime) -> None:
        """Finish what was decided, and look for mail."""
        if self._next is None or now >= self._next:
            self._next = now + _FINISH_EVERY
            self._deciding.finish(now)
        if self._mail is not None:
            self._mail.see_to(now)
