"""The commands about accounts: what they print, what they record, what they refuse."""

from __future__ import annotations

import csv
import io
import json
import pwd
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.authority import Verb
from bot.demo.home import Home
from connectors.contract import Author
from tests.cli.conftest import Beadle
from tests.offenders.hall import DAY, RUDE, Doorman, Hall
from tests.office import KIND, SLUG, Office

FORMULA = '=HYPERLINK("http://evil.example","Mallory") \x1b[31m\u202e'
MALLORY = Author("24680", "Mallory Reyes")
PERSON = """  - id: {who}
    name: {who}
    email: {who}@millbrook.example
    roles: [{role}]
    pages: all
    accounts: ["{account}"]
    capability: [moderate]
    training:
      - {{topic: first-amendment, on: 2026-10-01}}
      - {{topic: records, on: 2026-10-01}}
    acknowledged:
      - {{policy: clinton-city, version: "{version}", on: 2026-10-01}}
"""


@pytest.fixture
def hall(office: Office) -> Hall:
    """A hall whose clock is a few days behind the command's own, so that nothing lies in its future."""
    office.clock.now = datetime.now(UTC) - timedelta(days=6)
    return Hall(office, Doorman(office.clock))


def _three(hall: Hall) -> list[str]:
    found = [hall.violate(number, MALLORY) for number in range(3)]
    hall.office.platform.say(KIND, author=MALLORY)
    hall.office.poll()
    hall.office.clock.pass_(DAY)
    hall.see_to()
    return found


@pytest.fixture
def become(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """From here on the commands run under the account of somebody else."""
    real = pwd.getpwuid

    def now(who: str, role: str) -> None:
        path = home.config / "people.yaml"
        text = path.read_text("utf-8")
        version = text.split('version: "')[1].split('"')[0]
        path.write_text(text + PERSON.format(who=who, role=role, account=who, version=version), "utf-8")
        monkeypatch.setattr(pwd, "getpwuid", lambda number: pwd.struct_passwd((who, *real(number)[1:])))

    return now


def test_without_a_strike_the_list_says_so(office: Office, beadle: Beadle) -> None:
    """An empty list is a sentence, in each form."""
    assert beadle("offenders").out == "No account has a strike, and nobody is blocked.\n"
    assert json.loads(beadle("offenders", "--json").out) == []
    assert beadle("offenders", "--csv").out.count("\n") == 1


def test_the_list_shows_how_accounts_stand(hall: Hall, beadle: Beadle) -> None:
    """Strikes by clause, what expires next, what waits; another page has none of them."""
    _three(hall)
    said = beadle("offenders").out

    assert "facebook:24680  displayed as Mallory Reyes" in said
    assert "3 of 3 strikes (3.4.3.A 3); the next expires" in said
    assert "proposal open since" in said
    (line,) = json.loads(beadle("offenders", "--json", "--page", SLUG).out)
    assert (line["account"], line["strikes"], line["by_clause"], line["proposal"]) == (
        "24680", 3, {"3.4.3.A": 3}, "open",
    )  # fmt: skip
    assert 'there is no page "nowhere"' in beadle("offenders", "--page", "nowhere").err


def test_a_spreadsheet_never_computes_what_a_stranger_is_displayed_as(hall: Hall, beadle: Beadle) -> None:
    """A name that is a formula is text, on one line, with nothing invisible in it."""
    hall.violate(0, replace(MALLORY, display_name=FORMULA))
    rows = list(csv.DictReader(io.StringIO(beadle("offenders", "--csv").out)))

    assert [row["account"] for row in rows] == ["24680"]
    assert rows[0]["displayed_as"].startswith("'=HYPERLINK")
    for out in (rows[0]["displayed_as"], beadle("offenders").out, beadle("offender", "24680").out):
        assert "\x1b" not in out
        assert "\u202e" not in out


def test_one_account_is_shown_whole(hall: Hall, beadle: Beadle) -> None:
    """Every comment, the lawful one too; every strike with case, evidence and expiry; what can be answered."""
    cases = _three(hall)
    said = beadle("offender", "facebook:24680").out

    for case_id in cases:
        evidence = hall.office.file(case_id).evidence
        assert evidence is not None
        assert f"case {case_id} on main, clause 3.4.3.A" in said
        assert evidence.package_id in said
    assert said.count("counts until") == 3
    assert all(text in said for text in (*RUDE[:3], KIND))
    assert "all 4 on the city's pages, 1 of them without any finding" in said
    assert "`beadle decline facebook:24680 --page main --reason ...`" in said


def test_a_name_that_fits_several_accounts_is_refused_with_their_ids(hall: Hall, beadle: Beadle) -> None:
    """One alone may be looked at by its name; nothing is ever decided on a name."""
    hall.office.platform.say(KIND, author=MALLORY)
    hall.office.poll()
    assert "24680" in beadle("offender", "Mallory Reyes").out
    warn = ("warn", "Mallory Reyes", "--page", SLUG, "--how", "mail", "--reason", "x")
    assert "is a name, and anybody can be displayed under any name" in beadle(*warn).err

    hall.office.platform.say(KIND, author=Author("13579", "Mallory Reyes"))
    hall.office.poll()
    said = beadle("offender", "Mallory Reyes")

    assert said.code == 1
    assert "facebook:13579" in said.err
    assert "facebook:24680" in said.err
    assert "`beadle offenders` lists" in beadle("offender", "nobody").err


def test_the_way_to_a_block_can_be_walked_by_commands_alone(
    hall: Hall, beadle: Beadle, become: Callable[[str, str], None]
) -> None:
    """Warnings, counsel, the sheet, a request, a second person: each command says what it did and what comes next."""
    _three(hall)
    for days_ago in (3, 2, 1):
        day = (datetime.now(UTC) - timedelta(days=days_ago)).date().isoformat()
        said = beadle("warn", "24680", "--page", SLUG, "--how", "direct message", "--on", day, "--reason", "3.4.3.A")
        assert "Recorded as warning" in said.out
    block = ("block", "24680", "--page", SLUG, "--way", "ban", "--days", "30", "--reason", "three strikes")
    assert "has no role" in beadle(*block).err

    become("cora", "counsel")
    assert "counsel's box" in beadle("opine", "24680", "--page", SLUG, "--text", "Proportionate.").out
    become("sam", "supervisor")
    assert "look at the whole account first" in beadle(*block).err
    sheet = next(line for line in beadle("offender", "24680").out.splitlines() if line.startswith("Sheet"))
    asked = beadle(*block, "--sheet", sheet.split()[1])
    assert "Request R-1: keep account facebook:24680 away from" in asked.out
    assert "another person must approve" in beadle("approve", "R-1", "--reason", "agreed").err

    become("cleo", "chief_of_staff")
    assert "Approved: account facebook:24680 will be kept away" in beadle("approve", "R-1", "--reason", "agreed").out
    listed = beadle("offenders").out
    assert "block on main (ban): ordered" in listed
    assert hall.proposals()[0].status == "blocked"


def test_no_action_is_an_answer(hall: Hall, beadle: Beadle, become: Callable[[str, str], None]) -> None:
    """A leader declines with a reason; the account's record shows who, when and why."""
    _three(hall)
    become("sam", "supervisor")

    assert "no action" in beadle("decline", "24680", "--page", SLUG, "--reason", "coarse, and criticism").out
    assert "no action by sam (supervisor; account" in beadle("offender", "24680").out
    assert "proposal open" not in beadle("offenders").out


def test_a_restore_takes_the_strike_out_of_every_list(hall: Hall, beadle: Beadle) -> None:
    """The command that restores says so; the next look at the list has one strike less, and no proposal."""
    cases = _three(hall)
    hall.decide(cases[0], Verb.RESTORE)

    said = beadle("offenders").out
    assert "2 of 3 strikes" in said
    assert "proposal" not in said
    assert "void: a person's word" in beadle("offender", "24680").out
