"""`beadle connectors`, its probe, `beadle gaps` and `beadle import`: on the real command line."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

import connectors
from bot.app import open_beadle
from bot.cli.connectors import HEADS, markdown, rows
from bot.demo.home import Home
from bot.demo.town import Town
from bot.ledger import watch
from bot.settings import load_settings
from connectors.connection import Connection
from tests.cli.conftest import Beadle
from tests.office import NOW, SLUG, Office

DOCS = Path(__file__).resolve().parents[2] / "docs" / "platforms"


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where reports and inboxes go."""
    monkeypatch.setenv("BEADLE_STATE", str(tmp_path / "state"))
    return tmp_path / "state"


def test_the_matrix_has_every_platform_and_fits_a_hundred_columns(
    home: Home, beadle: Beadle, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is drawn from the code; no configuration is needed for it."""
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("BEADLE_CONFIG", str(home.folder / "none"))
    said = beadle("connectors")

    assert said.code == 0
    assert max(len(line) for line in said.out.splitlines()) <= 100
    assert [name for name in connectors.platforms() if not re.search(rf"^ ?{name} ", said.out, re.MULTILINE)] == []


def test_the_matrix_as_json_is_the_capabilities(home: Home, beadle: Beadle) -> None:
    """For the city's own tools: every field, times in seconds."""
    told = json.loads(beadle("connectors", "--json").out)

    assert set(told) == set(connectors.platforms())
    can = connectors.capabilities("facebook")
    assert (told["facebook"]["effect"], told["facebook"]["least_poll"]) == (can.effect, can.least_poll.total_seconds())
    assert told["facebook"] == json.loads(beadle("connectors", "facebook", "--json").out)


@pytest.mark.parametrize("platform", connectors.platforms())
def test_one_platform_is_told_in_full(beadle: Beadle, home: Home, platform: str) -> None:
    """What a hide means, what a person does instead, the terms and what nobody has tried."""
    can, printed = connectors.capabilities(platform), beadle("connectors", platform).out
    said = " ".join(printed.split())
    for told in (can.effect, can.by_hand, can.archive.terms, can.cost, *(each.question for each in can.unproven)):
        assert told in said
    assert [way.name for way in (*can.remove_ways, *can.block_ways) if f"{way.name}: {way.effect}" not in said] == []


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("myspace",), 'there is no connector for "myspace"; there is one for:'),
        (("probe",), "name the page: `beadle connectors probe PAGE`."),
        (("facebook", "--remove"), "are for `beadle connectors probe`."),
    ],
)
def test_a_mistyped_command_says_what_would_be_right(
    beadle: Beadle, home: Home, words: tuple[str, ...], why: str
) -> None:
    """One sentence, exit status 1."""
    said = beadle("connectors", *words)

    assert (said.code, why in said.err) == (1, True)


def test_the_table_in_the_documentation_is_the_codes() -> None:
    """`beadle connectors --markdown` prints it; every platform has its own page."""
    text = (DOCS / "README.md").read_text("utf-8")

    assert markdown() in text, f"put this table into docs/platforms/README.md:\n{markdown()}"
    assert {len(row) for row in rows()} == {len(HEADS)}
    assert [name for name in connectors.platforms() if not (DOCS / f"{name}.md").exists()] == []


# ── the probe ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_probe_tries_a_comment_over_the_wire_and_leaves_it_as_it_was(
    town: Town, home: Home, beadle: Beadle, state: Path
) -> None:
    """Hidden, read back, looked for in the list, shown again; the report holds no word of it."""
    mine = town.say("Just a trial, please ignore.")
    said = beadle("connectors", "probe", town.page_slug, "--comment", mine, "--yes")
    (path,) = (state / "probes").iterdir()
    report = json.loads(path.read_text("utf-8"))

    assert said.code == 0, said.err
    found = {trial["step"]: trial["answer"] for trial in report["trials"]}
    assert (found["hide"], found["unhide"], found["author"], found["remove"]) == ("yes", "yes", "yes", "not tried")
    assert not town.comment(mine).hidden
    assert "please ignore" not in path.read_text("utf-8")
    assert str(path) in said.out


def test_without_a_comment_the_probe_lists_what_is_unproven_and_touches_nothing(
    town: Town, home: Home, beadle: Beadle, state: Path
) -> None:
    """It says how to go on, and which comments are the newest."""
    mine = town.say("Another trial.")
    before = len(town.wall.journal)
    said = beadle("connectors", "probe", town.page_slug)

    assert f"beadle connectors probe {town.page_slug} --comment ID" in said.out
    assert mine in said.out
    assert len(town.wall.journal) == before


def test_a_comment_of_the_page_itself_or_of_nobody_is_none_to_try(
    town: Town, home: Home, beadle: Beadle, state: Path
) -> None:
    """Nothing is hidden, and no report is written."""
    said = beadle("connectors", "probe", town.page_slug, "--comment", f"{town.page_id}_404", "--yes")

    assert said.code == 1
    assert not (state / "probes").exists()


# ── gaps and import ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_gaps_say_when_a_page_was_blind_and_what_is_missing(office: Office, beadle: Beadle) -> None:
    """Times, minutes, the reason; and each post against the platform's own count."""
    from tests.fakes import POST  # the post on which the office's comments stand

    office.platform.say("Thank you.")
    office.poll()
    with Session(office.route.writing) as session, session.begin():
        watch.seen(session, SLUG, NOW)
        watch.failed(session, SLUG, "The platform did not answer.", NOW + timedelta(minutes=1))
        watch.seen(session, SLUG, NOW + timedelta(minutes=45))
    said = beadle("gaps", SLUG, "--days", "3660")
    told = json.loads(beadle("gaps", "--days", "3660", "--json").out)

    assert "not seen for 45 minutes: The platform did not answer." in said.out
    assert [(each["page"], each["reason"]) for each in told["blind"]] == [(SLUG, "The platform did not answer.")]
    assert [(each["post_id"], each["stand"], each["told"]) for each in told["posts"]] == [(POST.post_id, 1, None)]
    assert 'there is no page "nowhere"' in beadle("gaps", "nowhere").err


def test_files_are_for_pages_that_are_read_by_hand(town: Town, home: Home, beadle: Beadle, state: Path) -> None:
    """A page that Beadle reads by itself takes none."""
    said = beadle("import", town.page_slug, str(home.folder / "none.csv"))

    assert said.code == 1
    assert "is on facebook, which Beadle reads by itself" in said.err


def _add_page(home: Home, slug: str, **more: str) -> None:
    """One more page beside the town's own."""
    pages = home.config / "pages.yaml"
    lines = {"platform": "manual", "page_id": '"door"', "policy": "clinton-city", "token": "none", **more}
    written = "".join(f"    {key}: {value}\n" for key, value in lines.items())
    pages.write_text(f"{pages.read_text('utf-8').rstrip()}\n  - slug: {slug}\n{written}", "utf-8")


def test_imported_files_are_judged_and_kept_and_what_is_refused_is_told(
    town: Town, home: Home, beadle: Beadle, state: Path
) -> None:
    """Two rows are kept, one of them opens a case; the third says what is wrong. A second time brings nothing."""
    _add_page(home, "nextdoor")
    drawn = home.folder / "export.csv"
    drawn.write_text(
        "text,posted_at,author\n"
        "Thank you for plowing our street.,2026-11-20T10:00:00Z,Ann\n"
        "This is complete bullshit.,2026-11-20T11:00:00Z,Bob\n"
        "No time at all.,never,Cid\n",
        "utf-8",
    )
    first, second = beadle("import", "nextdoor", str(drawn)), beadle("import", "nextdoor", str(drawn))

    assert first.code == 0, first.err
    assert "nextdoor: 2 new comments, 1 cases." in first.out
    assert "export.csv, line 4: " in first.out
    assert "nextdoor: 0 new comments, 0 cases." in second.out
    assert [path.name.endswith("-export.csv") for path in (state / "inbox" / "nextdoor").iterdir()] == [True]


def test_a_page_whose_credentials_cannot_be_right_leaves_the_others_alone(
    town: Town, home: Home, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused in one sentence with its line, and the others are opened."""
    monkeypatch.setenv("BLOG_TOKEN", "only-one-part")
    more = {"platform": "wordpress", "token": "env:BLOG_TOKEN", "base_url": "https://blog.example.gov"}
    _add_page(home, "blog", **more)
    with open_beadle(load_settings(), acts=True) as beadle:
        desks, (refused,) = set(beadle.route.desks), beadle.configuration.refused
    with open_beadle(load_settings(), acts=False) as beadle:
        assert set(beadle.route.desks) == {town.page_slug, "blog"}

    assert desks == {town.page_slug}
    assert re.match(r'.*pages\.yaml:\d+: the page "blog" can\'t be opened: WordPress needs ', refused.sentence)
    assert "only-one-part" not in refused.sentence


def test_a_connector_is_given_the_ledger_for_its_books_and_what_the_page_says(
    town: Town, home: Home, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a restart gives no quota back; renewed credentials have somewhere to go."""
    _add_page(home, "door", options='{timezone: "America/New_York"}')
    given: dict[str, dict[str, Any]] = {}
    real = connectors.connect

    def watched(platform: str, **told: Any) -> Connection:
        given[platform] = told
        return real(platform, **told)

    monkeypatch.setattr(connectors, "connect", watched)
    with open_beadle(load_settings(), acts=True):
        given["facebook"]["spending"].add("facebook:1:calls", "2026-11", 2.0)
    with open_beadle(load_settings(), acts=True):
        assert given["facebook"]["spending"].spent("facebook:1:calls", "2026-11") == 2.0

    assert given["manual"]["options"] == {"inbox": str(state / "inbox" / "door"), "timezone": "America/New_York"}
    assert callable(given["manual"]["on_renewed"])
