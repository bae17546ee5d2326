"""pages.yaml: what it asks for on each platform, by that platform's own capabilities."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.test_pages import TOWN, Load, can, load, sentences

__all__ = ["load"]


def test_where_each_city_has_a_server_of_its_own_its_address_is_needed(load: Load) -> None:
    """The page is refused in one sentence, and its host is what pictures may load from."""
    known = can(needs_base_url=True, public_hosts=())

    assert sentences(load(TOWN, known)) == [
        'config/pages.yaml:5: a page on facebook needs "base_url": each city has a server of its own there; write its '
        "address."
    ]
    page = load(TOWN + "    base_url: https://Blog.Example.gov/news\n", known).find("town")
    assert (page.base_url, page.public_hosts) == ("https://Blog.Example.gov/news", ("blog.example.gov",))


def test_where_terms_forbid_pictures_the_browser_gets_no_host(load: Load) -> None:
    """A host that nobody may open is on no list."""
    assert load(TOWN, can(pictures=False)).find("town").public_hosts == ()


def test_the_pace_is_the_platforms_where_the_page_names_none(load: Load) -> None:
    """And the page may not be faster than the platform allows; the sentence names the platform and the least."""
    known = can(poll_every=timedelta(hours=2), least_poll=timedelta(hours=1))

    assert load(TOWN, known).find("town").poll_every == timedelta(hours=2)
    assert sentences(load(TOWN + "    poll_every: 59m\n", known)) == [
        'config/pages.yaml:10: "poll_every" of a page is "59m", which is too often for facebook, by its limits and '
        "terms; write 1h or more."
    ]


def test_a_platform_that_asks_for_an_attestation_is_used_only_with_a_name_under_it(load: Load) -> None:
    """The connector gets who attested it, when, and the plan."""
    known = can(attestation="The city pays for a plan that allows this.")

    assert sentences(load(TOWN, known)) == [
        'config/pages.yaml:5: a page on facebook needs "attested" with plan, signed_by and signed_on: The city pays '
        "for a plan that allows this."
    ]
    page = load(TOWN + "    attested: {plan: basic, signed_by: C. Ounsel, signed_on: 2026-11-02}\n", known).find("town")
    assert page.for_connector == {"attested": "C. Ounsel, 2026-11-02", "plan": "basic"}


def test_a_legal_basis_is_handed_to_the_connector_by_its_citation(load: Load) -> None:
    """It stands beside the options that only this platform needs."""
    more = "    legal_basis: {citation: Conn. Gen. Stat. 11-8, signed_by: C. Ounsel, signed_on: 2026-11-02}\n"
    page = load(TOWN + more + '    options: {version: "202609"}\n').find("town")

    assert page.for_connector == {"version": "202609", "legal_basis": "Conn. Gen. Stat. 11-8"}


@pytest.mark.parametrize(
    ("option", "why"),
    [
        ("legal_basis: x", '"legal_basis", which is signed for; write the block "legal_basis" instead.'),
        ("plan: x", '"plan", which is signed for; write the block "attested" instead.'),
        ("client_secret: x", '"client_secret", which is a secret; put it into the page\'s token, a JSON object'),
        ("Auth-URL: x", '"Auth-URL"; write names in small letters, such as auth_url.'),
        ('forum: " "', 'something else than one line of text behind "forum"; write one, in quotes.'),
    ],
)
def test_an_option_that_belongs_elsewhere_is_refused(load: Load, option: str, why: str) -> None:
    """What is signed for has a block, a secret its private file."""
    (said,) = sentences(load(TOWN + f"    options: {{{option}}}\n"))

    assert said.startswith(f'config/pages.yaml:10: "options" of a page holds {why}')


@pytest.mark.parametrize("page_id", ["did:plc:7iza6de2dwap2sbkpav7c6c6", "urn:li:organization:42", "12345@N00"])
def test_an_id_of_any_platform_is_kept_as_it_was_given(load: Load, page_id: str) -> None:
    """Ids are numbers, names, addresses, at-uris and URNs."""
    assert load(TOWN.replace("0012", page_id)).find("town").page_id == page_id


def test_a_token_may_be_a_file_of_several_parts(load: Load, tmp_path: Path) -> None:
    """Where a platform needs more than one; it is one secret to the page."""
    path = tmp_path / "town.json"
    path.write_text('{\n  "client_id": "a b",\n  "access_token": "c"\n}\n')
    path.chmod(0o600)

    page = load(TOWN.replace("env:TOWN_TOKEN", f"file:{path}")).find("town")

    assert json.loads(page.token.get_secret_value()) == {"client_id": "a b", "access_token": "c"}


def test_how_long_a_platform_is_waited_for_is_configured_within_limits(load: Load) -> None:
    """Ten seconds unless the page says otherwise; not for ever, and not so short that nothing ever arrives."""
    assert load(TOWN).find("town").timeout == timedelta(seconds=10)
    assert load(TOWN + "    timeout: 25s\n").find("town").timeout == timedelta(seconds=25)
    assert sentences(load(TOWN + "    timeout: 5m\n")) == [
        'config/pages.yaml:10: "timeout" of a page is "5m"; a platform is waited for between 1s and 60s.'
    ]
