"""The alert of a case says everything an officer needs, within Slack's limits, and the comment can't speak in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.demo.blocks import block_errors
from bot.moderation.verdict import Span
from bot.notify.alerts import Alert, Message, Standing, escaped, render, render_short
from bot.notify.quoted import MASK


def leaves(value: Any) -> Iterator[dict[str, Any]]:
    """Every element that carries words, at any depth."""
    if isinstance(value, dict):
        if isinstance(value.get("text"), str):
            yield value
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)


def read_aloud(message: Message) -> str:
    """All words of a message, in order."""
    return " ".join(leaf["text"] for leaf in leaves(message.blocks))


def kinds(message: Message) -> list[str]:
    """The types of the blocks, in order."""
    return [block["type"] for block in message.blocks]


def test_an_alert_names_clause_version_words_account_evidence_and_commands(alert: Alert) -> None:
    """One look tells what was done, under which text, to which words, and what a person can do about it."""
    said = read_aloud(render(alert))

    for fact in (
        "Hidden: 3.4.3.A · Town of Millbrook",
        "Clause 3.4.3.A",
        "Profane language or content",
        "Policy Social Media Use Policy, version 2026-01",
        "an obscene word of the list",
        "Account displayed as",
        "Rusty Nail",
        "(Facebook id 1002)",
        "posted 2026-11-21 12:04 UTC",
        "Snow routes for tonight",
        "Its author and their friends still see it.",
        "sealed and verified, SHA-256 abababababababab…",
        "1 confirmed, 2 provisional",
        "beadle show fa-abcdefghijkl",
        'beadle restore fa-abcdefghijkl --as YOU --reason "…"',
    ):
        assert fact in said
    assert "wrote" not in said


def test_the_matched_words_are_marked(alert: Alert) -> None:
    """The characters that the rule matched stand out from the rest of the comment."""
    marked = [leaf["text"] for leaf in leaves(render(alert).blocks) if leaf.get("style", {}).get("code")]

    assert marked == ["f*ck"]


def test_nothing_in_an_alert_is_read_as_markup(alert: Alert, hostile: str) -> None:
    """No element is mrkdwn and none but our own link is anything but text, whatever the stranger wrote anywhere."""
    evil = replace(
        alert, page=hostile, text=hostile, author=hostile, post_text=hostile, reasons=(hostile,), because=hostile
    )

    message = render(evil, "F012345678")

    types = {leaf["type"] for leaf in leaves(message.blocks)}
    assert types == {"plain_text", "text", "link"}
    assert [leaf["url"] for leaf in leaves(message.blocks) if leaf["type"] == "link"] == [alert.permalink]
    assert not {"<", ">"} & set(message.text)


def test_an_alert_keeps_within_the_limits_of_slack(alert: Alert, hostile: str) -> None:
    """50 blocks, 150 characters of heading, no empty element, and well under the undocumented 13,000 of a message."""
    evil = replace(alert, page=hostile, text=hostile, author=hostile, post_text=hostile, reasons=(hostile,) * 3)

    message = render(evil, "F012345678")

    assert block_errors(list(message.blocks), {"F012345678"}) == []
    assert len(message.blocks) <= 50
    assert len(message.blocks[0]["text"]["text"].encode("utf-16-le")) // 2 <= 150
    assert all(leaf["text"] for leaf in leaves(message.blocks))
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= 9_000
    assert json.dumps(message.blocks).encode("utf-8")


def test_a_thousand_matches_do_not_burst_the_message(alert: Alert) -> None:
    """Only the first matches are marked; the message stays small."""
    many = replace(alert, text="ab " * 20_000, spans=tuple(Span(at * 3, at * 3 + 2) for at in range(20_000)))

    assert len(json.dumps(render(many).blocks)) <= 9_000


def test_a_match_at_the_end_of_a_long_comment_is_shown(alert: Alert) -> None:
    """The reader of a cut comment still sees the words that matched."""
    long = replace(alert, text="a" * 59_996 + "f*ck", spans=(Span(59_996, 60_000),))

    assert "f*ck" in read_aloud(render(long))


def test_private_data_is_masked_everywhere_and_no_picture_is_shown(alert: Alert) -> None:
    """Neither quotation nor reason nor the reason for the state repeats the number; the picture stays in the case."""
    number = "078-05-1120"
    leak = replace(
        alert,
        categories=frozenset({"pii"}),
        text=f"Her SSN is {number}",
        spans=(Span(11, 22),),
        private=(Span(11, 22),),
        reasons=(f"a valid number: {number}",),
        because=f"saw {number}",
    )

    message = render(leak, "F012345678")

    assert number not in json.dumps(message.blocks) + message.text
    assert MASK in read_aloud(message)
    assert "image" not in kinds(message)
    assert "both are in case fa-abcdefghijkl" in read_aloud(message)


def test_private_data_without_marks_of_its_own_is_masked_at_every_match(alert: Alert) -> None:
    """A case of private data whose finder said nothing more precise hides all that matched."""
    leak = replace(alert, categories=frozenset({"pii"}), text="SSN 078-05-1120", spans=(Span(4, 15),), private=())

    assert "078-05-1120" not in json.dumps(render(leak).blocks)


@pytest.mark.parametrize("category", ["pii", "sexual", "abuse"])
def test_some_pictures_never_go_to_slack(alert: Alert, category: str) -> None:
    """Private data, sexual content and suspected abuse: a sentence says where the case is instead."""
    message = render(replace(alert, categories=frozenset({"profanity", category})), "F012345678")

    assert "image" not in kinds(message)
    assert "case fa-abcdefghijkl" in read_aloud(message)


def test_suspected_abuse_shows_no_words_either(alert: Alert) -> None:
    """A child's words or name are nobody's business in a channel."""
    message = render(replace(alert, categories=frozenset({"abuse"}), text="the child's name", because=""))

    assert "child" not in json.dumps(message.blocks) + message.text


def test_a_picture_is_described_for_what_it_is_worth(alert: Alert) -> None:
    """Proof is called proof; a picture without the comment isn't; a rendering says that it is one."""
    alts = {
        worth: next(b for b in render(replace(alert, picture=worth), "F1").blocks if b["type"] == "image")["alt_text"]
        for worth in ("proof", "kept", "none")
    }

    assert "with the comment" in alts["proof"]
    assert "not in it" in alts["kept"]
    assert "Not a screenshot" in alts["none"]


def test_evidence_that_is_not_sealed_is_said_so(alert: Alert) -> None:
    """An alert never claims a seal that isn't there."""
    said = read_aloud(render(replace(alert, digest=None)))

    assert "NOT sealed yet" in said
    assert "verified" not in said


@pytest.mark.parametrize("standing", list(Standing))
def test_every_standing_has_its_words(alert: Alert, standing: Standing) -> None:
    """Whatever becomes of a case, its alert says it and offers only what can still be done."""
    said = read_aloud(render(replace(alert, standing=standing)))

    assert "beadle show fa-abcdefghijkl" in said
    assert ("beadle restore" in said) == (standing is Standing.HIDDEN)
    assert ("beadle hide" in said) == (standing in {"waits", "not_hidden", "kept", "restored"})


def test_an_urgent_case_says_so_first(alert: Alert) -> None:
    """Both the heading and the notification begin with it."""
    message = render(replace(alert, urgent=True, standing=Standing.WAITS))

    assert message.blocks[0]["text"]["text"].startswith("URGENT")
    assert message.text.startswith("URGENT")


def test_an_account_without_name_or_id_is_named_as_such(alert: Alert) -> None:
    """The law asks for the identity when available; where it isn't, the alert says so."""
    said = read_aloud(render(replace(alert, author=None, author_id=None)))

    assert "(the platform gave no name)" in said
    assert "(the platform gave no id)" in said


def test_a_comment_without_words_is_described(alert: Alert) -> None:
    """A picture-only comment isn't an empty box, and Slack takes it."""
    assert "(no words: only a picture or other media)" in read_aloud(render(replace(alert, text="", spans=())))


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "https://user:pw@evil.example/",
        "ftp://x.example/",
        "https://x.example/<script>",
        "https://exámple.example/",
        "//x.example",
        "https://[",
        "https://x.example/" + "a" * 3000,
        "https://x.example/\nX: y",
    ],
)
def test_an_odd_permalink_is_no_link(alert: Alert, address: str) -> None:
    """Officers are never sent to an address that isn't a plain web page."""
    message = render(replace(alert, permalink=address))

    assert "link" not in {leaf["type"] for leaf in leaves(message.blocks)}
    assert address not in read_aloud(message)


def test_times_are_told_in_utc(alert: Alert) -> None:
    """A time that comes in another zone is converted, not relabelled."""
    local = datetime(2026, 11, 21, 7, 4, tzinfo=timezone(timedelta(hours=-5)))

    assert "posted 2026-11-21 12:04 UTC" in read_aloud(render(replace(alert, posted_at=local)))
    assert local.astimezone(UTC) == alert.posted_at


def test_the_same_facts_give_the_same_message(alert: Alert) -> None:
    """Rendering is pure: a court can do it again."""
    assert json.dumps(render(alert).blocks) == json.dumps(render(replace(alert)).blocks)


def test_the_short_alert_has_no_stranger_in_it(alert: Alert) -> None:
    """What is sent when Slack refuses the full message can't be refused for the same reason."""
    said = read_aloud(render_short(replace(alert, text="zzz", author="yyy", post_text="xxx")))

    assert not {"zzz", "yyy", "xxx"} & set(said.split())
    assert "The whole of it is in case fa-abcdefghijkl" in said


def test_the_notification_holds_none_of_the_comment(alert: Alert) -> None:
    """What appears on a locked telephone is our own words."""
    message = render(replace(alert, text="unspeakable", spans=()))

    assert "unspeakable" not in message.text
    assert escaped("a<b>&c") == "a&lt;b&gt;&amp;c"


def test_a_restricted_case_is_told_with_what_a_person_must_do_and_nothing_to_look_at(alert: Alert) -> None:
    """No word, no picture, no link that Slack or a thumb could open; the report, and where the rest is."""
    closed = replace(alert, restricted=True, urgent=True, text="look at this", categories=frozenset({"profanity"}))

    for message in (render(closed, "F1"), render_short(closed)):
        said = json.dumps(message.blocks, ensure_ascii=False)
        assert "look at this" not in said
        assert "F1" not in said
        assert "https://" not in said
        for piece in ("URGENT", "Do not open, copy, forward or print it", "report.cybertip.org", "1-800-843-5678"):
            assert piece in said
        assert f"beadle show {alert.case_id}" in said
