from __future__ import annotations

from typing import Any

import pytest

from bot.demo.channel import ChannelView, channel_page, data_address
from bot.demo.picture import picture


def drawn(*blocks: dict[str, Any], text: str = "", pictures: dict[str, bytes] | None = None) -> str:
    view = ChannelView("page-moderation", "Purpose", "Millbrook", pictures or {}, {"U1": "Dana"})
    message = {"ts": "1795132800.000000", "user": "U1", "text": text, **({"blocks": list(blocks)} if blocks else {})}
    return channel_page(view, [message]).split('<article class="message"')[1].split("</article>")[0]


def mrkdwn(text: str) -> str:
    html = drawn({"type": "section", "text": {"type": "mrkdwn", "text": text}})
    return html.split('<div class="words">')[1].split("</div>")[0]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _slanted_ ~struck~ `code`", "<strong>bold</strong> <em>slanted</em> <s>struck</s> <code>code</code>"),
        ("a*b*c snake_case_name 2 * 3 * 4", "a*b*c snake_case_name 2 * 3 * 4"),
        ("one\ntwo", "one<br>two"),
        ("&gt; quoted\n&gt; more\nafter", "<blockquote>quoted<br>more</blockquote>after"),
        ("```a *b*\n<c>```", "<pre>a *b*\n&lt;c&gt;</pre>"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        (
            "<https://x.example/a?b=1&amp;c=2|here>",
            '<a href="https://x.example/a?b=1&amp;c=2" rel="noreferrer nofollow">here</a>',
        ),
        ("<!channel> <@U1> <#C1|town>", '<span class="mention all">@channel</span> <span class="mention">@Dana</span> '
         '<span class="mention">#town</span>'),
        ("<!date^1795132800^{date}|then>", "November 20, 2026 at 00:00 UTC"),
        (":warning: :unknown:", "⚠️ :unknown:"),
    ],
)  # fmt: skip
def test_slacks_markup_is_drawn_as_slack_draws_it(text: str, html: str) -> None:
    """So that a look at the page is a look at the alert."""
    assert mrkdwn(text) == html


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<javascript:alert(1)|click>",
        '<https://x.example/"onmouseover=alert(1)|a>',
        "*<img src=x>*",
        "`<script>`",
        "\x000\x00<b>",
        "<https://x.example|<script>x</script>>",
    ],
)
def test_no_text_becomes_a_tag(text: str) -> None:
    """Only the drawing's own tags are tags, whatever the sender forgot to escape."""
    html = mrkdwn(text)

    for tag in ("<script", "<img", "<b>", 'href="javascript', '"onmouseover'):
        assert tag not in html


def test_plain_text_has_no_markup() -> None:
    """In a header a star is a star and an entity is not decoded."""
    html = drawn({"type": "header", "text": {"type": "plain_text", "text": "*a* <!channel> &lt;"}})

    assert "<h3>*a* &lt;!channel&gt; &amp;lt;</h3>" in html


def test_rich_text_is_words_with_styles() -> None:
    """Text in rich_text has no markup of its own; that is why hostile words belong there."""
    html = drawn(
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_quote",
                    "elements": [
                        {"type": "text", "text": "<!channel> *x* "},
                        {"type": "text", "text": "y\nz", "style": {"bold": True, "italic": True}},
                        {"type": "link", "url": "javascript:alert(1)", "text": "k"},
                    ],
                },
                {
                    "type": "rich_text_list",
                    "style": "ordered",
                    "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "one"}]}],
                },
            ],
        }
    )

    assert "<blockquote>&lt;!channel&gt; *x* <em><strong>y<br>z</strong></em>" in html
    assert '<a href="#"' in html
    assert "<ol><li>one</li></ol>" in html


def test_a_picture_is_inside_the_page_and_no_other_is_loaded() -> None:
    """An uploaded file is drawn; an address elsewhere is named by its alternative text."""
    html = drawn(
        {"type": "image", "slack_file": {"id": "F1"}, "alt_text": "As it stood"},
        {"type": "image", "image_url": "https://tracker.example/a.png", "alt_text": "Elsewhere"},
        pictures={"F1": picture("1")},
    )

    assert 'src="data:image/png;base64,' in html
    assert "tracker.example" not in html
    assert "Picture: Elsewhere" in html


def test_only_pictures_become_data_addresses() -> None:
    """SVG and HTML could run; they are not drawn."""
    assert data_address(b"<svg onload='x'>") is None
    assert data_address(b"") is None
    assert str(data_address(b"GIF89a")).startswith("data:image/gif;base64,")


def test_buttons_and_fields_are_drawn() -> None:
    """Style, address and label of a button; fields in their order."""
    html = drawn(
        {"type": "section", "fields": [{"type": "mrkdwn", "text": "*Clause*"}, {"type": "plain_text", "text": "K"}]},
        {
            "type": "actions",
            "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Keep"}, "style": "primary"},
                {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://x.example"},
            ],
        },
        {"type": "divider"},
    )

    assert html.index("<strong>Clause</strong>") < html.index("<div>K</div>")
    assert '<button type="button" class="button primary">Keep</button>' in html
    assert 'href="https://x.example"' in html
    assert "<hr>" in html


def test_an_empty_channel_says_so() -> None:
    """Not a blank page."""
    assert "No messages yet." in channel_page(ChannelView("a", "b", "c", {}, {}), [])
