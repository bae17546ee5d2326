"""Slack is away: people hear of cases by mail, and once it is back each alert is posted once."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat

import pytest

from bot.authority import Verb
from bot.ledger.tables import CaseStatus
from bot.notify.slack import SlackRefused, SlackUnavailable
from tests.office import voice
from tests.tell.conftest import Desk, text_of

AWAY = SlackUnavailable("Slack can't be reached just now; the alert is tried again by itself.")
REVOKED = SlackRefused("Slack no longer takes the token.", code="token_revoked")
THREAT = "I will shoot Dana tomorrow, {n}."


class Down(list[Exception]):
    """Failures that don't end until they are cleared."""

    def __init__(self, error: Exception) -> None:
        super().__init__([error])
        self._error = error

    def pop(self, _at: object = 0) -> Exception:
        """The same error, for ever."""
        return self._error


@pytest.fixture
def down(desk: Desk) -> Desk:
    """A desk whose Slack is away."""
    desk.office.channel.failures = Down(AWAY)
    return desk


def test_an_urgent_case_goes_by_mail_at_once_and_in_slack_when_it_is_back(down: Desk) -> None:
    """One mail, one message, however long it takes."""
    (case,) = down.say(1, THREAT)
    assert [letter["Subject"] for letter in down.letters()] == [
        f"URGENT · Left up, waits for a person on Town of Millbrook, case {case}"
    ]
    for _ in range(3):
        down.pass_(900)
    assert down.alone == set()
    assert down.untold() == {case}

    down.office.channel.failures = []
    down.pass_(900)

    assert down.office.journal.count("posted") == 1
    assert len(down.letters()) == 1
    assert down.untold() == set()


def test_other_cases_wait_ten_minutes_and_then_share_a_mail(down: Desk) -> None:
    """A hiccup of Slack is no reason for mail; an outage is."""
    first = down.say(2)
    down.pass_(300)
    assert down.letters() == []
    down.pass_(300)

    (letter,) = down.letters()
    assert "2 cases on Town of Millbrook" in letter["Subject"]
    assert all(f"beadle show {case}" in text_of(letter) for case in first)
    assert "Slack can't be reached" in text_of(letter)
    assert "Policy Clinton City" in text_of(letter)


def test_a_page_gets_at_most_one_mail_in_ten_minutes_and_no_case_twice(down: Desk) -> None:
    """What comes meanwhile is in the next one."""
    first = down.say(1)
    down.pass_(600)
    (second,) = down.say(1, post_id="1012_7")
    down.pass_(60)
    assert len(down.letters()) == 1
    for _ in range(3):
        down.pass_(600)

    told = [text_of(letter) for letter in down.letters()]
    assert [sum(case in text for text in told) for case in (*first, second)] == [1, 1]


def test_a_refusal_counts_as_away(desk: Desk) -> None:
    """A token that was revoked is mended by a person, who reads mail meanwhile."""
    desk.office.channel.failures = Down(REVOKED)

    desk.say(1)
    desk.pass_(600)

    assert "no longer takes the token" in text_of(desk.letters()[0])


def test_a_limit_of_seconds_is_no_outage(desk: Desk) -> None:
    """Slack asks to wait a moment: nobody is mailed for that."""
    desk.office.channel.failures = [SlackUnavailable("Slack asks to wait.", retry_after=30.0)]

    desk.say(1, THREAT)
    desk.pass_(30)

    assert desk.letters() == []
    assert len(desk.alone) == 1


def test_a_gathering_that_slack_was_not_told_of_goes_by_mail(desk: Desk) -> None:
    """With its count, and once for what it held."""
    desk.say(3)
    desk.office.channel.failures = Down(AWAY)
    desk.say(5)
    for _ in range(4):
        desk.pass_(600)

    (letter,) = [each for each in desk.letters() if "5 more under one post" in text_of(each)]
    assert "5 left up, waiting for a person" in text_of(letter)
    desk.office.channel.failures = []
    desk.pass_(900)
    assert [summary.total for summary in desk.summaries] == [5]
    assert desk.office.journal.count("gathered") >= 1


def test_without_slack_urgent_cases_are_mailed_and_the_others_are_in_the_list(desk: Desk) -> None:
    """A city that has no Slack still hears of a threat."""
    desk.office.route = replace(desk.office.route, notifier=None)

    (urgent,) = desk.say(1, THREAT)
    desk.say(1)
    desk.office.review.decide(urgent, Verb.KEEP, voice(), "It is a quotation.")
    desk.office.work()

    (letter,) = desk.letters()
    assert urgent in letter["Subject"]


def test_without_a_mail_server_nothing_is_written_and_slack_is_told_later(desk: Desk) -> None:
    """There is nobody who would send it."""
    desk.wish(sender=None)
    desk.office.channel.failures = Down(AWAY)
    desk.say(1, THREAT)

    desk.office.channel.failures = []
    desk.pass_(900)

    assert desk.letters() == []
    assert len(desk.alone) == 1


def test_nothing_waits_on_slack_to_be_safe(down: Desk) -> None:
    """With Slack away the comment is sealed and hidden all the same."""
    (case,) = down.say(1, whole=True)

    assert down.office.case(case).status == CaseStatus.HIDDEN
    assert down.office.writes() == ["hide"]
    assert down.alone == set()


def test_a_letter_masks_and_neutralises_what_a_message_does(desk: Desk) -> None:
    """Private words are dots, markup is text, the account is displayed as."""
    desk.office.channel.failures = Down(AWAY)
    evil = "Her SSN is 078-05-1120 <script>alert(1)</script> \u202egnp \x1b[31m"

    desk.say(1, evil)
    for wait in repeat(600, 3):
        desk.pass_(wait)

    (letter,) = desk.letters()
    html = letter.get_body(("html",))
    assert html is not None
    for form in (text_of(letter), str(html.get_content())):
        assert "078-05-1120" not in form
        assert "••••" in form
        assert "Account displayed as Mallory Reyes" in form
        assert "\u202e" not in form
        assert "\x1b" not in form
    assert "<script>" not in str(html.get_content())
