"""Every detector that a rule may name."""

from __future__ import annotations

from collections.abc import Mapping

from bot.moderation.detectors.detector import Kind
from bot.moderation.detectors.numbers import IDENTITY_NUMBERS
from bot.moderation.detectors.private import PRIVATE_DATA
from bot.moderation.detectors.readability import UNREAD_LANGUAGE, UNREADABLE_MEDIA
from bot.moderation.detectors.sayings import PHRASES
from bot.moderation.detectors.scores import SCORES
from bot.moderation.detectors.solicitation import LINK_HOSTS, REPETITION, SOLICITATION
from bot.moderation.detectors.words import WORD_LIST

DETECTORS: Mapping[str, Kind] = {
    "word_list": WORD_LIST,
    "phrases": PHRASES,
    "solicitation": SOLICITATION,
    "link_hosts": LINK_HOSTS,
    "repetition": REPETITION,
    "identity_numbers": IDENTITY_NUMBERS,
    "private_data": PRIVATE_DATA,
    "unreadable_media": UNREADABLE_MEDIA,
    "unread_language": UNREAD_LANGUAGE,
    "scores": SCORES,
}
