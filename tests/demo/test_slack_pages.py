from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Request, sync_playwright

from bot.demo.slack import Slack, SlackUser
from bot.evidence.picture.chromium import find_browser
from tests.demo import slack_app
from tests.demo.slack_app import CHANNEL, NOOR, actions, asked, button, menu, modal, plain

Json = dict[str, Any]
HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">\u202e<!channel>"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=str(find_browser()), args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    """A workspace whose app never answers, so nothing but what a test does happens."""
    with slack_app.workspace() as running:
        running.patience, running.redeliveries = 0.01, 0
        yield running


@pytest.fixture
def web(slack: Slack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=slack.listener.url, timeout=5) as client:
        yield client


def opened(slack: Slack, view: Json) -> str:
    trigger = slack.shortcut(NOOR, "x").trigger_id
    return str(slack_app.web_client(slack).views_open(trigger_id=trigger, view=view)["view"]["id"])


def everywhere(slack: Slack, words: str) -> list[str]:
    """The paths of a channel, a modal and a home tab in which every field holds these words."""
    client = slack_app.web_client(slack)
    short = words[:24]
    said = {"type": "text", "text": words}
    line = {
        "type": "section",
        "text": {"type": "mrkdwn", "text": words},
        "accessory": button("a", text=plain(words[:75])),
    }
    code = menu("code", "K", placeholder=plain(words))
    code["options"][0]["text"] = plain(words[:75])
    blocks = [
        {"type": "header", "text": plain(words)}, line, actions(button("b", text=plain(words[:75])), code),
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [said, {
            "type": "link", "url": "javascript:alert(1)", "text": words}, {"type": "user", "user_id": words}]}]},
        {"type": "context", "elements": [plain(words)]},
        {"type": "image", "image_url": "https://x.example/a.png", "alt_text": words, "title": plain(words)},
    ]  # fmt: skip
    slack.users.append(SlackUser("U3", words))
    client.chat_postMessage(channel=CHANNEL, text=words, blocks=blocks)
    client.chat_postMessage(channel=CHANNEL, text=words)
    client.chat_postEphemeral(channel=CHANNEL, user="U3", text=words)
    client.views_publish(user_id="U3", view={"type": "home", "blocks": blocks})
    field = {"type": "plain_text_input", "action_id": "t", "multiline": True, "placeholder": plain(words)}
    view = opened(slack, modal(asked("r", field, label=plain(words), hint=plain(words)), asked("s", optional=True),
                               title=plain(short), submit=plain(short), close=plain(short)))  # fmt: skip
    slack.submit(NOOR, view, {"r": words + "</textarea><script>document.title='owned'</script>", "s_text": words})
    return ["/channel/page-moderation", "/home/U3", f"/modal/{view}"]


def test_hostile_words_are_inert_in_every_field(slack: Slack, web: httpx.Client, browser: Browser) -> None:
    """In a real browser nothing runs, nothing is loaded, and the page says so by its policy."""
    asked_for: list[str] = []

    def note(request: Request) -> None:
        asked_for.append(request.url.removeprefix(slack.listener.url))

    paths = everywhere(slack, HOSTILE)
    for path in paths:
        page = browser.new_page()
        page.on("request", note)
        page.goto(slack.listener.url + path)

        assert page.title() != "owned", path
        assert page.locator("script, img, [onerror]").count() == 0, path
        assert page.locator("a[href^='javascript']").count() == 0, path
        assert "<script>" in page.locator("body").inner_text(), path
        assert web.get(path).headers["content-security-policy"].startswith("default-src 'none'; style-src")
        page.close()
    assert asked_for == paths


def test_no_page_is_wider_than_a_phone(slack: Slack, browser: Browser) -> None:
    """Whatever the words, even one of a hundred letters."""
    page = browser.new_page(viewport={"width": 360, "height": 700})
    for path in everywhere(slack, "Antidisestablishmentarianism" * 4):
        page.goto(slack.listener.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.close()


def test_the_channel_shows_buttons_whispers_mentions_and_edits(slack: Slack, web: httpx.Client) -> None:
    """What an alert is made of, as a person meets it."""
    client = slack_app.web_client(slack)
    row = actions(button("keep"), button("hide", style="primary"), button("remove", style="danger", confirm={
        "title": plain("Remove?"), "text": plain("For good."), "confirm": plain("Yes"), "deny": plain("No")}),
        menu("code", "K", "L", placeholder=plain("Reason code")))  # fmt: skip
    ts = client.chat_postMessage(channel=CHANNEL, text="x", blocks=[row])["ts"]
    client.chat_postEphemeral(channel=CHANNEL, user=NOOR.id, text="Recorded.")
    mention = {"type": "rich_text_section", "elements": [{"type": "user", "user_id": NOOR.id}]}
    client.chat_postMessage(channel=CHANNEL, text="x", blocks=[{"type": "rich_text", "elements": [mention]}])
    before = web.get("/channel/page-moderation").text
    client.chat_update(channel=CHANNEL, ts=ts, text="Kept.")

    after = web.get("/channel/page-moderation").text

    assert '<button type="button" class="button primary">hide</button>' in before
    assert '<button type="button" class="button danger" aria-haspopup="dialog">remove</button>' in before
    assert '<select aria-label="Reason code">' in before
    assert "Clause L</option>" in before
    assert "Only visible to Noor Aziz" in before
    assert '<span class="mention">@Noor Aziz</span>' in before
    assert "(edited)" not in before
    assert "(edited)" in after
    assert "Kept." in after
    assert "hide</button>" not in after


def test_a_modal_is_a_dialog_with_its_inputs_named_and_its_complaints(slack: Slack, browser: Browser) -> None:
    """A screen reader finds the dialog, each field by its label, and what is wrong next to it."""
    view = opened(slack, modal(asked("code", menu("code", "K", "L")), asked("reason", optional=True)))
    slack.submit(NOOR, view, {"code": "L", "reason": "A threat."})
    slack._views.answered(NOOR.id, view, {"response_action": "errors", "errors": {"reason": "Say more."}})
    page = browser.new_page()
    page.goto(f"{slack.listener.url}/modal/{view}")

    dialog = page.get_by_role("dialog", name="Why?")
    assert dialog.get_by_role("textbox", name="reason").input_value() == "A threat."
    assert dialog.get_by_role("combobox", name="code").input_value() == "Clause L"
    assert dialog.get_by_role("alert").inner_text() == "Say more."
    assert dialog.get_by_role("button", name="Record").is_visible()
    assert dialog.get_by_role("button", name="Cancel").is_visible()
    page.close()


def test_a_home_tab_says_when_there_is_nothing_on_it(slack: Slack, web: httpx.Client) -> None:
    """And an unknown modal is not found."""
    assert "Nothing was published to this tab." in web.get(f"/home/{NOOR.id}").text
    assert web.get("/modal/V404").status_code == 404
