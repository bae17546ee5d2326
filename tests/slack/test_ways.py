"""The two ways by which Slack reaches us: a line that we keep open, and signed calls."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bot.errors import ConfigError
from bot.slack.door import Door
from bot.slack.receiver import MOST_BYTES, Receiver
from bot.slack.speech import say
from bot.slack.wire import Whisper, Wire, web_client
from tests.slack.conftest import CHANNEL, GENE, NOOR, TOKEN, MakeScene, Scene


def test_a_line_that_dies_is_opened_anew_and_a_press_counts_once(scene: Scene) -> None:
    """The sockets die for a while; what was pressed meanwhile arrives when the line is back, once."""
    case_id = scene.case()
    scene.slack.patience = 8.0
    scene.slack.drop_sockets(2.0)

    pressed = scene.press(GENE, case_id, "approve")

    assert pressed.acknowledged
    scene.until(lambda: scene.decisions())
    assert [each.verb for each in scene.decisions()] == ["approve"]
    assert len(scene.presses()) == 1
    assert scene.link.is_open


def test_slack_may_ask_for_a_new_line_at_any_time(scene: Scene) -> None:
    """A refresh is no outage: presses before and after it are heard."""
    case_id = scene.case()
    scene.slack.disconnect_sockets("refresh_requested")
    assert scene.slack.sockets.wait_for(1)

    scene.press(GENE, case_id, "approve")

    scene.until(lambda: scene.decisions())


def test_slack_that_is_away_at_the_start_is_reached_later(make_scene: MakeScene, sqlite_url: str) -> None:
    """Nothing waits for the line; when Slack answers again, it opens."""
    scene = make_scene(sqlite_url, works=False, links=False)
    scene.slack.drop_sockets(1.0)
    scene.link.start()
    try:
        assert not scene.link.is_open
        scene.until(lambda: scene.link.is_open)
    finally:
        scene.link.stop()


def test_a_door_that_is_closed_acknowledges_nothing_more(scene: Scene) -> None:
    """What can't be heard any more is not acknowledged, so that Slack brings it again."""
    case_id = scene.case()
    scene.slack.patience, scene.slack.redeliveries = 0.5, 0
    scene.door.close()

    assert not scene.press(GENE, case_id, "approve").acknowledged


def test_signed_calls_are_heard_like_those_of_the_line(make_scene: MakeScene, sqlite_url: str) -> None:
    """The same payloads, posted: button, window, command, home and shortcut."""
    scene = make_scene(sqlite_url, works=False, links=False)
    with _receiving(scene) as receiver:
        scene.slack.post_to(f"http://127.0.0.1:{receiver.port}/slack/events")
        case_id = scene.case()

        assert scene.decide(NOOR, case_id, "restore", reason="It is satire.").status == 200
        scene.until(lambda: scene.status(case_id) == "restored")
        assert "No case waits" in scene.typed(NOOR, "queue")
        assert scene.slack.open_home(NOOR).status == 200
        scene.until(lambda: scene.slack.home(NOOR))
        assert scene.slack.shortcut(NOOR, "report_comment").status == 200
        scene.window(NOOR)


def test_calls_with_a_bad_or_old_signature_are_not_heard(make_scene: MakeScene, sqlite_url: str) -> None:
    """401 and no reason, before anything is read; the case stands as it stood."""
    scene = make_scene(sqlite_url, works=False, links=False)
    case_id = scene.case()
    scene.slack.redeliveries = 0
    with _receiving(scene) as receiver:
        url = f"http://127.0.0.1:{receiver.port}/slack/events"
        for more in ({"secret": "another-secret"}, {"age": 400}, {"age": -400}):
            scene.slack.post_to(url, **more)
            assert scene.press(GENE, case_id, "approve").status == 401
        assert _post(receiver.port, b"payload=%7B%7D", {}) == 401
        assert _post(receiver.port, b"x" * (MOST_BYTES + 1), {}) == 401
        strange = b"payload=\xff\xfe"
        assert _post(receiver.port, strange, _signed(scene.slack.signing_secret, strange)) == 401
        assert _post(receiver.port, b"a=b", {"x-slack-request-timestamp": "now", "x-slack-signature": "v0=1"}) == 401
    assert scene.presses() == []
    assert scene.decisions() == []


def test_an_address_that_is_taken_is_one_sentence(make_scene: MakeScene, sqlite_url: str) -> None:
    """The daemon doesn't start half."""
    scene = make_scene(sqlite_url, works=False, links=False)
    with _receiving(scene) as receiver, pytest.raises(ConfigError, match="BEADLE_SLACK_LISTEN is 127"):
        Receiver(f"127.0.0.1:{receiver.port}", "s", scene.door.app).start()


def test_words_are_sent_to_slack_alone_whatever_a_payload_says(scene: Scene) -> None:
    """An address for answers that is not Slack's is not used; the member is answered in the channel."""
    wire = Wire(web_client(TOKEN, f"{scene.slack.listener.url}/api/"))

    listener = scene.slack.listener
    elsewhere = f"http://localhost:{listener.port}/another-host"
    for address in (elsewhere, f"ftp://127.0.0.1:{listener.port}/another-host", "file:///etc/passwd", "nonsense"):
        assert wire.whisper(Whisper(NOOR.id, CHANNEL, address), say("Hello"))

    assert len(scene.slack.ephemerals(NOOR)) == 4
    assert not [call for call in listener.calls if call.path == "/another-host"]


def test_the_libraries_write_nothing_of_a_payload_to_the_log(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    """At the loudest level no word of a comment and no token reaches any logger."""
    caplog.set_level(1)
    case_id = scene.case()
    scene.decide(NOOR, case_id, "restore", reason="zanzibar")
    scene.until(lambda: scene.status(case_id) == "restored")
    scene.slack.disconnect_sockets("refresh_requested")

    for secret in ("zanzibar", TOKEN, scene.slack.app_token, "bullshit"):
        assert secret not in caplog.text


@contextmanager
def _receiving(scene: Scene) -> Iterator[Receiver]:
    secret = scene.slack.signing_secret
    wire = Wire(web_client(TOKEN, f"{scene.slack.listener.url}/api/"))
    door = Door(scene.hall, wire, signing_secret=secret)
    receiver = Receiver("127.0.0.1:0", secret, door.app)
    receiver.start()
    try:
        yield receiver
    finally:
        receiver.stop()
        door.close()


def _post(port: int, body: bytes, headers: dict[str, str]) -> int:
    call = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        call.request("POST", "/slack/events", body, {"content-type": "application/x-www-form-urlencoded", **headers})
        return call.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 401
    finally:
        call.close()


def _signed(secret: str, body: bytes) -> dict[str, str]:
    stamp = str(int(time.time()))
    made = hmac.new(secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={made}"}
