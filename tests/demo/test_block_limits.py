from __future__ import annotations

from typing import Any

import pytest

from bot.demo.blocks import block_errors

Json = dict[str, Any]


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def button(**more: Any) -> Json:
    return {"type": "button", "text": plain("Keep"), "action_id": "keep", **more}


def section(**more: Any) -> Json:
    return {"type": "section", **more}


def actions(*elements: Json) -> Json:
    return {"type": "actions", "elements": list(elements)}


def rich(*elements: Json) -> Json:
    return {"type": "rich_text", "elements": list(elements)}


def image(**more: Any) -> Json:
    return {"type": "image", "alt_text": "A picture", **more}


OPTION = {"text": plain("a"), "value": "a"}
LIMITS = [
    ("header", lambda n: {"type": "header", "text": plain("x" * n)}, 150),
    ("section", lambda n: section(text=mrkdwn("x" * n)), 3000),
    ("one field", lambda n: section(fields=[mrkdwn("x" * n)]), 2000),
    ("fields", lambda n: section(fields=[mrkdwn("x")] * n), 10),
    ("context elements", lambda n: {"type": "context", "elements": [mrkdwn("x")] * n}, 10),
    ("buttons", lambda n: actions(*[button(action_id=str(i)) for i in range(n)]), 25),
    ("button label", lambda n: actions(button(text=plain("x" * n))), 75),
    ("button value", lambda n: actions(button(value="x" * n)), 2000),
    ("button address", lambda n: actions(button(url="x" * n)), 3000),
    ("action id", lambda n: actions(button(action_id="x" * n)), 255),
    ("block id", lambda n: {"type": "divider", "block_id": "x" * n}, 255),
    ("confirmation", lambda n: actions(button(confirm={"text": plain("x" * n)})), 300),
    ("alternative text", lambda n: image(image_url="https://x.example/a", alt_text="x" * n), 2000),
    ("overflow options", lambda n: actions({"type": "overflow", "options": [OPTION] * n}), 5),
]  # fmt: skip


@pytest.mark.parametrize(("make", "most"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_a_limit_holds_to_the_very_character(make: Any, most: int) -> None:
    """As many as Slack allows pass, one more does not."""
    assert block_errors([make(most)]) == []
    assert block_errors([make(most + 1)]) != []


def test_a_message_has_at_most_fifty_blocks() -> None:
    """The limit of the whole message."""
    assert block_errors([{"type": "divider"}] * 50) == []
    assert block_errors([{"type": "divider"}] * 51) == ["no more than 50 items allowed [json-pointer:/blocks]"]


def test_an_emoji_beyond_the_basic_plane_counts_twice() -> None:
    """Slack counts UTF-16 units; a header of 76 emoji is too long."""
    assert block_errors([{"type": "header", "text": plain("😀" * 75)}]) == []
    assert block_errors([{"type": "header", "text": plain("😀" * 76)}]) != []


@pytest.mark.parametrize(
    ("block", "complaint"),
    [
        ("words", "must be an object"),
        ({"type": "carousel"}, "unsupported type: carousel"),
        ({"type": "header", "text": mrkdwn("x")}, "must be one of plain_text"),
        ({"type": "header", "text": "x"}, "must be an object"),
        (section(), "missing required field: text or fields"),
        (section(text=mrkdwn("")), "must be more than 0 characters"),
        (section(text={"type": "mrkdwn", "text": 5}), "must be a string"),
        (section(text={**mrkdwn("x"), "emoji": True}), "emoji is for plain_text only"),
        (section(text={**mrkdwn("x"), "size": 3}), "no such field: size"),
        (section(text=mrkdwn("x"), accessory={"type": "video"}), "unsupported element type"),
        (actions(), "missing required field: elements"),
        (actions(button(style="quiet")), "must be one of primary, danger"),
        (actions(button(), button()), "already exists"),
        (actions({"type": "static_select", "options": []}), "missing required field: options"),
        (image(), "must provide one of image_url or slack_file"),
        (image(slack_file={"id": "F404"}), "invalid slack file"),
        (rich({"type": "rich_text_poem", "elements": []}), "unsupported rich text element"),
        (rich({"type": "rich_text_section", "elements": [{"type": "blink"}]}), "unsupported rich text element"),
        ({"type": "markdown", "text": "x" * 12_001}, "must be less than 12001 characters"),
    ],
)
def test_what_slack_refuses_is_refused(block: object, complaint: str) -> None:
    """Wrong kinds, missing parts and doubled ids."""
    errors = block_errors([block])

    assert len(errors) == 1
    assert complaint in errors[0]
    assert "[json-pointer:/blocks/0" in errors[0]


def test_block_ids_are_unique_within_a_message() -> None:
    """The second one is refused."""
    blocks = [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}]

    assert block_errors(blocks) == ["`block_id` must be unique [json-pointer:/blocks/1/block_id]"]


def test_a_good_alert_passes_whole() -> None:
    """Every kind of block that an alert uses, at once."""
    blocks = [
        {"type": "header", "text": {**plain("Hidden"), "emoji": True}},
        section(text=mrkdwn("*x*"), accessory=image(slack_file={"id": "F1"})),
        rich(
            {"type": "rich_text_quote", "elements": [{"type": "text", "text": "x", "style": {"bold": True}}]},
            {"type": "rich_text_list", "style": "bullet", "elements": [
                {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://x.example"}]}]},
        ),
        {"type": "context", "elements": [mrkdwn("x"), image(image_url="https://x.example/a")]},
        {"type": "divider"},
        actions(button(style="primary", confirm={"title": plain("Sure?"), "confirm": plain("Yes")})),
    ]  # fmt: skip

    assert block_errors(blocks, {"F1"}) == []
    assert block_errors({"blocks": []}) == ["must provide an array [json-pointer:/blocks]"]
