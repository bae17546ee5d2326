"""How people write the platforms' names."""

from __future__ import annotations

from collections.abc import Mapping

# Only those with a capital in the middle: whoever adds a platform need not come here.
INNER_CAPITALS: Mapping[str, str] = {
    "linkedin": "LinkedIn",
    "tiktok": "TikTok",
    "wordpress": "WordPress",
    "youtube": "YouTube",
}


def spoken(platform: str) -> str:
    """The name in a sentence: ``YouTube`` for ``youtube``."""
    return INNER_CAPITALS.get(platform, platform.capitalize())
