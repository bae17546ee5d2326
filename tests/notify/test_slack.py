"""An alert is posted once, with its picture, and what Slack says is turned into what to do next."""

from __future__ import annotations

import logging
import traceback
from dataclasses import replace
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.notify.alerts import Alert, Standing
from bot.notify.slack import MessageRef, SlackNotifier, SlackRefused, SlackUnavailable

TOKEN = "xoxb-test-0123456789"
CHANNEL = "C0123ABCD"
PNG = b"\x89PNG\r\n\x1a\n picture"


def notifier(slack: Any, **changes: Any) -> SlackNotifier:
    """A notifier that never really sleeps."""
    given = {"token": TOKEN, "base_url": slack.url, "channel": CHANNEL, "sleep": lambda _: None, **changes}
    return SlackNotifier(**given)


def test_a_posted_alert_is_found_again_by_its_case(slack: Any, alert: Alert) -> None:
    """Another process, which knows nothing of the first, finds the message by its metadata."""
    ref = notifier(slack).post(alert)

    assert notifier(slack).find(alert.case_id) == ref
    assert notifier(slack).find("fa-another") is None


def test_the_picture_is_uploaded_and_shown_in_the_message(slack: Any, alert: Alert) -> None:
    """The bytes arrive as they are, the file isn't posted on its own, and the message shows it by its id."""
    notifier(slack).post(alert, PNG)

    (message,) = slack.messages[CHANNEL]
    image = next(block for block in message["blocks"] if block["type"] == "image")
    assert slack.files == {image["slack_file"]["id"]: PNG}
    assert not slack.called("files.completeUploadExternal")[0].get("channel_id")
    assert message["metadata"]["event_payload"] == {"case_id": alert.case_id, "file_id": image["slack_file"]["id"]}


def test_a_picture_that_may_not_be_shown_never_leaves_the_house(slack: Any, alert: Alert) -> None:
    """For private data nothing is uploaded at all, so nothing lies about in Slack's file list."""
    notifier(slack).post(replace(alert, categories=frozenset({"pii"})), PNG)

    assert slack.files == {}
    assert len(slack.messages[CHANNEL]) == 1


def test_a_picture_that_slack_is_still_looking_at_is_waited_for(slack: Any, alert: Alert) -> None:
    """invalid_blocks right after an upload is not the end of it."""
    slack.faults["chat.postMessage"] = ["invalid_blocks", "invalid_blocks"]
    waits: list[float] = []

    notifier(slack, sleep=waits.append).post(alert, PNG)

    assert waits == [0.25, 0.5]
    assert "image" in [block["type"] for block in slack.messages[CHANNEL][0]["blocks"]]


def test_a_picture_that_slack_never_likes_goes_into_the_thread(slack: Any, alert: Alert) -> None:
    """The alert goes out without it, and the picture is posted below the alert."""
    slack.faults["chat.postMessage"] = ["invalid_blocks"] * 5

    ref = notifier(slack).post(alert, PNG)

    (message,) = slack.messages[CHANNEL]
    assert "image" not in [block["type"] for block in message["blocks"]]
    assert "f*ck" in str(message["blocks"])
    last = slack.called("files.completeUploadExternal")[-1]
    assert (last["channel_id"], last["thread_ts"]) == (CHANNEL, ref.ts)


@pytest.mark.parametrize("fault", ["missing_scope", "500", "reset"])
def test_an_alert_goes_out_even_if_its_picture_can_not_be_uploaded(slack: Any, alert: Alert, fault: str) -> None:
    """People are told; the picture is in the case."""
    slack.faults["files.getUploadURLExternal"] = [fault]

    notifier(slack).post(alert, PNG)

    assert len(slack.messages[CHANNEL]) == 1


def test_an_alert_that_slack_finds_too_much_is_sent_short(slack: Any, alert: Alert) -> None:
    """A limit that Slack doesn't document costs the stranger's words, not the alert."""
    slack.faults["chat.postMessage"] = ["msg_blocks_too_long"]

    notifier(slack).post(alert)

    (message,) = slack.messages[CHANNEL]
    assert "Slack did not take the full message" in str(message["blocks"])
    assert notifier(slack).find(alert.case_id) is not None


def test_a_lost_answer_is_not_sent_twice(slack: Any, alert: Alert) -> None:
    """The message stands, the answer didn't come: no second try by itself, and the next look finds the message."""
    slack.faults["chat.postMessage"] = ["lost"]
    teller = notifier(slack)
    assert teller.find(alert.case_id) is None

    with pytest.raises(SlackUnavailable, match="tried again by itself"):
        teller.post(alert)

    assert len(slack.called("chat.postMessage")) == 1
    assert teller.find(alert.case_id) == MessageRef(CHANNEL, slack.messages[CHANNEL][0]["ts"])


def test_a_busy_channel_is_read_page_by_page_and_then_only_what_is_newer(slack: Any, alert: Alert) -> None:
    """An alert 450 messages down is found; the second look costs one call, however long the channel is."""
    teller = notifier(slack)
    ref = teller.post(alert)
    slack.messages[CHANNEL] += [{"ts": f"1700000900.{n:06d}", "text": "chat"} for n in range(450)]

    assert teller.find(alert.case_id) == ref
    first = len(slack.called("conversations.history"))
    assert teller.find("fa-another") is None

    assert first == 3
    assert len(slack.called("conversations.history")) == 4


def test_a_page_that_fails_midway_is_read_again(slack: Any, alert: Alert) -> None:
    """A look that broke off leaves no gap behind it."""
    ref = notifier(slack).post(alert)
    slack.messages[CHANNEL] += [{"ts": f"1700000900.{n:06d}", "text": "chat"} for n in range(250)]
    teller = notifier(slack)
    slack.faults["conversations.history"] = ["", "500"]

    with pytest.raises(SlackUnavailable):
        teller.find(alert.case_id)

    assert teller.find(alert.case_id) == ref


def test_an_update_changes_the_one_message_and_keeps_its_picture(slack: Any, alert: Alert) -> None:
    """What a person decided is said where the alert stands."""
    teller = notifier(slack)
    ref = teller.post(alert, PNG)

    teller.update(ref, replace(alert, standing=Standing.RESTORED))

    (message,) = slack.messages[CHANNEL]
    assert message["blocks"][0]["text"]["text"].startswith("Shown again by a person")
    assert "image" in [block["type"] for block in message["blocks"]]
    assert message["metadata"]["event_payload"]["case_id"] == alert.case_id


def test_an_alert_that_somebody_deleted_is_posted_anew_once(slack: Any, alert: Alert) -> None:
    """A deleted message doesn't silence its case, and a second update finds the new one."""
    teller = notifier(slack)
    ref = teller.post(alert)
    teller.find(alert.case_id)
    slack.messages[CHANNEL].clear()

    teller.update(ref, alert)
    teller.update(ref, replace(alert, standing=Standing.KEPT))

    assert len(slack.called("chat.postMessage")) == 2
    (message,) = slack.messages[CHANNEL]
    assert message["blocks"][0]["text"]["text"].startswith("Kept up by a person")


def test_a_sentence_is_said_once_for_each_key(slack: Any) -> None:
    """A page that is down is one line, however often the process starts; its mending is another."""
    first = notifier(slack).say(None, "The page <!channel> library is down & out.", "down:library:1")
    again = notifier(slack).say(None, "The page library is down.", "down:library:1")
    mended = notifier(slack).say(CHANNEL, "The page library is back.", "up:library:1")

    assert first == again != mended
    assert len(slack.messages[CHANNEL]) == 2
    assert "<" not in slack.messages[CHANNEL][0]["text"]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("token_revoked", "put a new bot token into BEADLE_SLACK_TOKEN"),
        ("account_inactive", "put a new bot token"),
        ("missing_scope", "lacks the scope files:write"),
        ("not_in_channel", "invite it there"),
        ("is_archived", "unarchive it"),
        ("channel_not_found", "write its id"),
        ("restricted_action", "Slack refused the message (restricted_action)"),
    ],
)
def test_a_refusal_says_what_to_do(slack: Any, alert: Alert, fault: str, words: str) -> None:
    """Each refusal names the one thing that a person mends."""
    slack.faults["chat.postMessage"] = [fault]

    with pytest.raises(SlackRefused) as refused:
        notifier(slack).post(alert)

    assert words in refused.value.sentence
    assert refused.value.code == fault


@pytest.mark.parametrize("fault", ["500", "html", "reset", "internal_error", "service_unavailable"])
def test_trouble_at_slack_asks_for_another_try(slack: Any, alert: Alert, fault: str) -> None:
    """Whatever may pass by itself is Unavailable, without a waiting time."""
    slack.faults["chat.postMessage"] = [fault]

    with pytest.raises(SlackUnavailable) as unavailable:
        notifier(slack).post(alert)

    assert unavailable.value.retry_after is None


def test_a_rate_limit_says_how_long_to_wait(slack: Any, alert: Alert) -> None:
    """Retry-After of a 429 is handed on in seconds, for the upload of a picture as well."""
    for method in ("chat.postMessage", "files.getUploadURLExternal"):
        slack.faults[method] = ["429"]

        with pytest.raises(SlackUnavailable) as limited:
            notifier(slack).post(alert, PNG if "files" in method else None)

        assert limited.value.retry_after == 7.0
    assert slack.messages[CHANNEL] == []


def test_a_slack_that_is_not_there_is_unavailable(alert: Alert) -> None:
    """Nothing listens: a sentence, not a stack of urllib."""
    teller = SlackNotifier(TOKEN, "http://127.0.0.1:9/api/", CHANNEL, timeout=2)

    with pytest.raises(SlackUnavailable, match="can't be reached"):
        teller.post(alert)


def test_addresses_that_need_no_proxy_go_past_it(slack: Any, alert: Alert, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city's proxy settings are followed whole, the exceptions as well."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    notifier(slack).post(alert, PNG)

    assert len(slack.messages[CHANNEL]) == 1
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(SlackUnavailable):
        notifier(slack).post(alert)


def test_no_error_and_no_log_shows_the_token_or_the_comment(
    slack: Any, alert: Alert, caplog: pytest.LogCaptureFixture
) -> None:
    """Even with every logger at debug and the whole chain of causes printed."""
    caplog.set_level(logging.DEBUG)
    teller = notifier(slack)
    words = "".join(["unspeak", "able"])  # in two, for a traceback repeats the lines of this file
    seen = repr(teller)
    for fault in ("token_revoked", "500", "html", "lost", "reset", "429", "invalid_blocks"):
        slack.faults["chat.postMessage"] = [fault]
        try:
            teller.post(replace(alert, text=words, spans=()))
        except (SlackRefused, SlackUnavailable) as error:
            seen += "".join(traceback.format_exception(error)) + repr(error) + str(error.facts)

    for secret in (TOKEN, words):
        assert secret not in seen
        assert secret not in caplog.text


@pytest.mark.parametrize("token", ["", "xoxb 1", "xoxb-1\n", "xoxb-\u2060 1", "xoxb-1\r\nX: y"])
def test_a_token_that_can_not_be_one_is_refused_unseen(token: str) -> None:
    """A line end would be repeated by the HTTP library in its error."""
    with pytest.raises(ConfigError) as refused:
        SlackNotifier(token, channel=CHANNEL)

    assert "paste the token alone" in refused.value.sentence
    assert not token or token not in refused.value.sentence


@pytest.mark.parametrize("address", ["http://slack.example/api/", "ftp://127.0.0.1/", "slack.com", ""])
def test_the_token_is_never_sent_unencrypted(address: str) -> None:
    """Only https, or a loopback address for trying things out."""
    with pytest.raises(ConfigError, match="https"):
        SlackNotifier(TOKEN, address, CHANNEL)


def test_a_missing_channel_is_said_before_anything_is_sent(slack: Any, alert: Alert) -> None:
    """No channel anywhere: the sentence names both places where one can be written."""
    with pytest.raises(ConfigError, match="slack_channel"):
        notifier(slack, channel=None).post(alert)

    assert slack.journal == []


def test_the_check_says_what_stands_in_the_way(slack: Any) -> None:
    """Nothing for a good set-up; for others the sentence that mends it. Nothing is posted."""
    assert notifier(slack).check() == ()
    assert "write its id" in notifier(slack).check("#alerts")[0]
    assert "new bot token" in notifier(slack, token="xoxb-wrong").check()[0]
    assert "No Slack channel" in notifier(slack, channel=None).check()[0]
    assert slack.messages[CHANNEL] == []


def test_nothing_that_is_sent_asks_slack_to_read_names_or_unfurl_links(slack: Any, alert: Alert) -> None:
    """Automatic parsing and previews are off, so a stranger's address isn't even visited by Slack."""
    notifier(slack).post(alert)

    (sent,) = slack.called("chat.postMessage")
    assert (sent["parse"], sent["link_names"]) == ("none", False)
    assert (sent["unfurl_links"], sent["unfurl_media"]) == (False, False)


def test_hostile_words_arrive_and_are_posted_once(slack: Any, alert: Alert, hostile: str) -> None:
    """Null bytes, lone surrogates and sixty thousand characters all end up as one message."""
    notifier(slack).post(replace(alert, text=hostile, author=hostile, post_text=hostile))

    assert len(slack.messages[CHANNEL]) == 1


@pytest.mark.parametrize("where", ["in the message", "in the thread"])
def test_a_picture_is_deleted_from_slack_when_its_case_is_restricted(slack: Any, alert: Alert, where: str) -> None:
    """Taking it out of the message is not enough: Slack would keep the file. The second time nothing is left to do."""
    if where == "in the thread":
        slack.faults["chat.postMessage"] = ["invalid_blocks"] * 5
    ref = notifier(slack).post(alert, PNG)
    assert list(slack.files.values()) == [PNG]

    for _ in range(2):
        notifier(slack).update(ref, replace(alert, restricted=True))

    assert slack.files == {}
    (message,) = slack.messages[CHANNEL]
    assert not [block for block in message["blocks"] if block["type"] == "image"]


def test_a_picture_that_slack_does_not_give_back_is_tried_again(slack: Any, alert: Alert) -> None:
    """The message is mended all the same; the error names what is missing, and the order comes again."""
    ref = notifier(slack).post(alert, PNG)
    slack.faults["files.delete"] = ["missing_scope"]

    with pytest.raises(SlackRefused, match="files:write"):
        notifier(slack).update(ref, replace(alert, restricted=True))

    assert alert.text not in str(slack.messages[CHANNEL])
    notifier(slack).update(ref, replace(alert, restricted=True))
    assert slack.files == {}


def test_a_restricted_picture_is_never_posted(slack: Any, alert: Alert) -> None:
    """Even if somebody hands one in."""
    notifier(slack).post(replace(alert, restricted=True), PNG)

    assert slack.files == {}
