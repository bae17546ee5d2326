"""The home tab and the shortcuts: what a member finds without typing anything."""

from __future__ import annotations

import json
from typing import Any

from sqlmodel import Session, select

from bot.ledger import watch
from bot.ledger.tables import Case, OwnPostReport
from tests.office import COARSE, KIND, SLUG
from tests.slack.conftest import KAI, NOOR, ZED, Scene, words


def test_the_home_tab_shows_what_waits_and_how_the_pages_are(scene: Scene) -> None:
    """Urgent first, with age, clause and page; what is stopped; and since when a page can't be read."""
    case_id = scene.office.settled_case(COARSE)
    scene.office.clock.pass_(7200)
    with Session(scene.office.route.writing) as session, session.begin():
        watch.failed(session, SLUG, "The token expired.", scene.office.clock())

    home = _home(scene, NOOR)

    assert "One case waits for a person" in home
    assert f"{case_id}  waiting · " in home
    assert "main · 2 h ago" in home
    assert "Nothing is stopped." in home
    assert "Town of Millbrook: can't be read since 0 min ago: The token expired." in home


def test_the_home_tab_opens_a_case_and_decides_it_there(scene: Scene) -> None:
    """From the list to the case, and from the case to its reason, window upon window."""
    case_id = scene.office.settled_case(COARSE)
    _home(scene, NOOR)

    scene.slack.press_home(NOOR, "case_look", value=case_id)
    shown = scene.window(NOOR)
    assert "Left up" in words(shown["blocks"])
    scene.slack.press_in_view(NOOR, shown["id"], "case_keep")
    scene.until(lambda: len(scene.slack.views(NOOR)) == 2)
    scene.fill_in(NOOR, reason="It is about a dog.")

    scene.until(lambda: scene.status(case_id) == "kept")
    (decision,) = scene.decisions()
    assert decision.saw
    assert "Recorded for case" in words(scene.window(NOOR)["blocks"])


def test_an_unlisted_member_has_one_sentence_on_the_home_tab(scene: Scene) -> None:
    """No case, no page, no button: how to be listed."""
    scene.office.settled_case(COARSE)

    home = _home(scene, ZED)

    assert "people.yaml" in home
    assert "main" not in home
    view = scene.slack.home(ZED)
    assert view is not None
    assert [block["type"] for block in view["blocks"]] == ["rich_text"]


def test_a_comment_that_no_rule_found_is_reported_and_becomes_a_case(scene: Scene) -> None:
    """The clause is chosen from the policy in force; the case waits for people, sealed."""
    said = scene.office.platform.say(KIND)
    scene.office.poll()
    scene.slack.shortcut(NOOR, "report_comment")
    window = scene.window(NOOR)
    clauses = [option["value"] for block in window["blocks"] for option in _options(block)]
    assert "3.4.3.D" in clauses

    scene.slack.submit(
        NOOR, window["id"], {"where": said.permalink, "clause": "3.4.3.D", "reason": "It is aimed at a person."}
    )

    scene.until(lambda: "Reported: case" in words(scene.window(NOOR)["blocks"]))
    with Session(scene.office.route.reading) as session:
        (case,) = session.exec(select(Case)).all()
    assert case.case_id in words(scene.window(NOOR)["blocks"])
    assert [(each.action, each.outcome) for each in scene.presses()] == [("report_comment", "taken")]


def test_a_report_of_what_is_not_there_says_so_in_the_window(scene: Scene) -> None:
    """A link that no comment has is refused, with what to do."""
    scene.slack.shortcut(NOOR, "report_comment")
    blank = scene.fill_in(NOOR, where="   ", clause="3.4.3.D", reason="It is aimed at a person.")
    assert blank.errors == {"where": "Please write a sentence."}

    scene.fill_in(NOOR, where="https://social.example/none", clause="3.4.3.D", reason="It is aimed at a person.")

    assert "Copy the link of the comment itself" in words(scene.window(NOOR)["blocks"])
    assert [each.outcome for each in scene.presses()] == ["refused"]


def test_a_report_on_our_own_post_names_nobody_but_in_the_report(scene: Scene) -> None:
    """It is kept with its number; no press is written down that would say who reported."""
    scene.slack.shortcut(NOOR, "report_post")

    sent = scene.fill_in(NOOR, page=SLUG, where="1012_5501", reason="It endorses a candidate.")
    assert scene.slack.replay(sent).acknowledged

    scene.until(lambda: "number 1" in words(scene.window(NOOR)["blocks"]))
    with Session(scene.office.route.reading) as session:
        (row,) = session.exec(select(OwnPostReport)).all()
    assert (row.person, row.what) == ("noor", "It endorses a candidate.")
    assert scene.presses() == []


def test_who_has_no_page_here_is_told_so_in_the_window(scene: Scene) -> None:
    """A shortcut is never without an answer."""
    scene.slack.shortcut(KAI, "report_comment")
    assert "No page is yours" in words(scene.window(KAI)["blocks"])
    scene.slack.shortcut(ZED, "report_post")
    assert "people.yaml" in words(scene.window(ZED)["blocks"])


def _home(scene: Scene, user: Any) -> str:
    assert scene.slack.open_home(user).acknowledged
    scene.until(lambda: scene.slack.home(user))
    home = scene.slack.home(user)
    assert home is not None
    assert len(json.dumps(home["blocks"])) < 30_000
    return words(home["blocks"])


def _options(block: dict[str, Any]) -> list[dict[str, Any]]:
    return list((block.get("element") or {}).get("options") or ())
