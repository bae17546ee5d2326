"""Which hosts a page's configuration allows."""

from __future__ import annotations

import re

import pytest

from bot.evidence.egress.hosts import Hosts


def test_hosts_are_written_plainly_or_refused() -> None:
    """A host with a path, a scheme or a space would silently match nothing: it is refused."""
    for wrong in ("https://www.example.org", "www.example.org/path", "a b", "", "*", "http://x:1"):
        with pytest.raises(ValueError, match="is not a host"):
            Hosts((wrong,))


def test_a_wildcard_host_matches_below_it_only() -> None:
    """``*.example.org`` is any host below, neither example.org itself nor evil-example.org."""
    hosts = Hosts(("*.example.org",))

    assert hosts.refusal("https://www.example.org/x") is None
    assert hosts.refusal("https://example.org/x") is not None
    assert hosts.refusal("https://evil-example.org/x") is not None
    assert hosts.refusal("https://www.example.org.evil.com/x") is not None
    assert hosts.refusal("https://www.example.org:8443/x") is not None
    assert hosts.refusal("http://www.example.org/x") is not None


def test_a_host_is_allowed_at_its_own_port_alone() -> None:
    """Without a port that is 443; 80 is nobody's, a sandbox's port is its own."""
    hosts = Hosts(("www.example.org", "127.0.0.1:8080"))

    assert [hosts.allow("www.example.org", port) for port in (443, 80, 8443)] == [True, False, False]
    assert [hosts.allow("127.0.0.1", port) for port in (8080, 443, 80)] == [True, False, False]


def test_an_address_of_a_megabyte_is_not_read() -> None:
    """Platforms' addresses are short; the work on a hostile one is bounded."""
    assert Hosts(("www.example.org",)).refusal("https://www.example.org/" + "a" * 1_000_000) is not None


def test_the_pattern_says_the_same_as_the_rule() -> None:
    """The browser's own filter of requests lets through what the rule allows, and no look-alike."""
    hosts = Hosts(("www.example.org", "*.cdn.example", "127.0.0.1:8080"))
    pattern = re.compile(hosts.pattern())

    for address in ("https://www.example.org/a", "https://www.example.org:443/", "https://a.cdn.example", "data:,x"):
        assert pattern.match(address)
    for address in (
        "http://www.example.org/",
        "https://www.example.org.evil.com/",
        "https://www.example.org@evil.com/",
        "https://evil.com/www.example.org/",
        "http://127.0.0.1:80801/",
        "https://cdn.example/",
    ):
        assert not pattern.match(address)
