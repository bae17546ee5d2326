"""The tables, room by room. Whoever asks for one asks here."""

from __future__ import annotations

from bot.ledger.tables.asking import Ask, AskStatus
from bot.ledger.tables.letters import Letter
from bot.ledger.tables.presses import Press
from bot.ledger.tables.route import (
    Act,
    AlertRow,
    Case,
    CaseStatus,
    CommentRow,
    Decision,
    DigestRow,
    Evidence,
    GapRow,
    InHand,
    OpinionDay,
    PageRow,
    PollHour,
    PostRevision,
    PostRow,
    Revision,
    Sighting,
    Spent,
    Strike,
    StrikeStatus,
    Switch,
)

__all__ = [
    "Act",
    "AlertRow",
    "Ask",
    "AskStatus",
    "Case",
    "CaseStatus",
    "CommentRow",
    "Decision",
    "DigestRow",
    "Evidence",
    "GapRow",
    "InHand",
    "Letter",
    "OpinionDay",
    "PageRow",
    "PollHour",
    "PostRevision",
    "PostRow",
    "Press",
    "Revision",
    "Sighting",
    "Spent",
    "Strike",
    "StrikeStatus",
    "Switch",
]
