"""The log holds events and facts, and neither a secret nor what somebody said, whoever writes the line."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from bot import log

SECRET = 'a token+with/"quotes" & ümlaut'


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """Logging is the process's own; leave it as it was found."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_machine_reads_one_json_object_a_line() -> None:
    """With the time in UTC, the level, the event and its facts."""
    stream = io.StringIO()
    log.configure(stream=stream)

    structlog.get_logger("bot.pipeline").info("comment hidden", case="c1", clause="3.4.3.A")

    (event,) = events(stream)
    assert event.pop("at").endswith("Z")
    assert event == {"event": "comment hidden", "level": "info", "case": "c1", "clause": "3.4.3.A"}


def test_a_person_at_a_terminal_reads_a_line() -> None:
    """Auto means: readable on a terminal."""
    stream = Terminal()
    log.configure(stream=stream)

    structlog.get_logger().info("comment hidden", case="c1")

    assert "comment hidden" in stream.getvalue()
    with pytest.raises(json.JSONDecodeError):
        json.loads(stream.getvalue())


def test_the_form_can_be_chosen_against_the_stream() -> None:
    """JSON on a terminal, and readable lines in a file, for whoever asks."""
    terminal, file = Terminal(), io.StringIO()

    log.configure(stream=terminal, form="json")
    structlog.get_logger().info("one")
    log.configure(stream=file, form="console")
    structlog.get_logger().info("two")

    assert events(terminal)[0]["event"] == "one"
    assert "two" in file.getvalue()
    assert "\x1b" not in file.getvalue()


def test_the_case_at_hand_is_on_every_line_whoever_writes_it() -> None:
    """Ours and a library's alike."""
    stream = io.StringIO()
    log.configure(stream=stream)

    with structlog.contextvars.bound_contextvars(case="c1"):
        structlog.get_logger().info("sealed")
        logging.getLogger("dbos").warning("step failed")
    structlog.get_logger().info("idle")

    assert [(e["event"], e.get("case")) for e in events(stream)] == [
        ("sealed", "c1"),
        ("step failed", "c1"),
        ("idle", None),
    ]


@pytest.mark.parametrize("name", ["text", "comment", "body", "Text", "access_token", "password", "excerpt"])
def test_a_fact_that_would_hold_words_or_secrets_is_withheld(name: str) -> None:
    """At any depth, whoever passed it by mistake."""
    stream = io.StringIO()
    log.configure(stream=stream)

    structlog.get_logger().info("kept", **{name: "what somebody said"}, facts={"inner": [{name: "what somebody said"}]})

    assert "what somebody said" not in stream.getvalue()
    assert events(stream)[0][name] == "[withheld]"


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_terminal_is_told_nothing_that_it_would_obey(form: Any) -> None:
    """Escapes, direction marks, zero-width characters and lone surrogates are spelled out."""
    stream = io.StringIO()
    log.configure(stream=stream, form=form)

    structlog.get_logger().info("kept", author="A\x1b[2J\u202eB\u200b\x9b\ud800\rC", names=["\x07"])

    written = stream.getvalue()
    assert "A[U+001B][2J[U+202E]B[U+200B][U+009B][U+D800][U+000D]C" in written
    assert "[U+0007]" in written
    assert not set("\x1b\u202e\u200b\x9b\x07\r") & set(written)


@pytest.mark.parametrize("form", ["json", "console"])
@pytest.mark.parametrize(
    "shown",
    [SECRET, quote(SECRET, safe=""), json.dumps(SECRET), repr(SECRET), f"https://x/?t={quote(SECRET)}"],
    ids=["raw", "in an address", "in JSON", "in a repr", "in a query"],
)
def test_a_secret_is_masked_in_whatever_form_it_comes(form: Any, shown: str) -> None:
    """Our own events, a library's messages and an exception's text."""
    stream = io.StringIO()
    log.configure(stream=stream, form=form, secrets=[SECRET])

    structlog.get_logger().info("asked", url=shown)
    logging.getLogger("some.library").warning("asked %s", shown)
    try:
        raise ValueError(shown)
    except ValueError:
        structlog.get_logger().exception("failed")

    written = stream.getvalue()
    assert written.count("[masked]") >= 3
    assert "with/" not in written
    assert "with%2F" not in written


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("GET /me?access_token=EAABsbCS1&x=1", "GET /me?access_token=[masked]&x=1"),
        ('{"access_token": "abcdef", "x": 1}', '{"access_token": "[masked]", "x": 1}'),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [masked]"),
        ("token xoxb-123456-abcdef is dead", "token [masked] is dead"),
        ("EAABwzLixnjYBOZCabcdefghijklmnop", "[masked]"),
        ("smtp://me:hush@mail.example:587", "smtp://me:[masked]@mail.example:587"),
        ("https://www.town.gov/policy at 12:30", "https://www.town.gov/policy at 12:30"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked_without_being_known(line: str, expected: str) -> None:
    """A token that was renewed a minute ago, for instance; an ordinary address stays."""
    assert log.mask(line) == expected


def test_a_secret_too_short_to_be_one_does_not_blot_out_the_log() -> None:
    """A database password of "a" would mask every a."""
    stream = io.StringIO()
    log.configure(stream=stream, secrets=["a", ""])

    structlog.get_logger().info("a page")

    assert events(stream)[0]["event"] == "a page"


def test_libraries_that_write_addresses_with_tokens_stay_quiet() -> None:
    """Even when our own level is debug."""
    stream = io.StringIO()
    log.configure(stream=stream, level="debug")

    logging.getLogger("httpx").info("HTTP Request: GET https://graph.facebook.com/me?access_token=x")
    logging.getLogger("slack_sdk.web.client").debug("body: what somebody said")
    structlog.get_logger().debug("ours")

    assert [event["event"] for event in events(stream)] == ["ours"]


def test_below_the_level_nothing_is_written() -> None:
    """The level is the one asked for."""
    stream = io.StringIO()
    log.configure(stream=stream, level="warning")

    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")

    assert [event["event"] for event in events(stream)] == ["loud"]


def test_configuring_again_replaces_the_stream_and_doubles_no_line() -> None:
    """As happens when the pages' tokens are known."""
    first, second = io.StringIO(), io.StringIO()
    log.configure(stream=first)

    log.configure(stream=second, secrets=["a-page-token"])
    structlog.get_logger().info("using a-page-token")

    assert first.getvalue() == ""
    assert [event["event"] for event in events(second)] == ["using [masked]"]


def test_an_exception_shows_where_it_happened_but_no_value_of_a_variable() -> None:
    """A traceback with local variables would show the comment that was being judged."""
    stream = io.StringIO()
    log.configure(stream=stream)

    try:
        _judge(" ".join(["what", "somebody", "said"]))
    except ZeroDivisionError:
        structlog.get_logger().exception("failed")

    (event,) = events(stream)
    assert "ZeroDivisionError" in event["exception"]
    assert "what somebody said" not in stream.getvalue()


def _judge(text: str) -> float:
    return len(text) / 0
