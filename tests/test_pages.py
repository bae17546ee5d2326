"""pages.yaml: what it gives, and what it refuses in which words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import connectors
from bot.errors import ConfigError
from bot.pages import Known, Mode, Pages, Signature, load_pages

SECRET = "EAABwzLixnjYBOZCexample"  # the shape of a token that somebody pasted
KNOWN = Known(
    platforms=("facebook",),
    policies=("millbrook",),
    now=datetime(2026, 11, 21, 3, 0, tzinfo=UTC),
    environ={"TOWN_TOKEN": "a-token"},
)
TOWN = """\
city:
  name: Millbrook
  timezone: America/New_York
pages:
  - slug: town
    platform: facebook
    page_id: "0012"
    policy: millbrook
    token: env:TOWN_TOKEN
"""
SECOND = """\
  - slug: library
    platform: facebook
    page_id: "34"
    policy: millbrook
    token: env:TOWN_TOKEN
"""
SIGNED = "    auto_hide: {categories: [profanity, pii], signed_by: C. Ounsel, signed_on: 2026-11-02}\n"

Load = Callable[..., Pages]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """Load a text as config/pages.yaml, from the folder above, so that the sentences are those a person sees."""
    monkeypatch.chdir(tmp_path)
    Path("config").mkdir()

    def from_text(text: str, known: Known = KNOWN, *, read_tokens: bool = True) -> Pages:
        path = Path("config/pages.yaml")
        path.write_text(text, encoding="utf-8")
        return load_pages(path, known, read_tokens=read_tokens)

    return from_text


def can(**more: Any) -> Known:
    """A platform of these capabilities in Facebook's place."""
    able = replace(connectors.capabilities("facebook"), **more)
    return replace(KNOWN, capabilities=lambda _platform: able)


def sentences(pages: Pages) -> list[str]:
    return [error.sentence for error in pages.refused]


def test_a_page_that_says_only_what_it_must_is_watched_and_nothing_more(load: Load) -> None:
    """Mode, pace and hosts have safe defaults; the name is the city's."""
    pages = load(TOWN)

    page = pages.find("town")
    assert pages.refused == ()
    assert (page.mode, page.auto_hide, page.auto_remove) == (Mode.OBSERVE, None, None)
    assert (page.name, page.poll_every, page.base_url) == ("Millbrook", timedelta(minutes=1), None)
    assert page.public_hosts == ("www.facebook.com", "static.xx.fbcdn.net")


def test_the_city_has_a_name_a_zone_and_an_hour_for_its_digest(load: Load) -> None:
    """The digest's hour is local; its default is half past seven."""
    city = load(TOWN).city

    assert (city.name, city.timezone, city.digest_hour) == ("Millbrook", ZoneInfo("America/New_York"), time(7, 30))
    assert city.policy_url is None


def test_an_id_in_quotes_keeps_its_leading_zeros(load: Load) -> None:
    """A platform's id is a text, not a number."""
    assert load(TOWN).find("town").page_id == "0012"


def test_everything_that_a_page_can_say_arrives(load: Load) -> None:
    """Each key of a page has its place in the value."""
    text = TOWN + (
        "    name: Town Hall\n    mode: enforce\n    poll_every: 30s\n"
        '    slack_channel: "#town"\n    public_hosts: [www.facebook.com, "cdn.example:8443"]\n'
    )

    page = load(text + SIGNED).find("town")

    assert (page.name, page.mode, page.poll_every) == ("Town Hall", Mode.ENFORCE, timedelta(seconds=30))
    assert (page.slack_channel, page.public_hosts) == ("#town", ("www.facebook.com", "cdn.example:8443"))
    assert page.auto_hide == Signature(frozenset({"profanity", "pii"}), "C. Ounsel", date(2026, 11, 2))


def test_a_page_may_enforce_without_a_signature(load: Load) -> None:
    """Then each hide is asked for; the mode alone hides nothing."""
    assert load(TOWN + "    mode: enforce\n").find("town").auto_hide is None


def test_a_sandbox_on_this_machine_may_be_read_fast_over_http_with_its_own_hosts(load: Load) -> None:
    """What would be refused of a platform is allowed of a loopback server."""
    text = TOWN + "    base_url: http://127.0.0.1:8080\n    poll_every: 0.2s\n    public_hosts: ['127.0.0.1:8080']\n"

    page = load(text).find("town")

    assert (page.poll_every, page.public_hosts) == (timedelta(seconds=0.2), ("127.0.0.1:8080",))


def test_a_broken_page_leaves_the_other_pages_alone(load: Load) -> None:
    """One page with a mistake is refused, named in the facts, and still listed; the rest can be used."""
    pages = load(TOWN.replace("millbrook", "milbrook") + SECOND)

    assert [page.slug for page in pages.pages] == ["library"]
    assert [error.facts for error in pages.refused] == [{"page": "town"}]
    assert pages.listed == {"town", "library"}


def test_every_mistake_of_a_page_is_told_at_once(load: Load) -> None:
    """Nobody has to start Beadle once for each mistake."""
    text = TOWN.replace("slug: town", "slug: The Town") + "    mode: enfroce\n    mood: good\n"

    assert sentences(load(text)) == [
        'config/pages.yaml:5: "slug" of a page is "The Town"; write small letters, digits and hyphens, '
        "for example main-street.",
        'config/pages.yaml:10: "mode" of a page is "enfroce"; write observe, assist or enforce '
        '(did you mean "enforce"?).',
        'config/pages.yaml:11: "mood" is not a key of a page; did you mean "mode"?',
    ]


PAGE_MISTAKES = [
    (
        "a mistyped key",
        ("    policy:", "    polcy:"),
        '8: "polcy" is not a key of a page; did you mean "policy"?',
    ),
    (
        "a key of nothing",
        ("    policy: millbrook", "    policy: millbrook\n    zzz: 1"),
        '9: "zzz" is not a key of a page; the keys are slug, name, platform, page_id, policy, mode, base_url, timeout, '
        "poll_every, token, slack_channel, auto_hide, auto_remove, public_hosts, flags, unconfirmed, department, "
        "staff, attested, legal_basis, options.",
    ),
    (
        "a missing key",
        ("    policy: millbrook\n", ""),
        '5: a page needs "policy": the slug of a policy in the folder policies, for example policy: clinton-city.',
    ),
    (
        "an id that YAML takes for a number",
        ('"0012"', "0012"),
        '7: "page_id" of a page is a bare number; write the platform\'s own id of the page, in quotes, '
        'for example page_id: "1234567890".',
    ),
    (
        "an id with a space",
        ('"0012"', '"00 12"'),
        '7: "page_id" of a page is "00 12"; write it exactly as it was given, without spaces.',
    ),
    (
        "a platform that nobody speaks",
        ("platform: facebook", "platform: friendster"),
        '6: "platform" of a page is "friendster"; Beadle can speak to facebook.',
    ),
    (
        "a mistyped policy",
        ("policy: millbrook", "policy: milbrook"),
        '8: "policy" of a page is "milbrook", but there is no such policy; did you mean "millbrook"?',
    ),
    (
        "an unknown policy",
        ("policy: millbrook", "policy: x"),
        '8: "policy" of a page is "x", but there is no such policy; write millbrook.',
    ),
    (
        "too fast a pace",
        ("    token", "    poll_every: 4s\n    token"),
        '9: "poll_every" of a page is "4s", which is too often for facebook, by its limits and terms; '
        "write 5s or more.",
    ),
    (
        "a pace without a unit",
        ("    token", "    poll_every: 60\n    token"),
        '9: "poll_every" of a page is a bare number; write a number and s, m or h, for example poll_every: 30s.',
    ),
    (
        "a pace of never",
        ("    token", "    poll_every: 25h\n    token"),
        '9: "poll_every" of a page is "25h"; write a number and s, m or h, for example 30s, 2m or 1h.',
    ),
    (
        "a server over http",
        ("    token", "    base_url: http://graph.example\n    token"),
        '9: "base_url" of a page is "http://graph.example", which anybody on the way can read; write it with https.',
    ),
    (
        "a password in an address",
        ("    token", "    base_url: https://me:secret@graph.example\n    token"),
        '9: "base_url" of a page has more in it than a server and a path; take the password, query or fragment out.',
    ),
    (
        "an address of another kind",
        ("    token", "    base_url: ftp://graph.example\n    token"),
        '9: "base_url" of a page is not an address; write one such as https://www.town.gov/.',
    ),
    (
        "a channel that became a remark",
        ("    token", "    slack_channel: #town\n    token"),
        '9: "slack_channel" of a page is empty; write the id of a Slack channel or its name, in quotes '
        '(a bare # begins a remark), for example slack_channel: "#social-media".',
    ),
    (
        "this machine as a public host",
        ("    token", "    public_hosts: [169.254.169.254]\n    token"),
        '9: "public_hosts" of a page holds "169.254.169.254", which is no public name; write one such as '
        "www.facebook.com.",
    ),
    (
        "a name of the city's own network as a public host",
        ("    token", "    public_hosts: [intranet]\n    token"),
        '9: "public_hosts" of a page holds "intranet", which is no public name; write one such as www.facebook.com.',
    ),
    (
        "this machine in hexadecimal as a public host",
        ("    token", "    public_hosts: ['0x7f.1']\n    token"),
        '9: "public_hosts" of a page holds "0x7f.1", which is no public name; write one such as www.facebook.com.',
    ),
    (
        "a signature in a list",
        ("    token", "    auto_hide: [pii]\n    token"),
        '9: "auto_hide" of a page is a list; write categories, signed_by and signed_on.',
    ),
    (
        "a mapping for a mode",
        ("    token", "    mode: {enforce: true}\n    token"),
        '9: "mode" of a page is a mapping; write observe, assist or enforce.',
    ),
    (
        "a port that no server has",
        ("    token", "    base_url: https://graph.example:99999\n    token"),
        '9: "base_url" of a page is not an address; write one such as https://www.town.gov/.',
    ),
    (
        "an address with a space",
        ("    token", "    base_url: https://graph example\n    token"),
        '9: "base_url" of a page is not an address; write one such as https://www.town.gov/.',
    ),
    (
        "a name of spaces",
        ("    token", '    name: " "\n    token'),
        '9: "name" of a page is empty or has spaces at an end; write it without them.',
    ),
    (
        "a host with a path",
        ("    token", "    public_hosts: [facebook.com/town]\n    token"),
        '9: "public_hosts" of a page holds "facebook.com/town"; write host names alone, for example www.facebook.com.',
    ),
    (
        "a category that nobody may sign for",
        ("    token", "    auto_hide: {categories: [hate], signed_by: A, signed_on: 2026-11-02}\n    token"),
        '9: "categories" of a signature holds "hate", which is a person\'s call, whatever is signed; write'
        " profanity, pii, spam, sexual or threat.",
    ),
    (
        "no category",
        ("    token", "    auto_hide: {categories: [], signed_by: A, signed_on: 2026-11-02}\n    token"),
        '9: "categories" of a signature is an empty list; write at least one.',
    ),
    (
        "a category twice",
        ("    token", "    auto_hide: {categories: [pii, pii], signed_by: A, signed_on: 2026-11-02}\n    token"),
        '9: "categories" of a signature holds "pii" twice; keep one.',
    ),
    (
        "nobody's signature",
        ("    token", "    auto_hide: {categories: [pii], signed_on: 2026-11-02}\n    token"),
        '9: a signature needs "signed_by": the name and office of who answers for it, '
        "for example signed_by: A. Name, city counsel.",
    ),
    (
        "a signature of tomorrow",  # it is still the 20th in Millbrook, though the 21st in UTC
        ("    token", "    auto_hide: {categories: [pii], signed_by: A, signed_on: 2026-11-21}\n    token"),
        '9: "signed_on" of a signature is 2026-11-21, which is still to come; write the day of the signature.',
    ),
    (
        "a removal where a hide is possible",
        ("    token", "    auto_remove: {categories: [spam], signed_by: A, signed_on: 2026-11-02}\n    token"),
        '9: "auto_remove" of a page is not for facebook, which can hide, and a hide can be undone; '
        'write "auto_hide" instead.',
    ),
    (
        "a token written out",
        ("env:TOWN_TOKEN", SECRET),
        '9: "token" of a page holds something else than a place; take it out, make a new token if it was one, '
        "and write env:NAME_OF_A_VARIABLE or file:/path/to/a/file.",
    ),
    (
        "a token that isn't there",
        ("env:TOWN_TOKEN", "env:OTHER_TOKEN"),
        "9: the environment has no OTHER_TOKEN; put the token there, or write file:/path instead.",
    ),
]


@pytest.mark.parametrize(
    ("change", "expected"), [(c, e) for _, c, e in PAGE_MISTAKES], ids=[n for n, _, _ in PAGE_MISTAKES]
)
def test_a_mistake_in_a_page_is_one_sentence_with_its_line(load: Load, change: tuple[str, str], expected: str) -> None:
    """What is wrong, where, and what would be right."""
    assert change[0] in TOWN

    assert sentences(load(TOWN.replace(*change, 1))) == [f"config/pages.yaml:{expected}"]


CITY_MISTAKES = [
    (
        "a mistyped zone",
        ("America/New_York", "America/NewYork"),
        '3: "timezone" of the city is "America/NewYork", which is not a time zone of the IANA database; '
        'did you mean "America/New_York"?',
    ),
    (
        "a path for a zone",
        ("America/New_York", "../../etc/passwd"),
        '3: "timezone" of the city is "../../etc/passwd", which is not a time zone of the IANA database; '
        "write one such as America/New_York.",
    ),
    (
        "an hour that no clock shows",
        ("timezone:", "digest_hour: 24:30\n  timezone:"),
        '3: "digest_hour" of the city is "24:30"; write hours and minutes of 24 hours, for example "07:30".',
    ),
    (
        "a city without a name",
        ("  name: Millbrook\n", ""),
        '1: the city needs "name": the city\'s name as residents know it, for example name: Clinton City.',
    ),
    (
        "nothing about the city",
        (TOWN[: TOWN.index("pages:")], ""),
        '1: the file needs "city:" with the name and the timezone of the city.',
    ),
    ("no city", ("city:", "town:"), '1: "town" is not a key of the file; the keys are city and pages.'),
    (
        "a city in one word",
        ("city:\n  name: Millbrook\n  timezone: America/New_York", "city: Millbrook"),
        "1: the city must be written as keys with values, one a line.",
    ),
    (
        "no pages",
        (TOWN[TOWN.index("  - slug") :], ""),
        '4: "pages" must be a list of at least one page, each begun by "- slug: ...".',
    ),
    (
        "a key twice",
        ("    policy: millbrook", "    policy: millbrook\n    policy: other"),
        '9: "policy" stands twice; keep one.',
    ),
    (
        "a token twice",
        ("    token: env:TOWN_TOKEN", f"    token: {SECRET}\n    token: {SECRET}2"),
        '10: "token" stands twice; keep one.',
    ),
    (
        "a lost quote",
        ('"0012"', '"0012'),
        "7: a quote opens here and is never closed.",
    ),
    (
        "a tab",
        ("    policy", "\tpolicy"),
        "8: this can't be read as YAML (found character '\\t' that cannot start any token); "
        "look for a lost quote, colon or space.",
    ),
    ("a control character", ("Millbrook", "Mill\x1bbrook"), "2: a control character stands here; take it out."),
]


@pytest.mark.parametrize(
    ("change", "expected"), [(c, e) for _, c, e in CITY_MISTAKES], ids=[n for n, _, _ in CITY_MISTAKES]
)
def test_a_mistake_outside_the_pages_stops_everything(load: Load, change: tuple[str, str], expected: str) -> None:
    """Nothing true could be said to anybody without the city's name and clock."""
    assert change[0] in TOWN

    with pytest.raises(ConfigError) as raised:
        load(TOWN.replace(*change, 1))

    assert raised.value.sentence == f"config/pages.yaml:{expected}"


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        f"env:{SECRET}",
        f"file:{SECRET}",
        f"[{SECRET}]",
        f"{{a: {SECRET}}}",
        "12345678901234567890",
        f"!x {SECRET}",
    ],
)
def test_a_token_written_out_is_never_repeated(load: Load, written: str) -> None:
    """Neither in the sentence, nor in the facts, nor in what is chained to the error."""
    pages = load(TOWN.replace("env:TOWN_TOKEN", written))

    (error,) = pages.refused
    chain = [repr(each) + str(each) for each in (error, error.__cause__, error.__context__, error.facts)]
    assert "EAAB" not in "".join(chain)
    assert "1234567" not in "".join(chain)


def test_two_pages_of_one_slug_are_one_too_many(load: Load) -> None:
    """The first stays; the second is refused at its line."""
    pages = load(TOWN + SECOND.replace("library", "town"))

    assert [page.page_id for page in pages.pages] == ["0012"]
    assert sentences(pages) == ['config/pages.yaml:10: a page "town" stands above already; give this one another slug.']


def test_one_page_under_two_slugs_is_refused(load: Load) -> None:
    """Two watchers of one page would count and alert everything twice."""
    pages = load(TOWN + SECOND.replace('"34"', '"0012"'))

    assert sentences(pages) == ['config/pages.yaml:12: this is the same facebook page as "town"; take one of them out.']


def test_a_removal_may_be_signed_for_where_the_platform_cannot_hide(load: Load) -> None:
    """Whether it can is asked of whoever knows the platforms."""
    known = can(hide="none")
    text = TOWN + SIGNED.replace("auto_hide", "auto_remove")

    page = load(text, known).find("town")

    assert page.auto_remove is not None
    assert page.auto_remove.categories == {"profanity", "pii"}


def test_a_command_that_speaks_to_no_platform_needs_no_token(load: Load) -> None:
    """The records clerk's account has none."""
    known = Known(KNOWN.platforms, KNOWN.policies, KNOWN.now, environ={})

    assert load(TOWN, known, read_tokens=False).refused == ()
    assert len(load(TOWN, known).refused) == 1


def test_a_page_shows_where_its_token_lies_and_never_the_token(load: Load) -> None:
    """The value is read when it is asked for, and is held nowhere."""
    page = load(TOWN).find("town")

    assert "a-token" not in repr(page)
    assert page.token.get_secret_value({"TOWN_TOKEN": "a-token"}) == "a-token"


def test_asking_for_a_page_that_is_not_there_says_which_there_are(load: Load) -> None:
    """The sentence helps whoever mistyped it."""
    with pytest.raises(ConfigError, match=r'^there is no page "twon"; the pages are: town\.$'):
        load(TOWN).find("twon")


def test_asking_for_a_refused_page_says_why_it_is_refused(load: Load) -> None:
    """Not that it isn't there: it is, and has a mistake."""
    with pytest.raises(ConfigError, match=r'pages\.yaml:8: "policy" of a page is "x"'):
        load(TOWN.replace("policy: millbrook", "policy: x")).find("town")


def test_a_file_that_is_not_there_says_how_to_make_it(tmp_path: Path) -> None:
    """The first thing that happens to a new installation."""
    path = tmp_path / "pages.yaml"

    with pytest.raises(ConfigError) as raised:
        load_pages(path, KNOWN)

    assert raised.value.sentence == (
        f"{path} is not there; make it with `beadle init`, or set BEADLE_CONFIG to its folder."
    )


def test_a_file_in_another_encoding_is_refused_at_its_line(tmp_path: Path) -> None:
    """Latin-1 from an old editor would change the city's name."""
    path = tmp_path / "pages.yaml"
    path.write_bytes(b"city:\n  name: Ca\xf1on City\n")

    with pytest.raises(ConfigError, match=r"pages\.yaml:2: this is not UTF-8; save the file as UTF-8\.$"):
        load_pages(path, KNOWN)
