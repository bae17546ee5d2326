"""Whatever anybody writes anywhere: Slack takes the message, and nothing in it is read but as words."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.demo.blocks import block_errors
from bot.moderation.verdict import Span
from bot.notify.alerts import Alert, Message, Standing, render, render_call, render_short
from bot.notify.case_facts import Recent, Word
from bot.notify.summaries import Example, Summary, render_summary
from tests.notify.test_alerts import leaves

AT = datetime(2026, 11, 21, 12, 4, tzinfo=UTC)
LARGEST = 12_500
"""Slack refuses a message of about 13,000 characters of blocks, without saying so anywhere."""

_pieces = st.sampled_from(
    [
        "<!channel>",
        "<@U0NOOR>",
        "<https://evil.example|your bank>",
        "*bold*",
        "`x`",
        ":skull:",
        "@here",
        "\u202egnp",
        "Z" + "\u0335" * 60,
        "😀" * 400,
        "\x00\x1b[31m",
        "\ud83d",
        "\n" * 40,
        '{"type":"rich_text","elements":[]}',
        '"}]},{"type":"actions"',
        "word " * 200,
        "\u0600" * 30,
        "{case_id}{0}%s",
    ]
)
words = st.one_of(
    st.text(max_size=60),
    st.lists(_pieces, max_size=8).map("".join),
    st.builds(lambda piece, times: piece * times, _pieces, st.integers(1, 60)),
)
spans = st.lists(st.builds(Span, st.integers(-3, 900), st.integers(-3, 900)), max_size=12).map(tuple)
said = st.builds(Word, words, words, words, st.just(AT), words, words)
alerts = st.builds(
    Alert,
    case_id=st.just("fa-abcdefghijkl"),
    city=words,
    page=words,
    platform=st.just("Facebook"),
    clauses=st.lists(st.tuples(words, words), max_size=9).map(tuple),
    policy=words,
    policy_version=words,
    reasons=st.lists(words, max_size=6).map(tuple),
    categories=st.frozensets(st.sampled_from(["profanity", "pii", "sexual", "abuse"])),
    text=words,
    posted_at=st.just(AT),
    standing=st.sampled_from(list(Standing)),
    because=words,
    effect=words,
    urgent=st.booleans(),
    restricted=st.booleans(),
    spans=spans,
    private=spans,
    author=st.none() | words,
    author_id=st.none() | words,
    post_text=words,
    permalink=st.none() | words,
    digest=st.none() | st.just("ab" * 32),
    picture=st.sampled_from(["proof", "kept", "none"]),
    picture_reason=words,
    withheld=st.booleans(),
    can_remove=st.booleans(),
    scores=st.lists(st.tuples(words, st.floats(0, 1)), max_size=3).map(tuple),
    recent=st.lists(st.builds(Recent, words, words, words, words), max_size=3).map(tuple),
    words=st.lists(said, max_size=4).map(tuple),
    request=st.none() | said,
    call=st.lists(st.sampled_from(["U0NOOR", "<!here>", ""]) | words, max_size=3).map(tuple),
    stand=st.just("hidden.0"),
    answers=st.booleans(),
    notice=st.booleans(),
)
examples = st.builds(Example, st.just("fa-abcdefghijkl"), st.none() | words, words, st.sampled_from(Standing), spans)
summaries = st.builds(
    Summary,
    mark=st.just("post:main:1:3.4.3.A@2026"),
    kind=st.sampled_from(["post", "author", "page", "night"]),
    page=words,
    slug=st.just("main"),
    counts=st.lists(st.tuples(st.sampled_from(Standing), st.integers(0, 3000)), max_size=9).map(tuple),
    clauses=st.lists(st.tuples(words, st.integers(1, 3000)), max_size=9).map(tuple),
    opened_at=st.just(AT),
    last_at=st.just(AT),
    clause_summary=words,
    policy=words,
    policy_version=words,
    post_text=words,
    author=st.none() | words,
    examples=st.lists(examples, max_size=3).map(tuple),
    closed=st.booleans(),
    withheld=st.booleans(),
    answers=st.booleans(),
)
_patient = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@_patient
@given(alerts)
def test_slack_takes_every_alert_and_reads_nothing_in_it(alert: Alert) -> None:
    """Full, short and below: within the limits, every word a word, and called is who is on call."""
    for message in (render(alert, "F0123"), render_short(alert), render_call(alert)):
        _is_taken(message)
        assert {one["user_id"] for one in _elements(message.blocks, "user")} <= {"U0NOOR"}
        assert {one["url"] for one in _elements(message.blocks, "link")} <= {alert.permalink}


@_patient
@given(summaries)
def test_slack_takes_every_summary_and_reads_nothing_in_it(summary: Summary) -> None:
    """The message of a gathering calls nobody and links nowhere."""
    message = render_summary(summary)

    _is_taken(message)
    assert not _elements(message.blocks, "user") + _elements(message.blocks, "link")


def test_everything_at_once_is_not_too_much() -> None:
    """The longest and least readable words in every place, at every standing, stay under what Slack takes."""
    evil = "\u202e😀Z\u0335\u0335\u0335\x00" * 400
    word = Word(evil, evil, evil, AT, evil, evil)
    for standing in Standing:
        worst = Alert(
            case_id="fa-abcdefghijkl",
            city=evil,
            page=evil,
            platform="Facebook",
            clauses=((evil, evil),) * 9,
            policy=evil,
            policy_version=evil,
            reasons=tuple(f"{n}{evil}" for n in range(6)),
            categories=frozenset(),
            text="a b " * 300,
            posted_at=AT,
            standing=standing,
            because=evil,
            effect=evil,
            urgent=True,
            spans=tuple(Span(at * 4, at * 4 + 2) for at in range(300)),
            author=evil,
            author_id=evil,
            post_text=evil,
            permalink="https://x.example/" + "a" * 1900,
            digest="ab" * 32,
            picture_reason=evil,
            scores=((evil, 0.5),) * 3,
            recent=(Recent(evil, evil, "now", evil),) * 3,
            words=(word,) * 4,
            request=word,
            call=("U0NOOR",) * 3,
            answers=True,
            notice=True,
            can_remove=True,
        )
        for message in (render(worst, "F0123"), render_short(worst)):
            _is_taken(message)


def _is_taken(message: Message) -> None:
    assert block_errors(list(message.blocks), {"F0123"}) == []
    assert len(json.dumps(message.blocks, ensure_ascii=False)) <= LARGEST
    assert not _elements(message.blocks, "mrkdwn") + _elements(message.blocks, "broadcast")
    assert not set("<>") & set(message.text)
    assert all(_is_seen(each) for leaf in leaves(message.blocks) for each in leaf["text"])
    json.dumps(message.blocks).encode("utf-8")


def _is_seen(character: str) -> bool:
    """Whether a reader sees it: no control, no direction, nothing invisible but joiners and line ends."""
    return character.isprintable() or character in "\n\u200c\u200d\u2060" or unicodedata.category(character) == "Zs"


def _elements(value: Any, kind: str) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        mine = [value] if value.get("type") == kind else []
        return mine + [one for inner in value.values() for one in _elements(inner, kind)]
    if isinstance(value, list | tuple):
        return [one for inner in value for one in _elements(inner, kind)]
    return []
