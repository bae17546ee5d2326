"""A person's voice: who speaks, by which door, and what they had before their eyes.

Whatever a person decides is a record of all four, whether it came from a terminal, from Slack or by mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.people import Person

Door = Literal["cli", "slack", "mail"]


@dataclass(frozen=True, slots=True)
class Voice:
    """``account``: of the operating system, or ``slack:<member id>``. ``saw``: SHA-256 of the message as it was shown,
    empty at a terminal. ``stand``: how the case stood in that message (``File.stand``), empty where it isn't compared.
    ``press``: what makes the same press twice one press, empty where each is one of its own."""

    person: Person
    account: str
    door: Door = "cli"
    saw: str = ""
    stand: str = ""
    press: str = ""

    @property
    def roles(self) -> str:
        """The person's offices, as a record keeps them."""
        return ", ".join(sorted(str(role) for role in self.person.roles))
