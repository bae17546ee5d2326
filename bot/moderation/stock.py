"""What packs are made from: word lists, shared rules, and the weights of a model."""

from __future__ import annotations

from dataclasses import dataclass

from bot.moderation.library import RuleLibrary
from bot.moderation.models import Models, Scorer
from bot.moderation.pack import PolicyPack
from bot.moderation.wordlists import WordLists


@dataclass(frozen=True, slots=True)
class Stock:
    """The three folders beside ``config/policies``."""

    wordlists: WordLists
    library: RuleLibrary
    models: Models

    def scorer(self, pack: PolicyPack) -> Scorer | None:
        """The model that a pack pins, if it pins one. Raises ``PolicyError``."""
        return self.models.scorer(pack.model) if pack.model else None
