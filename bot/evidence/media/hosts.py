"""Where each platform keeps the media that it delivers in its answers. Data: a host that isn't here, nor among the
page's own ``public_hosts``, is never asked for a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Source: the addresses in each platform's own API answers, and its documents. Mastodon and WordPress keep media on
# hosts of their own choice: the city names those among the page's public_hosts.
MEDIA_HOSTS: Mapping[str, tuple[str, ...]] = {
    "facebook": ("*.fbcdn.net", "*.cdninstagram.com"),
    "instagram": ("*.cdninstagram.com", "*.fbcdn.net"),
    "threads": ("*.cdninstagram.com", "*.fbcdn.net"),
    "youtube": ("*.ytimg.com", "*.ggpht.com"),
    "x": ("pbs.twimg.com", "video.twimg.com"),
    "bluesky": ("cdn.bsky.app", "video.bsky.app"),
    "reddit": ("i.redd.it", "v.redd.it", "preview.redd.it"),
    "linkedin": ("media.licdn.com",),
}


def media_hosts(platform: str, public_hosts: Iterable[str], *, stand_in: bool = False) -> tuple[str, ...]:
    """The hosts that may be asked for the media of a page. ``stand_in``: the page is served by a sandbox, so the real
    platform's hosts are left alone."""
    own = () if stand_in else MEDIA_HOSTS.get(platform, ())
    return tuple(dict.fromkeys((*public_hosts, *own)))
