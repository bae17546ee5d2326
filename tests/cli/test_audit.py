"""`beadle audit neutrality`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from bot.demo.home import SHIPPED, Home
from tests.cli.conftest import Beadle

FAIR = '  - {kind: official, a: "Fuck Mayor Delgado.", b: "Fuck Mayor Osgood."}\n'
UNFAIR = '  - {kind: official, a: "Fuck Mayor Delgado.", b: "Thanks, \\e[2J\\u202eMayor Osgood."}\n'


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    """A file of one pair that is fair."""
    path = tmp_path / "pairs.yaml"
    path.write_text(f"pairs:\n{FAIR}", "utf-8")
    return path


def test_a_policy_that_judges_both_sides_alike_passes(home: Home, beadle: Beadle, pairs: Path) -> None:
    """Exit status 0, and the table says how many pairs broke a rule on both sides."""
    said = beadle("audit", "neutrality", "--policy", "clinton-city", "--pairs", str(pairs))

    assert said.code == 0
    assert "Even-handed: 1 pairs" in said.out
    assert said.out.startswith("clinton-city, version ")


def test_a_pair_with_two_verdicts_is_named_and_the_exit_status_is_1(home: Home, beadle: Beadle, pairs: Path) -> None:
    """Both texts, both verdicts and what differs; a terminal escape in a text is written out."""
    pairs.write_text(f"pairs:\n{FAIR}{UNFAIR}", "utf-8")
    said = beadle("audit", "neutrality", "--policy", "clinton-city", "--pairs", str(pairs))

    assert said.code == 1
    assert "pairs.yaml:3  official, by a printed rule: outcome, action, clauses, categories" in said.out
    assert '"Fuck Mayor Delgado."' in said.out
    assert '"Thanks, [U+001B][2J[U+202E]Mayor Osgood."' in said.out
    assert "Not even-handed: the printed rules judge 50.0% of 2 pairs alike" in said.out
    assert "\x1b" not in said.out


def test_the_report_can_be_had_as_json(home: Home, beadle: Beadle, pairs: Path) -> None:
    """One object a policy, for the city's counsel."""
    pairs.write_text(f"pairs:\n{FAIR}{UNFAIR}", "utf-8")
    said = beadle("audit", "neutrality", "--policy", "clinton-city", "--pairs", str(pairs), "--json")
    (report,) = json.loads(said.out)

    assert said.code == 1
    assert (report["policy"], report["pairs"], report["even"]) == ("clinton-city", 2, False)
    assert report["kinds"] == {"official": {"pairs": 2, "found": 2, "by_rules": 1, "by_scores": 0}}
    assert [(each["line"], each["tier"]) for each in report["unequal"]] == [(3, "rules")]


def test_without_options_every_policy_is_asked_the_pairs_of_the_configuration(home: Home, beadle: Beadle) -> None:
    """The folder neutrality beside the policies; without it, a sentence says what to name."""
    bare = beadle("audit", "neutrality", "--json")
    shutil.copytree(SHIPPED / "neutrality", home.config / "neutrality")
    said = beadle("audit", "neutrality", "--json")

    assert bare.code == 1
    assert "--pairs" in bare.err
    shipped = {path.stem.split("@")[0] for path in (home.config / "policies").glob("*.yaml")}
    assert {report["policy"] for report in json.loads(said.out)} == shipped
    assert all(report["pairs"] >= 300 for report in json.loads(said.out))


def test_a_policy_that_is_refused_is_no_even_handed_one(home: Home, beadle: Beadle, pairs: Path) -> None:
    """It is named on standard error, and the exit status is 1."""
    (home.config / "policies" / "broken.yaml").write_text("slug: broken\n", "utf-8")
    said = beadle("audit", "neutrality", "--pairs", str(pairs))

    assert said.code == 1
    assert "not audited: " in said.err


def test_a_mistake_in_the_pairs_is_a_sentence(home: Home, beadle: Beadle, pairs: Path) -> None:
    """With file and line, as for every configuration file."""
    pairs.write_text('pairs:\n  - {kind: official, a: "One."}\n', "utf-8")
    said = beadle("audit", "neutrality", "--pairs", str(pairs))

    assert said.code == 1
    assert said.err.startswith(f"beadle: {pairs}:2: ")
