"""What an alert says about people: who decided, who is called, and what else the account said."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from bot.demo.blocks import block_errors
from bot.moderation.verdict import Span
from bot.notify.alerts import Alert, Standing, render, render_call, render_short
from bot.notify.case_facts import Recent, Word
from tests.notify.test_alerts import leaves, read_aloud

AT = datetime(2026, 11, 21, 17, 30, tzinfo=UTC)
KEPT = Word("keep", "Noor Haddad", "sma", AT, "It is an opinion about the plow.", "opinion")


def test_a_decision_names_who_in_which_office_when_by_the_citys_clock_and_why(alert: Alert) -> None:
    """One line, with the reason and its code."""
    said = read_aloud(render(replace(alert, words=(KEPT,), timezone=ZoneInfo("America/New_York"))))

    assert "Kept up by Noor Haddad (sma), 2026-11-21 12:30 EST." in said
    assert "Reason: It is an opinion about the plow. [opinion]" in said


def test_only_the_latest_decisions_are_told(alert: Alert) -> None:
    """A case that went to and fro does not fill the message; the record has all of it."""
    words = tuple(replace(KEPT, name=f"Person {n}") for n in range(6))

    said = read_aloud(render(replace(alert, words=words)))

    assert "Person 5" in said
    assert "Person 2" not in said


def test_what_a_person_writes_as_reason_can_not_speak_nor_tell_private_data(alert: Alert, hostile: str) -> None:
    """A reason is text like any other, and what is masked in the comment is masked in it."""
    number = "078-05-1120"
    leak = replace(
        alert,
        categories=frozenset({"pii"}),
        text=f"Her SSN is {number}",
        spans=(Span(11, 22),),
        words=(replace(KEPT, reason=f"{number} {hostile}", code=hostile, name=hostile, roles=hostile),),
        request=replace(KEPT, verb="remove", reason=f"{hostile} {number}", name=hostile),
    )

    message = render(leak)

    assert number not in json.dumps(message.blocks)
    assert {leaf["type"] for leaf in leaves(message.blocks)} == {"plain_text", "text", "link"}
    assert block_errors(list(message.blocks)) == []


def test_a_reason_that_may_describe_abuse_stays_in_the_case(alert: Alert) -> None:
    """Who decided is told, what they wrote is not."""
    for closed in (replace(alert, restricted=True), replace(alert, categories=frozenset({"abuse"}))):
        said = read_aloud(render(replace(closed, words=(replace(KEPT, reason="unspeakable"),))))
        assert "Noor Haddad" in said
        assert "unspeakable" not in said


def test_other_comments_of_the_account_stand_beside_it_with_page_and_age(alert: Alert) -> None:
    """The lawful ones too: nobody is judged by one comment alone."""
    recent = (Recent("Thanks for the plow.", "Library", "2 days earlier", "stands"), Recent("No.", "Parks", "now"))

    said = read_aloud(render(replace(alert, recent=recent)))

    assert "The same account elsewhere on the city's pages" in said
    assert "Library, 2 days earlier (stands):  Thanks for the plow." in said
    assert "Parks, now:  No." in said


def test_other_comments_can_not_speak_and_repeat_nothing_private(alert: Alert, hostile: str) -> None:
    """Neutralised like the comment itself, and its private words are masked in them."""
    leak = replace(
        alert,
        categories=frozenset({"pii"}),
        text="SSN 078-05-1120",
        spans=(Span(4, 15),),
        recent=(Recent(f"078-05-1120 {hostile}", hostile, "1 day earlier", hostile),) * 3,
    )

    message = render(leak)

    assert "078-05-1120" not in json.dumps(message.blocks)
    assert {leaf["type"] for leaf in leaves(message.blocks)} == {"plain_text", "text", "link"}
    assert block_errors(list(message.blocks)) == []


@pytest.mark.parametrize("closed", [{"restricted": True}, {"withheld": True}, {"categories": frozenset({"abuse"})}])
def test_where_no_words_may_stand_none_of_the_account_stand(alert: Alert, closed: dict[str, bool]) -> None:
    """Neither here nor by the detour of another comment."""
    shown = replace(alert, recent=(Recent("elsewhere", "Library", "now"),), **closed)  # type: ignore[arg-type]

    assert "elsewhere" not in str(render(shown).blocks)


def test_who_is_on_call_is_called_in_an_urgent_case_alone(alert: Alert) -> None:
    """By an element that Slack reads as a member, in the full message and in the short one."""
    urgent = replace(alert, urgent=True, call=("U0NOOR", "U0GENE"))

    for message in (render(urgent), render_short(urgent), render_call(urgent)):
        assert [one["user_id"] for one in members(message.blocks)] == ["U0NOOR", "U0GENE"]
        assert block_errors(list(message.blocks)) == []
    assert members(render(replace(urgent, urgent=False)).blocks) == []


@pytest.mark.parametrize("odd", ["", "<!channel>", "noor", "U0 NOOR", "C0123ABCD", "U0\n"])
def test_what_is_no_member_is_not_called(alert: Alert, odd: str) -> None:
    """A slip in people.yaml costs the call, not the alert."""
    assert members(render(replace(alert, urgent=True, call=(odd,))).blocks) == []


def test_a_score_is_told_for_what_it_is(alert: Alert) -> None:
    """Its figure, and that it proves nothing; nothing where no score spoke."""
    said = read_aloud(render(replace(alert, scores=(("threat", 0.874),))))

    assert "threat 0.87 of 1" in said
    assert "proves nothing" in said
    assert "Score" not in read_aloud(render(alert))


def test_a_long_alert_gives_up_other_comments_before_its_own_words(alert: Alert) -> None:
    """What the rule saw is shown in the fullest message and in the tightest."""
    crowded = replace(
        alert,
        text="x" * 5000 + "f*ck",
        spans=(Span(5000, 5004),),
        standing=Standing.WAITS,
        answers=True,
        can_remove=True,
        reasons=("r" * 300,) * 5,
        clauses=tuple((f"3.4.3.{n}", "s" * 300) for n in range(30)),
        recent=(Recent("y" * 900, "Library" * 20, "2 days earlier"),) * 3,
        words=(replace(KEPT, reason="z" * 900),) * 3,
    )

    message = render(crowded)

    assert "f*ck" in read_aloud(message)
    assert "more clauses" in read_aloud(message)
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 9_000


def members(value: object) -> list[dict[str, str]]:
    """The elements that call somebody, at any depth."""
    if isinstance(value, dict):
        mine = [value] if value.get("type") in ("user", "broadcast", "usergroup") else []
        return mine + [one for inner in value.values() for one in members(inner)]
    if isinstance(value, list | tuple):
        return [one for inner in value for one in members(inner)]
    return []
