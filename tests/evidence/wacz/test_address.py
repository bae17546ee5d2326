"""Which part of an address is archived, and how addresses are sorted."""

from __future__ import annotations

import pytest

from bot.evidence.wacz.address import LONGEST, archived, sort_key, target


@pytest.mark.parametrize(
    ("address", "kept"),
    [
        ("https://example.org/a?b=1#comment-5", "https://example.org/a?b=1"),
        ("https://user:secret@example.org/", "https://example.org/"),
        ("https://a@b@example.org:8443/", "https://example.org:8443/"),
        ("http://example.org", "http://example.org"),
        ("https://example.org/?", "https://example.org/?"),
        ("https://example.org/señor 1", "https://example.org/se%C3%B1or%201"),
        ("https://example.org/%20%zz", "https://example.org/%20%zz"),
        ("https://example.org/a\r\nWARC-Type: request", "https://example.org/a%0D%0AWARC-Type:%20request"),
        ("https://example.org/\ud83d", "https://example.org/%ED%A0%BD"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("https://example.org/" + "a" * 10_000, "https://example.org/" + "a" * 10_000),
    ],
)
def test_an_address_is_archived_as_a_server_is_asked_for_it(address: str, kept: str) -> None:
    """Without fragment and user information, in one line of printable ASCII; nothing else is changed."""
    assert archived(address) == kept


@pytest.mark.parametrize(
    "address",
    [
        "",
        "data:text/html,hello",
        "blob:https://example.org/1-2",
        "about:blank",
        "file:///etc/passwd",
        "https://",
        "http:///path",
        "https://[::1/",
        "https://example.org:99999/",
        "https://example.org/" + "a" * LONGEST,
    ],
)
def test_what_no_server_was_asked_for_is_no_address(address: str) -> None:
    """Data, blobs and what can't be read as an address of the web are left out."""
    assert archived(address) is None


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("https://example.org", "/"),
        ("https://example.org/?", "/?"),
        ("https://example.org?a=1", "/?a=1"),
        ("https://example.org:8443//a/../b?x=y?z", "//a/../b?x=y?z"),
    ],
)
def test_the_request_line_has_path_and_query(address: str, asked: str) -> None:
    """Character by character as they stand in the address."""
    assert target(address) == asked


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("https://www.Example.ORG/Post/?b=2&a=1", "org,example)/post?a=1&b=2"),
        ("http://www12.example.org:80/", "org,example)/"),
        ("https://www-cdn.example.org:8443/x/", "org,example,www-cdn:8443)/x"),
        ("https://www/", "www)/"),
        ("http://127.0.0.1:8080//a", "1,0,0,127:8080)/a"),
    ],
)
def test_addresses_sort_by_host_from_the_right(address: str, key: str) -> None:
    """So that the pages of a city stand together in the index."""
    assert sort_key(address) == key
