"""Judging again what is kept, and asking whether like was treated alike."""

from __future__ import annotations

import json

from bot.authority import Verb
from bot.demo.home import Home
from tests.cli.conftest import Beadle
from tests.office import PROFANE, Office, person, voice


def test_a_backtest_says_what_would_have_changed(office: Office, home: Home, beadle: Beadle) -> None:
    """A policy without its list of obscene words would have cleared what this one hid, and a person is told so."""
    case = office.settled_case()
    office.review.decide(case, Verb.APPROVE, voice(person(), "uid:1"), "")
    office.work()
    new = home.config / "policies" / "clinton-city.yaml"
    weaker = home.config / "clinton-city@next.yaml"
    weaker.write_text(_without_rule(new.read_text("utf-8"), "obscene-words"), "utf-8")
    answer = beadle("policy", "backtest", str(weaker), "--json")
    assert answer.err.strip() == ""
    report = json.loads(answer.out)
    said = beadle("policy", "backtest", str(weaker)).out

    assert (report["comments"], report["changed"], report["contradicted"]) == (1, 1, 1)
    assert report["rules"]["obscene-words"] == {"before": 1, "after": 0}
    assert "1 would have come out otherwise" in said
    assert "then act, now clear: 1" in said


def test_a_backtest_by_the_policy_in_force_changes_nothing(office: Office, home: Home, beadle: Beadle) -> None:
    """The same pack says the same."""
    office.settled_case()
    report = json.loads(beadle("policy", "backtest", str(home.config / "policies" / "clinton-city.yaml"), "--json").out)
    assert (report["comments"], report["changed"], report["moved"]) == (1, 0, 0)


def test_a_backtest_wants_a_file_and_a_page_under_its_policy(office: Office, home: Home, beadle: Beadle) -> None:
    """Each mistake is a sentence."""
    missing = beadle("policy", "backtest", str(home.config / "nothing.yaml"))
    other = beadle("policy", "backtest", str(home.config / "policies" / "city-702.yaml"))
    assert (missing.code, other.code) == (1, 1)
    assert missing.err.endswith("nothing.yaml is no file; name the new policy's file.\n")
    assert 'no page in pages.yaml is under policy "city-702"' in other.err


def test_what_was_taken_down_stands_beside_its_like_that_was_kept(office: Office, home: Home, beadle: Beadle) -> None:
    """The same words, once hidden and once kept by a person: the audit shows both."""
    office.settled_case(PROFANE)
    kept = office.settled_case(f"{PROFANE} Really.")
    office.review.decide(kept, Verb.RESTORE, voice(person(), "uid:1"), "")
    office.work()
    report = json.loads(beadle("audit", "consistency", "--json").out)
    said = beadle("audit", "consistency").out

    assert report["taken_down"] == 1
    assert report["rules"]["obscene-words"]["kept_by"] == {"noor": 1}
    assert [left["case"] for each in report["comparisons"] for left in each["left_up"]] == [kept]
    assert "of those taken down have a like that was left up" in said


def _without_rule(pack: str, rule: str) -> str:
    begin = pack.index(f"  - id: {rule}\n")
    return pack[:begin] + pack[pack.index("  - id: ", begin + 1) :]
