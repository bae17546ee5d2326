"""Ids, times, links and words from outside: what is taken, and what is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from connectors._credentials import read_credentials
from connectors._paging import PagingBroken, walk
from connectors._values import a_count, a_link, a_time, an_id, perhaps_time, text_of
from connectors.contract import AuthFailed, Malformed

TEN = datetime(2026, 11, 19, 10, tzinfo=UTC)


@pytest.mark.parametrize("told", ["2026-11-19T10:00:00+0000", "2026-11-19T11:00:00+01:00", "2026-11-19T10:00:00.000Z"])
def test_iso_times_are_read(told: str) -> None:
    """With a zone in any spelling."""
    assert a_time(told) == TEN


@pytest.mark.parametrize("told", [1795082400, 1795082400.0, "1795082400", "1795082400.0", 1795082400000])
def test_seconds_and_milliseconds_are_read(told: object) -> None:
    """As numbers or as digits."""
    assert a_time(told) == datetime.fromtimestamp(1795082400, UTC)


@pytest.mark.parametrize("told", [None, True, "", "yesterday", "2026-11-19T10:00:00", 1e40, [], {}, "9" * 20])
def test_what_is_no_certain_time_is_refused(told: object) -> None:
    """A time without a zone would be read in the machine's own."""
    with pytest.raises(Malformed):
        a_time(told)
    assert perhaps_time(told) is None


def test_a_platform_that_means_utc_may_leave_the_zone_out() -> None:
    """Where its documentation says so, and only there."""
    assert a_time("2026-11-19T10:00:00", zone=UTC) == TEN


@pytest.mark.parametrize("told", ["../me", "1?x", "", "..", "1/2", "1\n", "\u0661", None, True, 1.5, "a" * 201])
def test_ids_that_could_steer_an_address_are_refused(told: object) -> None:
    """They stand in paths."""
    with pytest.raises(Malformed):
        an_id(told, "facebook")


@pytest.mark.parametrize("told", ["javascript:alert(1)", "file:///etc/passwd", "//x", "data:text/html,x", None, 7])
def test_only_web_addresses_are_links(told: object) -> None:
    """A browser may open them."""
    assert a_link(told) is None
    assert a_link("HTTPS://city.example/") == "HTTPS://city.example/"


@pytest.mark.parametrize(("told", "count"), [(3, 3), ("3", 3), (-1, None), (True, None), ("x", None), (None, None)])
def test_numbers_of_things_are_read(told: object, count: int | None) -> None:
    """Numbers of things are not negative."""
    assert a_count(told) == count


@pytest.mark.parametrize(
    ("html", "seen"),
    [
        ("<p>one</p><p>two<br>three</p>", "one\ntwo\nthree"),
        ("<p><span>@<a href='x'>city</a></span> no</p>", "@city no"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
        ("hi<script>alert(1)</script><style>p{}</style>", "hi"),
        ("<ul><li>a</li><li>b</li></ul>", "a\nb"),
        ("<p>" * 3000 + "deep", "deep"),
    ],
)
def test_html_is_read_as_a_reader_sees_it(html: str, seen: str) -> None:
    """Lines stay lines, markup goes, scripts are no words."""
    assert text_of(html) == seen


def test_credentials_are_one_token_or_named_parts() -> None:
    """And show themselves to nobody."""
    one = read_credentials(" secret-token\n", "mastodon", ("access_token",))
    two = read_credentials(json.dumps({"user": "bot", "password": "ab cd ef"}), "wordpress", ("user", "password"))

    assert (one["access_token"], two["password"]) == ("secret-token", "ab cd ef")
    assert "secret" not in repr(one)
    assert "ab cd" not in repr(two)
    assert set(two.secrets) == {"bot", "ab cd ef"}
    assert json.loads(two.with_parts(password="new one").as_json()) == {"user": "bot", "password": "new one"}


@pytest.mark.parametrize(
    "stored",
    [
        "bare-token",
        '{"user": "bot"}',
        '{"user": "bot", "password": 7}',
        "{",
        "[]",
        '{"user":"a","password":"\\u0000b"}',
    ],
)
def test_credentials_that_lack_a_part_are_refused_without_quoting_them(stored: str) -> None:
    """The sentence says which parts there are."""
    with pytest.raises(AuthFailed) as caught:
        read_credentials(stored, "wordpress", ("user", "password"))

    assert "password" in caught.value.sentence
    assert "bare-token" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_pages_are_walked_to_the_end() -> None:
    """An empty page in the middle is not the end; marks are passed on as they came."""
    pages = {None: ([1], "a"), "a": ([], "b"), "b": ([2], None)}

    assert list(walk(lambda mark: pages[mark], most=9)) == [([1], True), ([], True), ([2], False)]


@pytest.mark.parametrize(("mark", "why"), [("a", "twice"), ("", "not where")])
def test_a_list_without_an_end_is_said_to_be_broken(mark: str, why: str) -> None:
    """Nothing is followed for ever."""
    with pytest.raises(PagingBroken, match=why):
        list(walk(lambda _: ([1], mark), most=9))


def test_a_list_of_too_many_pages_is_said_to_be_broken() -> None:
    """Even when every mark is new."""
    with pytest.raises(PagingBroken, match="more than 9"):
        list(walk(lambda mark: ([1], f"{mark}x"), most=9))
