"""What every platform's file must carry beside the answers to the contract's questions."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import connectors
from tests.connectors.conftest import wired
from tests.connectors.wire import FIXTURES, wire_of

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMED_FOR_WHAT_HAPPENS_NEXT = {
    "AuthFailed",
    "PermissionLost",
    "Gone",
    "RateLimited",
    "QuotaSpent",
    "Blocked",
    "Unavailable",
    "Unsupported",
    "Malformed",
}

SEVENTEEN = (
    "bluesky discourse disqus facebook feed flickr instagram isso linkedin manual mastodon reddit threads tiktok "
    "wordpress x youtube"
)


def test_every_platform_of_the_issue_is_there() -> None:
    """Seventeen, and whoever adds one adds it here too."""
    assert connectors.platforms() == tuple(SEVENTEEN.split())


@pytest.mark.parametrize("platform", connectors.platforms())
def test_a_platform_has_a_wire_recorded_errors_and_a_page(platform: str) -> None:
    """A connector that nobody can ask, or read about, is not finished."""
    assert find_spec(f"tests.connectors.wires.{platform}")
    assert (DOCS / "platforms" / f"{platform}.md").exists()
    if not wire_of(platform).unable.get("test_each_error_is_named_for_what_happens_next"):
        cases = json.loads((FIXTURES / platform / "errors.json").read_text())
        assert {case["expect"] for case in cases} <= NAMED_FOR_WHAT_HAPPENS_NEXT
        assert len({case["name"] for case in cases}) == len(cases) >= 5


@pytest.mark.parametrize("platform", wired())
def test_what_is_left_out_has_a_reason(platform: str) -> None:
    """A question that is not asked of a platform names a test that exists, and says why in a sentence."""
    questions = "".join(path.read_text() for path in Path(__file__).parent.glob("test_contract*.py"))
    for name, reason in wire_of(platform).unable.items():
        assert f"def {name}(" in questions
        assert re.fullmatch(r"[A-Z].{15,}\.", reason)


@pytest.mark.parametrize("platform", connectors.platforms())
def test_capabilities_are_told_in_whole_sentences(platform: str) -> None:
    """People read them when they decide."""
    can = connectors.capabilities(platform)
    sentences = [can.effect, *(way.effect for way in (*can.remove_ways, *can.block_ways))]
    sentences += [unproven.question for unproven in can.unproven]

    assert all(re.fullmatch(r"[A-Z].*[.?]", sentence) for sentence in sentences)
    assert can.by_hand.endswith(".")
    assert re.fullmatch(r"[A-Z].{20,}\.", can.notice_why)
    assert (can.notice == "none") or (can.notice_within and can.notice_most)
    assert can.reads
    assert can.archive.terms
    assert can.identity
    assert (can.hide == "none") == (can.hide_scope == "none") == (can.hidden_state == "none")
    assert (can.block in ("api", "enterprise")) == bool(can.block_ways)
    assert can.poll_every >= can.least_poll
